//! `show peers`: sessions with peers (management manual 9.3). No `peers` section is run by this version, which starting says;
//! so there are none to tell of.

use super::prelude::*;

pub(super) const KEYWORDS: &[Command] = &[user(
    &["show", "peers"],
    "show peers [dict|-] [section]",
    "dump some information about all the peers or this peers section",
    |query, _, out| {
        let at = if matches!(query.word(2), b"dict" | b"-") { 3 } else { 2 };
        if query.word(at).is_empty() { Answer::Done } else { query.refuse("No such peers", out) }
    },
)];
