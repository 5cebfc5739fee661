//! A message's head in memory: the bytes as they came and an index of spans into them.
//!
//! The head is copied in once by the parser; the message knows nothing of the buffer it came from. Edits append bytes
//! and change the index, so that nothing is ever rebuilt, and a message is reused with [`Message::clear`], so that the
//! steady state allocates nothing. It doesn't know framing, connections or what a header means.

use crate::header_value::{Part, Values};
use crate::known::{Known, NameRef};
use crate::method::Method;
use crate::target::{Form, Target};

/// Protocol version as the start line says it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Version {
    pub major: u8,
    pub minor: u8,
}

impl Version {
    pub const HTTP_10: Version = Version { major: 1, minor: 0 };
    pub const HTTP_11: Version = Version { major: 1, minor: 1 };
    pub const HTTP_2: Version = Version { major: 2, minor: 0 };
    pub const HTTP_3: Version = Version { major: 3, minor: 0 };

    /// The number as three bytes of text, as the fetches `req.ver` and `res.ver` give it: `1.0`, `1.1`, `2.0`. Numbers
    /// above 9 don't occur.
    pub const fn text(self) -> [u8; 3] {
        [b'0' + self.major % 10, b'.', b'0' + self.minor % 10]
    }
}

/// Which of the two a message is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Kind {
    #[default]
    Request,
    Response,
}

/// An edit was refused because the message would outgrow its limit; the message is unchanged.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Full;

impl std::fmt::Display for Full {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("message head is full")
    }
}

impl std::error::Error for Full {}

/// A piece of a message's bytes.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct Span {
    pub(crate) start: u32,
    pub(crate) len: u32,
}

/// One header line in the index. `value` has no surrounding whitespace.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Field {
    pub(crate) name: u32,
    pub(crate) name_len: u16,
    pub(crate) known: Known,
    /// The bytes from `name` on read `name: value\r\n`, so that neighbours can be sent in one copy.
    pub(crate) canonical: bool,
    pub(crate) value: u32,
    pub(crate) value_len: u32,
}

/// One header of a message.
#[derive(Clone, Copy, Debug)]
pub struct Header<'a> {
    /// Its place in the message, from 0; valid until the next insertion or removal.
    pub index: usize,
    /// In lower case.
    pub name: &'a [u8],
    /// The whole line's value, without surrounding whitespace.
    pub value: &'a [u8],
    pub known: Known,
}

/// Bytes of head, appended edits included, that a message takes unless [`Message::set_limit`] says otherwise.
const DEFAULT_LIMIT: u32 = 1 << 20;

/// What each part counts for beside its bytes where the room is bounded.
const PART: usize = 8;

/// The head of a request or of a response; also holds trailers, as a message with headers only.
#[derive(Clone, Debug)]
pub struct Message {
    pub(crate) bytes: Vec<u8>,
    pub(crate) fields: Vec<Field>,
    pub(crate) kind: Kind,
    pub(crate) method: Method,
    pub(crate) version: Version,
    pub(crate) status: u16,
    /// The method's token, or the digits of a response's status.
    pub(crate) method_span: Span,
    /// The request target, or the reason of a response.
    pub(crate) text: Span,
    /// What a lenient parser took for the version, to be sent as it came; empty in all other cases.
    pub(crate) protocol: Span,
    /// Another reader could have seen the end of the body elsewhere, see [`Message::is_ambiguous`].
    pub(crate) ambiguous: bool,
    /// The target's scheme and authority are HTTP/2's way to say them: a server of HTTP/1 gets the path alone.
    pub(crate) normalized: bool,
    limit: u32,
    /// What the parts in use may come to; see [`Message::set_room`].
    room: u32,
}

/// How far a message has been edited, see [`Message::stamp`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stamp {
    bytes: usize,
    fields: usize,
    method: Span,
    text: Span,
    version: Version,
}

impl Default for Message {
    fn default() -> Self {
        Message {
            bytes: Vec::new(),
            fields: Vec::new(),
            kind: Kind::Request,
            method: Method::Other,
            version: Version::HTTP_11,
            status: 0,
            method_span: Span::default(),
            text: Span::default(),
            protocol: Span::default(),
            ambiguous: false,
            normalized: false,
            limit: DEFAULT_LIMIT,
            room: u32::MAX,
        }
    }
}

impl Message {
    /// An empty message without memory of its own yet.
    pub fn new() -> Message {
        Message::default()
    }

    /// An empty message with room for so many bytes and headers.
    pub fn with_capacity(bytes: usize, headers: usize) -> Message {
        Message {
            bytes: Vec::with_capacity(bytes),
            fields: Vec::with_capacity(headers),
            ..Message::default()
        }
    }

    /// Empties the message for the next use; keeps its memory and its limit, not its room.
    pub fn clear(&mut self) {
        self.bytes.clear();
        self.fields.clear();
        self.room = u32::MAX;
        self.kind = Kind::Request;
        self.method = Method::Other;
        self.version = Version::HTTP_11;
        self.status = 0;
        self.method_span = Span::default();
        self.text = Span::default();
        self.protocol = Span::default();
        self.ambiguous = false;
        self.normalized = false;
    }

    /// Makes it the same as another one; keeps its memory and its limit.
    pub fn copy_from(&mut self, other: &Message) {
        let limit = self.limit;
        let (mut bytes, mut fields) = (std::mem::take(&mut self.bytes), std::mem::take(&mut self.fields));
        bytes.clone_from(&other.bytes);
        fields.clone_from(&other.fields);
        *self = Message { bytes, fields, limit, ..*other };
    }

    /// Caps the bytes the message may hold, replaced ones included (those stay until `clear`).
    pub fn set_limit(&mut self, bytes: u32) {
        self.limit = bytes;
    }

    /// Bounds what the parts in use may come to from now on: the bytes of names, values and the first line, and 8 for
    /// each part. `None`: no bound, as at first.
    pub fn set_room(&mut self, bytes: Option<u32>) {
        self.room = bytes.unwrap_or(u32::MAX);
    }

    /// Bytes of memory held, for accounting.
    pub fn memory(&self) -> usize {
        self.bytes.capacity() + self.fields.capacity() * size_of::<Field>()
    }

    /// Starts a request without headers. The message is cleared first.
    pub fn start_request(&mut self, method: &[u8], target: &[u8], version: Version) -> Result<(), Full> {
        self.clear();
        self.version = version;
        self.set_method(method)?;
        self.set_target(target)
    }

    /// Starts a response without headers. The message is cleared first.
    pub fn start_response(&mut self, status: u16, reason: &[u8], version: Version) -> Result<(), Full> {
        self.clear();
        self.kind = Kind::Response;
        self.version = version;
        self.set_status(status, Some(reason))
    }

    /// Whether this is a request or a response.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// What stood for the version where that was something else than `HTTP/d.d`; empty otherwise.
    pub fn protocol_bytes(&self) -> &[u8] {
        self.slice(self.protocol)
    }

    /// The version of the start line.
    pub fn version(&self) -> Version {
        self.version
    }

    /// Changes the version of the start line.
    pub fn set_version(&mut self, version: Version) {
        self.version = version;
    }

    /// Whether the message came with framing that another reader could have read differently (both
    /// `Transfer-Encoding` and `Content-Length`, or `Transfer-Encoding` before HTTP/1.1), as the framing functions of
    /// [`crate::h1`] found. It may be passed on, but its connection must not be used again.
    pub fn is_ambiguous(&self) -> bool {
        self.ambiguous
    }

    /// What every edit changes: two equal stamps of one message, without [`Message::clear`] between them, mean that its
    /// head is the same. Bytes are only ever added, and lines that come back stand in new ones.
    pub fn stamp(&self) -> Stamp {
        Stamp {
            bytes: self.bytes.len(),
            fields: self.fields.len(),
            method: self.method_span,
            text: self.text,
            version: self.version,
        }
    }

    pub(crate) fn slice(&self, span: Span) -> &[u8] {
        let start = span.start as usize;
        self.bytes.get(start..start + span.len as usize).unwrap_or_default()
    }

    /// Checks that `more` bytes still fit; gives the offset at which they will stand.
    pub(crate) fn room(&self, more: usize) -> Result<u32, Full> {
        match self.bytes.len().checked_add(more) {
            Some(total)
                if total <= self.limit as usize && (total <= self.room as usize || self.fits(more)) =>
            {
                Ok(self.bytes.len() as u32)
            }
            _ => Err(Full),
        }
    }

    /// Whether `more` bytes fit beside the parts in use, now that what edits left behind can't be counted with them.
    #[cold]
    fn fits(&self, more: usize) -> bool {
        let headers: usize = self.headers().map(|h| h.name.len() + h.value.len() + PART).sum();
        let first = match self.kind() {
            Kind::Request => self.method_bytes().len() + self.target_bytes().len(),
            Kind::Response => self.reason().len(),
        };
        first + headers + more + PART <= self.room as usize
    }

    fn append(&mut self, bytes: &[u8]) -> Result<Span, Full> {
        let start = self.room(bytes.len())?;
        self.push_clean(bytes);
        Ok(Span { start, len: bytes.len() as u32 })
    }

    /// Appends text that a rule made. CR, LF and NUL become spaces, so that no rule can be made to write a line of its
    /// own; whoever wants them escaped does it before.
    pub(crate) fn push_clean(&mut self, text: &[u8]) {
        let start = self.bytes.len();
        self.bytes.extend_from_slice(text);
        for byte in self.bytes.get_mut(start..).unwrap_or_default() {
            if matches!(byte, b'\r' | b'\n' | 0) {
                *byte = b' ';
            }
        }
    }
}

/// The request line.
impl Message {
    /// The method's class.
    pub fn method(&self) -> Method {
        self.method
    }

    /// The method's token as received or set.
    pub fn method_bytes(&self) -> &[u8] {
        match self.kind {
            Kind::Request => self.slice(self.method_span),
            Kind::Response => b"",
        }
    }

    /// Changes the method.
    pub fn set_method(&mut self, token: &[u8]) -> Result<(), Full> {
        self.method_span = self.append(token)?;
        self.method = Method::of(token);
        Ok(())
    }

    /// The request target (HAProxy's `url`), as received or set.
    pub fn target_bytes(&self) -> &[u8] {
        self.slice(self.text)
    }

    /// The request target with accessors for its parts.
    pub fn target(&self) -> Target<'_> {
        Target::new(self.target_bytes())
    }

    /// The `path` fetch, see [`Target::path`].
    pub fn path(&self) -> Option<&[u8]> {
        self.target().path()
    }

    /// The `query` fetch: what follows the first `?` of the target, up to a fragment.
    pub fn query(&self) -> Option<&[u8]> {
        self.target().query()
    }

    /// The `pathq` fetch: path and query together.
    pub fn pathq(&self) -> Option<&[u8]> {
        self.target().pathq()
    }

    /// The authority of an absolute-form or authority-form target.
    pub fn authority(&self) -> Option<&[u8]> {
        self.target().authority()
    }

    /// Replaces the whole target (`http-request set-uri`). `Host`, if there is one, follows the authority of an absolute
    /// target.
    pub fn set_target(&mut self, target: &[u8]) -> Result<(), Full> {
        self.text = self.append(target)?;
        self.normalized = false;
        let host = self.position(Known::Host, 0);
        if let (Some(host), Form::Absolute) = (host, self.target().form())
            && let Some(authority) = self.target().authority_range()
        {
            self.take_value_from_target(host, authority.start, authority.len());
        }
        Ok(())
    }

    /// Has the authority of an absolute target follow `Host`.
    pub(crate) fn set_authority(&mut self, host: &[u8]) -> Result<(), Full> {
        match self.target().authority_range() {
            Some(range) if self.kind == Kind::Request && self.target().form() == Form::Absolute => {
                self.splice_target(range, b"", host)
            }
            _ => Ok(()),
        }
    }

    /// Replaces the path; scheme, authority and query stay (`http-request set-path`). A target without a path (`*`, or one
    /// that ends with the authority) is replaced up to the query that a rule gave it, if one did.
    pub fn set_path(&mut self, path: &[u8]) -> Result<(), Full> {
        let target = self.target();
        let end = target.query_range().map_or(target.as_bytes().len(), |query| query.start - 1);
        let range = target.path_range().unwrap_or(0..end);
        self.splice_target(range, b"", path)
    }

    /// Replaces the path and the query (`http-request set-pathq`); scheme and authority stay.
    pub fn set_pathq(&mut self, pathq: &[u8]) -> Result<(), Full> {
        let target = self.target();
        let end = target.as_bytes().len();
        let start = target.path_range().map_or(0, |path| path.start);
        self.splice_target(start..end, b"", pathq)
    }

    /// Replaces what follows the first `?`, which is added where there was none and something is to follow
    /// (`http-request set-query`).
    pub fn set_query(&mut self, query: &[u8]) -> Result<(), Full> {
        let target = self.target();
        match target.query_range() {
            Some(range) => self.splice_target(range, b"", query),
            None if query.is_empty() => Ok(()),
            None => {
                let end = target.path_range().map_or(target.as_bytes().len(), |path| path.end);
                self.splice_target(end..end, b"?", query)
            }
        }
    }

    /// Replaces a range of the target by `first` and `second`, at the end of the buffer.
    pub(crate) fn splice_target(
        &mut self,
        range: std::ops::Range<usize>,
        first: &[u8],
        second: &[u8],
    ) -> Result<(), Full> {
        let old = self.text;
        let added = first.len() + second.len();
        let start = self.room(old.len as usize + added)?;
        let base = old.start as usize;
        let end = base + old.len as usize;
        // The ranges come from spans of this very buffer, so that they are inside it.
        let head = base..(base + range.start).min(end);
        let tail = (base + range.end).min(end)..end;
        self.bytes.extend_from_within(head);
        self.bytes.extend_from_slice(first);
        self.push_clean(second);
        self.bytes.extend_from_within(tail);
        self.text = Span { start, len: (self.bytes.len() as u32).saturating_sub(start) };
        Ok(())
    }
}

/// The status line.
impl Message {
    /// The status code; 0 in a request.
    pub fn status(&self) -> u16 {
        self.status
    }

    /// The reason phrase; may be empty.
    pub fn reason(&self) -> &[u8] {
        match self.kind {
            Kind::Response => self.slice(self.text),
            Kind::Request => b"",
        }
    }

    /// Changes the reason.
    pub fn set_reason(&mut self, reason: &[u8]) -> Result<(), Full> {
        self.text = self.append(reason)?;
        Ok(())
    }

    /// The digits of the status as received or set; empty in a request.
    pub fn status_bytes(&self) -> &[u8] {
        match self.kind {
            Kind::Response => self.slice(self.method_span),
            Kind::Request => b"",
        }
    }

    /// Changes the status (of which three digits are sent), and the reason to the given one or to the usual one of this status.
    pub fn set_status(&mut self, status: u16, reason: Option<&[u8]>) -> Result<(), Full> {
        let digits = [status / 100, status / 10, status].map(|value| b'0' + (value % 10) as u8);
        let reason = reason.unwrap_or(crate::reply::reason(status).as_bytes());
        self.room(digits.len() + reason.len())?;
        self.method_span = self.append(&digits)?;
        self.text = self.append(reason)?;
        self.status = status;
        Ok(())
    }
}

/// Reading headers.
impl Message {
    /// Number of header lines.
    pub fn header_count(&self) -> usize {
        self.fields.len()
    }

    /// The header at a place.
    pub fn header(&self, index: usize) -> Option<Header<'_>> {
        self.fields.get(index).map(|field| self.view(index, field))
    }

    pub(crate) fn view(&self, index: usize, field: &Field) -> Header<'_> {
        Header { index, name: self.name_of(field), value: self.value_of(field), known: field.known }
    }

    pub(crate) fn name_of(&self, field: &Field) -> &[u8] {
        self.slice(Span { start: field.name, len: u32::from(field.name_len) })
    }

    pub(crate) fn value_of(&self, field: &Field) -> &[u8] {
        self.slice(Span { start: field.value, len: field.value_len })
    }

    /// All headers in order.
    pub fn headers(&self) -> impl DoubleEndedIterator<Item = Header<'_>> + ExactSizeIterator {
        self.fields.iter().enumerate().map(|(index, field)| self.view(index, field))
    }

    /// The lines with this name, in order, each with its whole value (`req.fhdr`).
    pub fn iterate<'a>(&'a self, name: impl Into<NameRef<'a>>) -> Lines<'a> {
        Lines { message: self, name: name.into(), fields: self.fields.iter().enumerate() }
    }

    #[inline]
    pub(crate) fn is(&self, field: &Field, name: NameRef<'_>) -> bool {
        field.known == name.known
            && (field.known != Known::Other
                || (usize::from(field.name_len) == name.bytes.len()
                    && name.bytes.eq_ignore_ascii_case(self.name_of(field))))
    }

    /// The place of the first line with this name at or after `from`.
    pub fn position<'a>(&self, name: impl Into<NameRef<'a>>, from: usize) -> Option<usize> {
        let name = name.into();
        let rest = self.fields.get(from..)?;
        rest.iter().position(|field| self.is(field, name)).map(|at| from + at)
    }

    /// The value of the first line with this name.
    pub fn find<'a>(&self, name: impl Into<NameRef<'a>>) -> Option<&[u8]> {
        let name = name.into();
        self.fields.iter().find(|field| self.is(field, name)).map(|field| self.value_of(field))
    }

    /// Whether a line with this name exists.
    pub fn has<'a>(&self, name: impl Into<NameRef<'a>>) -> bool {
        self.find(name).is_some()
    }

    /// Number of lines with this name (`req.fhdr_cnt`).
    pub fn count<'a>(&self, name: impl Into<NameRef<'a>>) -> usize {
        let name = name.into();
        self.fields.iter().filter(|field| self.is(field, name)).count()
    }

    /// The whole value of the `occurrence`th line with this name: 1 is the first, -1 the last; 0 is none of them.
    pub fn line_at<'a>(&'a self, name: impl Into<NameRef<'a>>, occurrence: i32) -> Option<&'a [u8]> {
        pick(self.iterate(name), occurrence).map(|header| header.value)
    }

    /// The comma-separated values of all lines with this name, in order (`req.hdr`, see [`crate::header_value`]).
    pub fn values<'a>(&'a self, name: impl Into<NameRef<'a>>) -> Values<'a> {
        Values::new(self, name.into())
    }

    /// Number of comma-separated values under this name (`req.hdr_cnt`).
    pub fn value_count<'a>(&'a self, name: impl Into<NameRef<'a>>) -> usize {
        self.values(name).count()
    }

    /// The `occurrence`th comma-separated value under this name: 1 is the first, -1 the last; 0 is none of them.
    pub fn value_at<'a>(&'a self, name: impl Into<NameRef<'a>>, occurrence: i32) -> Option<Part<'a>> {
        let name = name.into();
        match usize::try_from(occurrence) {
            Ok(0) => None,
            Ok(nth) => self.values(name).nth(nth - 1),
            Err(_) => {
                let back = occurrence.unsigned_abs() as usize;
                let count = if back == 1 { return self.values(name).last() } else { self.value_count(name) };
                self.values(name).nth(count.checked_sub(back)?)
            }
        }
    }
}

/// The lines with one name, see [`Message::iterate`].
#[derive(Clone, Debug)]
pub struct Lines<'a> {
    message: &'a Message,
    name: NameRef<'a>,
    fields: std::iter::Enumerate<std::slice::Iter<'a, Field>>,
}

impl<'a> Iterator for Lines<'a> {
    type Item = Header<'a>;

    fn next(&mut self) -> Option<Header<'a>> {
        let (message, name) = (self.message, self.name);
        let (index, field) = self.fields.find(|(_, field)| message.is(field, name))?;
        Some(message.view(index, field))
    }
}

impl DoubleEndedIterator for Lines<'_> {
    fn next_back(&mut self) -> Option<Self::Item> {
        let (message, name) = (self.message, self.name);
        let (index, field) = self.fields.rfind(|(_, field)| message.is(field, name))?;
        Some(message.view(index, field))
    }
}

/// The `occurrence`th item: 1 is the first, -1 the last; 0 is none of them.
pub(crate) fn pick<I: DoubleEndedIterator>(mut items: I, occurrence: i32) -> Option<I::Item> {
    match occurrence {
        0 => None,
        1.. => items.nth(occurrence as usize - 1),
        _ => items.nth_back(occurrence.unsigned_abs() as usize - 1),
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A request for `/a?b` with these headers.
    pub(crate) fn message(headers: &[(&str, &str)]) -> Message {
        let mut msg = Message::new();
        msg.start_request(b"GET", b"/a?b", Version::HTTP_11).unwrap();
        for (name, value) in headers {
            msg.add_header(*name, value.as_bytes()).unwrap();
        }
        msg
    }

    #[test]
    fn values_are_split_at_commas_outside_of_quotes() {
        let values = |lines: &[&str]| -> Vec<String> {
            let lines: Vec<_> = lines.iter().map(|line| ("x", *line)).collect();
            let msg = message(&lines);
            let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
            msg.values("x")
                .map(|part| {
                    assert_eq!(&msg.header(part.header).unwrap().value[part.range()], part.bytes);
                    text(part.bytes)
                })
                .collect()
        };
        assert_eq!(values(&["a , b\t,c"]), ["a", "b", "c"]);
        assert_eq!(values(&["a,\"b,c\",d"]), ["a", "\"b,c\"", "d"]);
        assert_eq!(values(&["a,\"b\\\",c\",d"]), ["a", "\"b\\\",c\"", "d"]);
        assert_eq!(values(&["a\"b,c\"d,e"]), ["a\"b,c\"d", "e"]);
        assert_eq!(values(&["a\\,b"]), ["a\\", "b"]);
        assert_eq!(values(&["\"a , b\" "]), ["\"a , b\""]);
        assert_eq!(values(&["\"a"]), ["\"a"]);
        assert_eq!(values(&[",a,,b,"]), ["", "a", "", "b", ""]);
        assert_eq!(values(&[","]), ["", ""]);
        assert_eq!(values(&["a", "", "b,c"]), ["a", "", "b", "c"]);
        assert_eq!(values(&["a,", ",b"]), ["a", "", "", "b"]);
        assert_eq!(values(&[]), [""; 0]);
    }

    #[test]
    fn occurrences_count_from_both_ends() {
        let msg = message(&[("x", "a"), ("y", "z"), ("x", "b, c")]);
        let value = |nth| msg.value_at("x", nth).map(|part| part.bytes);
        let expected = [
            (0, None),
            (1, Some("a")),
            (3, Some("c")),
            (4, None),
            (-1, Some("c")),
            (-3, Some("a")),
            (-4, None),
        ];
        for (nth, expected) in expected {
            assert_eq!(value(nth), expected.map(str::as_bytes), "{nth}");
        }
        let line = |nth| msg.line_at("x", nth);
        let expected = [
            (0, None),
            (1, Some("a")),
            (2, Some("b, c")),
            (3, None),
            (-1, Some("b, c")),
            (-2, Some("a")),
            (-3, None),
        ];
        for (nth, expected) in expected {
            assert_eq!(line(nth), expected.map(str::as_bytes), "{nth}");
        }
        assert_eq!((msg.count("x"), msg.value_count("x"), msg.value_count("n")), (2, 3, 0));
        assert_eq!((value(i32::MIN), value(i32::MAX)), (None, None));
    }

    #[test]
    fn host_and_absolute_targets_agree() {
        let mut msg = Message::new();
        msg.start_request(b"GET", b"http://a/x?y", Version::HTTP_11).unwrap();
        msg.set_header(Known::Host, b"b").unwrap();
        assert_eq!(msg.target_bytes(), b"http://b/x?y");
        msg.replace_value(0, b"c:8").unwrap();
        assert_eq!(msg.target_bytes(), b"http://c:8/x?y");
        msg.set_target(b"http://d/").unwrap();
        assert_eq!(msg.find(Known::Host), Some(&b"d"[..]));
        msg.set_target(b"/z").unwrap();
        msg.set_header(Known::Host, b"e").unwrap();
        assert_eq!((msg.target_bytes(), msg.find(Known::Host)), (&b"/z"[..], Some(&b"e"[..])));
    }

    #[test]
    fn targets_are_edited_in_parts() {
        type Edit = fn(&mut Message, &[u8]) -> Result<(), Full>;
        let cases: [(Edit, &str, &str, &str); 19] = [
            (Message::set_path, "/new", "/a?b", "/new?b"),
            (Message::set_path, "/new", "/a", "/new"),
            (Message::set_path, "/new", "http://h/a?b", "http://h/new?b"),
            (Message::set_path, "/new", "http://h?q", "http://h/new?q"),
            (Message::set_path, "/new", "*", "/new"),
            (Message::set_path, "/new", "*?q", "/new?q"),
            (Message::set_path, "/new", "http://h", "/new"),
            (Message::set_pathq, "/new", "http://h", "/new"),
            (Message::set_query, "x=1", "/a?b", "/a?x=1"),
            (Message::set_query, "x=1", "/a", "/a?x=1"),
            (Message::set_query, "x=1", "/a?", "/a?x=1"),
            (Message::set_query, "", "/a?b", "/a?"),
            (Message::set_query, "", "/a", "/a"),
            (Message::set_query, "x=1", "http://h?q", "http://h?x=1"),
            (Message::set_query, "x=1", "*", "*?x=1"),
            (Message::set_pathq, "/n?z", "/a?b", "/n?z"),
            (Message::set_pathq, "/n?z", "http://h?q", "http://h/n?z"),
            (Message::set_pathq, "/n?z", "*", "/n?z"),
            (Message::set_target, "/u", "http://h/a?b", "/u"),
        ];
        for (edit, new, old, expected) in cases {
            let mut msg = Message::new();
            msg.start_request(b"GET", old.as_bytes(), Version::HTTP_11).unwrap();
            edit(&mut msg, new.as_bytes()).unwrap();
            assert_eq!(msg.target_bytes(), expected.as_bytes(), "{new} for {old}");
        }
    }

    #[test]
    fn start_lines_are_edited() {
        let mut msg = message(&[]);
        msg.set_method(b"POST").unwrap();
        assert_eq!((msg.method(), msg.method_bytes()), (Method::Post, b"POST".as_slice()));
        assert_eq!((msg.status(), msg.reason(), msg.status_bytes()), (0, b"".as_slice(), b"".as_slice()));
        msg.start_response(200, b"Fine", Version::HTTP_10).unwrap();
        msg.set_status(404, None).unwrap();
        let mut out = Vec::new();
        msg.write_response_head(&mut out);
        assert_eq!(out, b"HTTP/1.0 404 Not Found\r\n\r\n");
    }

    #[test]
    fn a_cleared_message_keeps_its_memory() {
        let mut msg = message(&[("a", "1")]);
        let memory = msg.memory();
        msg.clear();
        assert_eq!((msg.memory(), msg.header_count(), msg.target_bytes()), (memory, 0, b"".as_slice()));
    }
}
