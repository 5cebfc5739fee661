//! Counters: one block a thread, written by its owner alone and summed by whoever reads (DESIGN 2).

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering::Relaxed};

use crate::http2::Http2;

/// A number that only its thread adds to: a plain load and store, no locked instruction.
#[derive(Debug, Default)]
pub struct Counter(AtomicU64);

impl Counter {
    #[inline]
    pub fn add(&self, n: u64) {
        self.0.store(self.0.load(Relaxed).wrapping_add(n), Relaxed);
    }

    /// Less by one.
    #[inline]
    pub fn decrease(&self) {
        self.set(self.get().saturating_sub(1));
    }

    #[inline]
    pub fn get(&self) -> u64 {
        self.0.load(Relaxed)
    }

    /// Forgets what was counted.
    pub fn reset(&self) {
        self.set(0);
    }

    fn set(&self, n: u64) {
        self.0.store(n, Relaxed);
    }
}

/// How long things took: sums that forget slowly, so that over their samples they give the average of the last ones, and
/// the longest. In the order of [`Span`].
#[derive(Debug, Default)]
pub struct Spans {
    sums: [Counter; 4],
    longest: [Counter; 4],
    samples: Counter,
}

/// What is measured of a stream that a server served.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Span {
    Queue,
    Connect,
    Response,
    Total,
}

/// So many samples an average is taken over.
const WINDOW: u64 = 512;

impl Spans {
    /// Adds a stream's times, milliseconds; what did not happen is 0.
    pub fn note(&self, ms: [u64; 4]) {
        for ((sum, longest), ms) in self.sums.iter().zip(&self.longest).zip(ms) {
            let before = sum.get();
            sum.set(before - before.div_ceil(WINDOW) + ms);
            if ms > longest.get() {
                longest.set(ms);
            }
        }
        self.samples.add(1);
    }
}

impl Spans {
    /// Forgets what was the longest. For its own thread only.
    pub fn forget_longest(&self) {
        self.longest.iter().for_each(|longest| longest.set(0));
    }

    fn clear(&self) {
        self.forget_longest();
        self.sums.iter().chain([&self.samples]).for_each(|counter| counter.set(0));
    }
}

impl PerThread<Block> {
    /// The average of the last samples; `total` is how many streams there were, also those without one.
    pub fn average(&self, span: Span, total: u64) -> u64 {
        let sum: u64 =
            self.0.iter().filter_map(|block| block.spans.sums.get(span as usize)).map(Counter::get).sum();
        let samples: u64 = self.0.iter().map(|block| block.spans.samples.get().min(WINDOW)).sum();
        let over = if total <= WINDOW { total } else { samples };
        sum.div_ceil(over.max(1))
    }

    /// The longest there ever was.
    pub fn longest(&self, span: Span) -> u64 {
        let of = |block: &Block| block.spans.longest.get(span as usize).map_or(0, Counter::get);
        self.0.iter().map(of).max().unwrap_or(0)
    }
}

/// How many there are now, the most there ever were, and how many in all; shared by all threads.
#[derive(Debug, Default)]
pub struct Gauge {
    now: AtomicU32,
    max: AtomicU32,
    total: AtomicU64,
}

impl Gauge {
    /// One more; returns how many there are with it.
    pub fn enter(&self) -> u32 {
        let now = self.now.fetch_add(1, Relaxed).wrapping_add(1);
        if now > self.max.load(Relaxed) {
            self.max.fetch_max(now, Relaxed);
        }
        self.total.fetch_add(1, Relaxed);
        now
    }

    /// One more, unless `limit` are there already (0: no limit).
    pub fn try_enter(&self, limit: u32) -> bool {
        if limit == 0 {
            self.enter();
            return true;
        }
        let taken = self.now.fetch_update(Relaxed, Relaxed, |n| (n < limit).then_some(n + 1));
        if let Ok(before) = taken {
            self.max.fetch_max(before + 1, Relaxed);
            self.total.fetch_add(1, Relaxed);
        }
        taken.is_ok()
    }

    /// The most there were is as many as there are now.
    pub fn forget_max(&self) {
        self.max.store(self.now(), Relaxed);
    }

    /// There were none so far.
    pub fn forget_total(&self) {
        self.total.store(0, Relaxed);
    }

    /// There were so many already.
    pub fn begin_with(&self, total: u64) {
        self.total.store(total, Relaxed);
    }

    pub fn leave(&self) {
        self.now.fetch_sub(1, Relaxed);
    }

    pub fn now(&self) -> u32 {
        self.now.load(Relaxed)
    }

    pub fn max(&self) -> u32 {
        self.max.load(Relaxed)
    }

    pub fn total(&self) -> u64 {
        self.total.load(Relaxed)
    }
}

/// How often something happens, over a sliding second, of something that is counted elsewhere: [`Rate::turn`] notes the
/// count once a second, so that the rate costs the traffic nothing, and what came since is read from the count itself.
#[derive(Debug, Default)]
pub struct Rate {
    /// The count when this second began.
    base: AtomicU64,
    /// Events of the second before.
    previous: AtomicU64,
    /// The most that a second ever saw.
    max: AtomicU64,
}

/// Holds something to so many times over a sliding second. Threads that ask at the same moment can exceed it by their
/// number.
#[derive(Debug, Default)]
pub struct Pace {
    /// The second that is counted now.
    second: AtomicU64,
    now: AtomicU32,
    /// How many there were in the second before.
    before: AtomicU32,
}

impl Pace {
    /// Whether one more is within `limit` a second, at a monotonic point of time.
    pub fn has_room(&self, now_ns: u64, limit: u32) -> bool {
        self.turn(now_ns);
        let left = SECOND - now_ns % SECOND;
        let before = u64::from(self.before.load(Relaxed)) * left / SECOND;
        u64::from(self.now.load(Relaxed)) + before < u64::from(limit)
    }

    /// Counts one.
    pub fn count(&self, now_ns: u64) {
        self.turn(now_ns);
        self.now.fetch_add(1, Relaxed);
    }

    fn turn(&self, now_ns: u64) {
        let second = now_ns / SECOND;
        let counted = self.second.swap(second, Relaxed);
        if counted != second {
            let now = self.now.swap(0, Relaxed);
            self.before.store(if counted + 1 == second { now } else { 0 }, Relaxed);
        }
    }
}

/// Nanoseconds in a second.
const SECOND: u64 = 1_000_000_000;

impl Rate {
    /// A second is over (or rather `elapsed_ns`): `total` is the count now. Gives how many are new. For one caller only.
    pub fn turn(&self, total: u64, elapsed_ns: u64) -> u64 {
        let new = total.saturating_sub(self.base.swap(total, Relaxed));
        let rate = scale(new, SECOND, elapsed_ns.max(1));
        self.previous.store(rate, Relaxed);
        self.max.fetch_max(rate, Relaxed);
        new
    }

    /// Events a second, with the count as it is now, `since_ns` after the last turn: those since, and of the second
    /// before the part that is not yet over.
    pub fn per_second(&self, total: u64, since_ns: u64) -> u64 {
        let new = total.saturating_sub(self.base.load(Relaxed));
        if since_ns >= SECOND {
            return scale(new, SECOND, since_ns);
        }
        new + scale(self.previous.load(Relaxed), SECOND - since_ns, SECOND)
    }

    /// The most there were is forgotten.
    pub fn forget_max(&self) {
        self.max.store(0, Relaxed);
    }

    /// The most there ever were in a second, this one included.
    pub fn max(&self, total: u64) -> u64 {
        self.max.load(Relaxed).max(total.saturating_sub(self.base.load(Relaxed)))
    }
}

/// `n * by / over`, to the nearest whole.
fn scale(n: u64, by: u64, over: u64) -> u64 {
    let product = u128::from(n) * u128::from(by) + u128::from(over / 2);
    u64::try_from(product / u128::from(over)).unwrap_or(u64::MAX)
}

/// One value a thread.
#[derive(Debug)]
pub struct PerThread<T>(Box<[T]>);

impl<T: Default> PerThread<T> {
    /// Without threads it counts nothing.
    pub fn new(threads: usize) -> Self {
        Self((0..threads).map(|_| T::default()).collect())
    }

    /// The block of `thread`; a thread that was not foreseen shares the last one.
    #[inline]
    pub fn of(&self, thread: u16) -> Option<&T> {
        self.0.get(usize::from(thread)).or_else(|| self.0.last())
    }

    /// The blocks of all threads.
    pub fn iter(&self) -> impl Iterator<Item = &T> {
        self.0.iter()
    }

    pub fn sum(&self, field: impl Fn(&T) -> &Counter) -> u64 {
        self.0.iter().map(|t| field(t).get()).fold(0, u64::wrapping_add)
    }
}

/// What came from the peers and went to them, framing included, and how much of it through a pipe in the kernel.
#[derive(Debug, Default)]
pub struct Wire {
    pub read: Counter,
    pub wrote: Counter,
    pub spliced_in: Counter,
    pub spliced_out: Counter,
}

impl Wire {
    fn all(&self) -> [&Counter; 4] {
        let Self { read, wrote, spliced_in, spliced_out } = self;
        [read, wrote, spliced_in, spliced_out]
    }
}

/// Look-ups in caches, and what they found.
#[derive(Debug, Default)]
pub struct Lookups {
    pub all: Counter,
    pub hits: Counter,
    pub hint_hits: Counter,
}

impl Lookups {
    fn all(&self) -> [&Counter; 3] {
        let Self { all, hits, hint_hits } = self;
        [all, hits, hint_hits]
    }
}

/// Handshakes of TLS.
#[derive(Debug, Default)]
pub struct Handshakes {
    pub complete: Counter,
    /// Of the complete ones those that resumed a session.
    pub resumed: Counter,
    pub failed: Counter,
}

impl Handshakes {
    fn all(&self) -> [&Counter; 3] {
        let Self { complete, resumed, failed } = self;
        [complete, resumed, failed]
    }
}

/// What is counted for frontends, backends and servers alike, in the words of the statistics (management manual 9.1).
#[derive(Debug, Default)]
#[repr(align(64))]
pub struct Block {
    pub bytes_in: Counter,
    pub bytes_out: Counter,
    /// Of requests what went to servers.
    pub requests_sent: Counter,
    /// Of responses, own ones included, what went to clients.
    pub responses_sent: Counter,
    pub spans: Spans,
    pub wire: Wire,
    pub requests: Counter,
    /// Of a frontend how many of them are under way.
    pub under_way: Counter,
    pub denied_requests: Counter,
    /// Answered by the frontend itself.
    pub intercepted: Counter,
    pub denied_responses: Counter,
    pub request_errors: Counter,
    pub connection_errors: Counter,
    pub response_errors: Counter,
    pub retries: Counter,
    pub redispatches: Counter,
    pub client_aborts: Counter,
    pub server_aborts: Counter,
    pub connections: Counter,
    pub reuses: Counter,
    pub chosen: Counter,
    /// Of a server, connections that are kept without use now.
    pub idle: Counter,
    /// What rules would have written into a message found no room.
    pub failed_rewrites: Counter,
    /// Exchanges that ended for lack of room or memory.
    pub internal_errors: Counter,
    /// Connections refused by `tcp-request connection` and by `tcp-request session` rules.
    pub denied_connections: Counter,
    pub denied_sessions: Counter,
    /// What compression took, made of it, and passed on as it was; responses it worked on.
    pub compression_in: Counter,
    pub compression_out: Counter,
    pub compression_bypass: Counter,
    pub compressed: Counter,
    pub cache: Lookups,
    pub handshakes: Handshakes,
    /// Of HTTP/2 connections, once there was one.
    pub http2: OnceLock<Box<Http2>>,
    /// Responses by class: 1xx to 5xx, and others at the end.
    pub statuses: [Counter; 6],
}

impl Block {
    /// Forgets everything. For its own thread only.
    pub fn clear(&self) {
        let Self {
            bytes_in,
            bytes_out,
            requests_sent,
            responses_sent,
            requests,
            denied_requests,
            intercepted,
            denied_responses,
            request_errors,
            connection_errors,
            response_errors,
            retries,
            redispatches,
            client_aborts,
            server_aborts,
            connections,
            reuses,
            chosen,
            failed_rewrites,
            internal_errors,
            denied_connections,
            denied_sessions,
            compression_in,
            compression_out,
            compression_bypass,
            compressed,
            cache,
            handshakes,
            http2,
            spans,
            statuses,
            wire,
            // What is under way stays so.
            under_way: _,
            idle: _,
        } = self;
        let all = [
            bytes_in,
            bytes_out,
            requests_sent,
            responses_sent,
            requests,
            denied_requests,
            intercepted,
            denied_responses,
            request_errors,
            connection_errors,
            response_errors,
            retries,
            redispatches,
            client_aborts,
            server_aborts,
            connections,
            reuses,
            chosen,
            failed_rewrites,
            internal_errors,
            denied_connections,
            denied_sessions,
            compression_in,
            compression_out,
            compression_bypass,
            compressed,
        ];
        let groups = wire.all().into_iter().chain(cache.all()).chain(handshakes.all());
        all.into_iter().chain(statuses).chain(groups).for_each(|counter| counter.set(0));
        spans.clear();
        if let Some(http2) = http2.get() {
            http2.clear();
        }
    }

    /// A request is over.
    pub fn request_ended(&self) {
        self.under_way.add(u64::MAX);
    }

    pub fn count_status(&self, status: u16) {
        let class = match status {
            100..=599 => usize::from(status / 100) - 1,
            _ => 5,
        };
        if let Some(counter) = self.statuses.get(class) {
            counter.add(1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gauge_keeps_to_its_limit() {
        let g = Gauge::default();
        assert!(g.try_enter(2) && g.try_enter(2) && !g.try_enter(2));
        g.leave();
        assert!(g.try_enter(2));
        assert_eq!((g.now(), g.max(), g.total()), (2, 2, 3));
    }

    #[test]
    fn a_rate_slides_from_one_second_to_the_next() {
        let r = Rate::default();
        assert_eq!((r.per_second(7, 1), r.max(7)), (7, 7));
        assert_eq!(r.turn(8, SECOND), 8);
        assert_eq!(r.per_second(8, 0), 8);
        assert_eq!(r.per_second(10, SECOND / 2), 6);
        assert_eq!(r.per_second(10, 2 * SECOND), 1);
        assert_eq!(r.turn(10, 2 * SECOND), 2);
        assert_eq!((r.per_second(10, 0), r.max(10)), (1, 8));
        // The count was cleared.
        assert_eq!(r.per_second(3, SECOND / 2), 1);
    }

    #[test]
    fn a_pace_slides() {
        let pace = Pace::default();
        let at = |ms: u64| 10 * SECOND + ms * 1_000_000;
        for n in 0..4 {
            assert!(pace.has_room(at(n), 4));
            pace.count(at(n));
        }
        assert!(!pace.has_room(at(900), 4) && !pace.has_room(at(1000), 4));
        assert!(pace.has_room(at(1500), 4) && pace.has_room(at(9000), 4));
    }

    #[test]
    fn statuses_by_class() {
        let b = Block::default();
        for s in [100, 204, 299, 404, 599, 600, 42] {
            b.count_status(s);
        }
        let got: Vec<u64> = b.statuses.iter().map(Counter::get).collect();
        assert_eq!(got, [1, 2, 0, 1, 1, 2]);
    }
}
