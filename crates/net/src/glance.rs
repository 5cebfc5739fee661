//! What a runtime tells of itself to whoever looks: a task's effort and deadline, the handles in use, how much is ready to
//! run. Nothing here is called while traffic flows.

use std::io;

use crate::effort::{self, Effort};
use crate::kernel::How;
use crate::runtime::{kernel, with, with_io};
use crate::slot::{ERROR, HUP, NOBODY, OPEN, READ, WRITE, Watch};
use crate::{TaskId, Time, linux};

/// A handle in use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Glance {
    pub descriptor: i32,
    /// Reading and writing: whether it may be tried, whether somebody waits for it, whether the kernel was asked to tell.
    pub ready: [bool; 2],
    pub awaited: [bool; 2],
    pub watched: [bool; 2],
    /// The peer's end came.
    pub ended: bool,
    pub broken: bool,
    /// Owners that the number has had.
    pub generation: u32,
}

/// What a task of this thread took, and when its present wait ends at the latest; none where it has ended.
pub fn look_at(task: TaskId) -> Option<(Effort, Time)> {
    with(|rt| rt.tasks.look_at(task)).flatten()
}

/// Visits each handle of this thread's runtime.
pub fn handles(visit: &mut dyn FnMut(&Glance)) {
    with(|rt| {
        rt.slots.each(&mut |index, slot| {
            if !slot.has(OPEN) {
                return;
            }
            let watch = slot.watch.get();
            visit(&Glance {
                descriptor: index as i32,
                ready: [slot.has(READ), slot.has(WRITE)],
                awaited: [slot.reader.get() != NOBODY, slot.writer.get() != NOBODY],
                watched: [watch != Watch::No, watch == Watch::ReadWrite],
                ended: slot.has(HUP),
                broken: slot.has(ERROR),
                generation: slot.generation.get(),
            });
        });
    });
}

/// Ends both directions of a connection of this thread whose owner is somebody else: it finds out by itself. Errors: the
/// descriptor is no connection of this thread.
pub fn hang_up(descriptor: i32) -> io::Result<()> {
    with_io(|rt| match rt.slots.get(descriptor) {
        Some(slot) if slot.has(OPEN) => kernel!(rt, Other, shutdown(descriptor, How::Both)),
        _ => Err(io::ErrorKind::NotFound.into()),
    })
}

/// How many tasks of this thread's runtime are ready to run.
pub fn ready() -> u32 {
    with(|rt| rt.tasks.ready()).unwrap_or(0)
}

/// Whether tasks are timed ([`crate::profile`]).
pub fn is_profiling() -> bool {
    effort::is_profiling()
}

/// What this thread used of the processors so far, nanoseconds.
pub fn thread_cpu_ns() -> u64 {
    linux::thread_cpu()
}

/// The system's number of this thread.
pub fn thread_number() -> u64 {
    u64::try_from(rustix::thread::gettid().as_raw_nonzero().get()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Addr, ListenOptions, Listener, Runtime};

    #[test]
    fn handles_and_tasks_are_seen() {
        Runtime::new().unwrap().run(async {
            let at = Addr::ip_port([127, 0, 0, 1].into(), 0);
            let listener = Listener::bind(&at, &ListenOptions::default()).unwrap();
            let mut seen = Vec::new();
            handles(&mut |glance| seen.push(*glance));
            assert_eq!(seen.len(), 1, "{seen:?}");
            let until = crate::now().plus_millis(60_000);
            let task = crate::spawn(async move { crate::sleep_until(until).await });
            assert!(ready() >= 1);
            crate::yield_now().await;
            let (effort, deadline) = look_at(task).unwrap();
            assert_eq!((effort.polls, deadline), (1, until));
            task.abort();
            crate::yield_now().await;
            assert_eq!(look_at(task), None);
            drop(listener);
            let mut left = 0;
            handles(&mut |_| left += 1);
            assert_eq!(left, 0);
            assert!(hang_up(3).is_err());
        });
    }
}
