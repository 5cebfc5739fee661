//! `expect-proxy layer4`, `expect-netscaler-cip layer4`: the connection begins with a header that tells who the client
//! is (manual 4.4).

use state::session::Preamble;

use super::prelude::*;

pub(super) const KEYWORDS: &[ActionKind] = &[
    ActionKind {
        name: "expect-netscaler-cip",
        parenthesised: false,
        sets: &[RuleSet::TcpRequestConnection],
        doc: "Has the connection begin with the header of a NetScaler, as `accept-netscaler-cip` on the `bind` line would; \
              its magic number is 0.",
        examples: &["expect-netscaler-cip layer4 if { src 10.0.0.0/8 }"],
        parse: |p| parse(p, Preamble::NetScaler(0)),
    },
    ActionKind {
        name: "expect-proxy",
        parenthesised: false,
        sets: &[RuleSet::TcpRequestConnection],
        doc: "Has the connection begin with a header of the PROXY protocol, as `accept-proxy` on the `bind` line would.",
        examples: &["expect-proxy layer4 if { src 10.0.0.0/8 }"],
        parse: |p| parse(p, Preamble::Proxy),
    },
];

fn parse(p: &mut Parse<'_>, preamble: Preamble) -> Result<Box<dyn Action>, String> {
    if p.words.accept("layer4") {
        return Ok(Box::new(Expect { preamble }));
    }
    let (word, got) = (p.word, p.words.peek().unwrap_or_default());
    Err(format!(
        "'tcp-request connection {word}' only supports 'layer4' in {} (got '{got}')",
        p.compiler.title()
    ))
}

#[derive(Debug)]
struct Expect {
    preamble: Preamble,
}

impl Action for Expect {
    fn run<'w>(&'w self, act: &mut Act<'w>) -> Verdict {
        // Of a NetScaler that the listener expects anyway the number is known.
        if !matches!((self.preamble, act.session.preamble), (Preamble::NetScaler(_), Preamble::NetScaler(_)))
        {
            act.session.preamble = self.preamble;
        }
        Verdict::Next
    }
}
