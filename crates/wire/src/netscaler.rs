//! The header with which a NetScaler tells who the client is (manual 5.1 "accept-netscaler-cip"): a magic number, the
//! length of what follows, and in that the client's own headers of IP and TCP. This is the legacy form of it.

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};

use crate::proxy::Ends;

/// Magic number and length.
const FRONT: usize = 8;
/// The longest that is read behind them: headers of IPv6 and TCP, and room for options.
const LENGTH_MAX: usize = 4096;
const TCP: u8 = 6;

/// What reading the front of a connection found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Parsed {
    /// Not all of it is there yet.
    Partial,
    Invalid(Fault),
    Complete {
        /// Bytes to drop from the connection.
        consumed: usize,
        ends: Ends,
    },
}

/// Why there is no header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It has another magic number.
    Magic,
    /// It is of no version of IP, or tells of something else than TCP.
    Protocol,
    /// It is too short, or too long, for what it is to hold.
    Length,
}

/// Reads the header at the front of `bytes`.
pub fn read(bytes: &[u8], magic: u32) -> Parsed {
    let Some((front, rest)) = bytes.split_at_checked(FRONT) else { return Parsed::Partial };
    if word(front, 0) != Some(magic) {
        return Parsed::Invalid(Fault::Magic);
    }
    let length = word(front, 4).and_then(|n| usize::try_from(n).ok()).unwrap_or(usize::MAX);
    if length > LENGTH_MAX {
        return Parsed::Invalid(Fault::Length);
    }
    let Some(headers) = rest.get(..length) else { return Parsed::Partial };
    match ends(headers) {
        Ok(ends) => Parsed::Complete { consumed: FRONT + length, ends },
        Err(fault) => Parsed::Invalid(fault),
    }
}

fn ends(headers: &[u8]) -> Result<Ends, Fault> {
    let first = headers.first().ok_or(Fault::Protocol)?;
    match first >> 4 {
        4 => {
            let ip = headers.first_chunk::<20>().ok_or(Fault::Length)?;
            if ip[9] != TCP {
                return Err(Fault::Protocol);
            }
            let length = usize::from(first & 15) * 4;
            let ports = headers.get(length.max(20)..).ok_or(Fault::Length)?;
            let address = |at: usize| word(ip, at).map(Ipv4Addr::from).ok_or(Fault::Length);
            pair(address(12)?, address(16)?, ports)
        }
        6 => {
            let (ip, ports) = headers.split_first_chunk::<40>().ok_or(Fault::Length)?;
            if ip[6] != TCP {
                return Err(Fault::Protocol);
            }
            let address = |at: usize| {
                let bytes = ip.get(at..).and_then(|rest| rest.first_chunk::<16>()).ok_or(Fault::Length)?;
                Ok(Ipv6Addr::from(*bytes))
            };
            pair(address(8)?, address(24)?, ports)
        }
        _ => Err(Fault::Protocol),
    }
}

fn pair<A: Into<std::net::IpAddr>>(source: A, destination: A, tcp: &[u8]) -> Result<Ends, Fault> {
    let [a, b, c, d] = tcp.first_chunk::<4>().ok_or(Fault::Length)?;
    let (from, to) = (u16::from_be_bytes([*a, *b]), u16::from_be_bytes([*c, *d]));
    Ok((SocketAddr::new(source.into(), from), SocketAddr::new(destination.into(), to)))
}

fn word(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..)?.first_chunk::<4>().map(|word| u32::from_be_bytes(*word))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const MAGIC: u32 = 0x00c0_ffee;

    fn framed(headers: &[u8]) -> Vec<u8> {
        [&MAGIC.to_be_bytes(), &(headers.len() as u32).to_be_bytes(), headers].concat()
    }

    fn ipv4(version: u8, protocol: u8) -> Vec<u8> {
        let ip = [version, 0, 0, 40, 0, 0, 0, 0, 64, protocol, 0, 0, 192, 0, 2, 9, 198, 51, 100, 3];
        [ip.as_slice(), &4321_u16.to_be_bytes(), &443_u16.to_be_bytes(), &[0; 16]].concat()
    }

    #[test]
    fn both_families_are_read() {
        let bytes = [framed(&ipv4(0x45, 6)), b"GET".to_vec()].concat();
        for cut in 0..48 {
            assert_eq!(read(&bytes[..cut], MAGIC), Parsed::Partial, "{cut}");
        }
        let ends = ("192.0.2.9:4321".parse().unwrap(), "198.51.100.3:443".parse().unwrap());
        assert_eq!(read(&bytes, MAGIC), Parsed::Complete { consumed: 48, ends });
        let (from, to): (SocketAddr, SocketAddr) =
            ("[2001:db8::1]:1".parse().unwrap(), "[2001:db8::2]:2".parse().unwrap());
        let octets = |end: &SocketAddr| match end {
            SocketAddr::V6(end) => end.ip().octets().to_vec(),
            SocketAddr::V4(_) => Vec::new(),
        };
        let ipv6 =
            [&[0x60, 0, 0, 0, 0, 20, 6, 64], octets(&from).as_slice(), &octets(&to), &[0, 1, 0, 2]].concat();
        assert_eq!(read(&framed(&ipv6), MAGIC), Parsed::Complete { consumed: 52, ends: (from, to) });
    }

    #[test]
    fn what_is_no_header_is_named() {
        let invalid = |bytes: &[u8]| match read(bytes, MAGIC) {
            Parsed::Invalid(fault) => fault,
            other => panic!("{other:?}"),
        };
        assert_eq!(invalid(b"GET / HTTP/1.1"), Fault::Magic);
        assert_eq!(invalid(&framed(&[])), Fault::Protocol);
        assert_eq!(invalid(&framed(&ipv4(0x55, 6))), Fault::Protocol);
        assert_eq!(invalid(&framed(&ipv4(0x45, 17))), Fault::Protocol);
        // The ports have to stand within the length.
        assert_eq!(invalid(&framed(&ipv4(0x45, 6)[..22])), Fault::Length);
        assert_eq!(invalid(&framed(&ipv4(0x4f, 6))), Fault::Length);
        let endless = [MAGIC.to_be_bytes(), u32::MAX.to_be_bytes()].concat();
        assert_eq!(invalid(&endless), Fault::Length);
    }

    proptest! {
        #[test]
        fn nothing_makes_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..80), sign in any::<bool>()) {
            let bytes = if sign { framed(&bytes) } else { bytes };
            let _ = read(&bytes, MAGIC);
        }
    }
}
