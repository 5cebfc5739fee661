//! `shutdown`: a frontend for good, the sessions on a server (management manual 9.3).

use std::sync::atomic::Ordering::Relaxed;

use state::Frontend;
use state::family::Chore;
use state::frontend::listening;
use state::termination::Cause;

use super::prelude::*;

pub(super) const KEYWORDS: &[Command] = &[
    Command {
        words: &["shutdown", "frontend"],
        usage: "shutdown frontend <frontend>",
        doc: "stop a frontend for good",
        level: Level::Admin,
        gate: Gate::Open,
        run: |q, _, out| of_frontend(q, 2, out, |frontend, out| end(q, frontend, out)),
    },
    Command {
        words: &["shutdown", "sessions", "server"],
        usage: "shutdown sessions server <bk>/<srv>",
        doc: "end the sessions on a server",
        level: Level::Admin,
        gate: Gate::Open,
        run: |query, _, out| match seat(query, 3) {
            Ok(seat) => {
                query.world.process.shutdowns.add((seat.server.live.uid, Cause::KILLED));
                Answer::Done
            }
            Err(why) => query.refuse(why, out),
        },
    },
];

fn end(query: &Query<'_>, frontend: &Frontend, out: &mut Vec<u8>) -> Answer {
    if frontend.live.listening.swap(listening::ENDED, Relaxed) == listening::ENDED {
        return query.notice("Frontend was already shut down.", out);
    }
    let connections = frontend.live.sessions.total();
    query.announce(
        frontend,
        format!("Proxy {} stopped (cumulated conns: FE: {connections}, BE: 0).", frontend.name),
    );
    Answer::Then(Chore::Listeners)
}
