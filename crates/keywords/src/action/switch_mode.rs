//! `switch-mode http`: what came in as TCP goes on as HTTP (manual 4.4).

use state::frontend::Proto;

use super::prelude::*;

pub(super) const KEYWORDS: &[ActionKind] = &[ActionKind {
    name: "switch-mode",
    parenthesised: false,
    sets: &[RuleSet::TcpRequestContent],
    doc: "Has a connection to a TCP frontend go on as one of HTTP: its requests run through the HTTP rules of the frontend \
          and need an HTTP backend.",
    examples: &["switch-mode http if HTTP", "switch-mode http proto h1", "switch-mode http proto h2"],
    parse,
}];

fn parse(p: &mut Parse<'_>) -> Result<Box<dyn Action>, String> {
    match p.words.next() {
        None => return Err("'tcp-request switch-mode' expects a mode as argument.".to_owned()),
        Some("http") => {}
        Some(mode) => {
            return Err(format!("'tcp-request switch-mode' expects a valid mode (got '{mode}')."));
        }
    }
    if p.words.accept("proto") {
        let proto = p.words.next();
        match proto.ok_or("'tcp-request switch-mode': 'proto' expects a protocol as argument.")? {
            "h1" => return Ok(Box::new(Switch(Proto::Http1))),
            "h2" => return Ok(Box::new(Switch(Proto::Http2))),
            other => {
                return Err(format!(
                    "'tcp-request switch-mode': 'proto' expects a valid MUX protocol, if specified (got '{other}')"
                ));
            }
        }
    }
    Ok(Box::new(Switch(Proto::Any)))
}

/// To this version of HTTP.
#[derive(Debug)]
struct Switch(Proto);

impl Action for Switch {
    fn run<'w>(&'w self, act: &mut Act<'w>) -> Verdict {
        if act.session.spoken != Proto::Raw {
            act.session.spoken = self.0;
        }
        Verdict::Upgrade
    }
}
