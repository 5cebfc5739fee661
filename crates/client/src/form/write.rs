//! A line written by a form.

use std::collections::BTreeSet;

use api::Kind;
use config::Document;
use serde_json::Value;

use super::shape::{Form, Group, Item, Piece, names};
use super::value::{get, present, to_word};
use crate::error::{Error, Kind as ErrorKind};

/// A line's words, and the properties that they hold.
pub(crate) struct Written {
    pub(crate) words: Vec<Vec<u8>>,
    pub(crate) used: BTreeSet<String>,
}

/// The line that says what the object has for this form; `None` if it has nothing for it.
pub(crate) fn write(form: &Form, object: &Value) -> Result<Option<Written>, Error> {
    let mut writer = Writer { form, object, words: Vec::new(), used: BTreeSet::new(), negated: false };
    for item in &form.head {
        if !writer.item(item, None, object)? {
            return Ok(None);
        }
    }
    for group in &form.groups {
        writer.group(group)?;
    }
    writer.condition()?;
    // A line of which the object has nothing isn't the object's.
    if writer.used.is_empty() && !form.paths().is_empty() {
        return Ok(None);
    }
    if writer.negated {
        writer.words.insert(0, b"no".to_vec());
    }
    Ok(Some(Written { words: writer.words, used: writer.used }))
}

struct Writer<'a> {
    form: &'a Form,
    object: &'a Value,
    words: Vec<Vec<u8>>,
    used: BTreeSet<String>,
    negated: bool,
}

impl Writer<'_> {
    fn group(&mut self, group: &Group) -> Result<(), Error> {
        let Some(list) = &group.each else {
            let fresh = group.items.iter().flat_map(names).any(|name| !self.used.contains(&name));
            if fresh {
                self.together(group, None, self.object)?;
            }
            return Ok(());
        };
        for entry in get(self.object, list).and_then(Value::as_array).into_iter().flatten() {
            if !self.together(group, Some(list), entry)? {
                return Err(Error::new(
                    ErrorKind::Schema,
                    format!("{list} has an entry that can't be written"),
                ));
            }
        }
        self.used.insert(list.clone());
        Ok(())
    }

    /// Writes all of a group or nothing.
    fn together(&mut self, group: &Group, each: Option<&str>, object: &Value) -> Result<bool, Error> {
        let (count, used) = (self.words.len(), self.used.clone());
        for item in &group.items {
            if !self.item(item, each, object)? {
                self.words.truncate(count);
                self.used = used;
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn condition(&mut self) -> Result<(), Error> {
        let Some((word, test)) = &self.form.condition else { return Ok(()) };
        let text =
            |path: &str| get(self.object, path).and_then(Value::as_str).filter(|text| !text.is_empty());
        if let (Some(cond), Some(cond_test)) = (text(word), text(test)) {
            let rest = as_words(cond_test, test)?;
            self.words.extend([cond.as_bytes().to_vec(), rest]);
            self.used.extend([word.clone(), test.clone()]);
        }
        Ok(())
    }

    /// Writes an item; false if the object has nothing for it.
    fn item(&mut self, item: &Item, each: Option<&str>, object: &Value) -> Result<bool, Error> {
        let value = |name: &str| get(object, name).filter(|value| present(value));
        let done = match item {
            Item::Flag(name, yes) => return Ok(self.flag(name, *yes, value(name))),
            Item::Constant(name, expected) => value(name).is_some_and(|value| match value {
                Value::String(text) => text == expected,
                Value::Bool(yes) => *expected == yes.to_string(),
                _ => false,
            }),
            Item::Word(pieces) => return self.word(pieces, each, object),
            Item::Plain(name) => match value(name).and_then(Value::as_str) {
                Some(text) => {
                    self.words.push(config::quote(writable(text, name)?.as_bytes()));
                    true
                }
                None => false,
            },
            Item::Rest(name) => {
                match value(name).and_then(|value| to_word(&self.form.kind(each, name), value)) {
                    Some(text) => {
                        self.words.push(as_words(&text, name)?);
                        true
                    }
                    None => false,
                }
            }
            Item::Words(name) | Item::Commas(name) => match value(name).and_then(Value::as_array) {
                Some(list) => {
                    self.list(item, name, list, each)?;
                    true
                }
                None => false,
            },
            Item::Address(address, port, end) => return self.address(address, port, end, object),
        };
        if done {
            self.used.extend(names(item));
        }
        Ok(done)
    }

    /// Whether the line or the group is there because of a property. What is off and has no words for that is
    /// the line that isn't there.
    fn flag(&mut self, name: &str, yes: bool, value: Option<&Value>) -> bool {
        let Some(value) = value else { return false };
        self.used.insert(name.to_owned());
        let (on, off) = (value == true || value == "enabled", value == false || value == "disabled");
        if yes && value == "disabled" && self.form.negatable {
            self.negated = true;
            return true;
        }
        if yes { on } else { off }
    }

    fn list(&mut self, item: &Item, name: &str, list: &[Value], each: Option<&str>) -> Result<(), Error> {
        let of = match self.form.kind(each, name) {
            Kind::List(of) => *of,
            kind => kind,
        };
        let mut words = Vec::new();
        for value in list {
            let text = to_word(&of, value).unwrap_or_default();
            words.push(as_word(&text, name)?);
        }
        match item {
            Item::Commas(_) => self.words.push(words.join(&b',')),
            _ => self.words.extend(words),
        }
        Ok(())
    }

    fn word(&mut self, pieces: &[Piece], each: Option<&str>, object: &Value) -> Result<bool, Error> {
        let mut word = String::new();
        let mut named = Vec::new();
        for piece in pieces {
            match piece {
                Piece::Text(text) => word.push_str(text),
                Piece::Property(name) => {
                    let value = get(object, name).filter(|value| present(value));
                    let Some(text) = value.and_then(|value| to_word(&self.form.kind(each, name), value))
                    else {
                        return Ok(false);
                    };
                    word.push_str(&text);
                    named.push(name.clone());
                }
            }
        }
        let name = named.first().map_or("", String::as_str);
        let written =
            if pieces.len() == 1 && named.is_empty() { word.into_bytes() } else { as_word(&word, name)? };
        self.words.push(written);
        self.used.extend(named);
        Ok(true)
    }

    fn address(&mut self, address: &str, port: &str, end: &str, object: &Value) -> Result<bool, Error> {
        let number = |name: &str| get(object, name).and_then(Value::as_i64);
        // A port alone is one of every address.
        let host = get(object, address).and_then(Value::as_str).unwrap_or_default();
        if host.is_empty() && number(port).is_none() {
            return Ok(false);
        }
        let bare_v6 = host.contains(':') && host.parse::<std::net::Ipv6Addr>().is_ok() && host != "::";
        let host = if bare_v6 && number(port).is_some() { format!("[{host}]") } else { host.to_owned() };
        let text = match (number(port), number(end)) {
            (Some(port), Some(end)) => format!("{host}:{port}-{end}"),
            (Some(port), None) => format!("{host}:{port}"),
            (None, _) => host,
        };
        self.words.push(as_word(&text, address)?);
        self.used.extend([address, port, end].map(str::to_owned));
        Ok(true)
    }
}

/// Text that a word can hold: line breaks have an escape in quotes, NUL has none.
fn writable<'a>(text: &'a str, name: &str) -> Result<&'a str, Error> {
    if text.contains('\0') {
        return Err(Error::new(ErrorKind::Schema, format!("{name} must not contain NUL")));
    }
    Ok(text)
}

/// Text that can stand outside quotes.
fn checked<'a>(text: &'a str, name: &str) -> Result<&'a str, Error> {
    if text.contains(['\n', '\r', '\0']) {
        return Err(Error::new(ErrorKind::Schema, format!("{name} must not contain line breaks or NUL")));
    }
    Ok(text)
}

/// Text that stands for one word: as it is if it is one already, in quotes otherwise.
fn as_word(text: &str, name: &str) -> Result<Vec<u8>, Error> {
    let text = writable(text, name)?;
    if count_words(text) == Some(1) { Ok(text.into()) } else { Ok(config::quote(text.as_bytes())) }
}

/// Text that stands for the words of a part of a line. Refused if its quotes aren't closed, or if a part of it
/// would be a comment.
fn as_words(text: &str, name: &str) -> Result<Vec<u8>, Error> {
    let text = checked(text, name)?.trim();
    match count_words(text) {
        Some(count) if count > 0 => Ok(text.into()),
        _ => Err(Error::new(ErrorKind::Schema, format!("{name} isn't a part of a line: {text}"))),
    }
}

/// How many words a text is in a line; `None` if something of it would be a comment or run into what follows.
fn count_words(text: &str) -> Option<usize> {
    const END: &[u8] = b"end";
    let line = Document::parse([text.as_bytes(), b" ", END].concat());
    let words = line.raw_words(0);
    let whole = words.last() == Some(&END) && !text.ends_with('\\');
    (whole && text.trim() == text).then(|| words.len() - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_gets_out_of_its_word() {
        for (text, written) in [
            ("plain", "plain"),
            ("\"in quotes\"", "\"in quotes\""),
            ("two words", "\"two words\""),
            ("a\\ b", "a\\ b"),
            ("half \"open", "'half \"open'"),
            ("a #b", "\"a #b\""),
            ("end\\", "'end\\'"),
            ("", "\"\""),
            ("PING\r\n", "\"PING\\r\\n\""),
            ("a\nb c", "\"a\\nb c\""),
        ] {
            assert_eq!(String::from_utf8(as_word(text, "x").unwrap()).unwrap(), written);
        }
        assert!(as_word("a\0", "x").is_err());
        for text in ["\"open", "a # b", "b\\", "", " ", "a\nb", "a\0", "a\rb"] {
            assert!(as_words(text, "x").is_err(), "{text}");
        }
        assert_eq!(as_words("{ path \"a b\" } or X", "x").unwrap(), b"{ path \"a b\" } or X");
    }
}
