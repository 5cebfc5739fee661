//! Accepting clients: limits first, then a session and a task (manual 4.2 "maxconn", 5.1).

use std::cell::{Cell, RefCell};
use std::io::Write;
use std::os::fd::OwnedFd;
use std::rc::{Rc, Weak};
use std::sync::atomic::Ordering::Relaxed;

use net::{AcceptError, Addr, Listener, Sock, TaskId};
use state::counters::Pace;
use state::frontend::{Bind, BindAddress, Proto, listening};
use state::options::Mode;
use state::session::Preamble;
use state::world::Shortage;
use state::{Endpoint, Frontend, Session, World};

use crate::session::{Client, Start};
use crate::worker::{Current, Worker};
use crate::{dial, log};

/// Clients accepted in a row before other work gets its turn.
const BATCH: u32 = 64;
/// How often it is looked whether the process is complete.
const START_MS: u64 = 2;
/// How long to hold back when a limit is reached.
const PAUSE_MS: u64 = 10;

/// A socket that a thread accepts on.
#[derive(Debug)]
pub enum Open {
    Clients(Rc<Door>),
    /// One for messages of others.
    Relay(TaskId),
}

/// Where the clients of a socket come in, as the World in force has it.
#[derive(Debug)]
pub struct Door {
    /// The number of its address in the process.
    listening: u32,
    descriptor: i32,
    at: RefCell<At>,
    /// The socket, as long as it is accepted on.
    socket: Weak<Listener>,
    task: Cell<Option<TaskId>>,
}

#[derive(Debug)]
enum At {
    /// Positions of frontend and `bind` line in the World in force.
    Here(u32, u32),
    /// The last World had it at these: who came until then is served.
    Gone(Current, u32, u32),
}

impl Open {
    /// Goes over to another World; `old` is the one before.
    pub fn turn_to(&self, worker: &Worker, old: &Current, world: &World) {
        let Self::Clients(door) = self else { return };
        let mut at = door.at.borrow_mut();
        let At::Here(frontend, bind) = *at else { return };
        match world.seats.listening(door.listening) {
            Some((frontend, bind)) => *at = At::Here(frontend, bind),
            None => {
                *at = At::Gone(Rc::clone(old), frontend, bind);
                worker.expect_client();
                if let Some(task) = door.task.get() {
                    task.notify();
                }
            }
        }
    }

    /// Its descriptor and the positions of frontend and `bind` line in the World in force, if that has it.
    pub fn seat(&self) -> Option<(i32, u32, u32)> {
        let Self::Clients(door) = self else { return None };
        match *door.at.borrow() {
            At::Here(frontend, bind) => Some((door.descriptor, frontend, bind)),
            At::Gone(..) => None,
        }
    }

    /// Has it look whether it is to listen.
    pub fn notify(&self) {
        match self {
            Self::Clients(door) => {
                if let Some(task) = door.task.get() {
                    task.notify();
                }
            }
            Self::Relay(task) => task.notify(),
        }
    }

    /// Its socket for another process, with the address that it is of; none if it is not accepted on any more.
    pub fn exposed(&self, world: &World) -> Option<Exposed> {
        let Self::Clients(door) = self else { return None };
        let At::Here(frontend, bind) = *door.at.borrow() else { return None };
        let bind = world.frontend(frontend)?.binds.get(usize::try_from(bind).ok()?)?;
        Exposed::of(&*door.socket.upgrade()?, bind)
    }

    /// Whether it accepts no more.
    pub fn is_gone(&self) -> bool {
        matches!(self, Self::Clients(door) if matches!(*door.at.borrow(), At::Gone(..)))
    }

    /// Accepts no more, but who came until now.
    pub fn close(self, worker: &Worker) {
        match self {
            Self::Clients(door) => {
                let here = match *door.at.borrow() {
                    At::Here(frontend, bind) => Some((frontend, bind)),
                    At::Gone(..) => None,
                };
                let (Some((frontend, bind)), Some(task)) = (here, door.task.get()) else { return };
                *door.at.borrow_mut() = At::Gone(worker.world(), frontend, bind);
                worker.expect_client();
                task.notify();
            }
            Self::Relay(task) => task.abort(),
        }
    }
}

/// A listening socket that another process may go on with, and what its address alone doesn't tell.
#[derive(Debug)]
pub struct Exposed {
    pub socket: OwnedFd,
    pub namespace: Option<Box<str>>,
    pub interface: Option<Box<str>>,
}

impl Exposed {
    /// Unix sockets with a file have none: the file is replaced by whoever comes next, and removed by its owner.
    pub fn of(listener: &Listener, bind: &Bind) -> Option<Self> {
        if matches!(bind.address, BindAddress::Unix(_)) {
            return None;
        }
        Some(Self {
            socket: listener.try_clone_fd().ok()?,
            namespace: bind.namespace.clone(),
            interface: bind.interface.clone(),
        })
    }
}

/// Begins to accept on a socket of the `bind` line at these positions in the World in force.
pub fn open(worker: &Rc<Worker>, listener: Listener, frontend: u32, bind: u32) {
    let world = worker.world();
    let listening = world.frontend(frontend).and_then(|f| f.listening(bind)).map_or(0, |at| at.uid);
    let at = RefCell::new(At::Here(frontend, bind));
    let descriptor = listener.descriptor();
    let listener = Rc::new(listener);
    let socket = Rc::downgrade(&listener);
    let door = Rc::new(Door { listening, descriptor, at, socket, task: Cell::new(None) });
    let task = net::spawn(accept(Rc::clone(worker), listener, Rc::clone(&door)));
    door.task.set(Some(task));
    worker.listeners.borrow_mut().push(Open::Clients(door));
}

/// Accepts on one listener until its address is gone.
async fn accept(worker: Rc<Worker>, listener: Rc<Listener>, door: Rc<Door>) {
    accept_all(&worker, &listener, &door).await;
    // The socket is closed before its thread may end.
    drop(listener);
    if matches!(*door.at.borrow(), At::Gone(..)) {
        worker.client_gone(1);
    }
}

async fn accept_all(worker: &Worker, listener: &Listener, door: &Door) {
    while worker.world().process.starting.load(Relaxed) {
        net::sleep_until(net::now().plus_millis(START_MS)).await;
    }
    // What is lacking now, so that a shortage is counted once, however long it lasts.
    let mut lacking = None;
    loop {
        if !listening(worker, listener, door).await {
            return;
        }
        let mut accepted = 0;
        while accepted < BATCH {
            let (world, frontend, bind, last) = match &*door.at.borrow() {
                At::Here(frontend, bind) => (worker.world(), *frontend, *bind, false),
                At::Gone(world, frontend, bind) => (Rc::clone(world), *frontend, *bind, true),
            };
            let Some(front) = world.frontend(frontend) else { return };
            let shortage = match shortage(&world, front, bind) {
                Some(shortage) => shortage,
                None => match listener.accept() {
                    Ok((sock, peer)) => {
                        accepted += 1;
                        lacking = None;
                        start(worker, &world, front, (frontend, bind), sock, peer);
                        continue;
                    }
                    Err(AcceptError::ProcessLimit) => Shortage::Files,
                    Err(AcceptError::SystemLimit) => Shortage::System,
                    Err(_) if last => return,
                    Err(_) => break,
                },
            };
            if lacking != Some(shortage) {
                lacking = Some(shortage);
                note(worker, &world, front, shortage);
            }
            listener.pause();
            net::sleep_until(net::now().plus_millis(PAUSE_MS)).await;
            break;
        }
        if accepted == BATCH {
            net::yield_now().await;
        }
    }
}

/// Waits until clients may be there, or the address is gone, unless the frontend is not to listen; false when it never will again.
async fn listening(worker: &Worker, listener: &Listener, door: &Door) -> bool {
    let mut silent = false;
    loop {
        let At::Here(frontend, _) = *door.at.borrow() else { return true };
        let world = worker.world();
        let Some(front) = world.frontend(frontend) else { return false };
        let state = front.live.listening.load(Relaxed);
        if state == listening::ENDED {
            return false;
        }
        if silent != (state == listening::PAUSED) {
            silent = !silent;
            // What can't be silenced (unix sockets) is not accepted from: its clients wait.
            let _ = if silent { listener.silence() } else { listener.listen() };
        }
        let woken = net::wait(|w| {
            if !silent {
                listener.interest(w);
            }
            w.notified();
        });
        if !woken.await.notified() && !silent {
            return true;
        }
    }
}

/// What keeps the process, the frontend or the address from taking another client. Threads that look at the same moment
/// can exceed a limit by their number.
fn shortage(world: &World, frontend: &Frontend, bind: u32) -> Option<Shortage> {
    let below = |now: u32, limit: u32| limit == 0 || now < limit;
    let within = |pace: &Pace, limit: u32| limit == 0 || pace.has_room(net::now().as_nanos(), limit);
    let address = usize::try_from(bind).ok().and_then(|at| frontend.binds.get(at));
    let most = address.map_or(0, |bind| bind.maxconn);
    let limits = &world.process.limits;
    let rates = world.client_rates();
    let room = within(&frontend.live.pace, frontend.rate_limit)
        && within(&limits.pace, rates.clients())
        && (rates.tls == 0
            || address.is_none_or(|bind| bind.tls.is_none())
            || within(&limits.tls_pace, rates.tls))
        && below(world.process.connections.now(), world.maxconn())
        && below(frontend.live.sessions.now(), frontend.maxconn())
        && (most == 0 || frontend.listening(bind).is_none_or(|at| at.clients.now() < most));
    match room {
        false => Some(Shortage::Connections),
        true => world.process.memory_full.load(Relaxed).then_some(Shortage::Memory),
    }
}

/// Counts a shortage, and says so in the frontend's log unless it is one that somebody configured.
fn note(worker: &Worker, world: &World, frontend: &Frontend, shortage: Shortage) {
    let times = world.process.count_shortage(shortage);
    let (what, advice) = match shortage {
        Shortage::Connections => return,
        Shortage::Files => ("process FD limit", "check 'ulimit-n' and restart"),
        Shortage::System => ("system FD or memory limit", "check system tunables"),
        Shortage::Memory => ("memory limit", "check '-m'"),
    };
    let name = &frontend.name;
    let mut outbox = worker.log.borrow_mut();
    // Writing to a vector can't fail.
    let _ = write!(
        outbox.text(),
        "Proxy {name} reached {what} ({times} times so far): new clients wait. Please {advice}."
    );
    outbox.send(world, &frontend.log.targets, frontend.log.tag.as_deref(), log::EMERG);
}

fn start(worker: &Worker, world: &World, front: &Frontend, at: (u32, u32), sock: Sock, peer: Addr) {
    worker.clients.set(worker.clients.get() + 1);
    world.process.connections.enter();
    front.live.sessions.enter();
    if front.rate_limit != 0 {
        front.live.pace.count(net::now().as_nanos());
    }
    let rates = world.client_rates();
    if rates.clients() != 0 {
        world.process.limits.pace.count(net::now().as_nanos());
    }
    if rates.tls != 0 && front.binds.get(at.1 as usize).is_some_and(|bind| bind.tls.is_some()) {
        world.process.limits.tls_pace.count(net::now().as_nanos());
    }
    if let Some(at) = front.listening(at.1) {
        at.clients.enter();
    }
    let mut session = Session::new(
        at.0,
        at.1,
        endpoint(&peer).unwrap_or(Endpoint::Unix),
        net::now().as_nanos(),
        net::wall(),
    );
    session.generation = world.generation;
    session.place.frontend = front.live.uid;
    session.place.listening = front.listening(at.1).map_or(0, |at| at.uid);
    session.socket = Some(sock.descriptor());
    session.set_ends(None, destination(world, front, at.1, &sock), true);
    session.preamble = match front.binds.get(at.1 as usize) {
        Some(bind) if bind.accept_proxy => Preamble::Proxy,
        Some(Bind { netscaler: magic @ 1.., .. }) => Preamble::NetScaler(*magic),
        _ => Preamble::None,
    };
    session.spoken = front.binds.get(at.1 as usize).map_or(Proto::Any, |bind| bind.proto);
    session.http2 = session.spoken == Proto::Http2;
    tune(world, front, &sock);
    let own = front.listening(at.1).and_then(|at| at.counters.as_ref());
    for counters in [Some(&front.live.counters), own].into_iter().flatten() {
        if let Some(block) = counters.of(worker.number) {
            block.connections.add(1);
        }
    }
    let client = Client { sock, session: Box::new(session), buffer: None, own: Vec::new(), link: None };
    worker.serve(client, Start::Accepted);
}

/// What the options ask of a client's socket.
fn tune(world: &World, front: &Frontend, sock: &Sock) {
    let options = &front.options;
    if options.client_keepalive {
        let _ = sock.set_keepalive(dial::keepalive(&options.client_probes));
    }
    if options.no_linger {
        let _ = sock.set_linger_zero();
    }
    dial::holds(&world.global.client_holds).set_on(sock);
}

/// Where the client connected to: known without asking when the listener has one address.
fn destination(world: &World, front: &Frontend, bind: u32, sock: &Sock) -> Option<Endpoint> {
    let bind = front.binds.get(usize::try_from(bind).ok()?)?;
    match &bind.address {
        BindAddress::Inet(at) if !at.ip().is_unspecified() && !bind.transparent => Some(Endpoint::Inet(*at)),
        BindAddress::Unix(_) | BindAddress::Abstract(_) => Some(Endpoint::Unix),
        _ if world.wants_destination || front.mode == Mode::Tcp => endpoint(&sock.local_addr().ok()?),
        _ => None,
    }
}

/// An address as rules and logs see it.
pub fn endpoint(addr: &Addr) -> Option<Endpoint> {
    Some(match addr {
        Addr::V4(a) => Endpoint::Inet((*a).into()),
        Addr::V6(a) => Endpoint::Inet((*a).into()),
        Addr::Unix(_) | Addr::Unspecified => Endpoint::Unix,
    })
}
