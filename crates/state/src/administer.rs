//! What an administrator orders of a server, and what is to be said of it (management manual 9.3 "set server", manual 4.2
//! "stats admin"). The order takes effect here; saying it aloud is `engine`'s business.

use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::{Acquire, Relaxed, Release};
use std::sync::{Mutex, PoisonError};

use crate::server::{Check, admin};
use crate::{Backend, Server};

/// An order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// Out of maintenance and draining.
    Ready,
    /// Nothing new but what belongs to it already.
    Drain,
    /// Nothing at all, and no checks.
    Maintain,
    /// Taken for up until checks say otherwise.
    ForceUp,
    /// Taken for up, but balancing doesn't choose it, until checks say otherwise.
    ForceStopping,
    /// Taken for down until checks say otherwise.
    ForceDown,
    EnableChecks,
    DisableChecks,
}

/// How much a notice matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weight {
    Notice,
    /// A server can't be used any more.
    Alert,
    /// A backend has no server left.
    NoServer,
}

/// What happened to a backend's server, in the words of logs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// The backend's number in statistics.
    pub backend: u32,
    pub weight: Weight,
    /// Empty where the weight says all.
    pub text: String,
}

/// What waits for someone to see to it.
#[derive(Debug)]
pub struct Pending<T> {
    any: AtomicBool,
    list: Mutex<Vec<T>>,
}

impl<T> Default for Pending<T> {
    fn default() -> Self {
        Self { any: AtomicBool::new(false), list: Mutex::default() }
    }
}

impl<T> Pending<T> {
    pub fn add(&self, item: T) {
        self.list.lock().unwrap_or_else(PoisonError::into_inner).push(item);
        self.any.store(true, Release);
    }

    /// All that wait, in their order.
    pub fn take(&self) -> Vec<T> {
        if !self.any.swap(false, Acquire) {
            return Vec::new();
        }
        std::mem::take(&mut *self.list.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Does what is ordered. `by`: from where, in the words of logs (`Web interface`). False: the server has nothing that
/// could be ordered so.
pub fn apply(
    backend: &Backend,
    server: &Server,
    order: Order,
    by: &str,
    now_ns: u64,
    notices: &Pending<Notice>,
) -> bool {
    let left_before = backend.left();
    let said = match order {
        Order::Ready => ready(backend, server, now_ns),
        Order::Drain => drain(backend, server, now_ns),
        Order::Maintain => maintain(backend, server, now_ns),
        Order::ForceUp => force(backend, server, State::Up, by, now_ns),
        Order::ForceStopping => force(backend, server, State::Stopping, by, now_ns),
        Order::ForceDown => force(backend, server, State::Down, by, now_ns),
        Order::EnableChecks | Order::DisableChecks => {
            if server.check.is_none() {
                return false;
            }
            server.live.checks.store(order == Order::EnableChecks, Relaxed);
            Vec::new()
        }
    };
    for (weight, text) in said {
        notices.add(Notice {
            backend: backend.id,
            weight,
            text: format!("{} {text}", title(backend, server)),
        });
    }
    if left_before != (0, 0) && backend.left() == (0, 0) {
        notices.add(Notice { backend: backend.id, weight: Weight::NoServer, text: String::new() });
    }
    true
}

/// `Backup Server app/s1`, as logs name a server.
pub fn title(backend: &Backend, server: &Server) -> String {
    let kind = if server.backup { "Backup Server" } else { "Server" };
    format!("{kind} {}/{}", backend.name, server.name)
}

/// What is said, after the server's name.
type Said = Vec<(Weight, String)>;

fn notice(text: impl Into<String>) -> Said {
    vec![(Weight::Notice, text.into())]
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Up,
    Stopping,
    Down,
}

fn state(server: &Server) -> State {
    match (server.live.healthy.load(Relaxed), server.live.stopping.load(Relaxed)) {
        (false, _) => State::Down,
        (true, true) => State::Stopping,
        (true, false) => State::Up,
    }
}

fn ready(backend: &Backend, server: &Server, now_ns: u64) -> Said {
    let live = &server.live;
    let before = live.admin.swap(0, Relaxed);
    if before & admin::MAINT != 0 {
        come_back(server, now_ns);
        backend.changed(now_ns);
        return notice("is UP/READY (leaving forced maintenance).");
    }
    if before & admin::DRAIN != 0 {
        live.outcome.changed_ns.store(now_ns, Relaxed);
        backend.changed(now_ns);
        let state = if live.healthy.load(Relaxed) { "UP" } else { "DOWN" };
        return notice(format!("is {state} (leaving forced drain)."));
    }
    Vec::new()
}

/// Out of maintenance it is taken for up, and one failed check takes it down again.
fn come_back(server: &Server, now_ns: u64) {
    let live = &server.live;
    live.healthy.store(true, Relaxed);
    live.stopping.store(false, Relaxed);
    live.outcome.went_up(now_ns);
    if let Some(check) = server.check.as_deref() {
        live.outcome.health.store(check.rise(), Relaxed);
    }
}

fn drain(backend: &Backend, server: &Server, now_ns: u64) -> Said {
    let live = &server.live;
    let before = live.admin.swap(admin::DRAIN, Relaxed);
    if before == admin::DRAIN {
        return Vec::new();
    }
    if before & admin::MAINT != 0 {
        come_back(server, now_ns);
        backend.changed(now_ns);
        let mut said = notice("is UP/DRAIN (leaving forced maintenance).");
        said.extend(notice("remains in forced drain mode."));
        return said;
    }
    let up = live.healthy.load(Relaxed);
    if up {
        live.outcome.changed_ns.store(now_ns, Relaxed);
    }
    backend.changed(now_ns);
    notice(format!("enters drain state. {}", remaining(backend, server, up)))
}

fn maintain(backend: &Backend, server: &Server, now_ns: u64) -> Said {
    let live = &server.live;
    let before = live.admin.swap(admin::MAINT, Relaxed);
    if before & admin::MAINT != 0 {
        return Vec::new();
    }
    let was_up = live.healthy.load(Relaxed);
    if was_up {
        live.outcome.went_down(now_ns);
    }
    backend.changed(now_ns);
    if was_up {
        notice(format!("is going DOWN for maintenance. {}", remaining(backend, server, false)))
    } else {
        notice("was DOWN and now enters maintenance.")
    }
}

fn force(backend: &Backend, server: &Server, to: State, by: &str, now_ns: u64) -> Said {
    let live = &server.live;
    if live.admin.load(Relaxed) & admin::MAINT != 0 {
        return Vec::new();
    }
    if let Some(check) = server.check.as_deref() {
        live.outcome.health.store(if to == State::Down { 0 } else { check.full() }, Relaxed);
    }
    let from = state(server);
    if from == to {
        return Vec::new();
    }
    live.healthy.store(to != State::Down, Relaxed);
    live.stopping.store(to == State::Stopping, Relaxed);
    match (from, to) {
        (_, State::Down) => live.outcome.went_down(now_ns),
        (State::Down, _) => live.outcome.went_up(now_ns),
        _ => live.outcome.changed_ns.store(now_ns, Relaxed),
    }
    backend.changed(now_ns);
    let (weight, word) = match to {
        State::Up => (Weight::Notice, "UP"),
        State::Stopping => (Weight::Notice, "stopping"),
        State::Down => (Weight::Alert, "DOWN"),
    };
    let rest = remaining(backend, server, to != State::Down);
    vec![(weight, format!("is {word}, changed from {by}. {rest}"))]
}

/// How the backend is left, at the end of what is said of a server that can be used (`up`) or can't.
pub fn remaining(backend: &Backend, server: &Server, up: bool) -> String {
    let (active, backup) = backend.left();
    let on_backup = if active == 0 && backup > 0 { " Running on backup." } else { "" };
    let queued = backend.live.queued.now();
    if up {
        format!(
            "{active} active and {backup} backup servers online.{on_backup} 0 sessions requeued, {queued} total in queue."
        )
    } else {
        let sessions = server.live.sessions.now();
        format!(
            "{active} active and {backup} backup servers left.{on_backup} {sessions} sessions active, 0 requeued, \
             {queued} remaining in queue."
        )
    }
}

impl Check {
    /// The health counter from which on the server is up.
    pub fn rise(&self) -> i32 {
        i32::try_from(self.pace.rise).unwrap_or(i32::MAX).max(1)
    }

    /// The health counter of a server that is as well as can be.
    pub fn full(&self) -> i32 {
        self.rise().saturating_add(i32::try_from(self.pace.fall).unwrap_or(1).max(1) - 1)
    }
}
