//! Views of a request target's parts, without copying (RFC 9112 §3.2, and HAProxy's `path`, `query`, `pathq`, `base`).

use std::ops::Range;

/// The form of a request target (RFC 9112 §3.2).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Form {
    /// `/path?query`
    Origin,
    /// `scheme://authority/path?query`
    Absolute,
    /// `host:port`, of CONNECT
    Authority,
    /// `*`, of OPTIONS
    Asterisk,
    /// None of them.
    Invalid,
}

/// A borrowed request target.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Target<'a> {
    bytes: &'a [u8],
}

impl<'a> Target<'a> {
    /// Looks at any bytes; what isn't a target has no parts.
    pub fn new(bytes: &'a [u8]) -> Target<'a> {
        Target { bytes }
    }

    /// The whole target.
    pub fn as_bytes(self) -> &'a [u8] {
        self.bytes
    }

    /// Which form it has.
    pub fn form(self) -> Form {
        match self.bytes {
            [b'/', ..] => Form::Origin,
            b"*" => Form::Asterisk,
            _ if self.scheme_end().is_some() => Form::Absolute,
            bytes if !bytes.is_empty() && !bytes.iter().any(|byte| b"/?#".contains(byte)) => Form::Authority,
            _ => Form::Invalid,
        }
    }

    /// Where the authority of an absolute form starts: after `scheme://`.
    fn scheme_end(self) -> Option<usize> {
        let colon = self.bytes.iter().position(|byte| !is_scheme_byte(*byte))?;
        self.bytes
            .get(colon..)?
            .starts_with(b"://")
            .then_some(colon + 3)
            .filter(|_| colon > 0 && self.bytes.first().is_some_and(u8::is_ascii_alphabetic))
    }

    /// The scheme of an absolute form, as written.
    pub fn scheme(self) -> Option<&'a [u8]> {
        self.bytes.get(..self.scheme_end()? - 3)
    }

    /// The authority of an absolute or authority form, user information included.
    pub fn authority(self) -> Option<&'a [u8]> {
        self.bytes.get(self.authority_range()?)
    }

    /// Where the authority stands in the target.
    pub fn authority_range(self) -> Option<Range<usize>> {
        match self.form() {
            Form::Authority => Some(0..self.bytes.len()),
            Form::Absolute => {
                let start = self.scheme_end()?;
                let rest = self.bytes.get(start..)?;
                let end = rest.iter().position(|byte| b"/?#".contains(byte)).unwrap_or(rest.len());
                Some(start..start + end)
            }
            _ => None,
        }
    }

    /// Where the path and the query start: behind the authority. None for `*`, the authority form, and where nothing
    /// follows the authority.
    fn path_start(self) -> Option<usize> {
        match self.bytes.first()? {
            b'/' => Some(0),
            _ if self.form() == Form::Absolute => {
                Some(self.authority_range()?.end).filter(|start| *start < self.bytes.len())
            }
            _ => None,
        }
    }

    /// Where the path stands in the target.
    pub fn path_range(self) -> Option<Range<usize>> {
        let start = self.path_start()?;
        let rest = self.bytes.get(start..)?;
        let len = memchr::memchr(b'?', rest).unwrap_or(rest.len());
        Some(start..start + len)
    }

    /// The path: what follows `scheme://authority`, up to `?`. Empty where
    /// a query follows the authority, none for `*`, the authority form, and where nothing follows the authority.
    pub fn path(self) -> Option<&'a [u8]> {
        self.bytes.get(self.path_range()?)
    }

    /// Where the query stands in the target, without its `?`.
    pub fn query_range(self) -> Option<Range<usize>> {
        Some(memchr::memchr(b'?', self.bytes)? + 1..self.bytes.len())
    }

    /// The query: what follows the first `?`.
    pub fn query(self) -> Option<&'a [u8]> {
        self.bytes.get(self.query_range()?)
    }

    /// Path and query together, from the path's first byte to the end.
    pub fn pathq(self) -> Option<&'a [u8]> {
        self.bytes.get(self.path_start()?..)
    }
}

fn is_scheme_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_of_every_form() {
        type Parts<'a> =
            (Form, Option<&'a str>, Option<&'a str>, Option<&'a str>, Option<&'a str>, Option<&'a str>);
        let cases: &[(&str, Parts<'_>)] = &[
            ("/a?b=c#d", (Form::Origin, None, None, Some("/a"), Some("b=c#d"), Some("/a?b=c#d"))),
            ("/a", (Form::Origin, None, None, Some("/a"), None, Some("/a"))),
            ("/a?", (Form::Origin, None, None, Some("/a"), Some(""), Some("/a?"))),
            ("/a?b?c", (Form::Origin, None, None, Some("/a"), Some("b?c"), Some("/a?b?c"))),
            ("/a#b?c", (Form::Origin, None, None, Some("/a#b"), Some("c"), Some("/a#b?c"))),
            ("//x/y", (Form::Origin, None, None, Some("//x/y"), None, Some("//x/y"))),
            ("http://a/x?y", (Form::Absolute, Some("http"), Some("a"), Some("/x"), Some("y"), Some("/x?y"))),
            ("http://a", (Form::Absolute, Some("http"), Some("a"), None, None, None)),
            ("http://a?q", (Form::Absolute, Some("http"), Some("a"), Some(""), Some("q"), Some("?q"))),
            ("h+1://u:p@a:8/", (Form::Absolute, Some("h+1"), Some("u:p@a:8"), Some("/"), None, Some("/"))),
            ("*", (Form::Asterisk, None, None, None, None, None)),
            ("a:80", (Form::Authority, None, Some("a:80"), None, None, None)),
            ("", (Form::Invalid, None, None, None, None, None)),
            ("1a://b/", (Form::Invalid, None, None, None, None, None)),
        ];
        for (text, expected) in cases {
            let target = Target::new(text.as_bytes());
            let text = |bytes: Option<&[u8]>| bytes.map(|bytes| String::from_utf8(bytes.to_vec()).unwrap());
            let got = (
                target.form(),
                text(target.scheme()),
                text(target.authority()),
                text(target.path()),
                text(target.query()),
                text(target.pathq()),
            );
            let own = |part: Option<&str>| part.map(str::to_string);
            let (form, scheme, authority, path, query, pathq) = *expected;
            assert_eq!(
                got,
                (form, own(scheme), own(authority), own(path), own(query), own(pathq)),
                "{target:?}"
            );
        }
    }
}
