//! Waiting: one future for any combination of sockets, a deadline and a notification. Allocates nothing,
//! makes no system call but the first registration of a socket. Knows nothing of what is done with the
//! readiness.

use crate::kernel::Handle;
use crate::runtime::{self, Rt};
use crate::slot::{BROKEN, ERROR, HUP, NOBODY, READ, Slot, WRITE, Watch};
use crate::{Child, Dgram, Listener, Signals, Sock, Time, task};
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

/// Sockets that one wait can watch.
pub const INTERESTS_MAX: usize = 4;

const TIMED_OUT: u8 = 1 << 4;
const NOTIFIED: u8 = 1 << 5;

/// What can be waited for.
pub trait Source: sealed::Sealed {
    #[doc(hidden)]
    fn handle(&self) -> Handle;
}

mod sealed {
    pub trait Sealed {}
    impl Sealed for crate::Sock {}
    impl Sealed for crate::Listener {}
    impl Sealed for crate::Dgram {}
    impl Sealed for crate::Signals {}
    impl Sealed for crate::Child {}
}

impl Source for Sock {
    fn handle(&self) -> Handle {
        self.raw()
    }
}

impl Source for Listener {
    fn handle(&self) -> Handle {
        self.raw()
    }
}

impl Source for Dgram {
    fn handle(&self) -> Handle {
        self.raw()
    }
}

impl Source for Child {
    fn handle(&self) -> Handle {
        self.raw()
    }
}

impl Source for Signals {
    fn handle(&self) -> Handle {
        self.raw()
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Read,
    Write,
    Hup,
    SharedRead,
}

#[derive(Clone, Copy)]
struct Interest {
    handle: Handle,
    /// The slot's, at the time of asking: a handle that was closed since counts as ready.
    generation: u32,
    kind: Kind,
}

/// What a wait is for; filled in by [`wait`]'s closure. At most [`INTERESTS_MAX`] of `read`, `write` and
/// `hup` together; each is numbered in the order of asking, see [`Woken::ready`].
///
/// A socket has room for one reader (or watcher of its hang-up) and one writer, which may be different tasks.
/// Of two tasks that wait for the same direction only the last is woken.
#[derive(Clone, Copy)]
pub struct Interests {
    list: [Interest; INTERESTS_MAX],
    len: u8,
    notified: bool,
    deadline: Time,
}

impl Interests {
    fn none() -> Interests {
        let nothing = Interest { handle: -1, generation: 0, kind: Kind::Read };
        Interests { list: [nothing; INTERESTS_MAX], len: 0, notified: false, deadline: Time::NEVER }
    }

    /// Until `source` can be read: data, a connection, the end of the stream or an error.
    pub fn read(&mut self, source: &impl Source) -> &mut Interests {
        self.push(source.handle(), Kind::Read)
    }

    /// Until `source` can be written, or its connection attempt ended.
    pub fn write(&mut self, source: &impl Source) -> &mut Interests {
        self.push(source.handle(), Kind::Write)
    }

    /// Until the peer ends its direction or the connection fails. Data that waits to be read doesn't count.
    pub fn hup(&mut self, source: &impl Source) -> &mut Interests {
        self.push(source.handle(), Kind::Hup)
    }

    /// Until `deadline`; the earliest of several counts.
    pub fn until(&mut self, deadline: Time) -> &mut Interests {
        self.deadline = self.deadline.min(deadline);
        self
    }

    /// Until someone calls [`TaskId::notify`](crate::TaskId::notify) on this task, or at once when someone
    /// did since the last wait that took a notification.
    pub fn notified(&mut self) -> &mut Interests {
        self.notified = true;
        self
    }

    pub(crate) fn shared_read(&mut self, handle: Handle) {
        self.push(handle, Kind::SharedRead);
    }

    fn push(&mut self, handle: Handle, kind: Kind) -> &mut Interests {
        debug_assert!((self.len as usize) < INTERESTS_MAX, "too many interests in one wait");
        let generation = runtime::with(|rt| rt.slots.get(handle).map(|s| s.generation.get())).flatten();
        if let Some(free) = self.list.get_mut(self.len as usize) {
            *free = Interest { handle, generation: generation.unwrap_or(0), kind };
            self.len += 1;
        }
        self
    }
}

/// Why a wait ended. Several reasons may hold at once.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Woken(u8);

impl Woken {
    /// Whether the socket interest of this number (from 0, in the order of asking) is ready.
    pub fn ready(self, number: usize) -> bool {
        number < INTERESTS_MAX && self.0 & 1 << number != 0
    }

    /// Whether any socket interest is ready.
    pub fn any_ready(self) -> bool {
        self.0 & ((1 << INTERESTS_MAX) - 1) != 0
    }

    /// Whether the deadline passed. Set beside ready interests, too.
    pub fn timed_out(self) -> bool {
        self.0 & TIMED_OUT != 0
    }

    /// Whether a notification came.
    pub fn notified(self) -> bool {
        self.0 & NOTIFIED != 0
    }
}

/// Waits for the first of what `ask` names: `net::wait(|w| { w.read(&a).write(&b).until(deadline); }).await`.
///
/// Ready at once, without giving up the task's turn, when something holds already. A wait for nothing at all
/// lasts until the task is dropped. Must be awaited in a task of the runtime that its sockets belong to.
pub fn wait(ask: impl FnOnce(&mut Interests)) -> Wait {
    let mut interests = Interests::none();
    ask(&mut interests);
    Wait { interests, armed: false }
}

/// The future of [`wait`].
#[must_use = "a wait does nothing unless awaited"]
pub struct Wait {
    interests: Interests,
    armed: bool,
}

impl Future for Wait {
    type Output = Woken;

    fn poll(mut self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<Woken> {
        let polled = runtime::with(|rt| {
            let index = rt.tasks.current();
            let woken = self.interests.check(rt, index);
            if woken != Woken(0) || index == task::NONE {
                self.interests.disarm(rt, self.armed);
                self.armed = false;
                return Poll::Ready(woken);
            }
            self.interests.arm(rt, index);
            self.armed = true;
            Poll::Pending
        });
        // Outside a runtime nothing can be waited for, nor ever be ready.
        polled.unwrap_or(Poll::Ready(Woken(TIMED_OUT)))
    }
}

impl Drop for Wait {
    fn drop(&mut self) {
        if self.armed {
            runtime::with(|rt| self.interests.disarm(rt, true));
        }
    }
}

impl Interests {
    fn asked(&self) -> impl Iterator<Item = &Interest> {
        self.list.iter().take(self.len as usize)
    }

    #[inline]
    fn check(&self, rt: &Rt, index: u32) -> Woken {
        let mut bits = 0;
        for (number, interest) in self.asked().enumerate() {
            let ready = match interest.slot(rt) {
                Some(slot) => slot.has(match interest.kind {
                    Kind::Read | Kind::SharedRead => READ | ERROR,
                    Kind::Write => WRITE | ERROR,
                    Kind::Hup => HUP | ERROR,
                }),
                None => true,
            };
            bits |= u8::from(ready) << number;
        }
        if !self.deadline.is_never() && self.deadline <= rt.now() {
            bits |= TIMED_OUT;
        }
        if self.notified && rt.tasks.take_notified(index) {
            bits |= NOTIFIED;
        }
        Woken(bits)
    }

    fn arm(&self, rt: &Rt, index: u32) {
        for interest in self.asked() {
            let Some(slot) = interest.slot(rt) else { continue };
            interest.waiter(slot).set(index);
            match interest.kind {
                Kind::Read | Kind::Hup => rt.watch(interest.handle, slot, Watch::Read),
                Kind::Write => rt.watch(interest.handle, slot, Watch::ReadWrite),
                Kind::SharedRead => rt.watch_shared(interest.handle, slot),
            }
            if slot.has(BROKEN) {
                // Refused a moment ago: the next poll finds it ready, its use then tells the error.
                rt.tasks.wake_yielded(index);
            }
        }
        if !self.deadline.is_never() {
            rt.set_deadline(index, self.deadline.0);
        }
    }

    fn disarm(&self, rt: &Rt, armed: bool) {
        for interest in self.asked().filter(|_| armed) {
            if let Some(slot) = interest.slot(rt) {
                interest.waiter(slot).set(NOBODY);
            }
        }
    }
}

impl Interest {
    #[inline]
    fn slot<'a>(&self, rt: &'a Rt) -> Option<&'a Slot> {
        rt.slots.get(self.handle).filter(|slot| slot.generation.get() == self.generation)
    }

    fn waiter<'a>(&self, slot: &'a Slot) -> &'a std::cell::Cell<u32> {
        if self.kind == Kind::Write { &slot.writer } else { &slot.reader }
    }
}

/// Waits until `deadline`; at once when it has passed.
pub async fn sleep_until(deadline: Time) {
    wait(|w| {
        w.until(deadline);
    })
    .await;
}

/// Waits for `length`, counted from this turn's time.
pub async fn sleep(length: std::time::Duration) {
    sleep_until(runtime::now() + length).await;
}

/// Lets the other tasks run and the kernel be looked at, then goes on.
pub fn yield_now() -> Pause {
    Pause { queue: |tasks, index| tasks.wake_yielded(index), paused: false }
}

/// Goes on when no other task is left to run in this turn of the loop, before it waits for events: the place
/// to send in one batch what the turn's tasks collected.
pub fn turn_end() -> Pause {
    Pause { queue: |tasks, index| tasks.wake_late(index), paused: false }
}

/// The future of [`yield_now`] and [`turn_end`].
#[must_use = "a pause does nothing unless awaited"]
pub struct Pause {
    queue: fn(&task::Tasks, u32),
    paused: bool,
}

impl Future for Pause {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<()> {
        if self.paused {
            return Poll::Ready(());
        }
        self.paused = true;
        match runtime::with(|rt| (self.queue)(&rt.tasks, rt.tasks.current())) {
            Some(()) => Poll::Pending,
            None => Poll::Ready(()),
        }
    }
}
