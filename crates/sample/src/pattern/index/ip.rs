//! Addresses and networks (manual 7.1.6): `10.0.0.1`, `10.0.0.0/8`, `10.0.0.0/255.0.0.0`, `2001:db8::/32`. Each family is
//! a list of prefix lengths in use, the longest first, with the networks of that length by hash: a look-up costs one
//! hash per length, however many networks there are.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::super::distinct::{Distinct, Hashed};
use super::super::{Entries, PatternError};
use super::{Hit, keys};
use crate::cast::mapped;

/// What a place among the trees is worth in a rank: more than any prefix length.
const TREE: u32 = 256;

/// Networks of both families.
#[derive(Debug, Default)]
pub(in super::super) struct Networks {
    v4: Vec<Layer<u32>>,
    v6: Vec<Layer<[u8; 16]>>,
    /// IPv4 networks whose mask has holes, in the order of the list.
    odd: Vec<Odd>,
}

/// The networks of one prefix length.
#[derive(Debug)]
struct Layer<K> {
    len: u32,
    networks: Distinct<K>,
}

#[derive(Debug)]
struct Odd {
    mask: u32,
    network: u32,
    at: u32,
}

/// A pattern as numbers: network and mask.
enum Network {
    V4(u32, u32),
    V6(u128, u32),
}

impl Networks {
    pub(super) fn new(entries: &Entries) -> Result<Self, (u32, PatternError)> {
        let mut all = Self::default();
        for (at, key) in keys(entries) {
            match parse(key).map_err(|e| (at, e))? {
                Network::V4(network, mask) if mask.leading_ones() == mask.count_ones() => {
                    insert(&mut all.v4, mask.leading_ones(), network & mask, at, entries.len());
                }
                Network::V4(network, mask) => all.odd.push(Odd { mask, network: network & mask, at }),
                Network::V6(network, len) => {
                    insert(&mut all.v6, len, cut_v6(network, len), at, entries.len());
                }
            }
        }
        Ok(all)
    }

    /// An IPv4 address among IPv4 networks, then as a mapped one among IPv6 networks, then among the odd ones.
    pub(super) fn find_v4(&self, address: Ipv4Addr, alive: impl Fn(u32) -> bool) -> Option<Hit> {
        let n = u32::from(address);
        self.in_v4(n, 0, &alive)
            .or_else(|| self.in_v6(u128::from(address.to_ipv6_mapped()), 1, &alive))
            .or_else(|| self.in_odd(n, &alive))
    }

    /// An IPv6 address among IPv6 networks, then the IPv4 address in it among IPv4 networks.
    pub(super) fn find_v6(&self, address: Ipv6Addr, alive: impl Fn(u32) -> bool) -> Option<Hit> {
        self.in_v6(u128::from(address), 0, &alive).or_else(|| {
            let n = u32::from(mapped(address)?);
            self.in_v4(n, 1, &alive).or_else(|| self.in_odd(n, &alive))
        })
    }

    fn in_v4(&self, n: u32, tree: u32, alive: impl Fn(u32) -> bool) -> Option<Hit> {
        let found = |layer: &Layer<u32>| {
            let at = layer.networks.find(n & mask(layer.len), |_| true, &alive)?;
            Some(Hit { rank: tree * TREE + 32 - layer.len, at })
        };
        self.v4.iter().find_map(found)
    }

    fn in_v6(&self, n: u128, tree: u32, alive: impl Fn(u32) -> bool) -> Option<Hit> {
        let found = |layer: &Layer<[u8; 16]>| {
            let at = layer.networks.find(cut_v6(n, layer.len), |_| true, &alive)?;
            Some(Hit { rank: tree * TREE + 128 - layer.len, at })
        };
        self.v6.iter().find_map(found)
    }

    fn in_odd(&self, n: u32, alive: impl Fn(u32) -> bool) -> Option<Hit> {
        let found = self.odd.iter().find(|odd| n & odd.mask == odd.network && alive(odd.at));
        found.map(|odd| Hit { rank: 2 * TREE, at: odd.at })
    }
}

/// Adds a network to the layer of its prefix length. The first layer of a family gets room for all entries: mostly it
/// is the only one.
fn insert<K: Hashed>(layers: &mut Vec<Layer<K>>, len: u32, network: K, at: u32, entries: usize) {
    let place = layers.partition_point(|layer| layer.len > len);
    if layers.get(place).is_none_or(|layer| layer.len != len) {
        let room = if layers.is_empty() { entries } else { 0 };
        layers.insert(place, Layer { len, networks: Distinct::with_capacity(room) });
    }
    if let Some(layer) = layers.get_mut(place) {
        layer.networks.insert(network, at, |_| true);
    }
}

const fn mask(len: u32) -> u32 {
    match u32::MAX.checked_shl(32 - len) {
        Some(mask) => mask,
        None => 0,
    }
}

fn cut_v6(n: u128, len: u32) -> [u8; 16] {
    (n & u128::MAX.checked_shl(128 - len).unwrap_or(0)).to_ne_bytes()
}

fn parse(pattern: &[u8]) -> Result<Network, PatternError> {
    let text = std::str::from_utf8(pattern).unwrap_or_default();
    let bad = || {
        PatternError(format!("'{}' is not a valid IPv4 or IPv6 address", String::from_utf8_lossy(pattern)))
    };
    let (address, length) = text.split_once('/').map_or((text, None), |(a, l)| (a, Some(l)));
    let v4 = |n: u32| {
        let mask = length.map_or(Some(u32::MAX), mask_v4).ok_or_else(bad)?;
        Ok(Network::V4(n, mask))
    };
    match address.parse::<IpAddr>() {
        Ok(IpAddr::V4(a)) => v4(u32::from(a)),
        Ok(IpAddr::V6(a)) => {
            let mask = length.map_or(Some(u128::MAX), mask_v6).ok_or_else(bad)?;
            Ok(Network::V6(u128::from(a), mask.leading_ones()))
        }
        Err(_) => v4(short_v4(address).ok_or_else(bad)?),
    }
}

/// A prefix length or a dotted mask.
pub fn mask_v4(text: &str) -> Option<u32> {
    match text.parse::<u32>() {
        Ok(n) if n <= 32 => Some(mask(n)),
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

    fn set(patterns: &[&str]) -> Result<Networks, (u32, PatternError)> {
        let pairs = (0..).zip(patterns).map(|(order, p)| (order, p.as_bytes(), b"".as_slice()));
        Networks::new(&Entries::from_pairs(pairs).unwrap())
    }

    #[test]
    fn networks_of_both_families() {
        let n = set(&["10.0.0.0/8", "192.168.1.1", "2001:db8::/32", "172.16.0.0/12", "127.1", "11.12/8"]);
        let n = n.unwrap();
        let v4 = |a: [u8; 4]| n.find_v4(Ipv4Addr::from(a), |_| true).map(|hit| hit.at);
        let v6 = |a: &str| n.find_v6(a.parse().unwrap(), |_| true).map(|hit| hit.at);
        assert_eq!([v4([10, 9, 8, 7]), v4([172, 17, 0, 1]), v4([192, 168, 1, 2])], [Some(0), Some(3), None]);
        assert_eq!([v4([127, 0, 0, 1]), v4([127, 1, 0, 0]), v4([11, 200, 0, 0])], [Some(4), None, Some(5)]);
        assert_eq!([v6("2001:db8:1::1"), v6("::ffff:10.1.1.1"), v6("::1")], [Some(2), Some(0), None]);
        assert_eq!(short_v4("192.168.1"), Some(u32::from(Ipv4Addr::new(192, 168, 0, 1))));
    }

    #[test]
    fn the_finest_network_wins_family_by_family() {
        let n = set(&[
            "10.0.0.0/8",
            "10.1.0.0/16",
            "10.1.0.0/16",
            "::ffff:10.1.0.0/112",
            "10.0.0.1/255.0.0.255",
            "2001:db8::/32",
            "0.0.0.0/0",
        ]);
        let n = n.unwrap();
        let v4 = |a: [u8; 4], gone: u32| n.find_v4(Ipv4Addr::from(a), |at| at != gone).map(|hit| hit.at);
        assert_eq!(
            [v4([10, 1, 2, 3], 9), v4([10, 1, 2, 3], 1), v4([11, 0, 0, 1], 9)].map(Option::unwrap),
            [1, 2, 6]
        );
        assert_eq!(v4([10, 0, 9, 1], 9), Some(0));
        let v6 = |a: &str| n.find_v6(a.parse().unwrap(), |_| true).map(|hit| hit.at);
        assert_eq!(
            [v6("::ffff:10.1.2.3"), v6("2002:a01:203::1"), v6("2001:db8::1")].map(Option::unwrap),
            [3, 1, 5]
        );
    }

    #[test]
    fn refuses_what_is_no_network() {
        for bad in ["10.0.0.0/33", "host", "1.2.3.4.5", "::/129", ""] {
            assert!(set(&[bad]).is_err(), "{bad}");
        }
    }
}
