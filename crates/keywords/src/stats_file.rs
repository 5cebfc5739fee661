//! A stats file: what was counted for objects with a `guid`, as a process leaves it for the next one (management manual
//! 9.5). Which columns there are, and what is taken over from them.

use std::io::Write as _;

use state::counters::{Block, Counter, Gauge, PerThread};
use state::family::{Object, Row};
use state::{About, Backend, Server, World};

use crate::metric::{Columns as _, find, proxies};

/// What a column of a file is put into when it is read.
#[derive(Clone, Copy)]
enum Goes {
    /// How many sessions there were.
    Sessions,
    Block(fn(&Block) -> &Counter),
    /// Of a server: checks that failed, how often it went down.
    Failures,
    Downs,
}

use self::Goes::{Block as In, Downs, Failures, Sessions};

/// The columns of frontends and their addresses, in their order.
#[rustfmt::skip]
const FRONT: &[&str] = &[
    "stot", "bin", "bout", "dreq", "dresp", "ereq", "rate", "hrsp_1xx", "hrsp_2xx", "hrsp_3xx", "hrsp_4xx",
    "hrsp_5xx", "hrsp_other", "req_rate", "req_tot", "comp_in", "comp_out", "comp_byp", "comp_rsp",
    "conn_rate", "conn_tot", "intercepted", "dcon", "dses", "wrew", "cache_lookups", "cache_hits", "eint",
    "h1sess", "h2sess", "h3sess", "req_other", "h1req", "h2req", "h3req", "reqbin", "reqbout", "resbin",
    "resbout", "cache_hint_hits",
];

/// Those of backends and servers.
#[rustfmt::skip]
const BACK: &[&str] = &[
    "stot", "bin", "bout", "dreq", "dresp", "econ", "eresp", "wretr", "wredis", "chkfail", "chkdown",
    "lastchg", "lbtot", "rate", "hrsp_1xx", "hrsp_2xx", "hrsp_3xx", "hrsp_4xx", "hrsp_5xx", "hrsp_other",
    "hanafail", "req_tot", "cli_abrt", "srv_abrt", "comp_in", "comp_out", "comp_byp", "comp_rsp", "lastsess",
    "wrew", "connect", "reuse", "cache_lookups", "cache_hits", "eint", "reqbin", "reqbout", "resbin",
    "resbout", "cache_hint_hits",
];

/// Where what a column says goes when it is read. What is not named goes nowhere: a rate begins anew, and what Sluice doesn't
/// count is lost.
const GOES: &[(&str, Goes)] = &[
    ("stot", Sessions),
    ("bin", In(|b| &b.bytes_in)),
    ("bout", In(|b| &b.bytes_out)),
    ("dreq", In(|b| &b.denied_requests)),
    ("dresp", In(|b| &b.denied_responses)),
    ("ereq", In(|b| &b.request_errors)),
    ("hrsp_1xx", In(|b| &b.statuses[0])),
    ("hrsp_2xx", In(|b| &b.statuses[1])),
    ("hrsp_3xx", In(|b| &b.statuses[2])),
    ("hrsp_4xx", In(|b| &b.statuses[3])),
    ("hrsp_5xx", In(|b| &b.statuses[4])),
    ("hrsp_other", In(|b| &b.statuses[5])),
    ("req_tot", In(|b| &b.requests)),
    ("comp_in", In(|b| &b.compression_in)),
    ("comp_out", In(|b| &b.compression_out)),
    ("comp_byp", In(|b| &b.compression_bypass)),
    ("comp_rsp", In(|b| &b.compressed)),
    ("conn_tot", In(|b| &b.connections)),
    ("intercepted", In(|b| &b.intercepted)),
    ("dcon", In(|b| &b.denied_connections)),
    ("dses", In(|b| &b.denied_sessions)),
    ("wrew", In(|b| &b.failed_rewrites)),
    ("cache_lookups", In(|b| &b.cache.all)),
    ("cache_hits", In(|b| &b.cache.hits)),
    ("eint", In(|b| &b.internal_errors)),
    ("reqbout", In(|b| &b.requests_sent)),
    ("resbout", In(|b| &b.responses_sent)),
    ("cache_hint_hits", In(|b| &b.cache.hint_hits)),
    ("econ", In(|b| &b.connection_errors)),
    ("eresp", In(|b| &b.response_errors)),
    ("wretr", In(|b| &b.retries)),
    ("wredis", In(|b| &b.redispatches)),
    ("chkfail", Failures),
    ("chkdown", Downs),
    ("lbtot", In(|b| &b.chosen)),
    ("cli_abrt", In(|b| &b.client_aborts)),
    ("srv_abrt", In(|b| &b.server_aborts)),
    ("connect", In(|b| &b.connections)),
    ("reuse", In(|b| &b.reuses)),
];

/// Writes the file.
pub(crate) fn dump(world: &World, about: &About, now_ns: u64, out: &mut Vec<u8>) {
    let proxies = proxies(world);
    let objects = || proxies.iter().flat_map(|proxy| proxy.objects());
    let is_front = |object: &Object<'_>| matches!(object, Object::Frontend(_) | Object::Listener(..));
    for (side, columns, of_front) in [("fe", FRONT, true), ("be", BACK, false)] {
        // Writing to a vector cannot fail.
        let _ = write!(out, "#{side} guid,");
        columns.iter().for_each(|name| {
            let _ = write!(out, "{name},");
        });
        out.push(b'\n');
        for object in objects().filter(|object| is_front(object) == of_front) {
            let Some(guid) = guid(object) else { continue };
            let row = Row { world, about, level: state::world::Level::Operator, object, now_ns };
            let _ = write!(out, "{guid},");
            for name in columns {
                let value = find(name).and_then(|_| row.n(name)).unwrap_or(0);
                let _ = write!(out, "{value},");
            }
            out.push(b'\n');
        }
        out.push(b'\n');
    }
}

fn guid(object: Object<'_>) -> Option<&str> {
    match object {
        Object::Process => None,
        Object::Frontend(frontend) => frontend.guid.as_deref(),
        Object::Listener(_, bind) => bind.guid.as_deref(),
        Object::Backend(backend) => backend.guid.as_deref(),
        Object::Server(_, server) => server.guid.as_deref(),
    }
}

/// Takes over what a file says; what makes no sense in it is passed by. Done once, before anything is counted.
pub fn load(world: &World, text: &str) {
    let mut section: Option<(bool, Vec<&str>)> = None;
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with("//")) {
        if let Some(head) = line.strip_prefix('#') {
            let of_front = [("fe guid,", true), ("be guid,", false)];
            section = of_front.iter().find_map(|(side, of_front)| {
                Some((*of_front, head.strip_prefix(side)?.split(',').map(str::trim).collect()))
            });
            continue;
        }
        let Some((of_front, names)) = &section else { continue };
        let mut fields = line.split(',').map(str::trim);
        let Some(guid) = fields.next() else { continue };
        let values = names.iter().copied().zip(fields);
        let values = values.filter_map(|(name, value)| Some((name, value.parse::<u64>().ok()?)));
        if *of_front { front(world, guid, values) } else { back(world, guid, values) }
    }
}

fn front<'a>(world: &World, guid: &str, values: impl Iterator<Item = (&'a str, u64)>) {
    for frontend in &world.frontends {
        if frontend.guid.as_deref() == Some(guid) {
            return put(FRONT, values, &frontend.live.sessions, Some(&frontend.live.counters), None);
        }
        for (bind, at) in frontend.binds.iter().zip(&frontend.listening) {
            if bind.guid.as_deref() == Some(guid) && at.counters.is_some() {
                return put(FRONT, values, &at.clients, at.counters.as_ref(), None);
            }
        }
    }
}

fn back<'a>(world: &World, guid: &str, values: impl Iterator<Item = (&'a str, u64)>) {
    let is = |own: &Option<Box<str>>| own.as_deref() == Some(guid);
    let mut backends = world.backends.iter();
    let found: Option<(&Backend, Option<&Server>)> = backends.find_map(|backend| {
        if is(&backend.guid) {
            return Some((backend, None));
        }
        Some((backend, Some(backend.servers.iter().find(|server| is(&server.guid))?)))
    });
    match found {
        Some((_, Some(server))) => {
            put(BACK, values, &server.live.sessions, Some(&server.live.counters), Some(server));
        }
        Some((backend, None)) => {
            put(BACK, values, &backend.live.sessions, Some(&backend.live.counters), None);
        }
        None => {}
    }
}

fn put<'a>(
    columns: &[&str],
    values: impl Iterator<Item = (&'a str, u64)>,
    sessions: &Gauge,
    counters: Option<&PerThread<Block>>,
    server: Option<&Server>,
) {
    use std::sync::atomic::Ordering::Relaxed;
    let block = counters.and_then(|counters| counters.iter().next());
    for (name, value) in values {
        let into = GOES.iter().find(|(own, _)| *own == name && columns.contains(own)).map(|(_, into)| *into);
        match (into, block, server) {
            (Some(Sessions), ..) => sessions.begin_with(value),
            (Some(Goes::Block(field)), Some(block), _) => field(block).add(value),
            (Some(Failures), _, Some(server)) => server.live.outcome.failures.store(value, Relaxed),
            (Some(Downs), _, Some(server)) => {
                server.live.outcome.down_transitions.store(value, Relaxed);
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_stand_once() {
        for columns in [FRONT, BACK] {
            let mut names = columns.to_vec();
            names.sort_unstable();
            assert!(names.windows(2).all(|w| w[0] != w[1]));
        }
        assert!(GOES.iter().all(|(name, _)| FRONT.contains(name) || BACK.contains(name)));
    }
}
