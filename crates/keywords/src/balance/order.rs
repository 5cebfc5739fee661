//! Orders of servers by weight, computed when a server changes: the round of `roundrobin`, the map of `static-rr` and
//! of hashes, the ring of consistent hashes. Holds no keyword itself.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::net::IpAddr;
use std::sync::atomic::Ordering::Relaxed;

use state::server::{Address, HashKey};
use state::{Backend, Server};
use twox_hash::XxHash32;

use crate::bytes::avalanche;

/// The most turns a round has while a server starts slowly; more would take more memory than precision is worth.
const ROUND_MAX: u64 = 1 << 17;

/// Eligible servers and their weights over the greatest common divisor.
pub(super) fn weighted(backend: &Backend) -> Vec<(u32, u64)> {
    let whole = |s: &Server| s.live.ramp.load(Relaxed) == 0;
    let servers = divided(backend, |s| u64::from(s.share()));
    let total: u64 = servers.iter().map(|(_, weight)| weight).sum();
    if total > ROUND_MAX && !backend.servers.iter().all(whole) {
        let sixteenth = u64::from(state::server::FULL_STEPS);
        return servers.into_iter().map(|(i, weight)| (i, weight.div_ceil(sixteenth))).collect();
    }
    servers
}

/// As [`weighted`], with the weights that are configured whatever starts slowly.
fn fixed(backend: &Backend) -> Vec<(u32, u64)> {
    divided(backend, |s| u64::from(s.live.weight.load(Relaxed)))
}

fn divided(backend: &Backend, weight: impl Fn(&Server) -> u64) -> Vec<(u32, u64)> {
    let weight = |i| backend.server(i).map_or(0, &weight);
    let servers: Vec<(u32, u64)> = backend.eligible().into_iter().map(|i| (i, weight(i))).collect();
    let divisor = servers.iter().fold(0, |a, (_, w)| gcd(a, *w)).max(1);
    servers.into_iter().map(|(i, w)| (i, w / divisor)).collect()
}

fn gcd(a: u64, b: u64) -> u64 {
    if b == 0 { a } else { gcd(b, a % b) }
}

/// When a server is due again, in 2^-32 of a turn; its weight, the heavier first; its position, the earlier declared
/// first; how often it is yet to come.
type Due = (u64, Reverse<u64>, u32, u64);

/// One round as `roundrobin` goes it. A server comes as often as its weight says, each time after a whole round's length
/// over its weight. Servers enter the heaviest first, whenever none that is in is due; ties go to the heavier one, then
/// to the one declared first.
pub(super) fn round(backend: &Backend) -> Vec<u32> {
    let servers = weighted(backend);
    let total: u64 = servers.iter().map(|(_, w)| w).sum();
    let mut waiting: Vec<(u32, u64)> = servers.iter().filter(|(_, w)| *w > 0).copied().collect();
    // The last one enters first.
    waiting.sort_by_key(|(i, w)| (*w, Reverse(*i)));
    let mut due: BinaryHeap<Reverse<Due>> = BinaryHeap::new();
    let mut order = Vec::with_capacity(usize::try_from(total).unwrap_or(0));
    for turn in 0..total {
        let is_due = due.peek().is_some_and(|Reverse((at, ..))| at >> 32 <= turn);
        let entering = if is_due { None } else { waiting.pop() };
        let (at, weight, server, left) = match entering {
            Some((server, weight)) => (turn << 32, weight, server, weight),
            None => match due.pop() {
                Some(Reverse((at, Reverse(weight), server, left))) => (at, weight, server, left),
                None => break,
            },
        };
        order.push(server);
        if left > 1 {
            let step = (total << 32).checked_div(weight).unwrap_or(u64::MAX >> 1);
            due.push(Reverse((at.saturating_add(step), Reverse(weight), server, left - 1)));
        }
    }
    order
}

/// One round as `static-rr` goes it and as hashes are mapped: credits grow by the weight at each turn and are compared
/// in whole rounds, the first of equals is taken and pays a round.
pub(super) fn map(backend: &Backend) -> Vec<u32> {
    let servers = fixed(backend);
    let total: i64 = servers.iter().filter_map(|(_, w)| i64::try_from(*w).ok()).sum();
    let mut credits = vec![0i64; servers.len()];
    let mut order = Vec::with_capacity(usize::try_from(total).unwrap_or(0));
    for _ in 0..total {
        let mut best: Option<(usize, i64)> = None;
        for (i, (credit, (_, weight))) in credits.iter_mut().zip(&servers).enumerate() {
            *credit += i64::try_from(*weight).unwrap_or(0);
            let rounds = (*credit + total).div_euclid(total);
            if best.is_none_or(|(_, most)| rounds > most) {
                best = Some((i, rounds));
            }
        }
        let Some((i, _)) = best else { break };
        if let (Some(credit), Some((server, _))) = (credits.get_mut(i), servers.get(i)) {
            *credit -= total;
            order.push(*server);
        }
    }
    order
}

/// Points of a ring and the servers at them, in order; of equal points, the one of the server declared first. Each
/// server has sixteen times its weight of them, which depend on its `hash-key` alone, so that little moves when servers
/// come and go.
pub(super) fn ring(backend: &Backend) -> Vec<(u32, u32)> {
    let mut ring = Vec::new();
    for position in backend.eligible() {
        let Some(server) = backend.server(position) else { continue };
        let first = origin(server);
        let points = (0..points(server)).map(|n| (avalanche(first.wrapping_add(n)), position));
        ring.extend(points);
    }
    ring.sort_by_key(|(point, _)| *point);
    ring
}

/// How many points a server has on a ring.
fn points(server: &Server) -> u32 {
    server.share().min(256 * state::server::FULL_STEPS)
}

/// The number that the points of a server are counted from (manual 5.2 "hash-key").
fn origin(server: &Server) -> u32 {
    let by_id = server.id.wrapping_mul(16 * 256);
    let address = match *server.address() {
        Address::Inet(address) => Some(address),
        _ => None,
    };
    match server.hash_key {
        HashKey::Id => by_id,
        HashKey::Id32 => avalanche(server.id.swap_bytes()),
        HashKey::Guid => server.guid.as_deref().map_or(by_id, |guid| XxHash32::oneshot(0, guid.as_bytes())),
        HashKey::Addr => address.map_or(by_id, |a| match a.ip() {
            IpAddr::V4(ip) => avalanche(u32::from_le_bytes(ip.octets())),
            IpAddr::V6(ip) => XxHash32::oneshot(0, &ip.octets()),
        }),
        HashKey::AddrPort => address.map_or(by_id, |a| {
            let port = avalanche(u32::from(a.port()));
            match a.ip() {
                IpAddr::V4(ip) => avalanche(u32::from_le_bytes(ip.octets()).wrapping_add(port)),
                IpAddr::V6(ip) => XxHash32::oneshot(port, &ip.octets()),
            }
        }),
    }
}
