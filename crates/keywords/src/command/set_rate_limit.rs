//! `set rate-limit`: what the process takes in a second at most (management manual 9.3).

use super::prelude::*;

pub(super) const KEYWORDS: &[Command] = &[admin(
    &["set", "rate-limit"],
    "set rate-limit <setting> <value>",
    "change what the process takes in a second at most",
    |query, _, out| match set(query) {
        Ok(()) => Answer::Done,
        Err(why) => query.refuse(why, out),
    },
)];

const USAGE: &str = "'set rate-limit' only supports :\n\
    \x20  - 'connections global' to set the per-process maximum connection rate\n\
    \x20  - 'sessions global' to set the per-process maximum session rate\n\
    \x20  - 'ssl-sessions global' to set the per-process maximum SSL session rate\n\
    \x20  - 'http-compression global' to set the per-process maximum compression speed in kB/s";
/// Bytes in the unit of the limit on compression.
const KILO: u64 = 1024;

fn set(query: &Query<'_>) -> Result<(), &'static str> {
    let limits = &query.world.process.limits;
    let limit = match query.word(2) {
        b"connections" => Some(&limits.connection_rate),
        b"sessions" => Some(&limits.session_rate),
        b"ssl-sessions" => Some(&limits.tls_rate),
        b"http-compression" => None,
        _ => return Err(USAGE),
    };
    if query.word(3) != b"global" {
        return Err(USAGE);
    }
    if query.word(4).is_empty() {
        return Err("Expects an integer value.");
    }
    let most = u32::try_from(number(query.word(4)).0).map_err(|_| "Value out of range.")?;
    match limit {
        Some(limit) => limit.set(most),
        None => query.world.global.compression.budget.set_limit(u64::from(most) * KILO),
    }
    Ok(())
}
