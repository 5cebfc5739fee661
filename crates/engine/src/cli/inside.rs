//! The threads as they tell of themselves to commands (`state::family::inside`).

use net::Call;
use state::family::inside::{Activity, Descriptor, Inside, Owner, Pool, Stream};
use state::termination::Cause;

use super::Cli;
use crate::buffer::{self, Buffer};
use crate::listener::Open;
use crate::roll::Roll;
use crate::worker::Worker;

/// A thread that serves traffic.
pub(super) struct Serving<'w>(pub(super) &'w Worker);

/// The thread that this file's commands are answered on.
pub(super) struct Main<'c>(pub(super) &'c Cli);

impl Inside for Serving<'_> {
    fn number(&self) -> u16 {
        self.0.number
    }

    fn now_ns(&self) -> u64 {
        net::now().as_nanos()
    }

    fn streams(&self, visit: &mut dyn FnMut(&Stream, &[u8])) {
        self.0.roll.each(visit);
    }

    fn end_stream(&self, id: u64) -> bool {
        end(&self.0.roll, id)
    }

    fn descriptors(&self, visit: &mut dyn FnMut(&Descriptor, Owner)) {
        let world = self.0.world();
        let listeners = self.0.listeners.borrow();
        let doors: Vec<(i32, (u32, u32))> = listeners.iter().filter_map(|open| open.place(&world)).collect();
        descriptors(&mut |descriptor| {
            let door = doors.iter().find(|(number, _)| *number == descriptor.number);
            let owner = door.map_or(Owner::Connection, |(_, place)| Owner::Listener(Some(*place)));
            visit(descriptor, owner);
        });
    }

    fn activity(&self) -> Activity {
        activity()
    }

    fn pools(&self, visit: &mut dyn FnMut(Pool)) {
        let kept = self.0.kept_streams();
        visit(Pool { name: "stream", size: size_of::<state::Stream>(), used: self.0.roll.count(), kept });
        visit(Pool {
            name: "session",
            size: size_of::<state::Session>(),
            used: usize::try_from(self.0.clients.get()).unwrap_or(0),
            kept: 0,
        });
        visit(Pool { name: "buffer", size: buffer::size(), used: Buffer::in_use(), kept: buffer::unused() });
    }
}

impl Inside for Main<'_> {
    fn number(&self) -> u16 {
        self.0.roll.thread()
    }

    fn now_ns(&self) -> u64 {
        net::now().as_nanos()
    }

    fn streams(&self, visit: &mut dyn FnMut(&Stream, &[u8])) {
        self.0.roll.each(visit);
    }

    fn end_stream(&self, id: u64) -> bool {
        end(&self.0.roll, id)
    }

    fn descriptors(&self, visit: &mut dyn FnMut(&Descriptor, Owner)) {
        let doors = self.0.doors.borrow();
        descriptors(&mut |descriptor| {
            let is_door = doors.iter().any(|door| door.descriptor == descriptor.number);
            visit(descriptor, if is_door { Owner::Listener(None) } else { Owner::Other });
        });
    }

    fn activity(&self) -> Activity {
        activity()
    }

    fn pools(&self, _: &mut dyn FnMut(Pool)) {}
}

fn end(roll: &Roll, id: u64) -> bool {
    roll.doom(id, Cause::KILLED)
}

fn descriptors(visit: &mut dyn FnMut(&Descriptor)) {
    net::handles(&mut |handle| {
        visit(&Descriptor {
            number: handle.descriptor,
            ready: handle.ready,
            awaited: handle.awaited,
            watched: handle.watched,
            ended: handle.ended,
            broken: handle.broken,
            generation: handle.generation,
        });
    });
}

fn activity() -> Activity {
    let counters = net::counters();
    Activity {
        loops: counters.loops,
        empty_loops: counters.empty,
        full_loops: counters.full,
        hurried_loops: counters.hurried,
        polls: counters.polls,
        events: counters.events,
        timers: counters.timers,
        messages: counters.messages,
        accepts: counters.calls(Call::Accept),
        stale: counters.stale,
        panics: counters.panics,
        is_profiled: net::is_profiling(),
        tasks: net::tasks(),
        ready: net::ready(),
        cpu_ns: net::thread_cpu_ns(),
        busy_percent: net::busy_percent(),
        system_id: net::thread_number(),
    }
}

impl Open {
    /// The descriptor that it accepts on, and for whom: the frontend's number in the process and the position of the `bind`
    /// line.
    fn place(&self, world: &state::World) -> Option<(i32, (u32, u32))> {
        let (descriptor, frontend, bind) = self.seat()?;
        Some((descriptor, (world.frontend(frontend)?.live.uid, bind)))
    }
}
