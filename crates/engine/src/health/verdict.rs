//! What follows from a check: the health counter, and a server that goes up or down (manual 5.2 "rise", "fall").

use std::sync::atomic::Ordering::Relaxed;

use net::Time;
use state::administer::{Notice, Weight, remaining, title};
use state::check::Status;
use state::server::Check;
use state::{Backend, Server};

use super::Monitor;
use super::finding::Finding;
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
    let before = (outcome.status(), outcome.health.load(Relaxed));
    let duration = u32::try_from(net::now().millis_since(begun)).unwrap_or(u32::MAX);
    outcome.ended(finding.status, finding.code, &finding.words, duration);
    let (rise, full) = (check.rise(), check.full());
    let passed = finding.status.passed();
    let health = match before.1 {
        // Once it counts as up all is well again.
        health if passed && health + 1 >= rise => full,
        health if passed => health + 1,
        health => {
            outcome.failures.fetch_add(1, Relaxed);
            if health > rise { health - 1 } else { 0 }
        }
    };
    outcome.health.store(health, Relaxed);
    let report = Report { finding, duration };
    if backend.options.log_health_checks && before != (finding.status, health) {
        report.tell(monitor, backend, server, check, health);
    }
    let wanted = match (health >= rise, finding.status) {
        (false, _) => State::Down,
        (true, Status::L7OkConditionally) => State::Stopping,
        (true, _) => State::Up,
    };
    let is = State::of(server);
    // What was down does not come back to stop at once.
    if wanted != is && (is, wanted) != (State::Down, State::Stopping) {
        turn(monitor, backend, server, wanted, &report);
    }
}

/// How balancing sees a server by its health.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Up,
    /// Finishes what it has.
    Stopping,
    Down,
}

impl State {
    fn of(server: &Server) -> Self {
        match (server.live.healthy.load(Relaxed), server.live.stopping.load(Relaxed)) {
            (false, _) => Self::Down,
            (true, true) => Self::Stopping,
            (true, false) => Self::Up,
        }
    }
}

fn turn(monitor: &Monitor, backend: &Backend, server: &Server, to: State, report: &Report<'_>) {
    let live = &server.live;
    let left_before = backend.left();
    let was_up = live.healthy.swap(to != State::Down, Relaxed);
    live.stopping.store(to == State::Stopping, Relaxed);
    let now = net::now().as_nanos();
    match (was_up, to) {
        (_, State::Down) => live.outcome.went_down(now),
        (false, _) => live.outcome.went_up(now),
        (true, _) => live.outcome.changed_ns.store(now, Relaxed),
    }
    backend.changed(now);
    // What `option log-health-checks` has told is not told twice.
    let reason =
        if backend.options.log_health_checks { String::new() } else { format!(", {}", report.reason()) };
    let (weight, word) = match to {
        State::Up => (Weight::Notice, "UP"),
        State::Stopping => (Weight::Notice, "stopping"),
        State::Down => (Weight::Alert, "DOWN"),
    };
    let rest = remaining(backend, server, to != State::Down);
    say(monitor, backend, weight, format!("{} is {word}{reason}. {rest}", title(backend, server)));
    if left_before != (0, 0) && backend.left() == (0, 0) {
        say(monitor, backend, Weight::NoServer, String::new());
    }
}

/// A finding, and how long it took to come by, milliseconds.
struct Report<'f> {
    finding: &'f Finding,
    duration: u32,
}

impl Report<'_> {
    /// `reason: Layer7 wrong status, code: 500, info: "Broken", check duration: 1ms`.
    fn reason(&self) -> String {
        let Self { finding, duration } = self;
        let code =
            if finding.status.has_code() { format!(", code: {}", finding.code) } else { String::new() };
        let words = &finding.words;
        let info = if words.is_empty() { String::new() } else { format!(", info: \"{words}\"") };
        format!("reason: {}{code}{info}, check duration: {duration}ms", finding.status.words())
    }

    /// What `option log-health-checks` says.
    fn tell(&self, monitor: &Monitor, backend: &Backend, server: &Server, check: &Check, health: i32) {
        let result = match self.finding.status {
            Status::L7OkConditionally => "conditionally succeeded",
            status if status.passed() => "succeeded",
            _ => "failed",
        };
        let (rise, fall) = (check.rise(), check.full() - check.rise() + 1);
        let (n, of, word) =
            if health >= rise { (health - rise + 1, fall, "UP") } else { (health, rise, "DOWN") };
        let kind = if server.backup { "backup " } else { "" };
        let text = format!(
            "Health check for {kind}server {}/{} {result}, {}, status: {n}/{of} {word}.",
            backend.name,
            server.name,
            self.reason()
        );
        say(monitor, backend, Weight::Notice, text);
    }
}

fn say(monitor: &Monitor, backend: &Backend, weight: Weight, text: String) {
    let mut outbox = monitor.log.borrow_mut();
    announce::say(&monitor.world, backend, &Notice { backend: backend.id, weight, text }, &mut outbox);
    outbox.flush(&monitor.world);
}
