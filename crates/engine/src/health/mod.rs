//! Health checks: a task for each checked server, on the main thread so that a slow check never delays traffic
//! (manual 4.2 "option httpchk", 5.2 "check"). What a check does is `run`'s, what follows
//! from its result `verdict`'s.

mod expect;
mod external;
mod finding;
mod http;
mod run;
mod talk;
mod verdict;

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use net::Time;
use state::check::Probe;
use state::server::Check;
use state::{Backend, Server, World};

use crate::log::Outbox;

pub use finding::Finding;

/// What the checks of one World share.
pub struct Monitor {
    pub world: Arc<World>,
    pub log: RefCell<Outbox>,
}

/// Starts the checks of all servers that have one.
pub fn start(monitor: &Rc<Monitor>) {
    let mut index = 0u64;
    for (b, backend) in (0u32..).zip(&monitor.world.backends) {
        for (s, server) in (0u32..).zip(&backend.servers) {
            if let Some(check) = &server.check {
                server.live.outcome.health.store(check.rise(), Relaxed);
                index += 1;
                net::spawn(watch(Rc::clone(monitor), b, s, index));
            }
        }
    }
}

/// Checks one server for ever.
async fn watch(monitor: Rc<Monitor>, backend: u32, server: u32, index: u64) {
    let world = Arc::clone(&monitor.world);
    let positions = (backend, server);
    let Some(backend) = world.backend(backend) else { return };
    let Some(server) = backend.server(server) else { return };
    let Some(check) = &server.check else { return };
    // Starts are spread over one interval, so that many servers aren't probed at the same moment.
    let inter = u64::from(check.pace.inter.max(1));
    net::sleep_until(net::now().plus_millis(index.wrapping_mul(37) % inter.min(1000))).await;
    loop {
        let begun = net::now();
        let maintenance = server.live.admin.load(Relaxed) & state::server::admin::MAINT != 0;
        if !maintenance && server.live.checks.load(Relaxed) {
            let running = &server.live.outcome.running;
            running.store(true, Relaxed);
            let finding = once(&world, positions, backend, server, check).await;
            running.store(false, Relaxed);
            verdict::apply(&monitor, backend, server, check, &finding, begun);
        }
        net::sleep_until(next(&world, server, check, begun)).await;
    }
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
