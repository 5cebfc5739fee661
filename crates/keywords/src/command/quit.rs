//! `quit`

use super::prelude::*;

pub(super) const KEYWORDS: &[Command] = &[Command {
    words: &["quit"],
    usage: "quit",
    doc: "disconnect",
    level: Level::User,
    run: |query, _, _| {
        query.console.ended.set(true);
        Flow::Done
    },
}];
