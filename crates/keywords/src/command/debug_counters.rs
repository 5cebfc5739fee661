//! `debug counters`: how often places of the program were reached that should not be, or that its developers look at
//! (management manual 9.3). This program has no such places: the list is empty, and there is nothing to count or to reset.

use super::prelude::*;

pub(super) const KEYWORDS: &[Command] = &[operator(
    &["debug", "counters"],
    "debug counters [?|all|bug|cnt|chk|glt]*",
    "dump/reset rare event counters",
    |query, _, out| {
        let words = query.words.get(2..).unwrap_or_default();
        if words.iter().any(|word| !KNOWN.contains(word)) {
            return query.refuse(EXPECTED, out);
        }
        let acts = words.iter().any(|word| ACTIONS.contains(word));
        if acts && query.console.level.get() < Level::Admin {
            return query.refuse("Permission denied", out);
        }
        if !acts && words.contains(&b"all".as_slice()) {
            out.extend_from_slice(TITLE);
        }
        Answer::Done
    },
)];

const KNOWN: &[&[u8]] = &[b"show", b"all", b"bug", b"chk", b"cnt", b"glt", b"reset", b"on", b"off"];
/// Those that change something.
const ACTIONS: &[&[u8]] = &[b"reset", b"on", b"off"];
const EXPECTED: &str = "Expects an optional action ('reset','show','on','off'), optional types ('bug','chk','cnt','glt') \
                        and optionally 'all' to even dump null counters.";
const TITLE: &[u8] = b"Count     Type Location function(): \"condition\" [comment]\n";
