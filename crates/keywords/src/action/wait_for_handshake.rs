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

#[derive(Debug)]
struct WaitForHandshake;

impl Action for WaitForHandshake {
    fn run<'w>(&'w self, act: &mut Act<'w>) -> Verdict {
        match act.session.tls.as_ref() {
            Some(known) if known.runs_ahead() => Verdict::Handshake,
            _ => Verdict::Next,
        }
    }
}
