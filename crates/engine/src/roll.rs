//! The streams of a thread while they last, as the Runtime API tells of them (`show sess`) and ends them (`shutdown
//! session`). Entering, noting a step and leaving cost a few stores, and no allocation in the steady state.

use std::cell::RefCell;

use net::TaskId;
use state::family::inside::{Step, Stream};
use state::termination::Cause;

/// How much of a request's first line is kept.
const LINE_MAX: usize = 1024;
/// How much room for one a free place keeps.
const LINE_KEPT: usize = 256;

/// The streams of one thread.
#[derive(Debug)]
pub struct Roll {
    thread: u16,
    entries: RefCell<Entries>,
}

#[derive(Debug, Default)]
struct Entries {
    list: Vec<Entry>,
    free: Vec<usize>,
    count: u64,
}

#[derive(Debug)]
struct Entry {
    /// None while the place is free.
    stream: Option<Stream>,
    task: Option<TaskId>,
    line: Vec<u8>,
    doom: Option<Cause>,
}

/// A stream's place, while it lasts.
#[derive(Debug)]
pub struct Mark<'r> {
    roll: &'r Roll,
    at: usize,
}

impl Roll {
    pub fn new(thread: u16) -> Self {
        Self { thread, entries: RefCell::default() }
    }

    /// The number of its thread.
    pub const fn thread(&self) -> u16 {
        self.thread
    }

    /// How many streams are under way.
    pub fn count(&self) -> usize {
        let entries = self.entries.borrow();
        entries.list.len() - entries.free.len()
    }

    /// The task at hand begins a stream.
    pub fn enter(&self, stream: Stream, line: &[u8]) -> Mark<'_> {
        let mut entries = self.entries.borrow_mut();
        let count = entries.count;
        entries.count += 1;
        // No two streams of the process have the same: the thread stands in front.
        let id = (u64::from(self.thread) + 1) << 48 | (count & 0xffff_ffff_ffff);
        let at = entries.free.pop().unwrap_or(entries.list.len());
        if at == entries.list.len() {
            entries.list.push(Entry { stream: None, task: None, line: Vec::new(), doom: None });
        }
        if let Some(entry) = entries.list.get_mut(at) {
            entry.stream = Some(Stream { id, count, thread: self.thread, ..stream });
            entry.task = net::current_task();
            entry.line.clear();
            entry.line.extend_from_slice(line.get(..LINE_MAX).unwrap_or(line));
            entry.doom = None;
        }
        Mark { roll: self, at }
    }

    /// Visits each stream, with the first line of its request.
    pub fn each(&self, visit: &mut dyn FnMut(&Stream, &[u8])) {
        for entry in &self.entries.borrow().list {
            let Some(mut stream) = entry.stream else { continue };
            if let Some((effort, until)) = entry.task.and_then(net::look_at) {
                stream.effort.calls = effort.polls;
                stream.effort.cpu_ns = effort.cpu_ns;
                stream.effort.latency_ns = effort.latency_ns;
                stream.expires_ns = (until != net::Time::NEVER).then(|| until.as_nanos());
            }
            visit(&stream, &entry.line);
        }
    }

    /// Has the stream end for this cause. One without a server yet loses its client.
    pub fn doom(&self, id: u64, cause: Cause) -> bool {
        let mut entries = self.entries.borrow_mut();
        let found = entries.list.iter_mut().find(|entry| entry.stream.is_some_and(|stream| stream.id == id));
        let Some(entry) = found else { return false };
        entry.doom = Some(cause);
        if let Some(stream) = entry.stream
            && stream.step != Step::Connected
            && !stream.http2
            && let Some(client) = stream.sockets.first().copied().flatten()
        {
            // Where it is gone already the stream ends by itself.
            let _ = net::hang_up(client);
        }
        if let Some(task) = entry.task {
            task.notify();
        }
        true
    }
}

impl Mark<'_> {
    /// Notes something new of the stream.
    pub fn note(&self, change: impl FnOnce(&mut Stream)) {
        if let Some(Entry { stream: Some(stream), .. }) = self.roll.entries.borrow_mut().list.get_mut(self.at)
        {
            change(stream);
        }
    }

    /// Why the stream is to end, if it is.
    pub fn doom(&self) -> Option<Cause> {
        self.roll.entries.borrow().list.get(self.at).and_then(|entry| entry.doom)
    }
}

impl Drop for Mark<'_> {
    fn drop(&mut self) {
        let mut entries = self.roll.entries.borrow_mut();
        if let Some(entry) = entries.list.get_mut(self.at) {
            entry.stream = None;
            if entry.line.capacity() > LINE_KEPT {
                entry.line = Vec::new();
            }
            entries.free.push(self.at);
        }
    }
}
