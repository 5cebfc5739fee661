//! `pause`: lets a message wait (manual 4.4).

use state::Timer;

use super::prelude::*;

pub(super) const KEYWORDS: &[ActionKind] = &[ActionKind {
    name: "pause",
    parenthesised: false,
    sets: &[RuleSet::HttpRequest, RuleSet::HttpResponse],
    doc: "Goes on with the next rule after a time, or after as many milliseconds as an expression gives; at once if it \
          gives none.",
    examples: &["pause 100ms", "pause int(20) if { path /slow }"],
    parse: |p| Ok(Box::new(Pause(p.compiler.timer(&mut p.words, "pause")?))),
}];

#[derive(Debug)]
struct Pause(Timer);

impl Action for Pause {
    fn run<'w>(&'w self, act: &mut Act<'w>) -> Verdict {
        self.0.get(act).map_or(Verdict::Next, Verdict::Pause)
    }
}
