//! Where a message's body ends (RFC 9112 §6), decided so that no two readers may disagree about it.

use super::{Error, ErrorKind, Limits};
use crate::header_value::{list, trim};
use crate::known::Known;
use crate::message::{Full, Message, Version};
use crate::method::Method;
use crate::reply::decimal;

/// How a body is delimited.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Framing {
    /// There is no body.
    None,
    /// So many bytes, at least one.
    Length(u64),
    /// Chunks, see [`super::ChunkDecoder`].
    Chunked,
    /// All until the sender closes; responses only.
    UntilClose,
    /// What follows isn't HTTP/1 any more: after a 2xx to CONNECT, and after 101. Whether the request asked for a 101
    /// is for the caller to check.
    Tunnel,
}

/// Decides the framing of a request and leaves its headers in the one form that says so: one `Content-Length` in plain
/// digits or one `Transfer-Encoding: chunked`, never both. CONNECT has no body: what follows is for the tunnel.
/// Ambiguous framing that passes is remembered, see [`Message::is_ambiguous`].
///
/// # Errors
/// Malformed or contradicting lengths, unknown or misplaced transfer codings, a body where HTTP/1.0 may not have one:
/// the request must be refused and the connection closed.
pub fn request_framing(msg: &mut Message, limits: &Limits) -> Result<Framing, Error> {
    let length = content_length(msg)?;
    let chunked = match chunked(msg, false) {
        Err(error) if error.kind == ErrorKind::TransferEncoding => return Err(error),
        other => other,
    };
    let bodiless = matches!(msg.method(), Method::Get | Method::Head | Method::Delete);
    let has_body = !matches!(chunked, Ok(false)) || length.is_some_and(|length| length > 0);
    if bodiless && has_body && msg.version() < Version::HTTP_11 && !limits.accept_any_payload {
        return refuse(ErrorKind::Payload);
    }
    let chunked = chunked?;
    if msg.method() == Method::Connect {
        if length.is_some_and(|length| length > 0) {
            return refuse(ErrorKind::Payload);
        }
        drop_framing(msg);
        return Ok(Framing::None);
    }
    let framing = settle(msg, length, chunked);
    Ok(framing.unwrap_or(Framing::None))
}

/// Decides the framing of a response to a request with method `request`, and edits the message as [`request_framing`]
/// does. Framing headers that can't apply (of 1xx, 204, and 2xx to CONNECT) go; of 304 and answers to HEAD they stay,
/// as they describe what GET would give.
///
/// # Errors
/// As for requests: the response must be answered for with 502.
pub fn response_framing(msg: &mut Message, request: Method, limits: &Limits) -> Result<Framing, Error> {
    let length = content_length(msg)?;
    let chunked = match chunked(msg, limits.accept_unsafe) {
        Err(error) if error.kind == ErrorKind::UnknownCoding => return refuse(ErrorKind::TransferEncoding),
        other => other?,
    };
    let bare = match msg.status() {
        101 => Some(Framing::Tunnel),
        200..=299 if request == Method::Connect => Some(Framing::Tunnel),
        100..=199 | 204 => Some(Framing::None),
        _ => None,
    };
    if let Some(framing) = bare {
        drop_framing(msg);
        return Ok(framing);
    }
    let bodiless = msg.status() == 304 || request == Method::Head;
    match settle(msg, length, chunked) {
        _ if bodiless => Ok(Framing::None),
        Some(framing) => Ok(framing),
        None if length.is_some() => Ok(Framing::None),
        None => Ok(Framing::UntilClose),
    }
}

fn refuse<T>(kind: ErrorKind) -> Result<T, Error> {
    Err(Error::new(kind, 0))
}

fn drop_framing(msg: &mut Message) {
    msg.del_header(Known::ContentLength);
    msg.del_header(Known::TransferEncoding);
}

/// Lets chunks win over a length; none for no body or an empty one.
fn settle(msg: &mut Message, length: Option<u64>, chunked: bool) -> Option<Framing> {
    if chunked {
        msg.ambiguous = length.is_some() || msg.version() < Version::HTTP_11;
        msg.del_header(Known::ContentLength);
        return Some(Framing::Chunked);
    }
    length.filter(|length| *length > 0).map(Framing::Length)
}

/// The one length that all `Content-Length` lines agree on; leaves one line with plain digits.
fn content_length(msg: &mut Message) -> Result<Option<u64>, Error> {
    let Some(first) = msg.position(Known::ContentLength, 0) else { return Ok(None) };
    let mut length = None;
    let mut lines = 0;
    for header in msg.iterate(Known::ContentLength) {
        lines += 1;
        for item in header.value.split(|byte| *byte == b',') {
            let Some(number) = number(trim(item)) else { return refuse(ErrorKind::ContentLength) };
            if *length.get_or_insert(number) != number {
                return refuse(ErrorKind::ContentLength);
            }
        }
    }
    let Some(length) = length else { return refuse(ErrorKind::ContentLength) };
    let mut from = msg.header_count();
    while lines > 1 && from > first + 1 {
        from -= 1;
        if msg.header(from).is_some_and(|header| header.known == Known::ContentLength) {
            msg.remove(from);
        }
    }
    let mut digits = [0; 20];
    let digits = decimal(length, &mut digits);
    if msg.header(first).is_some_and(|header| header.value != digits) {
        msg.replace_value(first, digits).map_err(|Full| Error::new(ErrorKind::HeadTooLarge, 0))?;
    }
    Ok(Some(length))
}

/// A number of digits only, that fits.
fn number(text: &[u8]) -> Option<u64> {
    if text.is_empty() {
        return None;
    }
    text.iter().try_fold(0u64, |sum, byte| {
        let digit = byte.checked_sub(b'0').filter(|digit| *digit <= 9)?;
        sum.checked_mul(10)?.checked_add(u64::from(digit))
    })
}

/// Whether `Transfer-Encoding` says `chunked`, once and alone; leaves one line that says so. With `lenient`, empty items
/// and repetitions pass.
fn chunked(msg: &mut Message, lenient: bool) -> Result<bool, Error> {
    let Some(first) = msg.position(Known::TransferEncoding, 0) else { return Ok(false) };
    let (mut chunked, mut others) = (false, false);
    for header in msg.iterate(Known::TransferEncoding) {
        for item in list(header.value) {
            if item.is_empty() {
                if !lenient {
                    return refuse(ErrorKind::TransferEncoding);
                }
            } else if item.eq_ignore_ascii_case(b"chunked") {
                if chunked && !lenient {
                    return refuse(ErrorKind::TransferEncoding);
                }
                chunked = true;
            } else if chunked {
                return refuse(ErrorKind::TransferEncoding);
            } else {
                others = true;
            }
        }
    }
    match (chunked, others) {
        (true, false) => {}
        (true, true) => return refuse(ErrorKind::UnknownCoding),
        (false, true) => return refuse(ErrorKind::TransferEncoding),
        (false, false) => {
            msg.del_header(Known::TransferEncoding);
            return Ok(false);
        }
    }
    if msg.header(first).is_some_and(|header| header.value != b"chunked")
        || msg.count(Known::TransferEncoding) > 1
    {
        let replace = |msg: &mut Message| {
            msg.replace_value(first, b"chunked")?;
            while let Some(again) = msg.position(Known::TransferEncoding, first + 1) {
                msg.remove(again);
            }
            Ok(())
        };
        replace(msg).map_err(|Full| Error::new(ErrorKind::HeadTooLarge, 0))?;
    }
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::h1::{Parsed, keep_alive, parse_request, parse_response};

    fn framing(head: &str, limits: &Limits) -> (Result<Framing, u16>, Message) {
        let mut msg = Message::new();
        let parsed = parse_request(head.as_bytes(), &mut msg, limits);
        assert!(matches!(parsed, Parsed::Complete { .. }), "{head:?}: {parsed:?}");
        (request_framing(&mut msg, limits).map_err(Error::status), msg)
    }

    /// A POST with these headers: its framing, and the headers it is sent on with.
    #[track_caller]
    fn post(headers: &str, expected: Framing, sent: &str) -> Message {
        let (got, msg) = framing(&format!("POST / HTTP/1.1\r\n{headers}\r\n"), &Limits::default());
        assert_eq!(got, Ok(expected));
        let mut out = Vec::new();
        msg.write_headers(&mut out);
        assert_eq!(String::from_utf8(out).unwrap(), format!("{sent}\r\n"));
        msg
    }

    #[track_caller]
    fn refused(headers: &str, status: u16) {
        let (got, _) = framing(&format!("POST / HTTP/1.1\r\n{headers}\r\n"), &Limits::default());
        assert_eq!(got, Err(status), "{headers:?}");
    }

    #[test]
    fn lengths_that_agree_become_one() {
        let one = "content-length: 3\r\n";
        for headers in [
            "Content-Length: 3\r\n",
            "Content-Length: 3\r\nContent-Length: 3\r\n",
            "Content-Length: 3, 3\r\n",
            "Content-Length: 3,03\r\n",
            "Content-Length: 03\r\n",
            "Content-Length: 03\r\nContent-Length: 3\r\n",
            "Content-Length: 3\r\n ,3\r\n",
            "Content-Length: 00000000000000000000000000003\r\n",
        ] {
            assert!(!post(headers, Framing::Length(3), one).is_ambiguous());
        }
        let sent = "content-length: 3\r\nx: y\r\n";
        post("Content-Length: 3 ,3 \r\nX: y\r\nContent-length: 3\r\n", Framing::Length(3), sent);
        post("Content-Length: 0, 0\r\n", Framing::None, "content-length: 0\r\n");
        post("", Framing::None, "");
        let most = "content-length: 18446744073709551615\r\n";
        post("Content-Length: 18446744073709551615\r\n", Framing::Length(u64::MAX), most);
    }

    #[test]
    fn other_lengths_are_refused() {
        for value in [
            "3,4",
            "+3",
            "-3",
            "0x3",
            "3 3",
            "",
            ",",
            "3,",
            ",3",
            "\"3\"",
            "3;a",
            "3.0",
            "3e1",
            "18446744073709551616",
            "99999999999999999999999",
            "3\r\nContent-Length: 4",
            "x\r\nTransfer-Encoding: chunked",
            "3\r\nContent-Length: 4\r\nTransfer-Encoding: chunked",
            "\u{663}",
            "\u{b}3",
        ] {
            refused(&format!("Content-Length: {value}\r\n"), 400);
        }
    }

    #[test]
    fn chunked_once_and_alone() {
        let one = "transfer-encoding: chunked\r\n";
        for value in ["chunked", "Chunked", "  chunked\t", "\r\n chunked"] {
            let msg = post(&format!("Transfer-Encoding:{value}\r\n"), Framing::Chunked, one);
            assert!(keep_alive(&msg));
        }
        for value in
            ["gzip, chunked", "gzip\r\nTransfer-Encoding: chunked", "trailers, chunked", "gzip;q=1, chunked"]
        {
            refused(&format!("Transfer-Encoding: {value}\r\n"), 422);
        }
        for value in [
            "chunked, chunked",
            "chunked\r\nTransfer-Encoding: chunked",
            "chunked, gzip",
            "gzip",
            "identity",
            "",
            ",",
            "chunked\r\nTransfer-Encoding: gzip",
            "chunked,",
            ",chunked",
            ", ,chunked",
            "xchunked",
            "chunkedx",
            "chunked;a=b",
            "\"chunked\"",
            "\u{b}chunked",
            "chun\r\n ked",
            "identity\r\nContent-Length: 3",
            "\r\nContent-Length: 3",
            "gzip\r\nContent-Length: 3",
            "chunked\u{c}",
            "chunked\u{a0}",
        ] {
            refused(&format!("Transfer-Encoding: {value}\r\n"), 400);
        }
    }

    #[test]
    fn chunks_win_over_a_length_and_end_the_connection() {
        let one = "transfer-encoding: chunked\r\n";
        for headers in [
            "Transfer-Encoding: chunked\r\nContent-Length: 3\r\n",
            "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n",
            "Content-Length: 3, 3\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n",
        ] {
            let msg = post(headers, Framing::Chunked, one);
            assert!(msg.is_ambiguous() && !keep_alive(&msg));
        }
        let old = "POST / HTTP/1.0\r\nConnection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n";
        let (got, msg) = framing(old, &Limits::default());
        assert_eq!(got, Ok(Framing::Chunked));
        assert!(!keep_alive(&msg));
    }

    #[test]
    fn hidden_framing_headers_never_get_here() {
        for head in [
            "POST / HTTP/1.1\r\nTransfer-Encoding : chunked\r\n\r\n",
            "POST / HTTP/1.1\r\n Transfer-Encoding: chunked\r\n\r\n",
            "POST / HTTP/1.1\r\nX: y\rTransfer-Encoding: chunked\r\n\r\n",
            "POST / HTTP/1.1\r\nContent-Length\0: 3\r\n\r\n",
            "POST / HTTP/1.1\r\nContent Length: 3\r\n\r\n",
            "POST / HTTP/1.1\r\nContent-Length: 3\r\r\n\r\n",
        ] {
            let parsed = parse_request(head.as_bytes(), &mut Message::new(), &Limits::default());
            assert!(matches!(parsed, Parsed::Invalid(_)), "{head:?}");
        }
        // A folded line is one value, whatever it looks like.
        post(
            "X: y\r\n Transfer-Encoding: chunked\r\n",
            Framing::None,
            "x: y   Transfer-Encoding: chunked\r\n",
        );
        // A name that only resembles is another header.
        post("Transfer_Encoding: chunked\r\n", Framing::None, "transfer_encoding: chunked\r\n");
    }

    #[test]
    fn old_methods_without_payload() {
        for method in ["GET", "HEAD", "DELETE"] {
            let coded = format!("{method} / HTTP/1.0\r\nTransfer-Encoding: gzip, chunked\r\n\r\n");
            assert_eq!(framing(&coded, &Limits::default()).0, Err(413));
            for header in ["Content-Length: 1", "Transfer-Encoding: chunked"] {
                let head = format!("{method} / HTTP/1.0\r\n{header}\r\n\r\n");
                assert_eq!(framing(&head, &Limits::default()).0, Err(413));
                assert!(framing(&head, &Limits { accept_any_payload: true, ..Limits::default() }).0.is_ok());
                assert!(framing(&head.replace("1.0", "1.1"), &Limits::default()).0.is_ok());
            }
            let head = format!("{method} / HTTP/1.0\r\nContent-Length: 0\r\n\r\n");
            assert_eq!(framing(&head, &Limits::default()).0, Ok(Framing::None));
        }
        for method in ["POST", "PUT", "OPTIONS", "PATCH", "get"] {
            let head = format!("{method} / HTTP/1.0\r\nContent-Length: 1\r\n\r\n");
            assert_eq!(framing(&head, &Limits::default()).0, Ok(Framing::Length(1)));
        }
    }

    #[test]
    fn connect_has_no_body() {
        let connect = |header: &str| {
            let (got, msg) =
                framing(&format!("CONNECT a:80 HTTP/1.1\r\n{header}\r\n\r\n"), &Limits::default());
            got.map(|framing| (framing, msg.header_count()))
        };
        assert_eq!(connect("Content-Length: 0"), Ok((Framing::None, 0)));
        assert_eq!(connect("Transfer-Encoding: chunked"), Ok((Framing::None, 0)));
        assert_eq!(connect("Content-Length: 3"), Err(413));
        assert_eq!(connect("Content-Length: x"), Err(400));
        assert_eq!(connect("Transfer-Encoding: gzip"), Err(400));
    }

    #[track_caller]
    fn response(head: &str, request: Method, expected: Result<Framing, ErrorKind>, sent: &str) -> Message {
        let mut msg = Message::new();
        let head = format!("HTTP/1.1 {head}\r\n\r\n");
        let parsed = parse_response(head.as_bytes(), &mut msg, &Limits::default());
        assert!(matches!(parsed, Parsed::Complete { .. }), "{head:?}: {parsed:?}");
        let got = response_framing(&mut msg, request, &Limits::default()).map_err(|error| error.kind);
        assert_eq!(got, expected, "{head:?}");
        if got.is_ok() {
            let mut out = Vec::new();
            msg.write_headers(&mut out);
            assert_eq!(String::from_utf8(out).unwrap(), format!("{sent}\r\n"));
        }
        msg
    }

    #[test]
    fn responses() {
        let get = Method::Get;
        let (length, chunks) = ("content-length: 3\r\n", "transfer-encoding: chunked\r\n");
        response("200 OK\r\nContent-Length: 3", get, Ok(Framing::Length(3)), length);
        response("200 OK\r\nContent-Length: 3, 3", get, Ok(Framing::Length(3)), length);
        response("200 OK\r\nContent-Length: 0", get, Ok(Framing::None), "content-length: 0\r\n");
        response("200 OK", get, Ok(Framing::UntilClose), "");
        response("205 x\r\nContent-Length: 3", get, Ok(Framing::Length(3)), length);
        response("200 OK\r\nTransfer-Encoding: chunked", get, Ok(Framing::Chunked), chunks);
        let both = "200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 3";
        assert!(response(both, get, Ok(Framing::Chunked), chunks).is_ambiguous());
        for value in [
            "gzip, chunked",
            "gzip",
            "identity",
            "chunked, chunked",
            "chunked, gzip",
            "",
            "identity\r\nContent-Length: 3",
        ] {
            let head = format!("200 OK\r\nTransfer-Encoding: {value}");
            response(&head, get, Err(ErrorKind::TransferEncoding), "");
        }
        for value in ["x", "3\r\nContent-Length: 4"] {
            response(&format!("200 OK\r\nContent-Length: {value}"), get, Err(ErrorKind::ContentLength), "");
        }
    }

    #[test]
    fn responses_without_a_body() {
        let get = Method::Get;
        let (length, chunks) = ("content-length: 3\r\n", "transfer-encoding: chunked\r\n");
        for header in ["Content-Length: 3", "Transfer-Encoding: chunked"] {
            response(&format!("100 Continue\r\n{header}"), get, Ok(Framing::None), "");
            response(&format!("103 Early\r\n{header}"), get, Ok(Framing::None), "");
            response(&format!("204 No\r\n{header}"), get, Ok(Framing::None), "");
            response(&format!("101 Switch\r\n{header}"), get, Ok(Framing::Tunnel), "");
            response(&format!("200 OK\r\n{header}"), Method::Connect, Ok(Framing::Tunnel), "");
        }
        response("304 No\r\nContent-Length: 3", get, Ok(Framing::None), length);
        response("304 No\r\nTransfer-Encoding: chunked", get, Ok(Framing::None), chunks);
        response("200 OK\r\nContent-Length: 3", Method::Head, Ok(Framing::None), length);
        response("200 OK\r\nTransfer-Encoding: chunked", Method::Head, Ok(Framing::None), chunks);
        response("200 OK", Method::Head, Ok(Framing::None), "");
        response("403 No\r\nContent-Length: 3", Method::Connect, Ok(Framing::Length(3)), length);
    }
}
