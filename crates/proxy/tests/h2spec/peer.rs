//! A client that writes frames as they come to its mind, and tells what the server makes of them.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use crate::Outcome;

pub(crate) const DATA: u8 = 0;
pub(crate) const HEADERS: u8 = 1;
pub(crate) const PRIORITY: u8 = 2;
pub(crate) const RST_STREAM: u8 = 3;
pub(crate) const SETTINGS: u8 = 4;
pub(crate) const PUSH_PROMISE: u8 = 5;
pub(crate) const PING: u8 = 6;
pub(crate) const GOAWAY: u8 = 7;
pub(crate) const WINDOW_UPDATE: u8 = 8;
pub(crate) const CONTINUATION: u8 = 9;

pub(crate) const ACK: u8 = 1;
pub(crate) const END_STREAM: u8 = 1;
pub(crate) const END_HEADERS: u8 = 4;
pub(crate) const PADDED: u8 = 8;
pub(crate) const WITH_PRIORITY: u8 = 0x20;
/// A whole request without a body.
pub(crate) const WHOLE: u8 = END_HEADERS | END_STREAM;

pub(crate) const PROTOCOL_ERROR: u32 = 1;
pub(crate) const FLOW_CONTROL_ERROR: u32 = 3;
pub(crate) const STREAM_CLOSED: u32 = 5;
pub(crate) const FRAME_SIZE_ERROR: u32 = 6;
pub(crate) const REFUSED_STREAM: u32 = 7;
pub(crate) const COMPRESSION_ERROR: u32 = 9;
pub(crate) const ENHANCE_YOUR_CALM: u32 = 11;

pub(crate) const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// Generous: machines stall.
const PATIENCE: Duration = Duration::from_secs(20);

/// The fields of a usual request.
pub(crate) const GET: [(&str, &str); 4] =
    [(":method", "GET"), (":scheme", "http"), (":path", "/"), (":authority", "h")];
pub(crate) const POST: [(&str, &str); 4] =
    [(":method", "POST"), (":scheme", "http"), (":path", "/"), (":authority", "h")];

/// A field as a literal without indexing, with a new name.
pub(crate) fn literal(name: &str, value: &str, out: &mut Vec<u8>) {
    out.push(0);
    for text in [name, value] {
        match text.len() {
            short @ 0..127 => out.push(short as u8),
            long => {
                out.push(127);
                let mut rest = long - 127;
                while rest >= 128 {
                    out.push((rest % 128 + 128) as u8);
                    rest /= 128;
                }
                out.push(rest as u8);
            }
        }
        out.extend_from_slice(text.as_bytes());
    }
}

/// A header list.
pub(crate) fn list(fields: &[(&str, &str)]) -> Vec<u8> {
    let mut out = Vec::new();
    fields.iter().for_each(|(name, value)| literal(name, value, &mut out));
    out
}

/// The usual request with more fields behind it.
pub(crate) fn with(fields: &[(&str, &str)]) -> Vec<u8> {
    list(&[&GET[..], fields].concat())
}

/// The usual request with one field in the place of another, or without it.
pub(crate) fn changed(at: usize, field: Option<(&str, &str)>) -> Vec<u8> {
    let mut fields = GET.to_vec();
    match field {
        Some((name, value)) => {
            let mut out = list(&fields[..at]);
            literal(name, value, &mut out);
            out.extend(list(&fields[at + 1..]));
            return out;
        }
        None => {
            fields.remove(at);
        }
    }
    list(&fields)
}

/// A setting.
pub(crate) fn setting(id: u16, value: u32) -> Vec<u8> {
    [&id.to_be_bytes()[..], &value.to_be_bytes()].concat()
}

/// A frame that came.
#[derive(Debug)]
pub(crate) struct Frame {
    pub(crate) kind: u8,
    pub(crate) flags: u8,
    pub(crate) stream: u32,
    pub(crate) payload: Vec<u8>,
}

impl Frame {
    /// The number at this place of its payload.
    fn number(&self, at: usize) -> u32 {
        u32::from_be_bytes(self.payload[at..at + 4].try_into().unwrap())
    }
}

/// A connection.
pub(crate) struct Peer {
    sock: TcpStream,
    came: Vec<u8>,
    begun: Instant,
}

impl Peer {
    /// Connects, and exchanges settings.
    pub(crate) fn open(port: u16) -> Peer {
        let mut peer = Peer::connect(port);
        peer.raw(PREFACE).frame(SETTINGS, 0, 0, b"");
        while !peer.next().is_some_and(|frame| frame.kind == SETTINGS && frame.flags == ACK) {}
        peer.frame(SETTINGS, ACK, 0, b"");
        peer
    }

    fn connect(port: u16) -> Peer {
        let sock = TcpStream::connect(("127.0.0.1", port)).unwrap();
        sock.set_read_timeout(Some(Duration::from_millis(100))).unwrap();
        Peer { sock, came: Vec::new(), begun: Instant::now() }
    }

    /// Another connection to the same server, on which nothing was said.
    pub(crate) fn another(&self) -> Peer {
        Peer::connect(self.sock.peer_addr().unwrap().port())
    }

    /// Writes bytes; the server may be gone already.
    pub(crate) fn raw(&mut self, bytes: &[u8]) -> &mut Peer {
        let _ = self.sock.write_all(bytes);
        self
    }

    pub(crate) fn frame(&mut self, kind: u8, flags: u8, stream: u32, payload: &[u8]) -> &mut Peer {
        let mut out = (payload.len() as u32).to_be_bytes()[1..].to_vec();
        out.extend_from_slice(&[kind, flags]);
        out.extend_from_slice(&stream.to_be_bytes());
        out.extend_from_slice(payload);
        self.raw(&out)
    }

    /// A whole request without a body.
    pub(crate) fn get(&mut self, stream: u32) -> &mut Peer {
        self.frame(HEADERS, WHOLE, stream, &list(&GET))
    }

    /// A request whose body is to come.
    pub(crate) fn post(&mut self, stream: u32) -> &mut Peer {
        self.frame(HEADERS, END_HEADERS, stream, &list(&POST))
    }

    pub(crate) fn window(&mut self, stream: u32, more: u32) -> &mut Peer {
        self.frame(WINDOW_UPDATE, 0, stream, &more.to_be_bytes())
    }

    /// The next frame; none where the server has closed, or says nothing for too long.
    pub(crate) fn next(&mut self) -> Option<Frame> {
        loop {
            if let Some(frame) = self.take() {
                return Some(frame);
            }
            let mut room = [0; 16 * 1024];
            match self.sock.read(&mut room) {
                Ok(0) => return None,
                Ok(n) => self.came.extend_from_slice(&room[..n]),
                Err(e) if matches!(e.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                    if self.begun.elapsed() > PATIENCE {
                        return None;
                    }
                }
                Err(_) => return None,
            }
        }
    }

    fn take(&mut self) -> Option<Frame> {
        let head = self.came.first_chunk::<9>()?;
        let len = u32::from_be_bytes([0, head[0], head[1], head[2]]) as usize;
        let (kind, flags) = (head[3], head[4]);
        let stream = u32::from_be_bytes([head[5], head[6], head[7], head[8]]);
        let payload = self.came.get(9..9 + len)?.to_vec();
        self.came.drain(..9 + len);
        Some(Frame { kind, flags, stream, payload })
    }

    /// The first frame that this finds something in; `what` is what is waited for.
    pub(crate) fn find<T>(
        &mut self,
        what: &str,
        mut look: impl FnMut(&Frame) -> Option<Result<T, String>>,
    ) -> Result<T, String> {
        self.begun = Instant::now();
        let mut seen = String::new();
        while let Some(frame) = self.next() {
            if let Some(found) = look(&frame) {
                return found;
            }
            seen += &format!("{}/{:x}/{} ", frame.kind, frame.flags, frame.stream);
        }
        let end = if self.begun.elapsed() > PATIENCE { "silence" } else { "the end" };
        Err(format!("{what} wanted, {end} came after {seen}"))
    }

    /// The stream is answered.
    pub(crate) fn answered(&mut self, stream: u32) -> Outcome {
        self.find(&format!("an answer on {stream}"), |frame| match (frame.kind, frame.stream) {
            (HEADERS, id) if id == stream => Some(Ok(())),
            (RST_STREAM, id) if id == stream => {
                Some(Err(format!("stream {id} reset by {}", frame.number(0))))
            }
            (GOAWAY, _) => Some(Err(format!("goaway by {}", frame.number(4)))),
            _ => None,
        })
    }

    /// The connection ends, for one of these reasons.
    pub(crate) fn broken(&mut self, codes: &[u32]) -> Outcome {
        self.find("the end", |frame| match frame.kind {
            GOAWAY if codes.contains(&frame.number(4)) => Some(Ok(())),
            GOAWAY => Some(Err(format!("goaway by {}", frame.number(4)))),
            _ => None,
        })
    }

    /// The stream ends, or all of the connection, for one of these reasons.
    pub(crate) fn reset(&mut self, stream: u32, codes: &[u32]) -> Outcome {
        self.find("a reset", |frame| match (frame.kind, frame.stream) {
            (RST_STREAM, id) if id == stream => Some(match frame.number(0) {
                code if codes.contains(&code) => Ok(()),
                code => Err(format!("reset by {code}")),
            }),
            (GOAWAY, _) if codes.contains(&frame.number(4)) => Some(Ok(())),
            (GOAWAY, _) => Some(Err(format!("goaway by {}", frame.number(4)))),
            _ => None,
        })
    }

    /// The server closes.
    pub(crate) fn closed(&mut self) -> Outcome {
        self.begun = Instant::now();
        while self.next().is_some() {}
        if self.begun.elapsed() > PATIENCE { Err("it stays open".to_owned()) } else { Ok(()) }
    }

    /// The connection is as it was.
    pub(crate) fn alive(&mut self) -> Outcome {
        self.frame(PING, 0, 0, b"are you?");
        self.find("an answer to a ping", |frame| match frame.kind {
            PING if frame.flags == ACK && frame.payload == b"are you?" => Some(Ok(())),
            GOAWAY => Some(Err(format!("goaway by {}", frame.number(4)))),
            _ => None,
        })
    }
}
