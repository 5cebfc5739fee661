//! `reject`, `silent-drop`: the connection ends without an answer (manual 4.4).

use super::prelude::*;

pub(super) const KEYWORDS: &[ActionKind] = &[
    ActionKind {
        name: "reject",
        parenthesised: false,
        sets: &[
            RuleSet::TcpRequestConnection,
            RuleSet::TcpRequestSession,
            RuleSet::TcpRequestContent,
            RuleSet::TcpResponseContent,
            RuleSet::HttpRequest,
        ],
        doc: "Closes the client's connection without an answer.",
        examples: &["reject if { src 10.0.0.0/8 }"],
        parse: |_| Ok(Box::new(Close { silent: false })),
    },
    ActionKind {
        name: "silent-drop",
        parenthesised: false,
        sets: EVERYWHERE_BUT_AFTER,
        doc: "Forgets the client's connection so that the client does not notice.",
        examples: &["silent-drop if { src 10.0.0.0/8 }"],
        parse: |_| Ok(Box::new(Close { silent: true })),
    },
];

#[derive(Debug)]
struct Close {
    silent: bool,
}

impl Action for Close {
    fn run<'w>(&'w self, _: &mut Act<'w>) -> Verdict {
        Verdict::Close { silent: self.silent }
    }
}
