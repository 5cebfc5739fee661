//! One connection, either end of it (RFC 9113 sections 3, 5, 6): takes frames in their order, says what they mean for whom,
//! answers by itself what concerns the connection alone, and writes frames as far as windows allow.

use super::frame::{self, Head, flag, kind, number31};
use super::head::{self, Malformed, Reader, What};
use super::hpack::{Bad, Decoder};
use super::settings::MAX_WINDOW;
use super::streams::{Stream, Streams};
use super::{Code, PREFACE, Settings};
use crate::h1::Limits;
use crate::known::Known;
use crate::message::Message;

/// Which end this is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Role {
    Server,
    Client,
}

/// What this end wants.
#[derive(Clone, Copy, Debug)]
pub struct Config {
    /// What the peer is told.
    pub settings: Settings,
    /// What a message's head may be.
    pub limits: Limits,
    /// Bytes of a header block as it comes, compressed.
    pub max_block: usize,
}

/// Frames of one header block.
const MAX_BLOCK_FRAMES: u32 = 64;

/// Numbers of streams that were reset a moment ago: what the peer sent before it knew is no fault.
const REMEMBERED: usize = 32;

/// The connection is beyond repair: a GOAWAY with the reason stands among the bytes to be sent.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Fault(pub Code);

/// What a frame means.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Event<'i> {
    /// Nothing for anybody but the connection.
    None,
    /// A request, or a response (an interim one, too), stands in the message. `refuse`: it is to be answered with 400.
    Head { id: u32, end: bool, refuse: bool },
    /// Trailers stand in the message, and end the stream's body.
    Trailers { id: u32 },
    /// A piece of a body.
    Data { id: u32, bytes: &'i [u8], end: bool },
    /// The stream was reset, by the peer or because of what it sent.
    Reset { id: u32, code: Code },
    /// More may be sent on this stream, on all of them where it is 0.
    Window { id: u32 },
    /// The peer takes, or begins, no streams above this one.
    GoAway { last: u32 },
}

/// A frame that was taken.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Taken<'i> {
    /// Bytes of the input that it took; 0: more input is needed.
    pub consumed: usize,
    pub event: Event<'i>,
}

/// A header block on its way.
#[derive(Clone, Copy, Debug)]
struct Block {
    id: u32,
    end: bool,
    frames: u32,
}

/// One end of a connection. `T` is what its user keeps for each stream.
#[derive(Debug)]
pub struct Connection<T> {
    role: Role,
    config: Config,
    /// What the peer wants.
    peer: Settings,
    /// Bytes to be sent.
    out: Vec<u8>,
    streams: Streams<T>,
    decoder: Decoder,
    block: Option<Block>,
    /// The fragments of that block.
    fragments: Vec<u8>,
    /// What may be sent on all streams together, what may come, and for how much of what came no more was asked yet.
    window: i64,
    receives: i64,
    owed: u32,
    /// The highest stream that was begun.
    last: u32,
    /// How many of them are open.
    prefaced: bool,
    greeted: bool,
    /// Whether we have sent GOAWAY, and up to which stream.
    leaving: Option<u32>,
    /// Whether the peer has.
    left: bool,
    forgotten: [u32; REMEMBERED],
    forgotten_at: usize,
    glitches: u32,
}

impl<T> Connection<T> {
    /// A connection that has sent its SETTINGS, a client's its preface, too.
    pub fn new(role: Role, config: Config) -> Connection<T> {
        let mut out = Vec::new();
        if role == Role::Client {
            out.extend_from_slice(PREFACE);
        }
        let at = out.len();
        Head { len: 0, kind: kind::SETTINGS, flags: 0, stream: 0 }.write(&mut out);
        config.settings.write(role == Role::Client, &mut out);
        let mut connection = Connection {
            role,
            config,
            peer: Settings::default(),
            out,
            streams: Streams::new(),
            decoder: Decoder::new(config.settings.header_table as usize),
            block: None,
            fragments: Vec::new(),
            window: i64::from(Settings::default().initial_window),
            receives: i64::from(Settings::default().initial_window),
            owed: 0,
            last: 0,
            prefaced: role == Role::Client,
            greeted: false,
            leaving: None,
            left: false,
            forgotten: [0; REMEMBERED],
            forgotten_at: 0,
            glitches: 0,
        };
        connection.set_len(at);
        connection
    }

    /// Writes the length of the frame that began at `at` of the bytes to be sent, and is their end.
    fn set_len(&mut self, at: usize) {
        let len = (self.out.len() - at).saturating_sub(frame::HEAD) as u32;
        let [_, bytes @ ..] = len.to_be_bytes();
        if let Some(place) = self.out.get_mut(at..at + 3) {
            place.copy_from_slice(&bytes);
        }
    }

    /// Bytes to be sent: take them from the front.
    pub fn out(&mut self) -> &mut Vec<u8> {
        &mut self.out
    }

    /// How many bytes wait to be sent.
    pub fn pending(&self) -> usize {
        self.out.len()
    }

    /// Streams whose user has not let go of them.
    pub fn streams(&self) -> usize {
        self.streams.len()
    }

    /// What the user keeps for a stream.
    pub fn get(&self, id: u32) -> Option<&T> {
        self.streams.get(id)?.user.as_ref()
    }

    /// What the user keeps for each stream.
    pub fn users(&self) -> impl Iterator<Item = &T> {
        self.streams.iter().filter_map(|stream| stream.user.as_ref())
    }

    /// Keeps something for a stream.
    pub fn attach(&mut self, id: u32, user: T) {
        if let Some(stream) = self.streams.get_mut(id) {
            stream.user = Some(user);
        }
    }

    /// The highest stream that was begun so far.
    pub fn last(&self) -> u32 {
        self.last
    }

    /// Whether either end has said GOAWAY.
    pub fn is_leaving(&self) -> bool {
        self.leaving.is_some() || self.left
    }

    /// Odd things that the peer did, none of them a reason to end the connection by itself.
    pub fn glitches(&self) -> u32 {
        self.glitches
    }

    /// What the peer wants.
    pub fn peer(&self) -> &Settings {
        &self.peer
    }

    /// Whether the peer's SETTINGS came.
    pub fn is_greeted(&self) -> bool {
        self.greeted
    }

    /// Takes the frame at the front of `input`; a head that it completes stands in `msg`.
    ///
    /// # Errors
    /// What came ends the connection: send what is to be sent, then close.
    pub fn take<'i>(&mut self, input: &'i [u8], msg: &mut Message) -> Result<Taken<'i>, Fault> {
        let taken = self.next(input, msg);
        taken.map_err(|code| {
            self.glitches += 1;
            self.goaway(code);
            Fault(code)
        })
    }

    fn next<'i>(&mut self, input: &'i [u8], msg: &mut Message) -> Result<Taken<'i>, Code> {
        const MORE: Taken<'static> = Taken { consumed: 0, event: Event::None };
        if !self.prefaced {
            let len = input.len().min(PREFACE.len());
            if input.get(..len) != PREFACE.get(..len) {
                return Err(Code::PROTOCOL_ERROR);
            }
            if len < PREFACE.len() {
                return Ok(MORE);
            }
            self.prefaced = true;
            return Ok(Taken { consumed: len, event: Event::None });
        }
        let Some(head) = Head::read(input) else { return Ok(MORE) };
        if !self.greeted && (head.kind != kind::SETTINGS || head.has(flag::ACK)) {
            return Err(Code::PROTOCOL_ERROR);
        }
        if head.len > self.config.settings.max_frame as usize {
            return Err(Code::FRAME_SIZE_ERROR);
        }
        let Some(payload) = input.get(frame::HEAD..frame::HEAD + head.len) else { return Ok(MORE) };
        let event = self.frame(head, payload, msg)?;
        Ok(Taken { consumed: frame::HEAD + head.len, event })
    }

    fn frame<'i>(&mut self, head: Head, payload: &'i [u8], msg: &mut Message) -> Result<Event<'i>, Code> {
        if self.block.is_some_and(|block| head.kind != kind::CONTINUATION || head.stream != block.id) {
            return Err(Code::PROTOCOL_ERROR);
        }
        let of_stream = matches!(
            head.kind,
            kind::DATA | kind::HEADERS | kind::PRIORITY | kind::RST_STREAM | kind::CONTINUATION
        );
        let of_connection = matches!(head.kind, kind::SETTINGS | kind::PING | kind::GOAWAY);
        if (of_stream && head.stream == 0) || (of_connection && head.stream != 0) {
            return Err(Code::PROTOCOL_ERROR);
        }
        match head.kind {
            kind::DATA => self.data_frame(head, payload),
            kind::HEADERS => self.headers_frame(head, payload, msg),
            kind::CONTINUATION => self.continuation_frame(head, payload, msg),
            kind::PRIORITY => self.priority_frame(head, payload),
            kind::RST_STREAM => self.reset_frame(head, payload),
            kind::SETTINGS => self.settings_frame(head, payload),
            kind::PING => self.ping_frame(head, payload),
            kind::WINDOW_UPDATE => self.window_frame(head, payload),
            kind::GOAWAY if payload.len() < 8 => Err(Code::FRAME_SIZE_ERROR),
            kind::GOAWAY => {
                self.left = true;
                Ok(Event::GoAway { last: number31(payload).unwrap_or(0) })
            }
            kind::PUSH_PROMISE => Err(Code::PROTOCOL_ERROR),
            _ => Ok(Event::None),
        }
    }

    fn is_idle(&self, id: u32) -> bool {
        id > self.last || id.is_multiple_of(2)
    }

    fn data_frame<'i>(&mut self, head: Head, payload: &'i [u8]) -> Result<Event<'i>, Code> {
        let id = head.stream;
        if self.is_idle(id) {
            return Err(Code::PROTOCOL_ERROR);
        }
        let bytes = frame::unpad(head, payload)?;
        let whole = payload.len() as u32;
        self.receives -= i64::from(whole);
        if self.receives < 0 {
            return Err(Code::FLOW_CONTROL_ERROR);
        }
        self.owed += whole;
        let end = head.has(flag::END_STREAM);
        if bytes.is_empty() && !end {
            self.glitches += 1;
        }
        let Some(stream) = self.streams.get_mut(id).filter(|stream| !stream.reset) else {
            return if self.was_reset(id) { Ok(Event::None) } else { Ok(self.fail(id, Code::STREAM_CLOSED)) };
        };
        if stream.remote_ended {
            return Ok(self.fail(id, Code::STREAM_CLOSED));
        }
        stream.receives -= i64::from(whole);
        // What is padding needs no room.
        stream.owed += whole - bytes.len() as u32;
        let too_much = stream.receives < 0;
        let mut odd = !stream.headed;
        if let Some(left) = &mut stream.length {
            odd |= (bytes.len() as u64) > *left;
            *left = left.saturating_sub(bytes.len() as u64);
            odd |= end && *left > 0;
        }
        stream.remote_ended = end;
        match (too_much, odd) {
            (true, _) => Ok(self.fail(id, Code::FLOW_CONTROL_ERROR)),
            (_, true) => Ok(self.malformed(id)),
            _ => Ok(Event::Data { id, bytes, end }),
        }
    }

    fn headers_frame<'i>(
        &mut self,
        head: Head,
        payload: &[u8],
        msg: &mut Message,
    ) -> Result<Event<'i>, Code> {
        let mut payload = frame::unpad(head, payload)?;
        let id = head.stream;
        if head.has(flag::PRIORITY) {
            let (priority, rest) = payload.split_at_checked(5).ok_or(Code::FRAME_SIZE_ERROR)?;
            if number31(priority) == Some(id) {
                return Err(Code::PROTOCOL_ERROR);
            }
            payload = rest;
        }
        let known = self.streams.get(id);
        let is_new = known.is_none() && self.role == Role::Server && id > self.last;
        if is_new {
            if id.is_multiple_of(2) {
                return Err(Code::PROTOCOL_ERROR);
            }
        } else if self.is_idle(id) {
            return Err(Code::PROTOCOL_ERROR);
        } else if known.is_none_or(|stream| stream.remote_ended && !stream.reset) && !self.was_reset(id) {
            return Err(Code::STREAM_CLOSED);
        }
        let block = Block { id, end: head.has(flag::END_STREAM), frames: 1 };
        if payload.len() > self.config.max_block {
            return Err(Code::ENHANCE_YOUR_CALM);
        }
        if head.has(flag::END_HEADERS) {
            return self.list(block, payload, msg);
        }
        self.fragments.clear();
        self.fragments.extend_from_slice(payload);
        self.block = Some(block);
        Ok(Event::None)
    }

    fn continuation_frame<'i>(
        &mut self,
        head: Head,
        payload: &[u8],
        msg: &mut Message,
    ) -> Result<Event<'i>, Code> {
        let Some(mut block) = self.block.take() else { return Err(Code::PROTOCOL_ERROR) };
        block.frames += 1;
        if self.fragments.len() + payload.len() > self.config.max_block || block.frames > MAX_BLOCK_FRAMES {
            return Err(Code::ENHANCE_YOUR_CALM);
        }
        // Small pieces have no purpose but to be many.
        if payload.len() < 1024 && !head.has(flag::END_HEADERS) {
            self.glitches += 1;
        }
        self.fragments.extend_from_slice(payload);
        if !head.has(flag::END_HEADERS) {
            self.block = Some(block);
            return Ok(Event::None);
        }
        let mut fragments = std::mem::take(&mut self.fragments);
        let event = self.list(block, &fragments, msg);
        fragments.clear();
        fragments.shrink_to(1024);
        self.fragments = fragments;
        event
    }

    /// A whole header list came.
    fn list<'i>(&mut self, block: Block, list: &[u8], msg: &mut Message) -> Result<Event<'i>, Code> {
        let (id, end) = (block.id, block.end);
        let known = self.streams.get(id);
        let what = match (known, self.role) {
            (Some(stream), _) if stream.headed => What::Trailers,
            (_, Role::Server) => What::Request,
            (_, Role::Client) => What::Response,
        };
        let is_known = known.is_some_and(|stream| !stream.reset);
        let is_new = known.is_none() && self.role == Role::Server && id > self.last;
        let mut reader = Reader::new(what, msg, self.config.limits);
        match self.decoder.decode(list, &mut reader) {
            Ok(()) => {}
            Err(Bad::Malformed) => return Err(Code::COMPRESSION_ERROR),
            Err(Bad::Unwanted) => return Err(Code::ENHANCE_YOUR_CALM),
        }
        let read = reader.finish();
        if is_new {
            return Ok(self.begin(block, read, msg));
        }
        if !is_known {
            return Ok(Event::None);
        }
        if read.is_err() || (what == What::Trailers && !end) {
            return Ok(self.malformed(id));
        }
        match what {
            What::Trailers => Ok(self.trailers_came(id)),
            _ => Ok(self.response_came(id, end, msg)),
        }
    }

    /// A request came.
    fn begin<'i>(&mut self, block: Block, read: Result<(), Malformed>, msg: &Message) -> Event<'i> {
        let Block { id, end, .. } = block;
        self.last = id;
        if self.leaving.is_some() {
            return Event::None;
        }
        if self.open() >= self.config.settings.max_streams as usize {
            self.glitches += 1;
            return self.fail(id, Code::REFUSED_STREAM);
        }
        let length = length(msg);
        let odd = length.is_err() || (end && length.is_ok_and(|length| length.is_some_and(|n| n > 0)));
        if read == Err(Malformed::Reset) || odd {
            return self.malformed(id);
        }
        let mut stream = self.stream(id);
        stream.headed = true;
        stream.remote_ended = end;
        stream.length = length.unwrap_or(None);
        self.streams.add(stream);
        Event::Head { id, end, refuse: read.is_err() }
    }

    fn stream(&self, id: u32) -> Stream<T> {
        Stream {
            id,
            window: i64::from(self.peer.initial_window),
            receives: i64::from(self.config.settings.initial_window),
            owed: 0,
            length: None,
            headed: false,
            remote_ended: false,
            local_ended: false,
            reset: false,
            user: None,
        }
    }

    /// How many streams are open.
    pub fn open(&self) -> usize {
        self.streams.iter().filter(|stream| stream.is_open()).count()
    }

    /// A response came, final or not.
    fn response_came<'i>(&mut self, id: u32, end: bool, msg: &Message) -> Event<'i> {
        let (status, said) = (msg.status(), length(msg));
        let Some(stream) = self.streams.get_mut(id) else { return Event::None };
        let interim = status < 200;
        stream.headed = !interim;
        stream.remote_ended = end;
        let bodiless = stream.length == Some(0) || matches!(status, 204 | 304);
        let left = if bodiless { None } else { said.unwrap_or(None) };
        if (interim && end) || said.is_err() || (end && left.is_some_and(|left| left > 0)) {
            return self.malformed(id);
        }
        if !interim {
            stream.length = left;
        }
        Event::Head { id, end, refuse: false }
    }

    fn trailers_came<'i>(&mut self, id: u32) -> Event<'i> {
        let Some(stream) = self.streams.get_mut(id) else { return Event::None };
        stream.remote_ended = true;
        if stream.length.is_some_and(|left| left > 0) {
            return self.malformed(id);
        }
        Event::Trailers { id }
    }

    fn priority_frame<'i>(&mut self, head: Head, payload: &[u8]) -> Result<Event<'i>, Code> {
        if payload.len() != 5 {
            return Err(Code::FRAME_SIZE_ERROR);
        }
        // Priorities are not followed.
        if number31(payload) == Some(head.stream) {
            return Err(Code::PROTOCOL_ERROR);
        }
        Ok(Event::None)
    }

    fn reset_frame<'i>(&mut self, head: Head, payload: &[u8]) -> Result<Event<'i>, Code> {
        let [c0, c1, c2, c3] = *payload else { return Err(Code::FRAME_SIZE_ERROR) };
        let id = head.stream;
        if self.is_idle(id) {
            return Err(Code::PROTOCOL_ERROR);
        }
        let Some(stream) = self.streams.get_mut(id).filter(|stream| !stream.reset) else {
            return Ok(Event::None);
        };
        stream.reset = true;
        self.remember(id);
        Ok(Event::Reset { id, code: Code(u32::from_be_bytes([c0, c1, c2, c3])) })
    }

    fn settings_frame<'i>(&mut self, head: Head, payload: &[u8]) -> Result<Event<'i>, Code> {
        if head.has(flag::ACK) {
            return if payload.is_empty() { Ok(Event::None) } else { Err(Code::FRAME_SIZE_ERROR) };
        }
        let before = i64::from(self.peer.initial_window);
        self.peer.take(payload)?;
        self.greeted = true;
        let more = i64::from(self.peer.initial_window) - before;
        for stream in self.streams.iter_mut() {
            stream.window += more;
            if stream.window > MAX_WINDOW {
                return Err(Code::FLOW_CONTROL_ERROR);
            }
        }
        Head { len: 0, kind: kind::SETTINGS, flags: flag::ACK, stream: 0 }.write(&mut self.out);
        Ok(Event::Window { id: 0 })
    }

    fn ping_frame<'i>(&mut self, head: Head, payload: &[u8]) -> Result<Event<'i>, Code> {
        if payload.len() != 8 {
            return Err(Code::FRAME_SIZE_ERROR);
        }
        if !head.has(flag::ACK) {
            Head { flags: flag::ACK, ..head }.write(&mut self.out);
            self.out.extend_from_slice(payload);
        }
        Ok(Event::None)
    }

    fn window_frame<'i>(&mut self, head: Head, payload: &[u8]) -> Result<Event<'i>, Code> {
        if payload.len() != 4 {
            return Err(Code::FRAME_SIZE_ERROR);
        }
        let (id, more) = (head.stream, i64::from(number31(payload).unwrap_or(0)));
        if id == 0 {
            self.window += more;
            return match more {
                0 => Err(Code::PROTOCOL_ERROR),
                _ if self.window > MAX_WINDOW => Err(Code::FLOW_CONTROL_ERROR),
                _ => Ok(Event::Window { id }),
            };
        }
        if self.is_idle(id) {
            return Err(Code::PROTOCOL_ERROR);
        }
        let Some(stream) = self.streams.get_mut(id).filter(|stream| !stream.reset) else {
            return Ok(Event::None);
        };
        stream.window += more;
        match more {
            0 => Ok(self.malformed(id)),
            _ if stream.window > MAX_WINDOW => Ok(self.fail(id, Code::FLOW_CONTROL_ERROR)),
            _ => Ok(Event::Window { id }),
        }
    }

    /// Resets a stream for what came on it.
    fn malformed<'i>(&mut self, id: u32) -> Event<'i> {
        self.glitches += 1;
        self.fail(id, Code::PROTOCOL_ERROR)
    }

    fn fail<'i>(&mut self, id: u32, code: Code) -> Event<'i> {
        if let Some(stream) = self.streams.get_mut(id) {
            stream.reset = true;
        }
        self.remember(id);
        frame::write_number(kind::RST_STREAM, id, code.0, &mut self.out);
        Event::Reset { id, code }
    }

    fn remember(&mut self, id: u32) {
        if let Some(slot) = self.forgotten.get_mut(self.forgotten_at % REMEMBERED) {
            *slot = id;
        }
        self.forgotten_at += 1;
    }

    fn was_reset(&self, id: u32) -> bool {
        self.forgotten.contains(&id)
    }
}

/// The length of a body that a head tells: one number, whatever how often.
fn length(msg: &Message) -> Result<Option<u64>, Malformed> {
    let mut length = None;
    for header in msg.iterate(Known::ContentLength) {
        let digits = header.value;
        let number = std::str::from_utf8(digits).ok().filter(|_| digits.iter().all(u8::is_ascii_digit));
        let number: u64 = number.and_then(|text| text.parse().ok()).ok_or(Malformed::Reset)?;
        if *length.get_or_insert(number) != number {
            return Err(Malformed::Reset);
        }
    }
    Ok(length)
}

/// Sending.
impl<T> Connection<T> {
    /// Begins a stream with a request, whose scheme this is where its target doesn't say; none where the peer has as many
    /// as it takes, or takes none any more. `bodiless`: no body of a response is to be expected, whatever its head says.
    pub fn request(
        &mut self,
        msg: &Message,
        scheme: &[u8],
        websocket: bool,
        end: bool,
        bodiless: bool,
        user: T,
    ) -> Option<u32> {
        if !self.takes_more() {
            return None;
        }
        let id = if self.last == 0 { 1 } else { self.last + 2 };
        self.last = id;
        let mut stream = self.stream(id);
        stream.local_ended = end;
        stream.length = bodiless.then_some(0);
        stream.user = Some(user);
        self.streams.add(stream);
        self.block_out(id, end, |out| head::write_request(msg, scheme, websocket, out));
        Some(id)
    }

    /// How many more streams may be begun now.
    pub fn takes_more(&self) -> bool {
        !self.is_leaving() && self.last < 0x7fff_fff0 && self.open() < self.peer.max_streams as usize
    }

    /// Sends a response's head, final or not; false where the stream is gone.
    pub fn response(&mut self, id: u32, msg: &Message, end: bool) -> bool {
        let sends = self.ends(id, end);
        if sends {
            self.block_out(id, end, |out| head::write_response(msg, out));
        }
        sends
    }

    /// Ends a stream's body with trailers.
    pub fn trailers(&mut self, id: u32, msg: &Message) {
        if self.ends(id, true) {
            self.block_out(id, true, |out| head::write_trailers(msg, out));
        }
    }

    /// Notes that our direction ends, if so; whether it was open.
    fn ends(&mut self, id: u32, end: bool) -> bool {
        let Some(stream) = self.streams.get_mut(id).filter(|s| !s.reset && !s.local_ended) else {
            return false;
        };
        stream.local_ended = end;
        true
    }

    /// Writes a header list in as many frames as it takes.
    fn block_out(&mut self, id: u32, end: bool, write: impl FnOnce(&mut Vec<u8>)) {
        let at = self.out.len();
        let flags = flag::END_HEADERS | if end { flag::END_STREAM } else { 0 };
        Head { len: 0, kind: kind::HEADERS, flags, stream: id }.write(&mut self.out);
        write(&mut self.out);
        let most = self.peer.max_frame as usize;
        if self.out.len() - at - frame::HEAD <= most {
            return self.set_len(at);
        }
        let list = self.out.split_off(at + frame::HEAD);
        self.out.truncate(at);
        let pieces = list.chunks(most);
        let count = pieces.len();
        for (n, piece) in pieces.enumerate() {
            let last = if n + 1 == count { flag::END_HEADERS } else { 0 };
            let (kind, end) =
                if n == 0 { (kind::HEADERS, flags & flag::END_STREAM) } else { (kind::CONTINUATION, 0) };
            Head { len: piece.len(), kind, flags: last | end, stream: id }.write(&mut self.out);
            self.out.extend_from_slice(piece);
        }
    }

    /// How many bytes of a body may be sent now.
    pub fn room(&self, id: u32) -> usize {
        let stream = self.streams.get(id).filter(|stream| !stream.reset && !stream.local_ended);
        usize::try_from(stream.map_or(0, |stream| stream.window.min(self.window))).unwrap_or(0)
    }

    /// Sends what windows allow of a piece of a body, and how much that is. `end`: all of it is the last piece.
    pub fn data(&mut self, id: u32, bytes: &[u8], end: bool) -> usize {
        let n = bytes.len().min(self.room(id));
        let ends = end && n == bytes.len();
        let mut rest = bytes.get(..n).unwrap_or_default();
        if (rest.is_empty() && !ends) || !self.ends(id, ends) {
            return 0;
        }
        loop {
            let (piece, behind) = rest.split_at(rest.len().min(self.peer.max_frame as usize));
            let flags = if ends && behind.is_empty() { flag::END_STREAM } else { 0 };
            Head { len: piece.len(), kind: kind::DATA, flags, stream: id }.write(&mut self.out);
            self.out.extend_from_slice(piece);
            rest = behind;
            if rest.is_empty() {
                break;
            }
        }
        self.window -= n as i64;
        if let Some(stream) = self.streams.get_mut(id) {
            stream.window -= n as i64;
        }
        n
    }

    /// Says that so many bytes of what came on a stream were used up, so that as many may follow.
    pub fn consumed(&mut self, id: u32, bytes: usize) {
        let half = self.config.settings.initial_window / 2;
        let Some(stream) = self.streams.get_mut(id) else { return };
        stream.owed = stream.owed.saturating_add(u32::try_from(bytes).unwrap_or(u32::MAX));
        if stream.owed > half && !stream.remote_ended && !stream.reset {
            stream.receives += i64::from(stream.owed);
            frame::write_number(kind::WINDOW_UPDATE, id, stream.owed, &mut self.out);
            stream.owed = 0;
        }
    }

    /// Asks for as much as came on the connection: what may come is bounded by the streams' windows.
    pub fn replenish(&mut self) {
        if i64::from(self.owed) > i64::from(Settings::default().initial_window) / 2 {
            self.receives += i64::from(self.owed);
            frame::write_number(kind::WINDOW_UPDATE, 0, self.owed, &mut self.out);
            self.owed = 0;
        }
    }

    /// Lets go of a stream. What isn't at its end is reset: with `code` if it is ours, for no fault of the peer's if it is
    /// only that more comes than anybody reads.
    pub fn release(&mut self, id: u32, code: Code) -> Option<T> {
        let stream = self.streams.remove(id)?;
        if stream.is_open() {
            let code = if stream.local_ended && self.role == Role::Server { Code::NO_ERROR } else { code };
            self.remember(id);
            frame::write_number(kind::RST_STREAM, id, code.0, &mut self.out);
        }
        stream.user
    }

    /// Whether a stream was reset, or is gone.
    pub fn is_reset(&self, id: u32) -> bool {
        self.streams.get(id).is_none_or(|stream| stream.reset)
    }

    /// Says that no further streams will be served.
    pub fn goaway(&mut self, code: Code) {
        if self.leaving.is_some() && code == Code::NO_ERROR {
            return;
        }
        let last = if self.role == Role::Server { self.last } else { 0 };
        self.leaving = Some(last);
        frame::write_goaway(last, code, &mut self.out);
    }

    /// Counts one odd thing more.
    pub fn glitch(&mut self) {
        self.glitches += 1;
    }
}

#[cfg(test)]
mod tests;
