//! Tasks: their table, the queues of those that want to run, and their wakers. Knows nothing of sockets or
//! time beyond storing a task's deadline.

use crate::effort::{Account, Effort};
use crate::table::{INDEX_MAX, Table};
use crate::{Time, remote, wheel};
use pin_project_lite::pin_project;
use std::any::Any;
use std::cell::Cell;
use std::future::Future;
use std::mem::ManuallyDrop;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::ptr;
use std::task::{Context, Poll, RawWaker, RawWakerVTable, Waker};

/// No task.
pub(crate) const NONE: u32 = u32::MAX;

const QUEUED: u8 = 1;
const LIVE: u8 = 2;
const ABORTED: u8 = 4;
const NOTIFIED: u8 = 8;

/// What a task runs: a future, and a place for its memory to go afterwards.
pub(crate) trait Job {
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()>;
    /// Drops the future and gives its memory back.
    fn recycle(self: Pin<Box<Self>>);
}

/// A task's name, valid on every thread. It may outlive the task: then waking or aborting does nothing.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct TaskId(u64);

const INDEX_BITS: u32 = 22;
const GEN_BITS: u32 = 30;
const _: () = assert!(INDEX_MAX < 1 << INDEX_BITS);
const _: () = assert!(usize::BITS == 64, "a task's id travels in a waker's data pointer");

impl TaskId {
    /// No task's: there is no runtime of this number.
    pub(crate) const NOBODY: TaskId = TaskId(u64::MAX);

    pub(crate) fn new(runtime: u16, generation: u32, index: u32) -> TaskId {
        let generation = u64::from(generation) & ((1 << GEN_BITS) - 1);
        TaskId(u64::from(runtime) << (INDEX_BITS + GEN_BITS) | generation << INDEX_BITS | u64::from(index))
    }

    pub(crate) fn runtime(self) -> u16 {
        (self.0 >> (INDEX_BITS + GEN_BITS)) as u16
    }

    fn generation(self) -> u32 {
        (self.0 >> INDEX_BITS) as u32 & ((1 << GEN_BITS) - 1)
    }

    fn index(self) -> u32 {
        self.0 as u32 & ((1 << INDEX_BITS) - 1)
    }

    /// Wakes the task, from any thread, and completes the wait it is in, or enters next, that asked for
    /// [`notified`](crate::Interests::notified).
    pub fn notify(self) {
        remote::reach(self, Tasks::notify);
    }

    /// Drops the task's future at its next turn instead of polling it, from any thread. Its destructors run.
    /// A root future can't be aborted.
    pub fn abort(self) {
        remote::reach(self, Tasks::abort);
    }
}

struct Task {
    job: Cell<Option<Pin<Box<dyn Job>>>>,
    /// When the future wants to be polled, in ns.
    deadline: Cell<u64>,
    /// When the wheel will look at the task; `u64::MAX` without a node.
    due: Cell<u64>,
    node: Cell<u32>,
    generation: Cell<u32>,
    next: Cell<u32>,
    flags: Cell<u8>,
    account: Account,
}

impl Default for Task {
    fn default() -> Task {
        Task {
            job: Cell::new(None),
            deadline: Cell::new(u64::MAX),
            due: Cell::new(u64::MAX),
            node: Cell::new(wheel::NONE),
            generation: Cell::new(0),
            next: Cell::new(NONE),
            flags: Cell::new(0),
            account: Account::default(),
        }
    }
}

impl Task {
    fn has(&self, flag: u8) -> bool {
        self.flags.get() & flag != 0
    }

    fn put(&self, flag: u8, on: bool) {
        self.flags.set(if on { self.flags.get() | flag } else { self.flags.get() & !flag });
    }
}

/// A first-in first-out list threaded through `Task::next`.
struct Queue {
    head: Cell<u32>,
    tail: Cell<u32>,
}

impl Queue {
    fn new() -> Queue {
        Queue { head: Cell::new(NONE), tail: Cell::new(NONE) }
    }
}

/// How a task's turn ended.
pub(crate) enum Turn {
    /// It waits.
    Pending,
    /// It ended; the node of its timer is to be removed, if there is one.
    Ended { node: u32 },
    /// It panicked.
    Panicked { node: u32, cause: Box<dyn Any + Send> },
}

pub(crate) struct Tasks {
    runtime: u16,
    table: Table<Task>,
    /// Indices never used so far begin here; freed ones are on `free`.
    fresh: Cell<u32>,
    free: Cell<u32>,
    live: Cell<u32>,
    /// Ready to run now.
    run: Queue,
    /// To run after the next look at the kernel.
    yielded: Queue,
    /// To run when nothing else is left in this turn.
    late: Queue,
    current: Cell<u32>,
}

impl Tasks {
    pub(crate) fn new(runtime: u16) -> Tasks {
        Tasks {
            runtime,
            table: Table::new(),
            fresh: Cell::new(0),
            free: Cell::new(NONE),
            live: Cell::new(0),
            run: Queue::new(),
            yielded: Queue::new(),
            late: Queue::new(),
            current: Cell::new(NONE),
        }
    }

    /// The number of the runtime these tasks belong to.
    pub(crate) fn runtime(&self) -> u16 {
        self.runtime
    }

    /// Enters a task and queues it. `job` is `None` for a future that its runner polls itself. Gives the job
    /// back when the table is full.
    pub(crate) fn start(&self, job: Option<Pin<Box<dyn Job>>>) -> Result<u32, Option<Pin<Box<dyn Job>>>> {
        let index = match self.table.get(self.free.get()) {
            Some(task) => {
                let index = self.free.get();
                self.free.set(task.next.get());
                index
            }
            None => {
                let index = self.fresh.get();
                if self.table.make(index).is_none() {
                    return Err(job);
                }
                self.fresh.set(index + 1);
                index
            }
        };
        if let Some(task) = self.table.get(index) {
            task.job.set(job);
            task.flags.set(LIVE);
            task.deadline.set(u64::MAX);
            task.account.open();
            self.live.set(self.live.get() + 1);
            self.wake(index);
        }
        Ok(index)
    }

    /// Ends a task; gives the node of its timer.
    pub(crate) fn end(&self, index: u32) -> u32 {
        let Some(task) = self.table.get(index) else { return wheel::NONE };
        let queued = task.has(QUEUED);
        task.flags.set(if queued { QUEUED } else { 0 });
        task.generation.set(task.generation.get().wrapping_add(1));
        task.due.set(u64::MAX);
        self.live.set(self.live.get().saturating_sub(1));
        if !queued {
            // A queued one is freed when the queue comes to it, since both lists use the same link.
            self.release(index, task);
        }
        task.node.replace(wheel::NONE)
    }

    /// The number of tasks that haven't ended.
    pub(crate) fn live(&self) -> u32 {
        self.live.get()
    }

    pub(crate) fn id(&self, index: u32) -> TaskId {
        TaskId::new(self.runtime, self.table.get(index).map_or(0, |t| t.generation.get()), index)
    }

    /// The task being polled, [`NONE`] outside of any.
    pub(crate) fn current(&self) -> u32 {
        self.current.get()
    }

    /// What the task being polled took so far.
    pub(crate) fn effort(&self) -> Effort {
        self.table.get(self.current()).map(|task| task.account.effort()).unwrap_or_default()
    }

    /// What a task took so far, and when its present wait ends; none if it has ended.
    pub(crate) fn look_at(&self, id: TaskId) -> Option<(Effort, Time)> {
        let task = self.named(id)?;
        Some((task.account.effort(), Time(task.deadline.get())))
    }

    /// How many tasks are queued to run.
    pub(crate) fn ready(&self) -> u32 {
        let mut count = 0;
        for queue in [&self.run, &self.yielded, &self.late] {
            let mut at = queue.head.get();
            while let Some(task) = self.table.get(at) {
                count += 1;
                at = task.next.get();
            }
        }
        count
    }

    pub(crate) fn set_current(&self, index: u32) {
        self.current.set(index);
    }

    /// Queues a task, unless it is queued.
    #[inline]
    pub(crate) fn wake(&self, index: u32) {
        self.enqueue(index, &self.run);
    }

    /// Queues the task for after the next look at the kernel.
    pub(crate) fn wake_yielded(&self, index: u32) {
        self.enqueue(index, &self.yielded);
    }

    /// Queues the task for the end of this turn.
    pub(crate) fn wake_late(&self, index: u32) {
        self.enqueue(index, &self.late);
    }

    pub(crate) fn wake_id(&self, id: TaskId) {
        if self.named(id).is_some() {
            self.wake(id.index());
        }
    }

    pub(crate) fn notify(&self, id: TaskId) {
        if let Some(task) = self.named(id) {
            task.put(NOTIFIED, true);
            self.wake(id.index());
        }
    }

    pub(crate) fn abort(&self, id: TaskId) {
        if let Some(task) = self.named(id) {
            task.put(ABORTED, true);
            self.wake(id.index());
        }
    }

    /// Whether the task was notified since it was last asked.
    pub(crate) fn take_notified(&self, index: u32) -> bool {
        self.table.get(index).is_some_and(|t| {
            let was = t.has(NOTIFIED);
            t.put(NOTIFIED, false);
            was
        })
    }

    /// The next task to run; with `late`, also one that wanted the end of the turn.
    pub(crate) fn next(&self, late: bool) -> Option<u32> {
        loop {
            let index = self.pop(&self.run).or_else(|| if late { self.pop(&self.late) } else { None })?;
            let Some(task) = self.table.get(index) else { continue };
            task.put(QUEUED, false);
            if task.has(LIVE) {
                return Some(index);
            }
            self.release(index, task);
        }
    }

    /// Lets the tasks that yielded run.
    pub(crate) fn admit_yielded(&self) {
        let head = self.yielded.head.replace(NONE);
        let tail = self.yielded.tail.replace(NONE);
        if head == NONE {
            return;
        }
        match self.table.get(self.run.tail.replace(tail)) {
            Some(last) => last.next.set(head),
            None => self.run.head.set(head),
        }
    }

    /// Whether some task could run at once.
    pub(crate) fn any_ready(&self) -> bool {
        [&self.run, &self.yielded, &self.late].iter().any(|q| q.head.get() != NONE)
    }

    /// Gives a task its turn.
    pub(crate) fn poll(&self, index: u32) -> Turn {
        let Some(task) = self.table.get(index) else { return Turn::Pending };
        let Some(mut job) = task.job.take() else { return Turn::Pending };
        if task.has(ABORTED) {
            return self.finish(index, job, None);
        }
        task.deadline.set(u64::MAX);
        let outer = self.current.replace(index);
        let began = task.account.begin();
        let polled = catch_unwind(AssertUnwindSafe(|| self.with_waker(index, |cx| job.as_mut().poll(cx))));
        self.current.set(outer);
        if let Some(began) = began {
            task.account.end(began);
        }
        match polled {
            Ok(Poll::Pending) if !task.has(ABORTED) => {
                task.job.set(Some(job));
                Turn::Pending
            }
            Ok(_) => self.finish(index, job, None),
            Err(cause) => self.finish(index, job, Some(cause)),
        }
    }

    /// Drops every task's future, also of those that such a drop starts, for the end of a runtime.
    pub(crate) fn drop_all(&self) {
        while self.live.get() > 0 {
            let mut index = 0;
            while index < self.fresh.get() {
                if let Some(task) = self.table.get(index).filter(|t| t.has(LIVE)) {
                    match task.job.take() {
                        Some(job) => drop(self.finish(index, job, None)),
                        None => drop(self.end(index)),
                    }
                }
                index += 1;
            }
        }
    }

    /// Runs `f` with a context whose waker wakes this task.
    #[allow(unsafe_code, reason = "a waker whose data is the task's id needs a table of functions")]
    pub(crate) fn with_waker<R>(&self, index: u32, f: impl FnOnce(&mut Context<'_>) -> R) -> R {
        let data = ptr::without_provenance(self.id(index).0 as usize);
        // SAFETY: the functions of VTABLE never dereference the data, which is a plain number; they are safe
        // to call from any thread; clone gives an equal waker and drop has nothing to release.
        let waker = ManuallyDrop::new(unsafe { Waker::from_raw(RawWaker::new(data, &VTABLE)) });
        f(&mut Context::from_waker(&waker))
    }

    /// The deadline that the task's present wait asked for, in ns.
    pub(crate) fn deadline(&self, index: u32) -> u64 {
        self.table.get(index).map_or(u64::MAX, |t| t.deadline.get())
    }

    /// Clears the deadline, at the beginning of a turn that [`Tasks::poll`] doesn't give.
    pub(crate) fn clear_deadline(&self, index: u32) {
        if let Some(task) = self.table.get(index) {
            task.deadline.set(u64::MAX);
        }
    }

    /// Lowers the task's deadline to `at` (ns); gives the node to be moved (or [`wheel::NONE`] for a new one)
    /// when the wheel would look too late.
    #[inline]
    pub(crate) fn lower_deadline(&self, index: u32, at: u64) -> Option<u32> {
        let task = self.table.get(index)?;
        if at < task.deadline.get() {
            task.deadline.set(at);
        }
        // Compared as the wheel sees it, or asking for the same near deadline again would move the entry each
        // time.
        if wheel::tick_of(at) < task.due.get() { Some(task.node.get()) } else { None }
    }

    /// Notes where the wheel keeps the task and when it will look.
    pub(crate) fn placed(&self, index: u32, node: u32, due: u64) {
        if let Some(task) = self.table.get(index) {
            task.node.set(node);
            task.due.set(due);
        }
    }

    /// Notes when the wheel will look at the task.
    pub(crate) fn due(&self, index: u32, due: u64) {
        if let Some(task) = self.table.get(index) {
            task.due.set(due);
        }
    }

    fn finish(&self, index: u32, job: Pin<Box<dyn Job>>, cause: Option<Box<dyn Any + Send>>) -> Turn {
        let outer = self.current.replace(index);
        let dropped = catch_unwind(AssertUnwindSafe(|| job.recycle()));
        self.current.set(outer);
        let node = self.end(index);
        match cause.or(dropped.err()) {
            None => Turn::Ended { node },
            Some(cause) => Turn::Panicked { node, cause },
        }
    }

    fn named(&self, id: TaskId) -> Option<&Task> {
        let task = self.table.get(id.index())?;
        let generation = task.generation.get() & ((1 << GEN_BITS) - 1);
        (task.has(LIVE) && generation == id.generation()).then_some(task)
    }

    fn release(&self, index: u32, task: &Task) {
        task.next.set(self.free.get());
        self.free.set(index);
    }

    fn enqueue(&self, index: u32, queue: &Queue) {
        let Some(task) = self.table.get(index) else { return };
        if task.flags.get() & (QUEUED | LIVE) != LIVE {
            return;
        }
        task.put(QUEUED, true);
        task.account.wake();
        task.next.set(NONE);
        match self.table.get(queue.tail.replace(index)) {
            Some(last) => last.next.set(index),
            None => queue.head.set(index),
        }
    }

    fn pop(&self, queue: &Queue) -> Option<u32> {
        let index = queue.head.get();
        let task = self.table.get(index)?;
        queue.head.set(task.next.get());
        if task.next.get() == NONE {
            queue.tail.set(NONE);
        }
        Some(index)
    }
}

pin_project! {
    /// A plain boxed future, freed when it ends.
    pub(crate) struct Boxed<F> {
        #[pin]
        pub(crate) future: F,
    }
}

impl<F: Future<Output = ()>> Job for Boxed<F> {
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        self.project().future.poll(cx)
    }

    fn recycle(self: Pin<Box<Self>>) {}
}

static VTABLE: RawWakerVTable =
    RawWakerVTable::new(|data| RawWaker::new(data, &VTABLE), wake_raw, wake_raw, |_| {});

fn wake_raw(data: *const ()) {
    remote::reach(TaskId(data.addr() as u64), Tasks::wake_id);
}
