//! `set-status`: the response's status (manual 4.4).

use super::prelude::*;

pub(super) const KEYWORDS: &[ActionKind] = &[ActionKind {
    name: "set-status",
    parenthesised: false,
    sets: &[RuleSet::HttpResponse, RuleSet::HttpAfterResponse],
    doc: "Replaces the status, and the reason by the given one or the usual one of the status.",
    examples: &["set-status 431", "set-status 503 reason \"Slow Down\" if { status 500 }"],
    parse,
}];

fn parse(p: &mut Parse<'_>) -> Result<Box<dyn Action>, String> {
    let word = p.words.next().ok_or("expects 1 argument: <status>; or 3 arguments: <status> reason <fmt>")?;
    let status = word.parse().ok().filter(|n: &u16| (100..=999).contains(n));
    let status = status.ok_or("expects an integer status code between 100 and 999")?;
    let reason = match p.words.rest() {
        ["reason", reason, ..] => {
            p.words.advance(2);
            Some(sample::text::boxed(reason))
        }
        _ => None,
    };
    Ok(Box::new(SetStatus { status, reason }))
}

#[derive(Debug)]
struct SetStatus {
    status: u16,
    reason: Option<Box<[u8]>>,
}

impl Action for SetStatus {
    fn run<'w>(&'w self, act: &mut Act<'w>) -> Verdict {
        let Some(stream) = act.stream.as_deref_mut() else { return Verdict::Next };
        match stream.response.set_status(self.status, self.reason.as_deref()) {
            Ok(()) => Verdict::Next,
            Err(http::Full) => Verdict::NoRoom,
        }
    }
}
