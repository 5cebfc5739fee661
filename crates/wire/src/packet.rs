//! The headers of a packet: Ethernet, IP and TCP, as the system keeps them of a connection's first one. Every look is
//! into bytes that may be cut off or hostile: what isn't there is none.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

const MAC: usize = 6;
/// A VLAN tag (IEEE 802.1Q).
const VLAN: u16 = 0x8100;
/// The least a header of IPv4, IPv6, TCP has.
const IPV4: usize = 20;
const IPV6: usize = 40;
const TCP: usize = 20;

fn two(bytes: &[u8], at: usize) -> Option<u16> {
    bytes.get(at..)?.first_chunk().map(|b| u16::from_be_bytes(*b))
}

fn four(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..)?.first_chunk().map(|b| u32::from_be_bytes(*b))
}

/// An Ethernet frame.
#[derive(Clone, Copy, Debug)]
pub struct Ethernet<'a>(pub &'a [u8]);

impl<'a> Ethernet<'a> {
    pub fn destination(self) -> Option<&'a [u8]> {
        self.0.get(..MAC)
    }

    pub fn source(self) -> Option<&'a [u8]> {
        self.0.get(MAC..2 * MAC)
    }

    /// The header with its VLAN tags, if there is something behind it.
    pub fn header(self) -> Option<&'a [u8]> {
        self.0.get(..self.end()?)
    }

    pub fn data(self) -> Option<&'a [u8]> {
        self.0.get(self.end()?..)
    }

    /// What the data is.
    pub fn protocol(self) -> Option<u16> {
        two(self.0, self.end()?.checked_sub(2)?)
    }

    /// The number in the last VLAN tag.
    pub fn vlan(self) -> Option<u16> {
        let at = self.end()?.checked_sub(4).filter(|at| *at > 2 * MAC)?;
        two(self.0, at).map(|tag| tag & 0xfff)
    }

    fn end(self) -> Option<usize> {
        let mut at = 2 * MAC;
        while two(self.0, at)? == VLAN {
            at += 4;
        }
        Some(at + 2).filter(|end| *end < self.0.len())
    }
}

/// A packet of IPv4 or IPv6.
#[derive(Clone, Copy, Debug)]
pub struct Ip<'a>(pub &'a [u8]);

/// Where an IP header ends and what follows it.
struct End {
    at: usize,
    protocol: u8,
    /// IPv4 options, IPv6 extension headers.
    options: bool,
}

impl<'a> Ip<'a> {
    /// 4, 6, or whatever stands there.
    pub fn version(self) -> Option<u8> {
        self.0.first().map(|b| b >> 4)
    }

    /// Type of service, traffic class.
    pub fn service(self) -> Option<u8> {
        match self.version()? {
            4 => self.0.get(1).copied(),
            6 => two(self.0, 0).map(|bits| (bits >> 4 & 0xff) as u8),
            _ => None,
        }
    }

    /// Whether it may not be fragmented on its way, as IPv6 packets never may.
    pub fn unfragmented(self) -> Option<bool> {
        match self.version()? {
            4 => self.0.get(6).map(|b| b & 0x40 != 0),
            6 => Some(true),
            _ => None,
        }
    }

    /// Time to live, hop limit.
    pub fn hops(self) -> Option<u8> {
        match self.version()? {
            4 => self.0.first_chunk::<IPV4>()?.get(8).copied(),
            6 => self.0.first_chunk::<IPV6>()?.get(7).copied(),
            _ => None,
        }
    }

    pub fn source(self) -> Option<IpAddr> {
        self.address(12, 8)
    }

    pub fn destination(self) -> Option<IpAddr> {
        self.address(16, 24)
    }

    /// What the data is.
    pub fn protocol(self) -> Option<u8> {
        match self.version()? {
            4 => self.0.get(9).copied(),
            _ => self.end().map(|end| end.protocol),
        }
    }

    /// With options and extension headers.
    pub fn header(self) -> Option<&'a [u8]> {
        self.0.get(..self.end()?.at)
    }

    pub fn data(self) -> Option<&'a [u8]> {
        self.0.get(self.end()?.at..)
    }

    fn address(self, v4: usize, v6: usize) -> Option<IpAddr> {
        match self.version()? {
            4 => {
                let header = self.0.first_chunk::<IPV4>()?;
                header.get(v4..)?.first_chunk::<4>().map(|b| Ipv4Addr::from(*b).into())
            }
            6 => {
                let header = self.0.first_chunk::<IPV6>()?;
                header.get(v6..)?.first_chunk::<16>().map(|b| Ipv6Addr::from(*b).into())
            }
            _ => None,
        }
    }

    fn end(self) -> Option<End> {
        let end = match self.version()? {
            4 => {
                let at = usize::from(self.0.first()? & 15) * 4;
                End { at, protocol: self.0.get(9).copied().unwrap_or(0), options: at > IPV4 }
            }
            6 => self.end_v6()?,
            _ => return None,
        };
        Some(end).filter(|end| end.at <= self.0.len())
    }

    fn end_v6(self) -> Option<End> {
        let header = self.0.first_chunk::<IPV6>()?;
        let (mut at, mut protocol) = (IPV6, *header.get(6)?);
        loop {
            // Hop-by-hop and destination options, routing, mobility, host identity, shim; fragment; authentication.
            let size = match protocol {
                0 | 43 | 60 | 135 | 139 | 140 => (usize::from(*self.0.get(at + 1)?) + 1) * 8,
                44 => 8,
                51 => (usize::from(*self.0.get(at + 1)?) + 2) * 4,
                // There is nothing more.
                59 => return None,
                _ => return Some(End { at, protocol, options: at > IPV6 }),
            };
            protocol = *self.0.get(at)?;
            at += size;
        }
    }

    /// The bytes of the packet behind its IP header, by what the header says.
    fn announced(self, end: &End) -> Option<usize> {
        match self.version()? {
            4 => usize::from(two(self.0, 2)?).checked_sub(end.at),
            _ => (IPV6 + usize::from(two(self.0, 4)?)).checked_sub(end.at),
        }
    }

    /// What doesn't change between the connections of one host, in eight bytes (manual 7.3.1 "ip.fp"), and the options of
    /// its TCP header. None without one.
    pub fn fingerprint(self) -> Option<([u8; 8], Tcp<'a>)> {
        let end = self.end()?;
        let tcp = Tcp(self.0.get(end.at..).filter(|_| end.protocol == 6)?);
        let (size, flags) = (tcp.size()?, tcp.flags()?);
        let carries = self.announced(&end)?.checked_sub(size)? > 0;
        let distance = match self.hops()? {
            0..=32 => 0,
            33..=64 => 1,
            65..=128 => 2,
            _ => 3,
        };
        let bit = |on: bool, at: u8| u8::from(on) << at;
        let traits = bit(self.version()? == 6, 7)
            | bit(self.unfragmented()?, 6)
            | distance << 4
            | bit(end.options, 3)
            | bit(carries, 2)
            | flags >> 6;
        let scaling = if tcp.option(3)?.is_some() { tcp.number(3, 1)?.saturating_add(1).min(15) } else { 0 };
        let [window_high, window_low] = tcp.window()?.to_be_bytes();
        let [.., mss_high, mss_low] = tcp.number(2, 2)?.to_be_bytes();
        let kinds = tcp.kinds()?.fold(0u8, |bits, kind| match kind {
            0 | 1 => bits,
            2..=8 => bits | 1 << (kind - 2),
            _ => bits | 128,
        });
        let lengths = ((size / 4) as u8) << 4 | scaling as u8;
        let service = self.service()?;
        Some(([service, traits, lengths, window_high, window_low, mss_high, mss_low, kinds], tcp))
    }
}

/// A TCP header and what follows it.
#[derive(Clone, Copy, Debug)]
pub struct Tcp<'a>(pub &'a [u8]);

impl<'a> Tcp<'a> {
    pub fn source(self) -> Option<u16> {
        two(self.fixed()?, 0)
    }

    pub fn destination(self) -> Option<u16> {
        two(self.fixed()?, 2)
    }

    pub fn sequence(self) -> Option<u32> {
        four(self.fixed()?, 4)
    }

    pub fn flags(self) -> Option<u8> {
        self.fixed()?.get(13).copied()
    }

    pub fn window(self) -> Option<u16> {
        two(self.fixed()?, 14)
    }

    fn fixed(self) -> Option<&'a [u8]> {
        self.0.get(..TCP)
    }

    /// The header's length with its options, if all of it is there.
    fn size(self) -> Option<usize> {
        let size = usize::from(self.fixed()?.get(12)? >> 4) * 4;
        (TCP..=self.0.len()).contains(&size).then_some(size)
    }

    /// The kinds of the options in their order, the end of the list left out.
    pub fn kinds(self) -> Option<impl Iterator<Item = u8> + 'a> {
        Some(self.options()?.map(|option| option.first().copied().unwrap_or(0)))
    }

    /// The option of a kind, with what follows it in the header. The outer none: the header is not all there.
    pub fn option(self, kind: u8) -> Option<Option<&'a [u8]>> {
        let mut options = self.options()?;
        let whole = |o: &[u8]| o.get(1).is_some_and(|size| (2..=o.len()).contains(&usize::from(*size)));
        Some(options.find(|option| option.first() == Some(&kind) && whole(option)))
    }

    /// The number of so many bytes that an option of this kind holds; 0 if there is none.
    pub fn number(self, kind: u8, size: usize) -> Option<u32> {
        let value = self.option(kind)?.and_then(|option| option.get(2..2 + size));
        Some(value.unwrap_or_default().iter().fold(0, |n, b| n << 8 | u32::from(*b)))
    }

    /// Each option with what follows it in the header.
    fn options(self) -> Option<Options<'a>> {
        Some(Options(self.0.get(TCP..self.size()?)?))
    }
}

/// The options from here on.
#[derive(Clone, Copy, Debug)]
struct Options<'a>(&'a [u8]);

impl<'a> Iterator for Options<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        let here = self.0;
        let size = match here.first()? {
            0 => {
                self.0 = b"";
                return None;
            }
            1 => 1,
            _ => usize::from(here.get(1).copied().unwrap_or(0)),
        };
        // A length that leads nowhere ends the list.
        self.0 = if size == 0 || *here.first()? > 1 && size < 2 {
            b""
        } else {
            here.get(size..).unwrap_or_default()
        };
        Some(here)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SYN: &[u8] = b"\x04\xd2\x00\x50\xfe\xdc\xba\x98\0\0\0\0\xa0\x02\xfa\xf0\0\0\0\0\
        \x02\x04\x05\xb4\x04\x02\x08\x0a\xde\xad\xbe\xef\0\0\0\0\x01\x03\x03\x07";

    fn packet() -> Vec<u8> {
        let header = b"\x45\x10\0\x3c\0\x01\x40\0\x3c\x06\0\0\x0a\0\0\x01\x0a\0\0\x02";
        [&header[..], SYN].concat()
    }

    #[test]
    fn ethernet() {
        let frame = b"abcdefABCDEF\x81\0\xf0\x06\x08\0data";
        let frame = Ethernet(frame);
        assert_eq!((frame.destination(), frame.source()), (Some(&b"abcdef"[..]), Some(&b"ABCDEF"[..])));
        assert_eq!(
            (frame.protocol(), frame.vlan(), frame.data()),
            (Some(0x800), Some(6), Some(&b"data"[..]))
        );
        assert_eq!(Ethernet(b"abcdefABCDEF\x08\0").data(), None);
    }

    #[test]
    fn tcp() {
        let tcp = Tcp(SYN);
        assert_eq!((tcp.source(), tcp.destination(), tcp.flags()), (Some(1234), Some(80), Some(2)));
        assert_eq!(
            (tcp.number(2, 2), tcp.number(8, 4), tcp.number(3, 1)),
            (Some(1460), Some(0xdead_beef), Some(7))
        );
        assert_eq!(tcp.kinds().map(Iterator::collect::<Vec<u8>>), Some(vec![2, 4, 8, 1, 3]));
        assert_eq!(Tcp(SYN.get(..24).unwrap_or_default()).number(2, 2), None);
    }

    #[test]
    fn fingerprints() {
        let packet = packet();
        let (mark, _) = Ip(&packet).fingerprint().unwrap();
        assert_eq!(mark, [0x10, 0x50, 0xa8, 0xfa, 0xf0, 0x05, 0xb4, 0x47]);
        assert_eq!(Ip(&packet).source(), Some("10.0.0.1".parse().unwrap()));
        for len in 0..packet.len() {
            let _ = Ip(packet.get(..len).unwrap_or_default()).fingerprint();
        }
    }
}
