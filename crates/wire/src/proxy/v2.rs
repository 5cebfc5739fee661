//! Version 2: twelve bytes of signature, version and command, family, length, addresses, TLVs.

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};

use super::tlv::{self, Tlvs, kind};
use super::{Ends, Fault, HEADER_MAX, Header, Parsed, one_family};
use crate::crc32c;

pub(super) const SIGNATURE: &[u8] = b"\r\n\r\n\0\r\nQUIT\n";

/// Signature, version and command, family, length.
const FIXED: usize = 16;

const LOCAL: u8 = 0x20;
const PROXY: u8 = 0x21;
const TCP4: u8 = 0x11;
const TCP6: u8 = 0x21;

pub(super) fn read(bytes: &[u8]) -> Parsed<'_> {
    let malformed = Parsed::Invalid(Fault::Malformed);
    // What is no version 2 looks like none, however little of it there is.
    if bytes.get(12).is_some_and(|command| command >> 4 != 2) {
        return Parsed::Invalid(Fault::Foreign);
    }
    let Some((fixed, rest)) = bytes.split_at_checked(FIXED) else { return Parsed::Partial };
    let &[.., command, family, high, low] = fixed else { return malformed };
    let len = usize::from(u16::from_be_bytes([high, low]));
    if FIXED + len > HEADER_MAX {
        return malformed;
    }
    let Some(body) = rest.get(..len) else { return Parsed::Partial };
    let found = match (command, family) {
        // The sender speaks for itself, or knows no addresses: what follows is to be skipped.
        (LOCAL, _) | (PROXY, 0x00) => Some((None, Tlvs::default())),
        (PROXY, TCP4) => ipv4(body).map(|(ends, block)| (Some(ends), Tlvs::new(block))),
        (PROXY, TCP6) => ipv6(body).map(|(ends, block)| (Some(ends), Tlvs::new(block))),
        _ => None,
    };
    match found {
        Some((ends, tlvs)) if tlvs.well_formed() && sums_up(fixed, body, tlvs) => {
            Parsed::Complete { consumed: FIXED + len, header: Header { ends, tlvs } }
        }
        _ => malformed,
    }
}

fn ipv4(body: &[u8]) -> Option<(Ends, &[u8])> {
    let ([a, b, c, d, e, f, g, h, s1, s2, d1, d2], block) = body.split_first_chunk()?;
    let ends = (
        SocketAddr::from((Ipv4Addr::new(*a, *b, *c, *d), u16::from_be_bytes([*s1, *s2]))),
        SocketAddr::from((Ipv4Addr::new(*e, *f, *g, *h), u16::from_be_bytes([*d1, *d2]))),
    );
    Some((ends, block))
}

fn ipv6(body: &[u8]) -> Option<(Ends, &[u8])> {
    let (source, rest) = body.split_first_chunk::<16>()?;
    let (destination, rest) = rest.split_first_chunk::<16>()?;
    let ([s1, s2, d1, d2], block) = rest.split_first_chunk()?;
    let ends = (
        SocketAddr::from((Ipv6Addr::from(*source), u16::from_be_bytes([*s1, *s2]))),
        SocketAddr::from((Ipv6Addr::from(*destination), u16::from_be_bytes([*d1, *d2]))),
    );
    Some((ends, block))
}

/// Whether the checksum is right, if there is one: that of the header with zeros in its place.
fn sums_up(fixed: &[u8], body: &[u8], tlvs: Tlvs<'_>) -> bool {
    let Some(sum) = tlvs.find(kind::CRC32C) else { return true };
    let Ok(claimed) = <[u8; 4]>::try_from(sum) else { return false };
    let at = sum.as_ptr().addr().wrapping_sub(body.as_ptr().addr());
    let (Some(before), Some(after)) = (body.get(..at), body.get(at + 4..)) else { return false };
    u32::from_be_bytes(claimed) == crc32c::checksum([fixed, before, &[0; 4], after])
}

/// What goes with the addresses.
#[derive(Clone, Copy, Debug, Default)]
pub struct Extra<'a> {
    /// TLVs by type and value, in front of all others.
    pub custom: &'a [(u8, &'a [u8])],
    pub crc32c: bool,
    pub authority: Option<&'a [u8]>,
    pub unique_id: Option<&'a [u8]>,
    /// What is said of the client's encryption, if it is to be said.
    pub ssl: Option<Ssl<'a>>,
}

/// The client's encryption: the bits of `PP2_CLIENT_*`, what verifying its certificate gave (0 is good), and what there is
/// to tell by type; all zero and empty for a connection that is not encrypted.
#[derive(Clone, Copy, Debug, Default)]
pub struct Ssl<'a> {
    pub client: u8,
    pub verify: u32,
    pub parts: &'a [(u8, &'a [u8])],
}

/// Appends a header; one that only says that there is nothing to say (`LOCAL`) where there are no ends.
pub fn write(ends: Option<Ends>, extra: &Extra<'_>, out: &mut Vec<u8>) {
    let begin = out.len();
    out.extend_from_slice(SIGNATURE);
    let Some((source, destination)) = ends.map(one_family) else {
        out.extend_from_slice(&[LOCAL, 0, 0, 0]);
        return;
    };
    let family = if source.is_ipv4() { TCP4 } else { TCP6 };
    out.extend_from_slice(&[PROXY, family, 0, 0]);
    for end in [source, destination] {
        match end {
            SocketAddr::V4(end) => out.extend_from_slice(&end.ip().octets()),
            SocketAddr::V6(end) => out.extend_from_slice(&end.ip().octets()),
        }
    }
    out.extend_from_slice(&source.port().to_be_bytes());
    out.extend_from_slice(&destination.port().to_be_bytes());
    let sum_at = tlvs(extra, begin, out);
    let len = u16::try_from(out.len() - begin - FIXED).unwrap_or(u16::MAX);
    put(out, begin + 14, &len.to_be_bytes());
    if let Some(at) = sum_at {
        let sum = crc32c::checksum([out.get(begin..).unwrap_or_default()]);
        put(out, at, &sum.to_be_bytes());
    }
}

/// Appends the TLVs that fit; gives where the checksum goes.
fn tlvs(extra: &Extra<'_>, begin: usize, out: &mut Vec<u8>) -> Option<usize> {
    let mut add = |kind: u8, value: &[u8]| {
        if out.len() - begin + 3 + value.len() <= HEADER_MAX {
            tlv::push(kind, value, out);
        }
        out.len()
    };
    for (kind, value) in extra.custom {
        add(*kind, value);
    }
    let sum_at = extra.crc32c.then(|| add(kind::CRC32C, &[0; 4]).saturating_sub(4));
    if let Some(authority) = extra.authority {
        add(kind::AUTHORITY, authority);
    }
    if let Some(id) = extra.unique_id {
        add(kind::UNIQUE_ID, id);
    }
    if let Some(ssl) = extra.ssl {
        let mut value = vec![ssl.client];
        value.extend_from_slice(&ssl.verify.to_be_bytes());
        for (kind, part) in ssl.parts {
            tlv::push(*kind, part, &mut value);
        }
        add(kind::SSL, &value);
    }
    sum_at
}

fn put(out: &mut [u8], at: usize, bytes: &[u8]) {
    if let Some(place) = out.get_mut(at..at + bytes.len()) {
        place.copy_from_slice(bytes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(command: u8, family: u8, body: &[u8]) -> Vec<u8> {
        let mut out = SIGNATURE.to_vec();
        out.extend_from_slice(&[command, family]);
        out.extend_from_slice(&u16::try_from(body.len()).unwrap().to_be_bytes());
        out.extend_from_slice(body);
        out
    }

    const A4: &[u8] = &[10, 0, 0, 1, 10, 0, 0, 2, 4, 87, 8, 174];

    #[test]
    fn what_is_refused_and_what_is_skipped() {
        for (command, family, body, fault) in [
            (0x11, 0x11, A4, Fault::Foreign),
            (0x22, 0x11, A4, Fault::Malformed),
            (0x21, 0x12, A4, Fault::Malformed),
            (0x21, 0x31, &[0; 216], Fault::Malformed),
            (0x21, 0x41, A4, Fault::Malformed),
            (0x21, 0x11, &A4[..11], Fault::Malformed),
            (0x21, 0x21, A4, Fault::Malformed),
            (0x21, 0x11, &[A4, b"\xe1\0\x03fo"].concat(), Fault::Malformed),
            (0x21, 0x11, &[A4, b"\xe1"].concat(), Fault::Malformed),
            (0x21, 0x11, &[A4, b"\x03\0\x04abcd"].concat(), Fault::Malformed),
            (0x21, 0x11, &[0; HEADER_MAX], Fault::Malformed),
        ] {
            let bytes = header(command, family, body);
            assert_eq!(read(&bytes), Parsed::Invalid(fault), "{command:x} {family:x} {body:?}");
        }
        for (command, family, body) in [(0x20, 0, &b""[..]), (0x20, 0x11, b"abc"), (0x21, 0, b"\xe1\0\x03fo")]
        {
            let bytes = header(command, family, body);
            let header = Header { ends: None, tlvs: Tlvs::default() };
            assert_eq!(read(&bytes), Parsed::Complete { consumed: bytes.len(), header });
        }
    }

    #[test]
    fn written_as_haproxy_does() {
        let ends = ("10.0.0.1:1111".parse().unwrap(), "10.0.0.2:2222".parse().unwrap());
        let mut out = Vec::new();
        let extra =
            Extra { crc32c: true, authority: Some(b"a"), ssl: Some(Ssl::default()), ..Extra::default() };
        write(Some(ends), &extra, &mut out);
        let body = [A4, b"\x03\0\x04/{\x99=\x02\0\x01a\x20\0\x05\0\0\0\0\0"].concat();
        assert_eq!(out, header(0x21, 0x11, &body));
        out.clear();
        write(None, &extra, &mut out);
        assert_eq!(out, header(0x20, 0, b""));
    }
}
