//! Commands that HAProxy has and this version does not run: it says so, instead of taking them for a mistake in writing.

use super::prelude::*;

/// A command, and the lowest level at which it would be run.
const fn known(words: &'static [&'static str], level: Level, gate: Gate) -> Command {
    Command { words, usage: "", doc: "not run by this version", level, gate, run }
}

pub(super) const KEYWORDS: &[Command] = &[
    known(&["acme", "challenge_ready"], Level::Admin, Gate::Open),
    known(&["acme", "renew"], Level::Admin, Gate::Open),
    known(&["acme", "status"], Level::Admin, Gate::Open),
    known(&["debug", "dev"], Level::Admin, Gate::Expert),
    known(&["show", "ssl", "ocsp-updates"], Level::Admin, Gate::Open),
    known(&["update", "ssl", "ocsp-response"], Level::Admin, Gate::Open),
];

fn run(query: &Query<'_>, _: u64, out: &mut Vec<u8>) -> Answer {
    let words: Vec<String> =
        (0..if query.word(1) == b"ssl" { 3 } else { 2 }).map(|at| query.text(at).into_owned()).collect();
    let command = words.join(" ");
    query.refuse(&format!("'{}' is known but not run by this version of Sluice.", command.trim_end()), out)
}
