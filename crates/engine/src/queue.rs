//! Waiting for a place in a server (manual 5.2 "maxconn", "maxqueue", 4.2 "timeout queue", "http-request
//! set-priority-class"). Some wait for a certain server, others before the backend for whichever has a place first.
//! Whoever leaves a server hands its place to the first of both lines, on whatever thread that one waits. Nothing here is
//! touched while all find a place at once.

use std::collections::{BTreeSet, HashMap};
use std::sync::atomic::{Ordering, fence};
use std::sync::{Mutex, MutexGuard, PoisonError};

use net::TaskId;
use state::backend::Watch;
use state::{Backend, Server, World};
use std::sync::Arc;

/// The queues of all backends and servers.
#[derive(Debug, Default)]
pub struct Queues(Mutex<Lines>);

#[derive(Debug, Default)]
struct Lines {
    lines: HashMap<Before, Line>,
    waiting: HashMap<u64, Waiter>,
    next: u64,
}

/// What a line stands before: a backend or a server, by its number in the process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Before {
    Backend(u32),
    Server(u32),
}

#[derive(Debug, Default)]
struct Line {
    order: BTreeSet<Rank>,
    /// How many were called out of it; wraps. Those who gave up are none that others waited for.
    called: u32,
}

/// Who goes first: the lower class, then who came earlier, give or take its offset.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Rank {
    class: i32,
    came_ms: i64,
    ticket: u64,
}

#[derive(Debug)]
struct Waiter {
    task: TaskId,
    before: Before,
    /// The generation of its World: a place in a server that this has not is of no use to it.
    generation: u64,
    rank: Rank,
    /// How many had been called out of the line when it came.
    joined: u32,
    /// How many were called from then on until it left, itself included, however it left.
    passed: u32,
    answer: Answer,
}

/// What became of a wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Nothing yet.
    Wait,
    /// A place in the server with this number in the process: it is taken already.
    Served(u32),
    /// The server is gone: another one has to be chosen.
    Again,
}

/// How urgent a stream is.
#[derive(Clone, Copy, Debug, Default)]
pub struct Urgency {
    pub class: i32,
    /// When it came, milliseconds, and what rules added.
    pub came_ms: i64,
}

impl Queues {
    /// Has the backends of a World tell when their servers change.
    pub fn watch(self: &Arc<Self>, world: &World) {
        for backend in world.backends.iter().filter(|backend| backend.live.queue.get().is_none()) {
            let queues: Arc<dyn Watch> = Arc::<Self>::clone(self);
            // Another thread may have been first.
            let _ = backend.live.queue.set(queues);
        }
    }

    /// Forgets lines that nobody stands in.
    pub fn tidy(&self) {
        self.lock().lines.retain(|_, line| !line.order.is_empty());
    }

    /// Joins the line before a server, or before the backend, of a World of this generation. The place in it is held
    /// until the guard goes.
    pub fn join<'q>(
        &'q self,
        backend: &'q Backend,
        server: Option<&'q Server>,
        generation: u64,
        urgency: Urgency,
        task: TaskId,
    ) -> Place<'q> {
        let mut lines = self.lock();
        let before = match server {
            Some(server) => Before::Server(server.live.uid),
            None => Before::Backend(backend.live.uid),
        };
        server.map_or(&backend.live.queued, |s| &s.live.queued).enter();
        let ticket = lines.next;
        lines.next += 1;
        let rank = Rank { class: urgency.class, came_ms: urgency.came_ms, ticket };
        let line = lines.lines.entry(before).or_default();
        line.order.insert(rank);
        let joined = line.called;
        let waiter = Waiter { task, before, generation, rank, joined, passed: 0, answer: Answer::Wait };
        lines.waiting.insert(ticket, waiter);
        Place { queues: self, backend, server, ticket, held: true }
    }

    /// A place in a server became free.
    pub fn freed(&self, backend: &Backend, server: &Server) {
        // Either this sees who joined, or who joined sees that a place was left (see `Backend::departures`).
        fence(Ordering::SeqCst);
        if server.live.queued.now() > 0 || backend.live.queued.now() > 0 {
            self.lock().fill(backend, server);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Lines> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Watch for Queues {
    /// Those who wait for a server that is gone choose again; places that came are given away.
    fn changed(&self, backend: &Backend) {
        let waits = |s: &Server| s.live.queued.now() > 0;
        if backend.live.queued.now() == 0 && !backend.servers.iter().any(waits) {
            return;
        }
        let mut lines = self.lock();
        for server in &backend.servers {
            if server.is_up() {
                lines.fill(backend, server);
                continue;
            }
            while let Some(rank) = lines.first(Before::Server(server.live.uid)) {
                lines.answer(rank, Answer::Again);
                server.live.queued.leave();
            }
        }
    }
}

impl Lines {
    /// Gives the free places of a server to the first of those who wait for it, or for any.
    fn fill(&mut self, backend: &Backend, server: &Server) {
        loop {
            let own = self.first(Before::Server(server.live.uid)).filter(|_| server.is_up());
            let any = self.first_of(backend, server).filter(|_| backend.may_choose(server));
            let Some(first) = own.into_iter().chain(any).min() else { return };
            if !server.live.sessions.try_enter(server.limit(backend)) {
                return;
            }
            self.answer(first, Answer::Served(server.live.uid));
            if own == Some(first) { server.live.queued.leave() } else { backend.live.queued.leave() }
        }
    }

    fn first(&self, before: Before) -> Option<Rank> {
        self.lines.get(&before)?.order.first().copied()
    }

    /// The first before a backend whose World has this server.
    fn first_of(&self, backend: &Backend, server: &Server) -> Option<Rank> {
        let line = self.lines.get(&Before::Backend(backend.live.uid))?;
        let knows = |rank: &&Rank| {
            self.waiting.get(&rank.ticket).is_some_and(|waiter| server.live.is_of(waiter.generation))
        };
        line.order.iter().find(knows).copied()
    }

    /// Calls someone out of line.
    fn answer(&mut self, rank: Rank, answer: Answer) {
        self.take_out(rank);
        let Some(waiter) = self.waiting.get_mut(&rank.ticket) else { return };
        if let Some(line) = self.lines.get_mut(&waiter.before) {
            line.called = line.called.wrapping_add(1);
        }
        waiter.answer = answer;
        waiter.task.notify();
    }

    fn take_out(&mut self, rank: Rank) {
        let Some(waiter) = self.waiting.get_mut(&rank.ticket) else { return };
        if let Some(line) = self.lines.get_mut(&waiter.before) {
            line.order.remove(&rank);
            waiter.passed = line.called.wrapping_sub(waiter.joined).wrapping_add(1);
        }
    }
}

/// A place in a line.
#[derive(Debug)]
pub struct Place<'q> {
    queues: &'q Queues,
    backend: &'q Backend,
    server: Option<&'q Server>,
    ticket: u64,
    held: bool,
}

impl Place<'_> {
    /// What became of the wait so far.
    pub fn answer(&self) -> Answer {
        self.queues.lock().waiting.get(&self.ticket).map_or(Answer::Again, |w| w.answer)
    }

    /// Ends the wait: what became of it, and how many were called since it began, itself included. The caller takes
    /// over the place in the server that it may have got.
    pub fn leave(mut self) -> (Answer, u32) {
        self.end()
    }

    fn end(&mut self) -> (Answer, u32) {
        self.held = false;
        let mut lines = self.queues.lock();
        let waits = lines.waiting.get(&self.ticket).filter(|w| w.answer == Answer::Wait).map(|w| w.rank);
        if let Some(rank) = waits {
            lines.take_out(rank);
            self.server.map_or(&self.backend.live.queued, |s| &s.live.queued).leave();
        }
        lines.waiting.remove(&self.ticket).map_or((Answer::Again, 0), |w| (w.answer, w.passed))
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        if !self.held {
            return;
        }
        // A place that it got and will not use goes to the next one.
        if let (Answer::Served(uid), _) = self.end()
            && let Some(server) = self.backend.servers.iter().find(|s| s.live.uid == uid)
        {
            server.live.sessions.leave();
            self.queues.freed(self.backend, server);
        }
    }
}
