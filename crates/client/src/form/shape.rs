//! The text of a form, taken apart.

use std::collections::BTreeMap;

use api::Kind;

use crate::model;

/// A part of a word: a fixed text or a property.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Piece {
    Text(String),
    Property(String),
}

/// One thing of a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Item {
    /// A word, fixed text and properties in turn.
    Word(Vec<Piece>),
    /// A word without its quotes.
    Plain(String),
    /// The words up to the next part.
    Rest(String),
    /// The same, as a list.
    Words(String),
    /// A word that is a list with commas.
    Commas(String),
    /// An address, its port, and the end of a range of ports: properties.
    Address(String, String, String),
    /// No word: what the property is if this stands here.
    Flag(String, bool),
    /// No word: the value of a property.
    Constant(String, String),
}

/// Things that may be missing together.
#[derive(Clone, Debug)]
pub(crate) struct Group {
    /// The list whose entries they are, if they may come many times.
    pub(crate) each: Option<String>,
    pub(crate) items: Vec<Item>,
}

/// A line's shape.
#[derive(Clone, Debug, Default)]
pub(crate) struct Form {
    /// The schema whose properties it has.
    pub(crate) schema: String,
    /// The list whose entries the lines are.
    pub(crate) each: Option<String>,
    pub(crate) negatable: bool,
    pub(crate) head: Vec<Item>,
    pub(crate) groups: Vec<Group>,
    /// The properties of a condition.
    pub(crate) condition: Option<(String, String)>,
    pub(crate) lenient: bool,
    /// What each property is; paths as in the schema.
    kinds: BTreeMap<String, Kind>,
}

/// The forms of a text, one a line; blank lines and lines that begin with `#` are for its readers.
pub(crate) fn forms(schema: &str, text: &str) -> Vec<Form> {
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines.map(|line| Form::new(schema, line)).collect()
}

impl Form {
    fn new(schema: &str, text: &str) -> Self {
        let mut form = Self { schema: schema.to_owned(), ..Self::default() };
        let mut rest = text;
        if let Some((list, line)) = text.split_once("[]: ").filter(|(list, _)| !list.contains([' ', '['])) {
            form.each = Some(list.to_owned());
            rest = line;
        }
        form.take(rest, "");
        form.learn_kinds();
        form
    }

    /// Takes in the tokens of a text; `prefix` goes before each property.
    fn take(&mut self, text: &str, prefix: &str) {
        for token in tokens(text) {
            if token == "(no)" {
                self.negatable = true;
            } else if token == "..." {
                self.lenient = true;
            } else if let Some(inside) = token.strip_prefix('[').and_then(|t| t.strip_suffix(']')) {
                self.groups.push(group(inside, prefix));
            } else if let Some(inside) = token.strip_prefix("<cond").and_then(|t| t.strip_suffix('>')) {
                let names = inside.strip_prefix(':').unwrap_or("cond,cond_test");
                let (word, test) = names.split_once(',').unwrap_or((names, names));
                self.condition = Some((format!("{prefix}{word}"), format!("{prefix}{test}")));
            } else if let Some(name) = token.strip_prefix('@') {
                let (name, prefix) = name.split_once(':').unwrap_or((name, ""));
                for line in model::part(name).lines() {
                    self.take(line, prefix);
                }
            } else {
                self.head.extend(item(token, prefix));
            }
        }
    }

    fn learn_kinds(&mut self) {
        let outer = self.each.clone().map(|list| list + ".").unwrap_or_default();
        let mut paths = Vec::new();
        self.head.iter().for_each(|item| paths.extend(names(item).into_iter().map(|n| (n.clone(), n))));
        for group in &self.groups {
            let each = group.each.as_ref().map(|list| format!("{list}.")).unwrap_or_default();
            let inside = group.items.iter().flat_map(names);
            paths.extend(inside.map(|name| (format!("{each}{name}"), name)));
        }
        for (path, _) in paths {
            if let Some(kind) = api::kind(&self.schema, &format!("{outer}{path}")) {
                self.kinds.insert(path, kind);
            }
        }
    }

    /// What a property is; `each` is the list of the group it stands in.
    pub(crate) fn kind(&self, each: Option<&str>, name: &str) -> Kind {
        let found = match each {
            Some(each) => self.kinds.get(&format!("{each}.{name}")),
            None => self.kinds.get(name),
        };
        found.cloned().unwrap_or(Kind::Text)
    }

    /// Every property, as in the schema.
    pub(crate) fn paths(&self) -> Vec<String> {
        let outer = self.each.as_ref().map(|list| format!("{list}.")).unwrap_or_default();
        let mut paths: Vec<String> = self.head.iter().flat_map(names).collect();
        for group in &self.groups {
            let each = group.each.as_ref().map(|list| format!("{list}.")).unwrap_or_default();
            paths.extend(group.items.iter().flat_map(names).map(|name| format!("{each}{name}")));
        }
        if let Some((word, test)) = &self.condition {
            paths.extend([word.clone(), test.clone()]);
        }
        paths.into_iter().map(|path| format!("{outer}{path}")).collect()
    }

    /// The values that its lines have without saying so.
    pub(crate) fn constants(&self) -> impl Iterator<Item = (&str, &str)> {
        self.head.iter().filter_map(|item| match item {
            Item::Constant(name, value) => Some((name.as_str(), value.as_str())),
            _ => None,
        })
    }

    /// The fixed text that its lines begin with, `no` aside.
    pub(crate) fn first_text(&self) -> Option<&str> {
        match self.head.iter().find(|item| !item.is_silent()) {
            Some(Item::Word(pieces)) => match pieces.first() {
                Some(Piece::Text(text)) => Some(text),
                _ => None,
            },
            _ => None,
        }
    }

    /// Whether a group begins with this word.
    pub(crate) fn begins_group(&self, word: &[u8]) -> bool {
        self.groups.iter().any(|group| match group.items.iter().find(|item| !item.is_silent()) {
            Some(Item::Word(pieces)) => {
                matches!(pieces.as_slice(), [Piece::Text(text)] if text.as_bytes() == word)
            }
            _ => false,
        })
    }
}

impl Item {
    /// Whether it is no word.
    pub(crate) fn is_silent(&self) -> bool {
        matches!(self, Self::Flag(..) | Self::Constant(..))
    }
}

/// The properties of an item.
pub(crate) fn names(item: &Item) -> Vec<String> {
    match item {
        Item::Word(pieces) => pieces
            .iter()
            .filter_map(|piece| match piece {
                Piece::Property(name) => Some(name.clone()),
                Piece::Text(_) => None,
            })
            .collect(),
        Item::Plain(name) | Item::Rest(name) | Item::Words(name) | Item::Commas(name) => vec![name.clone()],
        Item::Flag(name, _) | Item::Constant(name, _) => vec![name.clone()],
        Item::Address(address, port, end) => vec![address.clone(), port.clone(), end.clone()],
    }
}

/// Cuts at spaces outside brackets.
fn tokens(text: &str) -> Vec<&str> {
    let (mut found, mut depth, mut start) = (Vec::new(), 0_i32, 0);
    for (at, c) in text.char_indices().chain([(text.len(), ' ')]) {
        match c {
            '[' => depth += 1,
            ']' => depth -= 1,
            ' ' if depth == 0 => {
                found.extend(text.get(start..at).filter(|token| !token.is_empty()));
                start = at + 1;
            }
            _ => {}
        }
    }
    found
}

fn group(text: &str, prefix: &str) -> Group {
    let (each, text) = match text.split_once("[]: ") {
        Some((list, rest)) => (Some(format!("{prefix}{list}")), rest),
        None => (None, text),
    };
    let prefix = if each.is_some() { "" } else { prefix };
    Group { items: tokens(text).into_iter().flat_map(|token| item(token, prefix)).collect(), each }
}

fn item(token: &str, prefix: &str) -> Vec<Item> {
    let path = |name: &str| format!("{prefix}{name}");
    if let Some(name) = token.strip_prefix('?') {
        return vec![Item::Flag(path(name), true)];
    }
    if let Some(name) = token.strip_prefix('!').filter(|name| !name.is_empty()) {
        return vec![Item::Flag(path(name), false)];
    }
    if let Some((name, value)) = token.strip_prefix('=').and_then(|rest| rest.split_once(':')) {
        return vec![Item::Constant(path(name), value.to_owned())];
    }
    if let Some(name) = token.strip_prefix("<addr:").and_then(|rest| rest.strip_suffix('>')) {
        return vec![Item::Address(path(name), path("port"), path("port-range-end"))];
    }
    if let Some((name, value)) = token.split_once('=').filter(|(name, _)| !name.contains(['{', '('])) {
        let word = Item::Word(vec![Piece::Text(value.to_owned())]);
        return vec![word, Item::Constant(path(name), value.to_owned())];
    }
    let alone = token.strip_prefix('{').and_then(|t| t.strip_suffix('}')).filter(|t| !t.contains('{'));
    let cut = alone.and_then(|t| Some((t.strip_suffix(['"', '*', '+', ','])?, t.chars().last()?)));
    vec![match cut {
        Some((name, '"')) => Item::Plain(path(name)),
        Some((name, '*')) => Item::Rest(path(name)),
        Some((name, '+')) => Item::Words(path(name)),
        Some((name, _)) => Item::Commas(path(name)),
        None => Item::Word(pieces(token, prefix)),
    }]
}

fn pieces(token: &str, prefix: &str) -> Vec<Piece> {
    let mut found = Vec::new();
    let mut rest = token;
    while let Some((text, tail)) = rest.split_once('{') {
        let Some((name, tail)) = tail.split_once('}') else { break };
        if !text.is_empty() {
            found.push(Piece::Text(text.to_owned()));
        }
        found.push(Piece::Property(format!("{prefix}{name}")));
        rest = tail;
    }
    if !rest.is_empty() {
        found.push(Piece::Text(rest.to_owned()));
    }
    found
}
