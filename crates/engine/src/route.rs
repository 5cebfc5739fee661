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
    for step in &switching.steps {
        match step {
            Step::Rule { cond, choice } => {
                if cond.as_ref().is_some_and(|c| !c.holds(cx)) {
                    continue;
                }
                match choice {
                    Choice::Backend(position) => return Some(*position),
                    Choice::Named(format) => {
                        let mut name = Vec::with_capacity(64);
                        format.write(cx, &mut name);
                        let known =
                            std::str::from_utf8(&name).ok().and_then(|n| cx.world.backend_names.get(n));
                        if let Some(position) = known {
                            return Some(*position);
                        }
                    }
                }
            }
            Step::Table(table) => {
                if let Some(position) = table.find(cx) {
                    return Some(position);
                }
            }
        }
    }
    switching.default
}
