//! `close`: ends the server's connection (manual 4.4).

use super::prelude::*;

pub(super) const KEYWORDS: &[ActionKind] = &[ActionKind {
    name: "close",
    parenthesised: false,
    sets: &[RuleSet::TcpResponseContent],
    doc: "Closes the connection to the server at once, as if the server had done so: the client of an HTTP proxy gets \
          502, one of a TCP proxy is closed too.",
    examples: &["close if { src 10.0.0.0/8 }"],
    parse: |_| Ok(Box::new(Close)),
}];

#[derive(Debug)]
struct Close;

impl Action for Close {
    fn run<'w>(&'w self, _: &mut Act<'w>) -> Verdict {
        Verdict::Sever
    }
}
