//! `shutdown`: a frontend for good, the sessions on a server (management manual 9.3).

use std::sync::atomic::Ordering::Relaxed;

use state::Frontend;
use state::family::Chore;
use state::frontend::listening;
use state::termination::Cause;

use super::prelude::*;

pub(super) const KEYWORDS: &[Command] = &[
    admin(
        &["shutdown", "frontend"],
        "shutdown frontend <frontend>",
        "stop a frontend for good",
        |q, _, out| of_frontend(q, 2, out, |frontend, out| end(q, frontend, out)),
    ),
    admin(
        &["shutdown", "sessions", "server"],
        "shutdown sessions server <bk>/<srv>",
        "end the sessions on a server",
        |query, _, out| match seat(query, 3) {
            Ok(seat) => {
                query.world.process.shutdowns.add((seat.server.live.uid, Cause::KILLED));
                Answer::Done
            }
            Err(why) => query.refuse(why, out),
        },
    ),
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
