//! States of servers that a process before this one left in a file (manual 4.2 "load-server-state-from-file", management
//! manual 9.3 "show servers state"): what is taken over from it when the process starts. Reading the file is `plan`'s.

use std::net::{IpAddr, SocketAddr};
use std::sync::PoisonError;
use std::sync::atomic::Ordering::Relaxed;

use crate::administer;
use crate::check::Status;
use crate::server::{Address, Port, admin};
use crate::turn::{Health, Seat};
use crate::{Server, World};

/// What a file says of a server.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Row {
    pub address: Option<IpAddr>,
    /// 0 down, 1 starting, 2 up, 3 about to stop.
    pub operational: u8,
    /// Bits of [`admin`], and [`BY_CONFIGURATION`].
    pub administrative: u8,
    pub weight: u16,
    /// The weight that was configured.
    pub configured_weight: u16,
    /// Seconds since the state changed.
    pub changed_s: u64,
    pub check_status: u8,
    /// Bits of [`check_state`].
    pub check_state: u8,
    pub agent_state: u8,
    pub fqdn: Option<Box<str>>,
    pub port: u16,
    /// The name of the service that says where the server is.
    pub service: Option<Box<str>>,
    /// 0: the server's own.
    pub check_port: u16,
    pub check_address: Option<IpAddr>,
    pub agent_address: Option<IpAddr>,
    pub agent_port: u16,
}

/// `disabled` in the configuration, among the bits of an administrative state.
pub const BY_CONFIGURATION: u8 = 4;

/// Bits of a check's state.
pub mod check_state {
    pub const RUNNING: u8 = 1;
    pub const CONFIGURED: u8 = 2;
    pub const ENABLED: u8 = 4;
    pub const PAUSED: u8 = 8;
    pub const AGENT: u8 = 16;
}

/// A server of the World, by the positions of backend and server, and what is known of it.
#[derive(Clone, Debug)]
pub struct Restored {
    pub server: (u32, u32),
    pub row: Row,
}

/// Takes over all that the World's files say. Done once, before traffic flows.
pub fn restore(world: &World, now_ns: u64) {
    for restored in &world.restored {
        let (backend, server) = restored.server;
        let seat = world
            .backend(backend)
            .and_then(|backend| Some(Seat { world, backend, server: backend.server(server)?, now_ns }));
        if let Some(seat) = seat {
            take(seat, &restored.row);
        }
    }
}

fn take(seat: Seat<'_>, row: &Row) {
    let live = &seat.server.live;
    relocate(seat.server, row);
    administered(seat.server, row.administrative);
    if seat.server.weight == row.configured_weight && row.weight != seat.server.weight {
        // An algorithm whose weights are fixed keeps the configured one.
        let _ = administer::weigh(seat, &row.weight.to_string());
    }
    if seat.server.track.is_none() {
        operate(seat, row);
    }
    let enabled = |state: u8| state & check_state::ENABLED != 0;
    if seat.server.check.is_some() && row.check_state & check_state::CONFIGURED != 0 {
        live.checks.store(enabled(row.check_state), Relaxed);
    }
    if seat.server.agent.is_some() && row.agent_state & check_state::AGENT != 0 {
        live.agent_asked.store(enabled(row.agent_state), Relaxed);
    }
    aim(seat.server, row);
    let ago_ns = row.changed_s.saturating_mul(1_000_000_000);
    live.outcome.changed_ns.store(seat.now_ns.saturating_sub(ago_ns).max(1), Relaxed);
    seat.backend.changed(seat.now_ns);
}

/// Where the server is: another port, another name, and the address that this name had, where `init-addr` asks for it.
fn relocate(server: &Server, row: &Row) {
    let live = &server.live;
    let own_service = server.resolve.as_ref().and_then(|resolve| resolve.service.as_deref());
    let of_service = own_service.is_some() && own_service == row.service.as_deref();
    let renamed = row.administrative & admin::RENAMED != 0 && server.resolve.is_some();
    if renamed && (own_service.is_none() || of_service) && row.fqdn != server.fqdn {
        live.named.lock().unwrap_or_else(PoisonError::into_inner).clone_from(&row.fqdn);
        live.admin.fetch_or(admin::RENAMED, Relaxed);
    }
    let before = match &*server.address() {
        Address::Inet(at) => Some(*at),
        Address::Unresolved(_) => None,
        Address::Unix(_) => return,
    };
    let named = server.fqdn().is_some_and(|name| row.fqdn.as_deref() == Some(&*name));
    let ip = row.address.filter(|_| named && (server.last_address || of_service));
    if let Some(ip) = ip.or(before.map(|at| at.ip())) {
        // A port that follows the client's stands there as what is added to it.
        let port = if let Port::Mapped(_) = server.port { 0 } else { row.port };
        let at = SocketAddr::new(ip, port);
        if before != Some(at) {
            live.moved.set(Some(at));
        }
        live.admin.fetch_and(!admin::UNRESOLVED, Relaxed);
    }
}

/// Orders of an administrator. What the configuration disabled and an administrator enabled stays enabled as long as the
/// configuration disables it.
fn administered(server: &Server, bits: u8) {
    let live = &server.live;
    if server.disabled {
        if bits & BY_CONFIGURATION != 0 && bits & admin::MAINT == 0 {
            live.admin.fetch_and(!admin::MAINT, Relaxed);
        }
    } else if bits & admin::MAINT != 0 && bits & BY_CONFIGURATION == 0 {
        live.admin.fetch_or(admin::MAINT, Relaxed);
    }
    if bits & admin::DRAIN != 0 {
        live.admin.fetch_or(admin::DRAIN, Relaxed);
    }
}

/// How the server was doing.
fn operate(seat: Seat<'_>, row: &Row) {
    let outcome = &seat.server.live.outcome;
    let (rise, full) = match seat.server.check.as_deref() {
        Some(check) => (check.rise(), check.full()),
        None => (2, 4),
    };
    let (health, to) = match row.operational {
        0 => (0, Health::Down),
        1 => (rise, Health::Up),
        2 => (full, Health::Up),
        _ => (rise, Health::Stopping),
    };
    if seat.server.check.is_some() {
        outcome.ended(Status::from_number(row.check_status), 0, "", 0);
        outcome.health.store(health, Relaxed);
    }
    if Health::of(seat.server) != to {
        seat.turn(to, ", changed from server-state after a reload");
        // Who is in maintenance isn't turned, and remembers it.
        if seat.server.in_maintenance() {
            seat.server.live.healthy.store(to != Health::Down, Relaxed);
        }
    } else if row.operational == 1 && seat.server.slowstart_ms > 0 {
        seat.come();
    }
}

/// Where checks and the agent were told to go.
fn aim(server: &Server, row: &Row) {
    let live = &server.live;
    let aims = [
        (&live.check_aim, server.check.as_deref(), row.check_address, row.check_port),
        (&live.agent_aim, server.agent.as_deref(), row.agent_address, row.agent_port),
    ];
    for (aim, check, address, port) in aims {
        let Some(check) = check else { continue };
        if let Some(ip) = address.filter(|ip| check.address.map(|at| at.ip()) != Some(*ip)) {
            aim.ip.set(Some(SocketAddr::new(ip, 0)));
        }
        if port > 0 && check.port != Some(port) {
            aim.port.set(u32::from(port));
        }
    }
}
