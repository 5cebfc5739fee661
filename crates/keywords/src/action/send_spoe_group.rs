//! `send-spoe-group`: asks an agent about the stream (manual 4.4, HAProxy's SPOE manual). Read, and not run.

use super::prelude::*;

pub(super) const KEYWORDS: &[ActionKind] = &[ActionKind {
    name: "send-spoe-group",
    parenthesised: false,
    sets: &[
        RuleSet::TcpRequestContent,
        RuleSet::TcpResponseContent,
        RuleSet::HttpRequest,
        RuleSet::HttpResponse,
    ],
    doc: "Sends a group of messages to the agents of an SPOE engine. Not run.",
    examples: &["send-spoe-group engine group"],
    parse: |p| {
        for _ in 0..2 {
            p.words.next().ok_or("expects 2 arguments: <engine-id> <group-id>")?;
        }
        Ok(Box::new(NotRun))
    },
}];
