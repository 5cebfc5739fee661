//! What is said of proxies and servers when signals ask for it, in HAProxy's words.

use state::{Backend, Frontend, World};

use crate::say;

/// One proxy as users know it: a `listen` section is both.
struct Proxy<'w> {
    name: &'w str,
    front: Option<&'w Frontend>,
    back: Option<&'w Backend>,
}

fn proxies(world: &World) -> Vec<Proxy<'_>> {
    let mut all: Vec<Proxy<'_>> =
        world.frontends.iter().map(|f| Proxy { name: &f.name, front: Some(f), back: None }).collect();
    for back in &world.backends {
        match all.iter_mut().find(|p| p.name == &*back.name) {
            Some(listen) => listen.back = Some(back),
            None => all.push(Proxy { name: &back.name, front: None, back: Some(back) }),
        }
    }
    all
}

/// Connections under way and in all, of the front and of the back.
fn connections(proxy: &Proxy<'_>) -> [(u32, u64); 2] {
    let front = proxy.front.map(|f| &f.live.sessions);
    let back = proxy.back.map(|b| &b.live.sessions);
    [front, back].map(|gauge| gauge.map_or((0, 0), |g| (g.now(), g.total())))
}

/// SIGUSR1: each proxy stops.
pub(crate) fn stopped(world: &World) {
    for proxy in proxies(world) {
        let [(_, front), (_, back)] = connections(&proxy);
        say::warning(&format!("Proxy {} stopped (cumulated conns: FE: {front}, BE: {back}).", proxy.name));
    }
}

/// `hard-stop-after` is over.
pub(crate) fn hard_stopped(world: &World) {
    say::warning("soft-stop running for too long, performing a hard-stop.");
    for proxy in proxies(world) {
        let [(left, _), _] = connections(&proxy);
        if left > 0 {
            say::warning(&format!(
                "Proxy {} hard-stopped ({left} remaining conns will be closed).",
                proxy.name
            ));
        }
    }
}

/// SIGHUP: how the servers are.
pub(crate) fn servers(world: &World) {
    say::warning("SIGHUP received, dumping servers states.");
    for proxy in proxies(world) {
        let [(front, front_total), (back, back_total)] = connections(&proxy);
        let servers = proxy.back.map_or(&[][..], |b| &b.servers);
        for server in servers {
            let state = if server.is_up() { "UP" } else { "DOWN" };
            let (now, queued) = (server.live.sessions.now(), server.live.queued.now());
            let total = server.live.sessions.total();
            say::warning(&format!(
                "SIGHUP: Server {}/{} is {state}. Conn: {now} act, {queued} pend, {total} tot.",
                proxy.name, server.name
            ));
        }
        let up = |backup: bool| servers.iter().filter(|s| s.backup == backup && s.is_usable()).count();
        let (active, backup) = (up(false), up(true));
        let what = match (servers.len(), active, backup) {
            (0, ..) => "has no servers.".to_owned(),
            (_, 0, 0) => "has no server available !".to_owned(),
            (_, 0, _) => format!("is running on {backup} backup servers."),
            _ => format!("has {active} active servers and {backup} backup servers available."),
        };
        let queued = proxy.back.map_or(0, |b| b.live.queued.now());
        let pending = servers.iter().map(|s| s.live.queued.now()).sum::<u32>() + queued;
        say::warning(&format!(
            "SIGHUP: Proxy {} {what} Conn: act(FE+BE): {front}+{back}, {pending} pend ({queued} unass), \
             tot(FE+BE): {front_total}+{back_total}.",
            proxy.name
        ));
    }
}
