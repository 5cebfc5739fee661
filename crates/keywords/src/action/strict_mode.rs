//! `strict-mode`: whether a message without room for what a rule writes is an error (manual 4.4).

use super::prelude::*;

pub(super) const KEYWORDS: &[ActionKind] = &[ActionKind {
    name: "strict-mode",
    parenthesised: false,
    sets: HTTP,
    doc: "Whether a message that has no room for what the rules behind this one write ends the exchange with status 500 \
          (`on`, as at the start of each rule set), or what finds no room is left out (`off`).",
    examples: &["strict-mode off", "strict-mode on if { path /a }"],
    parse: |p| {
        let word = p.words.next().ok_or("expects exactly 1 arguments")?;
        match word {
            "on" => Ok(Box::new(StrictMode { lenient: false })),
            "off" => Ok(Box::new(StrictMode { lenient: true })),
            other => Err(format!("Unexpected value '{other}'. Only 'on' and 'off' are supported")),
        }
    },
}];

#[derive(Debug)]
struct StrictMode {
    lenient: bool,
}

impl Action for StrictMode {
    fn run<'w>(&'w self, act: &mut Act<'w>) -> Verdict {
        if let Some(stream) = act.stream.as_deref_mut() {
            stream.lenient = self.lenient;
        }
        Verdict::Next
    }
}
