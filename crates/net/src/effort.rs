//! How much of the processor tasks and the thread take: polls of a task, time spent in them and waiting for them (only
//! while somebody profiles), how busy the thread is, and how long one thing keeps it from all others (while somebody
//! watches). Knows nothing of what the tasks do.

use std::cell::Cell;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::Duration;

use crate::linux;
use crate::runtime::with;

static PROFILING: AtomicBool = AtomicBool::new(false);

/// Whether tasks are timed from now on, on all threads (`profiling.tasks`). It costs two looks at the clock for each poll.
pub fn profile(on: bool) {
    PROFILING.store(on, Relaxed);
}

pub(crate) fn is_profiling() -> bool {
    PROFILING.load(Relaxed)
}

/// What a task took since it began.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Effort {
    /// Times that it was polled, the present one included.
    pub polls: u32,
    /// Nanoseconds in polls that are over.
    pub cpu_ns: u64,
    /// Nanoseconds between being woken and being polled.
    pub latency_ns: u64,
}

impl Effort {
    /// What was added after `earlier`.
    pub fn since(self, earlier: Self) -> Self {
        Self {
            polls: self.polls.wrapping_sub(earlier.polls),
            cpu_ns: self.cpu_ns.saturating_sub(earlier.cpu_ns),
            latency_ns: self.latency_ns.saturating_sub(earlier.latency_ns),
        }
    }
}

/// What the present task took; nothing outside of any.
pub fn effort() -> Effort {
    with(|rt| rt.tasks.effort()).unwrap_or_default()
}

/// The part of its time that this thread works, in percent, over the last milliseconds; 0 outside a runtime.
pub fn busy_percent() -> u8 {
    with(|rt| rt.business.percent.get()).unwrap_or(0)
}

static WATCHING: AtomicBool = AtomicBool::new(false);

/// Whether [`longest_stretch`] is kept on all threads from now on. It costs two looks at the processor's clock for
/// each poll.
pub fn watch_stretches(on: bool) {
    WATCHING.store(on, Relaxed);
}

/// The longest that this thread worked at one thing (a poll, a call from another thread) without looking at any other
/// since this was asked last, while [`watch_stretches`] was on: time on the processor, so that other processes don't count.
pub fn longest_stretch() -> Duration {
    Duration::from_nanos(with(|rt| rt.business.longest.take()).unwrap_or(0))
}

/// What the thread this is called on had of the processor so far.
pub fn thread_cpu() -> Duration {
    Duration::from_nanos(linux::thread_cpu())
}

/// The account of one task.
#[derive(Default)]
pub(crate) struct Account {
    effort: Cell<Effort>,
    woken: Cell<u64>,
}

impl Account {
    pub(crate) fn effort(&self) -> Effort {
        self.effort.get()
    }

    pub(crate) fn open(&self) {
        self.effort.set(Effort::default());
        self.woken.set(0);
    }

    /// The task is to be polled when its turn comes.
    #[inline]
    pub(crate) fn wake(&self) {
        if is_profiling() {
            self.woken.set(linux::monotonic().0);
        }
    }

    /// Its turn begins; gives when, if that matters.
    #[inline]
    pub(crate) fn begin(&self) -> Option<u64> {
        let mut effort = self.effort.get();
        effort.polls = effort.polls.wrapping_add(1);
        let began = is_profiling().then(|| linux::monotonic().0);
        if let Some(now) = began
            && let woken @ 1.. = self.woken.take()
        {
            effort.latency_ns += now.saturating_sub(woken);
        }
        self.effort.set(effort);
        began
    }

    /// Its turn that began then is over.
    pub(crate) fn end(&self, began: u64) {
        let mut effort = self.effort.get();
        effort.cpu_ns += linux::monotonic().0.saturating_sub(began);
        self.effort.set(effort);
    }
}

/// How long the span is over which a thread's business is taken, in nanoseconds.
const SPAN: u64 = 5_000_000;

/// How busy a thread is.
#[derive(Default)]
pub(crate) struct Business {
    percent: Cell<u8>,
    /// When the span began, and how much of it was spent waiting.
    begun: Cell<u64>,
    idle: Cell<u64>,
    /// The longest stretch of work, nanoseconds on the processor.
    longest: Cell<u64>,
}

impl Business {
    /// Something begins to work; gives when, if that matters.
    #[inline]
    pub(crate) fn begin(&self) -> Option<u64> {
        WATCHING.load(Relaxed).then(linux::thread_cpu)
    }

    /// What began then is over.
    #[inline]
    pub(crate) fn end(&self, began: Option<u64>) {
        if let Some(began) = began {
            let took = linux::thread_cpu().saturating_sub(began);
            self.longest.set(self.longest.get().max(took));
        }
    }

    /// The thread waited from `from` to `to`.
    #[inline]
    pub(crate) fn waited(&self, from: u64, to: u64) {
        let idle = self.idle.get() + to.saturating_sub(from);
        self.idle.set(idle);
        let span = to.saturating_sub(self.begun.get());
        if span >= SPAN {
            let busy = span.saturating_sub(idle).saturating_mul(100) / span;
            self.percent.set(u8::try_from(busy).unwrap_or(100));
            self.begun.set(to);
            self.idle.set(0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn business_is_what_is_not_waiting() {
        let business = Business::default();
        business.waited(1_000_000, 2_000_000);
        assert_eq!(business.percent.get(), 0, "the span is not over");
        business.waited(6_000_000, 10_000_000);
        assert_eq!(business.percent.get(), 50);
        business.waited(10_000_000, 1_010_000_000);
        assert_eq!(business.percent.get(), 0);
    }

    #[test]
    fn the_longest_stretch_is_kept_while_somebody_watches() {
        let business = Business::default();
        business.end(business.begin());
        assert_eq!(business.longest.get(), 0);
        watch_stretches(true);
        let began = business.begin();
        let mut sum = 0u64;
        while linux::thread_cpu() - began.unwrap_or_default() < 1_000_000 {
            sum = sum.wrapping_add(1);
        }
        business.end(began);
        business.end(business.begin());
        watch_stretches(false);
        assert!(business.longest.get() >= 1_000_000 && sum > 0);
    }

    #[test]
    fn a_task_is_timed_while_somebody_profiles() {
        let account = Account::default();
        profile(true);
        account.wake();
        let began = account.begin().unwrap_or_default();
        account.end(began);
        profile(false);
        assert!(began > 0);
        let first = account.effort();
        assert_eq!(first.polls, 1);
        assert_eq!(account.begin(), None);
        let both = account.effort();
        assert_eq!(both.since(first), Effort { polls: 1, cpu_ns: 0, latency_ns: 0 });
    }
}
