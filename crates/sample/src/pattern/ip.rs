//! Addresses and networks (manual 7.1.6): `10.0.0.1`, `10.0.0.0/8`, `10.0.0.0/255.0.0.0`, `2001:db8::/32`.
//! Each family is a map from prefix length to the set of networks of that length, so that a look-up costs one hash per
//! length in use, however many networks there are.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use hashbrown::HashSet;

use super::PatternError;
use crate::cast::mapped;

type Set<T> = HashSet<T, foldhash::fast::FixedState>;

/// Networks of both families.
#[derive(Debug, Default)]
pub struct Networks {
    v4: Vec<(u32, Set<u32>)>,
    v6: Vec<(u128, Set<u128>)>,
}

impl Networks {
    pub fn add(&mut self, pattern: &[u8]) -> Result<(), PatternError> {
        let text = std::str::from_utf8(pattern).unwrap_or_default();
        let bad = || {
            PatternError(format!(
                "'{}' is not a valid IPv4 or IPv6 address or network",
                String::from_utf8_lossy(pattern)
            ))
        };
        let (address, length) = text.split_once('/').map_or((text, None), |(a, l)| (a, Some(l)));
        match address.parse::<IpAddr>() {
            Ok(IpAddr::V4(a)) => {
                let mask = length.map_or(Some(u32::MAX), mask_v4).ok_or_else(bad)?;
                insert(&mut self.v4, mask, u32::from(a) & mask);
            }
            Ok(IpAddr::V6(a)) => {
                let mask = length.map_or(Some(u128::MAX), mask_v6).ok_or_else(bad)?;
                insert(&mut self.v6, mask, u128::from(a) & mask);
            }
            Err(_) => {
                let short = short_v4(address).ok_or_else(bad)?;
                let mask = length.map_or(Some(u32::MAX), mask_v4).ok_or_else(bad)?;
                insert(&mut self.v4, mask, short & mask);
            }
        }
        Ok(())
    }

    pub fn contains_v4(&self, address: Ipv4Addr) -> bool {
        let a = u32::from(address);
        self.v4.iter().any(|(mask, set)| set.contains(&(a & mask)))
            || (!self.v6.is_empty() && self.in_v6(address.to_ipv6_mapped()))
    }

    pub fn contains_v6(&self, address: Ipv6Addr) -> bool {
        self.in_v6(address)
            || mapped(address).is_some_and(|v4| {
                let a = u32::from(v4);
                self.v4.iter().any(|(mask, set)| set.contains(&(a & mask)))
            })
    }

    fn in_v6(&self, address: Ipv6Addr) -> bool {
        let a = u128::from(address);
        self.v6.iter().any(|(mask, set)| set.contains(&(a & mask)))
    }
}

fn insert<T: Copy + Eq + std::hash::Hash>(sets: &mut Vec<(T, Set<T>)>, mask: T, network: T) {
    match sets.iter_mut().find(|(m, _)| *m == mask) {
        Some((_, set)) => {
            set.insert(network);
        }
        None => sets.push((mask, std::iter::once(network).collect())),
    }
}

/// A prefix length or a dotted mask.
pub fn mask_v4(text: &str) -> Option<u32> {
    match text.parse::<u32>() {
        Ok(n) if n <= 32 => Some(u32::MAX.checked_shl(32 - n).unwrap_or(0)),
        Ok(_) => None,
        Err(_) => text.parse::<Ipv4Addr>().ok().map(u32::from),
    }
}

/// A prefix length.
pub fn mask_v6(text: &str) -> Option<u128> {
    match text.parse::<u32>() {
        Ok(n) if n <= 128 => Some(u128::MAX.checked_shl(128 - n).unwrap_or(0)),
        _ => None,
    }
}

/// An address with its all-zero bytes left out before the last number: `10.12` is `10.0.0.12`, `192.168.1` is
/// `192.168.0.1`.
fn short_v4(text: &str) -> Option<u32> {
    let mut parts = text.split('.');
    let last: u32 = parts.next_back()?.parse().ok()?;
    let mut octets = [0u8; 4];
    let mut leading = 0u32;
    for (slot, part) in octets.iter_mut().take(2).zip(parts.by_ref()) {
        *slot = part.parse().ok()?;
        leading += 1;
    }
    // What is left to the last number, which fills several bytes.
    let room = 32 - 8 * leading;
    let fits = room == 32 || last >> room == 0;
    (parts.next().is_none() && fits).then(|| u32::from_be_bytes(octets) | last)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(patterns: &[&str]) -> Networks {
        let mut n = Networks::default();
        for p in patterns {
            n.add(p.as_bytes()).unwrap();
        }
        n
    }

    #[test]
    fn networks_of_both_families() {
        let n = set(&["10.0.0.0/8", "192.168.1.1", "2001:db8::/32", "172.16.0.0/12", "127.1", "11.12/8"]);
        assert!(n.contains_v4(Ipv4Addr::new(10, 9, 8, 7)));
        assert!(n.contains_v4(Ipv4Addr::new(172, 17, 0, 1)));
        assert!(!n.contains_v4(Ipv4Addr::new(192, 168, 1, 2)));
        assert!(n.contains_v4(Ipv4Addr::new(127, 0, 0, 1)) && !n.contains_v4(Ipv4Addr::new(127, 1, 0, 0)));
        assert!(n.contains_v4(Ipv4Addr::new(11, 200, 0, 0)));
        assert_eq!(short_v4("192.168.1"), Some(u32::from(Ipv4Addr::new(192, 168, 0, 1))));
        assert!(n.contains_v6("2001:db8:1::1".parse().unwrap()));
        assert!(n.contains_v6("::ffff:10.1.1.1".parse().unwrap()));
        assert!(set(&["10.0.0.0/255.255.0.0"]).contains_v4(Ipv4Addr::new(10, 0, 3, 4)));
        assert!(set(&["0.0.0.0/0"]).contains_v4(Ipv4Addr::new(10, 0, 3, 4)));
    }

    #[test]
    fn refuses_what_is_no_network() {
        for bad in ["10.0.0.0/33", "host", "1.2.3.4.5", "::/129", ""] {
            assert!(Networks::default().add(bad.as_bytes()).is_err(), "{bad}");
        }
    }
}
