//! Streams to servers: joining a connection that is there, and making one of a new connection (manual 4.2 "http-reuse").

use std::io;
use std::rc::Rc;

use http::h2::Role;
use state::expr::Side;
use state::frontend::Proto;
use state::options::Reuse;
use state::{Backend, Server};

use super::back::Back;
use super::backs::Asks;
use super::mux::Mux;
use super::{Channel, Joint};
use crate::connect::Failed;
use crate::exchange::{Exchange, Upstream};
use crate::idle::Idle;

/// How long the end of a response is waited for that is there already.
const PATIENCE_MS: u64 = 1000;

/// A stream on a connection to the server that may be shared, if there is one.
///
/// # Errors
/// There are as many streams as there can be.
pub fn shared<'x>(
    x: &mut Exchange<'x>,
    backend: &Backend,
    server: &'x Server,
    key: u64,
) -> io::Result<Option<Upstream<'x>>> {
    let session = &x.client.session;
    let (crowd, first, reuse) = (session.crowd, session.requests <= 1, backend.options.reuse);
    let Some(back) = x.worker.backs.find(server, Asks { key, crowd, first, reuse }) else { return Ok(None) };
    let served = back.begun();
    let (channel, sock) = back.open(crowd_of(x, reuse))?;
    x.stream.reused_connection = true;
    if let Some(block) = server.live.counters.of(x.worker.number) {
        block.reuses.add(1);
    }
    let ticket = x.worker.at_work.enter(server.live.uid);
    let joint = Some(Joint { channel, back });
    Ok(Some(Upstream { sock, server, lease: None, joint, ticket, served, keep: false, key, private: false }))
}

/// Whether a new connection, as far as it was negotiated, speaks HTTP/2.
pub fn is_due(upstream: &Upstream<'_>) -> bool {
    if upstream.joint.is_some() || upstream.served > 0 || !upstream.server.may_speak_http2() {
        return false;
    }
    let negotiated =
        || upstream.sock.with_tls(|connection| connection.alpn_protocol() == Some(b"h2")) == Some(true);
    upstream.server.proto == Proto::Http2 || negotiated()
}

/// Makes a connection that stands one for several streams, and begins the first of them. `preface`: what goes in front of
/// everything.
pub fn become_shared<'x>(
    x: &mut Exchange<'x>,
    upstream: Upstream<'x>,
    preface: &[u8],
) -> Result<Upstream<'x>, Failed> {
    let (Some(backend), Upstream { sock, server, lease, ticket, key, .. }) = (x.backend, upstream) else {
        return Err(Failed::Resource);
    };
    if let Some(lease) = lease {
        Idle::hand_over(lease);
    }
    let mux = Mux::new(Role::Client, x.world, x.limits(Side::Response), sock);
    mux.connection().out().splice(0..0, preface.iter().copied());
    let back = Back::start((x.world, backend, server), &x.worker.backs, mux, key, x.server_timeout());
    let reuse = backend.options.reuse;
    let opened = back.open(crowd_of(x, reuse));
    let (channel, sock) = opened.map_err(|_| Failed::Resource)?;
    if reuse == Reuse::Never {
        back.keep_for(x.client.session.crowd);
    }
    let joint = Some(Joint { channel, back });
    Ok(Upstream { sock, server, lease: None, joint, ticket, served: 0, keep: false, key, private: false })
}

/// The client for whom alone a connection is while it serves it, where that is so; 0 where not.
fn crowd_of(x: &mut Exchange<'_>, reuse: Reuse) -> u64 {
    let session = &mut x.client.session;
    if session.crowd == 0 {
        session.crowd = x.worker.backs.next_crowd();
    }
    match reuse {
        Reuse::Never | Reuse::Safe => session.crowd,
        Reuse::Aggressive | Reuse::Always => 0,
    }
}

/// Sends the head of the request; false where the connection takes it no more.
pub fn send_head(x: &Exchange<'_>, channel: &Rc<Channel>) -> bool {
    let scheme: &[u8] = if x.client.session.tls.is_some() { b"https" } else { b"http" };
    channel.ask(&x.stream.request, scheme)
}

/// Waits a moment for the end of a stream whose response is complete as far as its head told: a server may say that in a
/// frame of its own, and to reset the stream in front of it looks like a client that went.
pub async fn see_end(x: &Exchange<'_>) {
    let Some((upstream, joint)) = x.upstream.as_ref().and_then(|u| Some((u, u.joint.as_ref()?))) else {
        return;
    };
    let until = x.timeouts_server().min(net::now().plus_millis(PATIENCE_MS));
    let mut sink = [0; 1024];
    while !joint.channel.has_ended() {
        match upstream.sock.try_read(&mut sink) {
            Ok(1..) => continue,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Ok(0) | Err(_) => return,
        }
        let woken = net::wait(|w| {
            w.read(&upstream.sock).until(until);
        });
        if woken.await.timed_out() {
            return;
        }
    }
}
