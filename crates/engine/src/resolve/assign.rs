//! Which server gets which of the addresses or services that an answer names, and what is said of it (manual 5.2
//! "resolve-prefer", "resolve-net", "resolve-opts", 5.3.1). Asks nobody.

use std::collections::{HashMap, HashSet};
use std::net::{IpAddr, SocketAddr};
use std::sync::PoisonError;
use std::sync::atomic::Ordering::Relaxed;

use state::Server;
use state::administer::{self, Notice, Weight};
use state::resolvers::{Failure, Resolve};
use state::server::{Address, admin};
use state::turn::Seat;
use wire::dns::Service;

/// Has each server have one of the addresses of its name; whether one moved. `by`: who told it, in the words of logs; the
/// first server learns it from there, the others from memory.
pub(super) fn addresses(seats: &[Seat<'_>], name: &str, found: &[IpAddr], by: &str) -> bool {
    let mut taken = taken(seats, name);
    let mut moved = false;
    let mut lost = Vec::new();
    for (position, seat) in seats.iter().enumerate() {
        let Some(resolve) = seat.server.resolve.as_deref() else { continue };
        let current = current(seat.server);
        let key = |ip| (seat.backend.live.uid, ip);
        let free = |ip: &IpAddr| {
            let users = taken.get(&key(*ip)).copied().unwrap_or(0);
            resolve.allow_duplicates || users <= u32::from(current == Some(*ip))
        };
        let spare =
            |ip: &IpAddr| taken.get(&key(*ip)).copied().unwrap_or(0) <= u32::from(current == Some(*ip));
        let chosen = found.iter().filter(|ip| free(ip)).rev().max_by_key(|ip| {
            (
                prefers(resolve, **ip),
                resolve.nets.iter().any(|net| net.holds(**ip)),
                spare(ip),
                current == Some(**ip),
            )
        });
        if chosen.copied() != current {
            if let Some(users) = current.and_then(|ip| taken.get_mut(&key(ip))) {
                *users = users.saturating_sub(1);
            }
            if let Some(ip) = chosen {
                *taken.entry(key(*ip)).or_default() += 1;
                let source = if position > 0 { "DNS cache" } else { by };
                readdress(*seat, SocketAddr::new(*ip, port(seat.server)), source);
                moved = true;
            }
        }
        if chosen.is_none() {
            lost.push(seat.server.live.uid);
        }
    }
    for seat in seats {
        if lost.contains(&seat.server.live.uid) {
            lose(*seat, "No IP for server ", port(seat.server));
        } else {
            administer::find(*seat);
        }
    }
    moved
}

const fn prefers(resolve: &Resolve, ip: IpAddr) -> bool {
    ip.is_ipv4() == resolve.v4_first
}

/// How many servers of a backend that are known by this name have which address.
fn taken(seats: &[Seat<'_>], name: &str) -> HashMap<(u32, IpAddr), u32> {
    let mut taken = HashMap::new();
    let mut seen = HashSet::new();
    for backend in seats.iter().map(|seat| seat.backend) {
        if !seen.insert(backend.live.uid) {
            continue;
        }
        let alike = backend.servers.iter().filter(|server| server.resolve.is_some() && server.is_at(name));
        for ip in alike.filter_map(current) {
            *taken.entry((backend.live.uid, ip)).or_default() += 1;
        }
    }
    taken
}

/// The address that a server has now.
fn current(server: &Server) -> Option<IpAddr> {
    match &*server.address() {
        Address::Inet(at) => Some(at.ip()),
        Address::Unix(_) | Address::Unresolved(_) => None,
    }
}

fn port(server: &Server) -> u16 {
    match &*server.address() {
        Address::Inet(at) => at.port(),
        Address::Unresolved(port) => *port,
        Address::Unix(_) => 0,
    }
}

/// Moves a server, and says so.
fn readdress(seat: Seat<'_>, to: SocketAddr, by: &str) {
    let before = current(seat.server).map_or_else(|| "(none)".to_owned(), |ip| ip.to_string());
    let old_port = port(seat.server);
    seat.server.live.moved.set(Some(to));
    seat.backend.changed(seat.now_ns);
    let ports = match to.port() {
        port if port == old_port => String::new(),
        port if old_port == 0 => format!(", port changed from '+0' to '{port}'"),
        port => format!(", port changed from '{old_port}' to '{port}'"),
    };
    let text = format!(
        "{}/{}: IP changed from '{before}' to '{}'{ports} by '{by}'.",
        seat.backend.name,
        seat.server.name,
        to.ip()
    );
    seat.world.process.notices.add(Notice {
        backend: seat.backend.id,
        weight: Weight::Notice,
        mail: None,
        text,
    });
}

/// A server is nowhere any more.
fn lose(seat: Seat<'_>, reason: &str, port: u16) {
    administer::lose(seat, reason);
    if current(seat.server).is_some() {
        seat.server.live.moved.lose(port);
        seat.backend.changed(seat.now_ns);
    }
}

/// There is no answer, and the last good one is too old; whether names of servers changed with it.
pub(super) fn failed(seats: &[Seat<'_>], of_service: bool, failure: Failure) -> bool {
    let mut renamed = false;
    for seat in seats {
        if of_service {
            renamed |= vacate(*seat);
        } else {
            lose(*seat, failure.reason(), port(seat.server));
        }
    }
    renamed
}

/// The service that a server stands for is gone; whether there was one.
fn vacate(seat: Seat<'_>) -> bool {
    let live = &seat.server.live;
    let had = live.named.lock().unwrap_or_else(PoisonError::into_inner).take().is_some();
    administer::lose(seat, "entry removed from SRV record");
    live.moved.lose(0);
    had
}

/// Has each server stand for one of the services, in each backend; whether one moved, and whether names changed. `told`:
/// servers whose addresses came along.
pub(super) fn services(seats: &[Seat<'_>], found: &[&Service], told: &mut HashSet<u32>) -> (bool, bool) {
    let (mut moved, mut renamed) = (false, false);
    let mut seen = HashSet::new();
    for backend in seats.iter().map(|seat| seat.backend.live.uid) {
        if !seen.insert(backend) {
            continue;
        }
        let (keep, free) = settled(seats.iter().filter(|seat| seat.backend.live.uid == backend), found);
        let known: HashSet<usize> = keep.iter().map(|(_, service)| *service).collect();
        for (seat, service) in keep {
            if let Some(service) = found.get(service) {
                weigh(seat, service);
                moved |= bring(seat, service, told);
            }
        }
        let mut new =
            found.iter().enumerate().filter(|(at, _)| !known.contains(at)).map(|(_, service)| service);
        for seat in free {
            let server = seat.server.live.uid;
            renamed |= vacate(seat);
            told.remove(&server);
            if let Some(service) = new.next() {
                occupy(seat, service);
                weigh(seat, service);
                moved |= bring(seat, service, told);
                renamed = true;
            }
        }
    }
    (moved, renamed)
}

/// Servers that go on to stand for a service, with its position, and the others.
fn settled<'s, 'w: 's>(
    seats: impl Iterator<Item = &'s Seat<'w>>,
    found: &[&Service],
) -> (Vec<(Seat<'w>, usize)>, Vec<Seat<'w>>) {
    let (mut keep, mut free) = (Vec::new(), Vec::new());
    let positions: HashMap<(String, u16), usize> =
        (0..).zip(found).map(|(at, service)| ((service.target.text(), service.port), at)).collect();
    let mut used = HashSet::new();
    for seat in seats {
        let name = seat.server.fqdn().map(String::from);
        let at = name.and_then(|name| positions.get(&(name, port(seat.server))).copied());
        match at.filter(|at| used.insert(*at)) {
            Some(at) => keep.push((*seat, at)),
            None => free.push(*seat),
        }
    }
    (keep, free)
}

/// A server stands for a service from now on.
fn occupy(seat: Seat<'_>, service: &Service) {
    let live = &seat.server.live;
    *live.named.lock().unwrap_or_else(PoisonError::into_inner) = Some(service.target.text().into());
    live.admin.fetch_or(admin::RENAMED, Relaxed);
    live.moved.lose(service.port);
}

/// Takes the address that came with a service; whether the server moved.
fn bring(seat: Seat<'_>, service: &Service, told: &mut HashSet<u32>) -> bool {
    let uid = seat.server.live.uid;
    let Some(ip) = service.address else { return false };
    told.insert(uid);
    let moves = current(seat.server) != Some(ip);
    if moves {
        readdress(seat, SocketAddr::new(ip, service.port), "DNS additional record");
    }
    administer::find(seat);
    moves
}

/// Gives a server the weight of its service.
fn weigh(seat: Seat<'_>, service: &Service) {
    let ignored = seat.server.resolve.as_ref().is_none_or(|resolve| resolve.ignore_weight);
    let weight = u32::from(service.weight).div_ceil(256);
    if !ignored && seat.server.live.weight.load(Relaxed) != weight {
        // An algorithm whose weights are fixed keeps the configured one.
        let _ = administer::weigh(seat, &weight.to_string());
    }
}
