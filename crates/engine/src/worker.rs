//! What one thread has: its view of the World, memory to reuse, idle connections, its log outbox. Nothing in here is
//! shared with other threads.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use net::{Lot, TaskId, Time};
use sample::Bump;
use state::{Frontend, Session, Stream, World};

use crate::at_work::{AtWork, Crew};
use crate::buffer;
use crate::h2::backs::Backs;
use crate::idle::Idle;
use crate::listener::Open;
use crate::log::Outbox;
use crate::queue::Queues;
use crate::resolve::Known;
use crate::roll::Roll;
use crate::session::{self, Client, Parked, Start};

/// How many unused streams a thread keeps.
const KEEP: usize = 256;
/// How many past Worlds are kept for idle clients of frontends that are gone.
const PAST: usize = 16;

/// The World a piece of work began with: counted within the thread, so that taking it costs no atomic operation.
pub type Current = Rc<Arc<World>>;

/// Starts the task that serves a client.
pub type Spawn = Box<dyn Fn(Client, Start)>;

/// One thread's belongings.
pub struct Worker {
    /// Counted from 0.
    pub number: u16,
    world: RefCell<Current>,
    /// Worlds before it whose frontends still have clients that the one in force has no place for, the last at the end.
    past: RefCell<Vec<Current>>,
    #[expect(clippy::vec_box, reason = "a stream is large and moves between the pool and its task")]
    streams: RefCell<Vec<Box<Stream>>>,
    /// Bytes that samples borrow from while a rule set runs.
    pub arena: RefCell<Bump>,
    /// Room for heads on their way out.
    pub out: RefCell<Vec<u8>>,
    /// Clients between two requests.
    pub parked: Lot<Parked>,
    /// Server connections between two requests.
    pub idle: Idle,
    /// Those that several requests share.
    pub backs: Rc<Backs>,
    /// Streams under way.
    pub roll: Roll,
    /// Exchanges under way, by server.
    pub at_work: AtWork,
    pub crew: Arc<Crew>,
    pub log: RefCell<Outbox>,
    pub queues: Arc<Queues>,
    /// Addresses of names that rules asked for.
    pub known: Known,
    random: Cell<u64>,
    spawn: RefCell<Option<Spawn>>,
    /// Set when the process is to end: connections are not kept any more.
    pub stopping: Cell<bool>,
    /// When that was, and until when clients are let go one by one; [`Time::NEVER`]: they aren't.
    parting: Cell<(Time, Time)>,
    /// The tasks that serve connections of several streams.
    pub muxes: RefCell<Vec<TaskId>>,
    /// What accepts.
    pub listeners: RefCell<Vec<Open>>,
    /// Clients this thread serves or has parked.
    pub clients: Cell<u32>,
    /// Of those that have got their last answer, how many are still being listened to.
    pub lingering: Cell<u32>,
    root: Cell<Option<TaskId>>,
}

impl Worker {
    pub fn new(number: u16, world: Arc<World>, queues: Arc<Queues>, crew: Arc<Crew>, seed: u64) -> Self {
        let log = Outbox::new(&world);
        buffer::set_size(world.global.buffer_size);
        Self {
            number,
            world: RefCell::new(Rc::new(world)),
            past: RefCell::default(),
            streams: RefCell::new(Vec::new()),
            arena: RefCell::new(Bump::new()),
            out: RefCell::new(Vec::with_capacity(16 * 1024)),
            parked: Lot::new(),
            idle: Idle::new(number),
            backs: Rc::new(Backs::new(number)),
            roll: Roll::new(number),
            at_work: AtWork::default(),
            crew,
            log: RefCell::new(log),
            queues,
            known: Known::default(),
            random: Cell::new(seed | 1),
            spawn: RefCell::new(None),
            stopping: Cell::new(false),
            parting: Cell::new((Time::from_nanos(0), Time::from_nanos(0))),
            muxes: RefCell::new(Vec::new()),
            listeners: RefCell::new(Vec::new()),
            clients: Cell::new(0),
            lingering: Cell::new(0),
            root: Cell::new(None),
        }
    }

    /// The World in force.
    pub fn world(&self) -> Current {
        Rc::clone(&self.world.borrow())
    }

    /// Replaces the World; work under way finishes on the one it began with.
    pub fn set_world(&self, world: Arc<World>) {
        let old = self.world();
        self.log.borrow_mut().turn_to(&old, &world);
        buffer::set_size(world.global.buffer_size);
        let world = Rc::new(world);
        let past = self.world.replace(Rc::clone(&world));
        self.keep_past(past);
        self.idle.turn();
        self.backs.turn();
        for open in &*self.listeners.borrow() {
            open.turn_to(self, &old, &world);
        }
        self.listeners.borrow_mut().retain(|open| !open.is_gone());
    }

    /// Keeps a World for as long as its frontends that are gone have clients. Clients that stay idle for too many changes
    /// are let go.
    fn keep_past(&self, world: Current) {
        let mut past = self.past.borrow_mut();
        past.push(world);
        past.retain(|world| {
            let busy = |f: &Frontend| f.live.gone.load(Relaxed) && f.live.sessions.now() > 0;
            world.frontends.iter().any(busy)
        });
        if past.len() > PAST {
            past.remove(0);
        }
    }

    /// The World that a session goes on in, which has its positions there: the one in force, or, if its frontend is gone,
    /// the last that had it.
    pub fn world_of(&self, session: &mut Session) -> Option<Current> {
        let world = self.world();
        if session.generation == world.generation || settle(&world, session) {
            return Some(world);
        }
        let past = self.past.borrow();
        past.iter().rev().find(|world| settle(world, session)).map(Rc::clone)
    }

    /// Whether another World came into force.
    pub fn has_turned(&self, world: &Current) -> bool {
        !Rc::ptr_eq(world, &self.world.borrow())
    }

    /// Sets what starts the task of a client; done once, before anything is accepted.
    pub fn on_client(&self, spawn: Spawn) {
        *self.spawn.borrow_mut() = Some(spawn);
    }

    /// Starts serving a client.
    pub fn serve(&self, client: Client, start: Start) {
        if let Some(spawn) = &*self.spawn.borrow() {
            spawn(client, start);
        }
    }

    /// A stream to be filled; give it back with [`Worker::give_back`].
    pub fn stream(&self) -> Box<Stream> {
        self.streams.borrow_mut().pop().unwrap_or_default()
    }

    pub fn give_back(&self, mut stream: Box<Stream>) {
        // What is no longer in its cache would stay in memory.
        stream.cached = None;
        let mut streams = self.streams.borrow_mut();
        if streams.len() < KEEP {
            streams.push(stream);
        }
    }

    /// How many unused streams are kept.
    pub fn kept_streams(&self) -> usize {
        self.streams.borrow().len()
    }

    /// Stops accepting, closes what is idle; clients under way finish their request. Under `close-spread-time` clients are
    /// let go one by one.
    pub fn stop_softly(&self) {
        let spread = self.world().global.close_spread_ms.unwrap_or(0);
        let until = if spread == u32::MAX { Time::NEVER } else { net::now().plus_millis(spread.into()) };
        self.parting.set((net::now(), until));
        self.stopping.set(true);
        for open in self.listeners.borrow_mut().drain(..) {
            open.close(self);
        }
        self.muxes.borrow().iter().for_each(|task| task.notify());
        self.idle.clear();
        self.backs.stop();
        if spread == 0 {
            self.part_with_idle(0);
        } else if until != Time::NEVER {
            net::spawn(part(self.parked.len()));
        }
        self.client_gone(0);
    }

    /// Closes idle clients until so many are left.
    fn part_with_idle(&self, left: usize) {
        let mut kept = Vec::new();
        while self.parked.len() + kept.len() > left
            && let Some((sock, mut parked)) = self.parked.take_any()
        {
            match session::outlives_stop(self, &mut parked.session) {
                Some(until) => kept.push((sock, parked, until)),
                None => {
                    session::leave_by(self, &mut parked.session);
                    drop(sock);
                }
            }
        }
        for (sock, parked, until) in kept {
            self.parked.park(sock, parked, until);
        }
    }

    /// The part of the time in which clients are let go that is over, of 65,536; none: nobody is let go.
    fn parted(&self) -> Option<u64> {
        let (from, until) = self.parting.get();
        if !self.stopping.get() || until == Time::NEVER {
            return None;
        }
        let ns = |time: Time| time.as_nanos();
        let (elapsed, all) = (ns(net::now()).saturating_sub(ns(from)), ns(until).saturating_sub(ns(from)));
        Some(elapsed.saturating_mul(1 << 16).checked_div(all).map_or(1 << 16, |part| part.min(1 << 16)))
    }

    /// Whether the process stops and a client of this number is to go now: each number has its moment.
    pub fn lets_go(&self, client: u64) -> bool {
        let moment = client.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 48;
        self.parted().is_some_and(|part| part > moment)
    }

    /// The thread has one more thing to see to before it may end, as if it were a client.
    pub fn expect_client(&self) {
        self.clients.set(self.clients.get() + 1);
    }

    /// So many clients of this thread are gone.
    pub fn client_gone(&self, n: u32) {
        self.clients.set(self.clients.get().saturating_sub(n));
        if self.stopping.get()
            && self.clients.get() == 0
            && let Some(root) = self.root.get()
        {
            root.notify();
        }
    }

    /// Waits until the thread was told to stop and its last client is gone.
    pub async fn stopped(&self) {
        self.root.set(net::current_task());
        while !(self.stopping.get() && self.clients.get() == 0) {
            net::wait(|w| {
                w.notified();
            })
            .await;
        }
    }

    /// 64 pseudo-random bits (xorshift64*): for choices, not for secrets.
    pub fn random(&self) -> u64 {
        let mut x = self.random.get();
        x ^= x >> 12;
        x ^= x << 25;
        x ^= x >> 27;
        self.random.set(x);
        x.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }
}

/// How often idle clients are let go.
const PART_MS: u64 = 20;

/// Lets idle clients of this thread go, of so many, until the time for that is over.
async fn part(mut most: usize) {
    loop {
        net::sleep_until(net::now().plus_millis(PART_MS)).await;
        let Some(worker) = crate::thread::worker() else { return };
        let Some(part) = worker.parted() else { return };
        most = most.max(worker.parked.len());
        let left = (u64::try_from(most).unwrap_or(u64::MAX).saturating_mul((1 << 16) - part)) >> 16;
        worker.part_with_idle(usize::try_from(left).unwrap_or(usize::MAX));
        worker.muxes.borrow().iter().for_each(|task| task.notify());
        if part == 1 << 16 {
            return;
        }
    }
}

/// Gives a session its positions in this World; false if it has no place there.
fn settle(world: &World, session: &mut Session) -> bool {
    let Some(frontend) = world.seats.frontend(session.place.frontend) else { return false };
    // The address may be gone, or another frontend's.
    let at = world.seats.listening(session.place.listening).filter(|(of, _)| *of == frontend);
    session.frontend = frontend;
    session.bind = at.map_or(u32::MAX, |(_, bind)| bind);
    session.generation = world.generation;
    true
}
