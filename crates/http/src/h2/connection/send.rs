//! What is written on a connection: heads in as many frames as they take, bodies as far as windows allow, and the ends of
//! streams and of the connection.

use super::{Connection, Role};
use crate::h2::frame::{self, Head, flag, kind};
use crate::h2::{Code, Settings, head};
use crate::message::Message;

/// Sending.
impl<T> Connection<T> {
    /// Begins a stream with a request, whose scheme this is where its target doesn't say; none where the peer has as many
    /// as it takes, or takes none any more. `upgrade`: the protocol that it asks for (RFC 8441); `bodiless`: no body of a response is to be expected, whatever its head says.
    pub fn request(
        &mut self,
        msg: &Message,
        scheme: &[u8],
        upgrade: Option<&[u8]>,
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
        self.tally.streams += 1;
        self.streams.add(stream);
        self.block_out(id, end, |out| head::write_request(msg, scheme, upgrade, out));
        Some(id)
    }

    /// Says of a stream that it will not be begun: as HAProxy tells a server of a request that can't be put into its words.
    /// Not where others are under way, whom that might hurt.
    pub fn abandon(&mut self) {
        if self.streams.len() == 0 && self.takes_more() {
            self.last = if self.last == 0 { 1 } else { self.last + 2 };
            frame::write_number(kind::RST_STREAM, self.last, Code::CANCEL.0, &mut self.out);
        }
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
        let Some(stream) = self.streams.get_mut(id) else { return };
        let half = self.config.settings.initial_window.saturating_add(stream.granted) / 2;
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
        self.granted -= stream.granted;
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
