//! What a runtime did so far: for tests, and for `show activity`. Plain additions, nothing else.

use std::cell::Cell;

/// The kinds of system call that are counted.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Call {
    /// Waiting for events.
    Wait,
    /// Asking for a handle's events.
    Register,
    /// Accepting, also when nobody was there.
    Accept,
    /// Opening a connection (socket, options and connect together).
    Connect,
    /// Reading from a stream.
    Recv,
    /// Writing to a stream.
    Send,
    /// Moving bytes between a socket and a pipe.
    Splice,
    /// Sending or receiving datagrams.
    Dgram,
    /// Closing.
    Close,
    /// Options, addresses, shutdown and the rest.
    Other,
}

const CALLS: usize = 10;

/// A copy of a runtime's counters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Turns of the loop.
    pub loops: u64,
    /// Turns in which no task ran, those that ended with tasks left to run, those that did not wait for events.
    pub empty: u64,
    pub full: u64,
    pub hurried: u64,
    /// Times that a task was polled.
    pub polls: u64,
    /// Events that the kernel reported.
    pub events: u64,
    /// Events meant for a handle's former owner, dropped.
    pub stale: u64,
    /// Times that the timer wheel looked at a task or a parked connection.
    pub timers: u64,
    /// Times that a task's entry in the timer wheel was made or moved.
    pub armed: u64,
    /// Messages from other threads.
    pub messages: u64,
    /// Tasks started.
    pub spawned: u64,
    /// Tasks that couldn't be started because there were too many.
    pub refused: u64,
    /// Tasks and messages that panicked. Each was dropped; the others went on.
    pub panics: u64,
    calls: [u64; CALLS],
}

impl Counters {
    /// How many system calls of a kind were made.
    pub fn calls(&self, kind: Call) -> u64 {
        self.calls.get(kind as usize).copied().unwrap_or(0)
    }
}

#[derive(Default)]
pub(crate) struct Meter {
    pub(crate) loops: Cell<u64>,
    pub(crate) empty: Cell<u64>,
    pub(crate) full: Cell<u64>,
    pub(crate) hurried: Cell<u64>,
    pub(crate) polls: Cell<u64>,
    pub(crate) events: Cell<u64>,
    pub(crate) stale: Cell<u64>,
    pub(crate) timers: Cell<u64>,
    pub(crate) armed: Cell<u64>,
    pub(crate) messages: Cell<u64>,
    pub(crate) spawned: Cell<u64>,
    pub(crate) refused: Cell<u64>,
    pub(crate) panics: Cell<u64>,
    calls: [Cell<u64>; CALLS],
}

impl Meter {
    #[inline]
    pub(crate) fn call(&self, kind: Call) {
        if let Some(count) = self.calls.get(kind as usize) {
            bump(count);
        }
    }

    pub(crate) fn copy(&self) -> Counters {
        let mut calls = [0; CALLS];
        for (to, from) in calls.iter_mut().zip(&self.calls) {
            *to = from.get();
        }
        Counters {
            loops: self.loops.get(),
            empty: self.empty.get(),
            full: self.full.get(),
            hurried: self.hurried.get(),
            polls: self.polls.get(),
            events: self.events.get(),
            stale: self.stale.get(),
            timers: self.timers.get(),
            armed: self.armed.get(),
            messages: self.messages.get(),
            spawned: self.spawned.get(),
            refused: self.refused.get(),
            panics: self.panics.get(),
            calls,
        }
    }
}

#[inline]
pub(crate) fn bump(count: &Cell<u64>) {
    count.set(count.get().wrapping_add(1));
}
