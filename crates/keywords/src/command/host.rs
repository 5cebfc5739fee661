//! `show dev`, `show libs`, `show startup-logs`: the program and the machine it runs on (management manual 9.3).

use super::anon;
use super::prelude::*;

/// A command that shows what the program tells of itself.
const fn shown(
    words: &'static [&'static str],
    usage: &'static str,
    doc: &'static str,
    level: Level,
    run: fn(&Query<'_>, u64, &mut Vec<u8>) -> Answer,
) -> Command {
    Command { words, usage, doc, level, gate: Gate::Open, run }
}

pub(super) const KEYWORDS: &[Command] = &[
    shown(&["show", "dev"], "show dev", "show debug info for developers", Level::User, |query, _, out| {
        if !query.word(2).is_empty() {
            return query.refuse("This command takes no argument.", out);
        }
        let hidden = |name: &str| anon::name(query, name).into_owned();
        out.extend_from_slice((query.about.host.machine)(&hidden).as_bytes());
        Answer::Done
    }),
    shown(
        &["show", "libs"],
        "show libs",
        "show loaded object files and libraries",
        Level::Operator,
        |query, _, out| {
            out.extend_from_slice((query.about.host.libraries)().as_bytes());
            Answer::Done
        },
    ),
    shown(
        &["show", "startup-logs"],
        "show startup-logs",
        "report logs emitted during HAProxy startup",
        Level::Operator,
        |query, _, out| {
            out.extend_from_slice((query.about.host.startup_logs)().as_bytes());
            Answer::Done
        },
    ),
];
