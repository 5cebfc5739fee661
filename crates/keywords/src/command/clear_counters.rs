//! `clear counters`: statistics begin anew (management manual 9.3).

use std::sync::Arc;

use state::family::Chore;
use state::{Server, World, clear};

use super::prelude::*;

pub(super) const KEYWORDS: &[Command] = &[operator(
    &["clear", "counters"],
    "clear counters [all|server <bk>/<srv> [force]]",
    "forget maxima, everything that was counted, or what was counted of one server",
    |query, _, out| match query.word(2) {
        b"all" => everything(query),
        b"server" => of_server(query, out),
        _ => {
            clear::maxima(query.world, query.about);
            Answer::Then(Chore::Each(Arc::new(clear::own_maxima)))
        }
    },
)];

fn everything(query: &Query<'_>) -> Answer {
    if query.console.level.get() < Level::Admin {
        return Answer::Done;
    }
    clear::all(query.world, query.about);
    Answer::Then(Chore::Each(Arc::new(clear::own)))
}

fn of_server(query: &Query<'_>, out: &mut Vec<u8>) -> Answer {
    let seat = match seat(query, 3) {
        Ok(seat) => seat,
        Err(why) => return query.refuse(why, out),
    };
    clear::server(seat.server);
    query.notice("Server counters cleared.", out);
    let uid = seat.server.live.uid;
    Answer::Then(Chore::Each(Arc::new(move |world: &World, thread: u16| {
        let named = |server: &&Server| server.live.uid == uid;
        if let Some(server) = world.backends.iter().flat_map(|b| &b.servers).find(named) {
            clear::own_of_server(server, thread);
        }
    })))
}
