//! Running a rule set: each rule whose condition holds, in order, until one ends it.

use state::expr::Side;
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
        in_order(worker, &mut act, rules, at)
    };
    arena.reset();
    verdict
}

fn in_order<'w>(worker: &Worker, act: &mut Act<'w>, rules: &'w RuleList, at: &mut usize) -> Verdict {
    let mut sieve = Sieve::new(rules, act);
    while let Some(rule) = sieve.next(act, at) {
        *at += 1;
        match holds(act, rule) {
            Some(true) => {}
            Some(false) => continue,
            None => {
                *at -= 1;
                return Verdict::More;
            }
        }
        sieve.acts();
        let verdict = match rule.action.run(act) {
            Verdict::Next => continue,
            Verdict::Log { profile, origin } => {
                log::by_rule(worker, act, profile, origin);
                continue;
            }
            Verdict::NoRoom if overflowed(worker, act) => continue,
            Verdict::NoRoom => Verdict::Failed,
            passing @ (Verdict::Body(_) | Verdict::Pause(_) | Verdict::More) => return passing,
            last => last,
        };
        if let Some(stream) = act.stream.as_deref_mut() {
            stream.last_rule = rule.place.or(stream.last_rule);
        }
        return if verdict == Verdict::Stop { Verdict::Next } else { verdict };
    }
    Verdict::Next
}

/// Counts an edit that found no room in the message; whether rules go on all the same.
#[cold]
fn overflowed(worker: &Worker, act: &Act<'_>) -> bool {
    let Some(stream) = act.stream.as_deref() else { return true };
    let frontend = act.world.frontend(stream.frontend).map(|f| &f.live.counters);
    let backend = stream.backend.and_then(|b| act.world.backend(b));
    let server = stream.server.and_then(|s| backend?.server(s)).map(|s| &s.live.counters);
    for counters in [frontend, backend.map(|b| &b.live.counters), server].into_iter().flatten() {
        if let Some(block) = counters.of(worker.number) {
            block.failed_rewrites.add(1);
        }
    }
    stream.lenient
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
