//! Health checks as configured, and the state they keep (manual 4.2 "option httpchk", 5.2 "check"). Running them is
//! `engine`'s business.

use std::sync::atomic::{AtomicI32, AtomicU8, AtomicU16, AtomicU32, AtomicU64, Ordering::Relaxed};

/// What a check sends and expects.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Probe {
    /// A connection that opens is enough.
    Tcp,
    /// `option httpchk`: a request, and the statuses that count as alive.
    Http(HttpProbe),
}

/// An HTTP check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpProbe {
    pub method: Box<[u8]>,
    pub uri: Box<[u8]>,
    pub version: Box<[u8]>,
    pub headers: Vec<crate::reply::Line>,
    pub body: Box<[u8]>,
    pub expect: Expect,
}

/// `http-check expect`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Expect {
    /// 2xx and 3xx.
    #[default]
    Success,
    /// Inclusive ranges of statuses; `negated` for `! status`.
    Status { ranges: Vec<(u16, u16)>, negated: bool },
    /// The body contains this text.
    Text { text: Box<[u8]>, negated: bool },
}

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
    /// The code of the last result, as `check_status` shows it (see `engine`'s health).
    pub result: AtomicU8,
    /// HTTP status or the like of the last result.
    pub code: AtomicU16,
    pub duration_ms: AtomicU32,
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
}
