//! `echo`

use super::prelude::*;

pub(super) const KEYWORDS: &[Command] =
    &[user(&["echo"], "echo <text>", "print the words to the output", |query, _, out| {
        let words: Vec<_> = (1..query.words.len()).map(|n| query.text(n)).collect();
        query.inform(&words.join(" "), out)
    })];
