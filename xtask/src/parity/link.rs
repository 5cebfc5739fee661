//! Generated settings of what is around the messages: how clients and servers are connected, how long they are waited
//! for, which pages errors have. Most of them must change nothing that a client or an origin can see.

use super::config::Backend;
use super::random::Random;
use crate::root::root;

/// Settings of a `bind` line that need no privileges.
const BINDS: &[&str] = &[
    " name web",
    " id 4711",
    " maxconn 500",
    " backlog 100",
    " interface lo",
    " tfo",
    " mss 1200",
    " shards 1",
    " nice 10",
    " tcp-ut 10s",
    " thread 1",
    " v4v6",
    " defer-accept",
    " backlog 2000 maxconn 800",
    " shards by-thread",
    " nice -10",
    " level user",
    " severity-output number",
    " proto h1",
    " tcp-ut 1m id 4713 name x",
];

/// Settings of a server that decide how it is connected.
const SERVERS: &[&str] = &[
    " source 127.0.0.1",
    " source 127.0.0.1 interface lo",
    " tfo",
    " pool-max-conn 0",
    " pool-max-conn 1",
    " pool-purge-delay 1s",
    " max-reuse 1",
    " init-addr last,none",
    " resolve-prefer ipv4",
    " enabled",
    " send-proxy",
    " send-proxy-v2",
    " send-proxy-v2 proxy-v2-options crc32c",
    " tcp-ut 10s",
    " no-tfo",
    " no-send-proxy",
    " send-proxy-v2 proxy-v2-options unique-id",
    " send-proxy-v2 set-proxy-v2-tlv-fmt(0xe1) %[path]",
    " send-proxy-v2 set-proxy-v2-tlv-fmt(0x02) %[fc_pp_authority]",
    " pool-low-conn 2",
    " pool-max-conn 2 pool-purge-delay 10s",
    " max-reuse 0",
    " init-addr libc,last",
    " resolve-prefer ipv6",
    " source 127.0.0.1:1024-65000",
    " on-marked-down shutdown-sessions",
    " on-marked-up shutdown-backup-sessions",
    " proto h1",
    " idle-ping 10s",
    " fastinter 1s downinter 1s rise 3 fall 3",
    " observe layer4 error-limit 100 check inter 1m",
    " agent-inter 1s",
];

const TIMEOUTS: &[&str] = &[
    "timeout http-request 10s",
    "timeout http-keep-alive 10s",
    "timeout tunnel 30s",
    "timeout client-fin 5s",
    "timeout server-fin 5s",
    "timeout queue 5s",
    "timeout check 5s",
    "timeout http-request 400ms",
    "timeout client-hs 5s",
    "timeout client 15s",
];

/// Options of a frontend.
const FRONT: &[&str] = &[
    "option nolinger",
    "option splice-request",
    "option splice-response",
    "option independent-streams",
    "option contstats",
    "option socket-stats",
    "option tcpka",
    "rate-limit sessions 5000",
    "backlog 200",
    "errorfiles pages 400 403 503",
    "errorfiles pages 403 503",
    "tcp-request content reject if { path_beg /api }",
    "tcp-request content reject if { method PUT } { req.hdr(x-many) -m found }",
    "tcp-request content accept if { req.len gt 10 }",
    "tcp-request session set-var(sess.v) src",
    "no option http-keep-alive",
];

/// Options of a backend.
const BACK: &[&str] = &[
    "option nolinger",
    "option splice-request",
    "option splice-response",
    "option splice-auto",
    "option independent-streams",
    "option tcpka",
    "http-reuse safe",
    "http-reuse aggressive",
    "retries 0",
    "retry-on all-retryable-errors",
    "retry-on conn-failure 404",
    "default-server weight 3",
    "default-server pool-max-conn 0",
    "default-server maxconn 50 pool-purge-delay 2s",
    "errorfiles pages 503",
    "tcp-request content reject if { path_beg /api }",
    "tcp-request content accept",
    "tcp-response content reject if { status 404 }",
    "tcp-response content accept if { status 200 }",
    "tcp-response content reject if { res.hdr(x-dup) -m found }",
    "tcp-response content close if { status 404 }",
    "tcp-response content close if { res.hdr(x-dup) -m found }",
    "default-server inter 1m fall 2 rise 1 backup",
    "default-server send-proxy",
    "default-server disabled",
    "source 127.0.0.1 interface lo",
    "timeout tunnel 1m",
    "no option splice-auto",
];

/// Lines of a backend for bytes.
const BYTES: &[&str] = &[
    "option splice-auto",
    "option tcp-smart-connect",
    "option srvtcpka",
    "tcp-response content reject if { res.payload(9,3) -m str 404 }",
    "tcp-response content reject if { res.payload(0,0) -m sub X-Dup }",
    "tcp-response content accept if { res.len gt 10 }",
    "tcp-request content accept if { req.len gt 10 }",
    "tcp-request content reject if { req.payload(0,4) -m str HEAD }",
    "tcp-response content close if { res.payload(9,3) -m str 404 }",
    "option redispatch",
    "retries 1",
    "persist rdp-cookie",
    "fullconn 10",
];

pub(super) fn bind(random: &mut Random) -> String {
    if random.chance(75) { String::new() } else { random.pick(BINDS).to_owned() }
}

pub(super) fn server(random: &mut Random) -> String {
    if random.chance(80) { String::new() } else { random.pick(SERVERS).to_owned() }
}

pub(super) fn timeouts(random: &mut Random) -> Vec<String> {
    // Those who are kept waiting don't wait long.
    let mut lines = vec!["timeout tarpit 50ms".to_owned()];
    if random.chance(20) {
        lines.push(random.pick(TIMEOUTS).to_owned());
    }
    lines
}

pub(super) fn front(random: &mut Random) -> Vec<String> {
    picked(random, 30, FRONT)
}

pub(super) fn back(random: &mut Random) -> Vec<String> {
    picked(random, 35, BACK)
}

/// Lines of a backend in TCP mode; those that look at bytes have the time for them.
pub(super) fn bytes(random: &mut Random) -> Vec<String> {
    let mut lines = picked(random, 60, BYTES);
    if !lines.is_empty() {
        lines.push("tcp-response inspect-delay 5s".to_owned());
        lines.push("tcp-request inspect-delay 5s".to_owned());
    }
    lines
}

/// Servers from a template beside the written ones, on the port of the first of these; and one that is reached at the
/// client's port.
pub(super) fn template(random: &mut Random, backend: &mut Backend) {
    if backend.servers.is_empty() {
        return;
    }
    // 3.5-dev5 forgets the address of a template after such a line.
    let defaults = backend.lines.iter().any(|line| line.starts_with("default-server"));
    if random.chance(6) && !defaults {
        backend.lines.push("server-template t 1-2 127.0.0.1:{origin}".to_owned());
    }
    if let Some(server) = backend.servers.last_mut().filter(|_| random.chance(4)) {
        server.insert_str(0, " {mapped}");
    }
}

/// The pages that `errorfiles` names.
pub(super) fn pages() -> String {
    let page = root().join("tests/parity/page.http");
    let files = [400, 403, 404, 502, 503].map(|code| format!("    errorfile {code} {}\n", page.display()));
    format!("http-errors pages\n{}", files.concat())
}

fn picked(random: &mut Random, percent: usize, from: &[&str]) -> Vec<String> {
    let mut lines = Vec::new();
    while random.chance(percent) && lines.len() < 3 {
        lines.push(random.pick(from).to_owned());
    }
    lines
}
