//! What a check does, step by step: `tcp-check` and `http-check` rules, and what options such as `smtpchk` come to
//! (manual 4.2).

use std::fmt;
use std::net::IpAddr;

use super::Status;
use crate::rule::Action;
use crate::{Expr, Format};

/// What a backend's servers are checked with.
#[derive(Debug)]
pub enum Probe {
    /// Steps over connections.
    Rules(Ruleset),
    /// A program (`option external-check`).
    External(External),
}

impl Default for Probe {
    fn default() -> Self {
        Self::Rules(Ruleset::default())
    }
}

/// `external-check`: a program that says by its exit status how the server is.
#[derive(Debug, Default)]
pub struct External {
    pub command: Box<str>,
    /// Its `PATH`.
    pub path: Option<Box<str>>,
    /// Whether it inherits the environment of the process (`external-check preserve-env`).
    pub keep_environment: bool,
    /// The address and the port of the first `bind` line, as the program is told them; none in a backend.
    pub bind: Option<(Box<str>, Option<Box<str>>)>,
}

/// The steps of a check; without any a connection that opens is enough.
#[derive(Debug, Default)]
pub struct Ruleset {
    pub protocol: Protocol,
    /// Whether the user asked for more than a connection (`option tcp-check`): logs tell then what and where.
    pub explicit: bool,
    pub steps: Box<[Step]>,
    /// `disable-on-404`: a server that answers 404 finishes what it has.
    pub disable_on_404: bool,
    /// `send-state`: requests tell the server how it is seen.
    pub send_state: bool,
}

/// What speaks over the connections of a check.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Protocol {
    /// Bytes, by rules of the user (`option tcp-check`): logs tell at which step it failed.
    #[default]
    Tcp,
    Http,
    /// Bytes, by rules that belong to an option (`option redis-check`).
    Other,
}

/// A step.
#[derive(Debug)]
pub struct Step {
    /// Its position among the rules of the user from 1 on, as logs name it; 0 for what they need not say.
    pub number: u32,
    pub comment: Option<Box<str>>,
    pub does: Does,
}

/// What a step does.
#[derive(Debug)]
pub enum Does {
    Connect(Connect),
    /// Sends bytes.
    Send(Data),
    /// Sends an HTTP request.
    Request(Box<Request>),
    Expect(Box<Expect>),
    /// `set-var` and its kin.
    Act(Box<dyn Action>),
}

impl Ruleset {
    /// Whether a rule says that a connection is made over TLS.
    pub fn connects_over_tls(&self) -> bool {
        self.steps.iter().any(|step| matches!(&step.does, Does::Connect(connect) if connect.tls))
    }
}

/// `connect`.
#[derive(Debug, Default)]
pub struct Connect {
    /// As the server's line says, where nothing else is said (`default`).
    pub by_server: bool,
    pub port: Option<Port>,
    pub address: Option<IpAddr>,
    pub send_proxy: bool,
    /// Through the server's SOCKS4 proxy, if it has one.
    pub via_socks4: bool,
    /// Ends in an orderly way instead of a reset.
    pub linger: bool,
    /// Over TLS, whatever the server's line says of checks.
    pub tls: bool,
    /// The name and the protocols for that, if others than the server's line says.
    pub sni: Option<Box<str>>,
    pub alpn: Option<Vec<Vec<u8>>>,
}

impl Connect {
    /// A connection as traffic would open it.
    pub fn as_server() -> Self {
        Self { by_server: true, ..Self::default() }
    }
}

/// The port to connect to.
#[derive(Debug)]
pub enum Port {
    Fixed(u16),
    Computed(Expr),
}

/// Bytes to send.
#[derive(Debug)]
pub enum Data {
    Bytes(Box<[u8]>),
    /// As `Bytes`, with the current time of day, seconds, in four bytes at this place.
    Stamped(Box<[u8]>, usize),
    Text(Format),
    /// A format that gives hexadecimal digits.
    Hex(Format),
}

/// An HTTP request.
#[derive(Debug)]
pub struct Request {
    pub method: Box<[u8]>,
    pub uri: Format,
    pub version: Box<[u8]>,
    /// Names in lower case.
    pub headers: Vec<(Box<[u8]>, Format)>,
    pub body: Option<Format>,
}

/// `expect`.
#[derive(Debug)]
pub struct Expect {
    pub pattern: Pattern,
    pub negated: bool,
    /// Bytes that must have come for a decision; none: it is open while it doesn't match and more may come.
    pub min_recv: Option<usize>,
    pub ok: Status,
    pub error: Option<Status>,
    pub timeout: Status,
    pub on_success: Option<Format>,
    pub on_error: Option<Format>,
    pub status_code: Option<Expr>,
}

impl Expect {
    /// With nothing but a pattern.
    pub const fn plain(pattern: Pattern) -> Self {
        Self {
            pattern,
            negated: false,
            min_recv: None,
            ok: Status::L7Ok,
            error: None,
            timeout: Status::L7Timeout,
            on_success: None,
            on_error: None,
            status_code: None,
        }
    }
}

/// What is expected.
#[derive(Debug)]
pub enum Pattern {
    Text(Box<[u8]>),
    /// As `Text`; logs show it in hexadecimal.
    Binary(Box<[u8]>),
    Regex(sample::Regex),
    /// On the bytes in upper-case hexadecimal.
    BinaryRegex(sample::Regex),
    TextFormat(Format),
    /// A format that gives hexadecimal digits.
    BinaryFormat(Format),
    /// Inclusive ranges of HTTP statuses.
    Status(Box<[(u16, u16)]>),
    StatusRegex(sample::Regex),
    Header(Box<Header>),
    /// What an option knows of its protocol.
    Judge(Judge),
}

/// A header of the response.
#[derive(Debug)]
pub struct Header {
    pub name: (Matching, Format),
    pub value: Option<(Matching, Format)>,
    /// Whether values are whole lines instead of what stands between commas.
    pub full: bool,
}

/// How a name or a value is compared.
#[derive(Debug)]
pub enum Matching {
    Exact,
    Prefix,
    Suffix,
    Contains,
    Regex(sample::Regex),
}

/// Judges what came of an answer; `ended`: no more will come.
#[derive(Clone, Copy)]
pub struct Judge(pub fn(input: &[u8], ended: bool) -> Judged);

impl fmt::Debug for Judge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Judge")
    }
}

/// What a [`Judge`] says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Judged {
    /// More must come.
    Open,
    /// On to the next step.
    Next,
    /// The check has passed, or failed.
    Done { status: Status, code: u16, words: String },
}
