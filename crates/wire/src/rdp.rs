//! The first packet of an RDP connection (MS-RDPBCGR 2.2.1.1): the cookie that names a user or a server. Only as much of
//! it is looked at as HAProxy looks at: whatever comes in the first eleven bytes, the headers of TPKT and X.224.

use std::net::{Ipv4Addr, SocketAddrV4};

/// What was found in the first bytes of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found<'a> {
    /// The cookie's value.
    Value(&'a [u8]),
    /// There is none, or one of another name.
    Nothing,
    /// More bytes would decide it.
    Undecided,
}

/// Bytes in front of the cookie.
const HEADERS: usize = 11;

/// Where the cookie begins.
const COOKIE: &[u8] = b"Cookie:";

/// The value of the cookie of this name, whatever its case; without a name, of any.
pub fn cookie<'a>(bytes: &'a [u8], name: Option<&[u8]>) -> Found<'a> {
    let Some((word, rest)) = bytes.get(HEADERS..).and_then(|rest| rest.split_at_checked(COOKIE.len())) else {
        return Found::Undecided;
    };
    // A word with nothing behind it decides nothing.
    if rest.is_empty() {
        return Found::Undecided;
    }
    if !word.eq_ignore_ascii_case(COOKIE) {
        return Found::Nothing;
    }
    let blanks = rest.iter().take_while(|b| **b == b' ').count();
    let rest = rest.get(blanks..).unwrap_or_default();
    let value = match name {
        Some(name) => named(rest, name),
        None => unnamed(rest),
    };
    match value {
        Found::Value(rest) => line(rest),
        other => other,
    }
}

/// What follows the name and its `=`.
fn named<'a>(rest: &'a [u8], name: &[u8]) -> Found<'a> {
    let alike = rest.iter().zip(name).all(|(a, b)| a.eq_ignore_ascii_case(b));
    match rest.get(name.len()) {
        None => Found::Undecided,
        _ if !alike => Found::Nothing,
        Some(b'=') => rest.get(name.len() + 1..).map_or(Found::Undecided, Found::Value),
        Some(_) => Found::Nothing,
    }
}

/// What follows the first `=` of the line.
fn unnamed(rest: &[u8]) -> Found<'_> {
    match rest.iter().position(|b| matches!(b, b'=' | b'\r' | b'\n')) {
        None => Found::Undecided,
        Some(at) if rest.get(at) == Some(&b'=') => rest.get(at + 1..).map_or(Found::Undecided, Found::Value),
        Some(_) => Found::Nothing,
    }
}

/// The bytes up to CR LF.
fn line(rest: &[u8]) -> Found<'_> {
    let Some(end) = rest.iter().position(|b| *b == b'\r') else { return Found::Undecided };
    match rest.get(end + 1) {
        None => Found::Undecided,
        Some(b'\n') => Found::Value(rest.get(..end).unwrap_or_default()),
        Some(_) => Found::Nothing,
    }
}

/// The server that a routing token names: address and port as decimal numbers whose bytes are in the order of the network,
/// then a dot: `3640205228.15629.0000` is 172.31.249.216:3389.
pub fn token(value: &[u8]) -> Option<SocketAddrV4> {
    let (ip, rest) = number(value)?;
    let (port, rest) = number(rest.strip_prefix(b".")?)?;
    rest.strip_prefix(b".")?;
    let [low, high, ..] = port.to_le_bytes();
    Some(SocketAddrV4::new(Ipv4Addr::from(ip.to_le_bytes()), u16::from_be_bytes([low, high])))
}

/// The number at the front, of which the lower 32 bits count.
fn number(text: &[u8]) -> Option<(u32, &[u8])> {
    let text = text.trim_ascii_start();
    let digits = text.iter().take_while(|b| b.is_ascii_digit()).count();
    let (number, rest) = text.split_at_checked(digits).filter(|(number, _)| !number.is_empty())?;
    let value: u64 = std::str::from_utf8(number).ok()?.parse().unwrap_or(u64::MAX);
    u32::try_from(value & 0xffff_ffff).ok().map(|value| (value, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packet(text: &str) -> Vec<u8> {
        [b"\x03\0\0\x22\x1d\xe0\0\0\0\0\0", text.as_bytes()].concat()
    }

    #[track_caller]
    fn finds(text: &str, any: Found<'_>, user: Found<'_>) {
        let bytes = packet(text);
        assert_eq!(cookie(&bytes, None), any, "{text}");
        assert_eq!(cookie(&bytes, Some(b"mstshash")), user, "{text}");
    }

    #[test]
    fn cookies_of_a_first_packet() {
        use Found::{Nothing, Undecided, Value};
        finds("Cookie: mstshash=user\r\n", Value(b"user"), Value(b"user"));
        finds("cookie:  MSTSHASH=us er\r\nx", Value(b"us er"), Value(b"us er"));
        finds("Cookie: msts=1.2.3\r\n", Value(b"1.2.3"), Nothing);
        finds("Cookie:\tmstshash=z\r\n", Value(b"z"), Nothing);
        finds("Cookie: mstshashx=z\r\n", Value(b"z"), Nothing);
        finds("Cookie: mstshash=\r\n", Value(b""), Value(b""));
        finds("Cookie: mstshash=us\ner\r\n", Value(b"us\ner"), Value(b"us\ner"));
        finds("Cookie: mstshash=us\rer\r\n", Nothing, Nothing);
        finds("Cookie: mstshash\r\n", Nothing, Nothing);
        finds("Cookie: x\ny=z\r\n", Nothing, Undecided);
        finds("X: mstshash=user\r\n", Nothing, Nothing);
        finds("Cookie: mstshash=user", Undecided, Undecided);
        finds("Cookie: mstshash=user\r", Undecided, Undecided);
        finds("Cookie: mstshash", Undecided, Undecided);
        finds("Cookie: \r\n", Nothing, Undecided);
        finds("Cookie:", Undecided, Undecided);
        finds("", Undecided, Undecided);
        assert_eq!(cookie(b"XXXXXXXXXXXXXXXXXX", None), Undecided);
        assert_eq!(cookie(b"XXXXXXXXXXXXXXXXXXX", None), Nothing);
    }

    #[test]
    fn tokens_name_servers() {
        let server = |text: &str| token(text.as_bytes()).map(|at| at.to_string());
        let known = Some("172.31.249.216:3389".to_owned());
        assert_eq!(server("3640205228.15629.0000"), known);
        assert_eq!(server(" 3640205228.15629."), known);
        assert_eq!(server(&format!("{}.{}.0x", 3_640_205_228_u64 + (1 << 32), 15_629 + 65_536)), known);
        for wrong in ["", "abc", "1.2", "1.2x", "1 .2.0", ".2.0", "1..0"] {
            assert_eq!(server(wrong), None, "{wrong}");
        }
    }
}
