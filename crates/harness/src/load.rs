//! Load on one epoll thread: a fixed number of connections, each with one request under way.
//!
//! *Closed loop*: a connection sends its next request as soon as the answer is in; this finds the throughput.
//! *Fixed rate*: requests fall due on a clock whatever the answers do, and a latency counts from the moment a
//! request was due, so that a stalled server cannot hide its stall. Answers need a Content-Length, chunks or the end
//! of the connection; large bodies are dropped in the kernel (`MSG_TRUNC`) instead of being copied.

use std::collections::VecDeque;
use std::io::{self, Error, ErrorKind};
use std::net::{SocketAddr, TcpStream};
use std::os::fd::OwnedFd;
use std::time::{Duration, Instant};

use memchr::memmem;
use rustix::event::{Timespec, epoll};
use rustix::io::Errno;
use rustix::net::{
    AddressFamily, RecvFlags, SendFlags, SocketFlags, SocketType, connect, recv, send, socket_with, sockopt,
};
use rustix::time::{
    Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, timerfd_create, timerfd_settime,
};

use crate::histogram::Histogram;
use crate::origin::Hands;

/// Bodies with at least this much left are dropped in the kernel.
const DROP_MIN: u64 = 4 << 10;
/// Longest answer head.
const HEAD_MAX: usize = 16 << 10;
/// The token of the timer; connections have theirs from 0.
const TIMER: u64 = u64::MAX;
/// The token of an origin that this thread serves.
const ORIGIN: u64 = u64::MAX - 1;

/// What to send, where, how.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The proxy or origin.
    pub target: SocketAddr,
    /// The bytes of one request.
    pub request: Vec<u8>,
    /// Connections, each with at most one request under way.
    pub connections: usize,
    /// Reuse a connection for the next request.
    pub keep_alive: bool,
    /// Requests a second on a fixed clock; none for a closed loop.
    pub rate: Option<f64>,
    /// How long.
    pub duration: Duration,
}

/// What came of it.
#[derive(Clone, Debug, Default)]
pub struct Outcome {
    /// Answers with a status below 500 that came in whole.
    pub answers: u64,
    /// Broken connections, unreadable answers and statuses from 500 on.
    pub errors: u64,
    /// Bytes received (closed loop and fixed rate alike).
    pub bytes: u64,
    /// From the first request to the last event.
    pub seconds: f64,
    /// Time from due (fixed rate) or sent (closed loop) to the last byte of the answer.
    pub latency: Histogram,
}

impl Outcome {
    /// Answers a second.
    #[must_use]
    pub fn rate(&self) -> f64 {
        self.answers as f64 / self.seconds.max(1e-9)
    }
}

/// Runs a plan on this thread.
///
/// # Errors
/// When the target refuses the first connections or the kernel has no more sockets.
pub fn run(plan: &Plan) -> io::Result<Outcome> {
    run_with(plan, None)
}

/// Runs a plan on this thread, which also serves the origin behind the target where it holds one.
///
/// # Errors
/// As [`run`].
pub fn run_with(plan: &Plan, mut origin: Option<&mut Hands>) -> io::Result<Outcome> {
    let mut load = Load::new(plan)?;
    if let Some(origin) = &origin {
        epoll::add(&load.epoll, origin, epoll::EventData::new_u64(ORIGIN), epoll::EventFlags::IN)?;
    }
    let mut events = Vec::with_capacity(512);
    load.run(|| {
        if let Some(origin) = &mut origin {
            origin.turn(&mut events);
        }
    })?;
    load.outcome.seconds = load.start.elapsed().as_secs_f64();
    Ok(load.outcome)
}

/// Connections that do nothing, as long as this is held.
#[derive(Debug)]
pub struct Idle {
    /// The open connections.
    pub streams: Vec<TcpStream>,
}

/// Opens `count` connections, sends `request` on each when it is not empty, reads the answer, and leaves
/// them open.
///
/// # Errors
/// When one is refused or an answer does not come within a minute.
pub fn open_idle(target: SocketAddr, count: usize, request: &[u8]) -> io::Result<Idle> {
    let mut streams = Vec::with_capacity(count);
    for _ in 0..count {
        let mut stream = TcpStream::connect_timeout(&target, Duration::from_secs(60))?;
        if !request.is_empty() {
            ask_once(&mut stream, request)?;
        }
        streams.push(stream);
    }
    Ok(Idle { streams })
}

fn ask_once(stream: &mut TcpStream, request: &[u8]) -> io::Result<()> {
    use std::io::{Read, Write};
    stream.set_read_timeout(Some(Duration::from_secs(60)))?;
    stream.write_all(request)?;
    let mut answer = Vec::new();
    let mut scratch = [0; 4096];
    while crate::reply::complete(&answer) == 0 {
        match stream.read(&mut scratch)? {
            0 => return Err(Error::new(ErrorKind::UnexpectedEof, "closed before the answer was whole")),
            length => answer.extend_from_slice(&scratch[..length]),
        }
    }
    Ok(())
}

/// Where a connection stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// No request under way.
    Ready,
    /// Part of the request is still to be sent.
    Sending(usize),
    /// The head of the answer is not whole yet.
    Head,
    /// So many bytes of the body are missing.
    Body(u64),
    /// The body ends with the connection.
    /// In a body in chunks.
    Chunks(Last),
    ToEnd,
}

struct Connection {
    socket: OwnedFd,
    phase: Phase,
    head: Vec<u8>,
    since: Instant,
    failed: bool,
    close: bool,
}

struct Load<'a> {
    plan: &'a Plan,
    epoll: OwnedFd,
    timer: OwnedFd,
    connections: Vec<Connection>,
    ready: VecDeque<usize>,
    scratch: Vec<u8>,
    outcome: Outcome,
    start: Instant,
    due: u64,
    stopping: bool,
}

impl<'a> Load<'a> {
    fn new(plan: &'a Plan) -> io::Result<Load<'a>> {
        let mut load = Load {
            plan,
            epoll: epoll::create(epoll::CreateFlags::CLOEXEC)?,
            timer: timerfd_create(TimerfdClockId::Monotonic, TimerfdFlags::NONBLOCK | TimerfdFlags::CLOEXEC)?,
            connections: Vec::with_capacity(plan.connections),
            ready: VecDeque::with_capacity(plan.connections),
            scratch: vec![0; 1 << 20],
            outcome: Outcome::default(),
            start: Instant::now(),
            due: 0,
            stopping: false,
        };
        let flags = epoll::EventFlags::IN | epoll::EventFlags::ET;
        epoll::add(&load.epoll, &load.timer, epoll::EventData::new_u64(TIMER), flags)?;
        for slot in 0..plan.connections {
            let socket = load.open(slot)?;
            let since = load.start;
            load.connections.push(Connection {
                socket,
                phase: Phase::Ready,
                head: Vec::new(),
                since,
                failed: false,
                close: false,
            });
            load.ready.push_back(slot);
        }
        load.start = Instant::now();
        Ok(load)
    }

    fn open(&self, slot: usize) -> io::Result<OwnedFd> {
        let socket = socket_with(AddressFamily::INET, SocketType::STREAM, SocketFlags::CLOEXEC, None)?;
        sockopt::set_tcp_nodelay(&socket, true)?;
        if !self.plan.keep_alive {
            // A reset instead of TIME_WAIT: a run must not use up the ports of the machine.
            sockopt::set_socket_linger(&socket, Some(Duration::ZERO))?;
        }
        // A connection to a listener on this machine is up when the call returns.
        connect(&socket, &self.plan.target)?;
        rustix::io::ioctl_fionbio(&socket, true)?;
        let flags = epoll::EventFlags::IN | epoll::EventFlags::OUT | epoll::EventFlags::ET;
        epoll::add(&self.epoll, &socket, epoll::EventData::new_u64(slot as u64), flags)?;
        Ok(socket)
    }

    fn run(&mut self, mut serve: impl FnMut()) -> io::Result<()> {
        let end = self.start + self.plan.duration;
        let mut events = Vec::with_capacity(256);
        let pause = Timespec { tv_sec: 0, tv_nsec: 20_000_000 };
        loop {
            self.stopping = Instant::now() >= end;
            if self.stopping && (self.plan.rate.is_none() || self.ready.len() == self.connections.len()) {
                return Ok(());
            }
            if self.stopping && Instant::now() > end + Duration::from_secs(10) {
                // What still has no answer is lost.
                self.outcome.errors += (self.connections.len() - self.ready.len()) as u64;
                return Ok(());
            }
            self.send_due()?;
            events.clear();
            match epoll::wait(&self.epoll, rustix::buffer::spare_capacity(&mut events), Some(&pause)) {
                Ok(_) | Err(Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
            for event in &events {
                let token = event.data.u64();
                match token {
                    TIMER => {}
                    ORIGIN => serve(),
                    slot => self.advance(slot as usize)?,
                }
            }
        }
    }

    /// Starts the requests that are due: all idle connections in a closed loop, by the clock at a fixed rate.
    fn send_due(&mut self) -> io::Result<()> {
        if self.stopping {
            return Ok(());
        }
        let Some(rate) = self.plan.rate else {
            let now = Instant::now();
            // Counted first: a connection that fails at once is ready again, and the loop must end.
            for _ in 0..self.ready.len() {
                let Some(slot) = self.ready.pop_front() else { break };
                self.begin(slot, now)?;
            }
            return Ok(());
        };
        for _ in 0..self.ready.len() {
            let due = self.start + Duration::from_secs_f64(self.due as f64 / rate);
            let now = Instant::now();
            if due > now {
                let wait = due - now;
                let value =
                    Timespec { tv_sec: wait.as_secs() as i64, tv_nsec: i64::from(wait.subsec_nanos()) };
                let never = Timespec { tv_sec: 0, tv_nsec: 0 };
                let once = Itimerspec { it_interval: never, it_value: value };
                timerfd_settime(&self.timer, TimerfdTimerFlags::empty(), &once)?;
                return Ok(());
            }
            let Some(slot) = self.ready.pop_front() else { break };
            self.due += 1;
            self.begin(slot, due)?;
        }
        Ok(())
    }

    fn begin(&mut self, slot: usize, since: Instant) -> io::Result<()> {
        let connection = &mut self.connections[slot];
        connection.since = since;
        connection.phase = Phase::Sending(0);
        self.advance(slot)
    }

    fn advance(&mut self, slot: usize) -> io::Result<()> {
        loop {
            let connection = &mut self.connections[slot];
            let outcome = match connection.phase {
                Phase::Ready => return self.check_idle(slot),
                Phase::Sending(sent) => connection.send(&self.plan.request, sent),
                Phase::Body(left) if left >= DROP_MIN => connection.drop_body(left, &mut self.scratch),
                _ => connection.receive(&mut self.scratch),
            };
            match outcome {
                Ok(Step::More(bytes)) => self.outcome.bytes += bytes as u64,
                Ok(Step::Done(bytes)) => {
                    self.outcome.bytes += bytes as u64;
                    self.finish(slot)?;
                    self.ready.push_back(slot);
                    return Ok(());
                }
                Ok(Step::Wait) => return Ok(()),
                Err(_) => {
                    self.outcome.errors += 1;
                    self.reopen(slot)?;
                    self.ready.push_back(slot);
                    return Ok(());
                }
            }
        }
    }

    /// An event on a connection without a request: the other side closed it, or nothing.
    fn check_idle(&mut self, slot: usize) -> io::Result<()> {
        let socket = &self.connections[slot].socket;
        match recv(socket, &mut self.scratch[..1], RecvFlags::PEEK) {
            Err(Errno::AGAIN) => Ok(()),
            _ => self.reopen(slot),
        }
    }

    fn finish(&mut self, slot: usize) -> io::Result<()> {
        let connection = &mut self.connections[slot];
        if connection.failed {
            self.outcome.errors += 1;
        } else {
            self.outcome.answers += 1;
            self.outcome.latency.add(connection.since.elapsed());
        }
        connection.phase = Phase::Ready;
        connection.failed = false;
        if connection.close || !self.plan.keep_alive {
            self.reopen(slot)?;
        }
        Ok(())
    }

    fn reopen(&mut self, slot: usize) -> io::Result<()> {
        let socket = self.open(slot)?;
        let connection = &mut self.connections[slot];
        connection.socket = socket;
        connection.phase = Phase::Ready;
        connection.close = false;
        connection.failed = false;
        connection.head.clear();
        Ok(())
    }
}

enum Step {
    /// So many bytes came; go on.
    More(usize),
    /// So many bytes came and the answer is whole.
    Done(usize),
    /// Nothing to do before the next event.
    Wait,
}

impl Connection {
    fn send(&mut self, request: &[u8], sent: usize) -> io::Result<Step> {
        match send(&self.socket, &request[sent..], SendFlags::NOSIGNAL) {
            Ok(length) if sent + length == request.len() => {
                self.phase = Phase::Head;
                // The answer cannot be here yet: wait for the event instead of asking in vain.
                Ok(Step::Wait)
            }
            Ok(length) => {
                self.phase = Phase::Sending(sent + length);
                Ok(Step::More(0))
            }
            Err(Errno::AGAIN) => Ok(Step::Wait),
            Err(error) => Err(error.into()),
        }
    }

    fn drop_body(&mut self, left: u64, scratch: &mut [u8]) -> io::Result<Step> {
        let most = scratch.len().min(left as usize);
        match recv(&self.socket, &mut scratch[..most], RecvFlags::TRUNC) {
            Ok((_, 0)) => Err(ErrorKind::UnexpectedEof.into()),
            Ok((_, length)) => Ok(self.took(left, length)),
            Err(Errno::AGAIN) => Ok(Step::Wait),
            Err(error) => Err(error.into()),
        }
    }

    fn took(&mut self, left: u64, length: usize) -> Step {
        let left = left - length as u64;
        self.phase = Phase::Body(left);
        if left == 0 { Step::Done(length) } else { Step::More(length) }
    }

    fn took_chunks(&mut self, bytes: &[u8], length: usize) -> Step {
        let Phase::Chunks(last) = &mut self.phase else { return Step::More(length) };
        last.push(bytes);
        if last.ends() { Step::Done(length) } else { Step::More(length) }
    }

    fn receive(&mut self, scratch: &mut [u8]) -> io::Result<Step> {
        // Only what belongs to this answer is to be expected, a head and its first bytes fit well in 64 KiB.
        let most = scratch.len().min(64 << 10);
        let length = match recv(&self.socket, &mut scratch[..most], RecvFlags::empty()) {
            Ok((_, length)) => length,
            Err(Errno::AGAIN) => return Ok(Step::Wait),
            Err(error) => return Err(error.into()),
        };
        let bytes = &scratch[..length];
        match self.phase {
            Phase::ToEnd if length == 0 => Ok(Step::Done(0)),
            _ if length == 0 => Err(ErrorKind::UnexpectedEof.into()),
            Phase::Body(left) if (length as u64) > left => Err(Error::other("more bytes than announced")),
            Phase::Body(left) => Ok(self.took(left, length)),
            Phase::Head => self.read_head(bytes),
            Phase::Chunks(_) => Ok(self.took_chunks(bytes, length)),
            _ => Ok(Step::More(length)),
        }
    }

    fn read_head(&mut self, bytes: &[u8]) -> io::Result<Step> {
        let length = bytes.len();
        let whole: &[u8] = if self.head.is_empty() {
            bytes
        } else {
            self.head.extend_from_slice(bytes);
            &self.head
        };
        let Some(end) = memmem::find(whole, b"\r\n\r\n") else {
            if whole.len() > HEAD_MAX {
                return Err(Error::other("answer head too long"));
            }
            if self.head.is_empty() {
                self.head.extend_from_slice(bytes);
            }
            return Ok(Step::More(length));
        };
        let head = Head::read(&whole[..end])?;
        let beyond = (whole.len() - end - 4) as u64;
        let mut last = Last::default();
        last.push(&whole[end + 4..]);
        self.head.clear();
        self.failed = head.status >= 500;
        self.close = head.close || head.length.is_none();
        match head.length {
            None if head.chunked => {
                self.close = head.close;
                self.phase = Phase::Chunks(last);
                Ok(if last.ends() { Step::Done(length) } else { Step::More(length) })
            }
            None => {
                self.phase = Phase::ToEnd;
                Ok(Step::More(length))
            }
            Some(announced) if beyond > announced => Err(Error::other("more bytes than announced")),
            Some(announced) => {
                self.phase = Phase::Body(announced - beyond);
                Ok(if announced == beyond { Step::Done(length) } else { Step::More(length) })
            }
        }
    }
}

/// What the load needs to know of an answer's head.
struct Head {
    status: u16,
    length: Option<u64>,
    chunked: bool,
    close: bool,
}

/// The last bytes that came of a body in chunks: it ends with its last chunk, an empty one without trailers. A body whose
/// content ends a piece like that would be cut short; those of the bench don't.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Last([u8; 5]);

impl Last {
    fn push(&mut self, bytes: &[u8]) {
        let from = bytes.len().saturating_sub(self.0.len());
        for byte in &bytes[from..] {
            self.0.rotate_left(1);
            self.0[4] = *byte;
        }
    }

    fn ends(self) -> bool {
        self.0 == *b"0\r\n\r\n"
    }
}

impl Head {
    fn read(head: &[u8]) -> io::Result<Head> {
        let bad = || Error::other("unreadable answer");
        let digits = head.get(9..12).and_then(|d| std::str::from_utf8(d).ok()).ok_or_else(bad)?;
        let mut read =
            Head { status: digits.parse().map_err(|_| bad())?, length: None, chunked: false, close: false };
        let mut at = 0;
        while let Some(end) = memchr::memchr(b'\n', &head[at..]) {
            at += end + 1;
            let line = &head[at..];
            // Two headers matter, both start with "c"; the others are skipped on their first letters.
            if starts(line, b"content-length:") {
                let value = line[15..].split(|&byte| byte == b'\r').next().unwrap_or(b"").trim_ascii();
                read.length = std::str::from_utf8(value).ok().and_then(|text| text.parse().ok());
            } else if starts(line, b"connection: close") {
                read.close = true;
            } else if starts(line, b"transfer-encoding: chunked") {
                read.chunked = true;
            }
        }
        Ok(read)
    }
}

fn starts(line: &[u8], name: &[u8]) -> bool {
    line.get(..name.len()).is_some_and(|start| start.eq_ignore_ascii_case(name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::origin::{Options, Origin};

    fn plan(origin: &Origin, path: &str) -> Plan {
        Plan {
            target: SocketAddr::from(([127, 0, 0, 1], origin.ports()[0])),
            request: format!("GET {path} HTTP/1.1\r\nHost: a\r\n\r\n").into_bytes(),
            connections: 4,
            keep_alive: true,
            rate: None,
            duration: Duration::from_millis(200),
        }
    }

    #[test]
    fn closed_loop_counts_what_the_origin_answered() {
        for path in ["/", "/16k", "/1m"] {
            // One origin a path: what is on its way at the end of a run must not count for the next.
            let origin = Origin::start(&Options::default()).unwrap();
            let outcome = run(&plan(&origin, path)).unwrap();
            assert_eq!(outcome.errors, 0, "{path}");
            assert!(outcome.answers > 0, "{path}");
            // The origin counts an answer after it has sent it.
            let limit = Instant::now() + Duration::from_secs(30);
            while origin.answered() < outcome.answers && Instant::now() < limit {
                std::thread::sleep(Duration::from_millis(1));
            }
            // The last answer of each connection may still have been on its way.
            let answered = origin.answered();
            let expected = outcome.answers..=outcome.answers + 4;
            assert!(expected.contains(&answered), "{path}: {answered} for {expected:?}");
        }
    }

    #[test]
    fn without_keep_alive_and_at_a_fixed_rate() {
        let origin = Origin::start(&Options::default()).unwrap();
        let outcome = run(&Plan { keep_alive: false, ..plan(&origin, "/close") }).unwrap();
        assert!(outcome.answers > 0 && outcome.errors == 0, "{outcome:?}");
        let outcome = run(&Plan { rate: Some(100.0), ..plan(&origin, "/") }).unwrap();
        // A machine that stalls sends less, never more.
        assert!((1..=21).contains(&outcome.answers) && outcome.errors == 0, "{outcome:?}");
    }

    #[test]
    fn server_errors_are_errors() {
        let origin = Origin::start(&Options::default()).unwrap();
        let outcome = run(&plan(&origin, "/status/503")).unwrap();
        assert!(outcome.errors > 0 && outcome.answers == 0);
    }

    #[test]
    fn idle_connections_stay_open() {
        let origin = Origin::start(&Options::default()).unwrap();
        let target = SocketAddr::from(([127, 0, 0, 1], origin.ports()[0]));
        let idle = open_idle(target, 50, b"GET / HTTP/1.1\r\n\r\n").unwrap();
        assert_eq!(idle.streams.len(), 50);
        assert_eq!(origin.answered(), 50);
    }
}
