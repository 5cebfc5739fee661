//! `quit`

use super::prelude::*;

pub(super) const KEYWORDS: &[Command] = &[user(&["quit"], "quit", "disconnect", |query, _, _| {
    query.console.ended.set(true);
    Answer::Done
})];
