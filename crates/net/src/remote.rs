//! Reaching a runtime from another thread: closures to run there, tasks to wake there. Knows nothing of what
//! they do.

use crate::runtime;
use crate::task::{TaskId, Tasks};
use rustix::event::{EventfdFlags, eventfd};
use rustix::fd::OwnedFd;
use std::fmt;
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Runtimes alive at once; their number is a part of each task's id.
const RUNTIMES: usize = 4095;

static INBOXES: Mutex<Vec<Option<Arc<Inbox>>>> = Mutex::new(Vec::new());

/// A handle on a runtime that any thread may hold.
#[derive(Clone)]
pub struct Remote(Arc<Inbox>);

/// The runtime that was to be reached has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gone;

impl fmt::Display for Gone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the thread's runtime has ended")
    }
}

impl std::error::Error for Gone {}

impl Remote {
    /// Has `call` run on the runtime's thread, at its next turn, within its runtime (so that it may spawn).
    /// Calls from one thread run in their order. The error gives no promise the other way: a runtime may end
    /// before it comes to the call, which is dropped then.
    pub fn send(&self, call: Box<dyn FnOnce() + Send>) -> Result<(), Gone> {
        self.0.push(Message::Call(call))
    }
}

impl fmt::Debug for Remote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Remote")
    }
}

pub(crate) enum Message {
    Call(Box<dyn FnOnce() + Send>),
    Task(fn(&Tasks, TaskId), TaskId),
}

pub(crate) struct Inbox {
    number: u16,
    queue: Mutex<Queue>,
    /// Whether the queue holds something that the runtime wasn't told of yet.
    pending: AtomicBool,
    bell: OwnedFd,
}

struct Queue {
    open: bool,
    messages: Vec<Message>,
}

impl Inbox {
    /// Enters a new runtime's inbox under the first free number.
    pub(crate) fn open() -> io::Result<Arc<Inbox>> {
        let bell = eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)?;
        let mut all = lock(&INBOXES);
        let at = all.iter().position(Option::is_none).unwrap_or(all.len());
        if at >= RUNTIMES {
            return Err(io::Error::other("too many runtimes in one process"));
        }
        let queue = Mutex::new(Queue { open: true, messages: Vec::new() });
        let inbox = Arc::new(Inbox { number: at as u16, queue, pending: AtomicBool::new(false), bell });
        match all.get_mut(at) {
            Some(place) => *place = Some(Arc::clone(&inbox)),
            None => all.push(Some(Arc::clone(&inbox))),
        }
        Ok(inbox)
    }

    /// Forgets the runtime: its number is free, later messages are refused, those not read are dropped.
    pub(crate) fn close(&self) {
        if let Some(place) = lock(&INBOXES).get_mut(usize::from(self.number)) {
            *place = None;
        }
        let mut queue = lock(&self.queue);
        queue.open = false;
        let unread = std::mem::take(&mut queue.messages);
        drop(queue);
        drop(unread);
    }

    pub(crate) fn number(&self) -> u16 {
        self.number
    }

    pub(crate) fn bell(&self) -> &OwnedFd {
        &self.bell
    }

    pub(crate) fn remote(self: &Arc<Inbox>) -> Remote {
        Remote(Arc::clone(self))
    }

    #[inline]
    pub(crate) fn is_pending(&self) -> bool {
        self.pending.load(Ordering::Acquire)
    }

    /// Swaps the messages into `into`, which is empty.
    pub(crate) fn take(&self, into: &mut Vec<Message>) {
        self.pending.store(false, Ordering::Release);
        std::mem::swap(&mut lock(&self.queue).messages, into);
    }

    fn push(&self, message: Message) -> Result<(), Gone> {
        let mut queue = lock(&self.queue);
        if !queue.open {
            return Err(Gone);
        }
        queue.messages.push(message);
        drop(queue);
        if !self.pending.swap(true, Ordering::AcqRel) {
            // The bell is watched for edges and never read; each write is one. It cannot overflow in 2^64 of
            // them.
            let _ = rustix::io::write(&self.bell, &1u64.to_ne_bytes());
        }
        Ok(())
    }
}

/// Does `act` to a task wherever it lives: at once when that is this thread's present runtime.
pub(crate) fn reach(id: TaskId, act: fn(&Tasks, TaskId)) {
    let here = runtime::with(|rt| {
        let here = rt.tasks.runtime() == id.runtime();
        if here {
            act(&rt.tasks, id);
        }
        here
    });
    if here == Some(true) {
        return;
    }
    let inbox = lock(&INBOXES).get(usize::from(id.runtime())).and_then(Clone::clone);
    if let Some(inbox) = inbox {
        // A runtime that ended took its tasks with it.
        let _ = inbox.push(Message::Task(act, id));
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
