//! The status line (RFC 9112 §4).

use super::scan::{Scan, Step, Stop, begin, end_of_line};
use super::{ErrorKind, Limits, Parsed, bytes, request};
use crate::message::{Kind, Message, Span};

/// Parses a response head from the first bytes of `input` into `msg` (cleared first). For input that comes in pieces
/// use [`Scan::response`]. After anything but `Complete` the message's content is unspecified.
pub fn parse_response(input: &[u8], msg: &mut Message, limits: &Limits) -> Parsed {
    Scan::default().response(input, msg, limits)
}

/// Parses the line at the start of `line`, which stands at `base` in the input; gives the input offset behind it.
pub(super) fn start_line(line: &[u8], msg: &mut Message, _limits: &Limits, base: usize) -> Step<usize> {
    let (version, at) = request::version(line, 0, base)?;
    let blanks =
        line.get(at..).unwrap_or_default().iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
    let at = at + blanks;
    let status = match (blanks, line.get(at..at + 3)) {
        (1.., Some(&[a @ b'1'..=b'9', b @ b'0'..=b'9', c @ b'0'..=b'9'])) => {
            u16::from(a - b'0') * 100 + u16::from(b - b'0') * 10 + u16::from(c - b'0')
        }
        (_, None) if !line.get(at..).unwrap_or_default().iter().any(|byte| matches!(byte, b'\r' | b'\n')) => {
            return Err(Stop::More);
        }
        _ => return Stop::bad(ErrorKind::Status, base + at),
    };
    let at = at + 3;
    let start = match line.get(at) {
        None => return Err(Stop::More),
        Some(b' ' | b'\t') => at + 1,
        Some(b'\r' | b'\n') => at,
        Some(_) => return Stop::bad(ErrorKind::Status, base + at),
    };
    let end = start + bytes::find_line_stop(line.get(start..).unwrap_or_default());
    match line.get(end) {
        None => return Err(Stop::More),
        Some(0) => return Stop::bad(ErrorKind::Value, base + end),
        Some(_) => {}
    }
    let next = match end_of_line(line, end) {
        Err(Stop::Bad(_)) => return Stop::bad(ErrorKind::LineEnd, base + end),
        other => other?,
    };
    begin(msg, Kind::Response);
    msg.version = version;
    msg.status = status;
    msg.text = Span { start: start as u32, len: (end - start) as u32 };
    Ok(base + next)
}
