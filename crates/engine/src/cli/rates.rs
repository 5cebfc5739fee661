//! Once a second, on the main thread: the rates of everything that is counted, when backends went down, what goes from
//! stick tables, how busy the threads are. Threads that serve traffic only count.

use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use net::Remote;
use state::{About, Backend, Frontend, World};

use super::Cli;

const SECOND_MS: u64 = 1_000;

/// Notes how things are before anything changes.
pub(super) fn begin(world: &World) {
    let now = net::now().as_nanos();
    for backend in &world.backends {
        backend.live.down.store(backend.is_down(), Relaxed);
        for server in &backend.servers {
            // What was not counted before this process began to serve is of no concern.
            let _ = server.live.outcome.changed_ns.compare_exchange(0, now, Relaxed, Relaxed);
        }
    }
}

/// Looks after the rates for ever.
pub(super) async fn turn(cli: Rc<Cli>, threads: Vec<Remote>) {
    loop {
        let before = cli.about.turned_ns.load(Relaxed);
        net::sleep_until(net::now().plus_millis(SECOND_MS)).await;
        let now = net::now().as_nanos();
        let world = cli.world();
        look(&world, &cli.about, now, now.saturating_sub(before));
        for table in &world.tables {
            table.sweep(now / 1_000_000);
        }
        cli.about.turned_ns.store(now, Relaxed);
        count_tasks(&cli.about, &threads);
    }
}

fn look(world: &World, about: &About, now: u64, elapsed: u64) {
    let mut bytes_out = 0u64;
    let mut compression = [0u64; 2];
    for frontend in &world.frontends {
        let counters = &frontend.live.counters;
        let sums = [counters.sum(|c| &c.compression_in), counters.sum(|c| &c.compression_out)];
        compression.iter_mut().zip(sums).for_each(|(total, sum)| *total = total.wrapping_add(sum));
        bytes_out = bytes_out.wrapping_add(frontend.live.counters.sum(|c| &c.bytes_out));
        look_at_frontend(frontend, elapsed);
    }
    for backend in &world.backends {
        look_at_backend(backend, now, elapsed);
        for server in &backend.servers {
            let live = &server.live;
            live.session_rate.turn(live.sessions.total(), elapsed);
        }
    }
    about.connection_rate.turn(world.process.connections.total(), elapsed);
    about.bytes_out_rate.turn(bytes_out, elapsed);
    about.compression_rates.iter().zip(compression).for_each(|(rate, total)| {
        rate.turn(total, elapsed);
    });
    about.tls_rates.iter().zip(world.handshakes()).for_each(|(rate, total)| {
        rate.turn(total, elapsed);
    });
    about.cpu_rate.turn((about.cpu_time_ns)(), elapsed);
}

fn look_at_frontend(frontend: &Frontend, elapsed: u64) {
    let live = &frontend.live;
    live.session_rate.turn(live.sessions.total(), elapsed);
    live.connection_rate.turn(live.counters.sum(|c| &c.connections), elapsed);
    live.request_rate.turn(live.counters.sum(|c| &c.requests), elapsed);
}

fn look_at_backend(backend: &Backend, now: u64, elapsed: u64) {
    let live = &backend.live;
    live.session_rate.turn(live.sessions.total(), elapsed);
    if backend.note(now) {
        live.downtime_ns.fetch_add(elapsed, Relaxed);
    }
}

/// Asks each thread how many tasks it has and how busy it is; this thread's are the last.
fn count_tasks(about: &Arc<About>, threads: &[Remote]) {
    for (number, thread) in (0u16..).zip(threads) {
        let about = Arc::clone(about);
        // A thread that ended has no tasks to count.
        let _ = thread.send(Box::new(move || note(&about, number)));
    }
    note(about, u16::MAX);
}

fn note(about: &About, thread: u16) {
    if let Some(tasks) = about.tasks.of(thread) {
        tasks.store(net::tasks(), Relaxed);
    }
    if let Some(ready) = about.ready.of(thread) {
        ready.store(net::ready(), Relaxed);
    }
    if let Some(pipes) = about.idle_pipes.of(thread) {
        pipes.store(net::idle_pipes(), Relaxed);
    }
    if let Some(busy) = about.busy.of(thread) {
        busy.store(u32::from(net::busy_percent()), Relaxed);
    }
}
