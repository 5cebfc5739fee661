//! `deny`: ends the exchange with an error page (manual 4.4).

use super::prelude::*;

pub(super) const KEYWORDS: &[ActionKind] = &[ActionKind {
    name: "deny",
    parenthesised: false,
    sets: &[RuleSet::HttpRequest, RuleSet::HttpResponse],
    doc: "Stops the exchange and answers with the page of `deny_status`: 403 for requests, 502 for responses if none \
          is given.",
    examples: &["deny", "deny deny_status 429 if { src 10.0.0.0/8 }"],
    parse,
}];

fn parse(p: &mut Parse<'_>) -> Result<Box<dyn Action>, String> {
    let mut status = if p.set == RuleSet::HttpRequest { 403 } else { 502 };
    while !p.words.at_end() {
        match p.need("a keyword")? {
            "deny_status" | "status" => {
                let word = p.need("the status after 'deny_status'")?;
                status = word.parse().map_err(|_| format!("'{word}' is no status"))?;
            }
            other => return Err(format!("unexpected '{other}' (expects 'deny_status')")),
        }
    }
    Ok(Box::new(Deny { status }))
}

#[derive(Debug)]
struct Deny {
    status: u16,
}

impl Action for Deny {
    fn run<'w>(&'w self, _: &mut Act<'w>) -> Verdict {
        Verdict::Deny { status: self.status }
    }
}
