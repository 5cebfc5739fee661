//! The runtime of a thread: its turn is wait for events, read the clock, mark who can go on, run them. Owns
//! what the parts (tasks, slots, wheel, park) share; knows nothing of sockets' meaning.

use crate::counters::{Call, Counters, Meter, bump};
use crate::device::{self, Devices};
use crate::effort::Business;
use crate::kernel::{Event, Handle, Interest, Kernel};
use crate::linux::{self, Linux};
use crate::options::SockOpt;
use crate::park::{Park, Why};
use crate::pipe::Ends;
use crate::remote::{Inbox, Message, Remote};
use crate::slot::{BROKEN, ERROR, HUP, PARKED, READ, Slot, Slots, TLS, WRITE, Watch, token};
use crate::task::{Boxed, Job, TaskId, Tasks, Turn};
use crate::wheel::{self, Verdict, Wheel};
use crate::{Time, task, tls};
use rustix::fd::AsRawFd;
use std::cell::{Cell, RefCell};
use std::future::Future;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::ptr;
use std::rc::Rc;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

/// Tasks run before the kernel is looked at again, so that a storm of wake-ups can't starve I/O.
const TASKS_A_TURN: u32 = 256;
/// The token of the bell that other threads ring; no handle's, those fit 32 bits with a generation above.
const BELL: u64 = u64::MAX;
/// How long the wall clock is derived from the monotonic one before it is read again, in ns.
const WALL_AGE: u64 = 250_000_000;

thread_local! {
    static CURRENT: Cell<*const Rt> = const { Cell::new(ptr::null()) };
    /// Whether this thread ever ran on another kernel than Linux; then a handle without a runtime is left
    /// alone.
    static SIMULATED: Cell<bool> = const { Cell::new(false) };
}

/// A single-threaded executor. One per thread; tasks, sockets and timers belong to the one they were made in.
pub struct Runtime {
    rt: Rc<Rt>,
}

pub(crate) struct Rt {
    linux: Linux,
    over: Option<Box<dyn Kernel>>,
    pub(crate) tasks: Tasks,
    pub(crate) slots: Slots,
    pub(crate) park: RefCell<Park>,
    pub(crate) wheel: RefCell<Wheel>,
    pub(crate) pipes: RefCell<Vec<Ends>>,
    pub(crate) tls: tls::Layers,
    pub(crate) devices: RefCell<Devices>,
    pub(crate) meter: Meter,
    pub(crate) business: Business,
    inbox: Arc<Inbox>,
    events: RefCell<Vec<Event>>,
    messages: Cell<Vec<Message>>,
    now: Cell<u64>,
    wall: Cell<u64>,
    wall_read: Cell<u64>,
}

impl Runtime {
    /// A runtime on Linux. Errors: the process is out of descriptors.
    pub fn new() -> io::Result<Runtime> {
        Runtime::build(None)
    }

    /// A runtime on another kernel, such as a simulated one. Messages of other threads don't interrupt that
    /// kernel's wait; those of the same thread do their work at the next turn, as always.
    pub fn with_kernel(kernel: Box<dyn Kernel>) -> io::Result<Runtime> {
        SIMULATED.set(true);
        Runtime::build(Some(kernel))
    }

    fn build(over: Option<Box<dyn Kernel>>) -> io::Result<Runtime> {
        let linux = Linux::new()?;
        let inbox = Inbox::open()?;
        if let Err(e) = linux.register(inbox.bell().as_raw_fd(), BELL, Interest::Read, false) {
            inbox.close();
            return Err(e);
        }
        let kernel: &dyn Kernel = over.as_deref().unwrap_or(&linux);
        let (now, wall) = (kernel.monotonic().0, kernel.wall());
        let rt = Rt {
            linux,
            over,
            tasks: Tasks::new(inbox.number()),
            slots: Slots::new(),
            park: RefCell::default(),
            wheel: RefCell::new(Wheel::new(now)),
            pipes: RefCell::default(),
            tls: tls::Layers::new(),
            devices: RefCell::default(),
            meter: Meter::default(),
            business: Business::default(),
            inbox,
            events: RefCell::default(),
            messages: Cell::default(),
            now: Cell::new(now),
            wall: Cell::new(wall),
            wall_read: Cell::new(now),
        };
        Ok(Runtime { rt: Rc::new(rt) })
    }

    /// Runs `root` and every task until `root` is ready. The other tasks keep their place: a later `run` goes
    /// on with them, dropping the runtime drops them. A panic of `root` goes through to the caller; one of a
    /// task ends that task alone (see [`Counters::panics`]).
    pub fn run<F: Future>(&mut self, root: F) -> F::Output {
        let rt = Rc::clone(&self.rt);
        let _inside = Inside::enter(&rt);
        let mut root = pin!(root);
        rt.refresh_clock();
        let index = rt.tasks.start(None).unwrap_or(task::NONE);
        let _ended = EndRoot { rt: &rt, index };
        loop {
            let mut budget = TASKS_A_TURN;
            while let Some(next) = rt.tasks.next(true) {
                if next != index {
                    rt.poll_task(next);
                } else if let Poll::Ready(output) = rt.poll_root(index, root.as_mut()) {
                    return output;
                }
                budget -= 1;
                if budget == 0 {
                    break;
                }
            }
            match budget {
                TASKS_A_TURN => bump(&rt.meter.empty),
                0 => bump(&rt.meter.full),
                _ => {}
            }
            rt.look(rt.timeout());
        }
    }

    /// One turn without waiting: runs what is ready (at most 256 polls), then looks at the kernel, the timers
    /// and the other threads. Gives the time until which nothing will happen by itself: now when something is
    /// ready already, [`Time::NEVER`] when only an event can do it. For a scheduler of several runtimes on
    /// one thread, such as a simulator; tasks are started through [`Runtime::enter`].
    pub fn step(&mut self) -> Time {
        let rt = Rc::clone(&self.rt);
        let _inside = Inside::enter(&rt);
        rt.refresh_clock();
        let mut budget = TASKS_A_TURN;
        while budget > 0
            && let Some(next) = rt.tasks.next(true)
        {
            rt.poll_task(next);
            budget -= 1;
        }
        rt.look(Some(Duration::ZERO));
        match rt.timeout() {
            None => Time::NEVER,
            Some(length) => rt.now() + length,
        }
    }

    /// Runs `f` within this runtime, so that it may bind, spawn and ask the time. Doesn't run any task.
    pub fn enter<R>(&mut self, f: impl FnOnce() -> R) -> R {
        let _inside = Inside::enter(&self.rt);
        f()
    }

    /// A handle for other threads.
    pub fn remote(&self) -> Remote {
        self.rt.inbox.remote()
    }

    /// The counters so far.
    pub fn counters(&self) -> Counters {
        self.rt.meter.copy()
    }
}

impl Drop for Runtime {
    fn drop(&mut self) {
        let rt = Rc::clone(&self.rt);
        rt.inbox.close();
        let _inside = Inside::enter(&rt);
        rt.tasks.drop_all();
        for ends in rt.pipes.take() {
            rt.close_pipe(&ends);
        }
    }
}

/// The thread's present runtime while this lives. Only ever a local of this file, so nested ones end in
/// order.
struct Inside<'a> {
    outer: *const Rt,
    _rt: &'a Rc<Rt>,
}

impl<'a> Inside<'a> {
    fn enter(rt: &'a Rc<Rt>) -> Inside<'a> {
        Inside { outer: CURRENT.replace(Rc::as_ptr(rt)), _rt: rt }
    }
}

impl Drop for Inside<'_> {
    fn drop(&mut self) {
        CURRENT.set(self.outer);
    }
}

struct EndRoot<'a> {
    rt: &'a Rt,
    index: u32,
}

impl Drop for EndRoot<'_> {
    fn drop(&mut self) {
        self.rt.drop_node(self.rt.tasks.end(self.index));
    }
}

/// Gives the thread's present runtime to `f`; `None` outside of any.
#[inline]
#[allow(unsafe_code, reason = "a thread-local Rc would count on every access and register a destructor")]
pub(crate) fn with<R>(f: impl FnOnce(&Rt) -> R) -> Option<R> {
    let current = CURRENT.get();
    // SAFETY: CURRENT is null or points into the Rc that an `Inside` on this thread's stack borrows; its Drop
    // puts the former pointer back before that borrow ends. `f` gets a shared reference that it can't keep,
    // and `Rt` is only ever used through shared references.
    unsafe { current.as_ref() }.map(f)
}

/// As [`with`], for what gives an `io::Result`.
#[inline]
pub(crate) fn with_io<R>(f: impl FnOnce(&Rt) -> io::Result<R>) -> io::Result<R> {
    with(f).unwrap_or_else(|| Err(io::Error::other("not within a runtime")))
}

/// Closes a handle whose owner is dropped.
pub(crate) fn close(handle: Handle) {
    if device::is(handle) {
        with(|rt| device::close(rt, handle));
        return;
    }
    if with(|rt| rt.slots.get(handle).is_some_and(|slot| slot.has(TLS) && tls::close(rt, handle, slot)))
        == Some(true)
    {
        return tls::see_off(handle);
    }
    if with(|rt| rt.close(handle)).is_none() && !SIMULATED.get() {
        linux::close(handle);
    }
}

/// The monotonic time of this turn of the loop; outside a runtime the clock is read.
#[inline]
pub fn now() -> Time {
    with(Rt::now).unwrap_or_else(linux::monotonic)
}

/// The wall clock of this turn of the loop: microseconds since 1970-01-01 UTC.
#[inline]
pub fn wall() -> u64 {
    with(|rt| rt.wall.get() + rt.now.get().saturating_sub(rt.wall_read.get()) / 1000)
        .unwrap_or_else(linux::wall)
}

/// Starts a task on this thread's runtime; it first runs later in this turn. Dropping it is the task's own
/// end or [`TaskId::abort`]. With 4,194,304 tasks already alive the future is dropped and
/// [`Counters::refused`] counts it.
///
/// # Panics
/// Outside a runtime, which is a mistake in the program.
pub fn spawn(future: impl Future<Output = ()> + 'static) -> TaskId {
    start(Box::pin(Boxed { future }))
}

#[allow(clippy::panic, reason = "a mistake in the program, found by its first run")]
pub(crate) fn start(job: Pin<Box<dyn Job>>) -> TaskId {
    let started = with(|rt| match rt.tasks.start(Some(job)) {
        Ok(index) => {
            bump(&rt.meter.spawned);
            (rt.tasks.id(index), None)
        }
        Err(job) => {
            bump(&rt.meter.refused);
            (TaskId::NOBODY, job)
        }
    });
    match started {
        Some((id, None)) => id,
        Some((id, Some(refused))) => {
            refused.recycle();
            id
        }
        None => panic!("net::spawn outside a runtime"),
    }
}

/// The task that runs at present, if any.
pub fn current_task() -> Option<TaskId> {
    with(|rt| match rt.tasks.current() {
        task::NONE => None,
        index => Some(rt.tasks.id(index)),
    })
    .flatten()
}

/// A handle on this thread's runtime for other threads; `None` outside a runtime.
pub fn remote() -> Option<Remote> {
    with(|rt| rt.inbox.remote())
}

/// The counters of this thread's runtime; zeros outside of one.
pub fn counters() -> Counters {
    with(|rt| rt.meter.copy()).unwrap_or_default()
}

/// How many tasks of this thread's runtime haven't ended, the root future among them.
pub fn tasks() -> u32 {
    with(|rt| rt.tasks.live()).unwrap_or(0)
}

/// Calls the kernel in use: Linux directly, or the one put in its place.
macro_rules! kernel {
    ($rt:expr, $kind:ident, $call:ident($($arg:expr),*)) => {{
        let rt: &$crate::runtime::Rt = $rt;
        rt.meter.call($crate::counters::Call::$kind);
        match rt.over() {
            None => $crate::kernel::Kernel::$call(rt.linux(), $($arg),*),
            Some(other) => other.$call($($arg),*),
        }
    }};
}
pub(crate) use kernel;

impl Rt {
    pub(crate) fn now(&self) -> Time {
        Time(self.now.get())
    }

    /// Makes `handle` known with these flags as its first readiness; on error it is closed.
    pub(crate) fn adopt(&self, handle: Handle, flags: u8) -> io::Result<()> {
        match self.slots.make(handle) {
            Some(slot) => {
                slot.open(flags);
                Ok(())
            }
            None => {
                self.kernel().close(handle);
                Err(io::Error::from_raw_os_error(libc::EMFILE))
            }
        }
    }

    /// Forgets and closes a handle. Whoever waited for it goes on, and finds it closed.
    pub(crate) fn close(&self, handle: Handle) {
        if self.slots.get(handle).is_some_and(|slot| slot.resets.get() && !slot.has(HUP)) {
            // What the kernel refuses becomes an ordinary end.
            let _ = self.kernel().set(handle, SockOpt::LingerZero);
        }
        self.forget(handle);
        self.meter.call(Call::Close);
        self.kernel().close(handle);
    }

    /// Forgets a handle without closing it.
    pub(crate) fn forget(&self, handle: Handle) {
        if let Some(slot) = self.slots.get(handle) {
            for waiter in slot.close() {
                self.tasks.wake(waiter);
            }
        }
    }

    /// Asks the kernel for a handle's events, once for each step of `watch`.
    pub(crate) fn watch(&self, handle: Handle, slot: &Slot, watch: Watch) {
        if slot.watch.get() >= watch {
            return;
        }
        let interest = if watch == Watch::ReadWrite { Interest::ReadWrite } else { Interest::Read };
        let again = slot.watch.get() != Watch::No;
        self.register(handle, slot, interest, again);
        slot.watch.set(watch);
    }

    /// Asks for a shared listener's readability.
    pub(crate) fn watch_shared(&self, handle: Handle, slot: &Slot) {
        if slot.watch.get() == Watch::No {
            self.register(handle, slot, Interest::Shared, false);
            slot.watch.set(Watch::Read);
        }
    }

    fn register(&self, handle: Handle, slot: &Slot, interest: Interest, again: bool) {
        self.meter.call(Call::Register);
        let token = token(handle, slot.generation.get());
        if self.kernel().register(handle, token, interest, again).is_err() {
            slot.set(BROKEN | READ | WRITE | ERROR);
        }
    }

    /// Has the task woken at `at` (ns) at the latest, if it still waits then.
    #[inline]
    pub(crate) fn set_deadline(&self, index: u32, at: u64) {
        let Some(node) = self.tasks.lower_deadline(index, at) else { return };
        bump(&self.meter.armed);
        match node {
            wheel::NONE => {
                let (node, due) = self.wheel.borrow_mut().insert(index, at);
                self.tasks.placed(index, node, due);
            }
            node => {
                let due = self.wheel.borrow_mut().relink(node, at);
                self.tasks.due(index, due);
            }
        }
    }

    pub(crate) fn close_pipe(&self, ends: &Ends) {
        self.kernel().close(ends.read);
        self.kernel().close(ends.write);
        crate::pipe::closed();
    }

    /// The kernel in use, through its table of functions: for what isn't hot.
    pub(crate) fn kernel(&self) -> &dyn Kernel {
        self.over.as_deref().unwrap_or(&self.linux)
    }

    #[inline]
    pub(crate) fn over(&self) -> Option<&dyn Kernel> {
        self.over.as_deref()
    }

    #[inline]
    pub(crate) fn linux(&self) -> &Linux {
        &self.linux
    }

    fn poll_task(&self, index: u32) {
        bump(&self.meter.polls);
        let began = self.business.begin();
        let turn = self.tasks.poll(index);
        self.business.end(began);
        match turn {
            Turn::Pending => {}
            Turn::Ended { node } => self.drop_node(node),
            Turn::Panicked { node, cause } => {
                self.drop_node(node);
                bump(&self.meter.panics);
                // The panic hook has said what there is to say; a payload whose Drop panics is leaked.
                std::mem::forget(cause);
            }
        }
    }

    fn poll_root<F: Future>(&self, index: u32, root: Pin<&mut F>) -> Poll<F::Output> {
        bump(&self.meter.polls);
        self.tasks.clear_deadline(index);
        self.tasks.set_current(index);
        let _none = ResetCurrent(&self.tasks);
        self.tasks.with_waker(index, |cx| root.poll(cx))
    }

    fn drop_node(&self, node: u32) {
        if node != wheel::NONE {
            self.wheel.borrow_mut().remove(node);
        }
    }

    /// Looks at the kernel, for at most `timeout`, then at the clock, the timers and the other threads.
    fn look(&self, timeout: Option<Duration>) {
        bump(&self.meter.loops);
        let mut events = self.events.borrow_mut();
        events.clear();
        self.meter.call(Call::Wait);
        let idle_from = if timeout == Some(Duration::ZERO) {
            bump(&self.meter.hurried);
            None
        } else {
            Some(self.kernel().monotonic().0)
        };
        let waited = match &self.over {
            None => self.linux.wait(timeout, &mut events),
            Some(other) => other.wait(timeout, &mut events),
        };
        if waited.is_err() && timeout != Some(Duration::ZERO) {
            // Without events there are still timers and other threads to serve, but not at full speed.
            std::thread::sleep(timeout.unwrap_or(Duration::MAX).min(Duration::from_millis(10)));
        }
        self.refresh_clock();
        let now = self.now.get();
        self.business.waited(idle_from.unwrap_or(now), now);
        for event in events.iter() {
            self.apply(*event);
        }
        drop(events);
        self.expire();
        if self.inbox.is_pending() {
            self.read_inbox();
        }
        self.tasks.admit_yielded();
    }

    fn timeout(&self) -> Option<Duration> {
        if self.tasks.any_ready() || self.inbox.is_pending() {
            return Some(Duration::ZERO);
        }
        let due = self.wheel.borrow().next_due()?;
        Some(Duration::from_nanos(due.saturating_sub(self.now.get())))
    }

    fn refresh_clock(&self) {
        let now = self.kernel().monotonic().0.max(self.now.get());
        self.now.set(now);
        if now - self.wall_read.get() > WALL_AGE {
            self.wall.set(self.kernel().wall());
            self.wall_read.set(now);
        }
    }

    pub(crate) fn apply(&self, event: Event) {
        bump(&self.meter.events);
        if event.token == BELL {
            return;
        }
        let handle = event.token as u32 as Handle;
        let Some(slot) = self.slots.get(handle) else { return };
        if slot.generation.get() != (event.token >> 32) as u32 {
            return bump(&self.meter.stale);
        }
        let mut flags = event.ready.0 & (READ | WRITE | HUP | ERROR);
        if flags & ERROR != 0 {
            flags |= READ | WRITE | HUP;
        }
        if flags & HUP != 0 {
            flags |= READ;
        }
        slot.set(flags);
        if slot.has(TLS) && flags & WRITE != 0 && !tls::writable(self, handle, slot) {
            flags &= !WRITE;
        }
        if flags & READ != 0 {
            self.wake(slot.reader.replace(task::NONE), flags);
        }
        if flags & WRITE != 0 {
            self.wake(slot.writer.replace(task::NONE), flags);
        }
    }

    #[inline]
    fn wake(&self, waiter: u32, flags: u8) {
        if waiter == task::NONE {
            return;
        }
        if waiter & PARKED == 0 {
            return self.tasks.wake(waiter);
        }
        let why = if flags & HUP != 0 { Why::Hup } else { Why::Ready };
        if let Some(attendant) = self.park.borrow_mut().fire(waiter & !PARKED, why) {
            self.tasks.wake(attendant);
        }
    }

    fn expire(&self) {
        let now = self.now.get();
        let mut wheel = self.wheel.borrow_mut();
        if wheel.next_due().is_none_or(|due| due > now) {
            return;
        }
        let mut park = self.park.borrow_mut();
        let judge = |owner: u32| {
            bump(&self.meter.timers);
            if owner & PARKED != 0 {
                return park.judge(owner & !PARKED, now, |attendant| self.tasks.wake(attendant));
            }
            let deadline = self.tasks.deadline(owner);
            if deadline > now && deadline != u64::MAX {
                return Verdict::Again(deadline);
            }
            if deadline != u64::MAX {
                self.tasks.wake(owner);
            }
            self.tasks.placed(owner, wheel::NONE, u64::MAX);
            Verdict::Done
        };
        let placed = |owner: u32, due: u64| {
            if owner & PARKED == 0 {
                self.tasks.due(owner, due);
            }
        };
        wheel.advance(now, judge, placed);
    }

    fn read_inbox(&self) {
        let mut messages = self.messages.take();
        self.inbox.take(&mut messages);
        for message in messages.drain(..) {
            bump(&self.meter.messages);
            match message {
                Message::Task(act, id) => act(&self.tasks, id),
                Message::Call(call) => {
                    let began = self.business.begin();
                    if let Err(cause) = catch_unwind(AssertUnwindSafe(call)) {
                        bump(&self.meter.panics);
                        std::mem::forget(cause);
                    }
                    self.business.end(began);
                }
            }
        }
        self.messages.set(messages);
    }
}

struct ResetCurrent<'a>(&'a Tasks);

impl Drop for ResetCurrent<'_> {
    fn drop(&mut self) {
        self.0.set_current(task::NONE);
    }
}
