//! Where a message's body ends (RFC 9112 §6), decided so that no two readers may disagree about it.

use super::{Error, ErrorKind};
use crate::header_value::list;
use crate::known::Known;
use crate::message::{Message, Version};
use crate::method::Method;

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
    /// What follows isn't HTTP/1 any more: after a 2xx to CONNECT, and after 101.
    Tunnel,
}

/// Decides the framing of a request. Repeated identical `Content-Length` are merged into one, and `Content-Length` is
/// removed when there is a `Transfer-Encoding`, so that the message may be sent on as it is.
///
/// # Errors
/// Malformed or contradicting lengths, unknown or misplaced transfer codings: the request must be refused and the
/// connection closed.
pub fn request_framing(msg: &mut Message) -> Result<Framing, Error> {
    let length = content_length(msg)?;
    let coding = transfer_coding(msg)?;
    match (coding, length) {
        (Coding::None, None | Some(0)) => Ok(Framing::None),
        (Coding::None, Some(length)) => Ok(Framing::Length(length)),
        (Coding::Chunked, _) => {
            msg.del_header(Known::ContentLength);
            Ok(Framing::Chunked)
        }
        (Coding::Other, _) => refuse(ErrorKind::TransferEncoding),
    }
}

/// Decides the framing of a response to a request with method `request`. Edits the message as [`request_framing`] does.
pub fn response_framing(msg: &mut Message, request: Method) -> Result<Framing, Error> {
    let length = content_length(msg)?;
    let coding = transfer_coding(msg)?;
    match msg.status() {
        101 => return Ok(Framing::Tunnel),
        200..=299 if request == Method::Connect => return Ok(Framing::Tunnel),
        100..=199 | 204 | 304 => return Ok(Framing::None),
        _ if request == Method::Head => return Ok(Framing::None),
        _ => {}
    }
    match (coding, length) {
        (Coding::Chunked, _) => {
            msg.del_header(Known::ContentLength);
            Ok(Framing::Chunked)
        }
        (Coding::Other, _) => {
            msg.del_header(Known::ContentLength);
            Ok(Framing::UntilClose)
        }
        (Coding::None, Some(0)) => Ok(Framing::None),
        (Coding::None, Some(length)) => Ok(Framing::Length(length)),
        (Coding::None, None) => Ok(Framing::UntilClose),
    }
}

fn refuse<T>(kind: ErrorKind) -> Result<T, Error> {
    Err(Error::new(kind, 0))
}

/// The one length that all `Content-Length` lines agree on; leaves one line with one number.
fn content_length(msg: &mut Message) -> Result<Option<u64>, Error> {
    let Some(first) = msg.position(Known::ContentLength, 0) else { return Ok(None) };
    let mut length = None;
    let mut numbers = 0;
    for header in msg.iterate(Known::ContentLength) {
        for item in list(header.value) {
            let number = decimal(item).ok_or(Error::new(ErrorKind::ContentLength, 0))?;
            numbers += 1;
            if *length.get_or_insert(number) != number {
                return refuse(ErrorKind::ContentLength);
            }
        }
    }
    if numbers > 1 {
        while let Some(again) = msg.position(Known::ContentLength, first + 1) {
            msg.remove(again);
        }
        let item = msg.header(first).and_then(|header| {
            let end = memchr::memchr(b',', header.value)?;
            let len = header.value.len();
            let keep = crate::header_value::trim(header.value.get(..end)?).len();
            Some(keep..len)
        });
        if let Some(rest) = item {
            msg.replace_part(first, rest, b"").map_err(|_| Error::new(ErrorKind::HeadTooLarge, 0))?;
        }
    }
    Ok(length)
}

/// A number of digits only, that fits.
fn decimal(text: &[u8]) -> Option<u64> {
    if text.is_empty() {
        return None;
    }
    text.iter().try_fold(0u64, |sum, byte| {
        let digit = byte.checked_sub(b'0').filter(|digit| *digit <= 9)?;
        sum.checked_mul(10)?.checked_add(u64::from(digit))
    })
}

/// What `Transfer-Encoding` says.
enum Coding {
    None,
    /// `chunked` once, as the last.
    Chunked,
    /// Something else last.
    Other,
}

fn transfer_coding(msg: &Message) -> Result<Coding, Error> {
    let mut coding = Coding::None;
    for header in msg.iterate(Known::TransferEncoding) {
        for item in list(header.value) {
            coding = match coding {
                Coding::Chunked => return refuse(ErrorKind::TransferEncoding),
                _ if item.eq_ignore_ascii_case(b"chunked") => Coding::Chunked,
                _ => Coding::Other,
            };
        }
    }
    if !matches!(coding, Coding::None) && msg.version() < Version::HTTP_11 {
        return refuse(ErrorKind::TransferEncoding);
    }
    Ok(coding)
}
