//! `set-nice`: how soon a stream's task runs among others (manual 4.4). Read, and not run: tasks run in the order in which
//! they become ready.

use super::prelude::*;

pub(super) const KEYWORDS: &[ActionKind] = &[ActionKind {
    name: "set-nice",
    parenthesised: false,
    sets: &[
        RuleSet::TcpRequestContent,
        RuleSet::TcpResponseContent,
        RuleSet::HttpRequest,
        RuleSet::HttpResponse,
    ],
    doc: "How soon the stream is served among others, from -1024 (first) to 1024. Not run.",
    examples: &["set-nice 5"],
    parse: |p| {
        p.words.next().ok_or("expects exactly 1 argument (integer value)")?;
        Ok(Box::new(NotRun))
    },
}];
