//! `show cli level`, `show cli sockets`: the Runtime API itself.

use std::io::Write as _;

use state::frontend::BindAddress;

use super::prelude::*;

pub(super) const KEYWORDS: &[Command] = &[
    user(&["show", "cli", "level"], "show cli level", "show the level of this session", |query, _, out| {
        query.inform(name(query.console.level.get()), out)
    }),
    user(&["show", "cli", "sockets"], "show cli sockets", "list the sockets of the Runtime API", sockets),
];

const fn name(level: Level) -> &'static str {
    match level {
        Level::User => "user",
        Level::Operator => "operator",
        Level::Admin => "admin",
    }
}

/// Inherited sockets have no address in the configuration and are left out.
fn sockets(query: &Query<'_>, _: u64, out: &mut Vec<u8>) -> Answer {
    out.extend_from_slice(b"# socket lvl processes\n");
    for socket in &query.world.global.stats_sockets {
        let at = match &socket.bind.address {
            BindAddress::Inet(at) if at.is_ipv4() => format!("ipv4@{at}"),
            BindAddress::Inet(at) => format!("ipv6@{at}"),
            BindAddress::Unix(path) => format!("unix@{path}"),
            BindAddress::Abstract(name) => format!("abns@{}", name.trim_end_matches('\0')),
            BindAddress::Fd(_) => continue,
        };
        // Writing to a vector cannot fail.
        let _ = writeln!(out, "{at} {} all", name(socket.level));
    }
    Answer::Done
}
