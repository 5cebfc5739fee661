//! What a session and its streams track (manual 4.3 "track-sc"): entries of stick tables in which their events are
//! counted, each with a number. When something happens is `engine`'s business.

use std::sync::Arc;

use crate::table::{Kind, Tracked};

/// The entries one session or one stream tracks, by number.
#[derive(Debug, Default)]
pub struct Counters {
    own: Vec<Option<Tracked>>,
    /// Those of `own` in which the request under way is not counted yet, a bit each.
    uncounted: u128,
    /// Those of a session that several streams belong to at once.
    shared: Option<Arc<Vec<Option<Tracked>>>>,
}

impl Counters {
    pub const fn new() -> Self {
        Self { own: Vec::new(), uncounted: 0, shared: None }
    }

    /// Whether nothing is tracked.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.own.is_empty() && self.shared.is_none()
    }

    /// The entry with this number.
    pub fn get(&self, number: u32) -> Option<&Tracked> {
        let at = usize::try_from(number).ok()?;
        let own = self.own.get(at).and_then(Option::as_ref);
        own.or_else(|| self.shared.as_ref()?.get(at)?.as_ref())
    }

    /// Tracks an entry under this number, which must be one that the configuration allows.
    pub fn set(&mut self, number: u32, entry: Tracked) {
        let at = usize::try_from(number).unwrap_or(usize::MAX);
        while self.own.len() <= at {
            self.own.push(None);
        }
        if let Some(slot) = self.own.get_mut(at) {
            *slot = Some(entry);
        }
    }

    /// Tracks an entry for a request that counts only once the rules on its bytes have let it pass.
    pub fn set_uncounted(&mut self, number: u32, entry: Tracked) {
        self.set(number, entry);
        self.uncounted |= 1_u128.checked_shl(number).unwrap_or_default();
    }

    /// Counts the request in the entries in which it is not yet.
    pub fn count_late(&mut self, [total, rate]: [Kind; 2], now_ms: u64) {
        let uncounted = std::mem::take(&mut self.uncounted);
        for (number, entry) in self.own.iter().enumerate() {
            if let Some(entry) = entry.as_ref().filter(|_| uncounted >> number & 1 != 0) {
                entry.add(total, 0, 1, now_ms);
                entry.add(rate, 0, 1, now_ms);
            }
        }
    }

    /// Everything that is tracked.
    pub fn iter(&self) -> impl Iterator<Item = &Tracked> {
        let shared = self.shared.as_ref().map(|shared| shared.iter()).unwrap_or_default();
        self.own.iter().chain(shared).flatten()
    }

    /// Counts `n` of something, and how often it happens.
    pub fn count(&self, [total, rate]: [Kind; 2], n: u64, now_ms: u64) {
        for entry in self.iter() {
            entry.add(total, 0, n, now_ms);
            entry.add(rate, 0, n, now_ms);
        }
    }

    /// Tracks nothing any more. What was tracked stays in its table for the whole time again.
    pub fn end(&mut self, now_ms: u64) {
        self.uncounted = 0;
        for entry in self.own.drain(..).flatten() {
            entry.touch(now_ms);
        }
        for entry in self.shared.take().and_then(Arc::into_inner).into_iter().flatten().flatten() {
            entry.touch(now_ms);
        }
    }

    /// The same entries for one of several streams; they are tracked until the last one ends.
    #[must_use]
    pub fn share(&mut self) -> Self {
        if self.shared.is_none() && !self.own.is_empty() {
            self.shared = Some(Arc::new(std::mem::take(&mut self.own)));
        }
        Self { own: Vec::new(), uncounted: 0, shared: self.shared.clone() }
    }
}

/// What is counted together: how many, and how often.
pub const CONNECTIONS: [Kind; 2] = [Kind::ConnCnt, Kind::ConnRate];
pub const SESSIONS: [Kind; 2] = [Kind::SessCnt, Kind::SessRate];
pub const REQUESTS: [Kind; 2] = [Kind::HttpReqCnt, Kind::HttpReqRate];
pub const ERRORS: [Kind; 2] = [Kind::HttpErrCnt, Kind::HttpErrRate];
pub const FAILURES: [Kind; 2] = [Kind::HttpFailCnt, Kind::HttpFailRate];
pub const GLITCHES: [Kind; 2] = [Kind::GlitchCnt, Kind::GlitchRate];
pub const BYTES_IN: [Kind; 2] = [Kind::BytesInCnt, Kind::BytesInRate];
pub const BYTES_OUT: [Kind; 2] = [Kind::BytesOutCnt, Kind::BytesOutRate];

/// A set of statuses, 100 to 599 (manual 3.1 "http-err-codes").
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Codes([u64; 8]);

impl Codes {
    pub const fn none() -> Self {
        Self([0; 8])
    }

    /// What counts as the client's error where nothing else is said.
    pub fn errors() -> Self {
        Self::none().with(400, 499, true)
    }

    /// What counts as the server's failure where nothing else is said.
    pub fn failures() -> Self {
        Self::none().with(500, 599, true).with(501, 501, false).with(505, 505, false)
    }

    pub fn has(&self, status: u16) -> bool {
        let at = status.wrapping_sub(100);
        self.0.get(usize::from(at / 64)).is_some_and(|bits| bits & 1 << (at % 64) != 0)
    }

    /// With all from one status to another, or without them.
    #[must_use]
    pub fn with(mut self, from: u16, to: u16, has: bool) -> Self {
        for at in from.max(100) - 100..=to.min(599).saturating_sub(100) {
            let Some(bits) = self.0.get_mut(usize::from(at / 64)) else { continue };
            let bit = 1 << (at % 64);
            *bits = if has { *bits | bit } else { *bits & !bit };
        }
        self
    }
}

/// What responses count as: errors of the client, failures of the server (manual 3.1 "http-err-codes").
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Faults {
    pub errors: Codes,
    pub failures: Codes,
}

impl Default for Faults {
    fn default() -> Self {
        Self { errors: Codes::errors(), failures: Codes::failures() }
    }
}

impl Faults {
    /// What a response of this status is counted in.
    pub fn of(&self, status: u16) -> impl Iterator<Item = [Kind; 2]> {
        let error = self.errors.has(status).then_some(ERRORS);
        error.into_iter().chain(self.failures.has(status).then_some(FAILURES))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statuses_that_count() {
        let faults = Faults::default();
        let of = |status| faults.of(status).collect::<Vec<_>>();
        assert_eq!((of(399), of(400), of(499)), (vec![], vec![ERRORS], vec![ERRORS]));
        assert_eq!((of(500), of(501), of(505), of(599)), (vec![FAILURES], vec![], vec![], vec![FAILURES]));
        assert_eq!((of(0), of(600), of(u16::MAX)), (vec![], vec![], vec![]));
        let own = Codes::none().with(220, 220, true).with(300, 499, true).with(300, 399, false);
        assert!(own.has(220) && own.has(400) && !own.has(221) && !own.has(399));
    }
}
