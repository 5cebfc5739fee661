//! The request line (RFC 9112 §3), with HAProxy's leniencies: any run of spaces and tabs between its parts.

use super::bytes::{self, TARGET, TOKEN};
use super::scan::{Scan, Step, Stop, end_of_line};
use super::{ErrorKind, Limits, Parsed, connection};
use crate::header_value::is_ows;
use crate::known::Known;
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
    let end = match line.get(target_end) {
        Some(b'\r' | b'\n') if limits.accept_unsafe && msg.method == Method::Get => {
            msg.version = Version::HTTP_10;
            target_end
        }
        _ => {
            let version_start = blanks(line, target_end, base, ErrorKind::Target)?;
            version(line, version_start, base, msg, limits)?
        }
    };
    let next = end_of_line(line, end).map_err(|stop| stop.at(base))?;
    msg.kind = Kind::Request;
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
    let mut len = bytes::span_of(rest, TARGET);
    while limits.accept_unsafe && rest.get(len).is_some_and(|byte| *byte > 0x7f || *byte == b'#') {
        len += 1;
        len += bytes::span_of(rest.get(len..).unwrap_or_default(), TARGET);
    }
    len
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
        (Method::Connect, _) if limits.accept_unsafe => true,
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

/// The checks that need the whole head: hosts, and the key of a WebSocket request.
pub(super) fn settle(msg: &mut Message, limits: &Limits) -> Result<(), ErrorKind> {
    super::host::settle(msg, limits)?;
    // The key is 16 bytes in base64 (RFC 6455 §4.1).
    let key_is_wrong = || msg.find(Known::SecWebsocketKey).is_none_or(|key| key.len() != 24);
    if !limits.accept_unsafe && connection::is_websocket(msg) && key_is_wrong() {
        return Err(ErrorKind::WebSocketKey);
    }
    Ok(())
}
