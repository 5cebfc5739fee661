//! One connection, either end of it (RFC 9113 sections 3, 5, 6): takes frames in their order, says what they mean for whom,
//! answers by itself what concerns the connection alone, and writes frames as far as windows allow.

use super::frame::{self, Head, flag, kind, number31};
use super::head::{Malformed, Reader, What};
use super::hpack::{Bad, Decoder};
use super::settings::MAX_WINDOW;
use super::streams::{Stream, Streams};
use super::{Code, PREFACE, Settings};
use crate::h1::Limits;
use crate::header_value::trim;
use crate::known::Known;
use crate::message::Message;

mod send;

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
    /// Bytes of bodies that streams together may be granted beyond their initial windows.
    pub spare_window: u32,
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
    /// Bytes of bodies that were granted beyond initial windows.
    granted: u32,
    prefaced: bool,
    greeted: bool,
    /// Whether we have sent GOAWAY, and up to which stream.
    leaving: Option<u32>,
    /// Whether the peer has.
    left: bool,
    forgotten: [u32; REMEMBERED],
    forgotten_at: usize,
    glitches: u32,
    tally: Tally,
}

/// What happened on a connection so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Frames that came.
    pub headers: u32,
    pub data: u32,
    pub settings: u32,
    pub resets: u32,
    pub goaways: u32,
    /// Streams that either end began.
    pub streams: u32,
    /// Streams that were reset for what came on them, and whether the connection ended for what came.
    pub stream_errors: u32,
    pub connection_errors: u32,
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
            granted: 0,
            prefaced: role == Role::Client,
            greeted: false,
            leaving: None,
            left: false,
            forgotten: [0; REMEMBERED],
            forgotten_at: 0,
            glitches: 0,
            tally: Tally::default(),
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

    /// What the user keeps for the streams above this one.
    pub fn above(&self, id: u32) -> impl Iterator<Item = &T> {
        self.streams.iter().filter(move |stream| stream.id > id).filter_map(|stream| stream.user.as_ref())
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

    /// What happened so far.
    pub fn tally(&self) -> Tally {
        self.tally
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
            self.tally.connection_errors += 1;
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
        self.count(head.kind);
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

    fn count(&mut self, kind: u8) {
        let tally = &mut self.tally;
        let of_kind = match kind {
            kind::DATA => &mut tally.data,
            kind::HEADERS => &mut tally.headers,
            kind::SETTINGS => &mut tally.settings,
            kind::RST_STREAM => &mut tally.resets,
            kind::GOAWAY => &mut tally.goaways,
            _ => return,
        };
        *of_kind = of_kind.saturating_add(1);
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
        } else if known.is_none_or(|stream| stream.remote_ended) && !self.was_reset(id) {
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
        self.tally.streams += 1;
        self.streams.add(stream);
        if !end {
            self.grant(id);
        }
        Event::Head { id, end, refuse: read.is_err() }
    }

    fn stream(&self, id: u32) -> Stream<T> {
        Stream {
            id,
            window: i64::from(self.peer.initial_window),
            receives: i64::from(self.config.settings.initial_window),
            granted: 0,
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
            if !end {
                self.grant(id);
            }
        }
        Event::Head { id, end, refuse: false }
    }

    /// Grants a stream whose body is to come a larger window, out of what is left for all.
    fn grant(&mut self, id: u32) {
        let (more, least) =
            ((self.config.spare_window - self.granted) / 4, self.config.settings.initial_window);
        let large = |stream: &&mut Stream<T>| stream.length.is_none_or(|length| length > u64::from(least));
        let Some(stream) = self.streams.get_mut(id).filter(|_| more > 0).filter(large) else { return };
        (stream.granted, stream.receives) = (more, stream.receives + i64::from(more));
        self.granted += more;
        frame::write_number(kind::WINDOW_UPDATE, id, more, &mut self.out);
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
        // Whoever says so sends no more on it.
        (stream.reset, stream.remote_ended) = (true, true);
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
        self.tally.stream_errors += 1;
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
        for digits in header.value.split(|byte| *byte == b',').map(trim) {
            let number = std::str::from_utf8(digits).ok().filter(|_| digits.iter().all(u8::is_ascii_digit));
            let number: u64 = number.and_then(|text| text.parse().ok()).ok_or(Malformed::Reset)?;
            if *length.get_or_insert(number) != number {
                return Err(Malformed::Reset);
            }
        }
    }
    Ok(length)
}

#[cfg(test)]
mod tests;
