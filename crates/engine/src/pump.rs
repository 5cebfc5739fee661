//! One direction of an exchange: bytes from one socket to the other, as far as the message's framing goes. Sans
//! waiting: a step does what can be done now and says what it waits for. Knows no timeouts and no rules.

use std::io;

use http::Message;
use http::h1::{Chunk, ChunkDecoder, Error, Framing, Limits, Parsed, Scan};
use net::{Pipe, Sock, Time};
use state::filter::Sums;

use crate::alter::Alter;
use crate::buffer::Buffer;
use crate::chain::{Chain, Failed};
use crate::spelling::Trailers;

/// Bodies of at least this many bytes still to come go through a pipe in the kernel.
const SPLICE_FROM: u64 = 32 * 1024;

/// Chunks of which this many bytes are still to come, if there is to be a pipe at all.
const CHUNK_FROM: u64 = 4096;

/// Bodies of at most this many bytes are copied to go with their head.
const COPY_MAX: usize = 2048;

/// What is left of the message in this direction.
#[derive(Debug)]
enum Rest {
    None,
    Length(u64),
    Chunked(ChunkDecoder),
    UntilClose,
}

/// When a body goes from socket to socket through a pipe in the kernel (`option splice-*`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Splice {
    Never,
    /// When there is much of it.
    Auto,
    /// Whenever it can.
    Always,
}

/// What a step waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Data from the source.
    Read,
    /// Room in the destination.
    Write,
    /// The time at which a filter lets go of what it holds back.
    Later(Time),
    /// Nothing: all was passed on.
    Done,
}

impl Step {
    /// Whether a wait until this time was one for a filter, and is over.
    pub fn is_due(self) -> bool {
        matches!(self, Self::Later(until) if until <= net::now())
    }
}

/// What broke a step.
#[derive(Debug)]
pub enum Broken {
    /// The source failed, or ended before the message did.
    Source(io::Error),
    Destination(io::Error),
    /// The source's bytes are no valid message, from this position of [`Pump::unsent`] on; none where it is filters that
    /// can do nothing with them.
    Invalid(Option<Error>),
}

/// Bytes that came and went, framing included, and how many of them went through a pipe in the kernel.
#[derive(Clone, Copy, Debug, Default)]
pub struct Traffic {
    pub read: u64,
    pub wrote: u64,
    pub spliced_in: u64,
    pub spliced_out: u64,
}

/// One direction.
pub struct Pump {
    rest: Rest,
    /// A head, or what is left of it, that goes first.
    head: Vec<u8>,
    /// Trailers being read; complete ones go after all that is ready.
    trailers: Option<Box<(Scan, Message)>>,
    trailers_due: bool,
    /// What becomes of trailers.
    pub trailer_rule: Trailers,
    /// `option http-no-delay`: no packet waits to be filled.
    pub hurried: bool,
    /// Bytes read: `ready` of them may go, the others have not been looked at or belong to the next message.
    buffer: Option<Buffer>,
    ready: usize,
    pipe: Option<Pipe>,
    /// The end of the source was seen (for bodies that end with it).
    ended: bool,
    /// Whether bodies may go from socket to socket within the kernel.
    splice: Splice,
    /// Whether so much came at once that this is worth it for a body of unknown length.
    bulk: bool,
    /// Whether the body is read and dropped.
    muted: bool,
    /// Whether the body comes in chunks.
    chunked: bool,
    /// What was sent after the head, where it may have to be sent again; none where not, or no longer.
    kept: Option<Vec<u8>>,
    keep_max: usize,
    /// How large the buffer is at least, where it is to be a large one.
    large: usize,
    /// The filters that work on the body, where there are any.
    alter: Option<Box<Alter>>,
    /// Bytes passed on, heads and framing included.
    pub moved: u64,
    /// Bytes of the body that were read, as logs count them: the content, what trailers say, one for the end of chunks.
    pub payload: u64,
    traffic: Traffic,
}

impl Pump {
    /// A direction with nothing to do.
    pub const fn idle() -> Self {
        Self {
            rest: Rest::None,
            head: Vec::new(),
            trailers: None,
            trailers_due: false,
            trailer_rule: Trailers::Pass,
            hurried: false,
            buffer: None,
            ready: 0,
            pipe: None,
            ended: false,
            splice: Splice::Never,
            bulk: false,
            muted: false,
            chunked: false,
            kept: None,
            keep_max: 0,
            large: 0,
            alter: None,
            moved: 0,
            payload: 0,
            traffic: Traffic { read: 0, wrote: 0, spliced_in: 0, spliced_out: 0 },
        }
    }

    /// A direction that passes on a body framed so; `buffer` holds what was read of it already.
    pub fn new(framing: Framing, buffer: Option<Buffer>, splice: Splice) -> Self {
        let rest = match framing {
            Framing::None => Rest::None,
            Framing::Length(n) => Rest::Length(n),
            Framing::Chunked => Rest::Chunked(ChunkDecoder::new()),
            Framing::UntilClose | Framing::Tunnel => Rest::UntilClose,
        };
        Self { rest, buffer, splice, chunked: framing == Framing::Chunked, ..Self::idle() }
    }

    /// Looks at what was read, so that the first write can carry head and body together.
    pub fn prepare(&mut self) -> Result<(), Broken> {
        self.ingest()
    }

    /// Sends `head`, with what is ready of the body behind it in the same call. What the socket doesn't take is kept.
    ///
    /// A short body is copied behind the head in `head`: one plain send costs less than a gathering one.
    pub fn send_head(&mut self, head: &mut Vec<u8>, to: &Sock) -> Result<(), Broken> {
        let body = due(&self.alter, &self.buffer, self.ready);
        let own = head.len();
        let written = if body.len() <= COPY_MAX {
            head.extend_from_slice(body);
            to.try_write(head)
        } else {
            to.try_write2(head, body)
        };
        head.truncate(own);
        let sent = match written {
            Ok(n) => n,
            Err(e) if e.kind() == io::ErrorKind::WouldBlock => 0,
            Err(e) => return Err(Broken::Destination(e)),
        };
        self.wrote(sent);
        match head.get(sent..) {
            Some(left) if !left.is_empty() => self.head = left.to_vec(),
            _ => self.sent(sent - head.len()),
        }
        Ok(())
    }

    /// Keeps what is sent from now on, up to `most` bytes, for [`Pump::rewind`].
    pub fn keep(&mut self, most: usize) {
        if self.alters() {
            return;
        }
        self.kept = Some(Vec::new());
        self.keep_max = most;
        self.splice = Splice::Never;
    }

    /// Whether all that was sent can be sent again.
    pub fn keeps(&self) -> bool {
        self.kept.is_some()
    }

    /// Puts what was sent back in front of what is left, but for the head; false if that is not possible.
    pub fn rewind(&mut self) -> bool {
        let Some(mut kept) = self.kept.take() else { return false };
        let again = kept.len();
        kept.extend_from_slice(self.buffer.as_ref().map(Buffer::data).unwrap_or_default());
        self.buffer = Some(Buffer::holding(&kept));
        self.ready += again;
        self.head.clear();
        kept.clear();
        self.kept = Some(kept);
        true
    }

    /// What is read from now on goes into a buffer of at least `size` bytes.
    pub fn enlarge(&mut self, size: usize) {
        self.large = size;
        if let Some(buffer) = &mut self.buffer {
            buffer.enlarge(size);
        }
    }

    pub const fn is_large(&self) -> bool {
        self.large > 0
    }

    /// From here on the body may go from socket to socket within the kernel so often.
    pub const fn splice_by(&mut self, splice: Splice) {
        self.splice = splice;
    }

    /// Writes what is ready, on a connection that has just come to stand.
    pub fn push(&mut self, to: &Sock) -> Result<(), Broken> {
        self.flush(to).map(|_| ())
    }

    /// Reads without writing, until the message is complete, so many bytes of its body are there, or the buffer is full;
    /// whether it waits for more.
    pub fn fill(&mut self, from: &Sock, enough: u64) -> Result<bool, Broken> {
        loop {
            let full = self.buffer.as_mut().is_some_and(|buffer| buffer.space().is_empty());
            if full || self.is_read() || self.payload >= enough {
                return Ok(false);
            }
            if self.ended {
                return self.end_of_source().map(|()| false);
            }
            if self.read(from)?.is_some() {
                return Ok(true);
            }
        }
    }

    /// Appends what was read of the body's content, without its framing.
    pub fn content(&self, out: &mut Vec<u8>) {
        self.each_content(|bytes| out.extend_from_slice(bytes));
    }

    /// Bytes of content among what is ready.
    pub fn content_size(&self) -> u64 {
        let mut size = 0;
        self.each_content(|bytes| size += bytes.len() as u64);
        size
    }

    /// Visits the pieces of content among what is ready.
    fn each_content(&self, mut visit: impl FnMut(&[u8])) {
        let mut rest = self.buffer.as_ref().and_then(|b| b.data().get(..self.ready)).unwrap_or_default();
        let Some(mut decoder) = self.chunked.then(ChunkDecoder::new) else {
            visit(rest);
            return;
        };
        loop {
            let n = match decoder.advance(rest) {
                Chunk::Forward(n) | Chunk::Skip(n) => n,
                Chunk::Data(n) => {
                    visit(rest.get(..n).unwrap_or_default());
                    n
                }
                Chunk::More | Chunk::Done | Chunk::Trailers | Chunk::Invalid(_) => return,
            };
            rest = rest.get(n..).unwrap_or_default();
        }
    }

    /// Sends what is still to come of the body, and what was read of it, through filters. `chunked`: how it goes on.
    pub fn filter(&mut self, chain: Chain, chunked: bool) -> Result<(), Broken> {
        if chain.is_empty() || self.muted {
            return Ok(());
        }
        self.splice = Splice::Never;
        let mut alter = Box::new(Alter::new(chain, chunked));
        if alter.alters() {
            self.each_content(|bytes| alter.gather(bytes));
            self.kept = None;
            self.consume(self.ready);
        } else {
            self.each_content(|bytes| alter.show(bytes));
        }
        self.alter = Some(alter);
        self.pass_on()
    }

    /// What the filters did.
    pub fn sums(&self) -> Sums {
        self.alter.as_ref().map(|alter| alter.sums()).unwrap_or_default()
    }

    /// Passes nothing of the body on: its receiver doesn't expect any.
    pub fn mute(&mut self) {
        self.muted = true;
        self.alter = None;
        self.splice = Splice::Never;
        self.trailers_due = false;
        self.consume(self.ready);
    }

    /// Drops what was read instead of sending it; false unless that is all of the message.
    pub fn skip(&mut self) -> bool {
        self.head.clear();
        self.trailers_due = false;
        self.alter = None;
        self.pipe = None;
        self.consume(self.ready);
        self.is_done()
    }

    /// Forgets what is left of the head: it will be written again for another server, or not at all.
    pub fn forget_head(&mut self) {
        self.head.clear();
    }

    /// Whether all of the message was read from the source (but not necessarily written).
    pub fn is_read(&self) -> bool {
        matches!(self.rest, Rest::None)
    }

    /// Whether all was passed on.
    pub fn is_done(&self) -> bool {
        self.is_read()
            && self.ready == 0
            && self.head.is_empty()
            && !self.trailers_due
            && self.pipe_is_empty()
            && self.alter.as_ref().is_none_or(|a| a.is_finished() && a.due().is_empty())
    }

    /// The bytes read that don't belong to this message.
    pub fn leftover(&mut self) -> Option<Buffer> {
        self.buffer.take().filter(|b| !b.is_empty())
    }

    /// Drops what is left; nothing more will be passed on.
    pub fn cancel(&mut self) {
        let Self { moved, payload, traffic, .. } = *self;
        *self = Self { moved, payload, traffic, ..Self::idle() };
    }

    /// Passes on what can be passed on now.
    pub fn step(&mut self, from: &Sock, to: &Sock) -> Result<Step, Broken> {
        loop {
            if let Some(wait) = self.flush(to)? {
                return Ok(wait);
            }
            match self.held() {
                Some(until) if until > net::now() => return Ok(Step::Later(until)),
                Some(_) => {
                    self.pass_on()?;
                    continue;
                }
                None => {}
            }
            if self.is_read() {
                return Ok(Step::Done);
            }
            if self.ended {
                self.end_of_source()?;
                continue;
            }
            let wait = match self.rest {
                Rest::Length(n) if self.splices(n) => self.splice_step(n, from, to)?,
                Rest::UntilClose if self.splices(0) => self.splice_step(u64::MAX, from, to)?,
                Rest::Chunked(decoder) if self.splices_chunk(decoder.chunk_left()) => {
                    self.splice_step(decoder.chunk_left(), from, to)?
                }
                _ => self.read(from)?,
            };
            if let Some(wait) = wait {
                return Ok(wait);
            }
        }
    }

    /// Has the filters take what was read, and pass on what they can.
    fn pass_on(&mut self) -> Result<(), Broken> {
        let read = self.is_read();
        let Some(alter) = &mut self.alter else { return Ok(()) };
        if alter.alters() {
            return alter.run(read, self.trailers_due).map_err(|Failed| Broken::Invalid(None));
        }
        if read {
            alter.show_end();
        }
        Ok(())
    }

    fn alters(&self) -> bool {
        self.alter.as_ref().is_some_and(|alter| alter.alters())
    }

    /// Until when a filter holds something back.
    fn held(&self) -> Option<Time> {
        self.alter.as_ref().and_then(|alter| alter.held_until())
    }

    /// Whether the next bytes go through a pipe; `left`: how many are known to come.
    fn splices(&self, left: u64) -> bool {
        let worth = match self.splice {
            Splice::Never => false,
            Splice::Auto => left >= SPLICE_FROM || self.bulk,
            Splice::Always => true,
        };
        worth && self.buffer_is_empty()
    }

    /// Whether what is left of a chunk does; of one that is short all is read along with what stands around it.
    fn splices_chunk(&self, left: u64) -> bool {
        left >= CHUNK_FROM && self.splices(left)
    }

    /// `n` bytes of the body went past the buffer.
    fn passed(&mut self, n: u64) {
        match &mut self.rest {
            Rest::Length(left) => {
                *left = left.saturating_sub(n);
                if *left == 0 {
                    self.rest = Rest::None;
                }
            }
            Rest::Chunked(decoder) => decoder.skip_data(n),
            Rest::None | Rest::UntilClose => {}
        }
    }

    fn wrote(&mut self, n: usize) {
        self.moved += n as u64;
        self.traffic.wrote += n as u64;
    }

    /// What it read and wrote since it was asked last.
    pub fn take_traffic(&mut self) -> Traffic {
        std::mem::take(&mut self.traffic)
    }

    /// The end of the source is the end of a body without a length, and a fault otherwise.
    fn end_of_source(&mut self) -> Result<(), Broken> {
        if matches!(self.rest, Rest::UntilClose) {
            self.rest = Rest::None;
            return self.pass_on();
        }
        Err(Broken::Source(io::ErrorKind::UnexpectedEof.into()))
    }

    /// Writes what is ready.
    fn flush(&mut self, to: &Sock) -> Result<Option<Step>, Broken> {
        loop {
            let body = due(&self.alter, &self.buffer, self.ready);
            if self.head.is_empty() && body.is_empty() {
                break;
            }
            let wrote =
                if self.head.is_empty() { to.try_write(body) } else { to.try_write2(&self.head, body) };
            let n = match wrote {
                Ok(n) => n,
                Err(e) if e.kind() == io::ErrorKind::WouldBlock => return Ok(Some(Step::Write)),
                Err(e) => return Err(Broken::Destination(e)),
            };
            self.wrote(n);
            let of_head = n.min(self.head.len());
            self.head.drain(..of_head);
            self.sent(n - of_head);
        }
        if self.trailers_due && self.is_read() && self.alter.as_ref().is_none_or(|a| a.is_finished()) {
            self.trailers_due = false;
            if let Some(trailers) = self.trailers.take() {
                self.trailer_rule.write(&trailers.1, &mut self.head);
            }
            if let Some(kept) = &mut self.kept {
                kept.extend_from_slice(&self.head);
            }
            return self.flush(to);
        }
        if self.buffer_is_empty() {
            self.buffer = None;
        }
        if self.pipe_is_empty() { Ok(None) } else { self.drain_pipe(to) }
    }

    fn read(&mut self, from: &Sock) -> Result<Option<Step>, Broken> {
        let buffer = self.buffer.get_or_insert_with(|| Buffer::of_at_least(self.large));
        let space = buffer.space();
        let room = space.len();
        match from.try_read(space) {
            Ok(0) => {
                self.ended = true;
                Ok(None)
            }
            Ok(n) => {
                buffer.filled(n);
                self.traffic.read += n as u64;
                self.bulk = n == room;
                self.ingest()?;
                Ok(None)
            }
            Err(e) if e.kind() == io::ErrorKind::WouldBlock => {
                if buffer.is_empty() {
                    self.buffer = None;
                }
                Ok(Some(Step::Read))
            }
            Err(e) => Err(Broken::Source(e)),
        }
    }

    /// Finds out how many of the bytes read may go.
    fn ingest(&mut self) -> Result<(), Broken> {
        let found = self.advance();
        if self.muted {
            self.trailers_due = false;
            self.consume(self.ready);
        }
        found?;
        if self.alter.is_some() { self.pass_on() } else { Ok(()) }
    }

    fn advance(&mut self) -> Result<(), Broken> {
        while let Some(buffer) = &mut self.buffer {
            let fresh = buffer.data().get(self.ready..).unwrap_or_default();
            if fresh.is_empty() {
                return Ok(());
            }
            match &mut self.rest {
                Rest::None => return Ok(()),
                Rest::UntilClose => {
                    let n = fresh.len();
                    self.payload += n as u64;
                    content(&mut self.alter, buffer, &mut self.ready, n);
                }
                Rest::Length(left) => {
                    let n = fresh.len().min(usize::try_from(*left).unwrap_or(usize::MAX));
                    content(&mut self.alter, buffer, &mut self.ready, n);
                    self.payload += n as u64;
                    *left -= n as u64;
                    if *left == 0 {
                        self.rest = Rest::None;
                    }
                }
                Rest::Chunked(decoder) => match decoder.advance(fresh) {
                    Chunk::Forward(n) if self.alter.as_ref().is_some_and(|a| a.alters()) => buffer.consume(n),
                    Chunk::Forward(n) => self.ready += n,
                    Chunk::Data(n) => {
                        self.payload += n as u64;
                        content(&mut self.alter, buffer, &mut self.ready, n);
                    }
                    Chunk::Skip(n) => buffer.cut(self.ready, n),
                    Chunk::More => return Ok(()),
                    Chunk::Done => {}
                    Chunk::Trailers if self.read_trailers()? => {}
                    Chunk::Trailers => return Ok(()),
                    Chunk::Invalid(error) => return Err(Broken::Invalid(Some(at(error, self.ready)))),
                },
            }
            if matches!(&self.rest, Rest::Chunked(decoder) if decoder.is_done()) {
                self.rest = Rest::None;
                // HAProxy counts the end of chunks as a byte.
                self.payload += 1;
            }
        }
        Ok(())
    }

    /// Reads the trailers at the head of the fresh bytes; false while they are incomplete.
    fn read_trailers(&mut self) -> Result<bool, Broken> {
        let Some(buffer) = &mut self.buffer else { return Ok(false) };
        let (scan, message) = &mut **self.trailers.get_or_insert_with(Box::default);
        let fresh = buffer.data().get(self.ready..).unwrap_or_default();
        match scan.trailers(fresh, message, &Limits::default()) {
            Parsed::Partial => Ok(false),
            Parsed::Invalid(error) => Err(Broken::Invalid(Some(at(error, self.ready)))),
            Parsed::Complete { consumed } => {
                buffer.cut(self.ready, consumed);
                self.trailers_due = true;
                self.payload += message.headers().map(|h| (h.name.len() + h.value.len()) as u64).sum::<u64>();
                if let Rest::Chunked(decoder) = &mut self.rest {
                    decoder.end_trailers();
                }
                Ok(true)
            }
        }
    }

    fn splice_step(&mut self, left: u64, from: &Sock, to: &Sock) -> Result<Option<Step>, Broken> {
        if to.is_device() {
            self.splice = Splice::Never;
            return Ok(None);
        }
        if self.pipe.is_none() {
            // What is to be encrypted has to be seen.
            if from.is_tls() || to.is_tls() {
                self.splice = Splice::Never;
                return Ok(None);
            }
            match Pipe::get() {
                Ok(pipe) => self.pipe = Some(pipe),
                Err(_) => self.splice = Splice::Never,
            }
        }
        let Some(pipe) = &mut self.pipe else { return Ok(None) };
        match from.splice_to(pipe, usize::try_from(left).unwrap_or(usize::MAX)) {
            Ok(0) => {
                self.ended = true;
                Ok(None)
            }
            Ok(n) => {
                self.payload += n as u64;
                self.traffic.read += n as u64;
                self.traffic.spliced_in += n as u64;
                self.passed(n as u64);
                self.drain_pipe(to)
            }
            Err(e) if e.kind() == io::ErrorKind::WouldBlock => {
                // A connection that waits holds nothing.
                self.pipe = None;
                self.bulk = false;
                Ok(Some(Step::Read))
            }
            Err(e) if e.kind() == io::ErrorKind::InvalidInput => {
                self.splice = Splice::Never;
                Ok(None)
            }
            Err(e) => Err(Broken::Source(e)),
        }
    }

    fn drain_pipe(&mut self, to: &Sock) -> Result<Option<Step>, Broken> {
        let more = match &self.rest {
            Rest::None => false,
            // The next chunk may be long in coming.
            Rest::Chunked(decoder) => decoder.chunk_left() > 0,
            Rest::Length(_) | Rest::UntilClose => true,
        };
        let (hurried, ended) = (self.hurried, self.is_read());
        let Some(pipe) = &mut self.pipe else { return Ok(None) };
        while pipe.held() > 0 {
            match pipe.splice_to(to, more && !hurried) {
                Ok(n) => {
                    self.moved += n as u64;
                    self.traffic.wrote += n as u64;
                    self.traffic.spliced_out += n as u64;
                }
                Err(e) if e.kind() == io::ErrorKind::WouldBlock => return Ok(Some(Step::Write)),
                Err(e) => return Err(Broken::Destination(e)),
            }
        }
        if ended {
            self.pipe = None;
        }
        Ok(None)
    }

    /// `n` bytes of the body went out.
    fn sent(&mut self, n: usize) {
        if let Some(alter) = self.alter.as_mut().filter(|a| a.alters()) {
            alter.consume(n);
            return;
        }
        if let (Some(kept), Some(buffer)) = (&mut self.kept, &self.buffer) {
            kept.extend_from_slice(buffer.data().get(..n).unwrap_or_default());
            if kept.len() > self.keep_max {
                self.kept = None;
            }
        }
        self.consume(n);
    }

    fn consume(&mut self, n: usize) {
        if let Some(buffer) = &mut self.buffer {
            buffer.consume(n);
        }
        self.ready -= n.min(self.ready);
    }

    /// What was read and not sent yet, and for how much more there would be room.
    pub fn unsent(&self) -> (&[u8], usize) {
        self.buffer.as_ref().map_or((&[], 0), |buffer| (buffer.data(), buffer.room()))
    }

    fn buffer_is_empty(&self) -> bool {
        self.buffer.as_ref().is_none_or(Buffer::is_empty)
    }

    fn pipe_is_empty(&self) -> bool {
        self.pipe.as_ref().is_none_or(|p| p.held() == 0)
    }
}

/// What is wrong in the fresh bytes, by its place behind those that are ready.
fn at(error: Error, ready: usize) -> Error {
    Error { offset: ready + error.offset, ..error }
}

/// What is to go out after the head.
fn due<'p>(alter: &'p Option<Box<Alter>>, buffer: &'p Option<Buffer>, ready: usize) -> &'p [u8] {
    match alter {
        Some(alter) if alter.alters() => alter.due(),
        _ => buffer.as_ref().and_then(|b| b.data().get(..ready)).unwrap_or_default(),
    }
}

/// The next `n` fresh bytes are content: it may go, unless filters have to see it first.
fn content(alter: &mut Option<Box<Alter>>, buffer: &mut Buffer, ready: &mut usize, n: usize) {
    let Some(alter) = alter else {
        *ready += n;
        return;
    };
    let fresh = buffer.data().get(*ready..*ready + n).unwrap_or_default();
    if alter.alters() {
        alter.gather(fresh);
        buffer.consume(n);
    } else {
        alter.show(fresh);
        *ready += n;
    }
}
