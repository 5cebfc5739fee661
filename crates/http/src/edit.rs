//! Editing the headers of a message: bytes are appended, and the index changes.

use crate::known::{Known, NameRef};
use crate::message::{Field, Full, Header, Message};

/// Editing headers. Names are stored in lower case whatever they were given in; CR, LF and NUL in names and values become
/// spaces. The authority of an absolute target follows `Host`.
impl Message {
    /// Adds a line at the end.
    pub fn add_header<'a>(&mut self, name: impl Into<NameRef<'a>>, value: &[u8]) -> Result<(), Full> {
        self.insert_header(usize::MAX, name, value)
    }

    /// Adds a line before the one at `index`; at the end if there are fewer.
    pub fn insert_header<'a>(
        &mut self,
        index: usize,
        name: impl Into<NameRef<'a>>,
        value: &[u8],
    ) -> Result<(), Full> {
        let name = name.into();
        let name_len = u16::try_from(name.bytes.len()).map_err(|_| Full)?;
        let start = self.room(name.bytes.len() + value.len() + 4)?;
        self.push_clean(name.bytes);
        if let Some(name) = self.bytes.get_mut(start as usize..) {
            name.make_ascii_lowercase();
        }
        self.bytes.extend_from_slice(b": ");
        self.push_clean(value);
        self.bytes.extend_from_slice(b"\r\n");
        let field = Field {
            name: start,
            name_len,
            known: name.known,
            canonical: true,
            value: start + u32::from(name_len) + 2,
            value_len: value.len() as u32,
        };
        self.fields.insert(index.min(self.fields.len()), field);
        if name.known == Known::Host {
            self.set_authority(value)?;
        }
        Ok(())
    }

    /// Removes every line with this name and adds one at the end (`http-request set-header`). The value may not borrow
    /// from this message: evaluate it into the stream's arena first.
    pub fn set_header<'a>(&mut self, name: impl Into<NameRef<'a>>, value: &[u8]) -> Result<(), Full> {
        let name = name.into();
        self.room(name.bytes.len() + value.len() + 4)?;
        self.del_header(name);
        self.add_header(name, value)
    }

    /// Removes every line with this name; says how many there were.
    pub fn del_header<'a>(&mut self, name: impl Into<NameRef<'a>>) -> usize {
        let name = name.into();
        let before = self.fields.len();
        let Some(first) = self.position(name, 0) else { return 0 };
        let mut fields = std::mem::take(&mut self.fields);
        let mut at = 0;
        fields.retain(|field| {
            at += 1;
            at <= first || !self.is(field, name)
        });
        self.fields = fields;
        before - self.fields.len()
    }

    /// Keeps only the lines for which `keep` says so; says how many went.
    pub fn retain(&mut self, mut keep: impl FnMut(Header<'_>) -> bool) -> usize {
        let before = self.fields.len();
        let mut fields = std::mem::take(&mut self.fields);
        let mut index = 0;
        fields.retain(|field| {
            let keep = keep(self.view(index, field));
            index += 1;
            keep
        });
        self.fields = fields;
        before - self.fields.len()
    }

    /// Removes the line at a place; false if there is none.
    pub fn remove(&mut self, index: usize) -> bool {
        let exists = index < self.fields.len();
        if exists {
            self.fields.remove(index);
        }
        exists
    }

    /// Replaces the value of the line at a place (no effect if there is none). The line keeps its place and name.
    pub fn replace_value(&mut self, index: usize, value: &[u8]) -> Result<(), Full> {
        let Some(&field) = self.fields.get(index) else { return Ok(()) };
        self.replace_part(index, 0..field.value_len as usize, value)
    }

    /// Replaces a range of the value of the line at a place, such as one comma-separated value (see
    /// [`Part::range`]); no effect if the place or the range doesn't exist.
    pub fn replace_part(
        &mut self,
        index: usize,
        range: std::ops::Range<usize>,
        part: &[u8],
    ) -> Result<(), Full> {
        let Some(&field) = self.fields.get(index) else { return Ok(()) };
        let len = field.value_len as usize;
        if range.start > range.end || range.end > len {
            return Ok(());
        }
        let start = self.room(usize::from(field.name_len) + len + part.len() + 4)?;
        let (name, value) = (field.name as usize, field.value as usize);
        self.bytes.extend_from_within(name..name + usize::from(field.name_len));
        self.bytes.extend_from_slice(b": ");
        self.bytes.extend_from_within(value..value + range.start);
        self.push_clean(part);
        self.bytes.extend_from_within(value + range.end..value + len);
        self.bytes.extend_from_slice(b"\r\n");
        if let Some(slot) = self.fields.get_mut(index) {
            *slot = Field {
                name: start,
                canonical: true,
                value: start + u32::from(field.name_len) + 2,
                value_len: (len - range.len() + part.len()) as u32,
                ..field
            };
        }
        if field.known == Known::Host && self.target_bytes().first() != Some(&b'/') {
            let host = self.header(index).map(|header| header.value.to_vec()).unwrap_or_default();
            self.set_authority(&host)?;
        }
        Ok(())
    }

    /// Leaves only the first `len` bytes of a value.
    pub(crate) fn shorten_value(&mut self, index: usize, len: usize) {
        if let Some(field) = self.fields.get_mut(index) {
            field.value_len = field.value_len.min(len as u32);
            field.canonical = false;
        }
    }

    /// Makes a part of the target a line's value, without copying it. The target may be changed afterwards.
    pub(crate) fn take_value_from_target(&mut self, index: usize, start: usize, len: usize) {
        let target = self.text;
        if let Some(field) = self.fields.get_mut(index).filter(|_| start + len <= target.len as usize) {
            field.value = target.start + start as u32;
            field.value_len = len as u32;
            field.canonical = false;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::known::Known;
    use crate::message::tests::message;

    #[track_caller]
    fn holds(msg: &Message, expected: &[(&str, &str)]) {
        let headers: Vec<_> = msg
            .headers()
            .map(|header| {
                (std::str::from_utf8(header.name).unwrap(), std::str::from_utf8(header.value).unwrap())
            })
            .collect();
        assert_eq!(headers, expected);
        let mut out = Vec::new();
        msg.write_headers(&mut out);
        let text: String = expected.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
        assert_eq!(String::from_utf8(out).unwrap(), text + "\r\n");
    }

    #[test]
    fn headers_are_added_in_order_and_in_lower_case() {
        let mut msg = message(&[("X-Up", "Aa"), ("Host", "b")]);
        msg.insert_header(0, "First", b"1").unwrap();
        msg.insert_header(2, "Third", b"").unwrap();
        holds(&msg, &[("first", "1"), ("x-up", "Aa"), ("third", ""), ("host", "b")]);
        assert_eq!(msg.find(Known::Host), Some(b"b".as_slice()));
        assert_eq!(msg.find("X-UP"), Some(b"Aa".as_slice()));
        assert_eq!(msg.position("third", 0), Some(2));
        assert_eq!(msg.position("third", 3), None);
        assert_eq!(msg.position("third", 99), None);
    }

    #[test]
    fn headers_are_set_and_removed() {
        let mut msg = message(&[("a", "1"), ("b", "2"), ("A", "3"), ("c", "4")]);
        msg.set_header("a", b"5").unwrap();
        holds(&msg, &[("b", "2"), ("c", "4"), ("a", "5")]);
        assert_eq!(msg.del_header("c"), 1);
        assert_eq!(msg.del_header("c"), 0);
        assert_eq!(msg.retain(|header| header.name != b"b"), 1);
        assert!(msg.remove(0));
        assert!(!msg.remove(0));
        holds(&msg, &[]);
    }

    #[test]
    fn values_are_replaced_in_place() {
        let mut msg = message(&[("a", "one, two, three"), ("b", "x")]);
        let part = msg.value_at("a", 2).unwrap();
        let (header, range) = (part.header, part.range());
        msg.replace_part(header, range, b"2").unwrap();
        msg.replace_value(1, b"yy").unwrap();
        msg.replace_value(7, b"nowhere").unwrap();
        msg.replace_part(0, 3..99, b"nowhere").unwrap();
        holds(&msg, &[("a", "one, 2, three"), ("b", "yy")]);
    }

    #[test]
    fn no_edit_writes_a_line_of_its_own() {
        let mut msg = message(&[("a", "1")]);
        msg.add_header("b\r\nc", b"2\r\nd: 3").unwrap();
        msg.replace_value(0, b"\n\0").unwrap();
        msg.set_path(b"/ HTTP/1.1\r\nx: y").unwrap();
        holds(&msg, &[("a", "  "), ("b  c", "2  d: 3")]);
        let mut out = Vec::new();
        msg.write_request_head(&mut out);
        assert_eq!(out.iter().filter(|byte| **byte == b'\n').count(), 4);
    }

    #[test]
    fn edits_beyond_the_limit_change_nothing() {
        let mut msg = message(&[("a", "1")]);
        msg.set_limit(msg.bytes.len() as u32 + 3);
        assert_eq!(msg.add_header("b", b"2"), Err(Full));
        assert_eq!(msg.set_header("a", b"2"), Err(Full));
        assert_eq!(msg.replace_value(0, b"2"), Err(Full));
        assert_eq!(msg.set_target(b"/long"), Err(Full));
        assert_eq!(msg.set_status(200, None), Err(Full));
        holds(&msg, &[("a", "1")]);
        assert_eq!(msg.target_bytes(), b"/a?b");
    }
}
