//! Header values as lists: split at commas as HAProxy's `req.hdr()` splits them, and lists of tokens.
//!
//! It doesn't know what any header means.

use crate::known::NameRef;
use crate::message::Message;
use std::ops::Range;

/// One value of a comma-separated list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part<'a> {
    /// The place of its line in the message.
    pub header: usize,
    /// Where it stands in that line's value.
    pub range: Range<usize>,
    /// Its bytes, without surrounding whitespace.
    pub bytes: &'a [u8],
}

impl Part<'_> {
    /// Where it stands in its line's value, for [`Message::replace_part`].
    pub fn range(&self) -> Range<usize> {
        self.range.clone()
    }
}

/// The values of every line with one name, in order; see [`Message::values`].
#[derive(Clone, Debug)]
pub struct Values<'a> {
    message: &'a Message,
    name: NameRef<'a>,
    /// The line being split, and its rest.
    header: usize,
    list: Option<List<'a>>,
}

impl<'a> Values<'a> {
    pub(crate) fn new(message: &'a Message, name: NameRef<'a>) -> Values<'a> {
        let mut values = Values { message, name, header: 0, list: None };
        values.open(0);
        values
    }

    /// Goes to the first line with the name at or after `from`.
    fn open(&mut self, from: usize) {
        self.list = self.message.position(self.name, from).and_then(|at| {
            self.header = at;
            self.message.header(at).map(|header| list(header.value))
        });
    }
}

impl<'a> Iterator for Values<'a> {
    type Item = Part<'a>;

    fn next(&mut self) -> Option<Part<'a>> {
        loop {
            if let Some((range, bytes)) = self.list.as_mut()?.next_part() {
                return Some(Part { header: self.header, range, bytes });
            }
            self.open(self.header + 1);
        }
    }
}

/// Splits one value at the commas outside of quoted strings; items come without surrounding whitespace.
pub fn list(value: &[u8]) -> List<'_> {
    List { value, at: Some(0) }
}

/// See [`list`].
#[derive(Clone, Debug)]
pub struct List<'a> {
    value: &'a [u8],
    /// Where the next item starts; none after the last.
    at: Option<usize>,
}

impl<'a> List<'a> {
    pub(crate) fn next_part(&mut self) -> Option<(Range<usize>, &'a [u8])> {
        let start = self.at?;
        let rest = self.value.get(start..)?;
        let end = end_of_item(rest);
        self.at = (end < rest.len()).then_some(start + end + 1);
        let item = rest.get(..end)?;
        let lead = item.iter().take_while(|byte| is_ows(**byte)).count();
        let trimmed = trim(item);
        let from = start + if trimmed.is_empty() { 0 } else { lead };
        Some((from..from + trimmed.len(), trimmed))
    }
}

impl<'a> Iterator for List<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        self.next_part().map(|(_, item)| item)
    }
}

/// The offset of the first comma outside of a quoted string, or the length.
fn end_of_item(bytes: &[u8]) -> usize {
    // Most values have no comma at all, and most with one have no quote before it.
    let mut at = match memchr::memchr2(b',', b'"', bytes) {
        None => return bytes.len(),
        Some(at) => at,
    };
    let mut quoted = false;
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'"' => quoted = !quoted,
            b'\\' if quoted => at += 1,
            b',' if !quoted => return at,
            _ => {}
        }
        at += 1;
    }
    bytes.len()
}

/// The non-empty tokens of a list such as `Connection`'s.
pub fn tokens(value: &[u8]) -> impl Iterator<Item = &[u8]> {
    list(value).filter(|item| !item.is_empty())
}

/// Whether a list has this token, in any case.
pub fn has_token(value: &[u8], token: &[u8]) -> bool {
    list(value).any(|item| item.eq_ignore_ascii_case(token))
}

/// Without surrounding spaces and tabs.
pub fn trim(mut bytes: &[u8]) -> &[u8] {
    while let [b' ' | b'\t', rest @ ..] = bytes {
        bytes = rest;
    }
    while let [rest @ .., b' ' | b'\t'] = bytes {
        bytes = rest;
    }
    bytes
}

pub(crate) fn is_ows(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t')
}
