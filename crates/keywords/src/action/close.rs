//! `close`: ends the server's connection (manual 4.4).

use super::prelude::*;

pub(super) const KEYWORDS: &[ActionKind] = &[ActionKind {
    name: "close",
    parenthesised: false,
    sets: &[RuleSet::TcpResponseContent],
    doc: "Closes the connection to the server at once; what it has sent goes to the client.",
    examples: &["close if { src 10.0.0.0/8 }"],
    parse: |_| Ok(Box::new(NotRun)),
}];
