//! The HTTP side of checks: the request, and the answer as far as it came.

use std::borrow::Cow;
use std::sync::atomic::Ordering::Relaxed;

use http::Method;
use http::h1::{Chunk, ChunkDecoder, Framing, Limits, Parsed, Scan, response_framing};
use state::check::{Expect, Request, Status, Step};
use state::server::Address;
use state::{Format, Stream};

use super::finding::Finding;
use super::run::{Run, Stop};
use super::talk::Broken;

/// The answer to a request.
#[derive(Default)]
pub(super) struct Answer {
    /// Whether there was a request.
    asked: Option<Method>,
    scan: Scan,
    /// Behind the head: where in the input it ends, and how the body is delimited.
    head: Option<(usize, Framing)>,
    complete: bool,
}

impl Answer {
    pub(super) const fn is_head_complete(&self) -> bool {
        self.head.is_some()
    }

    /// Whether the body is there as well.
    pub(super) const fn is_complete(&self) -> bool {
        self.complete
    }

    /// The status; 0 before there is one.
    pub(super) fn status(&self, stream: &Stream) -> u16 {
        if self.head.is_some() { stream.response.status() } else { 0 }
    }

    /// What of the body stands in the input, without its framing.
    pub(super) fn body<'i>(&self, input: &'i [u8]) -> Cow<'i, [u8]> {
        let Some((at, framing)) = self.head else { return Cow::Borrowed(&[]) };
        let rest = input.get(at..).unwrap_or_default();
        match framing {
            Framing::None => Cow::Borrowed(&[]),
            Framing::Length(length) => {
                let length = usize::try_from(length).unwrap_or(usize::MAX).min(rest.len());
                Cow::Borrowed(rest.get(..length).unwrap_or_default())
            }
            Framing::Chunked => Cow::Owned(unchunk(rest).0),
            Framing::UntilClose | Framing::Tunnel => Cow::Borrowed(rest),
        }
    }

    fn is_whole(&self, input: &[u8], ended: bool) -> bool {
        let Some((at, framing)) = self.head else { return false };
        let rest = input.get(at..).unwrap_or_default();
        match framing {
            Framing::None | Framing::Tunnel => true,
            Framing::Length(length) => u64::try_from(rest.len()).unwrap_or(u64::MAX) >= length,
            Framing::Chunked => unchunk(rest).1,
            Framing::UntilClose => ended,
        }
    }
}

/// The content of chunks, and whether their end was seen.
fn unchunk(input: &[u8]) -> (Vec<u8>, bool) {
    let (mut decoder, mut out, mut at) = (ChunkDecoder::new(), Vec::new(), 0);
    loop {
        let rest = input.get(at..).unwrap_or_default();
        match decoder.advance(rest) {
            Chunk::Forward(n) | Chunk::Skip(n) => at += n,
            Chunk::Data(n) => {
                out.extend_from_slice(rest.get(..n).unwrap_or_default());
                at += n;
            }
            Chunk::Trailers | Chunk::Done => return (out, true),
            Chunk::More | Chunk::Invalid(_) => return (out, false),
        }
    }
}

impl Run<'_> {
    /// Sends a request.
    pub(super) async fn request(&mut self, step: &Step, request: &Request) -> Result<(), Stop> {
        let mut out = Vec::new();
        self.write_request(request, &mut out);
        self.write(step, &out).await?;
        self.answer.asked = Some(Method::of(&request.method));
        Ok(())
    }

    fn write_request(&self, request: &Request, out: &mut Vec<u8>) {
        let uri = self.bytes(&request.uri);
        let uri = if uri.is_empty() { b"/".to_vec() } else { uri };
        let modern = matches!(&*request.version, [b'H', b'T', b'T', b'P', b'/', major, b'.', minor, ..]
            if (*major, *minor) >= (b'1', b'1'));
        let version: &[u8] = if modern { b"HTTP/1.1" } else { b"HTTP/1.0" };
        for part in [&request.method, b" ".as_slice(), &uri, b" ", version, b"\r\n"] {
            out.extend_from_slice(part);
        }
        let mut line = |name: &[u8], value: &[u8]| {
            for part in [name, b": ", value, b"\r\n"] {
                out.extend_from_slice(part);
            }
        };
        let mut connection = false;
        for (name, value) in &request.headers {
            let value = self.bytes(value);
            if &**name != b"connection" {
                line(name, &value);
                continue;
            }
            connection = true;
            // Connections aren't kept: only an upgrade is worth telling of.
            if http::header_value::list(&value).any(|word| word.eq_ignore_ascii_case(b"upgrade")) {
                line(name, b"upgrade");
            }
        }
        if self.rules.send_state {
            line(b"x-haproxy-server-state", self.state().as_bytes());
        }
        let body = request.body.as_ref().map(|format: &Format| self.bytes(format));
        let bodied = matches!(&*request.method, b"POST" | b"PUT" | b"PATCH");
        if let Some(length) = body.as_ref().map(Vec::len).or(bodied.then_some(0)) {
            line(b"content-length", length.to_string().as_bytes());
        }
        if modern && !connection {
            line(b"connection", b"close");
        }
        out.extend_from_slice(b"\r\n");
        out.extend_from_slice(&body.unwrap_or_default());
    }

    /// `X-Haproxy-Server-State` (manual 4.2 "http-check send-state").
    fn state(&self) -> String {
        let (server, backend) = (self.server, self.backend);
        let live = &server.live;
        let (address, port) = match &*server.address() {
            Address::Inet(at) => (at.ip().to_string(), at.port().to_string()),
            Address::Unix(_) => ("unix".to_owned(), "unix".to_owned()),
            Address::Unresolved(_) => (String::new(), "0".to_owned()),
        };
        let total: u32 =
            backend.servers.iter().filter(|s| s.is_usable()).map(|s| s.live.weight.load(Relaxed)).sum();
        let sessions: u32 = backend.servers.iter().map(|s| s.live.sessions.now()).sum();
        format!(
            "{}; address={address}; port={port}; name={}/{}; node={}; weight={}/{total}; scur={}/{sessions}; qcur={}",
            keywords::metric::server_status(self.world, server).text(),
            backend.name,
            server.name,
            self.world.global.node,
            live.weight.load(Relaxed),
            live.sessions.now(),
            live.queued.now(),
        )
    }

    /// Where nothing was asked for there is no answer, whatever comes: the time runs out.
    pub(super) async fn asked_for(&mut self, step: &Step, expect: &Expect) -> Result<(), Stop> {
        if self.answer.asked.is_some() {
            return Ok(());
        }
        if let Some(talk) = &self.talk {
            net::sleep_until(talk.until).await;
        }
        Err(self.broken(step, Broken::Late, expect.timeout))
    }

    /// Takes note of what came of the answer. An answer that is none, or ends early, is an error of the connection.
    pub(super) fn look_at_answer(&mut self) -> Result<(), Stop> {
        if self.answer.complete {
            return Ok(());
        }
        let broken = || Box::new(Finding::new(Status::SocketError, ""));
        while self.answer.head.is_none() {
            let limits = Limits { accept_unsafe: true, ..Limits::default() };
            let response = &mut self.stream.response;
            match self.answer.scan.response(&self.input, response, &limits) {
                Parsed::Complete { consumed } => {
                    let method = self.answer.asked.unwrap_or(Method::Options);
                    let status = response.status();
                    let framing = response_framing(response, method, &limits).map_err(|_| broken())?;
                    if (100..200).contains(&status) && status != 101 {
                        self.input.drain(..consumed);
                        self.answer.scan = Scan::default();
                        response.clear();
                        continue;
                    }
                    self.answer.head = Some((consumed, framing));
                    self.stream.has_response = true;
                }
                Parsed::Invalid(_) => return Err(broken()),
                Parsed::Partial if self.ended => return Err(broken()),
                Parsed::Partial => return Ok(()),
            }
        }
        self.answer.complete = self.answer.is_whole(&self.input, self.ended);
        Ok(())
    }
}
