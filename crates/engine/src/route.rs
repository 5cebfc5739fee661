//! Which backend serves a request: the frontend's `use_backend` rules, then its default (manual 4.2).

use std::cell::OnceCell;
use std::ops::ControlFlow;

use state::expr::{Ctx, Side};
use state::route::{Choice, Step, Switching};
use state::termination::{Cause, Phase};
use state::{Backend, World};

use crate::exchange::{Exchange, Stop};
use crate::failure::Failure;

/// Chooses the backend and takes a place in it.
pub fn choose(x: &mut Exchange<'_>) -> Result<(), Stop> {
    let switching = &x.frontend.switching;
    let quick = switching.default.filter(|at| switching.steps.is_empty() && is_published(x.world, *at));
    let chosen = quick.or_else(|| x.look(Side::Request, |cx| pick(switching, cx)));
    let backend = chosen.and_then(|position| x.world.backend(position));
    let Some(backend) = backend else { return Err(nowhere(x)) };
    x.backend = Some(backend);
    if backend.id != x.frontend.id {
        // That was for the proxy that the rule stands in.
        x.stream.max_retries = None;
        x.stream.timeouts.leave_proxy();
    }
    x.stream.backend = chosen;
    x.places.enter_backend(backend);
    x.note(|stream| stream.backend = Some(backend.id));
    if let Some(block) = backend.live.counters.of(x.worker.number) {
        block.requests.add(1);
    }
    if backend.disabled && chosen != x.frontend.back { Err(nowhere(x)) } else { Ok(()) }
}

/// No backend, or one that serves nobody.
fn nowhere(x: &mut Exchange<'_>) -> Stop {
    // Without having waited for a body, logs say -1 for the time that such a request took.
    if !x.frontend.options.http_buffer_request {
        x.stream.times.request = 0;
    }
    Failure::new(Cause::SERVER, Phase::CONNECT, 503).into()
}

/// The position of the backend that the rules lead to.
pub fn pick(switching: &Switching, cx: &Ctx<'_>) -> Option<u32> {
    pick_seen(switching, cx, &mut |_, _| {})
}

/// As [`pick`]; tells of each step that was looked at and where it led.
pub fn pick_seen(
    switching: &Switching,
    cx: &Ctx<'_>,
    seen: &mut impl FnMut(&Step, Option<u32>),
) -> Option<u32> {
    let forced = OnceCell::new();
    let open = |position: u32| {
        is_published(cx.world, position)
            || *forced.get_or_init(|| switching.force.iter().any(|cond| cond.holds(cx)))
    };
    for step in &switching.steps {
        let led = lead(step, cx, &open);
        seen(step, led.break_value().flatten());
        match led {
            ControlFlow::Continue(()) => {}
            ControlFlow::Break(None) => break,
            ControlFlow::Break(found) => return found,
        }
    }
    switching.default.filter(|at| open(*at)).or(switching.own)
}

fn is_published(world: &World, position: u32) -> bool {
    world.backend(position).is_some_and(Backend::is_published)
}

/// Where a step leads, if it does: to nowhere, with nothing but the default behind it, if it holds and computes the name
/// of no backend.
fn lead(step: &Step, cx: &Ctx<'_>, open: &impl Fn(u32) -> bool) -> ControlFlow<Option<u32>> {
    let led = match step {
        Step::Rule { cond, .. } if cond.as_ref().is_some_and(|c| !c.holds(cx)) => None,
        Step::Rule { choice: Choice::Backend(position), .. } => Some(*position),
        Step::Rule { choice: Choice::Named(format), .. } => {
            let mut name = Vec::with_capacity(64);
            format.write(cx, &mut name);
            let known = |name| cx.world.backend_names.get(name).copied();
            match std::str::from_utf8(&name).ok().and_then(known) {
                None => return ControlFlow::Break(None),
                found => found,
            }
        }
        Step::Table(table) => table.find(cx, open),
    };
    led.filter(|at| open(*at)).map_or(ControlFlow::Continue(()), |at| ControlFlow::Break(Some(at)))
}
