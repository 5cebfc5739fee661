//! `set maxconn`: of a server, a frontend, the process (management manual 9.3).

use std::sync::atomic::Ordering::Relaxed;

use super::prelude::*;

pub(super) const KEYWORDS: &[Command] = &[
    admin(
        &["set", "maxconn", "frontend"],
        "set maxconn frontend <frontend> <value>",
        "change how many clients a frontend takes at once",
        |query, _, out| match of_frontend(query) {
            Ok(()) => Answer::Done,
            Err(why) => query.refuse(why, out),
        },
    ),
    admin(
        &["set", "maxconn", "global"],
        "set maxconn global <value>",
        "change how many clients the process takes at once",
        |query, _, out| match of_process(query) {
            Ok(()) => Answer::Done,
            Err(why) => query.refuse(why, out),
        },
    ),
    admin(
        &["set", "maxconn", "server"],
        "set maxconn server <bk>/<srv>",
        "change how many streams a server serves at once",
        |query, _, out| match of_server(query) {
            Ok(()) => Answer::Done,
            Err(why) => query.refuse(why, out),
        },
    ),
];

fn of_frontend(query: &Query<'_>) -> Result<(), &'static str> {
    let frontend = frontend(query, 3)?;
    if query.word(4).is_empty() {
        return Err("Integer value expected.");
    }
    let most = u32::try_from(number(query.word(4)).0).map_err(|_| "Value out of range.")?;
    frontend.live.maxconn.set(most);
    Ok(())
}

/// 0 is what was configured again; more than that was not made room for at the start.
fn of_process(query: &Query<'_>) -> Result<(), &'static str> {
    if query.word(3).is_empty() {
        return Err("Expects an integer value.");
    }
    let configured = query.world.global.maxconn;
    let most = u32::try_from(number(query.word(3)).0).ok().filter(|n| *n <= configured);
    match most.ok_or("Value out of range.")? {
        0 => query.world.process.limits.maxconn.clear(),
        most => query.world.process.limits.maxconn.set(most),
    }
    Ok(())
}

fn of_server(query: &Query<'_>) -> Result<(), &'static str> {
    let seat = seat(query, 3)?;
    let most = match (query.word(4), number(query.word(4))) {
        (b"", _) => return Err("Require <maxconn>."),
        (word, (_, false)) if !begins_with_digit(word) => {
            return Err("maxconn string empty or preceded by garbage");
        }
        (_, (_, false)) => return Err("Trailing garbage in maxconn string"),
        // What is negative is as good as no limit.
        (_, (n, true)) => u32::try_from(n & i64::from(u32::MAX)).unwrap_or(u32::MAX),
    };
    if seat.server.live.maxconn.swap(most, Relaxed) != most {
        seat.backend.changed(seat.now_ns);
    }
    Ok(())
}

/// Whether a number stands in front, as C's `strtol` sees it.
fn begins_with_digit(word: &[u8]) -> bool {
    let digits = word.strip_prefix(b"-").or_else(|| word.strip_prefix(b"+")).unwrap_or(word);
    digits.first().is_some_and(u8::is_ascii_digit)
}
