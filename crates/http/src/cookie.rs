//! Names and values of `Cookie` and `Set-Cookie` (RFC 6265 §4), as lenient as HAProxy reads them.

use crate::header_value::trim;
use crate::known::Known;
use crate::message::Message;
use std::ops::Range;

/// One cookie.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cookie<'a> {
    /// The place of its line in the message.
    pub header: usize,
    pub name: &'a [u8],
    pub value: &'a [u8],
    /// Where the value stands in its line's value, for [`Message::replace_part`].
    pub value_range: Range<usize>,
    /// Where name and value stand in the line's value.
    pub range: Range<usize>,
}

/// All cookies of a request's `Cookie` headers, in order.
pub fn request_cookies(msg: &Message) -> impl Iterator<Item = Cookie<'_>> {
    msg.iterate(Known::Cookie).flat_map(|header| {
        let mut at = 0;
        std::iter::from_fn(move || {
            loop {
                let rest = header.value.get(at..).filter(|rest| !rest.is_empty())?;
                let end = memchr::memchr(b';', rest).unwrap_or(rest.len());
                let start = at;
                at += end + 1;
                if let Some(cookie) = cookie(header.index, start, rest.get(..end)?) {
                    return Some(cookie);
                }
            }
        })
    })
}

/// The cookie of each `Set-Cookie` line of a response, in order; attributes are left out.
pub fn response_cookies(msg: &Message) -> impl Iterator<Item = Cookie<'_>> {
    msg.iterate(Known::SetCookie).filter_map(|header| {
        let end = memchr::memchr(b';', header.value).unwrap_or(header.value.len());
        cookie(header.index, 0, header.value.get(..end)?)
    })
}

/// The value of the first cookie of a request with this name (names are case-sensitive).
pub fn request_cookie<'a>(msg: &'a Message, name: &[u8]) -> Option<&'a [u8]> {
    request_cookies(msg).find(|cookie| cookie.name == name).map(|cookie| cookie.value)
}

/// The value of the first cookie that a response sets under this name.
pub fn response_cookie<'a>(msg: &'a Message, name: &[u8]) -> Option<&'a [u8]> {
    response_cookies(msg).find(|cookie| cookie.name == name).map(|cookie| cookie.value)
}

/// Splits one `name=value` that starts at `start` of the line's value; none without `=`.
fn cookie(header: usize, start: usize, pair: &[u8]) -> Option<Cookie<'_>> {
    let lead = pair.len() - pair.trim_ascii_start().len();
    let equals = memchr::memchr(b'=', pair)?;
    let raw = pair.get(equals + 1..)?;
    let value = trim(raw);
    let from = start + equals + 1 + (raw.len() - raw.trim_ascii_start().len()).min(raw.len() - value.len());
    Some(Cookie {
        header,
        name: trim(pair.get(..equals)?),
        value,
        value_range: from..from + value.len(),
        range: start + lead..from + value.len(),
    })
}
