//! Chunked bodies (RFC 9112 §7.1), decoded without copying: the decoder says what the next input bytes are.

use super::{Error, ErrorKind};

/// What the first bytes of the input are. A count is never 0.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Chunk {
    /// So many bytes of framing (chunk heads, line ends, trailers): passed on verbatim to a peer that gets chunks,
    /// dropped for one that doesn't.
    Forward(usize),
    /// So many bytes of payload: passed on in any case.
    Data(usize),
    /// So many bytes that nobody is to get, such as chunk extensions.
    Skip(usize),
    /// The input is used up and the body isn't at its end.
    More,
    /// The body is at its end; the input from here on isn't part of it.
    Done,
    /// No chunked body.
    Invalid(Error),
}

/// Most bytes of trailers, the blank line included, unless [`ChunkDecoder::with_trailer_limit`] says otherwise.
const TRAILER_LIMIT: u32 = 16384;

/// Largest chunk.
const SIZE_LIMIT: u64 = u64::MAX >> 4;

/// Incremental decoder of one body.
#[derive(Clone, Copy, Debug)]
pub struct ChunkDecoder {
    state: State,
    /// Of the current chunk: its size while the head is read, then what is left of it.
    left: u64,
    /// Trailer bytes that may still come.
    trailer: u32,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum State {
    /// Before the first digit of a size.
    Start,
    /// In the digits of a size.
    Size,
    /// In what follows the size: blanks or an extension.
    Extension,
    /// Behind the CR of a chunk head.
    SizeLf,
    Data,
    /// Behind the data.
    DataCr,
    DataLf,
    /// At the start of a trailer line.
    Trailer,
    /// In a trailer's name.
    TrailerName,
    /// In a trailer's value.
    TrailerValue,
    /// Behind the CR of a trailer.
    TrailerLf,
    /// Behind the CR of the blank line.
    LastLf,
    Done,
}

impl Default for ChunkDecoder {
    fn default() -> Self {
        ChunkDecoder { state: State::Start, left: 0, trailer: TRAILER_LIMIT }
    }
}

impl ChunkDecoder {
    /// A decoder at the start of a body.
    pub fn new() -> ChunkDecoder {
        ChunkDecoder::default()
    }

    /// A decoder at the start of a body whose trailers may take so many bytes.
    pub fn with_trailer_limit(bytes: u32) -> ChunkDecoder {
        ChunkDecoder { trailer: bytes, ..ChunkDecoder::default() }
    }

    /// Whether the body is at its end.
    pub fn is_done(&self) -> bool {
        self.state == State::Done
    }

    /// Bytes of payload that the current chunk still has, 0 outside of a chunk's data.
    pub fn chunk_left(&self) -> u64 {
        if self.state == State::Data { self.left } else { 0 }
    }

    /// Says what the first bytes of `input` are and takes them; call again with the rest.
    pub fn advance(&mut self, input: &[u8]) -> Chunk {
        let mut at = 0;
        let mut skip = false;
        while let Some(&byte) = input.get(at) {
            match self.state {
                State::Done => break,
                State::Data if at > 0 => break,
                State::Data => {
                    let count = input.len().min(usize::try_from(self.left).unwrap_or(usize::MAX));
                    self.left -= count as u64;
                    if self.left == 0 {
                        self.state = State::DataCr;
                    }
                    return Chunk::Data(count);
                }
                _ => {}
            }
            let was = self.state;
            match self.step(byte) {
                Ok(dropped) if at == 0 => skip = dropped,
                Ok(dropped) if dropped == skip => {}
                Ok(_) => {
                    // The byte belongs to the next piece: it is looked at again there.
                    self.state = was;
                    break;
                }
                Err(kind) => return Chunk::Invalid(Error::new(kind, at)),
            }
            at += 1;
        }
        match (at, skip) {
            (0, _) if self.state == State::Done => Chunk::Done,
            (0, _) => Chunk::More,
            (_, true) => Chunk::Skip(at),
            (_, false) => Chunk::Forward(at),
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

    /// Takes one byte of framing; says whether it is to be dropped.
    fn step(&mut self, byte: u8) -> Result<bool, ErrorKind> {
        let next = match (self.state, byte) {
            (State::Start, b'0'..=b'9' | b'a'..=b'f' | b'A'..=b'F') => {
                self.left = 0;
                self.digit(byte)?
            }
            (State::Size, b'0'..=b'9' | b'a'..=b'f' | b'A'..=b'F') => self.digit(byte)?,
            (State::Size | State::Extension, b'\r') => State::SizeLf,
            (State::Size, b' ' | b'\t' | b';') => State::Extension,
            (State::Extension, b'\n' | 0) => return Err(ErrorKind::ChunkSize),
            (State::Extension, _) => State::Extension,
            (State::SizeLf, b'\n') if self.left == 0 => State::Trailer,
            (State::SizeLf, b'\n') => State::Data,
            (State::DataCr, b'\r') => State::DataLf,
            (State::DataLf, b'\n') => State::Start,
            (State::DataCr | State::DataLf, _) => return Err(ErrorKind::ChunkEnd),
            (State::Start | State::Size | State::SizeLf, _) => return Err(ErrorKind::ChunkSize),
            _ => return self.trailer(byte).map(|()| false),
        };
        self.state = next;
        Ok(next == State::Extension)
    }

    fn digit(&mut self, byte: u8) -> Result<State, ErrorKind> {
        let digit = match byte {
            b'0'..=b'9' => byte - b'0',
            _ => (byte | 0x20) - b'a' + 10,
        };
        if self.left > SIZE_LIMIT >> 4 {
            return Err(ErrorKind::ChunkSize);
        }
        self.left = self.left << 4 | u64::from(digit);
        Ok(State::Size)
    }

    /// Takes one byte of the trailers.
    fn trailer(&mut self, byte: u8) -> Result<(), ErrorKind> {
        self.trailer = self.trailer.checked_sub(1).ok_or(ErrorKind::Trailer)?;
        self.state = match (self.state, byte) {
            (State::Trailer, b'\r') => State::LastLf,
            (State::LastLf, b'\n') => State::Done,
            (State::TrailerName, b':') => State::TrailerValue,
            (State::Trailer | State::TrailerName, _) if super::bytes::is(byte, super::bytes::TOKEN) => {
                State::TrailerName
            }
            (State::TrailerValue, b'\r') => State::TrailerLf,
            (State::TrailerLf, b'\n') => State::Trailer,
            (State::TrailerValue, _) if byte != 0 && byte != b'\n' => State::TrailerValue,
            _ => return Err(ErrorKind::Trailer),
        };
        Ok(())
    }
}

/// The chunk that ends a body without trailers, blank line included.
pub const LAST_CHUNK: &[u8] = b"0\r\n\r\n";

/// Writes the head of a chunk with `size` bytes (`1a\r\n`) to `buffer`; gives the part of it that was written. The
/// chunk's data and a CRLF follow it. A `size` of 0 would be the last chunk: write [`LAST_CHUNK`] instead.
pub fn write_chunk_head(size: u64, buffer: &mut [u8; 18]) -> &[u8] {
    let mut at = 16;
    *buffer = *b"0000000000000000\r\n";
    let mut rest = size;
    loop {
        at -= 1;
        let digit = (rest & 15) as u8;
        if let Some(slot) = buffer.get_mut(at) {
            *slot = if digit < 10 { b'0' + digit } else { b'a' + digit - 10 };
        }
        rest >>= 4;
        if rest == 0 {
            return buffer.get(at..).unwrap_or_default();
        }
    }
}
