//! `wait`: nothing for a while, or until something may be deleted (management manual 9.3).

use super::prelude::*;
use super::removable;

pub(super) const KEYWORDS: &[Command] = &[Command {
    words: &["wait"],
    usage: "wait {-h|<delay_ms>} cond [args...]",
    doc: "wait for a while or for a condition (-h lists these)",
    level: Level::Admin,
    gate: Gate::Open,
    run,
}];

const HELP: &str = "Usage: wait {-h|<duration>} [condition [args...]]\n\
    \x20 - '-h' displays this help\n\
    \x20 - <duration> is the maximum wait time, optionally suffixed by the unit among\n\
    \x20   'us', 'ms', 's', 'm', 'h', and 'd'. ; the default unit is milliseconds.\n\
    \x20 - <condition> indicates what to wait for, no longer than the specified\n\
    \x20   duration. Supported conditions are:\n\
    \x20   - <none> : by default, just sleep for the specified duration.\n\
    \x20   - srv-removable <px>/<sv> : wait for this server to become removable.";
/// Nobody waits for longer than this.
const LONGEST_MS: u64 = u32::MAX as u64 >> 1;
/// How often it is looked.
const LOOK_MS: u64 = 50;

/// `from`: when the wait ends, in nanoseconds.
fn run(query: &Query<'_>, from: u64, out: &mut Vec<u8>) -> Answer {
    let (condition, name) = (query.word(2), query.text(3));
    if query.word(1) == b"-h" {
        return query.inform(HELP, out);
    }
    let until = match from {
        0 => match (query.word(1), span_ms(query.word(1), 1).filter(|ms| *ms <= LONGEST_MS)) {
            (b"", _) => return query.refuse("Expects a duration in milliseconds.", out),
            (_, None) => return query.refuse("Invalid duration.", out),
            (_, Some(ms)) => query.now_ns.saturating_add(ms.saturating_mul(1_000_000)).max(1),
        },
        until => until,
    };
    let blocked = match condition {
        b"" if query.now_ns >= until => return query.inform("Done.", out),
        b"" => removable::Blocked::For(""),
        b"srv-removable" if name.is_empty() => {
            return query.refuse("Missing server name (<backend>/<server>).", out);
        }
        b"srv-removable" => match removable::server(query, &name) {
            Ok(_) => return query.inform("Done.", out),
            Err(blocked) => blocked,
        },
        b"be-removable" if name.is_empty() => return query.refuse("Missing backend name.", out),
        b"be-removable" => match removable::backend(query, &name) {
            Ok(_) => return query.inform("Done.", out),
            Err(blocked) => blocked,
        },
        _ => return query.refuse(HELP, out),
    };
    match blocked {
        removable::Blocked::Always(why) => query.refuse(&format!("Failed. {why}"), out),
        removable::Blocked::For(_) if query.now_ns >= until => query.refuse("Wait delay expired.", out),
        removable::Blocked::For(_) => {
            let left = (until - query.now_ns).div_ceil(1_000_000);
            let look = if condition.is_empty() { left } else { left.min(LOOK_MS) };
            Answer::Later(until, u32::try_from(look).unwrap_or(u32::MAX))
        }
    }
}
