//! Where a message's body ends (RFC 9112 §6), decided so that no two readers may disagree about it.

use super::{Error, ErrorKind, Limits};
use crate::header_value::list;
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
    let chunked = chunked(msg, false)?;
    if msg.method() == Method::Connect {
        if length.is_some_and(|length| length > 0) {
            return refuse(ErrorKind::Payload);
        }
        drop_framing(msg);
        return Ok(Framing::None);
    }
    let framing = settle(msg, length, chunked);
    let bodiless = matches!(msg.method(), Method::Get | Method::Head | Method::Delete);
    if bodiless && msg.version() < Version::HTTP_11 && framing.is_some() && !limits.accept_any_payload {
        return refuse(ErrorKind::Payload);
    }
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

use crate::header_value::trim;

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
