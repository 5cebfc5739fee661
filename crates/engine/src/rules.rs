//! Running a rule set: each rule whose condition holds, in order, until one ends it.

use state::expr::Side;
use state::log::Origin;
use state::rule::{Act, Action, Rule, RuleList, Verdict};
use state::{Session, Stream, World};

use crate::log;
use crate::sieve::Sieve;
use crate::worker::Worker;

/// Runs a rule set on a stream.
pub fn run(
    worker: &Worker,
    world: &World,
    session: &mut Session,
    stream: &mut Stream,
    side: Side,
    rules: &RuleList,
) -> Verdict {
    apply(worker, world, session, Some(stream), side, rules, &mut 0)
}

/// As [`run`], from the rule at `at` on; leaves there which one comes next.
pub fn resume(
    worker: &Worker,
    world: &World,
    session: &mut Session,
    stream: &mut Stream,
    side: Side,
    (rules, at): (&RuleList, &mut usize),
) -> Verdict {
    apply(worker, world, session, Some(stream), side, rules, at)
}

/// Runs a rule set for which only the connection exists.
pub fn connection(worker: &Worker, world: &World, session: &mut Session, rules: &RuleList) -> Verdict {
    apply(worker, world, session, None, Side::Request, rules, &mut 0)
}

/// Runs one action on a stream.
pub fn act(
    worker: &Worker,
    world: &World,
    session: &mut Session,
    stream: &mut Stream,
    side: Side,
    action: &dyn Action,
) -> Verdict {
    let mut arena = worker.arena.borrow_mut();
    let verdict = action.run(&mut Act {
        world,
        session,
        stream: Some(stream),
        side,
        arena: &arena,
        now_ns: net::now().as_nanos(),
        wall_us: net::wall(),
        thread: worker.number,
    });
    arena.reset();
    verdict
}

fn apply(
    worker: &Worker,
    world: &World,
    session: &mut Session,
    stream: Option<&mut Stream>,
    side: Side,
    rules: &RuleList,
    at: &mut usize,
) -> Verdict {
    if rules.is_empty() {
        return Verdict::Next;
    }
    let mut arena = worker.arena.borrow_mut();
    let mut stream = stream;
    if let Some(stream) = stream.as_deref_mut().filter(|_| *at == 0) {
        stream.lenient = false;
    }
    let verdict = {
        let mut act = Act {
            world,
            session,
            stream,
            side,
            arena: &arena,
            now_ns: net::now().as_nanos(),
            wall_us: net::wall(),
            thread: worker.number,
        };
        in_order(&mut Live(worker), &mut act, rules, at)
    };
    arena.reset();
    verdict
}

/// What goes with the walk through a rule set, beside the rules themselves.
pub trait Walk {
    /// Whether it wants to see the rules too that are known beforehand not to apply.
    const SEES_ALL: bool = false;
    /// A rule's condition was judged; none: it can't be yet.
    fn judged(&mut self, _: &Act<'_>, _: &Rule, _: Option<bool>) {}
    /// A rule was carried out.
    fn acted(&mut self, _: &Act<'_>, _: &Rule, _: Verdict) {}
    /// A rule wants a line in the log.
    fn log(&mut self, act: &mut Act<'_>, profile: Option<u32>, origin: Origin);
    /// What a rule would have written found no room in the message.
    fn overflowed(&mut self, act: &Act<'_>);
}

/// The walk of a thread that serves clients.
struct Live<'w>(&'w Worker);

impl Walk for Live<'_> {
    fn log(&mut self, act: &mut Act<'_>, profile: Option<u32>, origin: Origin) {
        log::by_rule(self.0, act, profile, origin);
    }

    #[cold]
    fn overflowed(&mut self, act: &Act<'_>) {
        let Some(stream) = act.stream.as_deref() else { return };
        let frontend = act.world.frontend(stream.frontend).map(|f| &f.live.counters);
        let backend = stream.backend.and_then(|b| act.world.backend(b));
        let server = stream.server.and_then(|s| backend?.server(s)).map(|s| &s.live.counters);
        for counters in [frontend, backend.map(|b| &b.live.counters), server].into_iter().flatten() {
            if let Some(block) = counters.of(self.0.number) {
                block.failed_rewrites.add(1);
            }
        }
    }
}

/// Runs the rules from the one at `at` on until one of them ends the set; leaves there which one comes next.
pub fn in_order<'w, W: Walk>(
    walk: &mut W,
    act: &mut Act<'w>,
    rules: &'w RuleList,
    at: &mut usize,
) -> Verdict {
    if let Some(stream) = act.stream.as_deref_mut() {
        stream.trail.waiting = None;
    }
    let mut sieve = if W::SEES_ALL { Sieve::open(rules) } else { Sieve::new(rules, act) };
    while let Some(rule) = sieve.next(act, at) {
        *at += 1;
        let holds = holds(act, rule);
        walk.judged(act, rule, holds);
        match holds {
            Some(true) => {}
            Some(false) => continue,
            None => {
                *at -= 1;
                waits(act, rule);
                return Verdict::More;
            }
        }
        sieve.acts();
        let done = rule.action.run(act);
        walk.acted(act, rule, done);
        let verdict = match done {
            Verdict::Next => continue,
            Verdict::Log { profile, origin } => {
                walk.log(act, profile, origin);
                continue;
            }
            Verdict::NoRoom => {
                walk.overflowed(act);
                // Rules go on all the same where they are lenient.
                if act.stream.as_deref().is_none_or(|stream| stream.lenient) {
                    continue;
                }
                Verdict::Failed
            }
            passing @ (Verdict::Body(_)
            | Verdict::Pause(_)
            | Verdict::Lookup
            | Verdict::Handshake
            | Verdict::More) => {
                waits(act, rule);
                return passing;
            }
            last => last,
        };
        if let Some(stream) = act.stream.as_deref_mut() {
            stream.trail.last_rule = rule.place.or(stream.trail.last_rule);
        }
        return if verdict == Verdict::Stop { Verdict::Next } else { verdict };
    }
    Verdict::Next
}

/// Notes that a rule waits for something.
fn waits(act: &mut Act<'_>, rule: &Rule) {
    if let Some(stream) = act.stream.as_deref_mut() {
        stream.trail.waiting = Some(rule.written);
    }
}

/// Whether a rule's condition holds; none while that depends on bytes that may still come.
fn holds(act: &Act<'_>, rule: &Rule) -> Option<bool> {
    let Some(cond) = &rule.cond else { return Some(true) };
    let body = act.stream.as_deref().map(|stream| match act.side {
        Side::Request => &stream.request_body,
        Side::Response => &stream.response_body,
    });
    match body.filter(|body| body.more) {
        Some(body) => cond.decide(&act.ctx(), &body.undecided),
        None => Some(cond.holds(&act.ctx())),
    }
}
