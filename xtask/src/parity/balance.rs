//! Generated settings that decide which server a request gets: algorithms, hashes, shares, queues, and servers that
//! can't be reached.

use super::config::{Backend, Unit};
use super::greeting::Greeting;
use super::random::Random;
use super::request::Conversation;

const ALGORITHMS: &[&str] = &[
    "roundrobin",
    "static-rr",
    "leastconn",
    "first",
    "source",
    "uri",
    "uri whole",
    "uri depth 1",
    "uri len 4",
    "uri len 6 depth 2",
    "uri path-only",
    "url_param a",
    "url_param a check_post",
    "hdr(host)",
    "hdr(host) use_domain_only",
    "hdr(x-many)",
    "hash path",
    "hash req.hdr(x-many),lower",
    "hash pathq,length",
    "hash src",
    "rdp-cookie",
    "rdp-cookie(mstshash)",
];

const FUNCTIONS: &[&str] = &["", " sdbm", " djb2", " crc32", " none"];

const MORE: &[&str] = &[
    "hash-balance-factor 101",
    "hash-balance-factor 150",
    "hash-balance-factor 1000",
    "hash-balance-factor 0",
    "hash-preserve-affinity maxconn",
    "hash-preserve-affinity maxqueue",
    "hash-preserve-affinity always",
    "option allbackups",
    "option allbackups",
];

/// Settings of a server that decide which requests it gets.
const SHARES: &[&str] = &[
    " minconn 2 maxconn 4",
    " id 70",
    " hash-key id32",
    " hash-key id",
    " hash-key addr",
    " hash-key guid",
    " weight 100",
    " weight 256",
    " maxconn 9 maxqueue 3",
    " slowstart 5s",
    " check inter 1m",
    " no-backup",
];

/// Lines for a backend whose servers are all busy.
const BUSY: &[&str] = &[
    "timeout queue 30ms",
    "timeout queue 5s",
    "fullconn 1",
    "fullconn 4",
    "option redispatch",
    "http-request set-priority-class int(-5)",
    "http-request set-priority-class int(9) if { path_beg /api }",
    "http-request set-priority-offset int(400) if METH_POST",
    "hash-balance-factor 120",
    "hash-preserve-affinity maxqueue",
    "no option abortonclose",
    "http-reuse never",
];

/// What of it a server has.
const PLACES: &[&str] =
    &[" maxconn 1", " maxconn 1 maxqueue 1", " minconn 1 maxconn 2", " minconn 1 maxconn 3 maxqueue 2"];

/// Lines for a backend with a server that can't be reached.
const TRIES: &[&str] = &[
    "option redispatch",
    "option redispatch 2",
    "option redispatch -1",
    "no option redispatch",
    "retries 0",
    "retries 1",
    "retries 2",
    "retries 4",
    "retry-on none",
    "retry-on conn-failure",
    "retry-on all-retryable-errors",
    "retry-on conn-failure 503 504 429 401",
    "retry-on conn-failure empty-response junk-response response-timeout",
    "option persist",
    "http-request disable-l7-retry if METH_POST",
];

/// The algorithm of a backend and what belongs to it.
pub(super) fn lines(random: &mut Random) -> Vec<String> {
    let mut lines = vec![format!("balance {}", random.pick(ALGORITHMS))];
    if random.chance(40) {
        let kind = random.pick(&["map-based", "consistent"]);
        let avalanche = if random.chance(30) { " avalanche" } else { "" };
        // The word for the end needs the one for the function before it.
        let function = match random.pick(FUNCTIONS) {
            "" if !avalanche.is_empty() => " sdbm",
            function => function,
        };
        lines.push(format!("hash-type {kind}{function}{avalanche}"));
    }
    if random.chance(20) {
        lines.push(random.pick(MORE).to_owned());
    }
    lines
}

/// The share of a server, in some.
pub(super) fn share(random: &mut Random) -> &'static str {
    if random.chance(20) { random.pick(SHARES) } else { "" }
}

/// In some units a server can't be reached, in others clients have to wait for each other.
pub(super) fn troubles(unit: &mut Unit, random: &mut Random) {
    match random.below(100) {
        0..6 => {
            unreachable(unit, random);
        }
        6..9 => busy(unit, random),
        _ => {}
    }
}

/// Where servers can't be reached, what is done when the client has ended its direction is said: the default differs
/// between versions.
pub(super) fn say_aborts(unit: &mut Unit, random: &mut Random) {
    let told = unit.greeting != Greeting::None;
    let lost = |settings: &String| settings.contains("{refused}") || told && settings.contains("{mapped}");
    if unit.backends.iter().flat_map(|backend| &backend.servers).any(lost) {
        unit.defaults.push(random.pick(&["option abortonclose", "no option abortonclose"]).to_owned());
    }
}

fn unreachable(unit: &mut Unit, random: &mut Random) -> Option<()> {
    // Between two tries of one server passes the time of a connection attempt.
    unit.defaults.push("timeout connect 60ms".to_owned());
    let backend = some_backend(unit, random)?;
    for _ in 0..1 + random.below(3) {
        let at = backend.lines.len() - random.below(2).min(backend.lines.len());
        backend.lines.insert(at, random.pick(TRIES).to_owned());
    }
    // Among equals it draws lots: where one can't be reached, what comes out is luck.
    for line in backend.lines.iter_mut().filter(|line| *line == "balance leastconn") {
        *line = "balance roundrobin".to_owned();
    }
    let server = random.below(backend.servers.len());
    backend.servers[server].insert_str(0, " {refused}");
    Some(())
}

fn busy(unit: &mut Unit, random: &mut Random) {
    unit.is_busy = true;
    // Bytes that nobody answers hold the one place for as long as the client's time is.
    if random.chance(25) && !unit.is_tcp {
        unit.frontend.push("maxconn 1".to_owned());
    }
    if let Some(backend) = some_backend(unit, random) {
        for _ in 0..1 + random.below(3) {
            backend.lines.push(random.pick(BUSY).to_owned());
        }
        // Places that redirected clients took are never given back by 3.5.
        for settings in backend.servers.iter_mut().filter(|settings| !settings.contains(" redir ")) {
            settings.push_str(random.pick(PLACES));
        }
    }
}

fn some_backend<'a>(unit: &'a mut Unit, random: &mut Random) -> Option<&'a mut Backend> {
    let with_servers = |backend: &&mut Backend| {
        !backend.servers.is_empty() && !backend.servers.iter().any(|settings| settings.contains('{'))
    };
    let mut backends: Vec<&mut Backend> = unit.backends.iter_mut().filter(with_servers).collect();
    let at = random.below(backends.len().max(1));
    (at < backends.len()).then(|| backends.swap_remove(at))
}

/// Clients that come first, for a conversation of a busy unit.
pub(super) fn hold(unit: &Unit, random: &mut Random, conversation: &mut Conversation) {
    if unit.is_busy {
        conversation.holders = random.below(3);
    }
}
