//! `operator` and `user`: giving up rights for the rest of a conversation.

use super::prelude::*;

pub(super) const KEYWORDS: &[Command] = &[
    Command {
        words: &["operator"],
        usage: "operator",
        doc: "lower the level of this session to operator",
        level: Level::Operator,
        run: |query, _, _| lower(query, Level::Operator),
    },
    Command {
        words: &["user"],
        usage: "user",
        doc: "lower the level of this session to user",
        level: Level::User,
        run: |query, _, _| lower(query, Level::User),
    },
];

fn lower(query: &Query<'_>, to: Level) -> Flow {
    query.console.level.set(query.console.level.get().min(to));
    Flow::Done
}
