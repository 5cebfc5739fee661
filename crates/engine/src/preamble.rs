//! What stands in front of a client's own bytes: a header of the PROXY protocol (manual 5.1 "accept-proxy"). Knows
//! nothing of what follows it.

use std::io::{self, Write};

use net::Time;
use state::fault::Fault;
use state::session::Preamble;
use state::{Endpoint, Farewell, Frontend, World};
use wire::proxy::{self, Parsed};

use crate::buffer::Buffer;
use crate::exchange::deadline;
use crate::log;
use crate::session::Client;
use crate::worker::Worker;

/// Waits for it, if there is to be one; false if the connection is not to be served.
pub async fn take(worker: &Worker, world: &World, frontend: &Frontend, client: &mut Client) -> bool {
    if client.session.preamble == Preamble::None {
        return true;
    }
    let timeouts = &frontend.timeouts;
    match header(client, deadline(timeouts.client_hs.or(timeouts.client))).await {
        Ok(()) => {
            client.session.handshake_ns = net::now().as_nanos();
            true
        }
        Err(fault) => {
            // Whoever sent something wrong shall not take the end for an answer.
            if !fault.is_silent() {
                client.leave_by(Farewell::Reset);
            }
            refuse(worker, world, frontend, client, fault);
            false
        }
    }
}

/// Counts and logs a connection that doesn't become a session.
pub fn refuse(worker: &Worker, world: &World, frontend: &Frontend, client: &mut Client, fault: Fault) {
    client.session.fault = Some(fault);
    if let Some(block) = frontend.live.counters.of(worker.number) {
        block.request_errors.add(1);
    }
    say(worker, world, frontend, client, fault);
}

/// Reads the header and lets the session know what it says.
async fn header(client: &mut Client, until: Time) -> Result<(), Fault> {
    let mut buffer = client.buffer.take().unwrap_or_else(Buffer::take);
    loop {
        match proxy::read(buffer.data()) {
            Parsed::Complete { consumed, header } => {
                let ends = header
                    .ends
                    .map(|(source, destination)| (Endpoint::Inet(source), Endpoint::Inet(destination)));
                client.session.set_ends(ends.map(|e| e.0), ends.map(|e| e.1), false);
                client.session.tlvs = header.tlvs.bytes().into();
                client.session.proxied = true;
                buffer.consume(consumed);
                client.buffer = Some(buffer).filter(|buffer| !buffer.is_empty());
                return Ok(());
            }
            Parsed::Invalid(fault) => return Err(named(fault)),
            Parsed::Partial => {}
        }
        match client.sock.try_read(buffer.space()) {
            Ok(0) if buffer.is_empty() => return Err(Fault::ProxyEmpty),
            Ok(0) => return Err(Fault::ProxyTruncated),
            Ok(n) => buffer.filled(n),
            Err(e) if e.kind() == io::ErrorKind::WouldBlock => {
                let woken = net::wait(|w| {
                    w.read(&client.sock).until(until);
                });
                if woken.await.timed_out() {
                    return Err(Fault::ProxyTimeout);
                }
            }
            Err(_) => return Err(Fault::ProxyAbort),
        }
    }
}

/// What TLS has to add, unless it was the client that refused.
fn detail(client: &Client, text: &mut Vec<u8>) {
    let error = client.session.tls.as_ref().and_then(|tls| tls.error.as_ref());
    if let Some((number, words)) = error.filter(|(_, words)| !words.starts_with("tlsv1 alert")) {
        let _ = write!(text, " (error:{number:08X}:SSL routines::{words})");
    }
}

const fn named(fault: proxy::Fault) -> Fault {
    match fault {
        proxy::Fault::Foreign => Fault::ProxyForeign,
        proxy::Fault::Protocol => Fault::ProxyProtocol,
        proxy::Fault::Malformed => Fault::ProxyMalformed,
    }
}

/// Logs it: by `error-log-format`, or as `192.0.2.1:50000 [date] www/1: Received ...` (manual 8.2.5).
fn say(worker: &Worker, world: &World, frontend: &Frontend, client: &Client, fault: Fault) {
    let setup = &frontend.log;
    if setup.targets.is_empty()
        || setup.line.is_none()
        || (frontend.options.dont_log_null && fault.is_silent())
    {
        return;
    }
    let session = &client.session;
    let mut outbox = worker.log.borrow_mut();
    let text = outbox.text();
    match &setup.error_line {
        Some(line) => {
            let mut stream = worker.stream();
            stream.reset(session.frontend, session.accepted_ns, session.accepted_wall_us);
            let mut arena = worker.arena.borrow_mut();
            line.write(
                &state::Ctx {
                    world,
                    session,
                    stream: Some(&stream),
                    side: state::Side::Request,
                    arena: &arena,
                    now_ns: net::now().as_nanos(),
                    wall_us: net::wall(),
                    thread: worker.number,
                },
                text,
            );
            arena.reset();
            worker.give_back(stream);
        }
        None => {
            // Writing to a vector can't fail.
            let _ = write!(text, "{}:{} [", session.source, session.source.port());
            keywords::clock::write_stamp(keywords::clock::Stamp::Millis, session.accepted_wall_us, text);
            let _ = write!(text, "] {}/", frontend.name);
            let bind = usize::try_from(session.bind).ok().and_then(|at| frontend.binds.get(at));
            let _ = match bind.map(|bind| (&bind.name, bind.id)) {
                Some((Some(name), _)) => write!(text, "{name}: "),
                Some((None, id)) => write!(text, "{id}: "),
                None => write!(text, "-: "),
            };
            text.extend_from_slice(fault.parts().2.as_bytes());
            detail(client, text);
        }
    }
    let level = if frontend.options.log_separate_errors { log::ERR } else { log::INFO };
    outbox.send(world, &setup.targets, setup.tag.as_deref(), level);
}
