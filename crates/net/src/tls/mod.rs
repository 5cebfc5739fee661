//! TLS on a stream socket: attached to it, after which reading and writing it is reading and writing what is inside.
//! Knows handshakes and records; not certificates or who may connect, which a `rustls` configuration says.
//!
//! [`accept`] and [`connect`] do the handshake. From then on the socket is used as any other: "readable" means that
//! decrypted bytes (or the peer's close_notify) can be had, writes take what fits and send the rest by themselves, the
//! end of our stream is a close_notify. A plain socket pays for all this with the test of one flag.

mod layer;

use crate::runtime::{Rt, with_io};
use crate::slot::{HUP, READ, TLS};
use crate::{Sock, Time};
pub use layer::connections;
use layer::{Layer, State, Step};
pub(crate) use layer::{Layers, close, recv, send, shutdown, writable};
use rustls::pki_types::ServerName;
use rustls::server::ClientHello;
use rustls::{ClientConfig, ClientConnection, Connection, ServerConfig};
use std::io;
use std::sync::Arc;

/// Why a handshake came to nothing.
#[derive(Debug)]
pub enum Fault {
    /// The peer closed before it sent a byte of it.
    Empty,
    /// The peer closed within the handshake.
    Closed,
    /// The time is over.
    Timeout,
    /// The connection broke, or never stood.
    Broken(io::Error),
    /// What the peer sent, or what it is, doesn't do. The alert was sent.
    Tls(rustls::Error),
    /// Nothing fits what the client asks for.
    Unwanted,
}

/// Does a server's handshake on a client's socket. `begun`: what was read from it before. `pick` chooses the
/// configuration by what the client says; `None` refuses it (alert `unrecognized_name`). `capture`: whether the
/// ClientHello is kept, see [`Sock::client_hello`]. Where the configuration takes early data, it is done as soon as some
/// has come: see [`complete`].
pub async fn accept<P>(
    sock: &Sock,
    begun: &[u8],
    capture: bool,
    until: Time,
    mut pick: P,
) -> Result<(), Fault>
where
    P: FnMut(&ClientHello<'_>) -> Option<Arc<ServerConfig>>,
{
    let layer = Layer::new(State::Hello(Box::default()), begun, &[], capture);
    attach(sock, layer)?;
    finish(sock, until, &mut pick, false).await
}

/// Goes on with a handshake that early data ran ahead of, to its end. What comes meanwhile is there to be read.
pub async fn complete(sock: &Sock, until: Time) -> Result<(), Fault> {
    finish(sock, until, &mut |_| None, true).await
}

/// Does a client's handshake on a socket that may still be connecting. `name`: the server's, sent to it if it is a
/// name and the configuration says so, and shown to the verifier. `preface`: what goes in front in the clear.
pub async fn connect(
    sock: &Sock,
    config: Arc<ClientConfig>,
    name: ServerName<'static>,
    preface: &[u8],
    until: Time,
) -> Result<(), Fault> {
    begin(sock, config, name, preface)?;
    finish(sock, until, &mut |_| None, true).await
}

/// The first half of [`connect`]: the greeting is on its way, or will be when the connection stands.
pub fn begin(
    sock: &Sock,
    config: Arc<ClientConfig>,
    name: ServerName<'static>,
    preface: &[u8],
) -> Result<(), Fault> {
    let conn = ClientConnection::new(config, name).map_err(Fault::Tls)?;
    attach(sock, Layer::new(State::Open(Box::new(conn.into())), &[], preface, false))?;
    match layer::advance(sock.raw(), &mut |_| None, true) {
        Step::Failed(fault) => Err(fault),
        Step::Done | Step::Waits => Ok(()),
    }
}

/// Has what is written next go out as early data, ahead of the handshake that [`begin`] began, so far as the server takes
/// so much at once; whether there can be any. What it then doesn't take goes again when the handshake is complete: go on
/// with [`proceed`] before anything else is written.
pub fn send_ahead(sock: &Sock) -> bool {
    with_io(|rt| Ok(rt.tls.send_ahead(sock.raw()))).unwrap_or(false)
}

/// Goes on with a handshake that [`begin`] began; whether it is complete. When it isn't, wait until the socket can be
/// read.
pub fn proceed(sock: &Sock) -> Result<bool, Fault> {
    match layer::advance(sock.raw(), &mut |_| None, true) {
        Step::Done => Ok(true),
        Step::Waits => Ok(false),
        Step::Failed(fault) => Err(fault),
    }
}

type Pick<'p> = dyn FnMut(&ClientHello<'_>) -> Option<Arc<ServerConfig>> + 'p;

async fn finish(sock: &Sock, until: Time, pick: &mut Pick<'_>, whole: bool) -> Result<(), Fault> {
    loop {
        match layer::advance(sock.raw(), pick, whole) {
            Step::Done => return Ok(()),
            Step::Failed(fault) => return Err(fault),
            Step::Waits => {
                let woken = crate::wait(|w| {
                    w.read(sock).until(until);
                })
                .await;
                if woken.timed_out() && !woken.any_ready() {
                    return Err(Fault::Timeout);
                }
            }
        }
    }
}

fn attach(sock: &Sock, layer: Layer) -> Result<(), Fault> {
    let attached = with_io(|rt| {
        let slot = crate::sock::open_slot(rt, sock.raw())?;
        slot.set(TLS);
        // What was read before is there to be read whatever the kernel says.
        slot.set(READ);
        rt.tls.put(sock.raw(), layer);
        Ok(())
    });
    attached.map_err(Fault::Broken)
}

impl Sock {
    /// Whether TLS is spoken on it.
    pub fn is_tls(&self) -> bool {
        crate::runtime::with(|rt| rt.slots.get(self.raw()).is_some_and(|slot| slot.has(TLS))).unwrap_or(false)
    }

    /// Looks at the connection inside; `None` on a plain socket and before the handshake began.
    pub fn with_tls<R>(&self, look: impl FnOnce(&mut Connection) -> R) -> Option<R> {
        with_io(|rt| Ok(rt.tls.with(self.raw(), look))).ok().flatten()
    }

    /// Takes the client's first message as it came, record headers included, if it was to be kept; the beginning of
    /// what came instead, if that was none.
    pub fn client_hello(&self) -> Option<Vec<u8>> {
        with_io(|rt| Ok(rt.tls.hello(self.raw()))).ok().flatten()
    }
}

/// How long the last bytes of a closed connection may take.
const FAREWELL_MS: u64 = 30_000;

/// Closes a socket when the last bytes of its layer are sent.
pub(crate) fn see_off(handle: crate::kernel::Handle) {
    let sock = Sock::from_handle(handle);
    let until = crate::now().plus_millis(FAREWELL_MS);
    crate::spawn(async move {
        crate::wait(|w| {
            w.write(&sock).until(until);
        })
        .await;
    });
}

/// Marks a socket whose peer has said that it sends no more.
fn note_end(rt: &Rt, handle: crate::kernel::Handle) {
    if let Some(slot) = rt.slots.get(handle) {
        slot.set(HUP | READ);
    }
}
