//! `get weight`, `set weight` (management manual 9.3).

use std::sync::atomic::Ordering::Relaxed;

use super::prelude::*;
use super::set_server::{self, Said};

pub(super) const KEYWORDS: &[Command] = &[
    Command {
        words: &["get", "weight"],
        usage: "get weight <bk>/<srv>",
        doc: "tell a server's weight, and which it had at first",
        level: Level::User,
        gate: Gate::Open,
        run: |query, _, out| match seat(query, 2) {
            Ok(seat) => {
                let (now, first) = (seat.server.live.weight.load(Relaxed), seat.server.weight);
                query.plain(&format!("{now} (initial {first})"), out)
            }
            Err(why) => query.refuse(why, out),
        },
    },
    Command {
        words: &["set", "weight"],
        usage: "set weight <bk>/<srv>  (DEPRECATED)",
        doc: "change a server's weight ('set server' does it too)",
        level: Level::Admin,
        gate: Gate::Open,
        run: |query, _, out| {
            let done =
                seat(query, 2).map_err(Said::Error).and_then(|seat| set_server::weight(query, seat, 3));
            match done {
                Err(Said::Error(why) | Said::Warning(why)) => query.refuse(why, out),
                Err(Said::Invalid(text)) => query.refuse(&text, out),
                Ok(()) => Answer::Done,
            }
        },
    },
];
