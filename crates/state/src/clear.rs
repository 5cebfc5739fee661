//! Forgetting what was counted (management manual 9.3 "clear counters"). What threads share is cleared from anywhere; what
//! only its own thread writes is cleared by that thread (`own` in the name).

use std::sync::atomic::Ordering::Relaxed;

use crate::check::Outcome;
use crate::counters::{Block, PerThread};
use crate::{About, Server, World};

/// Forgets what was the most and the longest.
pub fn maxima(world: &World, about: &About) {
    world.process.connections.forget_max();
    let rates = [&about.connection_rate, &about.bytes_out_rate];
    rates.into_iter().for_each(crate::counters::Rate::forget_max);
    for frontend in &world.frontends {
        let live = &frontend.live;
        live.sessions.forget_max();
        frontend.listening.iter().for_each(|at| at.clients.forget_max());
        let rates = [&live.session_rate, &live.connection_rate, &live.request_rate];
        rates.into_iter().for_each(crate::counters::Rate::forget_max);
    }
    for backend in &world.backends {
        backend.live.sessions.forget_max();
        backend.live.queued.forget_max();
        backend.live.session_rate.forget_max();
        for server in &backend.servers {
            server.live.sessions.forget_max();
            server.live.queued.forget_max();
            server.live.session_rate.forget_max();
        }
    }
}

/// Forgets, of what the thread counts for itself, what was the longest.
pub fn own_maxima(world: &World, thread: u16) {
    each_block(world, thread, |block| block.spans.forget_longest());
}

/// Forgets everything that was counted.
pub fn all(world: &World, about: &About) {
    maxima(world, about);
    for frontend in &world.frontends {
        frontend.live.sessions.forget_total();
        frontend.listening.iter().for_each(|at| at.clients.forget_total());
    }
    for backend in &world.backends {
        let live = &backend.live;
        live.sessions.forget_total();
        live.queued.forget_total();
        live.down_transitions.store(0, Relaxed);
        live.downtime_ns.store(0, Relaxed);
        live.last_used_ns.store(0, Relaxed);
        backend.servers.iter().for_each(server);
    }
}

/// Forgets everything that the thread counted for itself.
pub fn own(world: &World, thread: u16) {
    each_block(world, thread, Block::clear);
}

/// Forgets what was counted of one server.
pub fn server(server: &Server) {
    let live = &server.live;
    for gauge in [&live.sessions, &live.queued] {
        gauge.forget_max();
        gauge.forget_total();
    }
    live.session_rate.forget_max();
    live.error_bursts.store(0, Relaxed);
    live.last_used_ns.store(0, Relaxed);
    [&live.outcome, &live.agent].into_iter().for_each(outcome);
}

fn outcome(outcome: &Outcome) {
    outcome.failures.store(0, Relaxed);
    outcome.down_transitions.store(0, Relaxed);
    outcome.downtime_ns.store(0, Relaxed);
}

/// Forgets what the thread counted of one server.
pub fn own_of_server(server: &Server, thread: u16) {
    if let Some(block) = server.live.counters.of(thread) {
        block.clear();
    }
}

fn each_block(world: &World, thread: u16, act: impl Fn(&Block)) {
    let fronts = world.frontends.iter();
    let listeners = fronts.clone().flat_map(|f| f.listening.iter().filter_map(|at| at.counters.as_ref()));
    let backs = world.backends.iter();
    let servers = backs.clone().flat_map(|b| &b.servers).map(|s| &s.live.counters);
    let all = fronts.map(|f| &f.live.counters).chain(listeners);
    all.chain(backs.map(|b| &b.live.counters)).chain(servers).for_each(|counters: &PerThread<Block>| {
        if let Some(block) = counters.of(thread) {
            act(block);
        }
    });
}
