//! `set timeout cli`: how long this session may be silent.

use super::prelude::*;

pub(super) const KEYWORDS: &[Command] = &[user(
    &["set", "timeout"],
    "set timeout [cli] <delay>",
    "set for how long this session may be silent",
    |query, _, out| {
        if query.word(2) != b"cli" {
            return query.refuse("'set timeout' only supports 'cli'.", out);
        }
        if query.word(3).is_empty() {
            return query.refuse("Expects an integer value.", out);
        }
        match span_ms(query.word(3), 1000).and_then(|ms| u32::try_from(ms).ok()).filter(|ms| *ms > 0) {
            Some(ms) => {
                query.console.timeout_ms.set(ms);
                Answer::Done
            }
            None => query.refuse("Invalid timeout value.", out),
        }
    },
)];
