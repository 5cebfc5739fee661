//! `allow`, `accept`: no further rule of the set (manual 4.4).

use super::prelude::*;

pub(super) const KEYWORDS: &[ActionKind] = &[
    ActionKind {
        name: "accept",
        parenthesised: false,
        sets: &[
            RuleSet::TcpRequestConnection,
            RuleSet::TcpRequestSession,
            RuleSet::TcpRequestContent,
            RuleSet::TcpResponseContent,
        ],
        doc: "Ends the evaluation of this rule set; the connection or content is accepted.",
        examples: &["accept if { src 127.0.0.1 }"],
        parse: |_| Ok(Box::new(Allow)),
    },
    ActionKind {
        name: "allow",
        parenthesised: false,
        sets: HTTP,
        doc: "Ends the evaluation of this rule set; the message passes.",
        examples: &["allow", "allow if { path /health }"],
        parse: |_| Ok(Box::new(Allow)),
    },
];

#[derive(Debug)]
struct Allow;

impl Action for Allow {
    fn run<'w>(&'w self, _: &mut Act<'w>) -> Verdict {
        Verdict::Stop
    }
}
