//! `expect-proxy layer4`: the connection begins with a header of the PROXY protocol (manual 4.4).

use state::session::Preamble;

use super::prelude::*;

pub(super) const KEYWORDS: &[ActionKind] = &[ActionKind {
    name: "expect-proxy",
    parenthesised: false,
    sets: &[RuleSet::TcpRequestConnection],
    doc: "Has the connection begin with a header of the PROXY protocol, as `accept-proxy` on the `bind` line would.",
    examples: &["expect-proxy layer4 if { src 10.0.0.0/8 }"],
    parse,
}];

fn parse(p: &mut Parse<'_>) -> Result<Box<dyn Action>, String> {
    if p.words.accept("layer4") {
        return Ok(Box::new(Expect));
    }
    let (word, got) = (p.word, p.words.peek().unwrap_or_default());
    Err(format!(
        "'tcp-request connection {word}' only supports 'layer4' in {} (got '{got}')",
        p.compiler.title()
    ))
}

#[derive(Debug)]
struct Expect;

impl Action for Expect {
    fn run<'w>(&'w self, act: &mut Act<'w>) -> Verdict {
        act.session.preamble = Preamble::Proxy;
        Verdict::Next
    }
}
