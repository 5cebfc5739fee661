//! `config …`: the configuration in force, and changing it while the process runs. What a configuration is, is the
//! program's business, which hands it in ([`state::family::Changes`]).

use state::family::{Progress, Purpose, Wanted};

use super::prelude::*;

pub(super) const KEYWORDS: &[Command] = &[
    Command {
        words: &["config", "apply"],
        usage: "config apply [<file> | <<]",
        doc: "have a configuration take the place of the one in force, as a whole or not at all",
        level: Level::Admin,
        gate: Gate::Open,
        run: |query, from, out| with(query, Purpose::Apply, from, out),
    },
    Command {
        words: &["config", "check"],
        usage: "config check [<file> | <<]",
        doc: "say whether a configuration could be applied, without doing it",
        level: Level::Admin,
        gate: Gate::Open,
        run: |query, from, out| with(query, Purpose::Check, from, out),
    },
    Command {
        words: &["config", "diff"],
        usage: "config diff [<file> | <<]",
        doc: "show in which lines a configuration differs from the one in force",
        level: Level::Admin,
        gate: Gate::Open,
        run: |query, from, out| with(query, Purpose::Diff, from, out),
    },
    Command {
        words: &["config", "explain-diff"],
        usage: "config explain-diff [<file> | <<]",
        doc: "tell object by object what applying a configuration would do",
        level: Level::Admin,
        gate: Gate::Open,
        run: |query, from, out| with(query, Purpose::Explain, from, out),
    },
    Command {
        words: &["config", "show"],
        usage: "config show",
        doc: "show the text of the configuration in force",
        level: Level::Admin,
        gate: Gate::Open,
        run: |query, _, out| {
            let Some(changes) = query.changes else { return query.refuse(NOBODY, out) };
            out.extend_from_slice(&changes.show());
            Answer::Done
        },
    },
];

const NOBODY: &str = "This process cannot change its configuration.";

/// How long it takes until something that goes on is asked about again, milliseconds.
const AGAIN_MS: u32 = 1;

/// Has something done with the configuration that the query names, and answers with what came of it.
fn with(query: &Query<'_>, purpose: Purpose, from: u64, out: &mut Vec<u8>) -> Answer {
    let Some(changes) = query.changes else { return query.refuse(NOBODY, out) };
    let file = query.text(2);
    let progress = match (from, query.payload) {
        (1.., _) => changes.go_on(from),
        (0, Some(text)) => changes.begin(purpose, Some(&Wanted::Text(text))),
        (0, None) if file.is_empty() => changes.begin(purpose, None),
        (0, None) => changes.begin(purpose, Some(&Wanted::File(&file))),
    };
    let report = match progress {
        Progress::Done(report) => report,
        Progress::Busy(number) => return Answer::Later(number, AGAIN_MS),
    };
    let text = report.text.trim_end_matches('\n');
    if report.failed { query.refuse(text, out) } else { query.inform(text, out) }
}
