//! The Runtime API's sockets (`stats socket`, management manual 9.3), on the main thread: who connects, and for how long.
//! What a line means is `line`'s, how a conversation goes `conversation`'s, what is counted a second `rates`'. Commands are
//! `keywords`'.

mod chore;
mod conversation;
mod hand_over;
mod http_client;
mod inside;
mod line;
mod rates;

use std::cell::{Cell, OnceCell, RefCell};
use std::io;
use std::rc::{Rc, Weak};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};

use net::{Bound, Listener, Remote, TaskId};
use state::about::{Effort, Host};
use state::counters::{PerThread, Rate};
use state::family::{Changes, Reporting};
use state::link::TcpFacts;
use state::world::{Level, StatsSocket};
use state::{About, World};

use crate::announce;
use crate::at_work::Crew;
use crate::log::Outbox;
use crate::roll::Roll;

/// How long to hold back when there are as many connections as may be (manual 3.1 "stats maxconn"), or when the process lacks something.
const PAUSE_MS: u64 = 20;

/// A socket to accept on.
#[derive(Debug)]
pub struct Socket {
    pub bound: Bound,
    /// The line that asked for it: what its clients may do.
    pub of: StatsSocket,
}

/// Which program this is, as `show info` tells it.
#[derive(Clone, Debug)]
pub struct Program {
    pub name: &'static str,
    /// In HAProxy's form.
    pub version: String,
    /// `2026/11/22`
    pub release_date: &'static str,
    /// `-m`; 0 is no limit.
    pub memory_mb: u32,
    /// What the process used of the CPUs so far, nanoseconds.
    pub cpu_time_ns: fn() -> u64,
    pub host: Host,
}

/// What accepts, on whose behalf, and on which descriptor.
struct Door {
    of: StatsSocket,
    listener: Weak<Listener>,
    task: TaskId,
    descriptor: i32,
}

/// The Runtime API at work.
pub struct Cli {
    world: RefCell<Arc<World>>,
    pub about: Arc<About>,
    crew: Arc<Crew>,
    log: RefCell<Outbox>,
    clients: Cell<u32>,
    /// The conversations under way.
    roll: Roll,
    changes: OnceCell<Box<dyn Changes>>,
    /// What accepts, and on whose behalf.
    doors: RefCell<Vec<Door>>,
}

impl Cli {
    /// Serves the Runtime API in the runtime this is called in, and keeps rates up to date whether anyone asks for them
    /// or not. `threads` are those that serve traffic. Errors: a socket cannot be listened on.
    pub fn start(
        world: Arc<World>,
        program: &Program,
        sockets: Vec<Socket>,
        threads: Vec<Remote>,
        crew: Arc<Crew>,
    ) -> io::Result<Rc<Self>> {
        let about = introduce(&world, program, threads.len());
        let log = RefCell::new(Outbox::new(&world));
        let number = u16::try_from(threads.len()).unwrap_or(u16::MAX);
        let cli = Rc::new(Self {
            world: RefCell::new(world),
            about,
            crew,
            log,
            clients: Cell::new(0),
            roll: Roll::new(number),
            changes: OnceCell::new(),
            doors: RefCell::default(),
        });
        net::spawn(rates::turn(Rc::clone(&cli), threads));
        cli.open(sockets)?;
        CLI.set(Some(Rc::clone(&cli)));
        Ok(cli)
    }

    /// Says who changes the configuration in force; done once.
    pub fn changed_by(&self, changes: Box<dyn Changes>) {
        let _ = self.changes.set(changes);
    }

    fn changes(&self) -> Option<&dyn Changes> {
        self.changes.get().map(|changes| &**changes)
    }

    fn open(self: &Rc<Self>, sockets: Vec<Socket>) -> io::Result<()> {
        for socket in sockets {
            let listener = Rc::new(Listener::new(socket.bound)?);
            let (door, descriptor) = (Rc::downgrade(&listener), listener.descriptor());
            let task = net::spawn(accept(Rc::clone(self), listener, socket.of.clone()));
            self.doors.borrow_mut().push(Door { of: socket.of, listener: door, task, descriptor });
        }
        Ok(())
    }

    /// Commands begun from now on look at this World. Sockets that it has not are closed, conversations go on; `sockets`
    /// are those that it has more. Errors: one of these cannot be listened on.
    pub fn turn_to(self: &Rc<Self>, world: Arc<World>, sockets: Vec<Socket>) -> io::Result<()> {
        let old = self.world.replace(world);
        let world = self.world();
        self.log.borrow_mut().turn_to(&old, &world);
        self.doors.borrow_mut().retain(|door| {
            let stays = world.global.stats_sockets.iter().any(|socket| socket.bind.is_at(&door.of.bind));
            if !stays {
                door.task.abort();
            }
            stays
        });
        self.open(sockets)
    }

    fn world(&self) -> Arc<World> {
        Arc::clone(&self.world.borrow())
    }

    /// Says and does what follows from what a command did.
    fn follow_up(&self, world: &World) {
        let mut log = self.log.borrow_mut();
        announce::speak(world, &mut log);
        announce::remark(world, &mut log);
        log.flush(world);
        self.crew.obey(world);
    }
}

thread_local! {
    static CLI: RefCell<Option<Rc<Cli>>> = const { RefCell::new(None) };
}

/// Serves a client that somebody else accepted, an administrator, on the thread this is called on if the Runtime API is
/// served there.
pub fn adopt(client: std::os::fd::OwnedFd) {
    let Some(cli) = CLI.with_borrow(Clone::clone) else { return };
    let Ok(sock) = net::Sock::from_fd(client) else { return };
    let place = Place::take(&cli);
    let rights = Rights { level: Level::Admin, reporting: Reporting::Nothing, sockets: true };
    net::spawn(async move { conversation::serve(&place.0, sock, rights).await });
}

/// Has the World know which program serves it, with so many threads, and how things are before anything changes. Done
/// once, before traffic flows.
pub fn introduce(world: &World, program: &Program, threads: usize) -> Arc<About> {
    let about = world.process.about.get_or_init(|| {
        if let Some(text) = &world.counted {
            keywords::stats_file::load(world, text);
        }
        state::restore::restore(world, net::now().as_nanos());
        rates::begin(world);
        Arc::new(about(program, threads + 1))
    });
    Arc::clone(about)
}

fn about(program: &Program, threads: usize) -> About {
    About {
        name: program.name,
        version: program.version.as_str().into(),
        release_date: program.release_date,
        started_ns: net::now().as_nanos(),
        started_wall_us: net::wall(),
        memory_mb: program.memory_mb,
        open_files: net::process::nofile().unwrap_or(0),
        cpu_time_ns: program.cpu_time_ns,
        host: program.host,
        profile: net::profile,
        tcp_facts,
        saved_syn: |descriptor, buf| net::saved_syn(descriptor, buf).ok(),
        effort,
        busy_percent: net::busy_percent,
        busy: PerThread::new(threads),
        stopping: AtomicBool::new(false),
        turned_ns: AtomicU64::new(net::now().as_nanos()),
        connection_rate: Rate::default(),
        bytes_out_rate: Rate::default(),
        compression_rates: Default::default(),
        tls_rates: Default::default(),
        tls_connections: net::tls::connections,
        cpu_rate: Rate::default(),
        tasks: PerThread::new(threads),
        ready: PerThread::new(threads),
        idle_pipes: PerThread::new(threads),
        pipes: net::pipes,
    }
}

/// What the present task took since it began.
pub fn effort() -> Effort {
    let net::Effort { polls: calls, cpu_ns, latency_ns } = net::effort();
    Effort { calls, cpu_ns, latency_ns }
}

/// What the kernel knows of a connection of this thread.
fn tcp_facts(descriptor: i32) -> Option<TcpFacts> {
    let info = net::tcp_info(descriptor).ok()?;
    Some(TcpFacts {
        rtt_us: info.rtt,
        rtt_var_us: info.rtt_var,
        unacked: info.unacked,
        sacked: info.sacked,
        lost: info.lost,
        retrans: info.retrans,
        reordering: info.reordering,
        fackets: info.fackets,
    })
}

/// How long a handshake of TLS may take.
const HANDSHAKE_MS: u64 = 10_000;

/// What a client may do.
#[derive(Clone, Copy, Debug)]
struct Rights {
    level: Level,
    /// How severities stand before messages.
    reporting: Reporting,
    /// Whether it may have the listening sockets.
    sockets: bool,
}

/// Accepts on one socket for ever.
async fn accept(cli: Rc<Cli>, listener: Rc<Listener>, of: StatsSocket) {
    loop {
        listener.wait().await;
        if cli.clients.get() >= cli.world().global.stats_maxconn {
            hold_back(&listener).await;
            continue;
        }
        match listener.accept() {
            Ok((sock, _)) => {
                let sockets = &cli.world().global.stats_sockets;
                let now = sockets.iter().find(|s| s.bind.is_at(&of.bind)).unwrap_or(&of);
                let rights = Rights { level: now.level, reporting: now.reporting, sockets: now.exposes };
                let served = now.bind.tls.clone();
                let place = Place::take(&cli);
                net::spawn(async move {
                    let until = net::now().plus_millis(HANDSHAKE_MS);
                    if let Some(served) = &served
                        && !crate::handshake::simple(&sock, served, until).await
                    {
                        return;
                    }
                    conversation::serve(&place.0, sock, rights).await;
                });
            }
            Err(net::AcceptError::WouldBlock) => {}
            Err(_) => hold_back(&listener).await,
        }
    }
}

async fn hold_back(listener: &Listener) {
    listener.pause();
    net::sleep_until(net::now().plus_millis(PAUSE_MS)).await;
}

/// One client's place, given back however its conversation ends.
struct Place(Rc<Cli>);

impl Place {
    fn take(cli: &Rc<Cli>) -> Self {
        cli.clients.set(cli.clients.get() + 1);
        Self(Rc::clone(cli))
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.0.clients.set(self.0.clients.get().saturating_sub(1));
    }
}

impl std::fmt::Debug for Cli {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Cli({} clients, stopping: {})", self.clients.get(), self.about.stopping.load(Relaxed))
    }
}
