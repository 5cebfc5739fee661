//! `config …`: the configuration in force, and changing it while the process runs. What a configuration is, is the
//! program's business, which hands it in ([`state::family::Changes`]).

use state::family::{Changes, Report, Wanted};

use super::prelude::*;

pub(super) const KEYWORDS: &[Command] = &[
    Command {
        words: &["config", "apply"],
        usage: "config apply [<file> | <<]",
        doc: "have a configuration take the place of the one in force, as a whole or not at all",
        level: Level::Admin,
        gate: Gate::Open,
        run: |query, _, out| with(query, out, |changes, wanted| changes.apply(wanted.as_ref())),
    },
    Command {
        words: &["config", "check"],
        usage: "config check [<file> | <<]",
        doc: "say whether a configuration could be applied, without doing it",
        level: Level::Admin,
        gate: Gate::Open,
        run: |query, _, out| with(query, out, |changes, wanted| changes.check(wanted.as_ref())),
    },
    Command {
        words: &["config", "diff"],
        usage: "config diff [<file> | <<]",
        doc: "show in which lines a configuration differs from the one in force",
        level: Level::Admin,
        gate: Gate::Open,
        run: |query, _, out| with(query, out, |changes, wanted| changes.diff(wanted.as_ref())),
    },
    Command {
        words: &["config", "explain-diff"],
        usage: "config explain-diff [<file> | <<]",
        doc: "tell object by object what applying a configuration would do",
        level: Level::Admin,
        gate: Gate::Open,
        run: |query, _, out| with(query, out, |changes, wanted| changes.explain(wanted.as_ref())),
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

/// Does something with what the query names, and answers with what came of it.
fn with(
    query: &Query<'_>,
    out: &mut Vec<u8>,
    act: impl FnOnce(&dyn Changes, Option<Wanted<'_>>) -> Report,
) -> Answer {
    let Some(changes) = query.changes else { return query.refuse(NOBODY, out) };
    let file = query.text(2);
    let wanted = match query.payload {
        Some(text) => Some(Wanted::Text(text)),
        None if file.is_empty() => None,
        None => Some(Wanted::File(&file)),
    };
    let report = act(changes, wanted);
    let text = report.text.trim_end_matches('\n');
    if report.failed { query.refuse(text, out) } else { query.inform(text, out) }
}
