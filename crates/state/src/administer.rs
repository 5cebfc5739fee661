//! What an administrator orders of a server, and what is to be said of it (management manual 9.3 "set server", manual 4.2
//! "stats admin"). The order takes effect here; saying it aloud is `engine`'s business.

use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::{Acquire, Relaxed, Release};
use std::sync::{Mutex, PoisonError};

use crate::server::{Check, admin};
use crate::turn::{self, Health, Seat};

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
    /// The number of the backend, or of the frontend that is meant, in statistics.
    pub backend: u32,
    pub weight: Weight,
    /// Whether people are told by mail, and how much it matters to them, as a level of syslog.
    pub mail: Option<u8>,
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
pub fn apply(seat: Seat<'_>, order: Order, by: &str) -> bool {
    match order {
        Order::Ready => {
            if seat.server.live.admin.load(Relaxed) & admin::MAINT != 0 {
                end_maintenance(seat, admin::MAINT);
            } else {
                end_drain(seat, admin::DRAIN);
            }
        }
        Order::Drain => {
            end_maintenance(seat, admin::MAINT);
            drain(seat, admin::DRAIN, "");
        }
        Order::Maintain => {
            clear(seat, admin::DRAIN);
            maintain(seat, admin::MAINT, "", "");
        }
        Order::ForceUp => force(seat, Health::Up, by),
        Order::ForceStopping => force(seat, Health::Stopping, by),
        Order::ForceDown => force(seat, Health::Down, by),
        Order::EnableChecks | Order::DisableChecks => {
            if seat.server.check.is_none() {
                return false;
            }
            seat.server.live.checks.store(order == Order::EnableChecks, Relaxed);
        }
    }
    true
}

/// Clears an order; whether it was in force.
fn clear(seat: Seat<'_>, bit: u8) -> bool {
    seat.server.live.admin.fetch_and(!bit, Relaxed) & bit != 0
}

/// Into maintenance: by an order, or since the server that is followed went there.
fn maintain(seat: Seat<'_>, bit: u8, reason: &str, via: &str) {
    let live = &seat.server.live;
    let left = seat.backend.left();
    let before = live.admin.fetch_or(bit, Relaxed);
    if before & bit != 0 {
        return;
    }
    // Who is there already has nothing more to say, and neither have those that follow.
    if before & admin::ANY_MAINT != 0 {
        return;
    }
    if live.healthy.load(Relaxed) {
        seat.leave();
        seat.backend.changed(seat.now_ns);
        let rest = turn::remaining(seat.backend, seat.server, false);
        seat.say(Weight::Alert, &format!("is going DOWN for maintenance{reason}{via}. {rest}"));
    } else {
        seat.backend.changed(seat.now_ns);
        seat.say(Weight::Notice, &format!("was DOWN and now enters maintenance{reason}{via}."));
    }
    seat.say_if_last(left);
    for follower in seat.followers() {
        maintain(follower, admin::VIA_MAINT, reason, &seat.via());
    }
}

/// The server's name has no address any more; `reason` in the words of logs.
pub fn lose(seat: Seat<'_>, reason: &str) {
    maintain(seat, admin::UNRESOLVED, &format!(" ({reason})"), "");
}

/// It has one again.
pub fn find(seat: Seat<'_>) {
    if seat.server.live.admin.load(Relaxed) & admin::UNRESOLVED == 0 {
        return;
    }
    end_maintenance(seat, admin::UNRESOLVED);
    seat.say(Weight::Notice, "administratively READY thanks to valid DNS answer.");
}

/// Out of maintenance, unless another reason for it remains: then it is taken for up, and one failed check takes it down
/// again.
fn end_maintenance(seat: Seat<'_>, bit: u8) {
    if !clear(seat, bit) {
        return;
    }
    let left = seat.server.live.admin.load(Relaxed);
    if left & admin::ANY_MAINT != 0 {
        return seat.say(Weight::Notice, &remains(seat, bit, left));
    }
    let live = &seat.server.live;
    let own = if seat.server.init_state.is_down() { Health::Down } else { Health::Up };
    let health = seat.followed().map_or(own, |followed| Health::of(followed.server));
    live.healthy.store(health != Health::Down, Relaxed);
    live.stopping.store(health == Health::Stopping, Relaxed);
    seat.come();
    if let Some(check) = seat.server.check.as_deref() {
        live.outcome.health.store(seat.server.init_state.health(check), Relaxed);
    }
    seat.backend.changed(seat.now_ns);
    if health == Health::Up {
        seat.end_backups();
    }
    let state = if health == Health::Down { "DOWN" } else { "UP" };
    let mode = if left & admin::ANY_DRAIN == 0 { "READY" } else { "DRAIN" };
    let text = match bit {
        admin::MAINT => format!("is {state}/{mode} (leaving forced maintenance)."),
        admin::UNRESOLVED => format!("{}is {state}/{mode} (resolves again).", named(seat)),
        _ => format!("is {state}/{mode} (leaving maintenance)."),
    };
    seat.say(Weight::Notice, &text);
    if bit != admin::MAINT && left & admin::ANY_DRAIN != 0 {
        seat.say(Weight::Notice, &drains_still(seat, left));
    }
    for follower in seat.followers() {
        end_maintenance(follower, admin::VIA_MAINT);
    }
}

/// What is said of one that still takes nothing new, though it is out of maintenance.
fn drains_still(seat: Seat<'_>, left: u8) -> String {
    match left & admin::DRAIN {
        0 => format!("remains in drain mode{}.", seat.followed().map(Seat::via).unwrap_or_default()),
        _ => "remains in forced drain mode.".to_owned(),
    }
}

/// What is said of one that stays in maintenance for another reason than the one that is over.
fn remains(seat: Seat<'_>, over: u8, left: u8) -> String {
    let via = || seat.followed().map(Seat::via).unwrap_or_default();
    match over {
        admin::UNRESOLVED => format!("{}resolves again but remains in maintenance.", named(seat)),
        _ if left & admin::MAINT != 0 => "remains in forced maintenance.".to_owned(),
        _ if left & admin::VIA_MAINT != 0 => {
            format!("is leaving forced maintenance but remains in maintenance{}.", via())
        }
        _ => "is leaving forced maintenance but remains in maintenance.".to_owned(),
    }
}

/// The name of its host, as it stands behind its own.
fn named(seat: Seat<'_>) -> String {
    seat.server.fqdn().map(|name| format!("('{name}') ")).unwrap_or_default()
}

/// Nothing new any more: by an order, or since the server that is followed drains.
fn drain(seat: Seat<'_>, bit: u8, via: &str) {
    let live = &seat.server.live;
    let left = seat.backend.left();
    let before = live.admin.fetch_or(bit, Relaxed);
    if before & bit != 0 {
        return;
    }
    if before & admin::ANY_DRAIN != 0 {
        seat.say(Weight::Notice, "remains in forced drain mode.");
    } else if before & admin::ANY_MAINT == 0 {
        let up = live.healthy.load(Relaxed);
        if up {
            live.outcome.changed_ns.store(seat.now_ns, Relaxed);
        }
        seat.backend.changed(seat.now_ns);
        let rest = turn::remaining(seat.backend, seat.server, up);
        seat.say(Weight::Notice, &format!("enters drain state{via}. {rest}"));
        seat.say_if_last(left);
    }
    for follower in seat.followers() {
        drain(follower, admin::VIA_DRAIN, &seat.via());
    }
}

/// Takes new work again, unless another reason not to remains.
fn end_drain(seat: Seat<'_>, bit: u8) {
    if !clear(seat, bit) {
        return;
    }
    let live = &seat.server.live;
    let left = live.admin.load(Relaxed);
    let via = seat.followed().map(Seat::via).unwrap_or_default();
    if left & admin::DRAIN != 0 {
        seat.say(Weight::Notice, "remains in forced drain mode.");
    } else if left & admin::VIA_DRAIN != 0 {
        seat.say(Weight::Notice, &format!("remains in drain mode{via}."));
    } else {
        live.outcome.changed_ns.store(seat.now_ns, Relaxed);
        seat.backend.changed(seat.now_ns);
        let state = if live.healthy.load(Relaxed) { "UP" } else { "DOWN" };
        let text = match bit {
            admin::DRAIN => format!("is {state} (leaving forced drain)."),
            _ => format!("is {state} (leaving drain){via}."),
        };
        seat.say(Weight::Notice, &text);
    }
    for follower in seat.followers() {
        end_drain(follower, admin::VIA_DRAIN);
    }
}

fn force(seat: Seat<'_>, to: Health, by: &str) {
    let live = &seat.server.live;
    if live.admin.load(Relaxed) & admin::ANY_MAINT != 0 {
        return;
    }
    if let Some(check) = seat.server.check.as_deref() {
        live.outcome.health.store(if to == Health::Down { 0 } else { check.full() }, Relaxed);
    }
    if Health::of(seat.server) != to {
        seat.turn(to, &format!(", changed from {by}"));
    }
}

/// Takes the agent for one that says so (`set server ... agent`).
pub fn force_agent(seat: Seat<'_>, up: bool, by: &str) {
    let live = &seat.server.live;
    let Some(agent) = seat.server.agent.as_deref() else { return };
    live.agent.health.store(if up { agent.full() } else { 0 }, Relaxed);
    let check = seat.server.check.as_deref().filter(|_| live.checks.load(Relaxed));
    let well = check.is_none_or(|check| live.outcome.health.load(Relaxed) >= check.rise());
    let to = match (up, well) {
        (false, _) => Health::Down,
        (true, true) => Health::Up,
        (true, false) => return,
    };
    if Health::of(seat.server) != to {
        seat.turn(to, &format!(", changed from {by}"));
    }
}

/// Gives a server a weight: a number, or a part of the configured one (`50%`). Errors: what is wrong with it.
pub fn weigh(seat: Seat<'_>, text: &str) -> Result<(), &'static str> {
    let (negative, digits) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let len = digits.bytes().take_while(u8::is_ascii_digit).count();
    let (digits, rest) = digits.split_at_checked(len).unwrap_or((digits, ""));
    if digits.is_empty() {
        return Err("Empty weight string empty or preceded by garbage");
    }
    let number: u64 = digits.parse().unwrap_or(u64::MAX);
    let own = u64::from(seat.server.weight);
    let weight = match rest {
        "%" if negative && number > 0 => return Err("Relative weight must be positive."),
        "%" => (own * number.min(MOST_PERCENT) / 100).min(MOST_WEIGHT),
        "" if number > MOST_WEIGHT || (negative && number > 0) => {
            return Err("Absolute weight can only be between 0 and 256 inclusive.");
        }
        "" => number,
        _ => return Err("Trailing garbage in weight string"),
    };
    if !seat.backend.balance.is_dynamic() && weight != 0 && weight != own {
        return Err("Backend is using a static LB algorithm and only accepts weights '0%' and '100%'.");
    }
    let weight = u32::try_from(weight).unwrap_or(256);
    if seat.server.live.weight.swap(weight, Relaxed) != weight {
        seat.backend.changed(seat.now_ns);
    }
    Ok(())
}

const MOST_WEIGHT: u64 = 256;
const MOST_PERCENT: u64 = 25_600;

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
