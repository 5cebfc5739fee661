//! Chunked bodies (RFC 9112 §7.1), decoded without copying: the decoder says what the next input bytes are.
//!
//! What is to be passed on is a chunked body in canonical form but for the case of hexadecimal digits: no extensions, no
//! blanks, no run of leading zeros.

use super::{Error, ErrorKind};

/// What the first bytes of the input are. A count is never 0.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Chunk {
    /// So many bytes of framing (chunk sizes and line ends): passed on verbatim to a peer that gets chunks, dropped for
    /// one that doesn't.
    Forward(usize),
    /// So many bytes of payload: passed on in any case.
    Data(usize),
    /// So many bytes that nobody is to get, such as chunk extensions.
    Skip(usize),
    /// The last chunk is behind us and trailers begin at the first byte: parse them with [`super::Scan::trailers`] from
    /// here, send them on with [`crate::Message::write_headers`] (which ends the body), then call
    /// [`ChunkDecoder::end_trailers`]. A body without trailers doesn't come here.
    Trailers,
    /// The input is used up and the body isn't at its end.
    More,
    /// The body is at its end; the input from here on isn't part of it.
    Done,
    /// No chunked body; the offset is one in this input.
    Invalid(Error),
}

/// Most bytes of a line with a chunk's size, extensions included.
const LINE_LIMIT: u16 = 16384;

/// Largest chunk: 52 bits, HAProxy's limit.
const SIZE_LIMIT: u64 = (1 << 52) - 1;

/// Incremental decoder of one body.
#[derive(Clone, Copy, Debug)]
pub struct ChunkDecoder {
    state: State,
    /// Bytes of the current size line so far.
    line: u16,
    /// Of the current chunk: its size while the line is read, then what is left of it.
    left: u64,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum State {
    /// Before the first digit of a size.
    Start,
    /// Behind a leading zero that was passed on.
    Zero,
    /// In the digits of a size.
    Size,
    /// In blanks behind the size.
    Blank,
    /// In extensions, outside of quotes.
    Extension,
    /// In a quoted string.
    Quoted,
    /// Behind a backslash, in a quoted string or not.
    Escape(bool),
    /// Behind the CR of a size line.
    SizeLf,
    Data,
    /// Behind the data.
    DataCr,
    DataLf,
    /// Behind the last chunk's line.
    Trailer,
    /// Behind the CR of the blank line.
    LastLf,
    Done,
}

/// What a byte of framing is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Fate {
    Pass,
    Drop,
}

impl Default for ChunkDecoder {
    fn default() -> Self {
        ChunkDecoder { state: State::Start, line: 0, left: 0 }
    }
}

impl ChunkDecoder {
    /// A decoder at the start of a body.
    pub fn new() -> ChunkDecoder {
        ChunkDecoder::default()
    }

    /// Whether the body is at its end.
    pub fn is_done(&self) -> bool {
        self.state == State::Done
    }

    /// Bytes of payload that the current chunk still has, 0 outside of a chunk's data.
    pub fn chunk_left(&self) -> u64 {
        if self.state == State::Data { self.left } else { 0 }
    }

    /// Notes that `count` bytes of the current chunk's payload went past the decoder (spliced, say). More than
    /// [`ChunkDecoder::chunk_left`] counts as that much.
    pub fn skip_data(&mut self, count: u64) {
        if self.state == State::Data {
            self.left = self.left.saturating_sub(count);
            if self.left == 0 {
                self.state = State::DataCr;
            }
        }
    }

    /// Says that the trailers were taken, after [`Chunk::Trailers`].
    pub fn end_trailers(&mut self) {
        if self.state == State::Trailer {
            self.state = State::Done;
        }
    }

    /// Says what the first bytes of `input` are and takes them; call again with the rest.
    pub fn advance(&mut self, input: &[u8]) -> Chunk {
        match (self.state, input) {
            (State::Done, _) => return Chunk::Done,
            (_, []) => return Chunk::More,
            (State::Trailer, [first, ..]) if *first != b'\r' => return Chunk::Trailers,
            (State::Data, _) => {
                let count = input.len().min(usize::try_from(self.left).unwrap_or(usize::MAX));
                self.skip_data(count as u64);
                return Chunk::Data(count);
            }
            _ => {}
        }
        let mut run = None;
        let mut at = 0;
        while let Some(&byte) = input.get(at) {
            let at_stop = matches!(self.state, State::Data | State::Done)
                || (self.state == State::Trailer && byte != b'\r');
            if at_stop {
                break;
            }
            let before = *self;
            match self.step(byte, input.get(at + 1).copied()) {
                Err(kind) => {
                    // What came before the bad byte is as it was; the caller gets to know at its next call.
                    *self = before;
                    match run {
                        None => return Chunk::Invalid(Error::new(kind, at)),
                        Some(_) => break,
                    }
                }
                Ok(fate) if *run.get_or_insert(fate) != fate => {
                    // The byte begins the next piece.
                    *self = before;
                    break;
                }
                Ok(_) => at += 1,
            }
        }
        match run {
            Some(Fate::Drop) => Chunk::Skip(at),
            _ => Chunk::Forward(at),
        }
    }

    /// As [`ChunkDecoder::advance`] for a peer that gets chunks too: framing and payload together, as far as the input
    /// goes, are one `Forward`; never gives `Data`.
    pub fn forward(&mut self, input: &[u8]) -> Chunk {
        let mut total = 0;
        loop {
            let before = *self;
            match self.advance(input.get(total..).unwrap_or_default()) {
                Chunk::Forward(count) | Chunk::Data(count) => total += count,
                _ if total > 0 => {
                    *self = before;
                    return Chunk::Forward(total);
                }
                other => return other,
            }
        }
    }

    /// Takes one byte of framing; `next` is the one behind it, if it is there yet.
    fn step(&mut self, byte: u8, next: Option<u8>) -> Result<Fate, ErrorKind> {
        match self.state {
            State::DataCr | State::DataLf | State::Trailer | State::LastLf => {
                self.state = match (self.state, byte) {
                    (State::DataCr, b'\r') => State::DataLf,
                    (State::DataLf, b'\n') => State::Start,
                    (State::Trailer, b'\r') => State::LastLf,
                    (State::LastLf, b'\n') => State::Done,
                    _ => return Err(ErrorKind::ChunkEnd),
                };
                self.line = 0;
                Ok(Fate::Pass)
            }
            _ => self.size_line(byte, next),
        }
    }

    /// Takes one byte of the line with a chunk's size.
    fn size_line(&mut self, byte: u8, next: Option<u8>) -> Result<Fate, ErrorKind> {
        self.line += 1;
        if self.line > LINE_LIMIT {
            return Err(ErrorKind::ChunkSize);
        }
        let (state, fate) = match (self.state, byte) {
            (State::Start, b'0') => {
                self.left = 0;
                // A zero that more digits follow says nothing.
                let idle = next.is_some_and(|next| next.is_ascii_hexdigit());
                if idle { (State::Start, Fate::Drop) } else { (State::Zero, Fate::Pass) }
            }
            (State::Zero, b'0') => (State::Zero, Fate::Drop),
            (State::Start, _) if byte.is_ascii_hexdigit() => {
                self.left = digit(byte);
                (State::Size, Fate::Pass)
            }
            (State::Zero | State::Size, _) if byte.is_ascii_hexdigit() => {
                self.left = self.left << 4 | digit(byte);
                if self.left > SIZE_LIMIT {
                    return Err(ErrorKind::ChunkSize);
                }
                (State::Size, Fate::Pass)
            }
            (State::Zero | State::Size | State::Blank | State::Extension, b'\r') => {
                (State::SizeLf, Fate::Pass)
            }
            (State::SizeLf, b'\n') if self.left == 0 => (State::Trailer, Fate::Pass),
            (State::SizeLf, b'\n') => (State::Data, Fate::Pass),
            (State::Zero | State::Size | State::Blank, b' ' | b'\t') => (State::Blank, Fate::Drop),
            (State::Zero | State::Size | State::Blank, b';') => (State::Extension, Fate::Drop),
            (State::Extension | State::Quoted | State::Escape(_), b'\t' | b' '..=b'~' | 0x80..) => {
                (self.extension(byte), Fate::Drop)
            }
            _ => return Err(ErrorKind::ChunkSize),
        };
        self.state = state;
        Ok(fate)
    }

    /// The state behind a byte of an extension.
    fn extension(&self, byte: u8) -> State {
        match (self.state, byte) {
            (State::Escape(true), _) => State::Quoted,
            (State::Escape(false), _) => State::Extension,
            (state, b'\\') => State::Escape(state == State::Quoted),
            (State::Quoted, b'"') => State::Extension,
            (_, b'"') => State::Quoted,
            (state, _) => state,
        }
    }
}

fn digit(byte: u8) -> u64 {
    u64::from(match byte {
        b'0'..=b'9' => byte - b'0',
        _ => (byte | 0x20).wrapping_sub(b'a' - 10),
    })
}

/// The chunk that ends a body without trailers, blank line included.
pub const LAST_CHUNK: &[u8] = b"0\r\n\r\n";

/// Writes the head of a chunk with `size` bytes (`1A\r\n`) to `buffer`; gives the part of it that was written. The
/// chunk's data and a CRLF follow it. A `size` of 0 would be the last chunk: write [`LAST_CHUNK`] instead.
pub fn write_chunk_head(size: u64, buffer: &mut [u8; 18]) -> &[u8] {
    *buffer = *b"0000000000000000\r\n";
    let mut at = 16;
    let mut rest = size;
    loop {
        at -= 1;
        let digit = (rest & 15) as u8;
        if let Some(slot) = buffer.get_mut(at) {
            *slot = if digit < 10 { b'0' + digit } else { b'A' + digit - 10 };
        }
        rest >>= 4;
        if rest == 0 {
            return buffer.get(at..).unwrap_or_default();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Message;
    use crate::h1::{Limits, Parsed, Scan};

    /// Payload, what a chunked peer gets, and what is left behind the body.
    type Decoded = (Vec<u8>, Vec<u8>, Vec<u8>);

    /// Decodes pieces of a body.
    fn decode(pieces: &[&[u8]]) -> Result<Decoded, ErrorKind> {
        let mut decoder = ChunkDecoder::new();
        let (mut data, mut sent, mut input) = (Vec::new(), Vec::new(), Vec::new());
        let (mut scan, mut trailers) = (Scan::default(), Message::new());
        for piece in pieces {
            input.extend_from_slice(piece);
            loop {
                let taken = match decoder.advance(&input) {
                    Chunk::Forward(n) => {
                        sent.extend_from_slice(&input[..n]);
                        n
                    }
                    Chunk::Data(n) => {
                        sent.extend_from_slice(&input[..n]);
                        data.extend_from_slice(&input[..n]);
                        n
                    }
                    Chunk::Skip(n) => n,
                    Chunk::Trailers => match scan.trailers(&input, &mut trailers, &Limits::default()) {
                        Parsed::Complete { consumed } => {
                            trailers.write_headers(&mut sent);
                            decoder.end_trailers();
                            consumed
                        }
                        Parsed::Partial => break,
                        Parsed::Invalid(error) => return Err(error.kind),
                    },
                    Chunk::More | Chunk::Done => break,
                    Chunk::Invalid(error) => return Err(error.kind),
                };
                assert!(taken > 0);
                input.drain(..taken);
            }
        }
        assert!(decoder.is_done(), "{decoder:?}");
        Ok((data, sent, input))
    }

    #[track_caller]
    fn becomes(body: &[u8], data: &[u8], sent: &[u8]) {
        assert_eq!(decode(&[body]).unwrap(), (data.to_vec(), sent.to_vec(), Vec::new()));
        for at in 0..body.len() {
            let split = decode(&[&body[..at], &body[at..]]).unwrap();
            assert_eq!(split.0, data);
            assert_eq!(decode(&[&split.1]).unwrap().0, data, "what is sent is a body itself");
        }
        let bytes: Vec<&[u8]> = body.chunks(1).collect();
        assert_eq!(decode(&bytes).unwrap().0, data);
    }

    #[track_caller]
    fn refused(body: &[u8]) {
        assert!(decode(&[body]).is_err());
        let bytes: Vec<&[u8]> = body.chunks(1).collect();
        assert!(decode(&bytes).is_err());
    }

    #[test]
    fn canonical_bodies_pass_as_they_are() {
        for body in
            [b"3\r\nabc\r\n0\r\n\r\n".as_slice(), b"a\r\n0123456789\r\n1\r\nx\r\n0\r\n\r\n", b"0\r\n\r\n"]
        {
            assert_eq!(decode(&[body]).unwrap().1, body);
        }
        let (data, sent, rest) = decode(&[b"A\r\n0123456789\r\n0\r\n\r\nGET /"]).unwrap();
        assert_eq!((data.len(), sent.len(), rest.as_slice()), (10, 20, b"GET /".as_slice()));
    }

    #[test]
    fn what_says_nothing_is_dropped() {
        let sent = b"3\r\nabc\r\n0\r\n\r\n";
        for size in [
            "3",
            "003",
            "00000000000000003",
            "3 ",
            "3\t",
            "3 \t ",
            "3;",
            "3;a=b",
            "3 ; a=b",
            "3;;;",
            "3;a=\"b\"",
            "3;a=\"b;c\"",
            "3;a=\"b\\\"c\"",
            "3;a=\"b\\\\\"",
            "3; a = b ",
            "3;a\tb",
            "3;a='",
            "3;(a)",
            "3;\u{e9}",
        ] {
            becomes(format!("{size}\r\nabc\r\n0\r\n\r\n").as_bytes(), b"abc", sent);
        }
        becomes(b"3\r\nabc\r\n000\r\n\r\n", b"abc", sent);
        becomes(b"3\r\nabc\r\n00;a\r\n\r\n", b"abc", sent);
        becomes(b"3\r\nabc\r\n0\r\n\n", b"abc", sent);
    }

    #[test]
    fn malformed_bodies_are_refused() {
        for size in [
            " 3",
            "3 a",
            "3\n",
            "3\r",
            "3;a\nb",
            "3;a=\"b",
            "3;a\rb",
            "3;a\0b",
            "3;a\u{1}b",
            "3;a\u{7f}",
            "3;\"",
            "3;a=\\",
            "3;a=\"b\\",
            "\r\n3",
            "0x3",
            "g",
            "-1",
            "+1",
            "",
            ";",
            "10000000000000",
            "10000000000000003",
            "ffffffffffffffff",
            "fffffffffffffffff",
        ] {
            refused(format!("{size}\r\nabc\r\n0\r\n\r\n").as_bytes());
        }
        refused(b"3\nabc\r\n0\r\n\r\n");
        refused(b"3\r\nabc\n0\r\n\r\n");
        refused(b"3\r\nabcd\r\n0\r\n\r\n");
        refused(b"3\r\nab\r\n0\r\n\r\n");
        refused(b"3\r\nabc\r\n0\n\r\n");
        refused(b"0\r\n\rx");
        refused(format!("3;{}\r\nabc\r\n0\r\n\r\n", "a".repeat(20000)).as_bytes());
    }

    #[test]
    fn sizes_reach_to_52_bits() {
        let mut decoder = ChunkDecoder::new();
        assert_eq!(decoder.advance(b"fffffffffffff\r\nab"), Chunk::Forward(15));
        assert_eq!(decoder.chunk_left(), SIZE_LIMIT);
        assert_eq!(decoder.advance(b"ab"), Chunk::Data(2));
        decoder.skip_data(SIZE_LIMIT);
        assert_eq!(decoder.advance(b"\r\n"), Chunk::Forward(2));
    }

    #[test]
    fn trailers_are_headers() {
        becomes(b"0\r\nX-T: y\r\n\r\n", b"", b"0\r\nx-t: y\r\n\r\n");
        becomes(b"0\r\nX: y\n\n", b"", b"0\r\nx: y\r\n\r\n");
        becomes(b"0\r\nX: a\r\n b\r\n\r\n", b"", b"0\r\nx: a   b\r\n\r\n");
        refused(b"0\r\nX : y\r\n\r\n");
        refused(b"0\r\nX\r\n\r\n");
        refused(b"0\r\n: y\r\n\r\n");
        refused(b"0\r\nX: a\0\r\n\r\n");
        refused(b"0\r\n X: a\r\n\r\n");
        refused(format!("0\r\n{}\r\n", "h: x\r\n".repeat(101)).as_bytes());
    }

    #[test]
    fn forwarding_joins_pieces() {
        let mut decoder = ChunkDecoder::new();
        let body = b"3\r\nabc\r\n4;x\r\nabcd\r\n0\r\n\r\nrest";
        assert_eq!(decoder.forward(body), Chunk::Forward(9));
        assert_eq!(decoder.forward(&body[9..]), Chunk::Skip(2));
        assert_eq!(decoder.forward(&body[11..]), Chunk::Forward(13));
        assert_eq!(decoder.forward(&body[24..]), Chunk::Done);
        assert_eq!(&body[24..], b"rest");
    }

    #[test]
    fn heads_are_written() {
        let mut buffer = [0; 18];
        assert_eq!(write_chunk_head(1, &mut buffer), b"1\r\n");
        assert_eq!(write_chunk_head(0x1a2b, &mut buffer), b"1A2B\r\n");
        assert_eq!(write_chunk_head(u64::MAX, &mut buffer), b"FFFFFFFFFFFFFFFF\r\n");
    }
}
