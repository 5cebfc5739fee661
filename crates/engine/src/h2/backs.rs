//! The connections to servers that speak HTTP/2, of one thread: which of them a request may join (manual 4.2 "http-reuse"),
//! and which are closed because nothing is to be expected of them.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use state::Server;
use state::options::Reuse;
use state::server::Live;

use super::back::Back;

/// Who asks for a connection.
#[derive(Clone, Copy, Debug)]
pub struct Asks {
    /// What connections must have in common that may stand in for each other ([`crate::preface::key`]).
    pub key: u64,
    /// The client ([`state::Session::crowd`]).
    pub crowd: u64,
    /// Whether it is the client's first request.
    pub first: bool,
    pub reuse: Reuse,
}

/// A thread's connections, by the numbers of their servers in the process.
#[derive(Debug, Default)]
pub struct Backs {
    /// The thread's number.
    pub thread: u16,
    pools: RefCell<Vec<Vec<Rc<Back>>>>,
    /// Whether what becomes idle is closed at once: the process stops.
    stopping: Cell<bool>,
    last_crowd: Cell<u64>,
}

impl Backs {
    /// None so far, of the thread of this number.
    pub fn new(thread: u16) -> Self {
        Self { thread, ..Self::default() }
    }

    /// A connection that a request may join, the one opened last if there are several.
    pub fn find(&self, server: &Server, asks: Asks) -> Option<Rc<Back>> {
        let pools = self.pools.borrow();
        let pool = pools.get(usize::try_from(server.live.uid).ok()?)?;
        pool.iter().rev().find(|back| back.is_open_to(server, asks)).map(Rc::clone)
    }

    /// Adds one.
    pub fn add(&self, back: &Rc<Back>) {
        let Ok(at) = usize::try_from(back.live().uid) else { return };
        let mut pools = self.pools.borrow_mut();
        if pools.len() <= at {
            pools.resize_with(at + 1, Vec::new);
        }
        if let Some(pool) = pools.get_mut(at) {
            pool.push(Rc::clone(back));
        }
    }

    /// Forgets one that is gone.
    pub fn remove(&self, back: &Rc<Back>) {
        let mut pools = self.pools.borrow_mut();
        if let Some(pool) = usize::try_from(back.live().uid).ok().and_then(|at| pools.get_mut(at)) {
            pool.retain(|other| !Rc::ptr_eq(other, back));
        }
    }

    /// A number for a client whose streams are to share connections.
    pub fn next_crowd(&self) -> u64 {
        self.last_crowd.set(self.last_crowd.get() + 1);
        self.last_crowd.get()
    }

    /// A client is gone: what only it could use is closed.
    pub fn crowd_left(&self, crowd: u64) {
        if crowd != 0 {
            self.each(|back| back.crowd_left(crowd));
        }
    }

    /// The World has changed: connections to servers that are gone, or elsewhere, take no further requests.
    pub fn turn(&self) {
        self.each(Back::retire_if_outdated);
    }

    /// Closes the idle ones to one server.
    pub fn close_idle(&self, server: u32) {
        self.each(|back| {
            if back.live().uid == server {
                back.close_if_idle();
            }
        });
    }

    /// Closes one that is idle; whether there was one.
    pub fn shed(&self) -> bool {
        self.pools.borrow().iter().flatten().any(|back| back.close_if_idle())
    }

    /// Closes what is idle, and what becomes so.
    pub fn stop(&self) {
        self.stopping.set(true);
        self.each(Back::look);
    }

    /// Whether connections are not kept any more.
    pub fn is_stopping(&self) -> bool {
        self.stopping.get()
    }

    fn each(&self, act: impl Fn(&Back)) {
        self.pools.borrow().iter().flatten().for_each(|back| act(back));
    }
}

/// Whether this is the number of a server that is where it was.
pub(super) fn is_fresh(live: &Live, reach: u32, moves: u64) -> bool {
    !live.is_gone()
        && reach == live.reach.load(std::sync::atomic::Ordering::Relaxed)
        && moves == live.moved.version()
}
