//! What traffic tells of a server's health (manual 5.2 "observe", "error-limit", "on-error"). Costs a look at one field
//! where it isn't configured.

use std::sync::atomic::Ordering::Relaxed;

use state::check::Status;
use state::server::{Check, Observe, OnError};
use state::termination::{Cause, Phase};
use state::turn::Seat;
use state::{Backend, Server};

use crate::announce;
use crate::exchange::{Exchange, Stop};
use crate::health::{self, Finding};

/// A connection to the server stands.
pub fn connected(server: &Server) {
    if server.observe.as_ref().is_some_and(|observe| !observe.responses) {
        server.live.errors.store(0, Relaxed);
    }
}

/// No connection came about.
pub fn unconnected(x: &Exchange<'_>, backend: &Backend, server: &Server) {
    if let Some(observe) = &server.observe {
        failed(x, backend, server, observe, "L4 unsuccessful connection");
    }
}

/// The server answered.
pub fn answered(x: &Exchange<'_>) {
    let Some((backend, server, observe)) = responding(x) else { return };
    match x.stream.response.status() {
        100..=499 | 501 | 505 => server.live.errors.store(0, Relaxed),
        _ => failed(x, backend, server, observe, "Wrong http response"),
    }
}

/// It did not, or not with HTTP.
pub fn unanswered(x: &Exchange<'_>, stop: Stop) {
    let Some((backend, server, observe)) = responding(x) else { return };
    let Stop::Failure(failure) = stop else { return };
    if failure.phase != Phase::HEADERS {
        return;
    }
    let what = match failure.cause {
        Cause::SERVER => "Read error (http)",
        Cause::SERVER_TIMEOUT => "Read timeout (http)",
        Cause::PROXY => "Invalid http response (headers)",
        _ => return,
    };
    failed(x, backend, server, observe, what);
}

/// The exchange's server, if its responses are looked at.
fn responding<'x>(x: &Exchange<'x>) -> Option<(&'x Backend, &'x Server, &'x Observe)> {
    let backend = x.backend?;
    let server = backend.server(x.stream.server?)?;
    let observe = server.observe.as_deref().filter(|observe| observe.responses)?;
    Some((backend, server, observe))
}

/// Counts an error; the one that is too many counts as a check.
fn failed(x: &Exchange<'_>, backend: &Backend, server: &Server, observe: &Observe, what: &str) {
    let live = &server.live;
    let Some(check) = server.check.as_deref().filter(|_| live.checks.load(Relaxed)) else { return };
    let errors = live.errors.fetch_add(1, Relaxed) + 1;
    if errors < observe.limit {
        return;
    }
    live.errors.store(0, Relaxed);
    live.error_bursts.fetch_add(1, Relaxed);
    live.hurry.store(true, Relaxed);
    x.worker.crew.wake_check(live.uid);
    let seat = Seat { world: x.world, backend, server, now_ns: net::now().as_nanos() };
    if doom(check, server, observe.then) {
        let words = format!("Detected {errors} consecutive errors, last one was: {what}");
        let finding = Finding { status: Status::Observed, code: 0, words };
        health::count(seat, check, &finding, None);
        announce::speak(x.world, &mut x.worker.log.borrow_mut());
        x.worker.crew.obey(x.world);
    }
}

/// Leaves the server as much health as one more failure is to take; false if there is to be none.
fn doom(check: &Check, server: &Server, then: OnError) -> bool {
    let health = &server.live.outcome.health;
    match then {
        OnError::FastInter => return false,
        OnError::FailCheck => {}
        OnError::SuddenDeath => {
            health.fetch_min(check.rise() + 1, Relaxed);
        }
        OnError::MarkDown => {
            health.fetch_min(check.rise(), Relaxed);
        }
    }
    true
}
