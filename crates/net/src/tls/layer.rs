//! The layer itself: records in and out of one socket. Keeps nothing but what TLS needs: undecrypted bytes only while
//! the reader has no room, encrypted ones only while the kernel has none.

use super::{Fault, Pick, note_end};
use crate::kernel::{Handle, How};
use crate::runtime::{Rt, kernel, with_io};
use crate::slot::{FRESH, HUP, READ, Slot, WRITE, Watch};
use crate::sock::open_slot;
use rustls::server::Acceptor;
use rustls::{ClientConnection, Connection};
use std::cell::RefCell;
use std::io::{self, BufRead, IoSlice, Read, Write};
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::Relaxed;

/// How much is read from the kernel at once: two records of full size.
const SCRATCH: usize = 34 * 1024;
/// How much is read and dropped at the end of a connection: tickets, say, that nobody asked for. Closing with it would be a
/// reset, which takes back what was sent last.
const DRAINS: usize = 4;
/// The content type of records that a handshake is in, and how much of anything else is kept.
const HANDSHAKE: u8 = 22;
const FIRST: usize = 16;
/// A fatal alert as a record: nobody of that name here (RFC 6066 section 3).
const UNRECOGNIZED_NAME: [u8; 7] = [21, 3, 3, 0, 2, 2, 112];

/// One connection's TLS.
pub(crate) struct Layer {
    state: State,
    /// Bytes of the kernel's that were not taken yet.
    held: Vec<u8>,
    /// Bytes that go out in front of what the connection has to send.
    front: Vec<u8>,
    /// The ClientHello, where it is to be kept.
    hello: Option<Vec<u8>>,
    /// The first bytes of whoever doesn't speak TLS.
    first: Option<Vec<u8>>,
    /// Early data that came and was not read yet.
    early: Vec<u8>,
    /// Whether there may be more of it.
    takes_early: bool,
    /// Whether what is written first goes out as early data, and what did: it goes again if the server left it out.
    ahead: Option<Vec<u8>>,
    /// Whether anything came from the peer.
    heard: bool,
    /// The end of our stream: asked for, sent.
    ending: bool,
    ended: bool,
    /// Whether it can't go on.
    failed: bool,
    /// Whether its owner is gone, and it only lives until its last bytes are sent.
    orphan: bool,
}

pub(super) enum State {
    Hello(Box<Acceptor>),
    Open(Box<Connection>),
    Gone,
}

/// What became of a handshake for now.
pub(super) enum Step {
    Done,
    /// For something to read.
    Waits,
    Failed(Fault),
}

impl Layer {
    pub(super) fn new(state: State, begun: &[u8], preface: &[u8], capture: bool) -> Layer {
        Layer {
            state,
            held: begun.to_vec(),
            front: preface.to_vec(),
            hello: capture.then(Vec::new),
            first: None,
            early: Vec::new(),
            takes_early: false,
            ahead: None,
            heard: !begun.is_empty(),
            ending: false,
            ended: false,
            failed: false,
            orphan: false,
        }
    }

    fn wants_write(&self) -> bool {
        !self.front.is_empty() || matches!(&self.state, State::Open(conn) if conn.wants_write())
    }
}

/// Connections that speak TLS, of all threads: now, and ever.
static OPEN: AtomicU64 = AtomicU64::new(0);
static EVER: AtomicU64 = AtomicU64::new(0);

/// How many connections speak TLS, on either side, and how many ever did.
pub fn connections() -> (u64, u64) {
    (OPEN.load(Relaxed), EVER.load(Relaxed))
}

/// The layers of all sockets, by handle.
pub(crate) struct Layers {
    list: RefCell<Vec<Option<Box<Layer>>>>,
    scratch: RefCell<Vec<u8>>,
}

impl Layers {
    pub(crate) fn new() -> Layers {
        Layers { list: RefCell::default(), scratch: RefCell::default() }
    }

    pub(super) fn put(&self, handle: Handle, layer: Layer) {
        let at = handle.unsigned_abs() as usize;
        let mut list = self.list.borrow_mut();
        if list.len() <= at {
            list.resize_with(at + 1, || None);
        }
        if let Some(place) = list.get_mut(at) {
            if place.replace(Box::new(layer)).is_none() {
                OPEN.fetch_add(1, Relaxed);
            }
            EVER.fetch_add(1, Relaxed);
        }
    }

    fn take(&self, handle: Handle) -> Option<Box<Layer>> {
        let layer = self.list.borrow_mut().get_mut(handle.unsigned_abs() as usize)?.take();
        if layer.is_some() {
            OPEN.fetch_sub(1, Relaxed);
        }
        layer
    }

    fn on<R>(&self, handle: Handle, work: impl FnOnce(&mut Layer) -> R) -> Option<R> {
        let mut list = self.list.borrow_mut();
        list.get_mut(handle.unsigned_abs() as usize)?.as_deref_mut().map(work)
    }

    pub(super) fn with<R>(&self, handle: Handle, look: impl FnOnce(&mut Connection) -> R) -> Option<R> {
        self.on(handle, |layer| match &mut layer.state {
            State::Open(conn) => Some(look(conn)),
            State::Hello(_) | State::Gone => None,
        })
        .flatten()
    }

    /// Has what is written next go out as early data; whether that can be.
    pub(super) fn send_ahead(&self, handle: Handle) -> bool {
        let can = |layer: &mut Layer| {
            let State::Open(conn) = &mut layer.state else { return false };
            let Connection::Client(client) = &mut **conn else { return false };
            let can = client.is_handshaking() && client.early_data().is_some();
            layer.ahead = can.then(Vec::new);
            can
        };
        self.on(handle, can).unwrap_or(false)
    }

    pub(super) fn hello(&self, handle: Handle) -> Option<Vec<u8>> {
        self.on(handle, |layer| layer.hello.take()).flatten()
    }
}

/// The socket under a layer, as what is written to.
struct Wire<'a> {
    rt: &'a Rt,
    slot: &'a Slot,
    handle: Handle,
}

impl Wire<'_> {
    fn sent(&self, asked: usize, answer: io::Result<usize>) -> io::Result<usize> {
        match answer {
            Ok(n) => {
                self.slot.clear(FRESH);
                if n < asked {
                    self.slot.clear(WRITE);
                } else {
                    self.slot.set(WRITE);
                }
                Ok(n)
            }
            Err(e) if e.kind() == io::ErrorKind::WouldBlock || e.kind() == io::ErrorKind::NotConnected => {
                self.slot.clear(WRITE | FRESH);
                Err(io::ErrorKind::WouldBlock.into())
            }
            Err(e) => Err(e),
        }
    }

    fn may(&self) -> io::Result<()> {
        match self.slot.has(WRITE | FRESH) {
            true => Ok(()),
            false => Err(io::ErrorKind::WouldBlock.into()),
        }
    }
}

impl Write for Wire<'_> {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        self.may()?;
        self.sent(buf.len(), kernel!(self.rt, Send, send(self.handle, buf, false)))
    }

    fn write_vectored(&mut self, bufs: &[IoSlice<'_>]) -> io::Result<usize> {
        self.may()?;
        let asked = bufs.iter().map(|b| b.len()).sum();
        self.sent(asked, kernel!(self.rt, Send, writev(self.handle, bufs, false)))
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Reads what is inside.
pub(crate) fn recv(rt: &Rt, handle: Handle, slot: &Slot, buf: &mut [u8], peek: bool) -> io::Result<usize> {
    let gone = || Err(io::ErrorKind::NotConnected.into());
    rt.tls.on(handle, |layer| layer.read(rt, handle, slot, buf, peek)).unwrap_or_else(gone)
}

/// Writes `bufs` into it; gives how much it took. What the kernel has no room for goes out by itself.
pub(crate) fn send(rt: &Rt, handle: Handle, slot: &Slot, bufs: &[IoSlice<'_>]) -> io::Result<usize> {
    let gone = || Err(io::ErrorKind::NotConnected.into());
    rt.tls.on(handle, |layer| layer.write(rt, handle, slot, bufs)).unwrap_or_else(gone)
}

/// Ends our stream with a close_notify.
pub(crate) fn shutdown(rt: &Rt, handle: Handle, slot: &Slot) -> io::Result<()> {
    rt.tls
        .on(handle, |layer| {
            layer.end();
            layer.flush(rt, handle, slot).map(|_| ())
        })
        .unwrap_or(Ok(()))
}

/// The kernel takes more: sends what waits. Whether the writer may go on.
pub(crate) fn writable(rt: &Rt, handle: Handle, slot: &Slot) -> bool {
    rt.tls.on(handle, |layer| layer.flush(rt, handle, slot).unwrap_or(true)).unwrap_or(true)
}

/// The socket is to be closed. True if it has to stay open until its last bytes are sent: it is an orphan now.
pub(crate) fn close(rt: &Rt, handle: Handle, slot: &Slot) -> bool {
    let stays = rt.tls.on(handle, |layer| {
        if !layer.orphan {
            layer.end();
            layer.orphan = matches!(layer.flush(rt, handle, slot), Ok(false)) && !layer.failed;
            if layer.orphan {
                return true;
            }
        }
        drain(rt, handle);
        false
    });
    let stays = stays.unwrap_or(false);
    if !stays {
        drop(rt.tls.take(handle));
    }
    stays
}

/// Goes on with the handshake; `whole`: to its end, whatever early data there is.
pub(super) fn advance(handle: Handle, pick: &mut Pick<'_>, whole: bool) -> Step {
    let stepped = with_io(|rt| {
        let slot = open_slot(rt, handle)?;
        Ok(rt.tls.on(handle, |layer| layer.handshake(rt, handle, slot, pick, whole)))
    });
    match stepped {
        Ok(Some(step)) => step,
        Ok(None) => Step::Failed(Fault::Broken(io::ErrorKind::NotConnected.into())),
        Err(error) => Step::Failed(Fault::Broken(error)),
    }
}

/// Reads and drops what has come.
fn drain(rt: &Rt, handle: Handle) {
    let mut scratch = rt.tls.scratch.borrow_mut();
    scratch.resize(SCRATCH, 0);
    for _ in 0..DRAINS {
        match kernel!(rt, Recv, recv(handle, &mut scratch, false)) {
            Ok(n) if n == SCRATCH => {}
            _ => return,
        }
    }
}

impl Layer {
    /// Sends what waits; whether all of it left.
    fn flush(&mut self, rt: &Rt, handle: Handle, slot: &Slot) -> io::Result<bool> {
        let mut wire = Wire { rt, slot, handle };
        let flushed = self.flush_to(&mut wire);
        if matches!(flushed, Ok(false)) {
            slot.clear(WRITE);
            rt.watch(handle, slot, Watch::ReadWrite);
        }
        if matches!(flushed, Ok(true)) && self.ending && !self.ended {
            self.ended = true;
            kernel!(rt, Other, shutdown(handle, How::Write))?;
        }
        flushed
    }

    fn flush_to(&mut self, wire: &mut Wire<'_>) -> io::Result<bool> {
        let blocked = |e: &io::Error| e.kind() == io::ErrorKind::WouldBlock;
        while !self.front.is_empty() {
            match wire.write(&self.front) {
                Ok(n) => drop(self.front.drain(..n)),
                Err(e) if blocked(&e) => return Ok(false),
                Err(e) => return Err(e),
            }
        }
        self.front = Vec::new();
        let State::Open(conn) = &mut self.state else { return Ok(true) };
        while conn.wants_write() {
            match conn.write_tls(wire) {
                Ok(_) => {}
                Err(e) if blocked(&e) => return Ok(false),
                Err(e) => return Err(e),
            }
        }
        Ok(true)
    }

    fn end(&mut self) {
        if self.ending {
            return;
        }
        self.ending = true;
        if let State::Open(conn) = &mut self.state
            && !self.failed
            && (self.takes_early || !conn.is_handshaking())
        {
            conn.send_close_notify();
        }
    }

    fn write(&mut self, rt: &Rt, handle: Handle, slot: &Slot, bufs: &[IoSlice<'_>]) -> io::Result<usize> {
        if self.ending || self.failed {
            return Err(io::ErrorKind::BrokenPipe.into());
        }
        if !self.flush(rt, handle, slot)? {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        let State::Open(conn) = &mut self.state else { return Err(io::ErrorKind::NotConnected.into()) };
        let taken = match (&mut self.ahead, &mut **conn) {
            (Some(ahead), Connection::Client(client)) => write_ahead(client, ahead, bufs),
            _ => conn.writer().write_vectored(bufs)?,
        };
        self.flush(rt, handle, slot)?;
        match taken {
            0 if bufs.iter().any(|b| !b.is_empty()) => Err(io::ErrorKind::WouldBlock.into()),
            n => Ok(n),
        }
    }

    fn read(
        &mut self,
        rt: &Rt,
        handle: Handle,
        slot: &Slot,
        buf: &mut [u8],
        peek: bool,
    ) -> io::Result<usize> {
        let mut filled = 0;
        let mut drained = false;
        loop {
            match self.take(buf.get_mut(filled..).unwrap_or_default(), peek) {
                Ok(0) if filled == 0 => {
                    note_end(rt, handle);
                    return Ok(0);
                }
                Ok(n) => {
                    filled += n;
                    if peek || n == 0 || filled == buf.len() {
                        return Ok(filled);
                    }
                }
                Err(e) if e.kind() == io::ErrorKind::WouldBlock => {}
                Err(_) if filled > 0 => return Ok(filled),
                Err(e) => return Err(e),
            }
            if drained && self.held.is_empty() && !slot.has(HUP) {
                slot.clear(READ);
                return if filled > 0 { Ok(filled) } else { Err(io::ErrorKind::WouldBlock.into()) };
            }
            match self.pull(rt, handle, slot) {
                Ok(Pulled { drained: all, .. }) => drained = all,
                Err(_) if filled > 0 => return Ok(filled),
                Err(e) => return Err(e),
            }
        }
    }

    /// Decrypted bytes; `Ok(0)` is the end, `WouldBlock` means that there are none yet.
    fn take(&mut self, buf: &mut [u8], peek: bool) -> io::Result<usize> {
        if !self.early.is_empty() {
            return Ok(self.take_early(buf, peek));
        }
        let State::Open(conn) = &mut self.state else { return Err(io::ErrorKind::WouldBlock.into()) };
        let mut reader = conn.reader();
        let taken = if peek {
            reader.fill_buf().map(|bytes| {
                let n = bytes.len().min(buf.len());
                buf.get_mut(..n).unwrap_or_default().copy_from_slice(bytes.get(..n).unwrap_or_default());
                n
            })
        } else {
            reader.read(buf)
        };
        match taken {
            // Whoever closes without a close_notify has closed.
            Err(e) if e.kind() == io::ErrorKind::UnexpectedEof => Ok(0),
            Err(e) if e.kind() == io::ErrorKind::WouldBlock && self.failed => {
                Err(io::ErrorKind::InvalidData.into())
            }
            other => other,
        }
    }

    fn take_early(&mut self, buf: &mut [u8], peek: bool) -> usize {
        let n = self.early.len().min(buf.len());
        buf.get_mut(..n).unwrap_or_default().copy_from_slice(self.early.get(..n).unwrap_or_default());
        if !peek {
            self.early.drain(..n);
        }
        n
    }

    /// Gets more bytes of the peer's to where they are decrypted.
    fn pull(&mut self, rt: &Rt, handle: Handle, slot: &Slot) -> io::Result<Pulled> {
        if self.failed {
            return Err(io::ErrorKind::InvalidData.into());
        }
        if !self.held.is_empty() {
            let held = std::mem::take(&mut self.held);
            self.digest(rt, handle, slot, &held)?;
            return Ok(Pulled { end: false, drained: false });
        }
        let mut scratch = rt.tls.scratch.take();
        scratch.resize(SCRATCH, 0);
        let answer = kernel!(rt, Recv, recv(handle, &mut scratch, false));
        let pulled = match answer {
            Ok(n) => {
                self.heard |= n > 0;
                let fresh = scratch.get(..n).unwrap_or_default();
                let digested = self.digest(rt, handle, slot, fresh);
                digested.map(|()| Pulled { end: n == 0, drained: n > 0 && n < SCRATCH })
            }
            Err(e) => {
                if e.kind() == io::ErrorKind::WouldBlock {
                    slot.clear(READ);
                }
                Err(e)
            }
        };
        rt.tls.scratch.replace(scratch);
        pulled
    }

    /// Takes in what the peer sent, and sends what comes of it: alerts, tickets, new keys. What there is no room for
    /// is held.
    fn digest(&mut self, rt: &Rt, handle: Handle, slot: &Slot, bytes: &[u8]) -> io::Result<()> {
        let fed = self.feed(bytes);
        if self.wants_write() {
            self.flush(rt, handle, slot)?;
        }
        match fed {
            Ok(taken) => {
                self.held = bytes.get(taken..).unwrap_or_default().to_vec();
                Ok(())
            }
            Err(error) => {
                self.failed = true;
                Err(io::Error::new(io::ErrorKind::InvalidData, error))
            }
        }
    }

    /// Gives bytes of the peer's to the connection until they are used up or it holds enough; no bytes at all are the
    /// end. Gives how many it took.
    fn feed(&mut self, bytes: &[u8]) -> Result<usize, rustls::Error> {
        let mut rest = bytes;
        loop {
            let before = rest;
            let taken = match &mut self.state {
                State::Hello(acceptor) => acceptor.read_tls(&mut rest),
                State::Open(conn) => conn.read_tls(&mut rest),
                State::Gone => return Ok(bytes.len()),
            };
            match taken {
                // After the end of the peer's stream nothing counts.
                Ok(0) => return self.process().map(|()| bytes.len()),
                Ok(n) => {
                    if matches!(self.state, State::Hello(_))
                        && self.first.is_none()
                        && before.first() != Some(&HANDSHAKE)
                    {
                        self.first = before.get(..n.min(FIRST)).map(<[u8]>::to_vec);
                    }
                    if let Some(hello) = self.hello.as_mut().filter(|_| matches!(self.state, State::Hello(_)))
                    {
                        hello.extend_from_slice(before.get(..n).unwrap_or_default());
                    }
                }
                // Full of decrypted bytes: the reader comes first.
                Err(e) if e.kind() == io::ErrorKind::Other => return Ok(bytes.len() - rest.len()),
                Err(e) => return Err(rustls::Error::General(e.to_string())),
            }
            self.process()?;
            if rest.is_empty() || matches!(self.state, State::Hello(_)) {
                return Ok(bytes.len() - rest.len());
            }
        }
    }

    fn process(&mut self) -> Result<(), rustls::Error> {
        let State::Open(conn) = &mut self.state else { return Ok(()) };
        conn.process_new_packets()?;
        if self.takes_early
            && let Connection::Server(server) = &mut **conn
        {
            if let Some(mut early) = server.early_data() {
                // How much there can be is bounded by the configuration; reading from memory can't fail.
                let _ = early.read_to_end(&mut self.early);
            }
            self.takes_early = server.is_handshaking();
        }
        if let (Some(ahead), Connection::Client(client)) = (&self.ahead, &mut **conn)
            && !client.is_handshaking()
        {
            if !client.is_early_data_accepted() {
                // It is in memory, and nothing else was written yet.
                let _ = client.writer().write_all(ahead);
            }
            self.ahead = None;
        }
        Ok(())
    }

    fn handshake(&mut self, rt: &Rt, handle: Handle, slot: &Slot, pick: &mut Pick<'_>, whole: bool) -> Step {
        loop {
            let judged = self.judge(pick).map(|done| done || (!whole && !self.early.is_empty()));
            let flushed = if self.wants_write() { self.flush(rt, handle, slot) } else { Ok(true) };
            match (judged, flushed) {
                (Err(fault), _) => {
                    self.failed = true;
                    return Step::Failed(fault);
                }
                (Ok(_), Err(e)) => return Step::Failed(Fault::Broken(e)),
                (Ok(true), Ok(_)) => return Step::Done,
                (Ok(false), Ok(_)) => {}
            }
            if !slot.has(READ) {
                rt.watch(handle, slot, Watch::Read);
                return Step::Waits;
            }
            match self.pull(rt, handle, slot) {
                Ok(Pulled { end: true, .. }) => {
                    self.failed = true;
                    return Step::Failed(if self.heard { Fault::Closed } else { Fault::Empty });
                }
                Ok(_) => {}
                Err(e) if e.kind() == io::ErrorKind::WouldBlock => return Step::Waits,
                Err(e) => {
                    self.failed = true;
                    return Step::Failed(match e.downcast::<rustls::Error>() {
                        Ok(error) => Fault::Tls(error),
                        Err(e) => Fault::Broken(e),
                    });
                }
            }
        }
    }

    /// Whether the handshake is complete; chooses the configuration as soon as the client has said what it wants.
    fn judge(&mut self, pick: &mut Pick<'_>) -> Result<bool, Fault> {
        if let State::Open(conn) = &self.state {
            return Ok(!conn.is_handshaking());
        }
        let State::Hello(mut acceptor) = std::mem::replace(&mut self.state, State::Gone) else {
            return Err(Fault::Broken(io::ErrorKind::NotConnected.into()));
        };
        let refused = match acceptor.accept() {
            Ok(None) => {
                self.state = State::Hello(acceptor);
                return Ok(false);
            }
            Ok(Some(accepted)) => match pick(&accepted.client_hello()) {
                None => {
                    self.front.extend_from_slice(&UNRECOGNIZED_NAME);
                    return Err(Fault::Unwanted);
                }
                Some(config) => {
                    self.takes_early = config.max_early_data_size > 0;
                    accepted.into_connection(config)
                }
            },
            Err(refused) => Err(refused),
        };
        match refused {
            Ok(conn) => {
                self.state = State::Open(Box::new(conn.into()));
                self.process().map_err(Fault::Tls)?;
                self.judge(pick)
            }
            Err((error, mut alert)) => {
                self.hello = self.hello.take().or_else(|| self.first.take());
                // Writing to a vector can't fail.
                let _ = alert.write_all(&mut self.front);
                Err(Fault::Tls(error))
            }
        }
    }
}

/// Writes early data, as long as all of it fits; gives how much it took.
fn write_ahead(client: &mut ClientConnection, ahead: &mut Vec<u8>, bufs: &[IoSlice<'_>]) -> usize {
    let Some(mut early) = client.early_data() else { return 0 };
    let all: Vec<u8> = bufs.iter().flat_map(|buf| buf.iter().copied()).collect();
    if all.len() > early.bytes_left() {
        return 0;
    }
    match early.write(&all) {
        Ok(n) => {
            ahead.extend_from_slice(all.get(..n).unwrap_or_default());
            n
        }
        Err(_) => 0,
    }
}

/// What a read of the kernel's gave.
struct Pulled {
    /// The end of the peer's bytes.
    end: bool,
    /// There are no more for now.
    drained: bool,
}
