//! A request looked for among bytes that needn't be HTTP: what rules of a proxy for TCP take for one. Nothing is passed on
//! by this reading, so that it is wider than the strict one as to versions.

use super::framing::request_framing;
use super::request::parse_request;
use super::{ErrorKind, Limits, Parsed};
use crate::Message;

/// Reads a request at the beginning of `input`; one whose lengths contradict each other is none.
pub fn find_request(input: &[u8], msg: &mut Message, limits: &Limits) -> Parsed {
    let limits = Limits { any_version: true, ..*limits };
    let parsed = match old_line(input) {
        Some(line) => parse_request(&[line, b"\r\n"].concat(), msg, &limits),
        None => parse_request(input, msg, &limits),
    };
    if !matches!(parsed, Parsed::Complete { .. }) {
        return parsed;
    }
    match request_framing(msg, &limits) {
        Err(error) if matches!(error.kind, ErrorKind::ContentLength | ErrorKind::TransferEncoding) => {
            Parsed::Invalid(error)
        }
        _ => parsed,
    }
}

/// The line of a GET that names no version: HTTP/0.9 knows nothing behind it.
fn old_line(input: &[u8]) -> Option<&[u8]> {
    let end = memchr::memchr(b'\n', input.strip_prefix(b"GET ").map(|_| input)?)?;
    let line = input.get(..=end)?;
    (line.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty()).count() == 2).then_some(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_rules_take_for_a_request() {
        for (text, found) in [
            ("GET / HTTP/1.1\r\n\r\n", true),
            ("GET / HTTP/2.0\r\n\r\n", true),
            ("GET / HTTP/1\r\n\r\n", true),
            ("GET / RTSP/1.0\r\n\r\n", true),
            ("GET /\r\n", true),
            ("HEAD /\r\n\r\n", false),
            ("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", true),
            ("GET * HTTP/1.1\r\n\r\n", false),
            ("GET /# HTTP/1.1\r\n\r\n", false),
            ("GET / HTTP/1.1\r\nContent-Length: +3\r\n\r\n", false),
            ("GET / HTTP/1.1\r\nTransfer-Encoding: gzip\r\n\r\n", false),
            ("GET / HTTP/1.1\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", true),
            ("GET / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", true),
            ("\x16\x03\x01", false),
        ] {
            let parsed = find_request(text.as_bytes(), &mut Message::new(), &Limits::default());
            assert_eq!(matches!(parsed, Parsed::Complete { .. }), found, "{text}: {parsed:?}");
        }
    }
}
