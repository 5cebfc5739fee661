//! Live apply (DESIGN 6): another configuration takes the place of the one in force while traffic flows, as a whole or
//! not at all. A World is built, arranged to take over (`plan::inherit`), its new sockets are bound; only then threads
//! turn to it, each between two turns of its loop. Runs on the main thread.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

use config::{Loaded, Source};
use engine::at_work::Crew;
use engine::cli::Cli;
use engine::health::Monitor;
use engine::thread::Socket;
use net::{Remote, Time};
use plan::Environment;
use plan::inherit::{self, Succession, Unbound, numbers};
use state::World;
use state::family::Edit;
use state::family::Owned;
use state::table::Table;

use crate::argv::Args;
use crate::check::{self, Evaluated};
use crate::edit;
use crate::prepare::{InForce, Job, Next, Ready, Refusal};
use crate::sockets::{self, Inherited, SocketFile};

/// How long threads may take to turn before it is said that some didn't.
const PATIENCE: Duration = Duration::from_secs(10);

/// How long after a World was taken apart memory goes back to the system.
const TRIM_AFTER_MS: u64 = 1000;

/// What runs, as far as another configuration may change it.
pub(crate) struct Stage {
    pub(crate) args: Args,
    pub(crate) crew: Arc<Crew>,
    /// The threads that serve traffic.
    pub(crate) remotes: Vec<Remote>,
    world: RefCell<Arc<World>>,
    loaded: RefCell<Arc<Loaded>>,
    sources: RefCell<Vec<Source>>,
    /// Files of unix sockets, to be removed at the end.
    files: RefCell<Vec<SocketFile>>,
    /// Worlds that were in force. They are held here until nobody else needs them, so that no thread that serves has to
    /// take them apart.
    past: RefCell<Vec<(Arc<World>, Arc<Loaded>)>>,
    /// When memory that they took goes back to the system: what is applied right after needs as much again.
    trim_due: Cell<Option<Time>>,
    /// Those that look after the World on this thread, once they are there.
    monitor: RefCell<Option<Rc<Monitor>>>,
    cli: RefCell<Option<Rc<Cli>>>,
}

/// What an apply cost.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Pace {
    /// Building the World, on a thread of its own.
    pub(crate) built: Duration,
    /// From then until all threads had turned.
    pub(crate) turned: Duration,
    /// The longest that a thread was kept from everything else, the main one or one that serves: time on the processor.
    pub(crate) stall: Duration,
}

/// What is left to do once all threads have turned to a World; on any thread.
#[derive(Clone)]
struct Settling {
    world: Arc<World>,
    /// Tables, and what they take over from.
    tables: Arc<[(Arc<Table>, Arc<Table>)]>,
    now_ns: u64,
}

impl Settling {
    fn finish(&self) {
        inherit::settle(&self.world, self.now_ns);
        for (new, old) in &*self.tables {
            new.take_from(old, self.now_ns / 1_000_000);
        }
    }
}

impl Stage {
    pub(crate) fn new(
        args: Args,
        world: Arc<World>,
        (loaded, sources): (Loaded, Vec<Source>),
        crew: Arc<Crew>,
        remotes: Vec<Remote>,
        files: Vec<SocketFile>,
    ) -> Self {
        Self {
            args,
            crew,
            remotes,
            world: RefCell::new(world),
            loaded: RefCell::new(Arc::new(loaded)),
            sources: RefCell::new(sources),
            files: RefCell::new(files),
            past: RefCell::default(),
            trim_due: Cell::default(),
            monitor: RefCell::default(),
            cli: RefCell::default(),
        }
    }

    /// Who looks after the World on this thread from now on.
    pub(crate) fn attended_by(&self, monitor: Rc<Monitor>, cli: Rc<Cli>) {
        *self.monitor.borrow_mut() = Some(monitor);
        *self.cli.borrow_mut() = Some(cli);
    }

    /// The World in force.
    pub(crate) fn world(&self) -> Arc<World> {
        Arc::clone(&self.world.borrow())
    }

    /// The configuration in force, as it was read.
    pub(crate) fn loaded(&self) -> Arc<Loaded> {
        Arc::clone(&self.loaded.borrow())
    }

    /// What another configuration is judged by.
    pub(crate) fn in_force(&self) -> InForce {
        InForce { args: self.args.clone(), world: self.world(), loaded: self.loaded() }
    }

    /// The texts of the configuration in force.
    pub(crate) fn sources(&self) -> Vec<Source> {
        self.sources.borrow().clone()
    }

    /// Removes the files of unix sockets.
    pub(crate) fn remove_files(&self) {
        self.files.borrow().iter().for_each(SocketFile::remove);
    }

    /// The value of the one variable that a configuration of its own sets.
    pub(crate) fn evaluate(&self, text: Vec<u8>) -> Result<Option<Owned>, Refusal> {
        let sources = vec![Source::new("set var", text)];
        let environment =
            Environment { variables: self.world().variables(), ..check::environment(&self.args) };
        let Evaluated { loaded, world, .. } = check::evaluate_in(&environment, &self.args, sources, None);
        match world {
            Some(world) => Ok(world.initial_vars.iter().next().map(|(_, value)| value.to_owned())),
            None => Err(check::rendered(&loaded, &self.args).lines().map(str::to_owned).collect()),
        }
    }

    /// Whether a single change could take effect.
    pub(crate) fn could(&self, edit: &Edit<'_>) -> Result<(), Refusal> {
        let in_force = self.in_force();
        let sources = edit::edited(&in_force.loaded, self.sources(), edit).map_err(|why| vec![why])?;
        in_force.prepare(sources, Some(&*in_force.world.tls)).map(|_| ())
    }

    /// Has a single change take effect: numbers of what was there before stay.
    pub(crate) fn edit(&self, edit: &Edit<'_>) -> Result<(), Refusal> {
        let in_force = self.in_force();
        let sources = edit::edited(&in_force.loaded, self.sources(), edit).map_err(|why| vec![why])?;
        let files = match edit {
            Edit::TlsFiles(store) => store,
            _ => &*in_force.world.tls,
        };
        let mut next = in_force.prepare(sources, Some(files))?;
        let old = &in_force.world;
        numbers::keep(&mut next.world, old);
        let succession = inherit::inherit(&mut next.world, old);
        match edit {
            Edit::AddServer { backend, name, .. } => numbers::begin(&next.world, backend, name),
            Edit::RenameServer { backend, name, to } => {
                numbers::rename(&mut next.world, old, (backend, name, to));
            }
            _ => {}
        }
        let (_, settling) = self.take_over(next, succession)?;
        settling.finish();
        Ok(())
    }

    /// Has a configuration take the place of the one in force, whose generation is the one that it was arranged after.
    /// Gives the remarks that reading it made, what it cost, and what still goes on until it is in force entirely.
    pub(crate) fn apply(&self, ready: Ready) -> Result<(String, Pace, Option<Job<()>>), Refusal> {
        let Ready { next, succession, took, .. } = ready;
        let (begun, before) = (Instant::now(), net::thread_cpu());
        net::watch_stretches(true);
        let taken = self.take_over(next, succession);
        let here = net::thread_cpu().saturating_sub(before);
        let elsewhere = self.everywhere(net::longest_stretch);
        net::watch_stretches(false);
        let stall = elsewhere.into_iter().max().unwrap_or_default().max(here);
        let pace = Pace { built: took, turned: begun.elapsed(), stall };
        let (remarks, settling) = taken?;
        let later = settling.clone();
        match Job::start(move || later.finish()) {
            Ok(job) => Ok((remarks, pace, Some(job))),
            // Without a thread for it, it is done here.
            Err(_) => {
                settling.finish();
                Ok((remarks, pace, None))
            }
        }
    }

    fn take_over(&self, next: Next, succession: Succession) -> Result<(String, Settling), Refusal> {
        let Next { world, loaded, sources, remarks } = next;
        let old = self.world();
        let (opened, files) = self.bind(&world, &loaded, &succession.unbound)?;
        let api = self
            .bind_api(&world, &old, &loaded)
            .inspect_err(|_| files.iter().for_each(SocketFile::remove))?;
        let settling = self.exchange(&Arc::new(world), succession, opened);
        if let Some(cli) = &*self.cli.borrow() {
            cli.turn_to(self.world(), api).map_err(|error| vec![error.to_string()])?;
        }
        self.forget_files(files);
        let loaded = self.loaded.replace(Arc::new(loaded));
        self.past.borrow_mut().push((old, loaded));
        *self.sources.borrow_mut() = sources;
        self.tidy();
        Ok((remarks, settling))
    }

    /// Takes apart the Worlds of before that nobody needs any more, elsewhere.
    pub(crate) fn tidy(&self) {
        let unused = |held: &mut (Arc<World>, Arc<Loaded>)| Arc::strong_count(&held.0) == 1;
        let gone: Vec<_> = self.past.borrow_mut().extract_if(.., unused).collect();
        let now = net::now();
        if !gone.is_empty() && self.trim_due.get().is_none() {
            self.trim_due.set(Some(now.plus_millis(TRIM_AFTER_MS)));
        }
        let trim = self.trim_due.get().is_some_and(|due| now >= due);
        if trim {
            self.trim_due.set(None);
        }
        if trim || !gone.is_empty() {
            // Without a thread for it, it is done here.
            let _ = Job::start(move || {
                drop(gone);
                if trim {
                    net::process::malloc_trim();
                }
            });
        }
    }

    /// What each thread that serves says to this, those that answer in time.
    fn everywhere<T: Send + 'static>(&self, ask: fn() -> T) -> Vec<T> {
        let (answer, answers) = std::sync::mpsc::channel();
        for remote in &self.remotes {
            let answer = answer.clone();
            // A thread that ended has nothing to say.
            let _ = remote.send(Box::new(move || {
                let _ = answer.send(ask());
            }));
        }
        drop(answer);
        let until = Instant::now() + PATIENCE;
        std::iter::from_fn(|| answers.recv_timeout(until.saturating_duration_since(Instant::now())).ok())
            .collect()
    }

    /// Has a World that took over from the one in force (`plan::inherit`) take its place, with the sockets that it has
    /// more, by thread. All threads have turned to it when this returns; what is to be done then takes longer than threads
    /// may be kept from other work.
    fn exchange(
        &self,
        world: &Arc<World>,
        succession: Succession,
        mut sockets: Vec<Vec<Socket>>,
    ) -> Settling {
        let old = self.world();
        let now_ns = net::now().as_nanos();
        inherit::commit(world, &old, &succession, now_ns);
        sockets.resize_with(self.remotes.len(), Vec::new);
        let (ack, acks) = std::sync::mpsc::channel();
        let mut asked = 0;
        for (remote, sockets) in self.remotes.iter().zip(sockets) {
            let (world, ack) = (Arc::clone(world), ack.clone());
            let turn = move || {
                let _ = ack.send(engine::thread::turn(world, sockets));
            };
            // A thread that ended has nothing to turn.
            asked += usize::from(remote.send(Box::new(turn)).is_ok());
        }
        drop(ack);
        *self.world.borrow_mut() = Arc::clone(world);
        if let Some(monitor) = &*self.monitor.borrow() {
            monitor.turn_to(world);
        }
        engine::log::turn_rings(world, &old);
        let mut listening = true;
        for _ in 0..asked {
            match acks.recv_timeout(PATIENCE) {
                Ok(all) => listening &= all,
                Err(_) => crate::say::warning("A thread is busy and turns to the new configuration later."),
            }
        }
        if !listening {
            crate::say::alert("A thread cannot listen on a new socket: it has no room for it.");
        }
        Settling { world: Arc::clone(world), tables: succession.tables.into(), now_ns }
    }

    /// Opens the sockets of the new addresses, by thread, and gives the files of unix ones.
    fn bind(
        &self,
        world: &World,
        loaded: &Loaded,
        unbound: &[Unbound],
    ) -> Result<(Vec<Vec<Socket>>, Vec<SocketFile>), Refusal> {
        let threads = u16::try_from(self.remotes.len()).unwrap_or(u16::MAX);
        let mut opened: Vec<Vec<Socket>> = (0..threads).map(|_| Vec::new()).collect();
        let (mut files, mut failures) = (Vec::new(), Vec::new());
        let mut inherited = Inherited::default();
        let reuse_port = sockets::reuses_ports(&self.args, loaded);
        for (f, b) in unbound {
            let Some(frontend) = world.frontend(*f) else { continue };
            match sockets::open_bind(loaded, frontend, *b, (threads, reuse_port), &mut inherited) {
                Ok((bounds, file)) => {
                    files.extend(file);
                    for (thread, bound) in bounds {
                        if let Some(sockets) = opened.get_mut(usize::from(thread)) {
                            sockets.push(Socket { bound, frontend: *f, bind: *b });
                        }
                    }
                }
                Err(words) => failures.push(words),
            }
        }
        if failures.is_empty() {
            return Ok((opened, files));
        }
        files.iter().for_each(SocketFile::remove);
        Err(failures)
    }

    /// Opens the sockets of the Runtime API that the World in force has not.
    fn bind_api(
        &self,
        world: &World,
        old: &World,
        loaded: &Loaded,
    ) -> Result<Vec<engine::cli::Socket>, Refusal> {
        let known = |socket: &state::world::StatsSocket| {
            old.global.stats_sockets.iter().any(|before| before.bind.is_at(&socket.bind))
        };
        let reuse_port = sockets::reuses_ports(&self.args, loaded);
        let (mut opened, mut failures) = (Vec::new(), Vec::new());
        let mut inherited = Inherited::default();
        for (number, socket) in (0u32..).zip(&world.global.stats_sockets).filter(|(_, s)| !known(s)) {
            match sockets::open_api(loaded, number, socket, (reuse_port, &mut inherited)) {
                Ok((bounds, file)) => {
                    self.files.borrow_mut().extend(file);
                    opened.extend(bounds);
                }
                Err(words) => failures.push(words),
            }
        }
        if failures.is_empty() { Ok(opened) } else { Err(failures) }
    }

    /// Notes files of new sockets, and removes those of sockets that are gone.
    fn forget_files(&self, new: Vec<SocketFile>) {
        let world = self.world();
        let binds = world.frontends.iter().filter(|f| !f.disabled).flat_map(|f| &f.binds);
        let relays = world.log_forwards.iter().flat_map(|f| f.streams.iter().chain(&f.datagrams));
        let all: Vec<_> =
            binds.chain(relays).chain(world.global.stats_sockets.iter().map(|s| &s.bind)).collect();
        let mut files = self.files.borrow_mut();
        files.extend(new);
        files.retain(|file| {
            let needed = all.iter().any(|bind| file.is_of(bind));
            if !needed {
                file.remove();
            }
            needed
        });
    }
}
