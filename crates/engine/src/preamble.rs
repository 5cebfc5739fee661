//! What stands in front of a client's own bytes: a header of the PROXY protocol or of a NetScaler (manual 5.1
//! "accept-proxy", "accept-netscaler-cip"). Knows nothing of what follows it.

use std::io::{self, Write};

use net::Time;
use state::fault::Fault;
use state::session::Preamble;
use state::{Endpoint, Farewell, Frontend, Session, World};
use wire::netscaler;
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
    let of_netscaler = matches!(client.session.preamble, Preamble::NetScaler(_));
    let named = |of_proxy: Fault, cip: Fault| if of_netscaler { cip } else { of_proxy };
    loop {
        if let Some(consumed) = read(&mut client.session, buffer.data())? {
            buffer.consume(consumed);
            client.buffer = Some(buffer).filter(|buffer| !buffer.is_empty());
            return Ok(());
        }
        match client.sock.try_read(buffer.space()) {
            Ok(0) if buffer.is_empty() => return Err(named(Fault::ProxyEmpty, Fault::CipEmpty)),
            Ok(0) => return Err(named(Fault::ProxyTruncated, Fault::CipTruncated)),
            Ok(n) => buffer.filled(n),
            Err(e) if e.kind() == io::ErrorKind::WouldBlock => {
                let woken = net::wait(|w| {
                    w.read(&client.sock).until(until);
                });
                if woken.await.timed_out() {
                    return Err(named(Fault::ProxyTimeout, Fault::CipTimeout));
                }
            }
            Err(_) => return Err(named(Fault::ProxyAbort, Fault::CipAbort)),
        }
    }
}

/// Takes note of a whole header at the front of these bytes; how long it is, none while more of it is to come.
fn read(session: &mut Session, bytes: &[u8]) -> Result<Option<usize>, Fault> {
    let addresses = |(source, destination)| (Some(Endpoint::Inet(source)), Some(Endpoint::Inet(destination)));
    if let Preamble::NetScaler(magic) = session.preamble {
        return match netscaler::read(bytes, magic) {
            netscaler::Parsed::Partial => Ok(None),
            netscaler::Parsed::Invalid(fault) => Err(match fault {
                netscaler::Fault::Magic => Fault::CipMagic,
                netscaler::Fault::Protocol => Fault::CipProtocol,
                netscaler::Fault::Length => Fault::CipTruncated,
            }),
            netscaler::Parsed::Complete { consumed, ends } => {
                let (source, destination) = addresses(ends);
                session.set_ends(source, destination, false);
                Ok(Some(consumed))
            }
        };
    }
    match proxy::read(bytes) {
        Parsed::Partial => Ok(None),
        Parsed::Invalid(fault) => Err(named(fault)),
        Parsed::Complete { consumed, header } => {
            let (source, destination) = header.ends.map(addresses).unwrap_or_default();
            session.set_ends(source, destination, false);
            session.tlvs = header.tlvs.bytes().into();
            session.proxied = true;
            Ok(Some(consumed))
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
