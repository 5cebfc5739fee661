//! `operator` and `user`: giving up rights for the rest of a conversation.

use super::prelude::*;

pub(super) const KEYWORDS: &[Command] = &[
    operator(&["operator"], "operator", "lower the level of this session to operator", |query, _, _| {
        lower(query, Level::Operator)
    }),
    user(&["user"], "user", "lower the level of this session to user", |query, _, _| {
        lower(query, Level::User)
    }),
];

fn lower(query: &Query<'_>, to: Level) -> Answer {
    query.console.level.set(query.console.level.get().min(to));
    query.console.expert.set(false);
    query.console.experimental.set(false);
    Answer::Done
}
