//! `enable` and `disable`: servers, their checks and agents, frontends (management manual 9.3).

use std::sync::atomic::Ordering::Relaxed;

use state::administer::{self, Order};
use state::family::Chore;
use state::frontend::listening;
use state::turn::Seat;

use super::prelude::*;

pub(super) const KEYWORDS: &[Command] = &[
    command(&["disable", "agent"], "disable agent", "stop asking a server's agent", |q, _, out| {
        of_server(q, out, no_agent)
    }),
    command(
        &["disable", "frontend"],
        "disable frontend <frontend>",
        "have a frontend listen no more for a while",
        disable_frontend,
    ),
    command(&["disable", "health"], "disable health", "stop checking a server", |q, _, out| {
        of_server(q, out, no_check)
    }),
    command(
        &["disable", "server"],
        "disable server (DEPRECATED)",
        "put a server into maintenance ('set server' does it too)",
        |q, _, out| of_server(q, out, |seat| order(seat, Order::Maintain)),
    ),
    command(&["enable", "agent"], "enable agent", "ask a server's agent again", |q, _, out| {
        of_server(q, out, agent)
    }),
    command(
        &["enable", "frontend"],
        "enable frontend <frontend>",
        "have a frontend listen again",
        enable_frontend,
    ),
    command(&["enable", "health"], "enable health", "check a server again", |q, _, out| {
        of_server(q, out, check)
    }),
    command(
        &["enable", "server"],
        "enable server  (DEPRECATED)",
        "take a server out of maintenance ('set server' does it too)",
        |q, _, out| of_server(q, out, |seat| order(seat, Order::Ready)),
    ),
];

type Run = fn(&Query<'_>, u64, &mut Vec<u8>) -> Answer;

const fn command(
    words: &'static [&'static str],
    usage: &'static str,
    doc: &'static str,
    run: Run,
) -> Command {
    Command { words, usage, doc, level: Level::Admin, gate: Gate::Open, run }
}

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

fn disable_frontend(query: &Query<'_>, _: u64, out: &mut Vec<u8>) -> Answer {
    let frontend = match frontend(query, 2) {
        Ok(frontend) => frontend,
        Err(why) => return query.refuse(why, out),
    };
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

fn enable_frontend(query: &Query<'_>, _: u64, out: &mut Vec<u8>) -> Answer {
    let frontend = match frontend(query, 2) {
        Ok(frontend) => frontend,
        Err(why) => return query.refuse(why, out),
    };
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
