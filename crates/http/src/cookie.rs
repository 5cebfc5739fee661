//! Names and values of `Cookie` and `Set-Cookie` (RFC 6265 §4), as lenient as HAProxy reads them: `,` separates like `;`,
//! quoted strings hide both, blanks around names and values don't count, and pairs without `=` or name are passed over.

use crate::header_value::is_ows;
use crate::known::Known;
use crate::message::{Lines, Message};
use std::ops::Range;

/// One cookie.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cookie<'a> {
    /// The place of its line in the message.
    pub header: usize,
    /// Case-sensitive.
    pub name: &'a [u8],
    /// With its quotes, if it has any.
    pub value: &'a [u8],
    /// Where name and value stand in the line's value.
    pub range: Range<usize>,
    /// Where the value stands in the line's value, for [`Message::replace_part`].
    pub value_range: Range<usize>,
}

/// All cookies of a request's `Cookie` headers, in order.
pub fn request_cookies(msg: &Message) -> RequestCookies<'_> {
    RequestCookies { lines: msg.iterate(Known::Cookie), header: 0, value: b"", at: 0 }
}

/// See [`request_cookies`].
#[derive(Clone, Debug)]
pub struct RequestCookies<'a> {
    lines: Lines<'a>,
    /// The line being read, and how far.
    header: usize,
    value: &'a [u8],
    at: usize,
}

impl<'a> Iterator for RequestCookies<'a> {
    type Item = Cookie<'a>;

    fn next(&mut self) -> Option<Cookie<'a>> {
        loop {
            while self.at < self.value.len() {
                let range = self.at..end_of_pair(self.value, self.at, b";,");
                self.at = range.end + 1;
                if let Some(cookie) = cookie(self.header, self.value, range) {
                    return Some(cookie);
                }
            }
            let line = self.lines.next()?;
            (self.header, self.value, self.at) = (line.index, line.value, 0);
        }
    }
}

/// The cookies of a response's `Set-Cookie` headers, in order; attributes are left out. A line usually sets one; a `,`
/// begins another, as in a folded list.
pub fn response_cookies(msg: &Message) -> impl Iterator<Item = Cookie<'_>> {
    msg.iterate(Known::SetCookie).flat_map(|line| {
        let mut at = 0;
        std::iter::from_fn(move || {
            while at < line.value.len() {
                let start = at;
                let end = end_of_pair(line.value, start, b";,");
                at = end_of_pair(line.value, end, b",") + 1;
                if let Some(cookie) = cookie(line.index, line.value, start..end) {
                    return Some(cookie);
                }
            }
            None
        })
    })
}

/// The value of the last cookie of a request with this name, as `req.cook(name)` gives it.
pub fn request_cookie<'a>(msg: &'a Message, name: &[u8]) -> Option<&'a [u8]> {
    request_cookies(msg).filter(|cookie| cookie.name == name).last().map(|cookie| cookie.value)
}

/// The value of the last cookie that a response sets under this name, as `res.cook(name)` gives it.
pub fn response_cookie<'a>(msg: &'a Message, name: &[u8]) -> Option<&'a [u8]> {
    response_cookies(msg).filter(|cookie| cookie.name == name).last().map(|cookie| cookie.value)
}

/// Where the pair that starts at `start` ends: at a separator outside of quotes, or at the end.
pub(crate) fn end_of_pair(value: &[u8], start: usize, separators: &[u8]) -> usize {
    let mut at = start;
    let mut quoted = false;
    while let Some(byte) = value.get(at) {
        match byte {
            b'"' => quoted = !quoted,
            b'\\' if quoted => at += 1,
            _ if !quoted && separators.contains(byte) => return at,
            _ => {}
        }
        at += 1;
    }
    value.len()
}

/// Splits one `name=value`; none without a name or `=`.
fn cookie(header: usize, value: &[u8], range: Range<usize>) -> Option<Cookie<'_>> {
    let equals = range.start + memchr::memchr(b'=', value.get(range.clone())?)?;
    let name = trimmed(value, range.start..equals);
    let content = trimmed(value, equals + 1..range.end);
    Some(Cookie {
        header,
        name: value.get(name.clone()).filter(|name| !name.is_empty())?,
        value: value.get(content.clone())?,
        range: name.start..content.end,
        value_range: content,
    })
}

/// A range without the blanks at its ends.
pub(crate) fn trimmed(value: &[u8], mut range: Range<usize>) -> Range<usize> {
    let blank = |at: usize| value.get(at).is_some_and(|byte| is_ows(*byte));
    while !range.is_empty() && blank(range.start) {
        range.start += 1;
    }
    while !range.is_empty() && blank(range.end - 1) {
        range.end -= 1;
    }
    range
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Version;

    fn cookies(lines: &[&str]) -> Vec<(String, String)> {
        let mut msg = Message::new();
        msg.start_request(b"GET", b"/", Version::HTTP_11).unwrap();
        for line in lines {
            msg.add_header(Known::Cookie, line.as_bytes()).unwrap();
        }
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        request_cookies(&msg)
            .map(|cookie| {
                let line = msg.header(cookie.header).unwrap().value;
                assert_eq!(&line[cookie.value_range.clone()], cookie.value);
                assert!(line[cookie.range.clone()].starts_with(cookie.name));
                assert!(line[cookie.range.clone()].ends_with(cookie.value));
                (text(cookie.name), text(cookie.value))
            })
            .collect()
    }

    #[track_caller]
    fn reads(line: &str, expected: &[(&str, &str)]) {
        let expected: Vec<_> =
            expected.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect();
        assert_eq!(cookies(&[line]), expected);
    }

    #[test]
    fn pairs_are_split() {
        reads("a=1; b=2", &[("a", "1"), ("b", "2")]);
        reads("a=1;b=2", &[("a", "1"), ("b", "2")]);
        reads("a=1, b=2", &[("a", "1"), ("b", "2")]);
        reads("a = 1 ; b= 2", &[("a", "1"), ("b", "2")]);
        reads("a\t=\t1\t;\tb\t=2", &[("a", "1"), ("b", "2")]);
        reads("a=\"x;y\"; b=2", &[("a", "\"x;y\""), ("b", "2")]);
        reads("a=\"x\\\";y\"; b=2", &[("a", "\"x\\\";y\""), ("b", "2")]);
        reads("a=x\"y;z\"; b=2", &[("a", "x\"y;z\""), ("b", "2")]);
        reads("a; b=2", &[("b", "2")]);
        reads("=x; b=2", &[("b", "2")]);
        reads("a=; b=2", &[("a", ""), ("b", "2")]);
        reads(";;a=1;;b=2;", &[("a", "1"), ("b", "2")]);
        reads("a=1=2", &[("a", "1=2")]);
        reads("a=1 2", &[("a", "1 2")]);
        reads("", &[]);
    }

    #[test]
    fn lines_follow_each_other() {
        let names: Vec<_> = cookies(&["a=1", "", "b=2; a=5"]).into_iter().map(|(name, _)| name).collect();
        assert_eq!(names, ["a", "b", "a"]);
    }

    #[test]
    fn responses_set_one_a_line() {
        let mut msg = Message::new();
        msg.start_response(200, b"OK", Version::HTTP_11).unwrap();
        msg.add_header(Known::SetCookie, b"a=1; path=/; b=5").unwrap();
        msg.add_header(Known::SetCookie, b"d=1, e=2; path=/, f=3").unwrap();
        assert_eq!(response_cookie(&msg, b"e"), Some(b"2".as_slice()));
        assert_eq!(response_cookies(&msg).count(), 4);
        msg.add_header(Known::SetCookie, b"c = \"x;y\" ; expires=Wed, 01 Jan").unwrap();
        assert_eq!(response_cookie(&msg, b"a"), Some(b"1".as_slice()));
        assert_eq!(response_cookie(&msg, b"b"), None);
        assert_eq!(response_cookie(&msg, b"c"), Some(b"\"x;y\"".as_slice()));
    }
}
