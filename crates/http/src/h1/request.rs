//! The request line (RFC 9112 §3), with HAProxy's leniencies: any run of spaces and tabs between its parts.

use super::bytes::{self, TOKEN};
use super::scan::{Scan, Step, Stop, end_of_line};
use super::{ErrorKind, Limits, Parsed};
use crate::header_value::is_ows;
use crate::message::{Kind, Message, Span, Version};
use crate::method::Method;
use crate::target::{Form, Target};

/// Parses a request head from the first bytes of `input` into `msg` (cleared first). For input that comes in pieces use
/// [`Scan::request`], which resumes where it stood. After anything but `Complete` the message's content is unspecified.
pub fn parse_request(input: &[u8], msg: &mut Message, limits: &Limits) -> Parsed {
    Scan::default().request(input, msg, limits)
}

/// Parses the line at the start of `line`, which stands at `base` in the input; gives the input offset behind it.
pub(super) fn start_line(line: &[u8], msg: &mut Message, limits: &Limits, base: usize) -> Step<usize> {
    let method_len = bytes::span_of(line, TOKEN);
    let target_start = blanks(line, method_len, base, ErrorKind::Method)?;
    let target_len = target_len(line.get(target_start..).unwrap_or_default(), limits);
    let target_end = target_start + target_len;
    if target_len == 0 {
        return Stop::bad(ErrorKind::Target, base + target_start);
    }
    msg.method_span = Span { start: 0, len: method_len as u32 };
    msg.method = Method::of(line.get(..method_len).unwrap_or_default());
    msg.text = Span { start: target_start as u32, len: target_len as u32 };
    let any_version = limits.accept_unsafe || limits.any_version;
    let end = match line.get(target_end) {
        Some(_) if any_version && msg.method == Method::Get && ends_line(line, target_end) => {
            msg.version = Version::HTTP_10;
            target_end + blanks_at(line, target_end)
        }
        _ => {
            let version_start = blanks(line, target_end, base, ErrorKind::Target)?;
            match any_version {
                true => protocol(line, version_start, base, msg)?,
                false => version(line, version_start, base, msg, limits)?,
            }
        }
    };
    let next = end_of_line(line, end).map_err(|stop| stop.at(base))?;
    msg.kind = Kind::Request;
    // The preface of HTTP/2 (RFC 9113 section 3.4) is no request.
    if msg.version.major == 2 && line.starts_with(b"PRI * ") {
        if limits.any_version {
            return Ok(base + next);
        }
        return Stop::bad(ErrorKind::Version, base);
    }
    if !may_have(msg.method, line.get(target_start..target_end).unwrap_or_default(), limits) {
        return Stop::bad(ErrorKind::Target, base + target_start);
    }
    Ok(base + next)
}

/// The offset behind the blanks at `at`, of which there must be one, behind something and before something.
#[inline]
fn blanks(line: &[u8], at: usize, base: usize, kind: ErrorKind) -> Step<usize> {
    let rest = line.get(at..).unwrap_or_default();
    let count = rest.iter().take_while(|byte| is_ows(**byte)).count();
    match rest.get(count) {
        Some(_) if count > 0 && at > 0 => Ok(at + count),
        None if count == 0 || at > 0 => Err(Stop::More),
        _ => Stop::bad(kind, base + at),
    }
}

/// Number of bytes that may stand in a target.
#[inline]
fn target_len(rest: &[u8], limits: &Limits) -> usize {
    let mut len = bytes::target_len(rest);
    while limits.accept_unsafe && rest.get(len).is_some_and(|byte| *byte > 0x7f || *byte == b'#') {
        len += 1;
        len += bytes::target_len(rest.get(len..).unwrap_or_default());
    }
    len
}

/// Whether nothing but blanks stands between `at` and the end of the line.
fn ends_line(line: &[u8], at: usize) -> bool {
    matches!(line.get(at + blanks_at(line, at)), Some(b'\r' | b'\n'))
}

fn blanks_at(line: &[u8], at: usize) -> usize {
    line.get(at..).unwrap_or_default().iter().take_while(|byte| is_ows(**byte)).count()
}

/// Reads what stands for the version where unsafe requests pass: any run of capitals, digits, `/` and `.`, sent on as it
/// came. What isn't `HTTP/d.d` counts as HTTP/1.0.
fn protocol(line: &[u8], at: usize, base: usize, msg: &mut Message) -> Step<usize> {
    let rest = line.get(at..).unwrap_or_default();
    let may = |byte: &u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || matches!(byte, b'/' | b'.');
    let len = rest.iter().position(|byte| !may(byte)).ok_or(Stop::More)?;
    match rest.get(..len).unwrap_or_default() {
        [] => return Stop::bad(ErrorKind::Version, base + at),
        [b'H', b'T', b'T', b'P', b'/', major @ b'0'..=b'9', b'.', minor @ b'0'..=b'9'] => {
            msg.version = Version { major: major - b'0', minor: minor - b'0' };
        }
        _ => {
            msg.version = Version::HTTP_10;
            msg.protocol = Span { start: at as u32, len: len as u32 };
        }
    }
    Ok(at + len)
}

/// Reads `HTTP/d.d` at `at` into the message; gives the offset behind it. With `accept_unsafe` any protocol's name and
/// longer numbers pass, and are sent on as they came.
#[inline]
pub(super) fn version(
    line: &[u8],
    at: usize,
    base: usize,
    msg: &mut Message,
    limits: &Limits,
) -> Step<usize> {
    let rest = line.get(at..).unwrap_or_default();
    match *rest {
        [b'H', b'T', b'T', b'P', b'/', major @ b'0'..=b'9', b'.', minor @ b'0'..=b'9', end, ..]
            if !(limits.accept_unsafe && end.is_ascii_digit()) =>
        {
            msg.version = Version { major: major - b'0', minor: minor - b'0' };
            Ok(at + 8)
        }
        _ if limits.accept_unsafe => unsafe_version(rest, at, base, msg),
        _ if rest.len() < 9 && !rest.iter().any(|byte| matches!(byte, b'\r' | b'\n')) => Err(Stop::More),
        _ => Stop::bad(ErrorKind::Version, base + at),
    }
}

fn unsafe_version(rest: &[u8], at: usize, base: usize, msg: &mut Message) -> Step<usize> {
    let len = rest.iter().position(|byte| !byte.is_ascii_graphic()).ok_or(Stop::More)?;
    let text = rest.get(..len).unwrap_or_default();
    let number = |digits: &[u8]| -> Option<u8> {
        let digits =
            std::str::from_utf8(digits).ok().filter(|text| text.bytes().all(|b| b.is_ascii_digit()))?;
        digits.parse::<u16>().ok().map(|number| number.min(9) as u8)
    };
    let parsed = memchr::memchr(b'/', text).filter(|slash| *slash > 0).and_then(|slash| {
        let numbers = text.get(slash + 1..)?;
        let dot = memchr::memchr(b'.', numbers)?;
        Some(Version { major: number(numbers.get(..dot)?)?, minor: number(numbers.get(dot + 1..)?)? })
    });
    let Some(version) = parsed else { return Stop::bad(ErrorKind::Version, base + at) };
    msg.version = version;
    msg.protocol = Span { start: at as u32, len: len as u32 };
    Ok(at + len)
}

/// Whether a target's form is one this method may have (RFC 9112 §3.2). `*` is for OPTIONS and for methods that the
/// proxy doesn't know; CONNECT needs a port.
fn may_have(method: Method, target: &[u8], limits: &Limits) -> bool {
    match (method, target) {
        (Method::Connect, target) if limits.accept_unsafe => !target.starts_with(b"/"),
        (Method::Connect, _) => {
            let end = target.iter().position(|byte| b"/?#".contains(byte)).unwrap_or(target.len());
            let authority = target.get(..end).unwrap_or_default();
            let port = memchr::memrchr(b':', authority).and_then(|at| authority.get(at + 1..));
            port.is_some_and(|port| !port.is_empty() && port.iter().all(u8::is_ascii_digit))
        }
        (_, [b'/', ..]) => true,
        (Method::Options | Method::Other, b"*") => true,
        _ => Target::new(target).form() == Form::Absolute,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOST: &str = "Host: a\r\n\r\n";

    fn parse(head: &[u8]) -> (Parsed, Message) {
        let mut msg = Message::new();
        (parse_request(head, &mut msg, &Limits::default()), msg)
    }

    /// Parses; gives the head as it would be sent.
    fn sent(head: &[u8]) -> Option<String> {
        let (parsed, msg) = parse(head);
        let mut out = Vec::new();
        msg.write_request_head(&mut out);
        assert!(msg.head_len() >= out.len());
        match parsed {
            Parsed::Complete { consumed } => {
                assert_eq!(consumed, head.len());
                Some(out.iter().map(|byte| char::from(*byte)).collect())
            }
            Parsed::Partial => panic!("{:?} is partial", String::from_utf8_lossy(head)),
            Parsed::Invalid(_) => None,
        }
    }

    #[track_caller]
    fn line(line: &str, expected: &str) {
        let head = format!("{line}\r\n{HOST}");
        assert_eq!(sent(head.as_bytes()).unwrap(), format!("{expected}\r\nhost: a\r\n\r\n"));
    }

    #[track_caller]
    fn bad_line(line: &str) {
        let head = format!("{line}\r\n{HOST}");
        assert_eq!(sent(head.as_bytes()), None, "{line:?}");
    }

    #[track_caller]
    fn header(header: &str, expected: Option<&str>) {
        let head = format!("GET / HTTP/1.1\r\n{header}\r\n{HOST}");
        let expected = expected.map(|line| format!("GET / HTTP/1.1\r\n{line}\r\nhost: a\r\n\r\n"));
        assert_eq!(sent(&head.chars().map(|c| c as u8).collect::<Vec<_>>()), expected, "{header:?}");
    }

    #[test]
    fn request_lines() {
        line("GET / HTTP/1.1", "GET / HTTP/1.1");
        line("GET \t /x \t HTTP/1.1", "GET /x HTTP/1.1");
        line("get / HTTP/1.1", "get / HTTP/1.1");
        line("FOO-bar1 / HTTP/1.1", "FOO-bar1 / HTTP/1.1");
        line("GET /\"<>\\^`{|}[]@; HTTP/1.1", "GET /\"<>\\^`{|}[]@; HTTP/1.1");
        line("GET //x/y?a?b HTTP/1.1", "GET //x/y?a?b HTTP/1.1");
        line("OPTIONS * HTTP/1.1", "OPTIONS * HTTP/1.1");
        line("PATCH * HTTP/1.1", "PATCH * HTTP/1.1");
        line("\r\n\n\r\nGET / HTTP/1.1", "GET / HTTP/1.1");
        for target in
            ["*", "foo", "a:80", "*x", "?x", "mailto:x", "1http://a/", "://a/", "http:/a", "a_b://a/", ""]
        {
            bad_line(&format!("GET {target} HTTP/1.1"));
        }
        for target in ["/\u{e9}", "/\u{1}", "/\u{7f}", "/\0", "/#", "/a#b", "/a b", "/a\tb", "http://a\\b/"] {
            bad_line(&format!("GET {target} HTTP/1.1"));
        }
        for bad in ["\rGET / HTTP/1.1", " GET / HTTP/1.1", "G(T / HTTP/1.1", "GET", "GET ", "GET\r/ HTTP/1.1"]
        {
            bad_line(bad);
        }
    }

    #[test]
    fn the_preface_of_http_2_is_no_request() {
        assert_eq!(sent(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), None);
        line("PRI /x HTTP/1.1", "PRI /x HTTP/1.1");
    }

    #[test]
    fn versions() {
        line("GET / HTTP/1.0", "GET / HTTP/1.0");
        line("GET / HTTP/0.9", "GET / HTTP/0.9");
        for version in ["1.2", "2.0", "3.0", "9.9"] {
            line(&format!("GET / HTTP/{version}"), "GET / HTTP/1.1");
            let (_, msg) = parse(format!("GET / HTTP/{version}\r\n\r\n").as_bytes());
            assert_eq!(msg.version().text(), version.as_bytes());
        }
        for version in [
            "HTTP/1",
            "HTTP/1.10",
            "http/1.1",
            "HTTP/1.1 ",
            "HTTP/1.1\t",
            "HTTP/1.1 x",
            "RTSP/1.0",
            "HTTP/a.b",
        ] {
            bad_line(&format!("GET / {version}"));
        }
        for line in ["GET /", "GET / ", "GET /\rHTTP/1.1"] {
            bad_line(line);
        }
    }

    #[test]
    fn headers() {
        header("X:", Some("x: "));
        header("X:a  ", Some("x: a"));
        header("X: \t a b \t", Some("x: a b"));
        header("X: a\u{1}\u{7f}\u{80}\u{ff}b", Some("x: a\u{1}\u{7f}\u{80}\u{ff}b"));
        header("X_y!#$%&'*+-.^`|~: a", Some("x_y!#$%&'*+-.^`|~: a"));
        header("X: a\r\n b", Some("x: a   b"));
        header("X: a \t\r\n\t  b", Some("x: a \t  \t  b"));
        header("X: a\r\n ", Some("x: a"));
        header("X:\r\n b", Some("x: b"));
        header("X: 1\nY: 2", Some("x: 1\r\ny: 2"));
        for bad in [
            "X : a",
            ": a",
            "X",
            "X: a\0b",
            "X: a\rb",
            "X: a\r",
            "\rX: a",
            " X: a",
            "X(: a",
            "X\u{80}: a",
            "X\ty: a",
        ] {
            header(bad, None);
        }
    }

    #[test]
    fn bare_line_feeds_end_lines() {
        for head in [
            "GET / HTTP/1.1\nHost: a\n\n",
            "GET / HTTP/1.1\r\nHost: a\n\r\n",
            "GET / HTTP/1.1\r\nHost: a\r\n\n",
        ] {
            assert_eq!(sent(head.as_bytes()).unwrap(), "GET / HTTP/1.1\r\nhost: a\r\n\r\n");
        }
    }

    #[test]
    fn what_follows_the_head_is_left() {
        let (parsed, msg) = parse(b"\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\nGET /2");
        assert_eq!(parsed, Parsed::Complete { consumed: 29 });
        assert_eq!(msg.header_count(), 1);
    }

    #[test]
    fn garbage_is_noticed_early() {
        for bad in
            [b"\x16\x03".as_slice(), b"G(", b"GET /\x01", b"GET / HTTP/1.1\r\nX(", b"GET / HTTP/1.1\r\nX: \0"]
        {
            assert!(matches!(parse(bad).0, Parsed::Invalid(_)), "{bad:?}");
        }
        for good in [b"".as_slice(), b"\r", b"GET", b"GET / ", b"GET / HTTP/1.1", b"GET / HTTP/1.1\r\nX: a\r"]
        {
            assert_eq!(parse(good).0, Parsed::Partial, "{good:?}");
        }
    }

    #[test]
    fn limits() {
        let with = |count: usize| format!("GET / HTTP/1.1\r\n{}\r\n", "h: x\r\n".repeat(count));
        assert!(sent(with(100).as_bytes()).is_some());
        assert!(sent(with(101).as_bytes()).is_none());
        let mut msg = Message::new();
        let limits = Limits { max_head: 100, ..Limits::default() };
        let mut status = |head: String| match parse_request(head.as_bytes(), &mut msg, &limits) {
            Parsed::Invalid(error) => error.status(),
            Parsed::Complete { .. } => 200,
            Parsed::Partial => 0,
        };
        let head = |len: usize| format!("GET / HTTP/1.1\r\nx: {}\r\n\r\n", "a".repeat(len - 23));
        assert_eq!(status(head(100)), 200);
        assert_eq!(status(head(101)), 431);
        assert_eq!(status(head(200)[..150].to_string()), 431);
        assert_eq!(status(format!("GET /{}", "a".repeat(100))), 414);
    }

    #[test]
    fn unsafe_violations_pass_if_told_so() {
        let limits = Limits { accept_unsafe: true, ..Limits::default() };
        let sent = |head: &[u8]| {
            let mut msg = Message::new();
            let parsed = parse_request(head, &mut msg, &limits);
            let mut out = Vec::new();
            msg.write_request_head(&mut out);
            matches!(parsed, Parsed::Complete { .. }).then_some(out)
        };
        let passes =
            |head: &[u8], expected: &[u8]| assert_eq!(sent(head).as_deref(), Some(expected), "{head:?}");
        let same = |head: &[u8]| passes(head, head);
        same(b"GET /\xe9#b?c HTTP/1.1\r\n\r\n");
        same(b"GET / HTTP/1.10\r\n\r\n");
        same(b"GET / RTSP/1.0\r\n\r\n");
        same(b"GET / X/1\r\n\r\n");
        same(b"GET / /1.1\r\n\r\n");
        same(b"GET / HTTP/1.1\r\nx: a\0b\r\n\r\n");
        same(b"CONNECT a HTTP/1.1\r\n\r\n");
        passes(b"GET /\r\n\r\n", b"GET / HTTP/1.0\r\n\r\n");
        passes(b"GET / \r\n\r\n", b"GET / HTTP/1.0\r\n\r\n");
        passes(b"GET / HTTP/1.1\r\nX : a\r\nY\x80\0: b\r\nZ: c\r\n\r\n", b"GET / HTTP/1.1\r\nz: c\r\n\r\n");
        for bad in [
            b"POST /\r\n\r\n".as_slice(),
            b"GET /\x7f HTTP/1.1\r\n\r\n",
            b"GET / HTTP/1.1\r\n: a\r\n\r\n",
            b"GET / HTTP/1.1\r\nX\r\n\r\n",
            b"GET / HTTP/1.1\r\nX: a\rb\r\n\r\n",
            b"GET foo HTTP/1.1\r\n\r\n",
            b"GET / http/1.1\r\n\r\n",
            b"GET / HTTP/1,1\r\n\r\n",
            b"CONNECT /a HTTP/1.1\r\n\r\n",
        ] {
            assert_eq!(sent(bad), None, "{bad:?}");
        }
    }
}
