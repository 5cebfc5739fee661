//! `stick-table`, and `table` of `peers` sections (manual 11.1): what a table is keyed by and what it stores.

use config::literal::size;
use config::{Diagnostic, Place, Span};
use state::family::Words;
use state::table::{ARRAY_MAX, Column, Form, KeyKind, Kind, ServerKey, Shape};

use crate::ctx::{Applied, Ctx, Directive, Line, Plan, at, words_from};
use crate::number::{TimeError, atol, time_ms};

pub(super) const DIRECTIVES: &[Directive] = &[Directive {
    name: "stick-table",
    sections: at::FRONTEND | at::LISTEN | at::BACKEND,
    apply: |cx, line| declare(cx, line),
}];

/// The longest keys that are believed to be meant.
const KEY_MAX: u32 = 1 << 16;

/// A table while the configuration is read.
pub(crate) struct TableDraft {
    pub(crate) shape: Shape,
    pub(crate) span: Span,
    /// Where it is declared: `backend 'b'`, `peers 'p'`.
    pub(crate) home: String,
    /// The name in its section.
    pub(crate) short: String,
    pub(crate) write_to: Option<String>,
    /// The `peers` section it is shared by.
    pub(crate) peers: Option<String>,
}

fn declare<'a>(cx: &mut Ctx<'_, 'a>, line: Line<'a>) -> Applied {
    let words = words_from(line, 1);
    let home = cx.title();
    add(cx.plan, line, Origin { short: cx.draft.name, name: cx.draft.name.to_owned(), home }, &words)
}

/// Where a table's line stands.
pub(crate) struct Origin<'o> {
    /// The name in its section, and in the whole.
    pub(crate) short: &'o str,
    pub(crate) name: String,
    pub(crate) home: String,
}

/// Reads what follows the name and adds the table.
pub(crate) fn add<'a>(plan: &mut Plan<'a>, line: Line<'a>, origin: Origin<'_>, words: &[&str]) -> Applied {
    let keyword = line.keyword();
    let Origin { short, name, home } = origin;
    if let Some(other) = plan.tables.iter().find(|other| *other.shape.name == *name) {
        let place = plan.place(other.span);
        return Err(format!(
            "stick-table name '{short}' conflicts with table declared in {} at {place}.",
            other.home
        ));
    }
    let mut reader = Reader {
        plan,
        line,
        keyword,
        peers_section: keyword == "table",
        shape: Shape {
            name: name.into(),
            key: KeyKind::Ipv4,
            size: 0,
            expire_ms: None,
            nopurge: false,
            server_key: ServerKey::Name,
            bytes_factor: 1,
            columns: Box::default(),
        },
        key: None,
        columns: Vec::new(),
        write_to: None,
        peers: None,
    };
    reader.all(Words::new(words))?;
    let Reader { mut shape, key, columns, write_to, peers, .. } = reader;
    if shape.size == 0 {
        return Err(format!("{keyword}: missing size."));
    }
    shape.key = key.ok_or_else(|| format!("{keyword}: missing type."))?;
    shape.columns = settle(keyword, columns)?;
    let (span, short) = (line.span(), short.to_owned());
    plan.tables.push(TableDraft { shape, span, home, short, write_to, peers });
    Ok(())
}

/// The columns in the order of their kinds, if they go together.
fn settle(keyword: &str, mut columns: Vec<Column>) -> Result<Box<[Column]>, String> {
    let has = |kinds: &[Kind]| columns.iter().any(|column| kinds.contains(&column.kind));
    for (array, single, words) in [
        (Kind::Gpt, &[Kind::Gpt0][..], "gpt0"),
        (Kind::Gpc, &[Kind::Gpc0, Kind::Gpc1], "gpc[0/1]"),
        (Kind::GpcRate, &[Kind::Gpc0Rate, Kind::Gpc1Rate], "gpc[0/1]_rate"),
    ] {
        if has(&[array]) && has(single) {
            let array = array.name();
            return Err(format!(
                "{keyword}: simultaneous usage of '{array}' and '{words}' in a same table is not permitted as \
                 '{array}' overrides '{words}'."
            ));
        }
    }
    columns.sort_by_key(|column| column.kind as usize);
    Ok(columns.into())
}

/// Reads the words of one line.
struct Reader<'p, 'a> {
    plan: &'p mut Plan<'a>,
    line: Line<'a>,
    keyword: &'a str,
    peers_section: bool,
    shape: Shape,
    key: Option<KeyKind>,
    columns: Vec<Column>,
    write_to: Option<String>,
    peers: Option<String>,
}

impl Reader<'_, '_> {
    fn all(&mut self, mut words: Words<'_>) -> Applied {
        while let Some(word) = words.next() {
            match word {
                "type" => self.key = Some(self.key_kind(&mut words)?),
                "size" => {
                    let text = self.argument(word, &mut words)?;
                    self.shape.size = size(text.as_bytes()).map_err(|error| {
                        let stray = error.rest.first().map_or(' ', |byte| char::from(*byte));
                        self.unexpected(stray, word)
                    })?;
                }
                "expire" => self.expire(&mut words)?,
                "nopurge" => self.shape.nopurge = true,
                // They concern what comes from peers only.
                "recv-only" => {}
                "write-to" => self.write_to = Some(self.argument(word, &mut words)?.to_owned()),
                "peers" if !self.peers_section => {
                    self.peers = Some(self.argument(word, &mut words)?.to_owned());
                }
                "srvkey" => {
                    self.shape.server_key = match self.argument(word, &mut words)? {
                        "name" => ServerKey::Name,
                        "addr" => ServerKey::Address,
                        other => {
                            return Err(format!("{} : unknown server key type '{other}'.", self.keyword));
                        }
                    };
                }
                "brates-factor" => {
                    let factor = atol(self.argument(word, &mut words)?);
                    let most = u32::try_from(factor).ok().filter(|n| (1..=1024).contains(n));
                    self.shape.bytes_factor = most.ok_or_else(|| {
                        format!(
                            "{}: argument 'brates-factor' must be greater than 0 and lower or equal than 1024.",
                            self.keyword
                        )
                    })?;
                }
                "store" => {
                    for item in items(words.next().unwrap_or_default()) {
                        self.store(item)?;
                    }
                }
                other => return Err(format!("{}: unknown argument '{other}'.", self.keyword)),
            }
        }
        Ok(())
    }

    fn argument<'w>(&self, of: &str, words: &mut Words<'w>) -> Result<&'w str, String> {
        words.next().ok_or_else(|| format!("{}: missing argument after '{of}'.", self.keyword))
    }

    fn unexpected(&self, c: char, of: &str) -> String {
        format!("{}: unexpected character '{c}' in argument of '{of}'.", self.keyword)
    }

    fn key_kind(&self, words: &mut Words<'_>) -> Result<KeyKind, String> {
        let name = words.next().unwrap_or_default();
        let mut len = || {
            if !words.accept("len") {
                return Ok(32);
            }
            let given = u32::try_from(atol(words.next().unwrap_or_default())).ok();
            given
                .filter(|n| (1..=KEY_MAX).contains(n))
                .ok_or_else(|| "'len' expects a positive integer argument.".to_owned())
        };
        Ok(match name {
            "ip" | "ipv4" => KeyKind::Ipv4,
            "ipv6" => KeyKind::Ipv6,
            "integer" => KeyKind::Integer,
            "string" => KeyKind::Str(len()?),
            "binary" => KeyKind::Bin(len()?),
            other => return Err(format!("{}: unknown type '{other}'.", self.keyword)),
        })
    }

    fn expire(&mut self, words: &mut Words<'_>) -> Applied {
        let text = self.argument("expire", words)?;
        match time_ms(text) {
            Ok(ms) => self.shape.expire_ms = Some(ms),
            Err(TimeError::Unexpected(c)) => return Err(self.unexpected(c, "expire")),
            Err(TimeError::Overflow) => {
                let message = format!(
                    "{}: timer overflow in argument <{text}> to <expire>, maximum value is 2147483647 ms (~24.8 \
                     days).",
                    self.keyword
                );
                let span = self.line.span();
                self.plan.remarks.push(Diagnostic::alert(span, message).at(Place::ParsingTight));
            }
        }
        Ok(())
    }

    /// Reads one item of `store`.
    fn store(&mut self, item: &str) -> Applied {
        let keyword = self.keyword;
        let (name, inside) = match item.split_once('(') {
            Some((name, rest)) => (name, Some(rest)),
            None => (item, None),
        };
        let kind = Kind::named(name).ok_or_else(|| format!("{keyword}: unknown store option '{name}'."))?;
        let inside = match inside.map(|rest| rest.strip_suffix(')')) {
            Some(None) => {
                return Err(format!("{keyword}: missing closing parenthesis after store option '{name}'."));
            }
            Some(inside) => inside,
            None => None,
        };
        let column = self.column(kind, inside)?;
        if self.columns.iter().any(|have| have.kind == kind) {
            let message = format!("{keyword}: store option '{name}' already enabled, ignored.");
            let span = self.line.span();
            self.plan.remarks.push(Diagnostic::warning(span, message).at(Place::ParsingTight));
        } else {
            self.columns.push(column);
        }
        Ok(())
    }

    fn column(&self, kind: Kind, inside: Option<&str>) -> Result<Column, String> {
        let (keyword, name) = (self.keyword, kind.name());
        let missing = || format!("{keyword}: missing argument to store option '{name}'.");
        let mut column = Column::of(kind);
        let mut period = inside;
        if kind.is_array() {
            let inside = inside.ok_or_else(missing)?;
            let (len, rest) = inside.split_once(',').map_or((inside, None), |(len, rest)| (len, Some(rest)));
            period = rest;
            column.len = len.parse().ok().filter(|n| (1..=ARRAY_MAX).contains(n)).ok_or_else(|| {
                format!(
                    "{keyword}: array size is out of allowed range (1-{ARRAY_MAX}) for store option '{name}'."
                )
            })?;
        }
        match (kind.form(), period) {
            (Form::Rate, Some(period)) => {
                column.period_ms = time_ms(period)
                    .map_err(|_| format!("{keyword}: error when processing store option '{name}'."))?;
            }
            (Form::Rate, None) => return Err(missing()),
            (_, Some(_)) => return Err(format!("{keyword}: unexpected argument to store option '{name}'.")),
            (_, None) => {}
        }
        Ok(column)
    }
}

/// The items between commas that stand in no parentheses.
fn items(list: &str) -> impl Iterator<Item = &str> {
    let mut depth = 0i32;
    list.split(move |c: char| {
        depth += i32::from(c == '(') - i32::from(c == ')');
        c == ',' && depth <= 0
    })
    .filter(|item| !item.is_empty())
}
