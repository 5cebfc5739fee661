//! `set anon`, `show anon`: names and addresses that are told as hashes (management manual 9.3 "set anon"). Other commands
//! have what they tell go through [`name`] and [`address`].

use std::borrow::Cow;
use std::net::SocketAddr;

use twox_hash::XxHash32;

use super::prelude::*;

pub(super) const KEYWORDS: &[Command] = &[
    admin(
        &["set", "anon", "global-key"],
        "set anon global-key <value>",
        "change the global anonymizing key",
        |query, _, out| match number(query.word(3)) {
            (key, true) if u32::try_from(key).is_ok() => {
                query.world.process.limits.anon_key.set(u32::try_from(key).unwrap_or_default());
                Answer::Done
            }
            _ => query.refuse("Value out of range (0 to 4294967295 expected).", out),
        },
    ),
    user(&["set", "anon", "off"], "set anon off", "deactivate the anonymized mode", |query, _, out| {
        if !query.word(3).is_empty() {
            return query.refuse("Key can't be added while disabling anonymized mode", out);
        }
        query.console.anon_key.set(0);
        Answer::Done
    }),
    user(&["set", "anon", "on"], "set anon on [value]", "activate the anonymized mode", |query, _, out| {
        match wanted(query) {
            Ok(key) => {
                query.console.anon_key.set(key);
                Answer::Done
            }
            Err(why) => query.refuse(why, out),
        }
    }),
    user(&["show", "anon"], "show anon", "display the current state of anonymized mode", |query, _, out| {
        match query.console.anon_key.get() {
            0 => query.plain("Anonymized mode disabled", out),
            // Who has it can find out what is behind a hash.
            _ if query.console.level.get() < Level::Operator => query.plain("Anonymized mode enabled", out),
            key => query.plain(&format!("Anonymized mode enabled\nKey : {key}"), out),
        }
    }),
];

/// The key that is given, else the process's, else any.
fn wanted(query: &Query<'_>) -> Result<u32, &'static str> {
    if query.word(3).is_empty() {
        let any = || XxHash32::oneshot(0, &query.now_ns.to_ne_bytes()).max(1);
        let key = query.world.process.limits.anon_key.or(query.world.global.anon_key);
        return Ok(if key == 0 { any() } else { key });
    }
    let key = u32::try_from(number(query.word(3)).0).ok().filter(|key| *key > 0);
    key.ok_or("Value out of range (1 to 4294967295 expected).")
}

/// A name as the conversation may know it.
pub(super) fn name<'t>(query: &Query<'_>, text: &'t str) -> Cow<'t, str> {
    match query.console.anon_key.get() {
        0 => Cow::Borrowed(text),
        key => Cow::Owned(hashed(key, text)),
    }
}

/// An address as the conversation may know it, and the port.
pub(super) fn address(query: &Query<'_>, at: SocketAddr) -> String {
    match query.console.anon_key.get() {
        0 => at.to_string(),
        key => format!("{}:{}", hashed(key, &at.ip().to_string()), at.port()),
    }
}

/// The lowest 24 bits of a hash: too few to tell what it was made of.
fn hashed(key: u32, text: &str) -> String {
    format!("{:06x}", XxHash32::oneshot(key, text.as_bytes()) & 0x00ff_ffff)
}

#[cfg(test)]
mod tests {
    #[test]
    fn hashes_are_those_of_haproxy() {
        assert_eq!(super::hashed(77, "abc"), "2409bf");
        assert_eq!(super::hashed(77, "127.0.0.1"), "5223ea");
        assert_eq!(super::hashed(77, "f"), "3880f5");
    }
}
