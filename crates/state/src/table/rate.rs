//! How often something happens in a sliding period: what is counted in the period under way, and of the period before
//! the part that a window of the same length still covers, as if its events had been spread evenly. A period begins with
//! the first event after two silent ones, or else where the one before ends.
//!
//! Three words of an entry: when the period began, events in it, events in the one before. Threads count without
//! waiting for each other; an event that another thread counts while a period ends may be put down to the one before.

use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

/// A rate's words.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rate<'t> {
    since: &'t AtomicU32,
    current: &'t AtomicU32,
    before: &'t AtomicU32,
    period_ms: u32,
}

impl<'t> Rate<'t> {
    /// A rate over a period of so many milliseconds, of its three words.
    pub(super) fn new(words: &'t [AtomicU32], period_ms: u32) -> Option<Self> {
        let [since, current, before, ..] = words else { return None };
        Some(Self { since, current, before, period_ms: period_ms.max(1) })
    }

    /// Counts `n` at a time, milliseconds, that may wrap.
    pub(super) fn add(&self, n: u32, now_ms: u32) {
        self.turn(now_ms);
        self.current.fetch_add(n, Relaxed);
    }

    /// Events in the period that ends now.
    pub(super) fn get(&self, now_ms: u32) -> u32 {
        let elapsed = now_ms.wrapping_sub(self.since.load(Relaxed));
        let (current, before) = (self.current.load(Relaxed), self.before.load(Relaxed));
        let period = self.period_ms;
        let (current, before, left) = match elapsed {
            // Another thread's clock may be ahead.
            e if is_past(e) => (current, before, period),
            e if e < period => (current, before, period - e),
            e if e - period < period => (0, current, period - (e - period)),
            _ => return 0,
        };
        // A single event counts as long as it may lie in the window.
        if before <= 1 && current == 0 {
            return before;
        }
        let part = u64::from(before) * u64::from(left) / u64::from(period);
        current.saturating_add(u32::try_from(part).unwrap_or(u32::MAX))
    }

    /// Makes it so that `n` happened just now.
    pub(super) fn set(&self, n: u32, now_ms: u32) {
        self.since.store(now_ms, Relaxed);
        self.before.store(0, Relaxed);
        self.current.store(n, Relaxed);
    }

    /// Begins a new period if the one under way is over.
    fn turn(&self, now_ms: u32) {
        let since = self.since.load(Relaxed);
        let elapsed = now_ms.wrapping_sub(since);
        if elapsed < self.period_ms || is_past(elapsed) {
            return;
        }
        let near = elapsed - self.period_ms < self.period_ms;
        let next = if near { since.wrapping_add(self.period_ms) } else { now_ms };
        if self.since.compare_exchange(since, next, Relaxed, Relaxed).is_err() {
            return;
        }
        let ended = self.current.swap(0, Relaxed);
        self.before.store(if near { ended } else { 0 }, Relaxed);
    }
}

/// Whether a difference of times is one into the past.
const fn is_past(elapsed: u32) -> bool {
    elapsed > u32::MAX - 1000
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Runs events `(ms, n)` and questions `(ms, expected)` in order of time.
    fn check(period: u32, events: &[(u32, u32)], questions: &[(u32, u32)]) {
        let words: [AtomicU32; 3] = Default::default();
        let rate = Rate::new(&words, period).unwrap();
        let start = 1 << 20;
        let mut events = events.iter().peekable();
        for (at, expected) in questions {
            while let Some((when, n)) = events.next_if(|(when, _)| when <= at) {
                rate.add(*n, start + when);
            }
            assert_eq!(rate.get(start + at), *expected, "at {at} ms");
        }
    }

    #[test]
    fn what_haproxy_shows() {
        check(
            2000,
            &[(0, 10)],
            &[(0, 10), (2000, 10), (2012, 9), (2217, 8), (3608, 1), (3811, 0), (4100, 0)],
        );
        check(2000, &[(0, 1)], &[(2, 1), (3999, 1), (4000, 0)]);
        check(2000, &[(0, 2)], &[(2, 2), (2006, 1), (3004, 0)]);
        check(
            2000,
            &[(0, 4), (3001, 1), (5511, 8), (7401, 1)],
            &[
                (5, 4),
                (2511, 2),
                (3001, 2),
                (3025, 2),
                (3513, 1),
                (4200, 1),
                (5515, 8),
                (6005, 7),
                (6271, 6),
                (7258, 2),
                (7401, 3),
                (7504, 2),
                (7757, 1),
            ],
        );
        check(2000, &[(0, 4), (5011, 4)], &[(5015, 4), (7000, 4), (7020, 3), (8526, 0)]);
    }

    #[test]
    fn a_clock_that_lags_or_wraps_does_no_harm() {
        let words: [AtomicU32; 3] = Default::default();
        let rate = Rate::new(&words, 1000).unwrap();
        rate.add(3, u32::MAX - 10);
        assert_eq!(rate.get(u32::MAX - 20), 3);
        rate.add(1, u32::MAX - 15);
        rate.add(1, 100);
        assert_eq!((rate.get(100), rate.get(3000)), (5, 0));
        rate.set(9, 3000);
        assert_eq!((rate.get(3000), rate.get(4500)), (9, 4));
    }
}
