//! Live apply (DESIGN 6): another configuration takes the place of the one in force while traffic flows, as a whole or
//! not at all. A World is built, arranged to take over (`plan::inherit`), its new sockets are bound; only then threads
//! turn to it, each between two turns of its loop. Runs on the main thread.

use std::cell::{Ref, RefCell};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use config::{Loaded, Source};
use engine::at_work::Crew;
use engine::cli::Cli;
use engine::health::Monitor;
use engine::thread::Socket;
use net::Remote;
use plan::Environment;
use plan::inherit::{self, Unbound, numbers};
use state::World;
use state::family::Edit;
use state::family::Owned;

use crate::argv::Args;
use crate::check::{self, Evaluated};
use crate::edit;
use crate::frozen;
use crate::sockets::{self, Inherited, SocketFile};

/// How long threads may take to turn before it is said that some didn't.
const PATIENCE: Duration = Duration::from_secs(10);

/// What runs, as far as another configuration may change it.
pub(crate) struct Stage {
    pub(crate) args: Args,
    pub(crate) crew: Arc<Crew>,
    /// The threads that serve traffic.
    pub(crate) remotes: Vec<Remote>,
    world: RefCell<Arc<World>>,
    loaded: RefCell<Loaded>,
    sources: RefCell<Vec<Source>>,
    /// Files of unix sockets, to be removed at the end.
    files: RefCell<Vec<SocketFile>>,
    /// Those that look after the World on this thread, once they are there.
    monitor: RefCell<Option<Rc<Monitor>>>,
    cli: RefCell<Option<Rc<Cli>>>,
}

/// Why a configuration was not applied: lines for the user.
pub(crate) type Refusal = Vec<String>;

/// A World that could take over, and what it is made of.
pub(crate) struct Next {
    pub(crate) world: World,
    pub(crate) loaded: Loaded,
    pub(crate) sources: Vec<Source>,
    /// Warnings, as they are printed.
    pub(crate) remarks: String,
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
            loaded: RefCell::new(loaded),
            sources: RefCell::new(sources),
            files: RefCell::new(files),
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
    pub(crate) fn loaded(&self) -> Ref<'_, Loaded> {
        self.loaded.borrow()
    }

    /// The texts of the configuration in force.
    pub(crate) fn sources(&self) -> Vec<Source> {
        self.sources.borrow().clone()
    }

    /// Removes the files of unix sockets.
    pub(crate) fn remove_files(&self) {
        self.files.borrow().iter().for_each(SocketFile::remove);
    }

    /// Builds what would take over; nothing is touched.
    pub(crate) fn prepare(&self, sources: Vec<Source>) -> Result<Next, Refusal> {
        let old = self.world();
        let Evaluated { loaded, world, unserved } = check::evaluate(&self.args, sources.clone(), Some(&old));
        let remarks = check::rendered(&loaded, &self.args);
        let Some(mut world) = world else {
            let mut lines: Refusal = remarks.lines().map(str::to_owned).collect();
            lines.extend(config::closing_lines(&loaded, std::process::id(), false));
            return Err(lines);
        };
        if !unserved.is_empty() {
            let pid = std::process::id();
            return Err(unserved
                .iter()
                .map(|reason| reason.render(&loaded, pid).trim_end().to_owned())
                .collect());
        }
        frozen::carry_over(&mut world.global, &old.global);
        let fixed = frozen::differences(&world, &old, &loaded, &self.loaded.borrow());
        if !fixed.is_empty() {
            return Err(fixed);
        }
        Ok(Next { world, loaded, sources, remarks })
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

    /// Has a single change take effect: numbers of what was there before stay.
    pub(crate) fn edit(&self, edit: &Edit<'_>) -> Result<(), Refusal> {
        let sources = edit::edited(&self.loaded(), self.sources(), edit).map_err(|why| vec![why])?;
        let next = self.prepare(sources)?;
        self.take_over(next, Some(edit)).map(|_| ())
    }

    /// Has a configuration take the place of the one in force. Gives the remarks that reading it made.
    pub(crate) fn apply(&self, sources: Vec<Source>) -> Result<String, Refusal> {
        let next = self.prepare(sources)?;
        self.take_over(next, None)
    }

    fn take_over(&self, next: Next, edit: Option<&Edit<'_>>) -> Result<String, Refusal> {
        let Next { mut world, loaded, sources, remarks } = next;
        let old = self.world();
        if edit.is_some() {
            numbers::keep(&mut world, &old);
        }
        let unbound = inherit::inherit(&mut world, &old);
        match edit {
            Some(Edit::AddServer { backend, name, .. }) => numbers::begin(&world, backend, name),
            Some(Edit::RenameServer { backend, name, to }) => {
                numbers::rename(&mut world, &old, (backend, name, to));
            }
            _ => {}
        }
        let (opened, files) = self.bind(&world, &loaded, &unbound)?;
        let api = self
            .bind_api(&world, &old, &loaded)
            .inspect_err(|_| files.iter().for_each(SocketFile::remove))?;
        self.exchange(&Arc::new(world), opened);
        if let Some(cli) = &*self.cli.borrow() {
            cli.turn_to(self.world(), api).map_err(|error| vec![error.to_string()])?;
        }
        self.forget_files(files);
        *self.loaded.borrow_mut() = loaded;
        *self.sources.borrow_mut() = sources;
        Ok(remarks)
    }

    /// Has a World that took over from the one in force (`plan::inherit`) take its place, with the sockets that it has
    /// more, by thread. All threads have turned to it when this returns.
    fn exchange(&self, world: &Arc<World>, mut sockets: Vec<Vec<Socket>>) {
        let old = self.world();
        let now_ns = net::now().as_nanos();
        inherit::commit(world, &old, now_ns);
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
        // Threads may have noted changes of servers in the World before until they turned.
        for backend in &world.backends {
            backend.changed(now_ns);
        }
        if !listening {
            crate::say::alert("A thread cannot listen on a new socket: it has no room for it.");
        }
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
            old.global.stats_sockets.iter().any(|before| before.bind == socket.bind)
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
