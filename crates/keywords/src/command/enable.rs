//! `enable` and `disable`: servers, their checks and agents, frontends (management manual 9.3).

use std::sync::atomic::Ordering::Relaxed;

use state::Frontend;
use state::administer::{self, Order};
use state::family::Chore;
use state::frontend::listening;
use state::turn::Seat;

use super::prelude::*;

pub(super) const KEYWORDS: &[Command] = &[
    admin(&["disable", "agent"], "disable agent", "stop asking a server's agent", |q, _, out| {
        of_server(q, out, no_agent)
    }),
    admin(
        &["disable", "frontend"],
        "disable frontend <frontend>",
        "have a frontend listen no more for a while",
        |q, _, out| of_frontend(q, 2, out, |frontend, out| disable(q, frontend, out)),
    ),
    admin(&["disable", "health"], "disable health", "stop checking a server", |q, _, out| {
        of_server(q, out, no_check)
    }),
    admin(
        &["disable", "server"],
        "disable server (DEPRECATED)",
        "put a server into maintenance ('set server' does it too)",
        |q, _, out| of_server(q, out, |seat| order(seat, Order::Maintain)),
    ),
    admin(&["enable", "agent"], "enable agent", "ask a server's agent again", |q, _, out| {
        of_server(q, out, agent)
    }),
    admin(
        &["enable", "frontend"],
        "enable frontend <frontend>",
        "have a frontend listen again",
        |q, _, out| of_frontend(q, 2, out, |frontend, out| enable(q, frontend, out)),
    ),
    admin(&["enable", "health"], "enable health", "check a server again", |q, _, out| {
        of_server(q, out, check)
    }),
    admin(
        &["enable", "server"],
        "enable server  (DEPRECATED)",
        "take a server out of maintenance ('set server' does it too)",
        |q, _, out| of_server(q, out, |seat| order(seat, Order::Ready)),
    ),
];

/// Does something with the server that the words name.
fn of_server(query: &Query<'_>, out: &mut Vec<u8>, act: fn(Seat<'_>) -> Result<(), &'static str>) -> Answer {
    match seat(query, 2).and_then(act) {
        Ok(()) => Answer::Done,
        Err(why) => query.refuse(why, out),
    }
}

fn order(seat: Seat<'_>, order: Order) -> Result<(), &'static str> {
    administer::apply(seat, order, "CLI");
    Ok(())
}

fn check(seat: Seat<'_>) -> Result<(), &'static str> {
    let done = administer::apply(seat, Order::EnableChecks, "CLI");
    done.then_some(()).ok_or("Health check was not configured on this server, cannot enable.")
}

fn no_check(seat: Seat<'_>) -> Result<(), &'static str> {
    administer::apply(seat, Order::DisableChecks, "CLI");
    Ok(())
}

fn agent(seat: Seat<'_>) -> Result<(), &'static str> {
    if seat.server.agent.is_none() {
        return Err("Agent was not configured on this server, cannot enable.");
    }
    seat.server.live.agent_asked.store(true, Relaxed);
    Ok(())
}

fn no_agent(seat: Seat<'_>) -> Result<(), &'static str> {
    seat.server.live.agent_asked.store(false, Relaxed);
    Ok(())
}

fn disable(query: &Query<'_>, frontend: &Frontend, out: &mut Vec<u8>) -> Answer {
    match frontend.live.listening.load(Relaxed) {
        listening::ENDED => query.notice("Frontend was previously shut down, cannot disable.", out),
        listening::PAUSED => query.notice("All sockets are already disabled.", out),
        _ => {
            frontend.live.listening.store(listening::PAUSED, Relaxed);
            query.announce(frontend, format!("Paused frontend {}.", frontend.name));
            Answer::Then(Chore::Listeners)
        }
    }
}

fn enable(query: &Query<'_>, frontend: &Frontend, out: &mut Vec<u8>) -> Answer {
    match frontend.live.listening.load(Relaxed) {
        listening::ENDED => query.refuse("Frontend was previously shut down, cannot enable.", out),
        listening::PAUSED => {
            frontend.live.listening.store(listening::OPEN, Relaxed);
            query.announce(frontend, format!("Resumed frontend {}.", frontend.name));
            Answer::Then(Chore::Listeners)
        }
        _ => query.notice("All sockets are already enabled.", out),
    }
}
