//! To the server: choosing one, waiting for a place in it, a connection to it, and the request on its way; again and
//! elsewhere when that fails (manual 4.2 "retries", "option redispatch").

use std::io;

use net::{Addr, Sock};
use state::family::inside::Step;
use state::fault::Fault;
use state::options::{RetryOn, Reuse};
use state::server::{Address, Port};
use state::termination::{Cause, Phase};
use state::{Backend, Server};

use crate::assign::{assign, no_server, redispatched};
use crate::exchange::{Exchange, Stop, Upstream, deadline};
use crate::failure::Failure;
use crate::h2::join;
use crate::idle::Lease;
use crate::listener::endpoint;
use crate::pump::Broken;
use crate::secure::Secured;
use crate::session::Own;
use crate::{borrow, dial, forward, observe};
use crate::{persist, preface, redir, secure, socks4, spelling};

/// A pause before trying the same server again.
const TURN_AROUND_MS: u64 = 1000;

/// The process has no more file descriptors.
const EMFILE: i32 = 24;

/// What goes first on a new connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum First {
    /// The request's head, with as much of the body as was read.
    Head,
    /// What was read from the client, if anything: `mode tcp`.
    Bytes,
}

/// Gets a server connection and sends on it what goes first.
pub async fn open(x: &mut Exchange<'_>, first: First) -> Result<(), Stop> {
    let Some(backend) = x.backend else { return Err(no_server()) };
    let mut preface = Vec::new();
    // Nothing of an attempt on a connection that had died counts.
    x.stream.times.connected = 0;
    loop {
        // What broke an earlier connection says nothing of the next one.
        (x.server_broke, x.stream.server_fault) = (false, None);
        let server = match x.places.server() {
            Some(server) => server,
            None => elsewhere(x, backend).await?,
        };
        if let Some(cause) = x.doom() {
            return Err(Failed::Killed(cause).failure().into());
        }
        if first == First::Head {
            redir::instead(x, server)?;
        }
        preface::write(x, server, &mut preface);
        let name = secure::name(x, server);
        let key = preface::key(x, server, &preface, name.as_deref());
        let failed = match obtain(x, backend, server, first, key).await {
            Ok(upstream) => match transmit(x, upstream, first, &preface, name.as_deref()).await {
                Ok(()) => {
                    observe::connected(server);
                    return Ok(());
                }
                Err(failed) => failed,
            },
            Err(error) => {
                let told = error.raw_os_error().map(Fault::System);
                x.stream.server_fault = told.or_else(|| socks4::fault(server, &error));
                refused(&error)
            }
        };
        if failed == Failed::Stale {
            continue;
        }
        let failed = match failed {
            Failed::Refused | Failed::TimedOut if has_left(x) => Failed::Left,
            other => other,
        };
        if matches!(failed, Failed::Killed(_) | Failed::Left) {
            x.places.leave_server();
            return Err(failed.failure().into());
        }
        x.count(|c| c.connection_errors.add(1));
        observe::unconnected(x, backend, server);
        let lasts = failed == Failed::Unable || !backend.options.retry_on.has(RetryOn::CONN_FAILURE);
        if lasts || !again(x, backend) {
            x.places.leave_server();
            return Err(failed.failure().into());
        }
        // What refused a moment ago will do so again.
        let alone = x.places.server().is_some() || backend.usable_actives() <= 1;
        if failed == Failed::Refused && alone {
            let pause = x.connect_timeout().map_or(TURN_AROUND_MS, |c| u64::from(c).min(TURN_AROUND_MS));
            if pause_unless_left(x, pause).await {
                // The attempt that was to come was none.
                x.stream.retries -= 1;
                x.places.leave_server();
                return Err(Failed::Left.failure().into());
            }
        }
    }
}

/// A place in a server for the first attempt, or for one that goes to another server than the last one.
async fn elsewhere<'x>(x: &mut Exchange<'x>, backend: &'x Backend) -> Result<&'x Server, Stop> {
    let Some(avoid) = x.stream.server.filter(|_| x.stream.retries > 0) else {
        return assign(x, backend, None).await;
    };
    let server = assign(x, backend, Some(avoid)).await?;
    if x.stream.server == Some(avoid) {
        x.count(|c| c.retries.add(1));
    } else {
        redispatched(x);
    }
    Ok(server)
}

/// Whether one more attempt is allowed; counts it, and gives up the place in the server if it is to go elsewhere.
pub fn again(x: &mut Exchange<'_>, backend: &Backend) -> bool {
    let most = x.stream.max_retries.unwrap_or(backend.retries);
    if x.stream.retries >= most {
        return false;
    }
    x.stream.retries += 1;
    let retries = x.stream.retries;
    x.note(|stream| stream.retries = retries);
    let redispatch = backend.options.redispatch;
    let gone = x.places.server().is_some_and(|server| !server.is_up());
    // Where any server is as good as another, there is no reason to insist.
    let led = x.persistence.server.is_some();
    let free = || !led && !backend.balance.is_sticky() && backend.usable_actives() > 1;
    if redispatch.is_on() && (gone || redispatch.is_due(x.stream.retries, most) || free()) {
        x.places.leave_server();
        persist::redispatch(x);
    } else {
        x.count(|c| c.retries.add(1));
    }
    true
}

/// Whether the client is known to have gone: nothing is tried once more for it then.
fn has_left(x: &Exchange<'_>) -> bool {
    let left = x.heeds_leaving() && x.client.sock.hup_seen();
    if left {
        x.count(|c| c.client_aborts.add(1));
    }
    left
}

/// Lets some time pass; true if the client goes meanwhile.
async fn pause_unless_left(x: &Exchange<'_>, ms: u64) -> bool {
    let until = net::now().plus_millis(ms);
    if !x.heeds_leaving() {
        net::sleep_until(until).await;
        return false;
    }
    let woken = net::wait(|w| {
        w.hup(&x.client.sock).until(until);
    });
    let left = woken.await.any_ready();
    if left {
        x.count(|c| c.client_aborts.add(1));
    }
    left
}

/// Why a connection attempt came to nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failed {
    /// An idle connection had died: another one will do, and it doesn't count.
    Stale,
    Refused,
    TimedOut,
    /// An administrator ended it.
    Killed(Cause),
    /// The process lacks something: descriptors, ports, memory.
    Resource,
    /// The system has no such protocol.
    Unable,
    /// The client is gone.
    Left,
}

impl Failed {
    const fn failure(self) -> Failure {
        match self {
            Self::Stale | Self::Refused => Failure::new(Cause::SERVER, Phase::CONNECT, 503),
            Self::TimedOut => Failure::new(Cause::SERVER_TIMEOUT, Phase::CONNECT, 503),
            Self::Killed(cause) => Failure::silent(cause, Phase::CONNECT),
            Self::Resource => Failure::new(Cause::RESOURCE, Phase::CONNECT, 503),
            Self::Unable => Failure::new(Cause::INTERNAL, Phase::CONNECT, 500),
            Self::Left => Failure::silent(Cause::CLIENT, Phase::CONNECT),
        }
    }
}

fn refused(error: &io::Error) -> Failed {
    match error.raw_os_error() {
        // EMFILE, ENFILE, ENOBUFS, ENOMEM, EADDRNOTAVAIL
        Some(24 | 23 | 105 | 12 | 99) => Failed::Resource,
        // ENOPROTOOPT, EPROTONOSUPPORT, EAFNOSUPPORT
        Some(92 | 93 | 97) => Failed::Unable,
        None if error.kind() == io::ErrorKind::TimedOut => Failed::TimedOut,
        _ => Failed::Refused,
    }
}

/// An idle connection to the server if one may be used, a new one otherwise.
async fn obtain<'x>(
    x: &mut Exchange<'x>,
    backend: &'x Backend,
    server: &'x Server,
    first: First,
    key: u64,
) -> io::Result<Upstream<'x>> {
    if first == First::Head
        && server.may_speak_http2(join::is_websocket(x))
        && let Some(joined) = join::shared(x, backend, server, key)?
    {
        note_ends(x, &joined.sock);
        return Ok(joined);
    }
    let keep = first == First::Head && x.keeps_server();
    if keep && let Some((sock, served, lease, private)) = idle(x, backend, server, key).await {
        x.stream.reused_connection = true;
        note_ends(x, &sock);
        if let Some(block) = server.live.counters.of(x.worker.number) {
            block.reuses.add(1);
        }
        let ticket = x.worker.at_work.enter(server.live.uid);
        return Ok(Upstream {
            lease: Some(lease),
            joint: None,
            sock,
            server,
            ticket,
            served,
            keep,
            key,
            private,
        });
    }
    x.stream.reused_connection = false;
    let lease = x.worker.idle.lease(server, false);
    if let Some(block) = server.live.counters.of(x.worker.number) {
        block.connections.add(1);
    }
    let to = address(x, server)?;
    let hop = socks4::first_hop(server.socks4, &to);
    if x.world.wants_server_ends {
        x.stream.server_destination = endpoint(&hop);
    }
    let sock = match dial::connect(x, backend, server, &hop) {
        // An idle connection to whatever server is worth less than one that is needed.
        Err(error) if error.raw_os_error() == Some(EMFILE) && x.worker.idle.shed() => {
            dial::connect(x, backend, server, &hop)?
        }
        opened => opened?,
    };
    note_ends(x, &sock);
    if server.socks4.is_some() {
        socks4::ask(&sock, &to, deadline(x.connect_timeout())).await?;
    }
    let ticket = x.worker.at_work.enter(server.live.uid);
    let (lease, joint) = (Some(lease), None);
    Ok(Upstream { sock, server, lease, joint, ticket, served: 0, keep, key, private: false })
}

async fn idle<'x>(
    x: &mut Exchange<'x>,
    backend: &Backend,
    server: &'x Server,
    key: u64,
) -> Option<(Sock, u32, Lease<'x>, bool)> {
    if let Some((sock, served)) = x.client.take_own(server, key).and_then(Own::take) {
        let lease = x.worker.idle.lease(server, true);
        if sock.is_alive() {
            return Some((sock, served, lease, true));
        }
    }
    let first = x.client.session.requests <= 1;
    let proven = match backend.options.reuse {
        Reuse::Never => return None,
        Reuse::Safe if first => return None,
        Reuse::Aggressive => first,
        Reuse::Safe | Reuse::Always => false,
    };
    let shared = match x.worker.idle.take(server, key, proven) {
        None if key == 0 => borrow::ask(x, server, proven).await,
        own => own,
    };
    shared.map(|(sock, served, lease)| (sock, served, lease, false))
}

/// Where to connect.
pub fn address(x: &Exchange<'_>, server: &Server) -> io::Result<Addr> {
    match &*server.address() {
        Address::Inet(at) => {
            let mut at = *at;
            if at.ip().is_unspecified()
                && let Some(ip) = x.destination().and_then(|d| d.ip())
            {
                at.set_ip(ip);
            }
            if let Port::Mapped(offset) = server.port() {
                let base = x.destination().map_or(0, |d| i32::from(d.port()));
                at.set_port(u16::try_from(base + offset).unwrap_or(0));
            }
            Ok(Addr::from(at))
        }
        Address::Unix(path) => match path.strip_prefix('\0') {
            Some(name) => Addr::abnsz(name.as_bytes()),
            None => Addr::unix(path.as_bytes()),
        },
        Address::Unresolved(_) => Err(io::ErrorKind::AddrNotAvailable.into()),
    }
}

/// Sends the head. On a new connection the first write is tried at once and completed when the connection stands.
async fn transmit<'x>(
    x: &mut Exchange<'x>,
    upstream: Upstream<'x>,
    first: First,
    preface: &[u8],
    name: Option<&str>,
) -> Result<(), Failed> {
    let secured = secure::secure(x, &upstream, first, preface, name).await?;
    let before = x.up.moved;
    let preface = if secured == Secured::Not { preface } else { &[][..] };
    let upstream = if first == First::Head && join::is_due(x, &upstream) {
        if secured == Secured::Not && !established(x, &upstream).await? {
            return Err(Failed::Refused);
        }
        join::become_shared(x, upstream, preface)?
    } else {
        upstream
    };
    let preface = if upstream.joint.is_some() { &[][..] } else { preface };
    if let Some(joint) = &upstream.joint {
        join::await_settings(x, joint).await;
    }
    let sent = send_first(x, &upstream, first, preface)?;
    let stale = upstream.served > 0;
    let refused = if stale { Failed::Stale } else { Failed::Refused };
    match sent {
        Err(broken @ Broken::Destination(_)) => {
            forward::note_fault(x, &broken);
            return Err(refused);
        }
        Err(_) => return Err(Failed::Refused),
        Ok(()) => {}
    }
    if !stale && upstream.joint.is_none() && x.up.moved == before {
        let failed = !established(x, &upstream).await? || x.up.push(&upstream.sock).is_err();
        // Once something went out the server may have acted on it: then its answer, or the lack of it, counts.
        if failed && x.up.moved == before {
            x.up.forget_head();
            return Err(Failed::Refused);
        }
    }
    if secured == Secured::Ahead {
        secure::finish(x, &upstream).await.inspect_err(|_| x.up.forget_head())?;
    }
    x.stream.times.connected = net::now().as_nanos();
    let socket = Some(upstream.sock.descriptor());
    x.stream.link.socket = socket;
    x.note(|stream| (stream.sockets[1], stream.step) = (socket, Step::Connected));
    x.upstream = Some(upstream);
    Ok(())
}

/// Waits until a new connection stands, or is found not to; false then, with the fault noted.
async fn established(x: &mut Exchange<'_>, upstream: &Upstream<'_>) -> Result<bool, Failed> {
    let until = deadline(x.connect_timeout());
    let heeds = x.heeds_leaving();
    let woken = loop {
        let woken = net::wait(|w| {
            w.write(&upstream.sock).notified().until(until);
            if heeds {
                w.hup(&x.client.sock);
            }
        })
        .await;
        if let Some(cause) = upstream.ticket.doom() {
            x.up.forget_head();
            return Err(Failed::Killed(cause));
        }
        // A word from the queue that came too late says nothing of the connection.
        if woken.any_ready() || woken.timed_out() {
            break woken;
        }
    };
    if woken.ready(1) && !woken.ready(0) {
        x.up.forget_head();
        x.count(|c| c.client_aborts.add(1));
        return Err(Failed::Left);
    }
    if woken.timed_out() && !woken.any_ready() {
        x.up.forget_head();
        return Err(Failed::TimedOut);
    }
    let fault = upstream.sock.take_error().err();
    x.stream.server_fault = fault.as_ref().and_then(io::Error::raw_os_error).map(Fault::System);
    Ok(fault.is_none())
}

/// Hands what goes first to a connection; what became of that.
fn send_first(
    x: &mut Exchange<'_>,
    upstream: &Upstream<'_>,
    first: First,
    preface: &[u8],
) -> Result<Result<(), Broken>, Failed> {
    let mut out = x.worker.out.borrow_mut();
    out.clear();
    if upstream.served == 0 {
        out.extend_from_slice(preface);
    }
    if first == First::Head {
        if let Some(header) = x.backend.and_then(|b| b.options.send_name.as_deref()) {
            let told = x.stream.request.set_header(header, upstream.server.name.as_bytes());
            told.map_err(|http::Full| Failed::Resource)?;
        }
        match &upstream.joint {
            None => spelling::request(x, &mut out),
            Some(joint) if join::send_head(x, &joint.channel) => {}
            Some(_) if upstream.served > 0 => return Err(Failed::Stale),
            Some(_) => return Err(Failed::Refused),
        }
    }
    Ok(x.up.send_head(&mut out, &upstream.sock))
}

/// Keeps the ends of the server's connection, where something asks for them.
fn note_ends(x: &mut Exchange<'_>, sock: &Sock) {
    if !x.world.wants_server_ends {
        return;
    }
    let end = |addr: io::Result<Addr>| addr.ok().as_ref().and_then(endpoint);
    x.stream.server_source = end(sock.local_addr());
    // One that does not stand yet has no peer: it goes where it was told to.
    if let Some(peer) = end(sock.peer_addr()) {
        x.stream.server_destination = Some(peer);
    }
}
