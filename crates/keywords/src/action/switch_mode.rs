//! `switch-mode http`: what came in as TCP goes on as HTTP (manual 4.4).

use super::prelude::*;

pub(super) const KEYWORDS: &[ActionKind] = &[ActionKind {
    name: "switch-mode",
    parenthesised: false,
    sets: &[RuleSet::TcpRequestContent],
    doc: "Has a connection to a TCP frontend go on as one of HTTP: its requests run through the HTTP rules of the frontend \
          and need an HTTP backend.",
    examples: &["switch-mode http if HTTP", "switch-mode http proto h1"],
    parse,
}];

fn parse(p: &mut Parse<'_>) -> Result<Box<dyn Action>, String> {
    if !p.words.accept("http") {
        return Err("'switch-mode' only supports 'http'".to_owned());
    }
    if p.words.accept("proto") {
        match p.need("a protocol after 'proto'")? {
            "h1" => {}
            other => return Err(format!("unknown MUX protocol '{other}'")),
        }
    }
    Ok(Box::new(Switch))
}

#[derive(Debug)]
struct Switch;

impl Action for Switch {
    fn run<'w>(&'w self, _: &mut Act<'w>) -> Verdict {
        Verdict::Upgrade
    }
}
