//! Recycled memory for tasks of one kind: spawning the hot per-connection future allocates nothing once warm.
//! Knows nothing of what the future does.

use crate::task::{Job, TaskId};
use pin_project_lite::pin_project;
use std::cell::RefCell;
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

/// Spawns futures of one type into memory that earlier ones left behind. Clones share that memory.
pub struct TaskPool<F> {
    home: Rc<Home<F>>,
}

struct Home<F> {
    idle: RefCell<Vec<Pin<Box<Slot<F>>>>>,
    keep: usize,
}

pin_project! {
    struct Slot<F> {
        #[pin]
        future: Option<F>,
        // None while idle: a slot in its own home's list must not keep that home alive.
        home: Option<Rc<Home<F>>>,
    }
}

impl<F: Future<Output = ()> + 'static> TaskPool<F> {
    /// A pool that keeps the memory of up to `keep` ended tasks.
    pub fn new(keep: usize) -> TaskPool<F> {
        TaskPool { home: Rc::new(Home { idle: RefCell::new(Vec::new()), keep }) }
    }

    /// Starts `future` as a task of the current runtime. Errors: as [`spawn`](crate::spawn).
    pub fn spawn(&self, future: F) -> TaskId {
        let recycled = self.home.idle.borrow_mut().pop();
        let slot = match recycled {
            Some(mut slot) => {
                let mut parts = slot.as_mut().project();
                parts.future.set(Some(future));
                *parts.home = Some(Rc::clone(&self.home));
                slot
            }
            None => Box::pin(Slot { future: Some(future), home: Some(Rc::clone(&self.home)) }),
        };
        crate::runtime::start(slot)
    }

    /// How many slots wait for a future.
    pub fn idle(&self) -> usize {
        self.home.idle.borrow().len()
    }
}

impl<F> Clone for TaskPool<F> {
    fn clone(&self) -> TaskPool<F> {
        TaskPool { home: Rc::clone(&self.home) }
    }
}

impl<F: Future<Output = ()> + 'static> Job for Slot<F> {
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        match self.project().future.as_pin_mut() {
            Some(future) => future.poll(cx),
            None => Poll::Ready(()),
        }
    }

    fn recycle(mut self: Pin<Box<Self>>) {
        let mut parts = self.as_mut().project();
        parts.future.set(None);
        let Some(home) = parts.home.take() else { return };
        let mut idle = home.idle.borrow_mut();
        if idle.len() < home.keep {
            idle.push(self);
        }
    }
}
