//! `httpclient`: asks a server, and shows what it answers, a part at a time: the status, the headers, the content.

use std::io;

use http::Message;
use http::h1::{Chunk, ChunkDecoder, Framing, Limits, Parsed, Scan, response_framing};
use net::{Addr, ConnectOptions, Sock, Time};
use state::family::Errand;

/// For how long nothing may happen, milliseconds.
const PATIENCE_MS: u64 = 5_000;
/// The longest head of an answer.
const HEAD_MAX: usize = 64 * 1024;
/// How much is read at once.
const READ: usize = 4096;

/// A connection that was asked, and what is left of its answer.
pub(super) struct Client {
    sock: Sock,
    came: Vec<u8>,
    rest: Rest,
}

/// What is still to come.
enum Rest {
    Length(u64),
    Chunks(ChunkDecoder),
    UntilClose,
    Nothing,
}

impl Client {
    /// Asks, and appends the head of the answer. Errors: there is none.
    pub(super) async fn ask(errand: &Errand, out: &mut Vec<u8>) -> io::Result<Self> {
        let sock = Sock::connect(&Addr::from(errand.to), &ConnectOptions::default())?;
        let mut client = Self { sock, came: Vec::new(), rest: Rest::Nothing };
        client.tell(&errand.request).await?;
        let (mut scan, mut head) = (Scan::default(), Message::default());
        let limits = Limits { accept_unsafe: true, ..Limits::default() };
        loop {
            match scan.response(&client.came, &mut head, &limits) {
                Parsed::Complete { consumed } => {
                    client.came.drain(..consumed);
                    if (100..200).contains(&head.status()) && head.status() != 101 {
                        scan = Scan::default();
                        head.clear();
                        continue;
                    }
                    break;
                }
                Parsed::Partial if client.came.len() < HEAD_MAX && client.hear().await? => {}
                Parsed::Partial | Parsed::Invalid(_) => return Err(io::ErrorKind::InvalidData.into()),
            }
        }
        show(&head, out);
        let framing = response_framing(&mut head, errand.method, &limits);
        client.rest = match framing.map_err(|_| io::Error::from(io::ErrorKind::InvalidData))? {
            Framing::None => Rest::Nothing,
            Framing::Length(length) => Rest::Length(length),
            Framing::Chunked => Rest::Chunks(ChunkDecoder::new()),
            Framing::UntilClose | Framing::Tunnel => Rest::UntilClose,
        };
        Ok(client)
    }

    /// Appends what comes next of the content; false at its end.
    pub(super) async fn more(&mut self, out: &mut Vec<u8>) -> io::Result<bool> {
        self.decode(out);
        if matches!(self.rest, Rest::Nothing) {
            return Ok(false);
        }
        self.hear().await
    }

    /// Takes the content out of what came.
    fn decode(&mut self, out: &mut Vec<u8>) {
        match &mut self.rest {
            Rest::Nothing => self.came.clear(),
            Rest::UntilClose => out.append(&mut self.came),
            Rest::Length(left) => {
                let n = self.came.len().min(usize::try_from(*left).unwrap_or(usize::MAX));
                out.extend(self.came.drain(..n));
                *left -= n as u64;
                if *left == 0 {
                    self.rest = Rest::Nothing;
                }
            }
            Rest::Chunks(decoder) => loop {
                match decoder.advance(&self.came) {
                    Chunk::Forward(n) | Chunk::Skip(n) => {
                        self.came.drain(..n);
                    }
                    Chunk::Data(n) => out.extend(self.came.drain(..n)),
                    Chunk::More => return,
                    Chunk::Trailers | Chunk::Done | Chunk::Invalid(_) => {
                        self.rest = Rest::Nothing;
                        return;
                    }
                }
            },
        }
    }

    async fn tell(&self, mut bytes: &[u8]) -> io::Result<()> {
        while !bytes.is_empty() {
            match self.sock.try_write(bytes) {
                Ok(n) => bytes = bytes.get(n..).unwrap_or_default(),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    let until = patience();
                    let woken = net::wait(|w| {
                        w.write(&self.sock).until(until);
                    });
                    if woken.await.timed_out() {
                        return Err(io::ErrorKind::TimedOut.into());
                    }
                }
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Reads once; false at the end.
    async fn hear(&mut self) -> io::Result<bool> {
        let mut room = [0; READ];
        loop {
            match self.sock.try_read(&mut room) {
                Ok(0) => return Ok(false),
                Ok(n) => {
                    self.came.extend_from_slice(room.get(..n).unwrap_or_default());
                    return Ok(true);
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    let until = patience();
                    let woken = net::wait(|w| {
                        w.read(&self.sock).until(until);
                    });
                    if woken.await.timed_out() {
                        return Err(io::ErrorKind::TimedOut.into());
                    }
                }
                Err(error) => return Err(error),
            }
        }
    }
}

fn patience() -> Time {
    net::now().plus_millis(PATIENCE_MS)
}

fn show(head: &Message, out: &mut Vec<u8>) {
    for part in [b"HTTP/1.1 ".as_slice(), head.status_bytes(), b" ", head.reason(), b"\n"] {
        out.extend_from_slice(part);
    }
    for header in head.headers() {
        for part in [header.name, b": ", header.value, b"\r\n"] {
            out.extend_from_slice(part);
        }
    }
    out.extend_from_slice(b"\r\n");
}

/// What is shown where nobody answered.
pub(super) fn nobody(out: &mut Vec<u8>) {
    let mut message = Message::default();
    let Some(reply) = http::reply::error(503) else { return };
    out.extend_from_slice(b"HTTP/1.1 0 Service Unavailable\n");
    if reply.fill(&mut message).is_ok() {
        let mut text = Vec::new();
        show(&message, &mut text);
        let headers = text.iter().position(|byte| *byte == b'\n').and_then(|at| text.get(at + 1..));
        out.extend_from_slice(headers.unwrap_or_default());
        out.extend_from_slice(reply.body.as_bytes());
    }
}
