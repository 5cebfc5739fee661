//! `wait-for-handshake`: waits for a TLS handshake that early data ran ahead of (manual 4.4).

use super::prelude::*;

pub(super) const KEYWORDS: &[ActionKind] = &[ActionKind {
    name: "wait-for-handshake",
    parenthesised: false,
    sets: &[RuleSet::HttpRequest],
    doc: "Goes on when the TLS handshake of the client's connection is over. A request that did not come as early data \
          has nothing to wait for.",
    examples: &["wait-for-handshake", "wait-for-handshake if { path_beg /pay }"],
    parse: |_| Ok(Box::new(WaitForHandshake)),
}];

/// No request is taken as early data, so that each one that rules see stands behind its handshake.
#[derive(Debug)]
struct WaitForHandshake;

impl Action for WaitForHandshake {
    fn run<'w>(&'w self, _: &mut Act<'w>) -> Verdict {
        Verdict::Next
    }
}
