//! Consistency of `Host` and the request target (RFC 9112 §3.2), checked when a head is complete.

use super::ErrorKind;
use crate::known::Known;
use crate::message::Message;
use crate::target::Form;

/// Refuses malformed and contradicting hosts, and drops repeated ones. A request without `Host` passes.
pub(super) fn check(msg: &mut Message) -> Result<(), ErrorKind> {
    let Some(first) = msg.position(Known::Host, 0) else { return Ok(()) };
    let host = msg.header(first).map(|header| header.value).unwrap_or_default();
    if host.iter().any(|byte| is_forbidden(*byte)) {
        return Err(ErrorKind::Host);
    }
    if msg.iterate(Known::Host).any(|other| !other.value.eq_ignore_ascii_case(host)) {
        return Err(ErrorKind::Host);
    }
    if !matches!(msg.target_bytes(), [b'/', ..] | b"*") && !agrees(msg, host) {
        return Err(ErrorKind::Host);
    }
    while let Some(again) = msg.position(Known::Host, first + 1) {
        msg.remove(again);
    }
    Ok(())
}

/// Bytes that would end or split an authority.
fn is_forbidden(byte: u8) -> bool {
    byte <= b' ' || byte >= 0x7f || matches!(byte, b'/' | b'?' | b'#' | b'@' | b',')
}

/// Whether the target's authority names the same host and port, the scheme's usual port being the same as none.
fn agrees(msg: &Message, host: &[u8]) -> bool {
    let target = msg.target();
    let Some(authority) = target.authority() else { return true };
    let authority = match authority.iter().rposition(|byte| *byte == b'@') {
        Some(at) => authority.get(at + 1..).unwrap_or_default(),
        None => authority,
    };
    let connect = target.form() == Form::Authority;
    let (usual, other): (&[u8], &[u8]) = match target.scheme() {
        Some(scheme) if scheme.eq_ignore_ascii_case(b"http") => (b":80", b":80"),
        Some(scheme) if scheme.eq_ignore_ascii_case(b"https") => (b":443", b":443"),
        _ if connect => (b":80", b":443"),
        _ => (b"", b""),
    };
    let bare = |text: &[u8]| -> usize {
        let without = text.strip_suffix(usual).or_else(|| text.strip_suffix(other));
        without.map_or(text.len(), <[u8]>::len)
    };
    let authority = authority.get(..bare(authority)).unwrap_or_default();
    let host = host.get(..bare(host)).unwrap_or_default();
    authority.eq_ignore_ascii_case(host)
}
