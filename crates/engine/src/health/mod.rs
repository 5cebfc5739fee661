//! Health checks: a task for each checked server, on the main thread so that a slow check never delays traffic
//! (manual 4.2 "option httpchk", 5.2 "check", "agent-check"). What a check does is `run`'s, what follows from its result
//! `verdict`'s.

mod agent;
mod expect;
mod external;
mod finding;
mod http;
mod run;
mod talk;
mod verdict;

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use net::{TaskId, Time};
use state::check::Probe;
use state::server::{Check, admin};
use state::turn::Seat;
use state::{Backend, Server, World};

use crate::announce;
use crate::at_work::Crew;
use crate::log::Outbox;

pub use finding::Finding;
pub use verdict::count;

/// What the checks of one World share.
pub struct Monitor {
    pub world: Arc<World>,
    pub log: RefCell<Outbox>,
    pub crew: Arc<Crew>,
}

impl Monitor {
    /// Says and does what follows from what was found.
    fn follow_up(&self) {
        let mut log = self.log.borrow_mut();
        announce::speak(&self.world, &mut log);
        log.flush(&self.world);
        self.crew.obey(&self.world);
    }
}

thread_local! {
    /// The tasks that check servers, by the servers' numbers in the process.
    static WATCHING: RefCell<HashMap<u32, TaskId>> = RefCell::default();
}

/// Has the check of a server look whether its next turn is to come sooner.
pub fn wake(server: u32) {
    WATCHING.with_borrow(|tasks| {
        if let Some(task) = tasks.get(&server) {
            task.notify();
        }
    });
}

/// Starts the checks of all servers that have one.
pub fn start(monitor: &Rc<Monitor>) {
    if let Some(here) = net::remote() {
        monitor.crew.checks_here(here);
    }
    let world = &monitor.world;
    let mut index = 0u64;
    for (b, backend) in (0u32..).zip(&world.backends) {
        for (s, server) in (0u32..).zip(&backend.servers) {
            if let Some(check) = &server.check {
                server.live.outcome.health.store(check.rise(), Relaxed);
                index += 1;
                net::spawn(watch(Rc::clone(monitor), (b, s), index));
            }
            if let Some(agent) = &server.agent {
                server.live.agent.health.store(agent.full(), Relaxed);
                index += 1;
                net::spawn(ask(Rc::clone(monitor), (b, s), index));
            }
        }
    }
    if world.backends.iter().any(|b| b.servers.iter().any(|s| s.slowstart_ms > 0)) {
        net::spawn(ramp(Rc::clone(monitor)));
    }
}

/// Starts are spread over one interval, so that many servers aren't probed at the same moment.
fn first(check: &Check, index: u64) -> Time {
    let inter = u64::from(check.pace.inter.max(1));
    net::now().plus_millis(index.wrapping_mul(37) % inter.min(1000))
}

/// A server by the positions of backend and server.
fn find(world: &World, (backend, server): (u32, u32)) -> Option<(&Backend, &Server)> {
    let backend = world.backend(backend)?;
    Some((backend, backend.server(server)?))
}

fn seat<'w>(world: &'w World, backend: &'w Backend, server: &'w Server) -> Seat<'w> {
    Seat { world, backend, server, now_ns: net::now().as_nanos() }
}

/// Checks one server for ever.
async fn watch(monitor: Rc<Monitor>, at: (u32, u32), index: u64) {
    let world = Arc::clone(&monitor.world);
    let Some((backend, server)) = find(&world, at) else { return };
    let Some(check) = &server.check else { return };
    let live = &server.live;
    if let Some(task) = net::current_task() {
        WATCHING.with_borrow_mut(|tasks| tasks.insert(live.uid, task));
    }
    net::sleep_until(first(check, index)).await;
    loop {
        let begun = net::now();
        let maintenance = live.admin.load(Relaxed) & admin::ANY_MAINT != 0;
        if !maintenance && live.checks.load(Relaxed) {
            live.outcome.running.store(true, Relaxed);
            let finding = once(&world, at, backend, server, check).await;
            live.outcome.running.store(false, Relaxed);
            count(seat(&world, backend, server), check, &finding, Some(took(begun)));
            monitor.follow_up();
        }
        pause(&world, server, check, begun).await;
    }
}

/// Waits for the time of the next check; less where traffic found something wrong meanwhile.
async fn pause(world: &World, server: &Server, check: &Check, begun: Time) {
    let mut until = next(world, server, check, begun);
    loop {
        let woken = net::wait(|w| {
            w.notified().until(until);
        });
        if woken.await.timed_out() {
            return;
        }
        if server.live.hurry.swap(false, Relaxed) {
            let soon = check.pace.fast_inter.unwrap_or(check.pace.inter);
            until = until.min(net::now().plus_millis(u64::from(soon)));
        }
    }
}

/// Asks the agent of one server for ever, also while that is in maintenance: it may end that.
async fn ask(monitor: Rc<Monitor>, at: (u32, u32), index: u64) {
    let world = Arc::clone(&monitor.world);
    let Some((backend, server)) = find(&world, at) else { return };
    let Some(check) = &server.agent else { return };
    let live = &server.live;
    net::sleep_until(first(check, index)).await;
    loop {
        let begun = net::now();
        if live.agent_asked.load(Relaxed) {
            live.agent.running.store(true, Relaxed);
            let finding = once(&world, at, backend, server, check).await;
            live.agent.running.store(false, Relaxed);
            let seat = seat(&world, backend, server);
            let finding = agent::obey(seat, finding);
            verdict::count_agent(seat, check, &finding, Some(took(begun)));
            monitor.follow_up();
        }
        let ms = spread(u64::from(check.pace.inter), u64::from(world.global.spread_checks), net::now());
        net::sleep_until(begun.plus_millis(ms.max(1)).max(net::now())).await;
    }
}

/// Has servers that start slowly do more and more.
async fn ramp(monitor: Rc<Monitor>) {
    let world = Arc::clone(&monitor.world);
    let slow = || {
        let all = world.backends.iter().flat_map(|b| b.servers.iter().map(move |s| (b, s)));
        all.filter(|(_, server)| server.slowstart_ms > 0)
    };
    loop {
        let now_ns = net::now().as_nanos();
        // The next whole second of one that is under way, or a look whether one began.
        let mut rest_ns = SECOND;
        for (backend, server) in slow() {
            if (Seat { world: &world, backend, server, now_ns }).ramp_on() {
                let since = now_ns.saturating_sub(server.live.outcome.changed_ns.load(Relaxed));
                rest_ns = rest_ns.min(SECOND - since % SECOND);
            }
        }
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
