//! The status line (RFC 9112 §4), with HAProxy's leniencies: any run of blanks between its parts, short statuses, and no
//! reason.

use super::bytes::find_line_stop;
use super::scan::{Scan, Step, Stop, end_of_line};
use super::{ErrorKind, Limits, Parsed, request};
use crate::header_value::is_ows;
use crate::message::{Kind, Message, Span};

/// Parses a response head from the first bytes of `input` into `msg` (cleared first). For input that comes in pieces
/// use [`Scan::response`]. After anything but `Complete` the message's content is unspecified.
pub fn parse_response(input: &[u8], msg: &mut Message, limits: &Limits) -> Parsed {
    Scan::default().response(input, msg, limits)
}

/// Parses the line at the start of `line`, which stands at `base` in the input; gives the input offset behind it.
pub(super) fn start_line(line: &[u8], msg: &mut Message, limits: &Limits, base: usize) -> Step<usize> {
    let at = request::version(line, 0, base, msg, limits)?;
    let start = at + blanks(line, at);
    if start == at && line.get(at).is_some() {
        return Stop::bad(ErrorKind::Version, base + at);
    }
    let end =
        start + line.get(start..).unwrap_or_default().iter().take_while(|byte| byte.is_ascii_digit()).count();
    let digits = line.get(start..end).unwrap_or_default();
    let most = if limits.accept_unsafe { 5 } else { 3 };
    let status =
        digits.iter().fold(0u32, |sum, digit| sum.saturating_mul(10).saturating_add(u32::from(digit - b'0')));
    let valid = (1..=most).contains(&digits.len()) && status <= u32::from(u16::MAX);
    match line.get(end) {
        None if valid || digits.is_empty() => return Err(Stop::More),
        Some(b' ' | b'\t' | b'\r' | b'\n') if valid => {}
        _ => return Stop::bad(ErrorKind::Status, base + end),
    }
    let reason = end + blanks(line, end);
    let mut reason_end = reason;
    loop {
        reason_end += find_line_stop(line.get(reason_end..).unwrap_or_default());
        match line.get(reason_end) {
            Some(0) => reason_end += 1,
            _ => break,
        }
    }
    let next = end_of_line(line, reason_end).map_err(|stop| stop.at(base))?;
    msg.kind = Kind::Response;
    msg.status = status as u16;
    msg.method_span = Span { start: start as u32, len: digits.len() as u32 };
    msg.text = Span { start: reason as u32, len: (reason_end - reason) as u32 };
    Ok(base + next)
}

/// Number of blanks at `at`.
fn blanks(line: &[u8], at: usize) -> usize {
    line.get(at..).unwrap_or_default().iter().take_while(|byte| is_ows(**byte)).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn line(line: &str, expected: Option<&str>) {
        let head: Vec<u8> = format!("{line}\r\nX: y\r\n\r\n").chars().map(|c| c as u8).collect();
        let mut msg = Message::new();
        let parsed = parse_response(&head, &mut msg, &Limits::default());
        assert_ne!(parsed, Parsed::Partial);
        let mut out = Vec::new();
        msg.write_response_head(&mut out);
        let sent = out.iter().map(|byte| char::from(*byte)).collect::<String>();
        let sent = matches!(parsed, Parsed::Complete { .. }).then_some(sent);
        assert_eq!(sent, expected.map(|line| format!("{line}\r\nx: y\r\n\r\n")), "{line:?}");
    }

    #[test]
    fn status_lines() {
        line("HTTP/1.1 200 OK", Some("HTTP/1.1 200 OK"));
        line("HTTP/1.1 200", Some("HTTP/1.1 200 OK"));
        line("HTTP/1.1 404 ", Some("HTTP/1.1 404 Not Found"));
        line("HTTP/1.1  200  OK  x ", Some("HTTP/1.1 200 OK  x "));
        line("HTTP/1.1\t200\tOK", Some("HTTP/1.1 200 OK"));
        line("HTTP/1.1 20 OK", Some("HTTP/1.1 20 OK"));
        line("HTTP/1.1 099 OK", Some("HTTP/1.1 099 OK"));
        line("HTTP/1.1 999 OK", Some("HTTP/1.1 999 OK"));
        line("HTTP/1.0 200 OK", Some("HTTP/1.0 200 OK"));
        line("HTTP/0.9 200 OK", Some("HTTP/0.9 200 OK"));
        line("HTTP/2.0 200 OK", Some("HTTP/1.1 200 OK"));
        line("HTTP/1.1 200 \u{e9}\u{1}", Some("HTTP/1.1 200 \u{e9}\u{1}"));
        line("HTTP/1.1 200 a\0b", Some("HTTP/1.1 200 a\0b"));
        line("\r\n\nHTTP/1.1 200 OK", Some("HTTP/1.1 200 OK"));
        for bad in [
            "HTTP/1.1 2000 OK",
            "HTTP/1.1 99999999999999999999 OK",
            "HTTP/1.1 2x0 OK",
            "HTTP/1.1 200OK",
            "HTTP/1.1 OK",
            "HTTP/1.1",
            "HTTP/1 200 OK",
            "HTTP/1.1200 OK",
            "http/1.1 200 OK",
            "ICY 200 OK",
            "HTTP/1.1 200 a\rb",
            " HTTP/1.1 200 OK",
            "hello",
        ] {
            line(bad, None);
        }
    }

    #[test]
    fn headers_of_responses_are_not_hosts() {
        line("HTTP/1.1 200 OK\r\nHost: a,b\r\nHost: c", Some("HTTP/1.1 200 OK\r\nhost: a,b\r\nhost: c"));
    }

    #[test]
    fn longer_statuses_pass_if_told_so() {
        let limits = Limits { accept_unsafe: true, ..Limits::default() };
        let mut msg = Message::new();
        let head = b"HTTP/1.1 2000 OK\r\n\r\n";
        assert_eq!(parse_response(head, &mut msg, &limits), Parsed::Complete { consumed: head.len() });
        assert_eq!((msg.status(), msg.reason()), (2000, b"OK".as_slice()));
        assert!(matches!(
            parse_response(b"HTTP/1.1 70000 OK\r\n\r\n", &mut msg, &limits),
            Parsed::Invalid(_)
        ));
    }
}
