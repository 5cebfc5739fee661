//! Health checks: a task for each checked server, on the main thread so that a slow check never delays traffic
//! (manual 4.2 "option httpchk", 5.2 "check", "agent-check"). What a check does is `run`'s, what follows from its result
//! `verdict`'s.

mod agent;
mod expect;
mod external;
mod finding;
mod http;
mod http2;
mod run;
mod talk;
mod verdict;

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use net::{TaskId, Time};
use state::check::{Probe, Status};
use state::server::{Check, admin};
use state::turn::Seat;
use state::{Backend, Server, World};

use crate::announce;
use crate::at_work::Crew;
use crate::log::Outbox;
use crate::resolve::Names;

pub use finding::Finding;
pub use verdict::count;

/// What all checks share.
pub struct Monitor {
    world: RefCell<Arc<World>>,
    log: RefCell<Outbox>,
    crew: Arc<Crew>,
    /// The tasks that check servers and that ask their agents, by the servers' numbers in the process.
    checking: RefCell<HashMap<u32, TaskId>>,
    asking: RefCell<HashMap<u32, TaskId>>,
    ramping: Cell<Option<TaskId>>,
    /// How many tasks there were so far.
    started: Cell<u64>,
    /// Names of servers that are looked up.
    pub(crate) names: Names,
}

impl Monitor {
    /// Says and does what follows from what was found.
    pub(crate) fn follow_up(&self, world: &World) {
        let mut log = self.log.borrow_mut();
        announce::speak(world, &mut log);
        log.flush(&self.world());
        self.crew.obey(world);
    }

    /// The World in force.
    pub(crate) fn world(&self) -> Arc<World> {
        Arc::clone(&self.world.borrow())
    }

    fn next_index(&self) -> u64 {
        self.started.set(self.started.get() + 1);
        self.started.get()
    }

    /// Goes over to another World: checks of servers that it has not end, those of new ones begin.
    pub fn turn_to(self: &Rc<Self>, world: &Arc<World>) {
        let old = self.world.replace(Arc::clone(world));
        self.log.borrow_mut().turn_to(&old, world);
        self.begin();
        let tasks = [&self.checking, &self.asking];
        tasks
            .iter()
            .flat_map(|tasks| tasks.borrow().values().copied().collect::<Vec<_>>())
            .for_each(TaskId::notify);
    }

    /// Starts the checks that servers have and that aren't run yet.
    fn begin(self: &Rc<Self>) {
        let world = self.world();
        let attended = || world.seats.attended().iter().filter_map(|at| find(&world, *at));
        for (_, server) in attended() {
            let uid = server.live.uid;
            if server.check.is_some() && !self.checking.borrow().contains_key(&uid) {
                let task = net::spawn(watch(Rc::clone(self), uid, self.next_index()));
                self.checking.borrow_mut().insert(uid, task);
            }
            if server.agent.is_some() && !self.asking.borrow().contains_key(&uid) {
                let task = net::spawn(ask(Rc::clone(self), uid, self.next_index()));
                self.asking.borrow_mut().insert(uid, task);
            }
        }
        if world.backends.iter().any(|b| b.servers.iter().any(|s| s.resolve.is_some())) {
            self.names.refresh(self);
        }
        let slow = attended().any(|(_, server)| server.slowstart_ms > 0);
        if slow && self.ramping.get().is_none() {
            self.ramping.set(Some(net::spawn(ramp(Rc::clone(self)))));
        }
    }
}

thread_local! {
    static MONITOR: RefCell<Option<Rc<Monitor>>> = const { RefCell::new(None) };
}

/// Has the check of a server look whether its next turn is to come sooner.
pub fn wake(server: u32) {
    let monitor = MONITOR.with_borrow(Clone::clone);
    if let Some(task) = monitor.and_then(|monitor| monitor.checking.borrow().get(&server).copied()) {
        task.notify();
    }
}

/// Has names of servers looked up anew, of which some changed.
pub fn renew_names() {
    if let Some(monitor) = MONITOR.with_borrow(Clone::clone) {
        monitor.names.refresh(&monitor);
    }
}

/// Starts the checks of all servers that have one, on this thread.
pub fn start(world: &Arc<World>, crew: Arc<Crew>) -> Rc<Monitor> {
    if let Some(here) = net::remote() {
        crew.checks_here(here);
    }
    for server in world.backends.iter().flat_map(|backend| &backend.servers) {
        if let Some(check) = &server.check {
            // What is known from before stays.
            if server.live.outcome.status() == Status::Initializing {
                server.live.outcome.health.store(server.init_state.health(check), Relaxed);
            }
        }
        if let Some(agent) = &server.agent {
            server.live.agent.health.store(agent.full(), Relaxed);
        }
    }
    let monitor = Rc::new(Monitor {
        world: RefCell::new(Arc::clone(world)),
        log: RefCell::new(Outbox::new(world)),
        crew,
        checking: RefCell::default(),
        asking: RefCell::default(),
        ramping: Cell::new(None),
        started: Cell::new(0),
        names: Names::default(),
    });
    MONITOR.set(Some(Rc::clone(&monitor)));
    monitor.follow_up(world);
    monitor.begin();
    monitor
}

/// Starts are spread over one interval, so that many servers aren't probed at the same moment.
fn first(world: &World, check: &Check, index: u64) -> Time {
    let most = world.global.max_spread_ms.filter(|ms| *ms > 0).unwrap_or(SPREAD_MS).min(SPREAD_MS);
    let width = most.min(check.pace.inter).max(1);
    net::now().plus_millis(index.wrapping_mul(37) % u64::from(width))
}

/// Over how long the first checks are spread, milliseconds.
const SPREAD_MS: u32 = 1000;

/// A server by the positions of backend and server.
fn find(world: &World, (backend, server): (u32, u32)) -> Option<(&Backend, &Server)> {
    let backend = world.backend(backend)?;
    Some((backend, backend.server(server)?))
}

fn seat<'w>(world: &'w World, backend: &'w Backend, server: &'w Server) -> Seat<'w> {
    Seat { world, backend, server, now_ns: net::now().as_nanos() }
}

/// Whether a task goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Next {
    /// The time for the next turn has come.
    Turn,
    /// There is nothing left to check.
    End,
}

/// Checks one server for as long as the World in force has it checked.
async fn watch(monitor: Rc<Monitor>, uid: u32, index: u64) {
    let mut until = {
        let world = monitor.world();
        let check = world.seats.server(uid).and_then(|at| find(&world, at)?.1.check.as_ref());
        check.map_or_else(net::now, |check| first(&world, check, index))
    };
    while pause(&monitor, uid, &mut until).await == Next::Turn {
        let world = monitor.world();
        let begun = net::now();
        let Some(at) = world.seats.server(uid) else { break };
        let Some((backend, server)) = find(&world, at) else { break };
        let Some(check) = &server.check else { break };
        let live = &server.live;
        let maintenance = live.admin.load(Relaxed) & admin::ANY_MAINT != 0;
        if !maintenance && live.checks.load(Relaxed) {
            live.outcome.running.store(true, Relaxed);
            let finding = once(&world, at, backend, server, check).await;
            live.outcome.running.store(false, Relaxed);
            if !live.is_gone() {
                report(&monitor, &world, uid, &finding, took(begun));
            }
        }
        until = next(&world, server, check, begun);
    }
    monitor.checking.borrow_mut().remove(&uid);
}

/// What was found counts in the World in force, which another may have become meanwhile.
fn report(monitor: &Monitor, before: &Arc<World>, uid: u32, finding: &Finding, took: u32) {
    let world = monitor.world();
    let now = world.seats.server(uid).and_then(|at| find(&world, at));
    if let Some((backend, server)) = now
        && let Some(check) = &server.check
    {
        count(seat(&world, backend, server), check, finding, Some(took));
        // It may have moved.
        if finding.status == Status::L4Timeout && server.resolve.is_some() {
            monitor.names.renew(uid);
        }
    }
    monitor.follow_up(&world);
    if !Arc::ptr_eq(&world, before) {
        monitor.crew.obey(before);
    }
}

/// Waits for the time of the next check; less where traffic found something wrong meanwhile. Another World may end the
/// waiting, or have it last otherwise.
async fn pause(monitor: &Monitor, uid: u32, until: &mut Time) -> Next {
    loop {
        let woken = net::wait(|w| {
            w.notified().until(*until);
        });
        let over = woken.await.timed_out();
        let world = monitor.world();
        let server = world.seats.server(uid).and_then(|at| find(&world, at));
        let Some((server, check)) = server.and_then(|(_, s)| Some((s, s.check.as_ref()?))) else {
            return Next::End;
        };
        if over {
            return Next::Turn;
        }
        let pace = &check.pace;
        let most = if server.live.hurry.swap(false, Relaxed) {
            pace.fast_inter.unwrap_or(pace.inter)
        } else {
            pace.down_inter.unwrap_or(pace.inter).max(pace.inter)
        };
        *until = (*until).min(net::now().plus_millis(u64::from(most.max(1))));
    }
}

/// Asks the agent of one server for as long as the World in force has one, also while that is in maintenance: it may end
/// that.
async fn ask(monitor: Rc<Monitor>, uid: u32, index: u64) {
    let mut wait_from = None;
    loop {
        let world = monitor.world();
        let Some(at) = world.seats.server(uid) else { break };
        let Some((backend, server)) = find(&world, at) else { break };
        let Some(check) = &server.agent else { break };
        let Some(begun) = wait_from else {
            wait_from = Some(first(&world, check, index));
            drop(world);
            if let Some(until) = wait_from {
                net::sleep_until(until).await;
            }
            continue;
        };
        let live = &server.live;
        if live.agent_asked.load(Relaxed) {
            live.agent.running.store(true, Relaxed);
            let finding = once(&world, at, backend, server, check).await;
            live.agent.running.store(false, Relaxed);
            if !live.is_gone() {
                let seat = seat(&world, backend, server);
                let finding = agent::obey(seat, finding);
                verdict::count_agent(seat, check, &finding, Some(took(begun)));
                monitor.follow_up(&world);
            }
        }
        let ms = spread(u64::from(check.pace.inter), u64::from(world.global.spread_checks), net::now());
        let until = begun.plus_millis(ms.max(1)).max(net::now());
        drop(world);
        net::sleep_until(until).await;
        wait_from = Some(net::now());
    }
    monitor.asking.borrow_mut().remove(&uid);
}

/// Has servers that start slowly do more and more.
async fn ramp(monitor: Rc<Monitor>) {
    loop {
        let world = monitor.world();
        let now_ns = net::now().as_nanos();
        // The next whole second of one that is under way, or a look whether one began.
        let mut rest_ns = SECOND;
        let all = world.backends.iter().flat_map(|b| b.servers.iter().map(move |s| (b, s)));
        for (backend, server) in all.filter(|(_, server)| server.slowstart_ms > 0) {
            if (Seat { world: &world, backend, server, now_ns }).ramp_on() {
                let since = now_ns.saturating_sub(server.live.outcome.changed_ns.load(Relaxed));
                rest_ns = rest_ns.min(SECOND - since % SECOND);
            }
        }
        drop(world);
        net::sleep_until(net::now().plus_millis(rest_ns / 1_000_000 + 1)).await;
    }
}

/// Nanoseconds in a second.
const SECOND: u64 = 1_000_000_000;

fn took(begun: Time) -> u32 {
    u32::try_from(net::now().millis_since(begun)).unwrap_or(u32::MAX)
}

/// Checks once, in the way that is configured.
async fn once(
    world: &World,
    positions: (u32, u32),
    backend: &Backend,
    server: &Server,
    check: &Check,
) -> Finding {
    match &*check.probe {
        Probe::Rules(rules) => run::run(world, positions, backend, server, check, rules).await,
        Probe::External(program) => external::run(backend, server, check, program).await,
    }
}

/// When to check again: faster while the state is changing, as configured while it is down.
fn next(world: &World, server: &Server, check: &Check, begun: Time) -> Time {
    let pace = &check.pace;
    let health = server.live.outcome.health.load(Relaxed);
    let full = check.full();
    let ms = match health {
        0 => pace.down_inter.unwrap_or(pace.inter),
        h if h == full => pace.inter,
        _ => pace.fast_inter.unwrap_or(pace.inter),
    };
    let ms = spread(u64::from(ms.max(1)), u64::from(world.global.spread_checks), net::now());
    begun.plus_millis(ms.max(1)).max(net::now())
}

/// `ms` plus or minus up to `percent` of it, by the low digits of the clock (manual 3.1 "spread-checks").
fn spread(ms: u64, percent: u64, now: Time) -> u64 {
    let width = ms * percent / 50;
    match width {
        0 => ms,
        width => ms + now.as_nanos().wrapping_mul(0x9e37_79b9_7f4a_7c15) % (width + 1) - width / 2,
    }
}
