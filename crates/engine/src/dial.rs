//! How a connection to a server is opened: from which address, through which device, tuned how (manual 4.2 "source", 5.2).

use std::hash::{Hash as _, Hasher};
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use net::{Addr, ConnectOptions, Holds, Keepalive, Sock};
use state::link::{Packets, Presents, Probes};
use state::world::{Global, SocketHolds};
use state::{Backend, Endpoint, Server};

use crate::exchange::Exchange;

/// How many ports of a range are tried for one connection.
const PORTS_TRIED: u16 = 256;

/// Opens a connection for an exchange.
pub fn connect(x: &Exchange<'_>, backend: &Backend, server: &Server, to: &Addr) -> io::Result<Sock> {
    let mut options = plain(&x.world.global, backend, server);
    let Packets { mark, tos } = x.stream.packets;
    (options.mark, options.tos) = (mark, tos);
    if let Some(from) = presented(x, server) {
        options.source = Some(from.into());
        options.transparent = true;
        return tune(backend, Sock::connect(to, &options)?);
    }
    tune(backend, from_own(server, to, options)?)
}

/// A connection that we close first ends by a reset, as HAProxy's do: no server waits for our end, and no port of ours for
/// its packets. `option nolinger`: so it is whenever it is closed.
fn tune(backend: &Backend, sock: Sock) -> io::Result<Sock> {
    sock.reset_unless_ended()?;
    if backend.options.no_linger {
        sock.set_linger_zero()?;
    }
    Ok(sock)
}

/// Opens a connection that is nobody's: a health check. One that is `mute`, which only asks whether somebody listens,
/// holds back the ACK that would make it a connection: reset by then, the server's program never sees it.
pub fn check(global: &Global, backend: &Backend, server: &Server, to: &Addr, mute: bool) -> io::Result<Sock> {
    let mut options = plain(global, backend, server);
    options.quickack_off |= mute;
    from_own(server, to, options)
}

/// What holds for all connections to a server.
fn plain(global: &Global, backend: &Backend, server: &Server) -> ConnectOptions {
    let options = &backend.options;
    ConnectOptions {
        interface: server.source.as_ref().and_then(|s| s.interface.clone()),
        holds: holds(&global.server_holds),
        user_timeout: server.user_timeout_ms.map(|ms| Duration::from_millis(u64::from(ms))),
        keepalive: options.server_keepalive.then(|| keepalive(&options.server_probes)),
        fast_open: server.fast_open,
        congestion: server.congestion.as_ref().map(Arc::clone),
        quickack_off: options.smart_connect,
        namespace: server.namespace.as_ref().map(Arc::clone),
        mptcp: server.multipath,
        md5: server.md5.as_ref().map(Arc::clone),
        ..ConnectOptions::default()
    }
}

/// What the kernel may hold of a connection.
pub fn holds(given: &SocketHolds) -> Holds {
    let SocketHolds { received, sent, unsent } = *given;
    Holds { received, sent, unsent }
}

/// From the address that `source` gives, with one port of its range after the other until one is free.
fn from_own(server: &Server, to: &Addr, mut options: ConnectOptions) -> io::Result<Sock> {
    let Some(source) = &server.source else { return Sock::connect(to, &options) };
    options.source = source.address.map(Addr::from);
    let Some(ports) = &source.ports else { return Sock::connect(to, &options) };
    let any = match to {
        Addr::V6(_) => IpAddr::from(std::net::Ipv6Addr::UNSPECIFIED),
        _ => IpAddr::from(std::net::Ipv4Addr::UNSPECIFIED),
    };
    let ip = source.address.map_or(any, |address| address.ip());
    let mut last = io::Error::from(io::ErrorKind::AddrNotAvailable);
    for _ in 0..ports.count().min(PORTS_TRIED) {
        options.source = Some(Addr::ip_port(ip, ports.next()));
        match Sock::connect(to, &options) {
            Err(error)
                if matches!(error.kind(), io::ErrorKind::AddrInUse | io::ErrorKind::AddrNotAvailable) =>
            {
                last = error;
            }
            opened => return opened,
        }
    }
    Err(last)
}

/// Whom the connection is to seem to come from, if not from this machine.
fn presented(x: &Exchange<'_>, server: &Server) -> Option<SocketAddr> {
    let client = || match x.source() {
        Endpoint::Inet(address) => Some(address),
        Endpoint::Unix => None,
    };
    match server.presents() {
        Presents::Ourselves => None,
        Presents::Address(address) => Some(*address),
        Presents::Client => client(),
        Presents::ClientIp => Some(SocketAddr::new(client()?.ip(), 0)),
        Presents::Header { name, occurrence } => {
            let value = x.stream.request.value_at(&**name, *occurrence)?.bytes;
            let address = std::str::from_utf8(value).ok()?.trim().parse().ok()?;
            Some(SocketAddr::new(address, 0))
        }
    }
}

/// Adds to `hasher` what of a connection comes from its exchange; whether there is anything of that kind.
pub fn distinguish(x: &Exchange<'_>, server: &Server, hasher: &mut impl Hasher) -> bool {
    let marked = x.stream.packets != Packets::NONE;
    let presents = *server.presents() != Presents::Ourselves;
    if marked {
        x.stream.packets.hash(hasher);
    }
    if presents {
        presented(x, server).hash(hasher);
    }
    marked || presents
}

/// Keep-alive probes as the network has them.
pub fn keepalive(probes: &Probes) -> Keepalive {
    let seconds = |s: u32| Duration::from_secs(u64::from(s));
    Keepalive {
        idle: probes.idle_s.map(seconds),
        interval: probes.interval_s.map(seconds),
        count: probes.count,
    }
}
