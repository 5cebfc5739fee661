//! One traffic thread: its worker, its listeners and the tasks that look after them.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

use net::{Bound, Listener, TaskPool};
use state::World;

use crate::at_work::Crew;
use crate::queue::Queues;
use crate::worker::Worker;
use crate::{idle, listener, log, session};

/// Memory of ended tasks that a thread keeps for the next ones.
const TASKS_KEPT: usize = 4096;

thread_local! {
    static WORKER: RefCell<Option<Rc<Worker>>> = const { RefCell::new(None) };
}

/// A socket to accept on, for the `bind` line at these positions in the World.
#[derive(Debug)]
pub struct Socket {
    pub bound: Bound,
    pub frontend: u32,
    pub bind: u32,
}

/// What a thread starts with.
pub struct Start {
    pub number: u16,
    pub world: Arc<World>,
    pub queues: Arc<Queues>,
    pub crew: Arc<Crew>,
    pub sockets: Vec<Socket>,
    /// Where log messages of others come in.
    pub relays: Vec<log::relay::Socket>,
    pub seed: u64,
}

/// Runs a thread's work until it was told to stop and its last client is gone.
pub async fn run(start: Start) -> std::io::Result<()> {
    start.queues.watch(&start.world);
    let worker = Rc::new(Worker::new(start.number, start.world, start.queues, start.crew, start.seed));
    WORKER.with(|slot| *slot.borrow_mut() = Some(Rc::clone(&worker)));
    let pool = TaskPool::new(TASKS_KEPT);
    let for_clients = Rc::clone(&worker);
    worker.on_client(Box::new(move |client, why| {
        pool.spawn(session::serve(Rc::clone(&for_clients), client, why));
    }));
    net::spawn(session::attend(Rc::clone(&worker)));
    net::spawn(idle::attend(Rc::clone(&worker)));
    net::spawn(log::flush(Rc::clone(&worker)));
    for socket in start.sockets {
        let listener = Listener::new(socket.bound)?;
        listener::open(&worker, listener, socket.frontend, socket.bind);
    }
    for socket in start.relays {
        log::relay::start(&worker, socket)?;
    }
    worker.stopped().await;
    Ok(())
}

/// Does something with the worker of the thread this is called on, if it has one.
pub fn with_worker<R>(act: impl FnOnce(&Worker) -> R) -> Option<R> {
    let worker = WORKER.with(|slot| slot.borrow().clone())?;
    Some(act(&worker))
}

/// The worker of the thread this is called on; where several take turns on one thread, that of the last one started.
pub fn worker() -> Option<Rc<Worker>> {
    WORKER.with(|slot| slot.borrow().clone())
}

/// Has the thread this is called on turn to another World and accept on the sockets that it has more; gives whether all
/// of these could be listened on.
pub fn turn(world: Arc<World>, sockets: Vec<Socket>) -> bool {
    let Some(worker) = worker() else { return false };
    worker.queues.watch(&world);
    worker.set_world(world);
    let mut all = true;
    for socket in sockets {
        match Listener::new(socket.bound) {
            Ok(listener) => listener::open(&worker, listener, socket.frontend, socket.bind),
            Err(_) => all = false,
        }
    }
    all
}

/// Has the listeners of the thread this is called on look whether they are to listen.
pub fn look_at_listeners() {
    with_worker(|worker| worker.listeners.borrow().iter().for_each(listener::Open::notify));
}

/// Stops accepting and keeping connections; the thread ends with its last client.
pub fn stop_softly() {
    with_worker(Worker::stop_softly);
}
