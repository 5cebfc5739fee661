//! `config …`: the configuration in force, and changing it while the process runs. What a configuration is, is the
//! program's business, which hands it in ([`state::family::Changes`]).

use state::family::{Progress, Purpose, Wanted};

use super::prelude::*;

pub(super) const KEYWORDS: &[Command] = &[
    admin(
        &["config", "apply"],
        "config apply [<file> | <<]",
        "have a configuration take the place of the one in force, as a whole or not at all",
        |query, from, out| with(query, Purpose::Apply, from, out),
    ),
    admin(
        &["config", "check"],
        "config check [<file> | <<]",
        "say whether a configuration could be applied, without doing it",
        |query, from, out| with(query, Purpose::Check, from, out),
    ),
    admin(
        &["config", "diff"],
        "config diff [<file> | <<]",
        "show in which lines a configuration differs from the one in force",
        |query, from, out| with(query, Purpose::Diff, from, out),
    ),
    admin(
        &["config", "explain-diff"],
        "config explain-diff [<file> | <<]",
        "tell object by object what applying a configuration would do",
        |query, from, out| with(query, Purpose::Explain, from, out),
    ),
    admin(
        &["config", "show"],
        "config show",
        "show the text of the configuration in force",
        |query, _, out| {
            let Some(changes) = query.changes else { return query.refuse(NOBODY, out) };
            out.extend_from_slice(&changes.show());
            Answer::Done
        },
    ),
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
