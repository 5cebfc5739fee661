//! `quit`

use super::prelude::*;

pub(super) const KEYWORDS: &[Command] = &[Command {
    words: &["quit"],
    usage: "quit",
    doc: "disconnect",
    level: Level::User,
    gate: Gate::Open,
    run: |query, _, _| {
        query.console.ended.set(true);
        Answer::Done
    },
}];
