//! A stream's end at the connection it shares: what came and was not read yet, and how what is written becomes frames. The
//! window for what came is given back as it is read, so that a peer can't make it hold more than that.

use std::cell::{Cell, RefCell};
use std::io::{self, ErrorKind, IoSlice, Write as _};
use std::rc::Rc;

use http::h1::{Chunk, ChunkDecoder, Framing, Limits, Parsed, Scan};
use http::h2::{Code, Connection};
use http::{Known, Message, Method};
use net::{Device, Line, Ready, Sock};

use super::mux::Mux;

/// Unsent bytes of a connection above which no stream may add to them.
pub const OUT_MAX: usize = 96 * 1024;

/// The scheme of requests that don't tell theirs: as HAProxy sends them, whatever the connection.
const SCHEME: &[u8] = b"https";

/// Heads that wait to be taken behind the first one.
const HEADS_MAX: usize = 16;

/// What came of a body, in HTTP/1's framing.
#[derive(Debug, Default)]
struct Came {
    bytes: Vec<u8>,
    at: usize,
    /// Bytes of content among them, for which the window is given back.
    owed: usize,
    chunked: bool,
    ended: bool,
}

/// How what is written is framed.
#[derive(Debug)]
enum Goes {
    /// The head is to come.
    Head,
    Length(u64),
    Chunked(Box<Chunks>),
    /// Until the end is told.
    Open,
    Done,
}

/// The state of a body that is written in chunks.
#[derive(Debug, Default)]
struct Chunks {
    decoder: ChunkDecoder,
    /// Trailers as far as they were written.
    trailers: Vec<u8>,
}

/// What a request asks to change to.
#[derive(Debug)]
pub struct Upgrade {
    pub protocol: Box<[u8]>,
    /// What proves to a WebSocket client that its key was read.
    pub accept: Option<[u8; 28]>,
}

/// What follows the head of a response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Behind {
    /// A body, as the head says.
    Body,
    /// Nothing, whatever it says.
    Nothing,
    /// Nothing, but the response ends when the body has come that nobody gets.
    Dropped,
}

/// One stream's end.
#[derive(Debug)]
pub struct Channel {
    mux: Rc<Mux>,
    id: Cell<u32>,
    line: Cell<Option<Line>>,
    /// The head that came and was not taken yet, those behind it, and whether nobody can serve it.
    head: RefCell<Option<Message>>,
    later: RefCell<Vec<Message>>,
    refuse: Cell<bool>,
    framing: Cell<Framing>,
    came: RefCell<Came>,
    goes: RefCell<Goes>,
    /// Whether the stream was reset, or its connection is gone; whether the peer says that it did nothing for it.
    gone: Cell<bool>,
    untouched: Cell<bool>,
    /// Whether something of a body was sent.
    sent: Cell<bool>,
    /// Whether a success opens a tunnel; to which protocol, if it isn't one to a host.
    tunnels: Cell<bool>,
    upgrade: RefCell<Option<Upgrade>>,
    /// Whether the request can't be put into the words of HTTP/2 that the server knows.
    unable: Cell<bool>,
    /// How the stream is reset if it is let go before its end.
    code: Cell<Code>,
}

impl Channel {
    /// The end of a stream of this connection, and the socket that leads there.
    pub fn open(mux: &Rc<Mux>, id: u32) -> io::Result<(Rc<Self>, Sock)> {
        let channel = Rc::new(Self {
            mux: Rc::clone(mux),
            id: Cell::new(id),
            line: Cell::new(None),
            head: RefCell::new(None),
            later: RefCell::default(),
            refuse: Cell::new(false),
            framing: Cell::new(Framing::None),
            came: RefCell::default(),
            goes: RefCell::new(Goes::Head),
            gone: Cell::new(false),
            untouched: Cell::new(false),
            sent: Cell::new(false),
            tunnels: Cell::new(false),
            upgrade: RefCell::default(),
            unable: Cell::new(false),
            code: Cell::new(Code::CANCEL),
        });
        let (sock, line) = Sock::to_device(Rc::clone(&channel) as Rc<dyn Device>)?;
        channel.line.set(Some(line));
        Ok((channel, sock))
    }

    fn raise(&self, ready: Ready) {
        if let Some(line) = self.line.get() {
            line.raise(ready);
        }
    }

    /// A head came. `end`: nothing follows it; `refuse`: nobody can serve it.
    pub fn head_came(&self, mut head: Message, end: bool, refuse: bool) {
        let opens = self.tunnels.get() && (200..300).contains(&head.status());
        if opens && self.change(&mut head).is_err() {
            return self.fail(false);
        }
        self.framing.set(if opens { Framing::None } else { framing(&head, end) });
        self.came.borrow_mut().chunked = self.framing.get() == Framing::Chunked;
        self.refuse.set(refuse);
        self.keep_head(head);
        if end {
            self.end();
        }
        self.raise(Ready::READ);
    }

    /// A success means a change of protocol, in the words of HTTP/1.
    fn change(&self, head: &mut Message) -> Result<(), http::Full> {
        let Some(upgrade) = self.upgrade.take() else { return Ok(()) };
        head.set_status(101, None)?;
        head.add_header(Known::Upgrade, &upgrade.protocol)?;
        head.add_header(Known::Connection, b"upgrade")?;
        match upgrade.accept.filter(|_| !head.has(Known::SecWebsocketAccept)) {
            Some(proof) => head.add_header(Known::SecWebsocketAccept, &proof),
            None => Ok(()),
        }
    }

    fn keep_head(&self, head: Message) {
        let mut slot = self.head.borrow_mut();
        if slot.is_none() {
            *slot = Some(head);
            return;
        }
        let mut later = self.later.borrow_mut();
        // Interim responses are advice: not too many of them are kept.
        if later.len() >= HEADS_MAX {
            later.pop();
        }
        later.push(head);
    }

    /// Takes the head that came in exchange for the memory of another one; none if there is none, or an error for one that
    /// nobody can serve.
    pub fn take_head(&self, into: &mut Message) -> Option<Result<(), ()>> {
        let mut slot = self.head.borrow_mut();
        let mut head = slot.take()?;
        let mut later = self.later.borrow_mut();
        if !later.is_empty() {
            *slot = Some(later.remove(0));
        }
        std::mem::swap(&mut head, into);
        self.mux.spare(head);
        Some(if self.refuse.get() { Err(()) } else { Ok(()) })
    }

    /// How the body that follows the head is framed.
    pub fn framing(&self) -> Framing {
        self.framing.get()
    }

    /// A piece of the body came.
    pub fn data_came(&self, bytes: &[u8], end: bool) {
        let came = &mut *self.came.borrow_mut();
        if !bytes.is_empty() {
            came.owed += bytes.len();
            if came.chunked {
                // Writing into memory can't fail.
                let _ = write!(came.bytes, "{:x}\r\n", bytes.len());
            }
            came.bytes.extend_from_slice(bytes);
            if came.chunked {
                came.bytes.extend_from_slice(b"\r\n");
            }
        }
        if end {
            came.ended = true;
            if came.chunked {
                came.bytes.extend_from_slice(b"0\r\n\r\n");
            }
        }
        self.raise(Ready::READ);
    }

    /// Trailers came, and end the body. Nobody can pass them on behind a body whose length was told.
    pub fn trailers_came(&self, trailers: &Message) {
        let came = &mut *self.came.borrow_mut();
        came.ended = true;
        if came.chunked {
            came.bytes.extend_from_slice(b"0\r\n");
            trailers.write_headers(&mut came.bytes);
        }
        self.raise(Ready::READ);
    }

    fn end(&self) {
        self.came.borrow_mut().ended = true;
    }

    /// The stream was reset, or its connection is gone. `untouched`: nothing was done for it.
    pub fn fail(&self, untouched: bool) {
        self.gone.set(true);
        self.untouched.set(untouched);
        self.raise(Ready::READ.with(Ready::WRITE).with(Ready::HUP).with(Ready::ERROR));
    }

    /// Whether the peer's direction has come to its end, or to nothing.
    pub fn has_ended(&self) -> bool {
        self.gone.get() || self.came.borrow().ended
    }

    /// Whether the peer did nothing for the stream, so that it may be begun again: nothing of its body is lost.
    pub fn is_repeatable(&self) -> bool {
        self.untouched.get() && !self.sent.get()
    }

    /// There may be room again.
    pub fn make_room(&self) {
        self.raise(Ready::WRITE);
    }

    /// Begins the stream with a request; false where the connection takes no more streams. `upgrade`: what it asks to change
    /// to.
    pub fn ask(self: &Rc<Self>, head: &Message, upgrade: Option<Upgrade>) -> bool {
        let (bodiless, connects) = (head.method() == Method::Head, head.method() == Method::Connect);
        let tunnels = connects || upgrade.is_some();
        let goes = if tunnels { Goes::Open } else { goes(head, Goes::Done) };
        let (end, user) = (matches!(goes, Goes::Done), Rc::clone(self));
        let protocol = upgrade.as_ref().map(|upgrade| &*upgrade.protocol);
        let begun = self.mux.connection().request(head, SCHEME, protocol, end, bodiless, user);
        let Some(id) = begun else { return false };
        self.id.set(id);
        self.tunnels.set(tunnels);
        *self.upgrade.borrow_mut() = upgrade;
        *self.goes.borrow_mut() = goes;
        self.mux.stir();
        true
    }

    /// Ends the stream before it began: its request has no form that the server knows.
    pub fn abandon(&self) {
        self.unable.set(true);
        self.mux.connection().abandon();
        self.mux.stir();
        self.fail(false);
    }

    /// Whether it ended so.
    pub fn is_unable(&self) -> bool {
        self.unable.get()
    }

    /// The connection it belongs to.
    pub fn mux(&self) -> &Mux {
        &self.mux
    }

    /// Sends the head of a response. A change of protocol is a plain success
    /// here (RFC 8441 section 5).
    pub fn respond(&self, head: &Message, behind: Behind) {
        let status = head.status();
        if status == 101 {
            let mut accepted = head.clone();
            if accepted.set_status(200, None).is_ok() {
                self.put_head(&accepted, Goes::Open);
            }
            return;
        }
        if status < 200 {
            self.mux.connection().response(self.id.get(), head, false);
            self.mux.stir();
            return;
        }
        let goes = match behind {
            Behind::Nothing => Goes::Done,
            _ if matches!(status, 204 | 304) => Goes::Done,
            Behind::Dropped => Goes::Open,
            Behind::Body => goes(head, Goes::Open),
        };
        self.put_head(head, goes);
    }

    fn put_head(&self, head: &Message, goes: Goes) {
        self.mux.connection().response(self.id.get(), head, matches!(goes, Goes::Done));
        *self.goes.borrow_mut() = goes;
        self.mux.stir();
    }

    /// Ends what is written, if that isn't known from its framing.
    pub fn finish(&self) {
        let goes = &mut *self.goes.borrow_mut();
        if matches!(goes, Goes::Open | Goes::Length(0)) {
            self.mux.connection().data(self.id.get(), b"", true);
            *goes = Goes::Done;
            self.mux.stir();
        }
    }

    /// Frames as much of `bytes` as there is room for.
    fn frame(
        &self,
        connection: &mut Connection<Rc<Self>>,
        goes: &mut Goes,
        bytes: &[u8],
    ) -> io::Result<usize> {
        let id = self.id.get();
        let room = OUT_MAX.saturating_sub(connection.pending()).min(bytes.len());
        let bounded = bytes.get(..room).unwrap_or_default();
        match goes {
            Goes::Head | Goes::Done => Ok(bytes.len()),
            Goes::Open => Ok(connection.data(id, bounded, false)),
            Goes::Length(left) => {
                let most = usize::try_from(*left).unwrap_or(usize::MAX);
                let piece = bounded.get(..most.min(room)).unwrap_or_default();
                let n = connection.data(id, piece, piece.len() == most);
                *left -= n as u64;
                if *left == 0 {
                    *goes = Goes::Done;
                    return Ok(bytes.len());
                }
                Ok(n)
            }
            Goes::Chunked(chunks) => {
                let n = chunks.frame(connection, id, bounded)?;
                if chunks.decoder.is_done() {
                    *goes = Goes::Done;
                    return Ok(bytes.len());
                }
                Ok(n)
            }
        }
    }
}

impl Chunks {
    /// Frames the content of chunks; ends with the last of them, or with trailers.
    fn frame(
        &mut self,
        connection: &mut Connection<Rc<Channel>>,
        id: u32,
        bytes: &[u8],
    ) -> io::Result<usize> {
        let mut at = 0;
        loop {
            let rest = bytes.get(at..).unwrap_or_default();
            // The decoder takes what it is shown: no more of it than can go.
            let shown = match self.decoder.chunk_left() {
                0 => rest,
                _ => rest.get(..rest.len().min(connection.room(id))).unwrap_or_default(),
            };
            match self.decoder.advance(shown) {
                Chunk::Forward(n) | Chunk::Skip(n) => at += n,
                Chunk::Data(n) => {
                    connection.data(id, shown.get(..n).unwrap_or_default(), false);
                    at += n;
                }
                Chunk::Trailers => {
                    self.trailers.extend_from_slice(rest);
                    at = bytes.len();
                    let mut trailers = Message::new();
                    let read = Scan::default().trailers(&self.trailers, &mut trailers, &Limits::default());
                    match read {
                        Parsed::Partial => return Ok(at),
                        Parsed::Complete { .. } => {
                            connection.trailers(id, &trailers);
                            self.decoder.end_trailers();
                            return Ok(at);
                        }
                        Parsed::Invalid(_) => return Err(ErrorKind::InvalidData.into()),
                    }
                }
                Chunk::More => return Ok(at),
                Chunk::Done => {
                    connection.data(id, b"", true);
                    return Ok(at);
                }
                Chunk::Invalid(_) => return Err(ErrorKind::InvalidData.into()),
            }
        }
    }
}

impl Device for Channel {
    fn read(&self, buf: &mut [u8]) -> io::Result<usize> {
        let came = &mut *self.came.borrow_mut();
        let rest = came.bytes.get(came.at..).unwrap_or_default();
        if rest.is_empty() {
            return match (self.gone.get() && !came.ended, came.ended && self.head.borrow().is_none()) {
                (true, _) => Err(ErrorKind::ConnectionReset.into()),
                (_, true) => Ok(0),
                (false, false) => Err(ErrorKind::WouldBlock.into()),
            };
        }
        let n = rest.len().min(buf.len());
        if let (Some(to), Some(from)) = (buf.get_mut(..n), rest.get(..n)) {
            to.copy_from_slice(from);
        }
        came.at += n;
        if came.at == came.bytes.len() {
            came.bytes.clear();
            came.at = 0;
        }
        let back = if came.bytes.is_empty() { came.owed } else { came.owed.min(n) };
        came.owed -= back;
        let mut connection = self.mux.connection();
        let before = connection.pending();
        connection.consumed(self.id.get(), back);
        if connection.pending() != before {
            drop(connection);
            self.mux.stir();
        }
        Ok(n)
    }

    fn write(&self, bufs: &[IoSlice<'_>]) -> io::Result<usize> {
        if self.unable.get() {
            return Ok(bufs.iter().map(|buf| buf.len()).sum());
        }
        if self.gone.get() {
            return Err(ErrorKind::BrokenPipe.into());
        }
        let (mut taken, mut all) = (0, 0);
        {
            let (mut connection, mut goes) = (self.mux.connection(), self.goes.borrow_mut());
            for buf in bufs {
                all += buf.len();
                let n = self.frame(&mut connection, &mut goes, buf)?;
                taken += n;
                if n < buf.len() {
                    break;
                }
            }
        }
        if taken < all {
            self.mux.block(self.id.get());
        }
        if taken > 0 {
            self.sent.set(true);
            self.mux.stir();
        }
        if taken == 0 && all > 0 { Err(ErrorKind::WouldBlock.into()) } else { Ok(taken) }
    }

    fn shutdown(&self) {
        self.finish();
    }

    fn close(&self) {
        self.gone.set(true);
        let user = self.mux.connection().release(self.id.get(), self.code.get());
        drop(user);
        self.mux.stir();
    }

    fn fault(&self) -> Option<ErrorKind> {
        self.gone.get().then_some(ErrorKind::ConnectionReset)
    }

    fn carrier(&self) -> Option<&Sock> {
        Some(self.mux.sock())
    }
}

/// How the body behind a head that came is framed for HTTP/1.
fn framing(head: &Message, end: bool) -> Framing {
    if head.has(Known::Upgrade) || head.method() == Method::Connect {
        return Framing::None;
    }
    let length =
        head.find(Known::ContentLength).and_then(|text| std::str::from_utf8(text).ok()?.parse().ok());
    match (end, length) {
        (true, _) | (_, Some(0)) => Framing::None,
        (_, Some(length)) => Framing::Length(length),
        (_, None) => Framing::Chunked,
    }
}

/// How the body behind a head of ours is written; `silent`: where the head says nothing.
fn goes(head: &Message, silent: Goes) -> Goes {
    if head.has(Known::TransferEncoding) {
        return Goes::Chunked(Box::default());
    }
    let length =
        head.find(Known::ContentLength).and_then(|text| std::str::from_utf8(text).ok()?.parse().ok());
    match length {
        Some(0) => Goes::Done,
        Some(length) => Goes::Length(length),
        None => silent,
    }
}
