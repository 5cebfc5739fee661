//! How servers and backends are doing.

use std::borrow::Cow;

use state::frontend::listening;
use state::server::{Check, FULL_STEPS, admin};
use state::{Backend, Server, World};

use super::prelude::*;

pub(super) const KEYWORDS: &[Metric] = &[
    metric(
        "status",
        "SGPV",
        Scope::ALL,
        Str(|row| Some(status(row))),
        "OPEN of a frontend or listener; UP, DOWN, MAINT, DRAIN, no check",
    ),
    metric(
        "weight",
        "MaPV",
        Scope::BACK,
        U32(weight),
        "The weight in force, of a backend that of its usable servers together",
    ),
    Metric {
        name: "act",
        doc: "Usable servers that are no backups; of a server whether it is none",
        tags: "MGPV",
        tags_at: Some((Scope::SERVER, "SGPV")),
        scope: Scope::BACK,
        read: U32(|row| count(row, false)),
    },
    Metric {
        name: "bck",
        doc: "Usable backup servers; of a server whether it is one",
        tags: "MGPV",
        tags_at: Some((Scope::SERVER, "SGPV")),
        scope: Scope::BACK,
        read: U32(|row| count(row, true)),
    },
    metric(
        "chkdown",
        "MCPP",
        Scope::BACK,
        U64(downs),
        "How often checks found it down, a backend all of its servers",
    ),
    metric("lastchg", "MAPP", Scope::BACK, U32(changed), "Seconds since it last went up or down"),
    metric("downtime", "MCPV", Scope::BACK, U32(downtime), "Seconds it was down in all"),
    metric(
        "throttle",
        "MGPV",
        Scope::SERVER,
        U32(throttle),
        "Percent of its weight that a server has while it starts slowly ('slowstart')",
    ),
    metric("tracked", "CNSV", Scope::SERVER, Str(tracked), "The server whose state this one has ('track')"),
    metric(
        "uweight",
        "MaPV",
        Scope::BACK,
        U32(user_weight),
        "The weight that was set, of a backend that of its usable servers together",
    ),
    metric(
        "agg_server_status",
        "MGPV",
        Scope::BACKEND,
        U32(|_| Some(0)),
        "Filled by exporters that count servers by status, 0 here",
    ),
    metric(
        "agg_server_check_status",
        "MGPV",
        Scope::BACKEND,
        U32(|_| Some(0)),
        "Filled by exporters that count servers by status, 0 here",
    ),
    metric(
        "agg_check_status",
        "MGPV",
        Scope::BACKEND,
        U32(|_| Some(0)),
        "Filled by exporters that count servers by check result, 0 here",
    ),
];

/// The most servers that are asked whom they follow.
const HOPS_MAX: usize = 1000;

/// What the status of a server says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ServerStatus {
    Maintenance,
    /// Not checked, taken for up.
    Unchecked,
    /// Takes nothing new; with how many failures are left of `fall`, if not all.
    Drain(Option<(i32, u32)>),
    /// As `Drain`, of one that has an agent, which may have wanted it.
    DrainByAgent,
    /// Up, but balancing doesn't choose it.
    Stopping(Option<(i32, u32)>),
    /// Up; with how many failures are left of `fall`, if not all.
    Up(Option<(i32, u32)>),
    /// Down since its agent says so.
    DownByAgent,
    /// Down; with how many successes of `rise` there were, if any.
    Down(Option<(i32, u32)>),
}

/// The check of a server that is run, unless an administrator stopped it.
pub(super) fn check_of(server: &Server) -> Option<&Check> {
    server.check.as_deref().filter(|_| server.live.checks.load(Relaxed))
}

/// The status of a server, from its administration and its checks, or those of the server that it follows.
pub fn server_status(world: &World, server: &Server) -> ServerStatus {
    let flags = server.live.admin.load(Relaxed);
    if flags & admin::ANY_MAINT != 0 {
        return ServerStatus::Maintenance;
    }
    let (mut judge, mut hops) = (server, 0);
    while let Some((_, next)) = leader(world, judge).filter(|_| hops < HOPS_MAX) {
        (judge, hops) = (next, hops + 1);
    }
    let check = check_of(judge);
    let health = judge.live.outcome.health.load(Relaxed);
    if !server.live.healthy.load(Relaxed) {
        if judge.agent.is_some() && judge.live.agent.health.load(Relaxed) == 0 {
            return ServerStatus::DownByAgent;
        }
        let rising = check.filter(|_| health > 0).map(|check| (health, check.pace.rise.max(1)));
        return ServerStatus::Down(rising);
    }
    let falling = check.and_then(|check| {
        let fall = check.pace.fall.max(1);
        let left = health - check.rise() + 1;
        (i64::from(left) < i64::from(fall)).then_some((left.max(0), fall))
    });
    match (server.live.stopping.load(Relaxed), flags & admin::ANY_DRAIN != 0, check) {
        (true, ..) => ServerStatus::Stopping(falling),
        (false, true, _) if judge.agent.is_some() => ServerStatus::DrainByAgent,
        (false, true, _) => ServerStatus::Drain(falling),
        (false, false, None) => ServerStatus::Unchecked,
        (false, false, Some(_)) => ServerStatus::Up(falling),
    }
}

impl ServerStatus {
    /// As the `status` column shows it.
    pub fn text(self) -> Cow<'static, str> {
        let (word, left) = match self {
            Self::Maintenance => ("MAINT", None),
            Self::Unchecked => ("no check", None),
            Self::Drain(left) => ("DRAIN", left),
            Self::DrainByAgent => ("DRAIN (agent)", None),
            Self::Stopping(left) => ("NOLB", left),
            Self::Up(left) => ("UP", left),
            Self::DownByAgent => ("DOWN (agent)", None),
            Self::Down(left) => ("DOWN", left),
        };
        left.map_or(word.into(), |(n, of)| format!("{word} {n}/{of}").into())
    }
}

fn status<'a>(row: &Row<'a>) -> Cow<'a, str> {
    match row.object {
        Object::Server(_, server) => {
            let text = server_status(row.world, server).text();
            let flags = server.live.admin.load(Relaxed);
            let via = flags & admin::VIA_MAINT != 0;
            match leader(row.world, server).filter(|_| via) {
                Some((backend, leader)) => format!("{text} (via {}/{})", backend.name, leader.name).into(),
                None if flags & admin::ANY_MAINT == admin::UNRESOLVED => {
                    format!("{text} (resolution)").into()
                }
                None => text,
            }
        }
        Object::Backend(backend) => {
            let up = backend.servers.is_empty() || backend.servers.iter().any(Server::is_usable);
            let published = !backend.live.unpublished.load(Relaxed);
            match (up, published) {
                (true, true) => "UP".into(),
                (false, true) => "DOWN".into(),
                (true, false) => "UP (UNPUB)".into(),
                (false, false) => "DOWN (UNPUB)".into(),
            }
        }
        Object::Frontend(f) if f.live.listening.load(Relaxed) == listening::PAUSED => "PAUSED".into(),
        Object::Frontend(f) if f.live.listening.load(Relaxed) == listening::ENDED => "STOP".into(),
        Object::Process | Object::Frontend(_) | Object::Listener(..) => {
            if row.about.stopping.load(Relaxed) {
                "STOP".into()
            } else {
                "OPEN".into()
            }
        }
    }
}

/// A server's weight in force in sixteenths: algorithms with fixed weights heed no slow start.
fn share(backend: &Backend, server: &Server) -> u32 {
    if backend.balance.is_dynamic() { server.share() } else { server.live.weight.load(Relaxed) * FULL_STEPS }
}

fn weight(row: &Row<'_>) -> Option<u32> {
    Some(sum(row, share)?.div_ceil(FULL_STEPS))
}

fn user_weight(row: &Row<'_>) -> Option<u32> {
    sum(row, |_, server| server.live.weight.load(Relaxed))
}

/// Of a server its number; of a backend that of all servers that count: usable ones, the backups only when there are no
/// others.
fn sum(row: &Row<'_>, of: impl Fn(&Backend, &Server) -> u32) -> Option<u32> {
    match row.object {
        Object::Server(backend, server) => Some(of(backend, server)),
        Object::Backend(backend) => {
            let backups = usable(&backend.servers, false).next().is_none();
            Some(usable(&backend.servers, backups).map(|server| of(backend, server)).sum())
        }
        _ => None,
    }
}

fn throttle(row: &Row<'_>) -> Option<u32> {
    let (backend, server) = (row.backend()?, row.server()?);
    let starting = server.live.ramp.load(Relaxed) != 0 && server.is_up();
    let weight = server.live.weight.load(Relaxed);
    starting.then(|| (100 * share(backend, server)).div_ceil(FULL_STEPS) / weight.max(1))
}

fn tracked<'a>(row: &Row<'a>) -> Option<Cow<'a, str>> {
    let (backend, server) = row.server().and_then(|server| leader(row.world, server))?;
    Some(format!("{}/{}", backend.name, server.name).into())
}

/// The server whose state this one has.
fn leader<'w>(world: &'w World, server: &Server) -> Option<(&'w Backend, &'w Server)> {
    let (backend, server) = server.track?;
    let backend = world.backend(backend)?;
    Some((backend, backend.server(server)?))
}

fn usable(servers: &[Server], backup: bool) -> impl Iterator<Item = &Server> {
    servers.iter().filter(move |s| s.backup == backup && s.is_usable())
}

fn count(row: &Row<'_>, backup: bool) -> Option<u32> {
    match row.object {
        Object::Server(_, server) => Some(u32::from(server.backup == backup)),
        Object::Backend(backend) => Some(small(usable(&backend.servers, backup).count() as u64)),
        _ => None,
    }
}

fn downs(row: &Row<'_>) -> Option<u64> {
    match row.object {
        Object::Server(_, server) => {
            check_of(server).map(|_| server.live.outcome.down_transitions.load(Relaxed))
        }
        Object::Backend(backend) => Some(backend.live.down_transitions.load(Relaxed)),
        _ => None,
    }
}

/// What never changed has been as it is since the start.
fn changed(row: &Row<'_>) -> Option<u32> {
    let then = match row.object {
        Object::Server(_, server) => server.live.outcome.changed_ns.load(Relaxed),
        Object::Backend(backend) => backend.live.changed_ns.load(Relaxed),
        _ => return None,
    };
    Some(small(row.seconds_since(then.max(row.about.started_ns))))
}

fn downtime(row: &Row<'_>) -> Option<u32> {
    let ns = match row.object {
        Object::Server(_, server) => {
            check_of(server)?;
            let outcome = &server.live.outcome;
            let now = if server.is_up() {
                0
            } else {
                row.now_ns.saturating_sub(outcome.changed_ns.load(Relaxed).max(row.about.started_ns))
            };
            outcome.downtime_ns.load(Relaxed) + now
        }
        Object::Backend(backend) if !backend.servers.is_empty() => backend.live.downtime_ns.load(Relaxed),
        _ => return None,
    };
    Some(small(ns / 1_000_000_000))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts() {
        for (status, text) in [
            (ServerStatus::Up(None), "UP"),
            (ServerStatus::Up(Some((1, 3))), "UP 1/3"),
            (ServerStatus::Down(Some((1, 2))), "DOWN 1/2"),
            (ServerStatus::Unchecked, "no check"),
        ] {
            assert_eq!(status.text(), text);
        }
    }
}
