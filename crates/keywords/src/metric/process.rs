//! The process as a whole: the lines of `show info`, by their position. What is left out isn't known.

use state::Frontend;
use state::counters::{Block, Counter, PerThread};
use state::options::Mode;
use state::world::Shortage;

use super::prelude::*;

const P: Scope = Scope::PROCESS;
/// What Sluice has none of, so that there is truly nothing to count or limit.
const NONE: Read = U32(|_| Some(0));
const NO_BYTES: Read = U64(|_| Some(0));

pub(super) const KEYWORDS: &[(u16, Metric)] = &[
    (0, metric("Name", "POSV", P, Str(|row| Some(row.about.name.into())), "Name of the program")),
    (
        1,
        metric(
            "Version",
            "POSV",
            P,
            Str(|row| Some((&*row.about.version).into())),
            "Version: the language spoken, then the program's own",
        ),
    ),
    (
        2,
        metric(
            "Release_date",
            "POSV",
            P,
            Str(|row| Some(row.about.release_date.into())),
            "Day of the release",
        ),
    ),
    (
        3,
        metric(
            "Nbthread",
            "CGSV",
            P,
            U32(|row| Some(u32::from(row.world.global.threads))),
            "Threads that serve traffic ('nbthread')",
        ),
    ),
    (4, metric("Nbproc", "CGSV", P, U32(|_| Some(1)), "Worker processes, always 1")),
    (5, metric("Process_num", "KGPV", P, U32(|_| Some(1)), "Number of the worker process, always 1")),
    (6, metric("Pid", "SGPV", P, U32(|row| Some(row.world.global.pid)), "The process's id in the system")),
    (
        7,
        metric(
            "Uptime",
            "MDPV",
            P,
            Str(|row| Some(uptime(row.about.uptime_s(row.now_ns)).into())),
            "For how long it has been running",
        ),
    ),
    (
        8,
        metric(
            "Uptime_sec",
            "MDPV",
            P,
            Fraction(|row| Some(seconds(row.now_ns.saturating_sub(row.about.started_ns)))),
            "For how long it has been running, seconds",
        ),
    ),
    (
        9,
        metric(
            "Memmax_MB",
            "CLPV",
            P,
            U32(|row| Some(row.about.memory_mb)),
            "Limit on memory in MB ('-m'), 0 without one",
        ),
    ),
    (10, metric("PoolAlloc_MB", "MGPV", P, NONE, "Memory in pools of its own in MB: there are none")),
    (11, metric("PoolUsed_MB", "MGPV", P, NONE, "Memory of pools in use in MB: there are none")),
    (12, metric("PoolFailed", "MCPV", P, NONE, "Allocations from pools that failed: there are none")),
    (
        13,
        metric(
            "Ulimit-n",
            "CLPV",
            P,
            U32(|row| Some(small(row.about.open_files))),
            "How many files the process may have open",
        ),
    ),
    (
        14,
        metric(
            "Maxsock",
            "CLPV",
            P,
            U32(|row| Some(small(row.about.open_files))),
            "How many sockets the process may have open",
        ),
    ),
    (
        15,
        metric(
            "Maxconn",
            "CLPV",
            P,
            U32(|row| Some(row.world.maxconn())),
            "How many connections of clients it accepts at once",
        ),
    ),
    (
        16,
        metric(
            "Hard_maxconn",
            "CLPV",
            P,
            U32(|row| Some(row.world.global.maxconn)),
            "How many connections of clients it could accept at once",
        ),
    ),
    (
        17,
        metric(
            "CurrConns",
            "MGPV",
            P,
            U32(|row| Some(row.sessions()?.now())),
            "Connections of clients there are now",
        ),
    ),
    (
        18,
        metric(
            "CumConns",
            "MCPV",
            P,
            U32(|row| Some(wrap(row.sessions()?.total()))),
            "Connections of clients so far",
        ),
    ),
    (
        19,
        metric(
            "CumReq",
            "MCPV",
            P,
            U32(|row| Some(wrap(row.world.process.requests.load(Relaxed)))),
            "Requests so far",
        ),
    ),
    (
        20,
        metric(
            "MaxSslConns",
            "MMPV",
            P,
            U32(|row| Some(row.world.global.max_tls)),
            "Limit on TLS connections, 0 without one",
        ),
    ),
    (
        21,
        metric(
            "CurrSslConns",
            "MGPV",
            P,
            U32(|row| Some(small((row.about.tls_connections)().0))),
            "TLS connections there are now",
        ),
    ),
    (
        22,
        metric(
            "CumSslConns",
            "MCPV",
            P,
            U32(|row| Some(small((row.about.tls_connections)().1))),
            "TLS connections so far",
        ),
    ),
    (23, metric("Maxpipes", "CLPV", P, NONE, "Limit on pipes for splicing, 0 without one")),
    (
        24,
        metric(
            "PipesUsed",
            "MGPV",
            P,
            U32(|row| Some((row.about.pipes)().saturating_sub(idle_pipes(row)))),
            "Pipes in use for splicing, as of the last second",
        ),
    ),
    (
        25,
        metric(
            "PipesFree",
            "MGPV",
            P,
            U32(|row| Some(idle_pipes(row).min((row.about.pipes)()))),
            "Pipes kept to be used again, as of the last second",
        ),
    ),
    (
        26,
        metric(
            "ConnRate",
            "MRPV",
            P,
            Fraction(|row| Some(connections(row).0)),
            "Connections of clients over the last second",
        ),
    ),
    (
        27,
        metric(
            "ConnRateLimit",
            "CLPV",
            P,
            U32(|row| Some(row.world.client_rates().connections)),
            "Limit on ConnRate, 0 without one",
        ),
    ),
    (
        28,
        metric(
            "MaxConnRate",
            "MMPV",
            P,
            U32(|row| Some(connections(row).1)),
            "The most connections of clients there ever were in a second",
        ),
    ),
    (
        29,
        metric(
            "SessRate",
            "MRPV",
            P,
            Fraction(|row| Some(connections(row).0)),
            "Sessions over the last second",
        ),
    ),
    (
        30,
        metric(
            "SessRateLimit",
            "CLPV",
            P,
            U32(|row| Some(row.world.client_rates().sessions)),
            "Limit on SessRate, 0 without one",
        ),
    ),
    (
        31,
        metric(
            "MaxSessRate",
            "MRPV",
            P,
            U32(|row| Some(connections(row).1)),
            "The most sessions there ever were in a second",
        ),
    ),
    (
        32,
        metric(
            "SslRate",
            "MRPV",
            P,
            Fraction(|row| Some(handshakes(row, 0).0)),
            "TLS connections over the last second",
        ),
    ),
    (
        33,
        metric(
            "SslRateLimit",
            "CLPV",
            P,
            U32(|row| Some(row.world.client_rates().tls)),
            "Limit on SslRate, 0 without one",
        ),
    ),
    (
        34,
        metric(
            "MaxSslRate",
            "MMPV",
            P,
            U32(|row| Some(handshakes(row, 0).1)),
            "The most TLS connections there ever were in a second",
        ),
    ),
    (
        35,
        metric(
            "SslFrontendKeyRate",
            "MGPV",
            P,
            Fraction(|row| Some(handshakes(row, 1).0)),
            "TLS keys made for clients over the last second",
        ),
    ),
    (
        36,
        metric(
            "SslFrontendMaxKeyRate",
            "MMPV",
            P,
            U32(|row| Some(handshakes(row, 1).1)),
            "The most TLS keys ever made for clients in a second",
        ),
    ),
    (
        37,
        metric(
            "SslFrontendSessionReuse_pct",
            "MGPV",
            P,
            Fraction(|row| Some(reuse(row))),
            "Percentage of TLS connections of clients that needed no new key",
        ),
    ),
    (
        38,
        metric(
            "SslBackendKeyRate",
            "MRPV",
            P,
            Fraction(|row| Some(handshakes(row, 2).0)),
            "TLS keys made for servers over the last second",
        ),
    ),
    (
        39,
        metric(
            "SslBackendMaxKeyRate",
            "MMPV",
            P,
            U32(|row| Some(handshakes(row, 2).1)),
            "The most TLS keys ever made for servers in a second",
        ),
    ),
    (40, metric("SslCacheLookups", "MCPV", P, NONE, "Look-ups in the cache of TLS sessions")),
    (41, metric("SslCacheMisses", "MCPV", P, NONE, "Look-ups in the cache of TLS sessions that found none")),
    (
        42,
        metric(
            "CompressBpsIn",
            "MRPV",
            P,
            Fraction(|row| Some(compressed(row, 0, |c| &c.compression_in))),
            "Bytes given to compression over the last second",
        ),
    ),
    (
        43,
        metric(
            "CompressBpsOut",
            "MRPV",
            P,
            Fraction(|row| Some(compressed(row, 1, |c| &c.compression_out))),
            "Bytes that compression made over the last second",
        ),
    ),
    (
        44,
        metric(
            "CompressBpsRateLim",
            "CLPV",
            P,
            U64(|row| Some(row.world.global.compression.budget.limit())),
            "Limit on CompressBpsIn, 0 without one",
        ),
    ),
    (45, metric("ZlibMemUsage", "MGPV", P, NONE, "Memory of compression")),
    (46, metric("MaxZlibMemUsage", "CLPV", P, NONE, "Limit on the memory of compression, 0 without one")),
    (
        47,
        metric(
            "Tasks",
            "MGPV",
            P,
            U32(|row| Some(row.about.tasks.iter().map(|n| n.load(Relaxed)).sum())),
            "Tasks of all threads, as of the last second",
        ),
    ),
    (
        48,
        metric(
            "Run_queue",
            "MGPV",
            P,
            U32(|row| Some(row.about.ready.iter().map(|n| n.load(Relaxed)).sum())),
            "Tasks ready to run on all threads, as of the last second",
        ),
    ),
    (
        49,
        metric(
            "Idle_pct",
            "MaPV",
            P,
            U32(idle),
            "Percentage of the last second that the threads did not work",
        ),
    ),
    (
        50,
        metric(
            "node",
            "COSV",
            P,
            Str(|row| Some((&*row.world.global.node).into())),
            "Name of the node ('node')",
        ),
    ),
    (
        51,
        metric(
            "description",
            "COSV",
            P,
            Str(|row| Some(row.world.global.description.as_deref()?.into())),
            "Description of the node ('description')",
        ),
    ),
    (
        52,
        metric(
            "Stopping",
            "MGPV",
            P,
            U32(|row| Some(u32::from(row.about.stopping.load(Relaxed)))),
            "1 while it only finishes what it has",
        ),
    ),
    (
        53,
        metric(
            "Jobs",
            "MGPV",
            P,
            U32(|row| Some(row.sessions()?.now().saturating_add(listeners(row)))),
            "Connections of clients and listeners there are now",
        ),
    ),
    (54, metric("Unstoppable Jobs", "MGPV", P, NONE, "Jobs that a stop doesn't wait for")),
    (55, metric("Listeners", "MGPV", P, U32(|row| Some(listeners(row))), "Listeners there are now")),
    (56, metric("ActivePeers", "MGPV", P, NONE, "Connections to peers that were verified")),
    (57, metric("ConnectedPeers", "MGPV", P, NONE, "Connections to peers")),
    (
        58,
        metric(
            "DroppedLogs",
            "MCPV",
            P,
            U64(|row| Some(row.world.process.dropped_logs.load(Relaxed))),
            "Log messages that could not be sent",
        ),
    ),
    (59, metric("BusyPolling", "MGPV", P, NONE, "1 when it polls without waiting")),
    (
        60,
        metric(
            "FailedResolutions",
            "MGPV",
            P,
            U64(|row| Some(unanswered(row))),
            "Questions to name servers without a good answer",
        ),
    ),
    (61, metric("TotalBytesOut", "MGPV", P, U64(|row| Some(bytes_out(row))), "Bytes sent to clients so far")),
    (
        62,
        metric(
            "TotalSplicedBytesOut",
            "MCPV",
            P,
            U64(|row| Some(spliced_out(row))),
            "Bytes sent so far that stayed in the kernel",
        ),
    ),
    (
        63,
        metric(
            "BytesOutRate",
            "MRPV",
            P,
            U64(|row| {
                Some(row.about.bytes_out_rate.per_second(bytes_out(row), row.about.since_turn(row.now_ns)))
            }),
            "Bytes sent to clients over the last second",
        ),
    ),
    (64, metric("DebugCommandsIssued", "MGPV", P, NONE, "Debug commands so far: there are none")),
    (
        65,
        metric(
            "CumRecvLogs",
            "MCPV",
            P,
            U64(|row| Some(row.world.process.received_logs.load(Relaxed))),
            "Log messages received so far",
        ),
    ),
    (66, metric("Build info", "POSV", P, Str(|row| Some((&*row.about.version).into())), "What was built")),
    (
        67,
        metric(
            "Memmax_bytes",
            "CLPV",
            P,
            U64(|row| Some(u64::from(row.about.memory_mb) << 20)),
            "Limit on memory in bytes ('-m'), 0 without one",
        ),
    ),
    (
        68,
        metric("PoolAlloc_bytes", "MGPV", P, NO_BYTES, "Memory in pools of its own in bytes: there are none"),
    ),
    (69, metric("PoolUsed_bytes", "MGPV", P, NO_BYTES, "Memory of pools in use in bytes: there are none")),
    (
        70,
        metric(
            "Start_time_sec",
            "MDPV",
            P,
            Fraction(|row| Some(row.about.started_wall_us as f64 / 1e6)),
            "When it began to serve, seconds since 1970",
        ),
    ),
    (
        71,
        metric(
            "Tainted",
            "SGPV",
            P,
            Str(|_| Some("0".into())),
            "Experimental features in use: there are none",
        ),
    ),
    (72, metric("TotalWarnings", "MCPV", P, U32(|row| Some((row.about.host.warnings)())), "Warnings so far")),
    (
        73,
        metric(
            "MaxconnReached",
            "MCPV",
            P,
            U64(|row| {
                row.world.process.shortages.get(Shortage::Connections as usize).map(|n| n.load(Relaxed))
            }),
            "How often new clients had to wait because there were as many as may be",
        ),
    ),
    (75, metric("Niced_tasks", "MGPV", P, NONE, "Tasks with another priority")),
    (76, metric("CurrStreams", "MGPV", P, U64(|row| Some(streams(row))), "Exchanges there are now")),
    (
        77,
        metric(
            "CumStreams",
            "MCPV",
            P,
            U64(|row| Some(row.world.process.requests.load(Relaxed))),
            "Exchanges so far",
        ),
    ),
    (
        78,
        metric("BlockedTrafficWarnings", "MGPV", P, NONE, "Warnings about traffic that a slow task blocked"),
    ),
    (
        79,
        metric(
            "PatternsAdded",
            "MGPV",
            P,
            U64(|row| Some(patterns(row).into_iter().sum())),
            "Patterns that lists and maps got so far",
        ),
    ),
    (
        80,
        metric(
            "PatternsFreed",
            "MGPV",
            P,
            U64(|row| Some(patterns(row)[1])),
            "Patterns of them that are gone",
        ),
    ),
    (81, metric("NbThreadGroups", "CGSV", P, U32(|_| Some(1)), "Groups of threads, always 1")),
];

/// `0d 0h00m03s`
fn uptime(seconds: u64) -> String {
    let (minutes, hours) = (seconds / 60, seconds / 3600);
    format!("{}d {}h{:02}m{:02}s", hours / 24, hours % 24, minutes % 60, seconds % 60)
}

fn seconds(ns: u64) -> f64 {
    (ns / 1000) as f64 / 1e6
}

/// A 32-bit counter wraps.
const fn wrap(n: u64) -> u32 {
    n as u32
}

/// Connections a second, and the most there ever were. Each connection is a session.
fn connections(row: &Row<'_>) -> (f64, u32) {
    let (rate, total) = (&row.about.connection_rate, row.world.process.connections.total());
    (rate.per_second(total, row.about.since_turn(row.now_ns)) as f64, small(rate.max(total)))
}

/// Handshakes in a second, and the most there ever were: with clients, those that needed new keys, those with servers.
fn handshakes(row: &Row<'_>, which: usize) -> (f64, u32) {
    let totals = row.world.handshakes();
    let (Some(rate), Some(total)) = (row.about.tls_rates.get(which), totals.get(which)) else {
        return (0.0, 0);
    };
    (rate.per_second(*total, row.about.since_turn(row.now_ns)) as f64, small(rate.max(*total)))
}

/// The part of clients that resumed a session, in percent.
fn reuse(row: &Row<'_>) -> f64 {
    let (all, new) = (handshakes(row, 0).0, handshakes(row, 1).0);
    if all > 0.0 { ((all - new).max(0.0) * 100.0 / all).floor() } else { 0.0 }
}

/// What compression takes, or makes, in a second.
fn compressed(row: &Row<'_>, at: usize, which: fn(&Block) -> &Counter) -> f64 {
    let totals = row.world.frontends.iter().map(|f| f.live.counters.sum(which));
    let total = totals.fold(0, u64::wrapping_add);
    let since = row.about.since_turn(row.now_ns);
    row.about.compression_rates.get(at).map_or(0.0, |rate| rate.per_second(total, since) as f64)
}

fn bytes_out(row: &Row<'_>) -> u64 {
    row.world.frontends.iter().map(|f| f.live.counters.sum(|c| &c.bytes_out)).fold(0, u64::wrapping_add)
}

fn spliced_out(row: &Row<'_>) -> u64 {
    let of = |counters: &PerThread<Block>| counters.sum(|c| &c.wire.spliced_out);
    let to_clients = row.world.frontends.iter().map(|f| of(&f.live.counters));
    let to_servers = row.world.backends.iter().map(|b| of(&b.live.counters));
    to_clients.chain(to_servers).fold(0, u64::wrapping_add)
}

/// Exchanges under way; of TCP each connection is one.
fn streams(row: &Row<'_>) -> u64 {
    let of = |f: &Frontend| match f.mode {
        Mode::Http => f.live.counters.sum(|c| &c.under_way),
        _ => u64::from(f.live.sessions.now()),
    };
    row.world.frontends.iter().map(of).fold(0, u64::wrapping_add)
}

/// Patterns that there are, and those that are gone.
fn patterns(row: &Row<'_>) -> [u64; 2] {
    let lists = row.world.references.iter().map(|list| list.summary());
    lists.fold([0, 0], |[there, gone], list| [there + list.entries as u64, gone + list.freed])
}

/// Questions to name servers that brought nothing.
fn unanswered(row: &Row<'_>) -> u64 {
    let servers = row.world.resolvers.iter().flat_map(|resolvers| &resolvers.servers);
    let all = servers.flat_map(|server| {
        let asked = &server.asked;
        [&asked.empty, &asked.nx, &asked.timeout, &asked.refused, &asked.other, &asked.invalid]
    });
    all.map(|count| count.load(Relaxed)).sum()
}

/// Listeners of enabled frontends that were not stopped, and of the Runtime API.
fn listeners(row: &Row<'_>) -> u32 {
    let stopping = row.about.stopping.load(Relaxed);
    let open = row.world.frontends.iter().filter(|f| !f.disabled && !stopping);
    small((open.map(|f| f.binds.len()).sum::<usize>() + row.world.global.stats_sockets.len()) as u64)
}

/// Pipes that nobody uses.
fn idle_pipes(row: &Row<'_>) -> u32 {
    row.about.idle_pipes.iter().map(|n| n.load(Relaxed)).sum()
}

/// The CPUs' time that was used, against what the threads could have used.
fn idle(row: &Row<'_>) -> Option<u32> {
    let used = row.about.cpu_rate.per_second((row.about.cpu_time_ns)(), row.about.since_turn(row.now_ns));
    let could = u64::from(row.world.global.threads.max(1)) * 1_000_000_000;
    Some(small(100 - (used.min(could) * 100).div_ceil(could)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uptimes() {
        assert_eq!(uptime(3), "0d 0h00m03s");
        assert_eq!(uptime(90_061), "1d 1h01m01s");
    }
}
