//! `show servers state`, `show servers conn`: servers as a file for the next process, and their connections (management
//! manual 9.3).

use std::io::Write as _;
use std::sync::atomic::Ordering::Relaxed;

use state::check::{Outcome, Status};
use state::server::{Address, Check, Port, admin};
use state::turn::Health;
use state::{Backend, Server};

use super::anon;
use super::prelude::*;

pub(super) const KEYWORDS: &[Command] = &[
    user(
        &["show", "servers", "conn"],
        "show servers conn [<backend>]",
        "show the connections to servers (all or for a single backend)",
        |query, from, out| {
            let head = format!("{CONNECTIONS}[{}]\n", query.world.global.threads);
            list(query, from, out, &head, connections)
        },
    ),
    user(
        &["show", "servers", "state"],
        "show servers state [<backend>]",
        "show the state of servers (all or for a single backend)",
        |query, from, out| list(query, from, out, STATE, state),
    ),
];

/// What stands above a state file, its version first.
const STATE: &str = "1\n# be_id be_name srv_id srv_name srv_addr srv_op_state srv_admin_state srv_uweight srv_iweight \
    srv_time_since_last_change srv_check_status srv_check_result srv_check_health srv_check_state srv_agent_state \
    bk_f_forced_id srv_f_forced_id srv_fqdn srv_port srvrecord srv_use_ssl srv_check_port srv_check_addr srv_agent_addr \
    srv_agent_port\n";
const CONNECTIONS: &str = "# bkname/svname bkid/svid addr port - purge_delay served used_cur used_max need_est idle_sess \
    unsafe_nb safe_nb idle_lim idle_cur idle_per_thr";

/// How much of an answer is written before it is sent on.
const PART: usize = 32 * 1024;

/// A line for each server; `from` is one more than the number of servers that were told already.
fn list(query: &Query<'_>, from: u64, out: &mut Vec<u8>, head: &str, line: Line) -> Answer {
    let only = match query.word(3) {
        b"" => None,
        _ => match backend_named(query.world, &query.text(3)) {
            Some(backend) => Some(backend.id),
            None => return query.refuse("Can't find backend.", out),
        },
    };
    if from == 0 {
        out.extend_from_slice(head.as_bytes());
    }
    let backends = query.world.backends.iter().filter(|b| only.is_none_or(|id| id == b.id));
    let servers = backends.flat_map(|b| b.servers.iter().map(move |s| (b, s)));
    for ((backend, server), number) in servers.zip(1u64..).skip(usize::try_from(from).unwrap_or(usize::MAX)) {
        line(query, backend, server, out);
        if out.len() >= PART {
            return Answer::More(number);
        }
    }
    Answer::Done
}

type Line = fn(&Query<'_>, &Backend, &Server, &mut Vec<u8>);

/// The address and the port as these lists show them.
fn place(server: &Server) -> (String, u16) {
    let port = match server.port() {
        // A port that follows the client's is shown as what is added to it, as far as a port can hold that.
        Port::Mapped(offset) => Some(u16::try_from(offset & 0xffff).unwrap_or(0)),
        Port::Fixed => None,
    };
    match &*server.address() {
        Address::Inet(at) => (at.ip().to_string(), port.unwrap_or(at.port())),
        Address::Unix(_) => ("-".to_owned(), port.unwrap_or(0)),
        Address::Unresolved(own) => ("-".to_owned(), port.unwrap_or(*own)),
    }
}

fn connections(query: &Query<'_>, backend: &Backend, server: &Server, out: &mut Vec<u8>) {
    let live = &server.live;
    let (address, port) = place(server);
    let idle = live.idle.load(Relaxed);
    let used = live.connections.load(Relaxed).saturating_sub(idle);
    let limit = server.pool_max.map_or(-1, i64::from);
    let by_thread: String = live.counters.iter().map(|block| format!(" {}", block.idle.get())).collect();
    // Writing to a vector cannot fail.
    let _ = writeln!(
        out,
        "{}/{} {}/{} {address} {port} - {} {} {used} {} {} 0 {idle} 0 {limit} {idle}{by_thread}",
        anon::name(query, &backend.name),
        anon::name(query, &server.name),
        backend.id,
        server.id,
        server.pool_purge_ms,
        live.sessions.now(),
        live.sessions.max(),
        used + idle,
    );
}

fn state(query: &Query<'_>, backend: &Backend, server: &Server, out: &mut Vec<u8>) {
    let live = &server.live;
    let (address, port) = place(server);
    let since = query.now_ns.saturating_sub(live.outcome.changed_ns.load(Relaxed)) / 1_000_000_000;
    let status = live.outcome.status();
    let fqdn = server.fqdn();
    let fqdn = fqdn.as_deref().map_or("-".into(), |host| anon::name(query, host));
    let of_check = Aimed::of(server, server.check.as_deref());
    let of_agent = match server.agent.as_deref() {
        Some(agent) => Aimed::of(server, Some(agent)),
        None => Aimed::configured(server.check.as_deref()),
    };
    let _ = writeln!(
        out,
        "{} {} {} {} {address} {} {} {} {} {since} {} {} {} {} {} {} {} {} {port} {} {} {} {} {} {}",
        backend.id,
        anon::name(query, &backend.name),
        server.id,
        anon::name(query, &server.name),
        operational(server),
        administrative(server),
        live.weight.load(Relaxed),
        server.weight,
        status.number(),
        result(status),
        health(server, &live.outcome),
        check_state(server),
        agent_state(server),
        u8::from(backend.own_id),
        u8::from(server.own_id),
        fqdn,
        server.resolve.as_ref().and_then(|resolve| resolve.service.as_deref()).unwrap_or("-"),
        uses_tls(server),
        of_check.port,
        of_check.address,
        of_agent.address,
        of_agent.port,
    );
}

/// 1 if TLS is spoken with it, 0 if not, -1 if its line says so.
fn uses_tls(server: &Server) -> i8 {
    match server.live.tls.get() {
        Some(said) => i8::from(said),
        None if server.no_tls => -1,
        None => i8::from(server.speaks_tls().is_some()),
    }
}

/// 0 down, 1 starting, 2 up, 3 about to stop.
fn operational(server: &Server) -> u8 {
    if server.in_maintenance() {
        return 0;
    }
    match Health::of(server) {
        Health::Down => 0,
        Health::Stopping => 3,
        Health::Up if server.live.ramp.load(Relaxed) > 0 => 1,
        Health::Up => 2,
    }
}

/// `disabled` in the configuration.
const BY_CONFIGURATION: u8 = 4;

fn administrative(server: &Server) -> u8 {
    let mut bits = server.live.admin.load(Relaxed);
    if server.disabled {
        bits |= BY_CONFIGURATION;
    }
    bits
}

/// 0 unknown, 1 neither good nor bad, 2 failed, 3 passed, 4 passed on conditions.
fn result(status: Status) -> u8 {
    match status {
        Status::Unknown | Status::Initializing => 0,
        Status::Checked => 1,
        Status::L7OkConditionally => 4,
        status if status.passed() => 3,
        _ => 2,
    }
}

/// The health counter; none before the first check.
fn health(server: &Server, outcome: &Outcome) -> i32 {
    match (&server.check, outcome.status()) {
        (Some(_), Status::Initializing) => 0,
        _ => outcome.health.load(Relaxed),
    }
}

const RUNNING: u8 = 1;
const CONFIGURED: u8 = 2;
const ENABLED: u8 = 4;
const PAUSED: u8 = 8;
const AGENT: u8 = 16;

fn check_state(server: &Server) -> u8 {
    let live = &server.live;
    if server.check.is_none() {
        return if server.disabled { PAUSED } else { 0 };
    }
    let flag = |set: bool, bit: u8| if set { bit } else { 0 };
    CONFIGURED
        | flag(live.outcome.running.load(Relaxed), RUNNING)
        | flag(live.checks.load(Relaxed), ENABLED)
        | flag(live.admin.load(Relaxed) & admin::ANY_MAINT != 0, PAUSED)
}

fn agent_state(server: &Server) -> u8 {
    let live = &server.live;
    if server.agent.is_none() {
        return 0;
    }
    let flag = |set: bool, bit: u8| if set { bit } else { 0 };
    CONFIGURED
        | AGENT
        | flag(live.agent.running.load(Relaxed), RUNNING)
        | flag(live.agent_asked.load(Relaxed), ENABLED)
}

/// Where a check goes, if that is said of it.
struct Aimed {
    address: String,
    port: u32,
}

impl Aimed {
    fn of(server: &Server, check: Option<&Check>) -> Self {
        let configured = Self::configured(check);
        let Some(check) = check else { return configured };
        let aim = server.aim(check);
        Self {
            address: aim.ip.get().map_or(configured.address, |at| at.ip().to_string()),
            port: aim.port.or(configured.port),
        }
    }

    fn configured(check: Option<&Check>) -> Self {
        Self {
            address: check.and_then(|c| c.address).map_or_else(|| "-".to_owned(), |at| at.ip().to_string()),
            port: check.and_then(|c| c.port).map_or(0, u32::from),
        }
    }
}
