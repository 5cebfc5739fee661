//! A connection to a server through a SOCKS4 proxy (manual 5.2 "socks4"). Knows no exchange: health checks go this way, too.

use std::io;
use std::net::SocketAddr;

use net::{Addr, Sock, Time};
use state::Server;
use state::fault::Fault;
use wire::socks4::{ANSWER, is_granted, request};

/// Where to connect to reach this address of a server: itself, or the proxy on the way.
pub fn first_hop(via: Option<SocketAddr>, to: &Addr) -> Addr {
    via.map_or(*to, Addr::from)
}

/// Why there is no way through the proxy, if the system has nothing to say of it.
pub fn fault(server: &Server, error: &io::Error) -> Option<Fault> {
    server.socks4?;
    match error.kind() {
        _ if error.raw_os_error().is_some() => None,
        io::ErrorKind::PermissionDenied => Some(Fault::SocksDenied),
        io::ErrorKind::UnexpectedEof => Some(Fault::SocksBroken),
        _ => None,
    }
}

/// Asks the proxy at the other end for a connection to `to`, which must be one of IPv4, and waits for its answer.
///
/// # Errors
/// `PermissionDenied` when it refuses, `UnexpectedEof` when it ends or breaks, `TimedOut`.
pub async fn ask(sock: &Sock, to: &Addr, until: Time) -> io::Result<()> {
    let Some(SocketAddr::V4(to)) = to.socket_addr() else {
        return Err(io::ErrorKind::Unsupported.into());
    };
    let woken = net::wait(|w| {
        w.write(sock).until(until);
    });
    if woken.await.timed_out() {
        return Err(io::ErrorKind::TimedOut.into());
    }
    sock.take_error()?;
    let asked = request(to);
    // A new connection takes so little at once.
    if sock.try_write(&asked)? != asked.len() {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    let answer = answer(sock, until).await?;
    if is_granted(&answer) { Ok(()) } else { Err(io::ErrorKind::PermissionDenied.into()) }
}

async fn answer(sock: &Sock, until: Time) -> io::Result<[u8; ANSWER]> {
    let mut answer = [0; ANSWER];
    let mut got = 0;
    while let Some(space) = answer.get_mut(got..).filter(|space| !space.is_empty()) {
        match sock.try_read(space) {
            Ok(n @ 1..) => got += n,
            Err(e) if e.kind() == io::ErrorKind::WouldBlock => {
                let woken = net::wait(|w| {
                    w.read(sock).until(until);
                });
                if woken.await.timed_out() {
                    return Err(io::ErrorKind::TimedOut.into());
                }
            }
            Ok(_) | Err(_) => return Err(io::ErrorKind::UnexpectedEof.into()),
        }
    }
    Ok(answer)
}
