//! ACL lines and conditions (manual 7.1, 7.2, 7.4).

use std::sync::Arc;

use keywords::criterion;
use sample::arg::Output;
use sample::cast::castable;
use sample::pattern::number_range;
use sample::{MatchKind, Type, View};
use state::Patterns;
use state::acl::{Acl, AclTest, Cond, Term};
use state::family::Words;
use state::reference::Role;

use super::expr::{Failure, name};
use super::list::Use;
use super::nearest::hint;
use super::{Compile, site};

/// What HAProxy predefines, as the lines one would write (manual 7.4).
const PREDEFINED: &[(&str, &[&str])] = &[
    ("FALSE", &["always_false"]),
    ("HTTP", &["req.proto_http"]),
    ("HTTP_1.0", &["req.ver", "-m", "str", "1.0"]),
    ("HTTP_1.1", &["req.ver", "-m", "str", "1.1"]),
    ("HTTP_2.0", &["req.ver", "-m", "str", "2.0"]),
    ("HTTP_3.0", &["req.ver", "-m", "str", "3.0"]),
    ("HTTP_CONTENT", &["req.hdr_val(content-length)", "gt", "0"]),
    ("HTTP_URL_ABS", &["url", "-m", "reg", "^[^/:]*://"]),
    ("HTTP_URL_SLASH", &["url", "-m", "beg", "/"]),
    ("HTTP_URL_STAR", &["url", "-m", "str", "*"]),
    ("LOCALHOST", &["src", "127.0.0.1/8", "::1"]),
    ("METH_CONNECT", &["method", "CONNECT"]),
    ("METH_DELETE", &["method", "DELETE"]),
    ("METH_GET", &["method", "GET", "HEAD"]),
    ("METH_HEAD", &["method", "HEAD"]),
    ("METH_OPTIONS", &["method", "OPTIONS"]),
    ("METH_POST", &["method", "POST"]),
    ("METH_PUT", &["method", "PUT"]),
    ("METH_TRACE", &["method", "TRACE"]),
    ("RDP_COOKIE", &["req.rdp_cookie_cnt", "gt", "0"]),
    ("REQ_CONTENT", &["req.len", "gt", "0"]),
    ("TRUE", &["always_true"]),
    ("WAIT_END", &["wait_end"]),
];

/// The flags in front of an ACL's values.
#[derive(Default)]
struct Flags<'w> {
    fold: bool,
    as_map: bool,
    no_dns: bool,
    matching: Option<MatchKind>,
    /// `-u`: the number of the list of the values that follow.
    number: Option<u32>,
    /// Files with the flags in front of them.
    files: Vec<File<'w>>,
}

/// A file behind `-f`, with what was said before.
struct File<'w> {
    path: &'w str,
    fold: bool,
    as_map: bool,
    no_dns: bool,
}

impl Compile<'_> {
    /// Compiles what follows `acl`. Lines of one name add up.
    pub fn acl(&mut self, words: &[&str]) -> Result<(), String> {
        let (acl, rest) = words.split_first().ok_or("missing ACL name")?;
        if let Some(c) =
            acl.chars().find(|c| !c.is_ascii_alphanumeric() && !matches!(c, '-' | '_' | '.' | ':'))
        {
            return Err(format!("character '{c}' is not permitted in acl name '{acl}'"));
        }
        if *acl == "or" {
            return Err(format!(
                "acl name '{acl}' will never match. 'or' is used to express a logical disjunction within a condition"
            ));
        }
        let test = self.test(rest).map_err(|e| format!("error detected while parsing ACL '{acl}' : {e}"))?;
        let slot = self
            .acls
            .entry((*acl).into())
            .or_insert_with(|| Arc::new(Acl { name: (*acl).into(), tests: Vec::new() }));
        match Arc::get_mut(slot) {
            Some(acl) => acl.tests.push(test),
            None => return Err(format!("acl '{acl}' is completed after its first use")),
        }
        Ok(())
    }

    /// Compiles what begins with `if` or `unless`; none if there are no words.
    pub fn cond(&mut self, words: &[&str]) -> Result<Option<Cond>, String> {
        let unless = match words.first() {
            None => return Ok(None),
            Some(&"if") => false,
            Some(&"unless") => true,
            Some(other) => {
                return Err(format!(
                    "expects either 'if' or 'unless' followed by a condition but found '{other}'"
                ));
            }
        };
        let mut words = Words::new(words);
        words.advance(1);
        let mut any: Vec<Box<[Term]>> = Vec::new();
        let mut all: Vec<Term> = Vec::new();
        let mut negated = false;
        while let Some(word) = words.next() {
            if matches!(word, "or" | "||") {
                if !all.is_empty() {
                    any.push(std::mem::take(&mut all).into_boxed_slice());
                }
                negated = false;
                continue;
            }
            let bangs = word.len() - word.trim_start_matches('!').len();
            negated ^= bangs % 2 == 1;
            let word = word.trim_start_matches('!');
            if word.is_empty() {
                continue;
            }
            let acl = if word == "{" { self.anonymous(&mut words)? } else { self.named(word)? };
            let useless = self.warn_useless(&acl);
            let acl = if useless { Arc::new(Acl { name: acl.name.clone(), tests: Vec::new() }) } else { acl };
            all.push(Term { negated: std::mem::take(&mut negated), acl });
        }
        if !all.is_empty() {
            any.push(all.into_boxed_slice());
        }
        Ok(Some(Cond { unless, place: self.here(), any: any.into_boxed_slice() }))
    }

    fn anonymous(&mut self, words: &mut Words<'_>) -> Result<Arc<Acl>, String> {
        let rest = words.rest();
        let end = rest.iter().position(|w| *w == "}").ok_or("missing closing '}' in condition")?;
        let test = self.test(rest.get(..end).unwrap_or_default())?;
        words.advance(end + 1);
        Ok(Arc::new(Acl { name: Box::default(), tests: vec![test] }))
    }

    /// The number in the World of an ACL that an expression names.
    pub(super) fn acl_number(&mut self, name: &str) -> Result<u32, String> {
        if !self.acls.contains_key(name) && !PREDEFINED.iter().any(|(n, _)| *n == name) {
            return Err(format!("ACL '{name}' not found"));
        }
        let number = u32::try_from(self.names.acls.len()).map_err(|_| "too many ACLs".to_owned())?;
        if self.settled {
            let acl = self.named(name)?;
            self.names.acls.push(acl);
        } else {
            // More lines of that name may follow.
            self.names.acls.push(Arc::new(Acl { name: name.into(), tests: Vec::new() }));
            self.unsettled.push((number, name.into()));
        }
        Ok(number)
    }

    /// Says that all `acl` lines of the section are compiled: what they name of each other can be filled in.
    pub fn settle_acls(&mut self) {
        self.settled = true;
        for (number, name) in std::mem::take(&mut self.unsettled) {
            let acl = self.named(&name);
            if let (Ok(acl), Some(slot)) = (acl, self.names.acls.get_mut(number as usize)) {
                *slot = acl;
            }
        }
    }

    pub(super) fn named(&mut self, name: &str) -> Result<Arc<Acl>, String> {
        if let Some(acl) = self.acls.get(name) {
            return Ok(Arc::clone(acl));
        }
        let Some((_, words)) = PREDEFINED.iter().find(|(n, _)| *n == name) else {
            let known = self.acls.keys().map(|k| &**k).chain(PREDEFINED.iter().map(|(n, _)| *n));
            return Err(format!("no such ACL : '{name}'{}", hint(name, known)));
        };
        let test = self.test(words)?;
        let acl = Arc::new(Acl { name: name.into(), tests: vec![test] });
        self.acls.insert(name.into(), Arc::clone(&acl));
        Ok(acl)
    }

    /// HAProxy lets an ACL stand where it, or a part of it, can never match, and says so. Gives whether
    /// all of it can't.
    fn warn_useless(&mut self, acl: &Acl) -> bool {
        let backend = self.home.backend.is_some();
        let illegal = |t: &&AclTest| !site::legal(t.expr.fetch.needs, self.site, backend);
        let useless: Vec<&str> = acl.tests.iter().filter(illegal).map(|t| t.expr.fetch.name).collect();
        let Some(first) = useless.first() else { return false };
        let (set, place) = (self.site.rule_words(), self.site.words());
        // Its words for rules that are none of TCP begin with a quotation mark, and end with a full stop.
        let (open, inside, end) =
            set.map_or(("'", String::new(), "."), |set| ("", format!(" in '{set}'"), ""));
        let name = &acl.name;
        self.warnings.push(if name.is_empty() {
            format!(
                "{open}anonymous acl will never match{inside} because it uses keyword '{first}' which is incompatible \
                 with '{place}'{end}"
            )
        } else if useless.len() == acl.tests.len() {
            format!(
                "{open}acl '{name}' will never match{inside} because it only involves keywords that are incompatible \
                 with '{place}'{end}"
            )
        } else {
            format!("{open}acl '{name}' involves keywords '{first}' which is incompatible with '{place}'{end}")
        });
        useless.len() == acl.tests.len()
    }

    /// Compiles `criterion [flags] [operator] values...`.
    fn test(&mut self, words: &[&str]) -> Result<AclTest, String> {
        let mut words = Words::new(words);
        let word = words.next().ok_or("missing fetch method in ACL expression ''")?;
        let (expr, implied) = self.criterion(word)?;
        let alone = expr.steps.len();
        // A value that is spelled like a converter is one, unless arguments end it: HAProxy takes that for a value.
        let expr = self
            .joined(expr, &mut words, |next| !next.ends_with(')'))
            .map_err(|e| format!("{e} in ACL expression '{word}'"))?;
        let implied = implied.filter(|_| expr.steps.len() == alone);
        let (gives, fetch) = (expr.gives(), expr.fetch.name);
        let nothing_said = words.peek().is_none();
        let flags = flags(&mut words)?;
        let kind = match flags.matching {
            Some(kind) => applicable(kind, gives, fetch)?,
            None => implied.or_else(|| default_for(gives)).ok_or_else(|| {
                format!(
                    "matching method must be specified first (using '-m') when using a sample fetch of this type \
                     ('{fetch}')"
                )
            })?,
        };
        if flags.matching.is_some() && implied.is_some_and(|k| !matches!(k, MatchKind::Str | MatchKind::Meth))
        {
            self.warnings.push(overwritten(name(word).0));
        }
        let patterns = self.patterns(kind, name(word).0, &flags, words)?;
        if kind.has_patterns() && nothing_said {
            self.warn_empty(word);
        }
        Ok(AclTest { expr, patterns, place: self.here() })
    }

    /// The lists that an ACL compares with: its files, then the values on its line.
    fn patterns(
        &mut self,
        kind: MatchKind,
        keyword: &str,
        flags: &Flags<'_>,
        words: Words<'_>,
    ) -> Result<Patterns, String> {
        // Methods are compared as they are, whatever `-i` says.
        let view = |fold: bool| View::new(kind, fold && kind != MatchKind::Meth);
        let how = |fold: bool, as_map: bool, no_dns: bool| Use {
            role: if as_map { Role::Map } else { Role::Acl },
            keyword: Some(keyword),
            view: kind.has_patterns().then(|| view(fold)),
            output: Output::Str,
            resolve: !no_dns,
        };
        let mut lists = Vec::with_capacity(flags.files.len() + 1);
        for file in &flags.files {
            let (_, list) = self.file_list(file.path, how(file.fold, file.as_map, file.no_dns))?;
            lists.push((list, view(file.fold)));
        }
        // HAProxy takes values for `bool` and `found` and never looks at them.
        let values = if kind.has_patterns() { values(kind, words)? } else { Vec::new() };
        let line = self.line_list(&values, flags.number, how(flags.fold, false, flags.no_dns))?;
        lists.push((line, view(flags.fold)));
        if !kind.has_patterns() {
            lists.clear();
        }
        Ok(Patterns { kind, lists: lists.into() })
    }

    /// The expression of an ACL and the matching method its keyword implies.
    fn criterion(&mut self, word: &str) -> Result<(state::Expr, Option<MatchKind>), String> {
        let (first, rest) = name(word);
        if let Some((fetch, matching)) = criterion::find(first)
            && let Some(fetch) = keywords::fetch::find(fetch)
        {
            let (expr, rest) = self
                .expr_of(fetch, rest)
                .map_err(|e| format!("ACL keyword '{first}' : {}", unprefixed(e, fetch.name)))?;
            return match rest {
                "" if expr.steps.is_empty() => Ok((expr, Some(matching))),
                "" => {
                    if matching != MatchKind::Str && matching != MatchKind::Meth {
                        self.warnings.push(overwritten(first));
                    }
                    Ok((expr, None))
                }
                _ => Err(format!("ACL keyword '{first}' : missing comma after fetch keyword")),
            };
        }
        match self.expr_in(word) {
            Ok((expr, "")) => Ok((expr, None)),
            Ok(_) => Err(format!("missing comma after fetch keyword in ACL expression '{word}'")),
            Err(e) => Err(format!("{} in ACL expression '{word}'", e.text())),
        }
    }

    fn warn_empty(&mut self, word: &str) {
        self.warnings.push(format!(
            "parsing acl keyword '{word}' :\n  no pattern to match against were provided, so this ACL will never \
             match.\n  If this is what you intended, please add '--' to get rid of this warning.\n  If you \
             intended to match only for existence, please use '-m found'.\n  If you wanted to force an int to \
             match as a bool, please use '-m bool'.\n"
        ));
    }
}

/// Takes the flags in front of the values.
fn flags<'w>(words: &mut Words<'w>) -> Result<Flags<'w>, String> {
    let mut flags = Flags::default();
    while let Some(flag) = words.peek().filter(|w| w.starts_with('-') && w.len() > 1) {
        words.advance(1);
        match flag {
            "--" => break,
            "-i" => flags.fold = true,
            "-n" => flags.no_dns = true,
            "-M" => flags.as_map = true,
            "-u" => {
                let id = words.next().map(|id| id.parse::<i64>().map(|id| (id & 0xffff_ffff) as u32));
                flags.number =
                    id.transpose().map_err(|_| "the argument of -u must be an integer".to_owned())?;
            }
            "-m" => flags.matching = Some(matching(&flags, words.next().unwrap_or_default())?),
            "-f" => {
                let path = words.next().unwrap_or_default();
                let Flags { fold, as_map, no_dns, .. } = flags;
                flags.files.push(File { path, fold, as_map, no_dns });
            }
            other => {
                return Err(format!(
                    "'{other}' is not a valid ACL option. Please use '--' before any pattern beginning with a '-'"
                ));
            }
        }
    }
    Ok(flags)
}

/// The method that `-m` names.
fn matching(flags: &Flags<'_>, name: &str) -> Result<MatchKind, String> {
    if !flags.files.is_empty() {
        return Err(
            "'-m' must only be specified before patterns and files in parsing ACL expression".to_owned()
        );
    }
    if flags.matching.is_some() {
        return Err(
            "only one explicit matching method can be defined with '-m' parameter. if migrating from an \
                    old version, just keep the last one"
                .to_owned(),
        );
    }
    let found = MatchKind::by_name(name).filter(|k| *k != MatchKind::Meth);
    found.ok_or_else(|| format!("unknown matching method '{name}' when parsing ACL expression"))
}

/// An error of a fetch without its first words, where the ACL's own come in their place.
fn unprefixed(failure: Failure, fetch: &str) -> String {
    let text = failure.text();
    let prefix = format!("fetch method '{fetch}' : ");
    text.strip_prefix(&prefix).map_or_else(|| text.clone(), str::to_owned)
}

/// The method an ACL uses for a sample of this type when neither keyword nor `-m` says so.
fn default_for(gives: Type) -> Option<MatchKind> {
    match gives {
        Type::Str => Some(MatchKind::Str),
        Type::Meth => None,
        other => MatchKind::default_for(other),
    }
}

/// Checks that a sample of this type can be compared by the method (manual 7.1, the matrix).
fn applicable(kind: MatchKind, gives: Type, fetch: &str) -> Result<MatchKind, String> {
    let ok = match (kind, gives) {
        (MatchKind::Found, _) | (_, Type::Any) => true,
        (MatchKind::Bool, _) => matches!(gives, Type::Bool | Type::Sint | Type::Str),
        (MatchKind::Int, _) => !matches!(gives, Type::Bin | Type::Meth | Type::Ipv6),
        (MatchKind::Ip, _) => matches!(gives, Type::Addr | Type::Ipv4 | Type::Ipv6 | Type::Str | Type::Sint),
        _ => castable(gives, kind.expects()),
    };
    let method = kind.name();
    ok.then_some(kind)
        .ok_or_else(|| format!("matching method '{method}' cannot be used with fetch keyword '{fetch}'"))
}

fn overwritten(keyword: &str) -> String {
    format!("original matching method '{keyword}' was overwritten and will not be applied as expected")
}

/// The values as patterns; for integers, an operator applies to those after it.
fn values(kind: MatchKind, words: Words<'_>) -> Result<Vec<String>, String> {
    let numeric = matches!(kind, MatchKind::Int | MatchKind::Len | MatchKind::Version);
    let mut operator = "eq";
    let mut values = Vec::with_capacity(words.rest().len());
    for word in words {
        if !numeric {
            values.push(word.to_owned());
        } else if matches!(word, "eq" | "ge" | "gt" | "le" | "lt") {
            operator = word;
        } else {
            values.push(range(operator, word, kind)?);
        }
    }
    Ok(values)
}

/// The range that an operator and its operand stand for; a range is taken as it is.
fn range(operator: &str, word: &str, kind: MatchKind) -> Result<String, String> {
    let read = number_range(word.as_bytes(), kind);
    if operator == "eq" || word.contains([':', '-']) {
        return read.map(|_| word.to_owned()).map_err(|e| e.0);
    }
    let (n, _) = read.map_err(|_| format!("'{word}' is neither a number nor a supported operator"))?;
    let by = match operator {
        "gt" => 1,
        "lt" => -1,
        _ => 0,
    };
    let n = n.checked_add(by).ok_or_else(|| format!("'{word}' is out of range"))?;
    let shown = match (kind, n & 0xffff) {
        (MatchKind::Version, 0) => format!("{}", n >> 16),
        (MatchKind::Version, minor) => format!("{}.{minor}", n >> 16),
        _ => n.to_string(),
    };
    Ok(if matches!(operator, "gt" | "ge") { format!("{shown}:") } else { format!(":{shown}") })
}
