//! Streams to servers: joining a connection that is there, and making one of a new connection (manual 4.2 "http-reuse").

use std::io;
use std::rc::Rc;

use http::h1::Framing;
use http::h2::Role;
use http::header_value::has_token;
use http::{Known, Method};
use state::expr::Side;
use state::frontend::Proto;
use state::options::Reuse;
use state::{Backend, Server};

use super::back::Back;
use super::backs::Asks;
use super::channel::Upgrade;
use super::mux::Mux;
use super::{Channel, Joint};
use crate::connect::Failed;
use crate::exchange::{Exchange, Upstream, deadline};
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
pub fn is_due(x: &Exchange<'_>, upstream: &Upstream<'_>) -> bool {
    let websocket = is_websocket(x);
    if upstream.joint.is_some() || upstream.served > 0 || !upstream.server.may_speak_http2(websocket) {
        return false;
    }
    let negotiated =
        || upstream.sock.with_tls(|connection| connection.alpn_protocol() == Some(b"h2")) == Some(true);
    upstream.server.spoken(websocket) == Proto::Http2 || negotiated()
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
    let request = &x.stream.request;
    let Some(protocol) = request.find(Known::Upgrade).filter(|_| x.upgrades) else {
        return channel.ask(request, None);
    };
    let knows = channel.mux().look().peer().connect_protocol;
    if !knows || request.method() != Method::Get || x.framing != Framing::None {
        channel.abandon();
        return true;
    }
    let accept = request.find(Known::SecWebsocketKey).map(keywords::websocket::accept);
    channel.ask(request, Some(Upgrade { protocol: protocol.into(), accept }))
}

/// Waits for the server's settings, where whether it can serve the request depends on them; not longer than a connection
/// may take.
pub async fn await_settings(x: &Exchange<'_>, joint: &Joint) {
    let (mux, until) = (joint.channel.mux(), deadline(x.connect_timeout()));
    while x.upgrades && !mux.look().is_greeted() && !joint.back.is_retired() {
        mux.await_settings();
        let woken = net::wait(|w| {
            w.notified().until(until);
        });
        if woken.await.timed_out() {
            return;
        }
    }
}

/// Whether the request asks for a WebSocket.
pub fn is_websocket(x: &Exchange<'_>) -> bool {
    x.upgrades
        && x.stream.request.find(Known::Upgrade).is_some_and(|protocols| has_token(protocols, b"websocket"))
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
