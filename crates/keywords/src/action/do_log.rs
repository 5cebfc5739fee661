//! `do-log`: a log line at this very moment (manual 4.3).

use state::log::Origin;

use super::prelude::*;

pub(super) const KEYWORDS: &[ActionKind] = &[ActionKind {
    name: "do-log",
    parenthesised: false,
    sets: EVERYWHERE,
    doc: "Writes a log line as the proxy's log settings have it, besides those that are written anyway. `profile` names \
          the `log-profile` to use instead of those of the `log` lines.",
    examples: &["do-log", "do-log if { src 127.0.0.1 }"],
    parse,
}];

fn parse(p: &mut Parse<'_>) -> Result<Box<dyn Action>, String> {
    let profile = if p.words.accept("profile") {
        let name = p.words.next().ok_or("action 'do-log': 'profile' expects argument.")?;
        Some(p.compiler.log_profile(name)?)
    } else {
        None
    };
    Ok(Box::new(DoLog { profile, origin: Origin::Rule(p.set) }))
}

#[derive(Debug)]
struct DoLog {
    profile: Option<u32>,
    origin: Origin,
}

impl Action for DoLog {
    fn run<'w>(&'w self, _: &mut Act<'w>) -> Verdict {
        Verdict::Log { profile: self.profile, origin: self.origin }
    }
}
