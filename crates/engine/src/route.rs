//! Which backend serves a request: the frontend's `use_backend` rules, then its default (manual 4.2).

use state::expr::{Ctx, Side};
use state::route::{Choice, Step, Switching};
use state::termination::{Cause, Phase};

use crate::exchange::{Exchange, Stop};
use crate::failure::Failure;

/// Chooses the backend and takes a place in it.
pub fn choose(x: &mut Exchange<'_>) -> Result<(), Stop> {
    let switching = &x.frontend.switching;
    let chosen = if switching.steps.is_empty() {
        switching.default
    } else {
        x.look(Side::Request, |cx| pick(switching, cx))
    };
    let backend = chosen.and_then(|position| x.world.backend(position));
    let Some(backend) = backend else {
        // Without having waited for a body, logs say -1 for the time that such a request took.
        if !x.frontend.options.http_buffer_request {
            x.stream.times.request = 0;
        }
        return Err(Failure::new(Cause::SERVER, Phase::CONNECT, 503).into());
    };
    x.backend = Some(backend);
    if backend.id != x.frontend.id {
        // That was for the proxy that the rule stands in.
        x.stream.max_retries = None;
        x.stream.timeouts.leave_proxy();
    }
    x.stream.backend = chosen;
    x.places.enter_backend(backend);
    if let Some(block) = backend.live.counters.of(x.worker.number) {
        block.requests.add(1);
    }
    Ok(())
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
    for step in &switching.steps {
        let led = lead(step, cx);
        seen(step, led);
        if led.is_some() {
            return led;
        }
    }
    switching.default
}

/// Where a step leads, if it does.
fn lead(step: &Step, cx: &Ctx<'_>) -> Option<u32> {
    match step {
        Step::Rule { cond, .. } if cond.as_ref().is_some_and(|c| !c.holds(cx)) => None,
        Step::Rule { choice: Choice::Backend(position), .. } => Some(*position),
        Step::Rule { choice: Choice::Named(format), .. } => {
            let mut name = Vec::with_capacity(64);
            format.write(cx, &mut name);
            let name = std::str::from_utf8(&name).ok()?;
            cx.world.backend_names.get(name).copied()
        }
        Step::Table(table) => table.find(cx),
    }
}
