//! `echo`

use super::prelude::*;

pub(super) const KEYWORDS: &[Command] = &[Command {
    words: &["echo"],
    usage: "echo <text>",
    doc: "print the words to the output",
    level: Level::User,
    gate: Gate::Open,
    run: |query, _, out| {
        let words: Vec<_> = (1..query.words.len()).map(|n| query.text(n)).collect();
        query.inform(&words.join(" "), out)
    },
}];
