//! Sessions and queues: how many there are, were at most, may be.

use super::http2;
use super::prelude::*;

pub(super) const KEYWORDS: &[Metric] = &[
    metric(
        "qcur",
        "MGPV",
        Scope::BACK,
        U32(|row| Some(queue(row)?.now())),
        "Requests that wait for a server, or for this server",
    ),
    metric("qmax", "MMPV", Scope::BACK, U32(|row| Some(queue(row)?.max())), "The most that ever waited"),
    metric("scur", "MGPV", Scope::ALL, U32(|row| Some(row.sessions()?.now())), "Sessions there are now"),
    metric(
        "smax",
        "MMPV",
        Scope::ALL,
        U32(|row| Some(row.sessions()?.max())),
        "The most sessions there ever were",
    ),
    metric(
        "slim",
        "CLPV",
        Scope::ALL,
        U32(limit),
        "'maxconn' of a frontend, listener or server, 'fullconn' of a backend",
    ),
    metric("stot", "MCPP", Scope::ALL, U64(|row| Some(row.sessions()?.total())), "Sessions so far"),
    metric(
        "qlimit",
        "CGSV",
        Scope::SERVER,
        U32(|row| row.server().map(|s| s.maxqueue).filter(|n| *n > 0)),
        "'maxqueue' of a server, if it has one",
    ),
    metric("lbtot", "MCPP", Scope::BACK, U64(chosen), "How often a server was chosen by balancing"),
    metric("lastsess", "MAPP", Scope::BACK, S32(last), "Seconds since the last session, -1 before the first"),
    metric(
        "conn_tot",
        "MCPP",
        Scope::FRONT,
        U64(|row| row.sum(|c| &c.connections)),
        "Connections accepted so far",
    ),
    metric(
        "sess_other",
        "MCPV",
        Scope::FRONTEND,
        U64(|row| connections(row, false)),
        "Sessions so far that speak something else than HTTP",
    ),
    metric("h1sess", "MCPP", Scope::FRONTEND, U64(|row| connections(row, true)), "HTTP/1 sessions so far"),
];

fn queue<'a>(row: &Row<'a>) -> Option<&'a state::counters::Gauge> {
    match row.object {
        Object::Server(_, server) => Some(&server.live.queued),
        Object::Backend(backend) => Some(&backend.live.queued),
        _ => None,
    }
}

fn limit(row: &Row<'_>) -> Option<u32> {
    match row.object {
        Object::Process => Some(row.world.maxconn()),
        Object::Frontend(frontend) => Some(frontend.maxconn()),
        Object::Listener(_, bind) => Some(bind.maxconn),
        Object::Server(_, server) => Some(server.maxconn()).filter(|n| *n > 0),
        Object::Backend(backend) => Some(backend.fullconn),
    }
}

/// Balancing counts by server; a backend's is the sum.
fn chosen(row: &Row<'_>) -> Option<u64> {
    match row.object {
        Object::Backend(backend) => {
            Some(backend.servers.iter().map(|s| s.live.counters.sum(|c| &c.chosen)).sum())
        }
        _ => row.sum(|c| &c.chosen),
    }
}

fn last(row: &Row<'_>) -> Option<i32> {
    let used = match row.object {
        Object::Server(_, server) => &server.live.last_used_ns,
        Object::Backend(backend) => &backend.live.last_used_ns,
        _ => return None,
    };
    Some(match used.load(Relaxed) {
        0 => -1,
        then => i32::try_from(row.seconds_since(then)).unwrap_or(i32::MAX),
    })
}

fn connections(row: &Row<'_>, http: bool) -> Option<u64> {
    let all = row.sum(|c| &c.connections)?;
    Some(if row.is_http() == http { http2::without(row, all, |h| &h.connections) } else { 0 })
}
