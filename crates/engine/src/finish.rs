//! The end of an exchange: counters, the log line, and what becomes of the two connections.

use net::Sock;
use state::expr::Side;
use state::log::Origin;
use state::options::{Mode, Reuse};
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use crate::exchange::Exchange;
use crate::idle::Idle;
use crate::pump::Pump;
use crate::session::{After, Own};
use crate::worker::Worker;
use crate::{log, track};

/// How long, and how much, of a client's remaining input is read and dropped so that our answer isn't lost to a reset.
const LINGER_MS: u64 = 1000;
const LINGER_BYTES: usize = 256 * 1024;
const LINGERING_MAX: u32 = 1024;

/// Ends the exchange; says what becomes of the client's connection.
pub async fn finish(x: &mut Exchange<'_>) -> After {
    let now = net::now().as_nanos();
    x.stream.times.ended = now;
    x.stream.bytes_in += x.up.payload;
    if x.stream.times.connected != 0 {
        let altered = x.up.sums();
        x.stream.delivered.server = (x.stream.bytes_in + altered.made).saturating_sub(altered.taken);
    }
    // Those that end don't count among those that are served.
    x.places.leave_server();
    x.places.leave_backend();
    let traffic = x.up.take_traffic();
    x.settle(Side::Request, traffic);
    count(x);
    track::transferred(x);
    if x.stream.has_request || x.frontend.mode == Mode::Tcp {
        log::moment(x, Origin::Close);
    } else if !x.stream.silent {
        log::session_error(x);
    }
    let leaves = x.worker.lets_go(x.client.session.accepted_ns);
    if x.keep_client && x.drains && !leaves {
        x.keep_client = drain(x).await;
    }
    x.client.session.begun_ns = net::now().as_nanos();
    x.client.session.begun_wall_us = net::wall();
    if x.client.buffer.is_none() {
        x.client.buffer = x.up.leftover();
    }
    if x.keep_client && x.up.is_done() && !leaves {
        return After::Keep;
    }
    // A client that doesn't expect the end may be sending its next request, or what is left of this one.
    let sends = !x.client_ends || !x.up.is_read();
    if x.answered && sends && x.client.link.is_none() { After::Linger } else { After::Close }
}

/// Puts the server's connection aside for the next exchange, or closes it.
pub fn server(x: &mut Exchange<'_>, down: &mut Pump) {
    let Some(upstream) = x.upstream.take() else { return };
    x.stream.link.socket = None;
    if let Some(joint) = &upstream.joint {
        if upstream.private {
            joint.back.keep_for(x.client.session.crowd);
        }
        return;
    }
    let clean = down.is_done() && x.up.is_done() && down.leftover().is_none();
    if !upstream.keep || !clean || x.worker.stopping.get() {
        return;
    }
    let Some(lease) = upstream.lease else { return };
    let served = upstream.served + 1;
    if upstream.server.max_reuse.is_some_and(|most| served > most) {
        return;
    }
    if upstream.private || x.backend.is_some_and(|b| b.options.reuse == Reuse::Never) {
        let own = Own::new(upstream.sock, Arc::clone(&upstream.server.live), upstream.key, served);
        x.client.keep_own(own);
        Idle::hand_over(lease);
    } else {
        x.worker.idle.put(lease, upstream.sock, upstream.key, served);
    }
}

/// Counts the status that the client got, or that it got none; for the server the one that it gave.
fn count_status(x: &Exchange<'_>) {
    let thread = x.worker.number;
    if x.frontend.mode == Mode::Http || x.client.session.upgraded {
        let proxies = [Some(&x.frontend.live.counters), x.backend.map(|b| &b.live.counters)];
        for block in proxies.into_iter().flatten().filter_map(|counters| counters.of(thread)) {
            block.count_status(x.stream.status);
        }
    }
    let server = x.stream.server.and_then(|s| x.backend?.server(s));
    if let Some(block) = server.filter(|_| x.server_status != 0).and_then(|s| s.live.counters.of(thread)) {
        block.count_status(x.server_status);
    }
}

fn count(x: &Exchange<'_>) {
    let stream = &*x.stream;
    x.count(|c| {
        c.bytes_in.add(stream.bytes_in.saturating_sub(stream.delivered.counted[0]));
        c.bytes_out.add(stream.bytes_out.saturating_sub(stream.delivered.counted[1]));
        c.requests_sent.add(stream.delivered.server);
        c.responses_sent.add(x.stream.delivered.client);
        if stream.compressed.is_some() {
            c.compressed.add(1);
        }
    });
    count_status(x);
    count_wire(x);
    request_ended(x);
    time(x);
    x.world.process.requests.fetch_add(1, Relaxed);
}

/// How often bytes are counted while they flow (manual 4.2 "option contstats").
const COUNT_NS: u64 = 5_000_000_000;

/// Counts what came and went of an exchange that lasts, `down` being the way to the client.
pub fn count_so_far(x: &mut Exchange<'_>, down: &Pump) {
    if !x.frontend.options.count_as_it_flows {
        return;
    }
    let now = net::now().as_nanos();
    if now.saturating_sub(x.stream.delivered.counted_ns.max(x.stream.times.begun)) < COUNT_NS {
        return;
    }
    let sums = [x.stream.bytes_in + x.up.payload, x.stream.bytes_out + down.payload];
    let [came, went] = std::mem::replace(&mut x.stream.delivered.counted, sums);
    x.count(|c| {
        c.bytes_in.add(sums[0].saturating_sub(came));
        c.bytes_out.add(sums[1].saturating_sub(went));
    });
    x.stream.delivered.counted_ns = now;
}

/// The request is under way no longer.
pub fn request_ended(x: &Exchange<'_>) {
    if let Some(block) = x.frontend.live.counters.of(x.worker.number).filter(|_| x.stream.has_request) {
        block.request_ended();
    }
}

fn count_wire(x: &Exchange<'_>) {
    let front = (Some(&x.frontend.live.counters), x.wire.client);
    let back = (x.backend.map(|b| &b.live.counters), x.wire.server);
    for (counters, traffic) in [front, back] {
        let Some(block) = counters.and_then(|counters| counters.of(x.worker.number)) else { continue };
        block.wire.read.add(traffic.read);
        block.wire.wrote.add(traffic.wrote);
        block.wire.spliced_in.add(traffic.spliced_in);
        block.wire.spliced_out.add(traffic.spliced_out);
    }
}

/// Notes how long a stream took that had a server.
fn time(x: &Exchange<'_>) {
    let Some((backend, server)) = x.backend.and_then(|b| Some((b, b.server(x.stream.server?)?))) else {
        return;
    };
    let times = &x.stream.times;
    // What never was answered tells nothing of how long answers take.
    let last = if backend.mode == Mode::Http { times.response } else { times.connected };
    if last == 0 {
        return;
    }
    let ms = |from: u64, to: u64| if from == 0 || to == 0 { 0 } else { to.saturating_sub(from) / 1_000_000 };
    let begun = if times.request == 0 { times.begun } else { times.request };
    let response = if backend.mode == Mode::Http { ms(times.connected, times.response) } else { 0 };
    let spans =
        [ms(begun, times.queued), ms(times.queued, times.connected), response, ms(begun, times.ended)];
    for counters in [&backend.live.counters, &server.live.counters] {
        if let Some(block) = counters.of(x.worker.number) {
            block.spans.note(spans);
        }
    }
}

/// Reads and drops what is left of a request that was answered already; false if it doesn't come to its end.
async fn drain(x: &mut Exchange<'_>) -> bool {
    let patience = |x: &Exchange<'_>| x.timeouts_client().min(net::now().plus_millis(LINGER_MS));
    let (mut seen, mut until) = (x.up.payload, patience(x));
    loop {
        let before = x.up.payload;
        let Ok(waits) = x.up.fill(&x.client.sock, u64::MAX) else { return false };
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

/// Ends our direction and reads what the client still sends for a moment: closing with unread input would send a reset,
/// which can overtake the answer. So many at most do so at once on a thread, since they take no place of `maxconn`.
pub async fn linger(worker: &Worker, client: &Sock) {
    if worker.lingering.get() >= LINGERING_MAX || client.shutdown_write().is_err() {
        return;
    }
    worker.lingering.set(worker.lingering.get() + 1);
    swallow(client).await;
    worker.lingering.set(worker.lingering.get() - 1);
}

async fn swallow(client: &Sock) {
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
