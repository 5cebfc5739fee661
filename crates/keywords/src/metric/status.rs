//! How servers and backends are doing.

use std::borrow::Cow;

use state::server::{Server, admin};

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
        "uweight",
        "MaPV",
        Scope::BACK,
        U32(weight),
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

/// What the status of a server says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ServerStatus {
    Maintenance,
    /// Not checked, taken for up.
    Unchecked,
    Drain,
    /// Up; with how many failures are left of `fall`, if not all.
    Up(Option<(i32, u32)>),
    /// Down; with how many successes of `rise` there were, if any.
    Down(Option<(i32, u32)>),
}

/// The status of a server, from its administration and its checks.
pub fn server_status(server: &Server) -> ServerStatus {
    let flags = server.live.admin.load(Relaxed);
    if flags & admin::MAINT != 0 {
        return ServerStatus::Maintenance;
    }
    let Some(check) = &server.check else {
        let drains = flags & admin::DRAIN != 0;
        return if drains { ServerStatus::Drain } else { ServerStatus::Unchecked };
    };
    let health = server.live.outcome.health.load(Relaxed);
    let (rise, fall) = (check.pace.rise.max(1), check.pace.fall.max(1));
    let below = i32::try_from(rise).unwrap_or(i32::MAX);
    if !server.live.healthy.load(Relaxed) {
        return ServerStatus::Down((health > 0).then_some((health, rise)));
    }
    if flags & admin::DRAIN != 0 {
        return ServerStatus::Drain;
    }
    let left = health - below + 1;
    ServerStatus::Up((i64::from(left) < i64::from(fall)).then_some((left.max(0), fall)))
}

impl ServerStatus {
    /// As the `status` column shows it.
    pub fn text(self) -> Cow<'static, str> {
        match self {
            Self::Maintenance => "MAINT".into(),
            Self::Unchecked => "no check".into(),
            Self::Drain => "DRAIN".into(),
            Self::Up(None) => "UP".into(),
            Self::Down(None) => "DOWN".into(),
            Self::Up(Some((n, of))) => format!("UP {n}/{of}").into(),
            Self::Down(Some((n, of))) => format!("DOWN {n}/{of}").into(),
        }
    }
}

fn status<'a>(row: &Row<'a>) -> Cow<'a, str> {
    match row.object {
        Object::Server(_, server) => server_status(server).text(),
        Object::Backend(backend) => {
            let up = backend.servers.is_empty() || backend.servers.iter().any(Server::is_usable);
            if up { "UP".into() } else { "DOWN".into() }
        }
        Object::Process | Object::Frontend(_) | Object::Listener(..) => {
            if row.about.stopping.load(Relaxed) {
                "STOP".into()
            } else {
                "OPEN".into()
            }
        }
    }
}

/// The servers that count for a backend: usable ones, the backups only when there are no others.
fn weight(row: &Row<'_>) -> Option<u32> {
    let of = |server: &Server| server.live.weight.load(Relaxed);
    match row.object {
        Object::Server(_, server) => Some(of(server)),
        Object::Backend(backend) => {
            let backups = usable(&backend.servers, false).next().is_none();
            Some(usable(&backend.servers, backups).map(of).sum())
        }
        _ => None,
    }
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
            server.check.as_ref().map(|_| server.live.outcome.down_transitions.load(Relaxed))
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
            server.check.as_ref()?;
            let outcome = &server.live.outcome;
            let now = if server.live.healthy.load(Relaxed) {
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
