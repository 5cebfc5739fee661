//! The end of an exchange: counters, the log line, and what becomes of the two connections.

use std::io::Write;

use net::Sock;
use state::log::Setup;
use state::options::{Mode, Reuse};
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use crate::exchange::Exchange;
use crate::idle::Idle;
use crate::pump::Pump;
use crate::session::{After, Own};
use crate::{listener, log};

/// How long, and how much, of a client's remaining input is read and dropped so that our answer isn't lost to a reset.
const LINGER_MS: u64 = 1000;
const LINGER_BYTES: usize = 256 * 1024;

/// Ends the exchange; says what becomes of the client's connection.
pub async fn finish(x: &mut Exchange<'_>) -> After {
    let now = net::now().as_nanos();
    x.stream.times.ended = now;
    x.stream.bytes_in += x.up.payload;
    // Those that end don't count among those that are served.
    x.places.leave_server();
    x.places.leave_backend();
    count(x);
    log(x);
    if x.keep_client && x.drains && !x.worker.stopping.get() {
        x.keep_client = drain(x).await;
    }
    x.client.session.begun_ns = net::now().as_nanos();
    x.client.session.begun_wall_us = net::wall();
    if x.client.buffer.is_none() {
        x.client.buffer = x.up.leftover();
    }
    if x.keep_client && x.up.is_done() && !x.worker.stopping.get() {
        return After::Keep;
    }
    // A client that doesn't expect the end may be sending its next request, or what is left of this one.
    let sends = !x.client_ends || !x.up.is_done() || !x.stream.termination.is_normal();
    if x.answered && sends {
        linger(&x.client.sock).await;
    }
    After::Close
}

/// Puts the server's connection aside for the next exchange, or closes it.
pub fn server(x: &mut Exchange<'_>, down: &mut Pump) {
    let Some(upstream) = x.upstream.take() else { return };
    let clean = down.is_done() && x.up.is_done() && down.leftover().is_none();
    if !upstream.keep || !clean || x.worker.stopping.get() {
        return;
    }
    let served = upstream.served + 1;
    if x.backend.is_some_and(|b| b.options.reuse == Reuse::Never) {
        let own = Own::new(upstream.sock, Arc::clone(&upstream.server.live), upstream.key, served);
        x.client.keep_own(own);
        Idle::hand_over(upstream.lease);
    } else {
        x.worker.idle.put(upstream.lease, upstream.sock, upstream.key, served);
    }
}

fn count(x: &Exchange<'_>) {
    let stream = &*x.stream;
    x.count(|c| {
        c.bytes_in.add(stream.bytes_in);
        c.bytes_out.add(stream.bytes_out);
        if stream.status != 0 {
            c.count_status(stream.status);
        }
    });
    x.world.process.requests.fetch_add(1, Relaxed);
}

/// Writes the frontend's log line.
pub fn log(x: &mut Exchange<'_>) {
    let setup: &Setup = &x.frontend.log;
    let options = &x.frontend.options;
    let normal = x.stream.termination.is_normal() && x.stream.status < 500;
    let nothing = x.stream.times.first_byte == 0 && !x.stream.has_request;
    if setup.targets.is_empty()
        || x.stream.silent
        || (options.dont_log_normal && normal)
        || (options.dont_log_null && nothing)
    {
        return;
    }
    x.stream.counts = [
        x.world.process.connections.now(),
        x.frontend.live.sessions.now(),
        x.backend.map_or(0, |b| b.live.sessions.now()),
        x.stream.server.and_then(|s| x.backend?.server(s)).map_or(0, |s| s.live.sessions.now()),
    ];
    let bad = options.log_separate_errors && !normal;
    let level = x.stream.log_level.unwrap_or(if bad { log::ERR } else { log::INFO });
    let mut outbox = x.worker.log.borrow_mut();
    let text = outbox.text();
    let Some(line) = &setup.line else {
        connect_line(x, text);
        outbox.send(x.world, &setup.targets, setup.tag.as_deref(), level);
        return;
    };
    let line =
        setup.error_line.as_ref().filter(|_| !x.stream.has_request && x.stream.has_response).unwrap_or(line);
    let mut arena = x.worker.arena.borrow_mut();
    line.write(
        &state::Ctx {
            world: x.world,
            session: &x.client.session,
            stream: Some(x.stream),
            side: state::Side::Response,
            arena: &arena,
            now_ns: net::now().as_nanos(),
            wall_us: net::wall(),
            thread: x.worker.number,
        },
        text,
    );
    arena.reset();
    outbox.send(x.world, &setup.targets, setup.tag.as_deref(), level);
}

/// Reads and drops what is left of a request that was answered already; false if it doesn't come to its end.
async fn drain(x: &mut Exchange<'_>) -> bool {
    let patience = |x: &Exchange<'_>| x.timeouts_client().min(net::now().plus_millis(LINGER_MS));
    let (mut seen, mut until) = (x.up.payload, patience(x));
    loop {
        let before = x.up.payload;
        let Ok(waits) = x.up.fill(&x.client.sock) else { return false };
        if x.up.skip() {
            return true;
        }
        // Neither at its end, nor waiting, nor further: part of it is where it can't be dropped.
        if !waits && before == x.up.payload {
            return false;
        }
        if seen != x.up.payload {
            (seen, until) = (x.up.payload, patience(x));
        }
        if !waits {
            continue;
        }
        let woken = net::wait(|w| {
            w.read(&x.client.sock).until(until);
        });
        if woken.await.timed_out() {
            return false;
        }
    }
}

/// The line of a frontend without a format: `Connect from 192.0.2.1:50000 to 192.0.2.2:80 (www/HTTP)`.
fn connect_line(x: &Exchange<'_>, text: &mut Vec<u8>) {
    let source = x.source();
    let destination = x.destination().or_else(|| listener::endpoint(&x.client.sock.local_addr().ok()?));
    let destination = destination.unwrap_or(state::Endpoint::Unix);
    let mode = if x.frontend.mode == Mode::Http { "HTTP" } else { "TCP" };
    if source == state::Endpoint::Unix {
        let bind = x.client.session.bind as usize;
        let id = x.frontend.binds.get(bind).map_or(0, |bind| bind.id);
        let _ = write!(text, "Connect to unix:{id} ({}/{mode})", x.frontend.name);
        return;
    }
    // Writing to a vector can't fail.
    let _ = write!(
        text,
        "Connect from {source}:{} to {destination}:{} ({}/{mode})",
        source.port(),
        destination.port(),
        x.frontend.name
    );
}

/// Ends our direction and reads what the client still sends for a moment: closing with unread input would send a reset,
/// which can overtake the answer.
pub async fn linger(client: &Sock) {
    if client.shutdown_write().is_err() {
        return;
    }
    let until = net::now().plus_millis(LINGER_MS);
    let mut left = LINGER_BYTES;
    let mut sink = crate::buffer::Buffer::take();
    while left > 0 {
        match client.try_read(sink.space()) {
            Ok(0) => return,
            Ok(n) => left = left.saturating_sub(n),
            Err(e) if e.kind() == std::io::ErrorKind::WouldBlock => {
                let woken = net::wait(|w| {
                    w.read(client).until(until);
                });
                if woken.await.timed_out() {
                    return;
                }
            }
            Err(_) => return,
        }
    }
}
