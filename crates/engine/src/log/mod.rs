//! Log lines on their way out: collected during a turn of the loop, sent in one batch at its end (DESIGN 2). What a line
//! says is a compiled format's business; this adds the header and knows the transports.

mod cluster;
mod header;
mod line;
pub mod relay;
mod relayed;
mod ring;
mod sink;

use std::ops::Range;

use state::log::{Origin, Override, Sampling, Setup, Target};
use state::{Ctx, Format, World};

use header::{Clock, Names};
pub use line::{by_rule, moment, session_error};
use relayed::Relayed;
pub use ring::{attend as attend_rings, turn as turn_rings};
use sink::Outlet;

/// What a line is made of, before the `log` lines have their say.
pub struct Entry<'e> {
    pub setup: &'e Setup,
    pub origin: Origin,
    pub level: u8,
    /// The profile of a `do-log` rule, which counts instead of those of the `log` lines.
    pub profile: Option<u32>,
    /// The proxy's own line for this occasion; none: only profiles may have one.
    pub line: Option<&'e Format>,
}

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
    /// Each with its outlet.
    lines: Vec<(u32, Range<usize>)>,
    /// Where in `bytes` the line at hand begins.
    begun: usize,
    /// Those of the World in force in the order of its targets, then those of Worlds that streams under way began with.
    outlets: Vec<Outlet>,
    /// The generation of the World in force.
    generation: u64,
    clock: Clock,
    flusher: Option<net::TaskId>,
}

impl Outbox {
    /// An outbox for the World's log targets. Its sockets are opened now: a lack of descriptors is to be told of.
    pub fn new(world: &World) -> Self {
        Self {
            text: Vec::with_capacity(1024),
            bytes: Vec::with_capacity(16 * 1024),
            lines: Vec::new(),
            begun: 0,
            outlets: world.log_targets.iter().map(|target| Outlet::new(world, target)).collect(),
            generation: world.generation,
            clock: Clock::default(),
            flusher: None,
        }
    }

    /// Goes over to another World's targets, once what waits is sent; transports that it has too stay open.
    pub fn turn_to(&mut self, old_world: &World, world: &World) {
        self.flush(old_world);
        let mut old = std::mem::take(&mut self.outlets);
        old.retain(|outlet| !outlet.sink.is_cluster());
        let again = |target: &Target| match old.iter().position(|outlet| outlet.serves(world, target)) {
            Some(at) => old.swap_remove(at),
            None => Outlet::new(world, target),
        };
        self.outlets = world.log_targets.iter().map(again).collect();
        self.generation = world.generation;
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
        for number in targets {
            let Some(target) = target(world, *number).filter(|t| level <= t.level_max) else { continue };
            let outlet = self.outlet(world, *number, target);
            if self.sampled(outlet, target) {
                self.head(world, target, tag, level, None);
                let text = std::mem::take(&mut self.text);
                self.bytes.extend_from_slice(&text);
                self.text = text;
                self.close(outlet, target);
            }
        }
    }

    /// Queues a line of a transaction for each of the targets that take its level, as their profiles have it.
    pub fn record(&mut self, entry: &Entry<'_>, cx: &Ctx<'_>) {
        let world = cx.world;
        // Which line stands in `text`: most targets have the same.
        let mut written: Option<&Format> = None;
        for number in &*entry.setup.targets {
            let Some(target) = target(world, *number).filter(|t| entry.level <= t.level_max) else {
                continue;
            };
            let profile = entry.profile.or(target.profile).and_then(|p| world.log_profiles.get(p as usize));
            let (line, structured) = match profile.and_then(|p| p.at(entry.origin)) {
                Some(Override::Drop) => continue,
                Some(Override::Formats { line, structured }) => {
                    (line.as_deref().or(entry.line), structured.as_ref().or(entry.setup.structured.as_ref()))
                }
                None => (entry.line, entry.setup.structured.as_ref()),
            };
            let Some(line) = line else { continue };
            let outlet = self.outlet(world, *number, target);
            if !self.sampled(outlet, target) {
                continue;
            }
            let tag = profile.and_then(|p| p.tag.as_deref()).or(entry.setup.tag.as_deref());
            self.head(world, target, tag, entry.level, structured.map(|s| (&**s, cx)));
            if !written.is_some_and(|w| std::ptr::eq(w, line)) {
                self.text.clear();
                line.write(cx, &mut self.text);
                written = Some(line);
            }
            self.bytes.extend_from_slice(&self.text);
            self.close(outlet, target);
        }
    }

    /// Queues a message of others for each of the targets that take its level.
    fn relay(&mut self, world: &World, targets: &[u32], relayed: &Relayed<'_>) {
        let year = self.clock.turn(world);
        let level = relayed.level();
        for number in targets {
            let Some(target) = target(world, *number).filter(|t| level <= t.level_max) else { continue };
            let outlet = self.outlet(world, *number, target);
            if self.sampled(outlet, target) {
                self.begun = self.bytes.len();
                relayed.header(target, &self.clock, year, level.max(target.level_min), &mut self.bytes);
                self.bytes.extend_from_slice(relayed.message.text);
                self.close(outlet, target);
            }
        }
    }

    /// Begins a line in `bytes`.
    fn head(
        &mut self,
        world: &World,
        target: &Target,
        tag: Option<&[u8]>,
        level: u8,
        structured: Option<(&Format, &Ctx<'_>)>,
    ) {
        self.begun = self.bytes.len();
        let names = Names { world, tag };
        self.clock.header(&names, target, level.max(target.level_min), structured, &mut self.bytes);
    }

    /// Ends the line begun in `bytes`, which then waits to be sent.
    fn close(&mut self, outlet: u32, target: &Target) {
        self.bytes.truncate(self.begun + target.max_len.max(1) - 1);
        self.bytes.push(b'\n');
        let first = self.lines.is_empty();
        self.lines.push((outlet, self.begun..self.bytes.len()));
        if first && let Some(task) = self.flusher {
            task.notify();
        }
    }

    /// The outlet of a target. That of a stream which began with another World may have to be made.
    fn outlet(&mut self, world: &World, number: u32, target: &Target) -> u32 {
        if world.generation == self.generation {
            return number;
        }
        let known = self.outlets.iter().position(|outlet| outlet.serves(world, target));
        let at = known.unwrap_or_else(|| {
            self.outlets.push(Outlet::new(world, target));
            self.outlets.len() - 1
        });
        u32::try_from(at).unwrap_or(u32::MAX)
    }

    fn sampled(&mut self, outlet: u32, target: &Target) -> bool {
        let Some(Sampling { ranges, size }) = &target.sampling else { return true };
        let outlet = usize::try_from(outlet).ok().and_then(|at| self.outlets.get_mut(at));
        let Some(Outlet { seen, .. }) = outlet else { return true };
        *seen = *seen % (*size).max(1) + 1;
        ranges.iter().any(|(from, to)| (*from..=*to).contains(seen))
    }

    /// Sends what waits; `world` is the one in force.
    pub fn flush(&mut self, world: &World) {
        let bytes = &self.bytes;
        for (number, outlet) in (0u32..).zip(&mut self.outlets) {
            let mine = self
                .lines
                .iter()
                .filter(|(n, _)| *n == number)
                .filter_map(|(_, range)| bytes.get(range.clone()));
            outlet.sink.send(world, mine);
        }
        self.lines.clear();
        self.bytes.clear();
    }
}

fn target(world: &World, number: u32) -> Option<&Target> {
    world.log_targets.get(usize::try_from(number).ok()?)
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
