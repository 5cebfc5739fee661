//! What follows from a check: the health counter, and a server that goes up or down (manual 5.2 "rise", "fall").

use std::sync::atomic::Ordering::Relaxed;

use net::Time;
use state::server::Check;
use state::{Backend, Server};

use super::probe::Finding;
use super::{Monitor, left, rise};
use crate::log;

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
    let rise = rise(check);
    let full = rise + i32::try_from(check.pace.fall).unwrap_or(1).max(1) - 1;
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
    if is_up != was_up {
        turn(monitor, backend, server, is_up, finding, duration);
    }
}

fn turn(monitor: &Monitor, backend: &Backend, server: &Server, up: bool, finding: &Finding, duration: u32) {
    let live = &server.live;
    live.healthy.store(up, Relaxed);
    let now = net::now().as_nanos();
    let since = live.outcome.changed_ns.swap(now, Relaxed);
    if up {
        live.outcome.downtime_ns.fetch_add(now.saturating_sub(since), Relaxed);
    } else {
        live.outcome.down_transitions.fetch_add(1, Relaxed);
    }
    let served_before = left(backend);
    backend.balance.changed(backend);
    announce(monitor, backend, server, up, finding, duration);
    if !up && served_before == (0, 0) {
        backend.live.changed_ns.store(now, Relaxed);
        say(monitor, backend, &format!("backend {} has no server available!", backend.name), log::ALERT);
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
    let (active, backup) = left(backend);
    let code = if finding.code > 0 { format!(", code: {}", finding.code) } else { String::new() };
    let info = if finding.info.is_empty() { String::new() } else { format!(", info: \"{}\"", finding.info) };
    let kind = if server.backup { "Backup Server" } else { "Server" };
    let sessions = if up {
        format!("{} sessions requeued, {} total in queue", 0, backend.live.queued.now())
    } else {
        format!(
            "{} sessions active, {} requeued, {} remaining in queue",
            server.live.sessions.now(),
            0,
            backend.live.queued.now()
        )
    };
    let text = format!(
        "{kind} {}/{} is {}, reason: {}{code}{info}, check duration: {duration}ms. {active} active and {backup} backup \
         servers {}.{} {sessions}.",
        backend.name,
        server.name,
        if up { "UP" } else { "DOWN" },
        finding.outcome.words(),
        if up { "online" } else { "left" },
        if active == 0 && backup > 0 { " Running on backup." } else { "" },
    );
    say(monitor, backend, &text, if up { log::NOTICE } else { log::ALERT });
}

/// To the standard error output, and to the backend's log targets.
fn say(monitor: &Monitor, backend: &Backend, text: &str, level: u8) {
    eprintln!("[WARNING]  ({}) : {text}", monitor.world.global.pid);
    let mut outbox = monitor.log.borrow_mut();
    outbox.text().extend_from_slice(text.as_bytes());
    outbox.send(&monitor.world, &backend.log.targets, backend.log.tag.as_deref(), level);
    outbox.flush(&monitor.world);
}
