//! Waiting for a place in a server (manual 5.2 "maxconn", 4.2 "timeout queue"). A backend's queue is only touched when
//! all its servers are full; whoever leaves a server wakes the first in line, on whatever thread it waits.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, PoisonError};

use net::TaskId;
use state::Backend;

/// The queues of all backends, by the backends' numbers in statistics.
#[derive(Debug, Default)]
pub struct Queues(Mutex<HashMap<u32, VecDeque<TaskId>>>);

impl Queues {
    /// Joins the queue of a backend; the place is held until the guard goes. Returns how many were before.
    pub fn join<'q>(&'q self, backend: &'q Backend, task: TaskId) -> (Place<'q>, u32) {
        let ahead = backend.live.queued.enter().saturating_sub(1);
        self.lock().entry(backend.id).or_default().push_back(task);
        (Place { queues: self, backend, task }, ahead)
    }

    /// A place in one of the backend's servers became free.
    pub fn freed(&self, backend: &Backend) {
        if backend.live.queued.now() == 0 {
            return;
        }
        let first = self.lock().get_mut(&backend.id).and_then(VecDeque::pop_front);
        if let Some(task) = first {
            task.notify();
        }
    }

    /// Servers of the backend may have many free places.
    pub fn stir(&self, backend: &Backend) {
        if backend.live.queued.now() == 0 {
            return;
        }
        let waiting = self.lock().get_mut(&backend.id).map(std::mem::take).unwrap_or_default();
        for task in waiting {
            task.notify();
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<u32, VecDeque<TaskId>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A place in a queue.
#[derive(Debug)]
pub struct Place<'q> {
    queues: &'q Queues,
    backend: &'q Backend,
    task: TaskId,
}

impl Place<'_> {
    /// Back to the head of the queue: it was woken but found the place taken.
    pub fn rejoin(&self) {
        let mut queues = self.queues.lock();
        let line = queues.entry(self.backend.id).or_default();
        if !line.contains(&self.task) {
            line.push_front(self.task);
        }
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.backend.live.queued.leave();
        let mut queues = self.queues.lock();
        let Some(line) = queues.get_mut(&self.backend.id) else { return };
        let waiting = line.iter().position(|t| *t == self.task);
        match waiting {
            Some(at) => {
                line.remove(at);
            }
            // Woken for a place it may not have used: let the next one look too.
            None => {
                if let Some(next) = line.front() {
                    next.notify();
                }
            }
        }
    }
}
