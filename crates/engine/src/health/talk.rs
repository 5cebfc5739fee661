//! A check's connection: opening, writing, reading, each with a deadline.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use net::{Addr, Sock, Time};
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use state::server::{Address, Check};
use state::world::Global;
use state::{Backend, Server};

use super::http2::Http2;
use crate::{dial, socks4};

/// What ended the talk.
pub(super) enum Broken {
    Late,
    Error(io::Error),
    /// TLS came to nothing; `None`: for want of time.
    Tls(Option<net::tls::Fault>),
}

/// A connection of a check.
pub(super) struct Talk {
    sock: Sock,
    pub until: Time,
    /// What goes out with the first bytes.
    preface: Vec<u8>,
    linger: bool,
    /// Whether anything was exchanged.
    used: bool,
    /// How it speaks HTTP/2, if it does.
    http2: Option<Box<Http2>>,
}

/// Where to connect, where that differs from what the server's line says.
#[derive(Clone, Debug, Default)]
pub(super) struct Place {
    pub address: Option<IpAddr>,
    pub port: Option<u16>,
    /// The SOCKS4 proxy on the way.
    pub via: Option<SocketAddr>,
    /// Nothing will be exchanged.
    pub mute: bool,
    /// How TLS is spoken there, if it is, and with whom.
    pub tls: Option<(Arc<ClientConfig>, ServerName<'static>)>,
}

/// Why there is no connection: `made` says whether at least the socket was.
pub(super) struct Refused {
    pub made: bool,
    pub why: Broken,
}

impl Talk {
    /// Connects and waits until it stands. `send_proxy`: the version of the PROXY protocol to begin with.
    pub(super) async fn open(
        global: &Global,
        (backend, server): (&Backend, &Server),
        check: &Check,
        place: Place,
        send_proxy: Option<u8>,
        linger: bool,
    ) -> Result<Self, Refused> {
        let begun = net::now();
        let inter = u64::from(check.pace.inter);
        let connect = backend.timeouts.connect.map_or(inter, |c| u64::from(c).min(inter));
        let (connect_until, until) = match check.timeout_ms.map(u64::from) {
            Some(ms) => (begun.plus_millis(connect), begun.plus_millis(connect + ms)),
            None => (begun.plus_millis(inter), begun.plus_millis(inter)),
        };
        let opened = address(server, check, &place).and_then(|at| {
            let hop = socks4::first_hop(place.via, &at);
            Ok((dial::check(global, backend, server, &hop, place.mute && place.via.is_none())?, at))
        });
        let (sock, at) = match opened {
            Ok(opened) => opened,
            Err(error) => {
                let made = error.raw_os_error().is_some() && !matches!(*server.address(), Address::Unix(_));
                return Err(Refused { made, why: Broken::Error(error) });
            }
        };
        let woken = net::wait(|w| {
            w.write(&sock).until(connect_until);
        })
        .await;
        if woken.timed_out() {
            return Err(Refused { made: true, why: Broken::Late });
        }
        if let Err(error) = sock.take_error() {
            return Err(Refused { made: true, why: Broken::Error(error) });
        }
        if place.via.is_some()
            && let Err(error) = socks4::ask(&sock, &at, connect_until).await
        {
            let late = error.kind() == io::ErrorKind::TimedOut;
            return Err(Refused { made: true, why: if late { Broken::Late } else { Broken::Error(error) } });
        }
        let mut preface = preface(&sock, send_proxy);
        if let Some((config, name)) = place.tls {
            let begun = std::mem::take(&mut preface);
            match net::tls::connect(&sock, config, name, &begun, until).await {
                Ok(()) => {}
                Err(net::tls::Fault::Timeout) => return Err(Refused { made: true, why: Broken::Tls(None) }),
                Err(fault) => return Err(Refused { made: true, why: Broken::Tls(Some(fault)) }),
            }
        }
        Ok(Self { sock, until, preface, linger, used: false, http2: None })
    }

    pub(super) fn speaks_tls(&self) -> bool {
        self.sock.is_tls()
    }

    /// Has it speak HTTP/2 where that was negotiated, or is `forced`: requests and answers stay those of HTTP/1.
    pub(super) fn speak_http2(&mut self, forced: bool) {
        let negotiated = self.sock.with_tls(|connection| connection.alpn_protocol() == Some(b"h2"));
        if forced || negotiated == Some(true) {
            self.http2 = Some(Box::new(Http2::new(negotiated.is_some())));
        }
    }

    /// Writes all of it.
    pub(super) async fn write(&mut self, bytes: &[u8]) -> Result<(), Broken> {
        let Some(http2) = self.http2.as_mut() else { return self.write_raw(bytes).await };
        http2.ask(bytes).map_err(Broken::Error)?;
        let due = http2.due();
        self.write_raw(&due).await
    }

    async fn write_raw(&mut self, bytes: &[u8]) -> Result<(), Broken> {
        let mut out = std::mem::take(&mut self.preface);
        out.extend_from_slice(bytes);
        self.used = true;
        let mut sent = 0;
        while let Some(left) = out.get(sent..).filter(|l| !l.is_empty()) {
            match self.sock.try_write(left) {
                Ok(n) => sent += n,
                Err(e) if e.kind() == io::ErrorKind::WouldBlock => {
                    let woken = net::wait(|w| {
                        w.write(&self.sock).until(self.until);
                    });
                    if woken.await.timed_out() {
                        return Err(Broken::Late);
                    }
                }
                Err(error) => return Err(Broken::Error(error)),
            }
        }
        Ok(())
    }

    /// Appends what comes next to `input`; false at the end, or when `most` bytes are there.
    pub(super) async fn read(&mut self, input: &mut Vec<u8>, most: usize) -> Result<bool, Broken> {
        if self.http2.is_none() {
            return self.read_raw(input, most).await;
        }
        let before = input.len();
        loop {
            if self.http2.as_ref().is_some_and(|http2| http2.is_ended()) || input.len() >= most {
                return Ok(false);
            }
            let mut came = Vec::new();
            if !self.read_raw(&mut came, most).await? {
                return Ok(false);
            }
            let Some(http2) = self.http2.as_mut() else { return Ok(false) };
            http2.take(&came, input).map_err(Broken::Error)?;
            let due = http2.due();
            self.write_raw(&due).await?;
            if input.len() > before {
                return Ok(true);
            }
        }
    }

    async fn read_raw(&mut self, input: &mut Vec<u8>, most: usize) -> Result<bool, Broken> {
        if !self.preface.is_empty() {
            self.write_raw(&[]).await?;
        }
        self.used = true;
        let mut room = [0u8; 4096];
        loop {
            let free = most.saturating_sub(input.len()).min(room.len());
            if free == 0 {
                return Ok(false);
            }
            match self.sock.try_read(room.get_mut(..free).unwrap_or_default()) {
                Ok(0) => return Ok(false),
                Ok(n) => {
                    input.extend_from_slice(room.get(..n).unwrap_or_default());
                    return Ok(true);
                }
                Err(e) if e.kind() == io::ErrorKind::WouldBlock => {
                    let woken = net::wait(|w| {
                        w.read(&self.sock).until(self.until);
                    });
                    if woken.await.timed_out() {
                        return Err(Broken::Late);
                    }
                }
                Err(error) => return Err(Broken::Error(error)),
            }
        }
    }

    /// Ends it: with a reset, which spares both sides the closing handshake, unless it is to end in an orderly way or has
    /// just sent what a reset would take back.
    pub(super) fn close(self) {
        let Self { sock, preface, linger, used, .. } = self;
        if !preface.is_empty() {
            // A new connection takes so little at once.
            let _ = sock.try_write(&preface);
        } else if !linger || !used {
            let _ = sock.set_linger_zero();
        }
    }
}

/// What stands in front of everything under `send-proxy` (manual 5.2 "check-send-proxy"): a check comes from this very
/// connection, which version 2 says in so many words.
fn preface(sock: &Sock, version: Option<u8>) -> Vec<u8> {
    let mut out = Vec::new();
    match version {
        None => {}
        Some(1) => {
            let end = |addr: io::Result<Addr>| addr.ok().and_then(|addr| addr.socket_addr());
            let ends = end(sock.local_addr()).zip(end(sock.peer_addr()));
            wire::proxy::write_v1(ends, &mut out);
        }
        Some(_) => wire::proxy::write_v2(None, &wire::proxy::Extra::default(), &mut out),
    }
    out
}

fn address(server: &Server, check: &Check, place: &Place) -> io::Result<Addr> {
    let (own, aim) = (server.address(), server.aim(check));
    let ordered = aim.ip.get();
    let mut at = match (place.address, &*own, ordered.or(check.address)) {
        (Some(ip), ..) => (ip, 0).into(),
        (None, _, Some(at)) => at,
        (None, Address::Inet(at), None) => *at,
        (None, Address::Unix(path), None) => {
            return match path.strip_prefix('\0') {
                Some(name) => Addr::abnsz(name.as_bytes()),
                None => Addr::unix(path.as_bytes()),
            };
        }
        (None, Address::Unresolved(_), None) => return Err(io::ErrorKind::AddrNotAvailable.into()),
    };
    let ordered = aim.port.get().and_then(|port| u16::try_from(port).ok());
    let configured = ordered.or(check.port).filter(|port| *port > 0);
    if let Some(port) = place.port.or(configured) {
        at.set_port(port);
    } else if at.port() == 0
        && let Address::Inet(own) = &*own
    {
        at.set_port(own.port());
    }
    Ok(at.into())
}
