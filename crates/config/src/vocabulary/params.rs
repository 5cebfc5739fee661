//! Parameters of `bind`-like and `server`-like lines: a name and the words that belong to it.

use crate::loaded::{Word, Words};

/// One parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Param {
    /// Its name.
    pub name: &'static str,
    /// What follows it.
    pub arity: Arity,
}

/// How many words belong to a parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arity {
    /// None: it is a switch.
    Flag,
    /// One.
    Value,
    /// `source <addr> [usesrc <how> | interface <name>]` (manual 5.2).
    Source,
}

impl Arity {
    /// How `-dKcfg` shows it.
    pub fn suffix(self) -> &'static str {
        match self {
            Self::Flag => "",
            Self::Value => " +1",
            Self::Source => " +-1",
        }
    }
}

pub(super) const fn flag(name: &'static str) -> Param {
    Param { name, arity: Arity::Flag }
}

pub(super) const fn value(name: &'static str) -> Param {
    Param { name, arity: Arity::Value }
}

pub(super) const fn source(name: &'static str) -> Param {
    Param { name, arity: Arity::Source }
}

/// A parameter as it stands on a line.
#[derive(Clone, Debug)]
pub struct ParamUse<'a> {
    /// The word that names it, as written: `set-proxy-v2-tlv-fmt(0x20)` keeps its parentheses.
    pub word: Word<'a>,
    /// What the vocabulary says of it; `None` if it doesn't know the word, which then has no values.
    pub param: Option<&'static Param>,
    /// The words that belong to it.
    pub values: Words<'a>,
    /// Whether words it needs are missing at the end of the line.
    pub truncated: bool,
}

impl<'a> ParamUse<'a> {
    /// Its name; empty if unknown.
    pub fn name(&self) -> &'static str {
        self.param.map_or("", |param| param.name)
    }

    /// Its first value.
    pub fn value(&self) -> Option<Word<'a>> {
        self.values.peek()
    }

    /// What stands in parentheses after its name.
    pub fn argument(&self) -> Option<&'a [u8]> {
        let bytes = self.word.bytes();
        let open = memchr::memchr(b'(', bytes)?;
        bytes.get(open + 1..)?.strip_suffix(b")")
    }
}

/// Cuts the words after the address of a line into parameters. `table` is one of
/// [`BIND`](super::BIND), [`SERVER`](super::SERVER), [`CRT_LIST`](super::CRT_LIST), [`LOAD`](super::LOAD).
pub fn split_params<'a>(words: Words<'a>, table: &'static [Param]) -> Params<'a> {
    Params { words, table }
}

/// The parameters of a line, in order.
#[derive(Clone, Debug)]
pub struct Params<'a> {
    words: Words<'a>,
    table: &'static [Param],
}

impl<'a> Iterator for Params<'a> {
    type Item = ParamUse<'a>;

    fn next(&mut self) -> Option<ParamUse<'a>> {
        let word = self.words.next()?;
        let param = find(self.table, word.bytes());
        let count = match param.map_or(Arity::Flag, |param| param.arity) {
            Arity::Flag => 0,
            Arity::Value => 1,
            Arity::Source => {
                let more = |word: &Word<'_>| word.is("usesrc") || word.is("interface");
                let pairs = 1..=self.words.len() / 2;
                1 + 2 * pairs
                    .take_while(|i| self.words.clone().nth(i * 2 - 1).as_ref().is_some_and(more))
                    .count()
            }
        };
        let values = self.words.take_front(count);
        let truncated = count > 0 && values.is_empty();
        Some(ParamUse { word, param, values, truncated })
    }
}

/// The row of a parameter by its word; what stands in parentheses isn't part of the name.
fn find(table: &'static [Param], word: &[u8]) -> Option<&'static Param> {
    let name = match memchr::memchr(b'(', word) {
        Some(open) => word.get(..open).filter(|name| *name == b"set-proxy-v2-tlv-fmt")?,
        None => word,
    };
    table.binary_search_by(|row| row.name.as_bytes().cmp(name)).ok().and_then(|i| table.get(i))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vocabulary::{BIND, SERVER};
    use crate::{Context, Source, parse_sources};

    fn split(line: &str, skip: usize, table: &'static [Param]) -> Vec<(String, Vec<String>, bool)> {
        let text = format!("listen l\n {line}\n");
        let loaded = parse_sources(vec![Source::new("t.cfg", text)], &Context::default());
        let section = loaded.sections().next().unwrap();
        let directive = section.directives().next().unwrap();
        let mut words = directive.words();
        words.nth(skip - 1);
        split_params(words, table)
            .map(|p| {
                let values = p.values.clone().map(|v| v.lossy().into_owned()).collect();
                (p.word.lossy().into_owned(), values, p.param.is_some() && !p.truncated)
            })
            .collect()
    }

    #[test]
    fn arity_tells_names_from_values() {
        let found = split("bind :443 ssl crt a.pem alpn h2,http/1.1 nme", 2, BIND);
        let names: Vec<&str> = found.iter().map(|p| p.0.as_str()).collect();
        assert_eq!(names, ["ssl", "crt", "alpn", "nme"]);
        assert_eq!(found[1].1, ["a.pem"]);
        assert!(!found[3].2);
        let line = "server s 1.1.1.1:80 check source 0.0.0.0 usesrc clientip inter 2s set-proxy-v2-tlv-fmt(0x20) %[src] fall";
        let found = split(line, 3, SERVER);
        let names: Vec<&str> = found.iter().map(|p| p.0.as_str()).collect();
        assert_eq!(names, ["check", "source", "inter", "set-proxy-v2-tlv-fmt(0x20)", "fall"]);
        assert_eq!(found[1].1, ["0.0.0.0", "usesrc", "clientip"]);
        assert!(!found[4].2, "a value is missing");
    }
}
