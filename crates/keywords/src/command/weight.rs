//! `get weight`, `set weight` (management manual 9.3).

use std::sync::atomic::Ordering::Relaxed;

use super::prelude::*;
use super::set_server::{self, Said};

pub(super) const KEYWORDS: &[Command] = &[
    user(
        &["get", "weight"],
        "get weight <bk>/<srv>",
        "tell a server's weight, and which it had at first",
        |query, _, out| match seat(query, 2) {
            Ok(seat) => {
                let (now, first) = (seat.server.live.weight.load(Relaxed), seat.server.weight);
                query.plain(&format!("{now} (initial {first})"), out)
            }
            Err(why) => query.refuse(why, out),
        },
    ),
    admin(
        &["set", "weight"],
        "set weight <bk>/<srv>  (DEPRECATED)",
        "change a server's weight ('set server' does it too)",
        |query, _, out| {
            let done =
                seat(query, 2).map_err(Said::Error).and_then(|seat| set_server::weight(query, seat, 3));
            match done {
                Err(Said::Error(why) | Said::Warning(why)) => query.refuse(why, out),
                Err(Said::Invalid(text)) => query.refuse(&text, out),
                Ok(()) => Answer::Done,
            }
        },
    ),
];
