//! Health checks as configured, and the state they keep (manual 4.2 "option httpchk", 5.2 "check"). Running them is
//! `engine`'s business. Read `ruleset` for what a check does, `status` for how it can end.

use std::sync::atomic::{
    AtomicBool, AtomicI32, AtomicU8, AtomicU16, AtomicU32, AtomicU64, Ordering::Relaxed,
};
use std::sync::{Mutex, PoisonError};

mod ruleset;
mod status;

pub use ruleset::{
    Connect, Data, Does, Expect, External, Header, Judge, Judged, Matching, Pattern, Port, Probe, Protocol,
    Request, Ruleset, Step,
};
pub use status::Status;

/// How often and how patiently a server is checked. Durations in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    pub inter: u32,
    pub fast_inter: Option<u32>,
    pub down_inter: Option<u32>,
    pub rise: u32,
    pub fall: u32,
}

impl Default for Pace {
    fn default() -> Self {
        Self { inter: 2000, fast_inter: None, down_inter: None, rise: 2, fall: 3 }
    }
}

/// What the last check found, for statistics.
#[derive(Debug, Default)]
pub struct Outcome {
    /// The health counter: `rise + fall - 1` is fully up, below `rise` is down.
    pub health: AtomicI32,
    result: AtomicU8,
    /// HTTP status or the like of the last result.
    pub code: AtomicU16,
    pub duration_ms: AtomicU32,
    /// Whether a check is under way.
    pub running: AtomicBool,
    /// More about the last result, as logs and statistics show it.
    words: Mutex<Box<str>>,
    pub failures: AtomicU64,
    pub down_transitions: AtomicU64,
    /// When the state changed last, monotonic nanoseconds.
    pub changed_ns: AtomicU64,
    pub downtime_ns: AtomicU64,
}

impl Outcome {
    /// The server can be used no more.
    pub fn went_down(&self, now_ns: u64) {
        self.changed_ns.store(now_ns, Relaxed);
        self.down_transitions.fetch_add(1, Relaxed);
    }

    /// The server can be used again.
    pub fn went_up(&self, now_ns: u64) {
        let since = self.changed_ns.swap(now_ns, Relaxed);
        self.downtime_ns.fetch_add(now_ns.saturating_sub(since), Relaxed);
    }

    /// How the last check ended; [`Status::Initializing`] before the first did.
    pub fn status(&self) -> Status {
        Status::from_number(self.result.load(Relaxed))
    }

    /// More about the last result: what went wrong, what the server said. Empty where there is nothing to say.
    pub fn words(&self) -> Box<str> {
        self.words.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Notes how a check ended.
    pub fn ended(&self, status: Status, code: u16, words: &str, duration_ms: u32) {
        self.result.store(status.number(), Relaxed);
        self.code.store(code, Relaxed);
        self.duration_ms.store(duration_ms, Relaxed);
        let mut kept = self.words.lock().unwrap_or_else(PoisonError::into_inner);
        if **kept != *words {
            *kept = words.into();
        }
    }
}
