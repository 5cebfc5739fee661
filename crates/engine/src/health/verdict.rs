//! What follows from a check: the health counter, and a server that goes up or down (manual 5.2 "rise", "fall").

use std::sync::atomic::Ordering::Relaxed;

use net::Time;
use state::administer::{Notice, Weight, remaining, title};
use state::server::Check;
use state::{Backend, Server};

use super::Monitor;
use super::probe::Finding;
use crate::announce;

/// Counts a finding and changes the server's state when its counter says so.
pub(super) fn apply(
    monitor: &Monitor,
    backend: &Backend,
    server: &Server,
    check: &Check,
    finding: &Finding,
    begun: Time,
) {
    let outcome = &server.live.outcome;
    outcome.result.store(finding.outcome.number(), Relaxed);
    outcome.code.store(finding.code, Relaxed);
    let duration = u32::try_from(net::now().millis_since(begun)).unwrap_or(u32::MAX);
    outcome.duration_ms.store(duration, Relaxed);
    let (rise, full) = (check.rise(), check.full());
    let before = outcome.health.load(Relaxed);
    let was_up = server.live.healthy.load(Relaxed);
    let after = if finding.outcome.passed() {
        let next = (before + 1).min(full);
        if !was_up && next >= rise { full } else { next }
    } else {
        outcome.failures.fetch_add(1, Relaxed);
        if was_up && before > rise { before - 1 } else { 0 }
    };
    outcome.health.store(after, Relaxed);
    let is_up = after >= rise;
    // A check that passes ends what an administrator ordered.
    let goes_on = is_up && finding.outcome.passed() && server.live.stopping.swap(false, Relaxed);
    if is_up != was_up || goes_on {
        turn(monitor, backend, server, is_up, finding, duration);
    }
}

fn turn(monitor: &Monitor, backend: &Backend, server: &Server, up: bool, finding: &Finding, duration: u32) {
    let live = &server.live;
    let left_before = backend.left();
    let was_up = live.healthy.swap(up, Relaxed);
    let now = net::now().as_nanos();
    match (was_up, up) {
        (false, true) => live.outcome.went_up(now),
        (true, true) => live.outcome.changed_ns.store(now, Relaxed),
        (_, false) => live.outcome.went_down(now),
    }
    backend.changed(now);
    announce(monitor, backend, server, up, finding, duration);
    if left_before != (0, 0) && backend.left() == (0, 0) {
        say(monitor, backend, Weight::NoServer, String::new());
    }
}

fn announce(
    monitor: &Monitor,
    backend: &Backend,
    server: &Server,
    up: bool,
    finding: &Finding,
    duration: u32,
) {
    let code = if finding.code > 0 { format!(", code: {}", finding.code) } else { String::new() };
    let info =
        if up || finding.info.is_empty() { String::new() } else { format!(", info: \"{}\"", finding.info) };
    let text = format!(
        "{} is {}, reason: {}{code}{info}, check duration: {duration}ms. {}",
        title(backend, server),
        if up { "UP" } else { "DOWN" },
        finding.outcome.words(),
        remaining(backend, server, up),
    );
    say(monitor, backend, if up { Weight::Notice } else { Weight::Alert }, text);
}

fn say(monitor: &Monitor, backend: &Backend, weight: Weight, text: String) {
    let mut outbox = monitor.log.borrow_mut();
    announce::say(&monitor.world, backend, &Notice { backend: backend.id, weight, text }, &mut outbox);
    outbox.flush(&monitor.world);
}
