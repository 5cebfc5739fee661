//! What follows from a check: the health counter, and a server that goes up or down (manual 5.2 "rise", "fall"). What is
//! to be said waits in the World until someone speaks.

use std::sync::atomic::Ordering::Relaxed;

use state::Server;
use state::administer::{Notice, Weight};
use state::check::{Outcome, Status};
use state::mail::level;
use state::server::Check;
use state::turn::{Health, Seat};

use super::finding::Finding;

/// Counts a finding of a server's check (or of traffic, which takes no time) and changes the server's state when its
/// counter says so. `ms`: how long the check took.
pub fn count(seat: Seat<'_>, check: &Check, finding: &Finding, ms: Option<u32>) {
    let outcome = &seat.server.live.outcome;
    if finding.status.passed() {
        // What traffic showed before is past.
        seat.server.live.errors.store(0, Relaxed);
    } else if outcome.health.load(Relaxed) > 0 {
        outcome.failures.fetch_add(1, Relaxed);
    }
    let health = note(seat, outcome, check, finding, ms, "Health");
    let wanted = match (health >= check.rise(), finding.status) {
        (false, _) => Health::Down,
        (true, Status::L7OkConditionally) => Health::Stopping,
        (true, _) => Health::Up,
    };
    if wanted == Health::Down || agrees(seat.server.agent.as_deref(), &seat.server.live.agent) {
        turn(seat, wanted, finding, ms);
    }
}

/// Counts what an agent said: only what it says of the server's state has an effect on that.
pub(super) fn count_agent(seat: Seat<'_>, agent: &Check, finding: &Finding, ms: Option<u32>) {
    let outcome = &seat.server.live.agent;
    match finding.status {
        Status::L7Ok | Status::L7Status => {
            let health = note(seat, outcome, agent, finding, ms, "Agent");
            if health < agent.rise() {
                turn(seat, Health::Down, finding, ms);
            } else if agrees(check_of(seat.server), &seat.server.live.outcome) {
                turn(seat, Health::Up, finding, ms);
            }
        }
        Status::Checked => outcome.ended(finding.status, 0, &finding.words, ms.unwrap_or(0)),
        // That it can't be asked says nothing of the server.
        _ => {
            let before = outcome.status();
            outcome.ended(finding.status, 0, &finding.words, ms.unwrap_or(0));
            if before != finding.status {
                tell(seat, agent, finding, ms, outcome.health.load(Relaxed), "Agent");
            }
        }
    }
}

/// The check of a server that is run.
fn check_of(server: &Server) -> Option<&Check> {
    server.check.as_deref().filter(|_| server.live.checks.load(Relaxed))
}

/// Whether the other kind of check, if there is one, sees the server well too.
fn agrees(check: Option<&Check>, outcome: &Outcome) -> bool {
    check.is_none_or(|check| outcome.health.load(Relaxed) >= check.rise())
}

/// Notes a finding and counts it; gives the health after it.
fn note(
    seat: Seat<'_>,
    outcome: &Outcome,
    check: &Check,
    finding: &Finding,
    ms: Option<u32>,
    kind: &str,
) -> i32 {
    let before = (outcome.status(), outcome.health.load(Relaxed));
    let took = ms.unwrap_or_else(|| outcome.duration_ms.load(Relaxed));
    outcome.ended(finding.status, finding.code, &finding.words, took);
    let (rise, full) = (check.rise(), check.full());
    let health = match before.1 {
        // Once it counts as up all is well again.
        health if finding.status.passed() && health + 1 >= rise => full,
        health if finding.status.passed() => health + 1,
        health if health > rise => health - 1,
        _ => 0,
    };
    outcome.health.store(health, Relaxed);
    if before != (finding.status, health) {
        tell(seat, check, finding, ms, health, kind);
    }
    health
}

fn turn(seat: Seat<'_>, wanted: Health, finding: &Finding, ms: Option<u32>) {
    let is = Health::of(seat.server);
    // What was down does not come back to stop at once.
    if wanted == is || (is, wanted) == (Health::Down, Health::Stopping) {
        return;
    }
    // What `option log-health-checks` has told is not told twice.
    let told = seat.backend.options.log_health_checks;
    let reason = if told { String::new() } else { format!(", {}", reason(finding, ms)) };
    seat.turn(wanted, &reason);
}

/// `reason: Layer7 wrong status, code: 500, info: "Broken", check duration: 1ms`.
fn reason(finding: &Finding, ms: Option<u32>) -> String {
    let code = if finding.status.has_code() { format!(", code: {}", finding.code) } else { String::new() };
    let words = &finding.words;
    let info = if words.is_empty() { String::new() } else { format!(", info: \"{words}\"") };
    let took = ms.map(|ms| format!(", check duration: {ms}ms")).unwrap_or_default();
    format!("reason: {}{code}{info}{took}", finding.status.words())
}

/// What `option log-health-checks` says.
fn tell(seat: Seat<'_>, check: &Check, finding: &Finding, ms: Option<u32>, health: i32, kind: &str) {
    if !seat.backend.options.log_health_checks {
        return;
    }
    let result = match finding.status {
        Status::L7OkConditionally => "conditionally succeeded",
        status if status.passed() => "succeeded",
        _ => "failed",
    };
    let (rise, fall) = (check.rise(), check.full() - check.rise() + 1);
    let (n, of, word) = if health >= rise { (health - rise + 1, fall, "UP") } else { (health, rise, "DOWN") };
    let backup = if seat.server.backup { "backup " } else { "" };
    let text = format!(
        "{kind} check for {backup}server {}/{} {result}, {}, status: {n}/{of} {word}.",
        seat.backend.name,
        seat.server.name,
        reason(finding, ms)
    );
    let mail = Some(level::INFO);
    seat.world.process.notices.add(Notice { backend: seat.backend.id, weight: Weight::Notice, mail, text });
}
