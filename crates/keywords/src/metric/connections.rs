//! Connections, in use and idle.

use super::http2;
use super::prelude::*;

pub(super) const KEYWORDS: &[Metric] = &[
    metric("connect", "MCPP", Scope::BACK, U64(opened), "Connections to servers that were attempted"),
    metric(
        "reuse",
        "MCPP",
        Scope::BACK,
        U64(reused),
        "Requests that went over a connection that was there already",
    ),
    metric("srv_icur", "MGPV", Scope::SERVER, U32(idle), "Idle connections that may be used again"),
    metric(
        "src_ilim",
        "CLPV",
        Scope::SERVER,
        U32(|row| row.server()?.pool_max),
        "'pool-max-conn', if there is one",
    ),
    metric(
        "idle_conn_cur",
        "MGPV",
        Scope::SERVER,
        U32(|row| Some(idle(row)?.saturating_sub(safe(row)?))),
        "Idle connections that first requests don't use",
    ),
    metric(
        "safe_conn_cur",
        "MGPV",
        Scope::SERVER,
        U32(safe),
        "Idle connections that have served several requests",
    ),
    metric(
        "need_conn_est",
        "MGPV",
        Scope::SERVER,
        U32(needed),
        "How many connections are likely to be needed at once",
    ),
    metric(
        "priv_idle_cur",
        "MGPV",
        Scope::SERVER,
        U32(|row| Some(row.server()?.live.private.load(Relaxed))),
        "Idle connections that one client only may use",
    ),
    metric("used_conn_cur", "MGPV", Scope::SERVER, U32(used), "Connections in use"),
    metric("h1_open_connections", "MGPV", Scope::PROXY, U64(open), "HTTP/1 connections there are now"),
    metric("h1_open_streams", "MGPV", Scope::PROXY, U64(streams), "HTTP/1 exchanges there are now"),
    metric("h1_total_connections", "MCPV", Scope::PROXY, U64(total), "HTTP/1 connections so far"),
];

fn opened(row: &Row<'_>) -> Option<u64> {
    match row.object {
        Object::Backend(b) => Some(b.servers.iter().map(|s| s.live.counters.sum(|c| &c.connections)).sum()),
        _ => row.sum(|c| &c.connections),
    }
}

fn reused(row: &Row<'_>) -> Option<u64> {
    match row.object {
        Object::Backend(b) => Some(b.servers.iter().map(|s| s.live.counters.sum(|c| &c.reuses)).sum()),
        _ => row.sum(|c| &c.reuses),
    }
}

fn idle(row: &Row<'_>) -> Option<u32> {
    Some(row.server()?.live.idle.load(Relaxed))
}

fn safe(row: &Row<'_>) -> Option<u32> {
    Some(row.server()?.live.idle_safe.load(Relaxed))
}

fn needed(row: &Row<'_>) -> Option<u32> {
    Some(row.server()?.live.needed.load(Relaxed).max(used(row)?))
}

fn used(row: &Row<'_>) -> Option<u32> {
    let live = &row.server()?.live;
    Some(live.connections.load(Relaxed).saturating_sub(live.idle.load(Relaxed)))
}

fn open(row: &Row<'_>) -> Option<u64> {
    let all = match row.object {
        _ if !row.is_http() => 0,
        Object::Backend(b) => b.servers.iter().map(|s| u64::from(s.live.connections.load(Relaxed))).sum(),
        _ => u64::from(row.sessions()?.now()),
    };
    Some(http2::without(row, all, |h| &h.open))
}

fn streams(row: &Row<'_>) -> Option<u64> {
    let all = match row.object {
        _ if !row.is_http() => 0,
        Object::Backend(b) => u64::from(b.live.sessions.now()),
        _ => row.sum(|c| &c.under_way)?,
    };
    Some(http2::without(row, all, |h| &h.under_way))
}

fn total(row: &Row<'_>) -> Option<u64> {
    Some(if row.is_http() { http2::without(row, opened(row)?, |h| &h.connections) } else { 0 })
}
