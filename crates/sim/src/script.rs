//! What peers are to do: requests, the answers they deserve, and how a client carries itself. Plain data, and the bytes
//! that belong to a request's number. Knows nothing of sockets.

use crate::rng::Rng;

/// Nanoseconds in a millisecond.
pub const MS: u64 = 1_000_000;

/// The bytes of a body repeat after this many.
const BLOCK: usize = 251;

/// How a message's body is framed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Framing {
    None,
    Length(usize),
    /// So many bytes in chunks of at most so many; with trailers or not.
    Chunked {
        size: usize,
        piece: usize,
        trailers: bool,
    },
    /// So many bytes, then the end of the stream.
    UntilClose(usize),
}

impl Framing {
    /// The payload's length.
    pub const fn size(self) -> usize {
        match self {
            Framing::None => 0,
            Framing::Length(size) | Framing::Chunked { size, .. } | Framing::UntilClose(size) => size,
        }
    }
}

/// What a server does wrong, counted in bytes of its answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    None,
    /// Closes instead of answering.
    Mute,
    Reset(usize),
    Close(usize),
    /// Says no more, and keeps the connection.
    Stall(usize),
    Garbage,
}

/// What a server answers to a request.
#[derive(Clone, Copy, Debug)]
pub struct Answer {
    pub status: u16,
    pub framing: Framing,
    /// A 1xx goes first.
    pub interim: bool,
    /// The answer doesn't wait for the request's body.
    pub early: bool,
    pub delay: u64,
    /// The connection ends with it, announced.
    pub close: bool,
    pub fault: Fault,
    /// Sends so many bytes at a time, with so many nanoseconds in between.
    pub pace: Option<(usize, u64)>,
}

/// A request's method.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    Get,
    Head,
    Put,
    Post,
}

impl Method {
    pub const fn word(self) -> &'static str {
        match self {
            Method::Get => "GET",
            Method::Head => "HEAD",
            Method::Put => "PUT",
            Method::Post => "POST",
        }
    }
}

/// A request.
#[derive(Clone, Copy, Debug)]
pub struct Request {
    pub id: u64,
    pub method: Method,
    /// HTTP/1.0.
    pub old: bool,
    /// Asks for the connection to be closed.
    pub close: bool,
    pub framing: Framing,
    /// Waits for 100 before the body.
    pub expect: bool,
    pub answer: Answer,
}

/// What a client does wrong, counted in bytes of its stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Conduct {
    Good,
    /// Ends its direction once all is sent, and goes on reading.
    HalfClose,
    /// Ends its direction after so many bytes.
    CutOff(usize),
    /// Closes after sending so many bytes; with a reset or not.
    LeaveSending(usize, bool),
    /// Closes after receiving so many bytes.
    LeaveReceiving(usize, bool),
    /// Says no more after so many bytes, and keeps the connection.
    Stall(usize),
    NeverRead,
    Garbage,
}

impl Conduct {
    pub const fn is_good(self) -> bool {
        matches!(self, Conduct::Good | Conduct::HalfClose)
    }
}

/// A client's connection.
#[derive(Clone, Debug)]
pub struct Client {
    pub requests: Vec<Request>,
    /// How many requests are under way at most.
    pub depth: usize,
    pub conduct: Conduct,
    pub pace: Option<(usize, u64)>,
    /// Reads so many bytes at a time, with so many nanoseconds in between.
    pub sips: Option<(usize, u64)>,
    /// Waits for the other side to close when all is done.
    pub lingers: bool,
}

/// A tunnel's connection (`mode tcp`).
#[derive(Clone, Copy, Debug)]
pub struct Tunnel {
    pub id: u64,
    /// Bytes from the client, and from the server.
    pub up: usize,
    pub down: usize,
    /// The server waits for the client's end before it sends.
    pub turns: bool,
}

/// The bytes that belong to a number.
#[derive(Clone, Debug)]
pub struct Pattern([u8; BLOCK]);

impl Pattern {
    pub fn of(id: u64) -> Pattern {
        let mut rng = Rng::new(id ^ 0x5157_4943_4500);
        let mut block = [0; BLOCK];
        for chunk in block.chunks_mut(8) {
            for (to, from) in chunk.iter_mut().zip(rng.next().to_le_bytes()) {
                *to = from;
            }
        }
        Pattern(block)
    }

    /// Whether these are its bytes from `at` on.
    pub fn is(&self, at: usize, bytes: &[u8]) -> bool {
        let mut at = at % BLOCK;
        let mut rest = bytes;
        while !rest.is_empty() {
            let n = rest.len().min(BLOCK - at);
            if rest.get(..n) != self.0.get(at..at + n) {
                return false;
            }
            rest = rest.get(n..).unwrap_or_default();
            at = 0;
        }
        true
    }

    /// Appends `n` of its bytes from `at` on.
    pub fn write(&self, at: usize, n: usize, out: &mut Vec<u8>) {
        let mut at = at % BLOCK;
        let mut left = n;
        while left > 0 {
            let take = left.min(BLOCK - at);
            out.extend_from_slice(self.0.get(at..at + take).unwrap_or_default());
            left -= take;
            at = 0;
        }
    }
}

/// Appends a body so framed.
fn body(id: u64, framing: Framing, out: &mut Vec<u8>) {
    let pattern = Pattern::of(id);
    let Framing::Chunked { size, piece, trailers } = framing else {
        return pattern.write(0, framing.size(), out);
    };
    let mut at = 0;
    while at < size {
        let n = piece.max(1).min(size - at);
        out.extend_from_slice(format!("{n:x}\r\n").as_bytes());
        pattern.write(at, n, out);
        out.extend_from_slice(b"\r\n");
        at += n;
    }
    out.extend_from_slice(if trailers { b"0\r\nx-trailer: yes\r\n\r\n" } else { b"0\r\n\r\n" });
}

fn framing_lines(framing: Framing) -> String {
    match framing {
        Framing::Length(n) => format!("content-length: {n}\r\n"),
        Framing::Chunked { .. } => "transfer-encoding: chunked\r\n".into(),
        Framing::None | Framing::UntilClose(_) => String::new(),
    }
}

impl Request {
    /// The head's bytes, and the body's.
    pub fn bytes(&self) -> (Vec<u8>, Vec<u8>) {
        let version = if self.old { "1.0" } else { "1.1" };
        let mut head = format!("{} /r/{} HTTP/{version}\r\nhost: sim\r\n", self.method.word(), self.id);
        head.push_str(&framing_lines(self.framing));
        if self.close && !self.old {
            head.push_str("connection: close\r\n");
        }
        if !self.close && self.old {
            head.push_str("connection: keep-alive\r\n");
        }
        if self.expect {
            head.push_str("expect: 100-continue\r\n");
        }
        head.push_str("\r\n");
        let mut out = Vec::new();
        body(self.id, self.framing, &mut out);
        (head.into_bytes(), out)
    }

    /// Whether sending it twice would do harm (RFC 9110 section 9.2.2).
    pub fn is_idempotent(&self) -> bool {
        self.method != Method::Post
    }

    /// The length of the body that its answer carries.
    pub fn answer_size(&self) -> usize {
        if self.method == Method::Head || self.answer.status == 204 { 0 } else { self.answer.framing.size() }
    }
}

impl Answer {
    /// All of the answer's bytes; `bare` without its body, as for HEAD.
    pub fn bytes(&self, id: u64, bare: bool) -> Vec<u8> {
        let mut out = Vec::new();
        if self.interim {
            out.extend_from_slice(b"HTTP/1.1 100 Continue\r\n\r\n");
        }
        let close = if self.close { "connection: close\r\n" } else { "" };
        let framing = if self.status == 204 { String::new() } else { framing_lines(self.framing) };
        let head = format!("HTTP/1.1 {} Fine\r\nx-id: {id}\r\n{framing}{close}\r\n", self.status);
        out.extend_from_slice(head.as_bytes());
        if !bare && self.status != 204 {
            body(id, self.framing, &mut out);
        }
        out
    }
}
