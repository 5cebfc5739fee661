//! The lines of a transaction: which of its moments have one, at which level, and what is known of the stream then.

use std::io::Write;
use std::sync::atomic::Ordering::Relaxed;

use state::log::{Origin, Setup};
use state::options::Mode;
use state::rule::Act;
use state::{Side, Stream, World};

use super::{ERR, Entry, INFO};
use crate::exchange::Exchange;
use crate::listener;
use crate::worker::Worker;

/// Writes the frontend's line for this moment of the exchange, if there is to be one.
pub fn moment(x: &mut Exchange<'_>, at: Origin) {
    let setup: &Setup = &x.frontend.log;
    if setup.targets.is_empty() || !setup.moments.include(at, x.stream.logged) {
        return;
    }
    let options = &x.frontend.options;
    let nothing = x.stream.bytes_in == 0;
    let wrong = x.stream.went_wrong();
    let unwanted =
        (options.dont_log_normal && !wrong) || (at == Origin::Close && options.dont_log_null && nothing);
    if x.stream.silent || unwanted {
        return;
    }
    x.stream.logged = true;
    let level = level(x, wrong);
    match &setup.line {
        Some(line) => write(x, &Entry { setup, origin: at, level, profile: None, line: Some(line) }),
        None => connect_line(x, setup, level),
    }
    count_line(x);
}

/// Writes the line of a connection that ended before there was a valid request.
pub fn session_error(x: &mut Exchange<'_>) {
    let setup: &Setup = &x.frontend.log;
    if setup.targets.is_empty() || x.frontend.options.dont_log_null && x.stream.times.first_byte == 0 {
        return;
    }
    // It has been idle no longer than it lasted.
    if x.stream.times.first_byte == 0 {
        x.stream.times.first_byte = x.stream.times.begun;
    }
    let line = setup.error_line.as_deref().or(setup.line.as_deref());
    let level = level(x, true);
    write(x, &Entry { setup, origin: Origin::SessionError, level, profile: None, line });
    count_line(x);
}

/// Writes the line that a `do-log` rule asks for.
pub fn by_rule(worker: &Worker, act: &mut Act<'_>, profile: Option<u32>, origin: Origin) {
    let world: &World = act.world;
    let Some(frontend) = world.frontend(act.session.frontend) else { return };
    let setup: &Setup = &frontend.log;
    if setup.targets.is_empty() || act.stream.as_ref().is_some_and(|s| s.silent) {
        return;
    }
    act.session.log_origin = origin;
    // Bytes are summed up later.
    let mut bytes = (0, 0);
    if let Some(stream) = act.stream.as_deref_mut() {
        stream.counts = counts(world, stream);
        bytes = (std::mem::take(&mut stream.bytes_in), std::mem::take(&mut stream.bytes_out));
    }
    let level = act.stream.as_ref().and_then(|s| s.log_level).unwrap_or(INFO);
    let entry = Entry { setup, origin, level, profile, line: setup.line.as_deref() };
    worker.log.borrow_mut().record(&entry, &act.ctx());
    if let Some(stream) = act.stream.as_deref_mut() {
        (stream.bytes_in, stream.bytes_out) = bytes;
    }
}

fn write(x: &mut Exchange<'_>, entry: &Entry<'_>) {
    x.client.session.log_origin = entry.origin;
    x.stream.counts = counts(x.world, x.stream);
    // What came from the client is summed up at the end, like in HAProxy.
    let bytes_in = x.stream.bytes_in;
    if entry.origin != Origin::Close {
        x.stream.bytes_in = 0;
    }
    x.look(Side::Response, |cx| x.worker.log.borrow_mut().record(entry, cx));
    x.stream.bytes_in = bytes_in;
}

fn level(x: &Exchange<'_>, wrong: bool) -> u8 {
    let raised = x.frontend.options.log_separate_errors && wrong;
    x.stream.log_level.unwrap_or(if raised { ERR } else { INFO })
}

fn count_line(x: &Exchange<'_>) {
    if x.world.wants_line_count {
        x.frontend.live.logged.fetch_add(1, Relaxed);
    }
}

/// Connections at the time of logging: process, frontend, backend, server.
fn counts(world: &World, stream: &Stream) -> [u32; 4] {
    let backend = stream.backend.and_then(|b| world.backend(b));
    let server = stream.server.and_then(|s| backend?.server(s));
    [
        world.process.connections.now(),
        world.frontend(stream.frontend).map_or(0, |f| f.live.sessions.now()),
        backend.map_or(0, |b| b.live.sessions.now()),
        server.map_or(0, |s| s.live.sessions.now()),
    ]
}

/// The line of a frontend without a format: `Connect from 192.0.2.1:50000 to 192.0.2.2:80 (www/HTTP)`.
fn connect_line(x: &Exchange<'_>, setup: &Setup, level: u8) {
    let mut outbox = x.worker.log.borrow_mut();
    let source = x.source();
    let destination = x.destination().or_else(|| listener::endpoint(&x.client.sock.local_addr().ok()?));
    let destination = destination.unwrap_or(state::Endpoint::Unix);
    let mode = if x.frontend.mode == Mode::Http { "HTTP" } else { "TCP" };
    if source == state::Endpoint::Unix {
        let bind = x.frontend.binds.get(x.client.session.bind as usize);
        let id = bind.map_or(0, |bind| bind.id);
        let _ = write!(outbox.text(), "Connect to unix:{id} ({}/{mode})", x.frontend.name);
        outbox.send(x.world, &setup.targets, setup.tag.as_deref(), level);
        return;
    }
    // Writing to a vector can't fail.
    let _ = write!(
        outbox.text(),
        "Connect from {source}:{} to {destination}:{} ({}/{mode})",
        source.port(),
        destination.port(),
        x.frontend.name
    );
    outbox.send(x.world, &setup.targets, setup.tag.as_deref(), level);
}
