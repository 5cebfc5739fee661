//! `set-timeout`: times of this stream alone (manual 4.4).

use state::Timer;
use state::family::Half;
use state::stream::Timeouts;

use super::prelude::*;

pub(super) const KEYWORDS: &[ActionKind] = &[ActionKind {
    name: "set-timeout",
    parenthesised: false,
    sets: &[RuleSet::HttpRequest, RuleSet::HttpResponse],
    doc: "Another `client`, `connect`, `queue`, `server`, `tarpit` or `tunnel` timeout for this stream: a time, or as many \
          milliseconds as an expression gives. A rule of a frontend sets those of the server's side for a backend that is \
          the same `listen` section only.",
    examples: &["set-timeout server 10s", "set-timeout tunnel req.hdr(x-wait) if { path_beg /ws }"],
    parse,
}];

fn parse(p: &mut Parse<'_>) -> Result<Box<dyn Action>, String> {
    let expects = "expects exactly 2 arguments";
    let name = p.words.next().ok_or(expects)?;
    if p.words.peek().is_none() {
        return Err(expects.to_owned());
    }
    let Some((_, which, set)) = KINDS.iter().find(|(kind, ..)| *kind == name) else {
        return Err(format!(
            "'set-timeout' rule supports 'client'/'connect'/'queue'/'server'/'tarpit'/'tunnel' (got '{name}')"
        ));
    };
    let timer = p.compiler.timer(&mut p.words, &format!("set-timeout {name}"))?;
    if let Some(half) = which {
        p.compiler.need_half(*half)?;
    }
    Ok(Box::new(SetTimeout { timer, set: *set }))
}

type Set = fn(&mut Timeouts, u32);

const KINDS: &[(&str, Option<Half>, Set)] = &[
    ("client", Some(Half::Front), |t, ms| t.client = Some(ms)),
    ("connect", Some(Half::Back), |t, ms| t.connect = Some(ms)),
    ("queue", Some(Half::Back), |t, ms| t.queue = Some(ms)),
    ("server", Some(Half::Back), |t, ms| t.server = Some(ms)),
    ("tarpit", None, |t, ms| t.tarpit = Some(ms)),
    ("tunnel", Some(Half::Back), |t, ms| t.tunnel = Some(ms)),
];

#[derive(Debug)]
struct SetTimeout {
    timer: Timer,
    set: Set,
}

impl Action for SetTimeout {
    fn run<'w>(&'w self, act: &mut Act<'w>) -> Verdict {
        let Some(ms) = self.timer.get(act) else { return Verdict::Next };
        if let Some(stream) = act.stream.as_deref_mut() {
            (self.set)(&mut stream.timeouts, ms);
        }
        Verdict::Next
    }
}
