//! Words that aren't UTF-8, as text: each byte of them that is no character is a private one, U+10FF00 and the byte. So
//! everything that takes text takes such words, and whoever needs the bytes gets back exactly those that were written.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// The private characters begin here.
const PRIVATE: u32 = 0x0010_ff00;

/// The texts of words that aren't UTF-8, by where they begin in the buffer of all words.
#[derive(Debug, Default)]
pub(crate) struct Readable(BTreeMap<u32, Box<str>>);

impl Readable {
    /// Keeps the text of the word that begins at `start`, if it needs one of its own.
    pub(crate) fn note(&mut self, start: u32, bytes: &[u8]) {
        if let Some(text) = readable(bytes) {
            self.0.insert(start, text.into());
        }
    }

    pub(crate) fn get(&self, start: u32) -> Option<&str> {
        if self.0.is_empty() { None } else { self.0.get(&start).map(|text| &**text) }
    }
}

/// The text; none where the bytes are fine as they are. Private characters that stand there themselves count as bytes.
fn readable(bytes: &[u8]) -> Option<String> {
    if std::str::from_utf8(bytes).is_ok_and(|text| text.is_ascii() || !text.contains(is_private)) {
        return None;
    }
    let private =
        |byte: &u8| char::from_u32(PRIVATE + u32::from(*byte)).unwrap_or(char::REPLACEMENT_CHARACTER);
    let mut out = String::with_capacity(bytes.len() * 2);
    for chunk in bytes.utf8_chunks() {
        for char in chunk.valid().chars() {
            match is_private(char) {
                true => out.extend(char.encode_utf8(&mut [0; 4]).as_bytes().iter().map(private)),
                false => out.push(char),
            }
        }
        out.extend(chunk.invalid().iter().map(private));
    }
    Some(out)
}

/// A text with words in it, for people: bytes that are no characters as `\xe0`.
pub(crate) fn shown(text: &str) -> Cow<'_, str> {
    if text.is_ascii() || !text.contains(is_private) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    for char in text.chars() {
        match is_private(char) {
            // Writing to a String can't fail.
            true => drop(write!(out, "\\x{:02x}", char as u32 - PRIVATE)),
            false => out.push(char),
        }
    }
    Cow::Owned(out)
}

const fn is_private(char: char) -> bool {
    char as u32 >= PRIVATE
}

#[cfg(test)]
mod tests {
    use super::{readable, shown};

    #[test]
    fn only_where_it_must() {
        assert_eq!(readable(b"abc"), None);
        assert_eq!(readable("h\u{e9}".as_bytes()), None);
        assert_eq!(readable(b"-\xe0-").as_deref(), Some("-\u{10ffe0}-"));
        assert_eq!(shown("'-\u{10ffe0}-'"), r"'-\xe0-'");
        assert_eq!(readable("\u{10ffe0}".as_bytes()).map(|t| t.chars().count()), Some(4));
    }
}
