//! Exchanges under way by the server they go to, so that an administrator can end them (manual 4.2 "stats admin",
//! management manual 9.3 "shutdown sessions server"). Entering and leaving costs a few stores and no allocation in the
//! steady state.

use std::cell::RefCell;
use std::sync::{Mutex, OnceLock, PoisonError};

use net::{Remote, TaskId};
use state::World;
use state::termination::Cause;

use crate::thread;

/// The exchanges of this thread.
#[derive(Debug, Default)]
pub struct AtWork(RefCell<Entries>);

#[derive(Debug, Default)]
struct Entries {
    list: Vec<Option<Entry>>,
    free: Vec<usize>,
}

#[derive(Clone, Copy, Debug)]
struct Entry {
    task: Option<TaskId>,
    server: u32,
    /// Why it is to end, if it is.
    doom: Option<Cause>,
}

/// An exchange with a server, while it lasts.
#[derive(Debug)]
pub struct Ticket<'x> {
    work: &'x AtWork,
    at: usize,
}

impl AtWork {
    /// The task at hand begins an exchange with the server of this number.
    pub fn enter(&self, server: u32) -> Ticket<'_> {
        let entry = Some(Entry { task: net::current_task(), server, doom: None });
        let mut entries = self.0.borrow_mut();
        let at = match entries.free.pop() {
            Some(at) => {
                if let Some(place) = entries.list.get_mut(at) {
                    *place = entry;
                }
                at
            }
            None => {
                entries.list.push(entry);
                entries.list.len() - 1
            }
        };
        Ticket { work: self, at }
    }

    /// Ends all exchanges with this server: each finds it out by itself.
    pub fn doom(&self, server: u32, cause: Cause) {
        for entry in self.0.borrow_mut().list.iter_mut().flatten().filter(|entry| entry.server == server) {
            entry.doom = Some(cause);
            if let Some(task) = entry.task {
                task.notify();
            }
        }
    }
}

impl Ticket<'_> {
    /// Why the exchange is to end, if it is.
    pub fn doom(&self) -> Option<Cause> {
        self.work.0.borrow().list.get(self.at).copied().flatten()?.doom
    }
}

impl Drop for Ticket<'_> {
    fn drop(&mut self) {
        let mut entries = self.work.0.borrow_mut();
        if let Some(place) = entries.list.get_mut(self.at) {
            *place = None;
            entries.free.push(self.at);
        }
    }
}

/// The threads that serve traffic, by their numbers, as they reach each other.
#[derive(Debug, Default)]
pub struct Crew {
    threads: Mutex<Vec<(u16, Remote)>>,
    /// The thread that checks servers.
    checks: OnceLock<Remote>,
}

impl Crew {
    /// Has every other thread than that of this number run what `make` makes; gives how many there are.
    pub fn others(&self, number: u16, mut make: impl FnMut() -> Box<dyn FnOnce() + Send>) -> usize {
        let threads = self.threads.lock().unwrap_or_else(PoisonError::into_inner);
        let others = threads.iter().filter(|(other, _)| *other != number);
        others.filter(|(_, remote)| remote.send(make()).is_ok()).count()
    }

    /// Has every thread run what `make` makes; gives how many there are.
    pub fn all(&self, make: impl FnMut() -> Box<dyn FnOnce() + Send>) -> usize {
        // No thread has this number.
        self.others(u16::MAX, make)
    }

    /// Servers are checked by the thread that this leads to.
    pub fn checks_here(&self, thread: Remote) {
        let _ = self.checks.set(thread);
    }

    /// Has the check of a server look whether its next turn is to come sooner.
    pub fn wake_check(&self, server: u32) {
        if let Some(thread) = self.checks.get() {
            // Where the thread ended nothing is checked any more.
            let _ = thread.send(Box::new(move || crate::health::wake(server)));
        }
    }

    /// A thread begins to serve.
    pub fn join(&self, number: u16, thread: Remote) {
        self.threads.lock().unwrap_or_else(PoisonError::into_inner).push((number, thread));
    }

    /// Does what was ordered of exchanges, in all threads.
    pub fn obey(&self, world: &World) {
        for (server, cause) in world.process.shutdowns.take() {
            for (_, remote) in self.threads.lock().unwrap_or_else(PoisonError::into_inner).iter() {
                // A thread that ended has no exchanges.
                let _ = remote.send(Box::new(move || {
                    thread::with_worker(|worker| worker.at_work.doom(server, cause));
                }));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_exchanges_with_the_server_are_doomed() {
        let work = AtWork::default();
        let first = work.enter(1);
        let second = work.enter(2);
        work.doom(2, Cause::KILLED);
        assert!(first.doom().is_none() && second.doom() == Some(Cause::KILLED));
        drop(second);
        let third = work.enter(2);
        assert!(third.doom().is_none() && work.0.borrow().list.len() == 2);
    }
}
