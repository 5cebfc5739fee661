//! Exchanges under way by the server they go to, so that an administrator can end them (manual 4.2 "stats admin",
//! management manual 9.3 "shutdown sessions server"). Entering and leaving costs a few stores and no allocation in the
//! steady state.

use std::cell::RefCell;
use std::sync::{Mutex, PoisonError};

use net::{Remote, TaskId};
use state::World;

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
    doomed: bool,
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
        let entry = Some(Entry { task: net::current_task(), server, doomed: false });
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
    pub fn doom(&self, server: u32) {
        for entry in self.0.borrow_mut().list.iter_mut().flatten().filter(|entry| entry.server == server) {
            entry.doomed = true;
            if let Some(task) = entry.task {
                task.notify();
            }
        }
    }
}

impl Ticket<'_> {
    /// Whether the exchange is to end.
    pub fn is_doomed(&self) -> bool {
        self.work.0.borrow().list.get(self.at).copied().flatten().is_some_and(|entry| entry.doomed)
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
pub struct Crew(Mutex<Vec<(u16, Remote)>>);

impl Crew {
    /// Has every other thread than that of this number run what `make` makes; gives how many there are.
    pub fn others(&self, number: u16, mut make: impl FnMut() -> Box<dyn FnOnce() + Send>) -> usize {
        let threads = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let others = threads.iter().filter(|(other, _)| *other != number);
        others.filter(|(_, remote)| remote.send(make()).is_ok()).count()
    }

    /// A thread begins to serve.
    pub fn join(&self, number: u16, thread: Remote) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push((number, thread));
    }

    /// Does what was ordered of exchanges, in all threads.
    pub fn obey(&self, world: &World) {
        for server in world.process.shutdowns.take() {
            for (_, remote) in self.0.lock().unwrap_or_else(PoisonError::into_inner).iter() {
                // A thread that ended has no exchanges.
                let _ = remote.send(Box::new(move || {
                    thread::with_worker(|worker| worker.at_work.doom(server));
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
        work.doom(2);
        assert!(!first.is_doomed() && second.is_doomed());
        drop(second);
        let third = work.enter(2);
        assert!(!third.is_doomed() && work.0.borrow().list.len() == 2);
    }
}
