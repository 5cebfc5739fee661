//! `Link` headers worth an early hint (RFC 8297, manual 6.2.1 "early-hints"): those with a relation that has the client
//! fetch or connect ahead (RFC 8288 section 3).

use http::header_value::{list, trim};
use http::{Kind, Message};

/// The relations that are worth it.
const AHEAD: &[&str] = &["preload", "preconnect", "dns-prefetch", "modulepreload", "prefetch"];
/// The most bytes of hints that are kept of a response.
const MOST: usize = 8 * 1024;

/// The `Link` headers of a response that are worth a hint, as header lines; what isn't worth it is left out of them.
pub(crate) fn of(response: &Message) -> Vec<u8> {
    let mut lines = Vec::new();
    if response.kind() != Kind::Response {
        return lines;
    }
    for line in response.iterate("link") {
        let before = lines.len();
        for link in list(line.value).filter(|link| is_hint(link)) {
            lines.extend_from_slice(if lines.len() == before { b"link: " } else { b", " });
            lines.extend_from_slice(link);
        }
        if lines.len() > before {
            lines.extend_from_slice(b"\r\n");
        }
        if lines.len() > MOST {
            lines.truncate(before);
        }
    }
    lines
}

/// Whether the first `rel` of a link is one of those.
fn is_hint(link: &[u8]) -> bool {
    let Some(end) = link.strip_prefix(b"<").and_then(|rest| memchr::memchr(b'>', rest)) else { return false };
    let mut rest = link.get(end + 2..).unwrap_or_default();
    loop {
        rest = trim(rest);
        let Some(after) = rest.strip_prefix(b";") else { return false };
        let Some((name, value, after)) = parameter(trim(after)) else { return false };
        if name.eq_ignore_ascii_case(b"rel") {
            let mut words = value.split(|byte| matches!(byte, b' ' | b'\t'));
            return words.any(|word| AHEAD.iter().any(|ahead| word.eq_ignore_ascii_case(ahead.as_bytes())));
        }
        rest = after;
    }
}

/// The name and the value of a parameter, and what follows it; none if it is malformed.
fn parameter(text: &[u8]) -> Option<(&[u8], &[u8], &[u8])> {
    let is_token = |byte: &u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(byte);
    let end = text.iter().position(|byte| !is_token(byte)).unwrap_or(text.len());
    let (name, rest) = text.split_at_checked(end)?;
    let Some(value) = trim(rest).strip_prefix(b"=").map(trim) else { return Some((name, b"", rest)) };
    let (value, after) = match value.strip_prefix(b"\"") {
        Some(quoted) => {
            let end = end_of_quoted(quoted)?;
            (quoted.get(..end)?, quoted.get(end + 1..)?)
        }
        None => {
            value.split_at_checked(value.iter().position(|byte| !is_token(byte)).unwrap_or(value.len()))?
        }
    };
    let after = trim(after);
    (after.is_empty() || after.starts_with(b";")).then_some((name, value, after))
}

/// Where a quoted string ends; a backslash takes its meaning from the byte behind it.
fn end_of_quoted(text: &[u8]) -> Option<usize> {
    let mut escaped = false;
    text.iter().position(|byte| {
        let ends = *byte == b'"' && !escaped;
        escaped = *byte == b'\\' && !escaped;
        ends
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_worth_a_hint() {
        for (link, expected) in [
            ("</style.css>; rel=preload; as=style", true),
            ("<a.css>; rel=\"preload prefetch\"", true),
            ("<a.css>; crossorigin; rel=preload", true),
            ("<a.css>; rel = preload", true),
            ("<a.css>; rel=preload prefetch", false),
            ("<a.css>; rel=stylesheet", false),
            ("<a.css>; rel=preload; rel=stylesheet", true),
            ("<a.css>; rel=stylesheet; rel=preload", false),
            ("<a.css>; title=\"foo \\\"bar\\\"\"; rel=preload", true),
            ("</a>; title=\"x\\\"; rel=preload; y=\\\"z\"", false),
            ("<m.js>; rel=modulepreload", true),
            ("</a", false),
            ("b.css>; rel=preload", false),
            ("<a>", false),
        ] {
            assert_eq!(is_hint(link.as_bytes()), expected, "{link}");
        }
    }
}
