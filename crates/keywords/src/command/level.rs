//! `operator` and `user`: giving up rights for the rest of a conversation.

use super::prelude::*;

pub(super) const KEYWORDS: &[Command] = &[
    Command {
        words: &["operator"],
        usage: "operator",
        doc: "lower the level of this session to operator",
        level: Level::Operator,
        gate: Gate::Open,
        run: |query, _, _| lower(query, Level::Operator),
    },
    Command {
        words: &["user"],
        usage: "user",
        doc: "lower the level of this session to user",
        level: Level::User,
        gate: Gate::Open,
        run: |query, _, _| lower(query, Level::User),
    },
];

fn lower(query: &Query<'_>, to: Level) -> Answer {
    query.console.level.set(query.console.level.get().min(to));
    query.console.expert.set(false);
    query.console.experimental.set(false);
    Answer::Done
}
