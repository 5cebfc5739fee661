//! Log lines on their way out: collected during a turn of the loop, sent in one batch at its end (DESIGN 2). What a line
//! says is a compiled format's business; this adds the header and knows the transports.

mod header;
mod sink;

use std::ops::Range;

use state::World;
use state::log::{Sampling, Target};

use header::Clock;
use sink::Sink;

/// Severity of ordinary lines (RFC 5424 §6.2.1).
pub const INFO: u8 = 6;
pub const NOTICE: u8 = 5;
pub const WARNING: u8 = 4;
pub const ERR: u8 = 3;
pub const ALERT: u8 = 1;
pub const EMERG: u8 = 0;

/// The lines of a thread that wait to be sent.
pub struct Outbox {
    /// The line being written.
    text: Vec<u8>,
    /// Whole lines with their headers, one after the other.
    bytes: Vec<u8>,
    lines: Vec<(u32, Range<usize>)>,
    sinks: Vec<Sink>,
    /// Lines seen by each target, for sampling.
    seen: Vec<u32>,
    clock: Clock,
    flusher: Option<net::TaskId>,
}

impl Outbox {
    /// An outbox for the World's log targets; sockets are opened on first use.
    pub fn new(world: &World) -> Self {
        Self {
            text: Vec::with_capacity(1024),
            bytes: Vec::with_capacity(16 * 1024),
            lines: Vec::new(),
            sinks: world.log_targets.iter().map(|_| Sink::Closed).collect(),
            seen: vec![0; world.log_targets.len()],
            clock: Clock::default(),
            flusher: None,
        }
    }

    /// Room for the next line, emptied.
    pub fn text(&mut self) -> &mut Vec<u8> {
        self.text.clear();
        &mut self.text
    }

    /// The task to wake when there is something to send.
    pub fn set_flusher(&mut self, task: net::TaskId) {
        self.flusher = Some(task);
    }

    /// Queues the line in `text` for each of the targets that take its level.
    pub fn send(&mut self, world: &World, targets: &[u32], tag: Option<&[u8]>, level: u8) {
        let was_empty = self.lines.is_empty();
        for number in targets {
            let Some(target) = usize::try_from(*number).ok().and_then(|n| world.log_targets.get(n)) else {
                continue;
            };
            if level > target.level_max || !self.sampled(*number, target) {
                continue;
            }
            let start = self.bytes.len();
            let level = level.max(target.level_min);
            self.clock.header(world, target, tag, level, &mut self.bytes);
            self.bytes.extend_from_slice(&self.text);
            self.bytes.truncate(start + target.max_len.max(1));
            self.bytes.push(b'\n');
            self.lines.push((*number, start..self.bytes.len()));
        }
        if was_empty
            && !self.lines.is_empty()
            && let Some(task) = self.flusher
        {
            task.notify();
        }
    }

    fn sampled(&mut self, number: u32, target: &Target) -> bool {
        let Some(Sampling { ranges, size }) = &target.sampling else { return true };
        let Some(seen) = usize::try_from(number).ok().and_then(|n| self.seen.get_mut(n)) else { return true };
        *seen = *seen % (*size).max(1) + 1;
        ranges.iter().any(|(from, to)| (*from..=*to).contains(seen))
    }

    /// Sends what waits.
    pub fn flush(&mut self, world: &World) {
        for (number, target) in (0u32..).zip(&world.log_targets) {
            let Some(sink) = usize::try_from(number).ok().and_then(|n| self.sinks.get_mut(n)) else {
                continue;
            };
            let bytes = &self.bytes;
            let mine = self
                .lines
                .iter()
                .filter(|(n, _)| *n == number)
                .filter_map(|(_, range)| bytes.get(range.clone()));
            sink.send(target, mine);
        }
        self.lines.clear();
        self.bytes.clear();
    }
}

/// Sends the lines of each turn at its end.
pub async fn flush(worker: std::rc::Rc<crate::worker::Worker>) {
    if let Some(task) = net::current_task() {
        worker.log.borrow_mut().set_flusher(task);
    }
    loop {
        net::wait(|w| {
            w.notified();
        })
        .await;
        net::turn_end().await;
        let world = worker.world();
        worker.log.borrow_mut().flush(&world);
    }
}
