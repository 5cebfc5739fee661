//! One check of one server: a connection, and for HTTP a request and its answer.

use std::io;

use http::Message;
use http::h1::{Limits, Parsed, Scan};
use net::{Addr, Sock, Time};
use state::check::{Expect, HttpProbe, Probe};
use state::server::{Address, Check};
use state::{Backend, Server};

use crate::dial;

/// Most bytes of an answer that are read to judge it.
const ANSWER_MAX: usize = 64 * 1024;

/// What a check found, in the words of statistics (management manual 9.1 "check_status").
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The socket could not be made.
    SocketError,
    L4Ok,
    L4Timeout,
    /// Refused or unreachable.
    L4Connection,
    L6Response,
    L7Ok,
    L7Timeout,
    /// Not what was expected of HTTP.
    L7Response,
    L7Status,
}

impl Outcome {
    /// The code, as `check_status` and logs show it.
    pub const fn code(self) -> &'static str {
        match self {
            Self::SocketError => "SOCKERR",
            Self::L4Ok => "L4OK",
            Self::L4Timeout => "L4TOUT",
            Self::L4Connection => "L4CON",
            Self::L6Response => "L6RSP",
            Self::L7Ok => "L7OK",
            Self::L7Timeout => "L7TOUT",
            Self::L7Response => "L7RSP",
            Self::L7Status => "L7STS",
        }
    }

    /// The words of log lines.
    pub const fn words(self) -> &'static str {
        match self {
            Self::SocketError => "Socket error",
            Self::L4Ok => "Layer4 check passed",
            Self::L4Timeout => "Layer4 timeout",
            Self::L4Connection => "Layer4 connection problem",
            Self::L6Response => "Layer6 invalid response",
            Self::L7Ok => "Layer7 check passed",
            Self::L7Timeout => "Layer7 timeout",
            Self::L7Response => "Layer7 invalid response",
            Self::L7Status => "Layer7 wrong status",
        }
    }

    pub const fn passed(self) -> bool {
        matches!(self, Self::L4Ok | Self::L7Ok)
    }

    /// As kept in `state::check::Outcome::result`; 0 is "not checked yet".
    pub const fn number(self) -> u8 {
        self as u8 + 1
    }

    /// The outcome behind a kept number.
    pub fn from_number(number: u8) -> Option<Self> {
        const ALL: [Outcome; 9] = [
            Outcome::SocketError,
            Outcome::L4Ok,
            Outcome::L4Timeout,
            Outcome::L4Connection,
            Outcome::L6Response,
            Outcome::L7Ok,
            Outcome::L7Timeout,
            Outcome::L7Response,
            Outcome::L7Status,
        ];
        ALL.get(usize::from(number.checked_sub(1)?)).copied()
    }
}

/// A check's outcome and what belongs to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    pub outcome: Outcome,
    /// The HTTP status, 0 without one.
    pub code: u16,
    /// More for the log: the system's error, the reason of the status.
    pub info: String,
}

impl Finding {
    fn new(outcome: Outcome) -> Self {
        Self { outcome, code: 0, info: String::new() }
    }
}

/// Checks once.
pub(super) async fn run(backend: &Backend, server: &Server, check: &Check) -> Finding {
    let begun = net::now();
    let inter = u64::from(check.pace.inter);
    let configured = check.timeout_ms.or(backend.timeouts.check).map(u64::from);
    let connect = backend.timeouts.connect.map_or(inter, |c| u64::from(c).min(inter));
    let (connect_until, until) = match configured {
        Some(ms) => (begun.plus_millis(connect), begun.plus_millis(connect + ms)),
        None => (begun.plus_millis(inter), begun.plus_millis(inter)),
    };
    let sock = match address(server, check).and_then(|at| dial::check(backend, server, &at)) {
        Ok(sock) => sock,
        Err(error) => return failed(Outcome::SocketError, &error),
    };
    let woken = net::wait(|w| {
        w.write(&sock).until(connect_until);
    })
    .await;
    if woken.timed_out() {
        return Finding::new(Outcome::L4Timeout);
    }
    if let Err(error) = sock.take_error() {
        return failed(Outcome::L4Connection, &error);
    }
    let preface = preface(&sock, check);
    match &*check.probe {
        Probe::Tcp if preface.is_empty() => {
            // Nothing was exchanged: a reset spares both sides the closing handshake.
            let _ = sock.set_linger_zero();
            Finding::new(Outcome::L4Ok)
        }
        Probe::Tcp => {
            // A new connection takes so little at once; a reset would take it back.
            let _ = sock.try_write(&preface);
            Finding::new(Outcome::L4Ok)
        }
        Probe::Http(probe) => http(&sock, preface, probe, until).await,
    }
}

/// What stands in front of everything under `send-proxy` (manual 5.2 "check-send-proxy"): a check comes from this very
/// connection, which version 2 says in so many words.
fn preface(sock: &Sock, check: &Check) -> Vec<u8> {
    let mut out = Vec::new();
    match check.send_proxy {
        None => {}
        Some(1) => {
            let end = |addr: io::Result<Addr>| addr.ok().and_then(|addr| addr.socket_addr());
            let ends = end(sock.local_addr()).zip(end(sock.peer_addr()));
            wire::proxy::write_v1(ends, &mut out);
        }
        Some(_) => wire::proxy::write_v2(None, &wire::proxy::Extra::default(), &mut out),
    }
    out
}

fn failed(outcome: Outcome, error: &io::Error) -> Finding {
    let text = error.to_string();
    let info = text.split(" (os error").next().unwrap_or_default().to_owned();
    Finding { outcome, code: 0, info }
}

fn address(server: &Server, check: &Check) -> io::Result<Addr> {
    let mut at = match (&server.address, check.address) {
        (_, Some(at)) => at,
        (Address::Inet(at), None) => *at,
        (Address::Unix(path), None) => {
            return match path.strip_prefix('\0') {
                Some(name) => Addr::abnsz(name.as_bytes()),
                None => Addr::unix(path.as_bytes()),
            };
        }
        (Address::Unresolved, None) => return Err(io::ErrorKind::AddrNotAvailable.into()),
    };
    if let Some(port) = check.port {
        at.set_port(port);
    } else if at.port() == 0
        && let Address::Inet(own) = &server.address
    {
        at.set_port(own.port());
    }
    Ok(at.into())
}

async fn http(sock: &Sock, mut out: Vec<u8>, probe: &HttpProbe, until: Time) -> Finding {
    write_request(probe, &mut out);
    let mut sent = 0;
    while let Some(left) = out.get(sent..).filter(|l| !l.is_empty()) {
        match sock.try_write(left) {
            Ok(n) => sent += n,
            Err(e) if e.kind() == io::ErrorKind::WouldBlock => {
                let woken = net::wait(|w| {
                    w.write(sock).until(until);
                });
                if woken.await.timed_out() {
                    return Finding::new(Outcome::L7Timeout);
                }
            }
            Err(error) => return failed(Outcome::L4Connection, &error),
        }
    }
    answer(sock, probe, until).await
}

fn write_request(probe: &HttpProbe, out: &mut Vec<u8>) {
    for part in [&probe.method, &probe.uri] {
        out.extend_from_slice(part);
        out.push(b' ');
    }
    out.extend_from_slice(&probe.version);
    out.extend_from_slice(b"\r\n");
    for (name, value) in &probe.headers {
        out.extend_from_slice(name);
        out.extend_from_slice(b": ");
        out.extend_from_slice(value);
        out.extend_from_slice(b"\r\n");
    }
    if !probe.body.is_empty() {
        out.extend_from_slice(format!("content-length: {}\r\n", probe.body.len()).as_bytes());
    }
    out.extend_from_slice(b"connection: close\r\n\r\n");
    out.extend_from_slice(&probe.body);
}

async fn answer(sock: &Sock, probe: &HttpProbe, until: Time) -> Finding {
    let mut bytes: Vec<u8> = Vec::new();
    let mut room = [0u8; 4096];
    let mut message = Message::new();
    let mut scan = Scan::default();
    let mut head: Option<usize> = None;
    let wants_body = matches!(probe.expect, Expect::Text { .. });
    loop {
        let ended = match sock.try_read(&mut room) {
            Ok(0) => true,
            Ok(n) => {
                bytes.extend_from_slice(room.get(..n).unwrap_or_default());
                bytes.len() >= ANSWER_MAX
            }
            Err(e) if e.kind() == io::ErrorKind::WouldBlock => {
                let woken = net::wait(|w| {
                    w.read(sock).until(until);
                });
                if woken.await.timed_out() {
                    return Finding::new(Outcome::L7Timeout);
                }
                continue;
            }
            Err(error) => return failed(Outcome::L7Response, &error),
        };
        if head.is_none() {
            match scan.response(&bytes, &mut message, &Limits { accept_unsafe: true, ..Limits::default() }) {
                Parsed::Complete { consumed } => head = Some(consumed),
                Parsed::Partial if ended => return Finding::new(Outcome::L7Response),
                Parsed::Partial => {}
                Parsed::Invalid(_) => return Finding::new(Outcome::L7Response),
            }
        }
        if let Some(head) = head
            && (ended || !wants_body)
        {
            return judge(&message, bytes.get(head..).unwrap_or_default(), &probe.expect);
        }
    }
}

fn judge(message: &Message, body: &[u8], expect: &Expect) -> Finding {
    let status = message.status();
    let (good, bad) = match expect {
        Expect::Success => ((200..400).contains(&status), Outcome::L7Status),
        Expect::Status { ranges, negated } => {
            (ranges.iter().any(|(a, b)| (*a..=*b).contains(&status)) != *negated, Outcome::L7Status)
        }
        Expect::Text { text, negated } => {
            let found = body.windows(text.len().max(1)).any(|w| w == &**text);
            (found != *negated, Outcome::L7Response)
        }
    };
    Finding {
        outcome: if good { Outcome::L7Ok } else { bad },
        code: status,
        info: String::from_utf8_lossy(message.reason()).into_owned(),
    }
}
