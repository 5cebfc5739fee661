//! A fast HTTP/1.1 origin: any number of ports served by one epoll thread, answers by path.
//!
//! | path | answer |
//! |---|---|
//! | `/16k`, `/1m` | that many bytes with a Content-Length, sent from the page cache |
//! | `/text` | 16 KiB of words with a Content-Length and a Content-Type |
//! | `/bytes/N` | N bytes with a Content-Length |
//! | `/chunked/N` | N bytes in chunks of 4 KiB |
//! | `/delay/MS` | a few bytes after MS milliseconds |
//! | `/echo` | the bytes of the request as they came in, head and body |
//! | `/port` | the port it was asked on |
//! | `/status/NNN` | that status with an empty body |
//! | `/close` | a few bytes, `Connection: close`, then the end of the connection |
//! | anything else | a few bytes |
//!
//! Bodies of requests are read (by length or in chunks) before the answer goes out. It is made to cost much
//! less than a proxy in front of it, and trusts its clients: they are ours.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4, TcpListener, TcpStream};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use memchr::memmem;
use rustix::event::{Timespec, epoll};
use rustix::fs::{MemfdFlags, memfd_create, sendfile};
use rustix::net::{AddressFamily, SocketFlags, SocketType, bind, listen, socket_with, sockopt};

use crate::machine;

/// Connections that may wait to be accepted on a port.
const BACKLOG: i32 = 4096;
/// The size of `/1m`, and of the file all large bodies come from.
const BODY_MAX: u64 = 1 << 20;
/// Bodies from this size on go out by `sendfile`.
const SENDFILE_MIN: u64 = 8 << 10;
/// Longest request kept (for `/echo`); a longer one ends the connection.
const REQUEST_MAX: usize = 8 << 20;
const CHUNK: usize = 4096;

/// What an origin is started with.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Ports to listen on; an empty list asks for one free port.
    pub ports: Vec<u16>,
    /// The core its thread is bound to.
    pub core: Option<usize>,
}

/// A running origin; it stops on drop.
#[derive(Debug)]
pub struct Origin {
    ports: Vec<u16>,
    answered: Arc<AtomicU64>,
    stop: Arc<AtomicBool>,
    core: Option<usize>,
    thread: Option<JoinHandle<Server>>,
}

/// The work of an origin in other hands: whoever holds it calls [`Hands::turn`] whenever its descriptor is readable.
///
/// A load that measures latencies serves its origin itself: two threads on one core would wait for each other's
/// slices of time, and that wait would be all there is to see.
#[derive(Debug)]
pub struct Hands(Server);

impl Hands {
    /// Does what can be done now; `events` is room to work in.
    pub fn turn(&mut self, events: &mut Vec<epoll::Event>) {
        self.0.turn(events, Duration::ZERO);
    }
}

impl AsFd for Hands {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.epoll.as_fd()
    }
}

impl Origin {
    /// Listens and serves from a thread of its own.
    ///
    /// # Errors
    /// When a port cannot be bound.
    pub fn start(options: &Options) -> io::Result<Origin> {
        let wanted = if options.ports.is_empty() { &[0][..] } else { &options.ports[..] };
        let listeners = wanted.iter().map(|&port| listener(port)).collect::<io::Result<Vec<_>>>()?;
        let ports = listeners.iter().map(|l| Ok(l.local_addr()?.port())).collect::<io::Result<Vec<_>>>()?;
        let stop = Arc::new(AtomicBool::new(false));
        let answered = Arc::new(AtomicU64::new(0));
        let server = Server::new(listeners, Arc::clone(&stop), Arc::clone(&answered))?;
        let mut origin = Origin { ports, answered, stop, core: options.core, thread: None };
        origin.give_back(Hands(server));
        Ok(origin)
    }

    /// Ends the origin's own thread and hands out its work; none if another has it.
    pub fn lend(&mut self) -> Option<Hands> {
        self.stop.store(true, Ordering::Relaxed);
        self.thread.take()?.join().ok().map(Hands)
    }

    /// Serves from a thread of its own again.
    pub fn give_back(&mut self, hands: Hands) {
        self.stop.store(false, Ordering::Relaxed);
        let (mut server, core) = (hands.0, self.core);
        self.thread = Some(std::thread::spawn(move || {
            if let Some(core) = core {
                let _ = machine::pin_to(&[core]);
            }
            server.run();
            server
        }));
    }

    /// The ports it listens on, in the order asked for.
    #[must_use]
    pub fn ports(&self) -> &[u16] {
        &self.ports
    }

    /// Requests answered so far.
    #[must_use]
    pub fn answered(&self) -> u64 {
        self.answered.load(Ordering::Relaxed)
    }

    /// Serves until the process ends.
    pub fn join(mut self) {
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl Drop for Origin {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn listener(port: u16) -> io::Result<TcpListener> {
    let flags = SocketFlags::NONBLOCK | SocketFlags::CLOEXEC;
    let socket = socket_with(AddressFamily::INET, SocketType::STREAM, flags, None)?;
    sockopt::set_socket_reuseaddr(&socket, true)?;
    // Accepted connections inherit it.
    sockopt::set_tcp_nodelay(&socket, true)?;
    bind(&socket, &SocketAddr::V4(SocketAddrV4::new(Ipv4Addr::LOCALHOST, port)))?;
    listen(&socket, BACKLOG)?;
    Ok(TcpListener::from(socket))
}

/// One connection: what came in and is not answered yet, what is to go out and has not gone yet.
#[derive(Debug)]
struct Connection {
    stream: TcpStream,
    serial: u64,
    port: u16,
    input: Vec<u8>,
    output: Vec<u8>,
    sent: usize,
    /// Bytes still to send from the body file, after `output`.
    file_left: u64,
    /// An answer waits for its time: nothing more is read until then.
    delayed: bool,
    close: bool,
}

#[derive(Debug)]
struct Server {
    epoll: OwnedFd,
    listeners: Vec<TcpListener>,
    connections: Vec<Option<Connection>>,
    free: Vec<usize>,
    /// (when, slot, serial of the connection in it).
    delays: BinaryHeap<Reverse<(Instant, usize, u64)>>,
    serial: u64,
    body: OwnedFd,
    scratch: Vec<u8>,
    stop: Arc<AtomicBool>,
    answered: Arc<AtomicU64>,
}

impl Server {
    fn new(
        listeners: Vec<TcpListener>,
        stop: Arc<AtomicBool>,
        answered: Arc<AtomicU64>,
    ) -> io::Result<Server> {
        let epoll = epoll::create(epoll::CreateFlags::CLOEXEC)?;
        for (index, listener) in listeners.iter().enumerate() {
            epoll::add(&epoll, listener, token(index), epoll::EventFlags::IN)?;
        }
        Ok(Server {
            epoll,
            listeners,
            connections: Vec::new(),
            free: Vec::new(),
            delays: BinaryHeap::new(),
            serial: 0,
            body: body_file()?,
            scratch: vec![0; 256 << 10],
            stop,
            answered,
        })
    }

    fn run(&mut self) {
        let mut events = Vec::with_capacity(512);
        while !self.stop.load(Ordering::Relaxed) {
            self.turn(&mut events, self.pause());
        }
    }

    /// Waits at most so long, below a second, and does what there is to do.
    fn turn(&mut self, events: &mut Vec<epoll::Event>, pause: Duration) {
        let pause = Timespec { tv_sec: 0, tv_nsec: pause.subsec_nanos().into() };
        events.clear();
        if epoll::wait(&self.epoll, rustix::buffer::spare_capacity(events), Some(&pause)).is_ok() {
            for event in &*events {
                let index = event.data.u64() as usize;
                if index < self.listeners.len() {
                    self.accept(index);
                } else {
                    self.serve(index - self.listeners.len());
                }
            }
            self.end_delays();
        }
    }

    /// How long the thread may sleep: until the next delayed answer, at most 50 ms.
    fn pause(&self) -> Duration {
        let most = Duration::from_millis(50);
        self.delays
            .peek()
            .map_or(most, |Reverse((when, ..))| when.saturating_duration_since(Instant::now()).min(most))
    }

    fn accept(&mut self, index: usize) {
        while let Ok((stream, _)) = self.listeners[index].accept() {
            let port = self.listeners[index].local_addr().map_or(0, |address| address.port());
            if stream.set_nonblocking(true).is_err() {
                continue;
            }
            self.serial += 1;
            let slot = self.free.pop().unwrap_or_else(|| {
                self.connections.push(None);
                self.connections.len() - 1
            });
            let flags = epoll::EventFlags::IN | epoll::EventFlags::OUT | epoll::EventFlags::ET;
            if epoll::add(&self.epoll, &stream, token(self.listeners.len() + slot), flags).is_err() {
                self.free.push(slot);
                continue;
            }
            self.connections[slot] = Some(Connection {
                stream,
                serial: self.serial,
                port,
                input: Vec::new(),
                output: Vec::new(),
                sent: 0,
                file_left: 0,
                delayed: false,
                close: false,
            });
            self.serve(slot);
        }
    }

    fn end_delays(&mut self) {
        while let Some(&Reverse((when, slot, serial))) = self.delays.peek() {
            if when > Instant::now() {
                break;
            }
            self.delays.pop();
            if let Some(connection) = &mut self.connections[slot]
                && connection.serial == serial
            {
                connection.delayed = false;
                self.serve(slot);
            }
        }
    }

    /// Moves one connection on as far as it goes without waiting.
    fn serve(&mut self, slot: usize) {
        let Some(mut connection) = self.connections[slot].take() else { return };
        if self.advance(&mut connection, slot) {
            self.connections[slot] = Some(connection);
        } else {
            self.free.push(slot);
        }
    }

    /// Whether the connection lives on.
    fn advance(&mut self, connection: &mut Connection, slot: usize) -> bool {
        loop {
            if connection.delayed {
                return true;
            }
            match connection.flush(&self.body) {
                Ok(true) if connection.close => return false,
                Ok(true) => {}
                Ok(false) => return true,
                Err(_) => return false,
            }
            let Some(whole) = request_length(&connection.input) else {
                match connection.stream.read(&mut self.scratch) {
                    Ok(0) => return false,
                    Ok(length) => connection.input.extend_from_slice(&self.scratch[..length]),
                    Err(error) if error.kind() == ErrorKind::Interrupted => {}
                    Err(error) => return error.kind() == ErrorKind::WouldBlock,
                }
                if connection.input.len() > REQUEST_MAX {
                    return false;
                }
                continue;
            };
            self.answered.fetch_add(1, Ordering::Relaxed);
            if let Some(delay) = connection.answer(whole) {
                connection.delayed = true;
                self.delays.push(Reverse((Instant::now() + delay, slot, connection.serial)));
            }
        }
    }
}

impl Connection {
    /// Sends what is there to send; false when the peer takes no more for now.
    fn flush(&mut self, body: &OwnedFd) -> io::Result<bool> {
        while self.sent < self.output.len() {
            match self.stream.write(&self.output[self.sent..]) {
                Ok(length) => self.sent += length,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(false),
                Err(error) => return Err(error),
            }
        }
        self.output.clear();
        self.sent = 0;
        while self.file_left > 0 {
            let mut offset = BODY_MAX - self.file_left;
            match sendfile(&self.stream, body, Some(&mut offset), self.file_left as usize) {
                Ok(length) => self.file_left -= length as u64,
                Err(error) if error == rustix::io::Errno::AGAIN => return Ok(false),
                Err(error) => return Err(error.into()),
            }
        }
        Ok(true)
    }

    /// Queues the answer to the first `whole` bytes of the input; a delay says when it may go.
    fn answer(&mut self, whole: usize) -> Option<Duration> {
        let request = &self.input[..whole];
        let head_only = request.starts_with(b"HEAD ");
        self.close |= asks_close(request);
        let target = target(request);
        let mut delay = None;
        let (path, number) = match target.iter().rposition(|&byte| byte == b'/') {
            Some(slash) if slash > 0 => (&target[..slash], number(&target[slash + 1..])),
            _ => (target, 0),
        };
        let output = &mut self.output;
        match path {
            b"/16k" => self.file_left = body(output, head_only, 16 << 10),
            b"/1m" => self.file_left = body(output, head_only, BODY_MAX),
            b"/bytes" => self.file_left = body(output, head_only, number.min(BODY_MAX)),
            b"/text" => text(output, head_only),
            b"/chunked" => chunked(output, head_only, number.min(BODY_MAX) as usize),
            b"/echo" => whole_body(output, head_only, request),
            b"/port" => whole_body(output, head_only, format!("{}\n", self.port).as_bytes()),
            b"/status" => {
                let line = format!("HTTP/1.1 {number} Chosen\r\ncontent-length: 0\r\n\r\n");
                output.extend_from_slice(line.as_bytes());
            }
            b"/close" => {
                self.close = true;
                output.extend_from_slice(
                    b"HTTP/1.1 200 OK\r\ncontent-length: 3\r\nconnection: close\r\n\r\nok\n",
                );
            }
            _ => {
                if path == b"/delay" {
                    delay = Some(Duration::from_millis(number));
                }
                output.extend_from_slice(b"HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\n");
                output.extend_from_slice(if head_only { b"" } else { b"ok\n" });
            }
        }
        if whole == self.input.len() {
            self.input.clear();
        } else {
            self.input.drain(..whole);
        }
        delay
    }
}

fn body_file() -> io::Result<OwnedFd> {
    let file = memfd_create("origin-body", MemfdFlags::CLOEXEC)?;
    let mut file = std::fs::File::from(file);
    file.write_all(&filler(BODY_MAX as usize))?;
    Ok(file.into())
}

/// Text that shows a shifted or missing byte when compared.
fn filler(length: usize) -> Vec<u8> {
    (0..length).map(|index| b'a' + (index % 26) as u8).collect()
}

/// Queues a head and returns how much of the body is to come from the end of the body file.
fn body(output: &mut Vec<u8>, head_only: bool, length: u64) -> u64 {
    output.extend_from_slice(format!("HTTP/1.1 200 OK\r\ncontent-length: {length}\r\n\r\n").as_bytes());
    if head_only {
        return 0;
    }
    if length >= SENDFILE_MIN {
        return length;
    }
    output.extend_from_slice(&filler(length as usize));
    0
}

fn whole_body(output: &mut Vec<u8>, head_only: bool, bytes: &[u8]) {
    output
        .extend_from_slice(format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", bytes.len()).as_bytes());
    output.extend_from_slice(if head_only { b"" } else { bytes });
}

/// A head, and a page of words that follow each other at random.
fn text(output: &mut Vec<u8>, head_only: bool) {
    const SIZE: usize = 16 << 10;
    const WORDS: &str = "the of and to in a is that for it as was with be by on not he i this are or his from at which but \
                         have an had they you were their one all we can her has there been if more when will would who so";
    let words: Vec<&str> = WORDS.split(' ').collect();
    let head = format!("HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: {SIZE}\r\n\r\n");
    output.extend_from_slice(head.as_bytes());
    if head_only {
        return;
    }
    let (end, mut state) = (output.len() + SIZE, 1u32);
    while output.len() < end {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        output.extend_from_slice(words[(state >> 16) as usize % words.len()].as_bytes());
        output.push(if state >> 28 == 0 { b'\n' } else { b' ' });
    }
    output.truncate(end);
}

fn chunked(output: &mut Vec<u8>, head_only: bool, length: usize) {
    output.extend_from_slice(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n");
    if head_only {
        return;
    }
    for piece in filler(length).chunks(CHUNK) {
        output.extend_from_slice(format!("{:x}\r\n", piece.len()).as_bytes());
        output.extend_from_slice(piece);
        output.extend_from_slice(b"\r\n");
    }
    output.extend_from_slice(b"0\r\n\r\n");
}

/// The length of the first whole request in `input`, none while more must come.
pub(crate) fn request_length(input: &[u8]) -> Option<usize> {
    let head = memmem::find(input, b"\r\n\r\n")? + 4;
    let (mut length, mut is_chunked) = (0, false);
    for line in input[..head].split(|&byte| byte == b'\n').skip(1) {
        if let Some(value) = header(line, b"content-length:") {
            length = number(value) as usize;
        } else if header(line, b"transfer-encoding:").is_some() {
            is_chunked = true;
        }
    }
    let whole = if is_chunked { head + chunks_length(&input[head..])? } else { head + length };
    (input.len() >= whole).then_some(whole)
}

/// The length of a chunked body with its last chunk and trailers, none while more must come.
fn chunks_length(body: &[u8]) -> Option<usize> {
    let mut at = 0;
    loop {
        let line = memmem::find(body.get(at..)?, b"\r\n")?;
        let digits = std::str::from_utf8(&body[at..at + line]).ok()?;
        let digits = digits.split(';').next().unwrap_or("").trim();
        let size = usize::from_str_radix(digits, 16).ok()?;
        at += line + 2;
        if size == 0 {
            // Trailers up to an empty line.
            loop {
                let line = memmem::find(body.get(at..)?, b"\r\n")?;
                at += line + 2;
                if line == 0 {
                    return Some(at);
                }
            }
        }
        at += size + 2;
    }
}

fn header<'a>(line: &'a [u8], name: &[u8]) -> Option<&'a [u8]> {
    let (start, value) = line.split_at_checked(name.len())?;
    start.eq_ignore_ascii_case(name).then(|| value.trim_ascii())
}

fn asks_close(request: &[u8]) -> bool {
    request
        .split(|&byte| byte == b'\n')
        .take_while(|line| *line != b"\r")
        .filter_map(|line| header(line, b"connection:"))
        .any(|value| value.eq_ignore_ascii_case(b"close"))
}

/// The path of the request line, without the query.
fn target(request: &[u8]) -> &[u8] {
    let line = request.split(|&byte| byte == b'\r').next().unwrap_or(b"");
    let target = line.split(|&byte| byte == b' ').nth(1).unwrap_or(b"/");
    target.split(|&byte| byte == b'?').next().unwrap_or(b"/")
}

fn number(digits: &[u8]) -> u64 {
    std::str::from_utf8(digits).ok().and_then(|text| text.trim().parse().ok()).unwrap_or(0)
}

fn token(index: usize) -> epoll::EventData {
    epoll::EventData::new_u64(index as u64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exchange::{self, Until};
    use crate::reply;

    fn ask(request: &str, replies: usize) -> String {
        let origin = Origin::start(&Options::default()).unwrap();
        let address = SocketAddr::from(([127, 0, 0, 1], origin.ports()[0]));
        let limit = Duration::from_secs(60);
        let enough = |bytes: &[u8]| reply::complete(bytes) >= replies;
        let got = exchange::exchange(address, request.as_bytes(), Until::enough(&enough), limit).unwrap();
        String::from_utf8(got.bytes).unwrap()
    }

    #[test]
    fn pipelined_requests_are_answered_in_order() {
        let got = ask("GET / HTTP/1.1\r\n\r\nGET /bytes/5 HTTP/1.1\r\n\r\n", 2);
        assert!(got.contains("\r\n\r\nok\nHTTP/1.1 200"), "{got}");
        assert!(got.ends_with("abcde"), "{got}");
    }

    #[test]
    fn echo_returns_the_whole_request() {
        let request = "POST /echo HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n";
        assert!(ask(request, 1).ends_with(request));
    }

    #[test]
    fn large_and_delayed_and_closing() {
        assert_eq!(
            ask("GET /1m HTTP/1.1\r\n\r\n", 1).len(),
            1_048_576 + "HTTP/1.1 200 OK\r\ncontent-length: 1048576\r\n\r\n".len()
        );
        assert!(ask("GET /delay/10 HTTP/1.1\r\n\r\n", 1).ends_with("ok\n"));
        assert!(ask("GET /close HTTP/1.1\r\n\r\n", 1).contains("connection: close"));
        assert!(ask("GET /chunked/5000 HTTP/1.1\r\n\r\n", 1).ends_with("\r\n0\r\n\r\n"));
        assert!(ask("GET /status/404 HTTP/1.1\r\n\r\n", 1).starts_with("HTTP/1.1 404 "));
    }
}
