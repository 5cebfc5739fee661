//! The request line (RFC 9112 §3), with HAProxy's leniencies: any run of spaces and tabs between its parts.

use super::bytes::{self, TARGET, TOKEN};
use super::scan::{Scan, Step, Stop, begin, end_of_line};
use super::{ErrorKind, Limits, Parsed};
use crate::header_value::is_ows;
use crate::message::{Kind, Message, Span, Version};
use crate::method::Method;

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
        return match line.get(target_start) {
            None => Err(Stop::More),
            Some(_) => Stop::bad(ErrorKind::Target, base + target_start),
        };
    }
    let version_start = blanks(line, target_end, base, ErrorKind::Target)?;
    let (version, end) = version(line, version_start, base)?;
    let next = end_of_line(line, end).map_err(|stop| match stop {
        Stop::Bad(_) => Stop::Bad(super::Error::new(ErrorKind::Version, base + end)),
        more => more,
    })?;
    begin(msg, Kind::Request);
    msg.version = version;
    msg.method_span = Span { start: 0, len: method_len as u32 };
    msg.method = Method::of(line.get(..method_len).unwrap_or_default());
    msg.text = Span { start: target_start as u32, len: target_len as u32 };
    if !has_a_form(msg.method, line.get(target_start..target_end).unwrap_or_default()) {
        return Stop::bad(ErrorKind::Target, base + target_start);
    }
    Ok(base + next)
}

/// The offset behind the blanks at `at`, of which there must be one and which must not come first.
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
fn target_len(rest: &[u8], limits: &Limits) -> usize {
    let mut len = bytes::span_of(rest, TARGET);
    while limits.accept_unsafe && rest.get(len).is_some_and(|byte| *byte > 0x7f || *byte == b'#') {
        len += 1;
        len += bytes::span_of(rest.get(len..).unwrap_or_default(), TARGET);
    }
    len
}

/// Reads `HTTP/d.d` at `at`; gives the version and the offset behind it.
pub(super) fn version(line: &[u8], at: usize, base: usize) -> Step<(Version, usize)> {
    let rest = line.get(at..).unwrap_or_default();
    match *rest {
        [b'H', b'T', b'T', b'P', b'/', major @ b'0'..=b'9', b'.', minor @ b'0'..=b'9', ..] => {
            Ok((Version { major: major - b'0', minor: minor - b'0' }, at + 8))
        }
        _ if rest.len() < 8 && !rest.iter().any(|byte| matches!(byte, b'\r' | b'\n')) => Err(Stop::More),
        _ => Stop::bad(ErrorKind::Version, base + at),
    }
}

/// Whether a target's form is one this method may have (RFC 9112 §3.2).
fn has_a_form(method: Method, target: &[u8]) -> bool {
    use crate::target::{Form, Target};
    match (method, Target::new(target).form()) {
        (Method::Connect, form) => form == Form::Authority,
        (_, Form::Origin | Form::Absolute) => true,
        (Method::Options, Form::Asterisk) => true,
        _ => false,
    }
}
