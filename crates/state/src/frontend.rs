//! A frontend: where clients connect, what is done with their requests, and which backend gets them.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64};

use crate::adjust::Adjusted;
use crate::compression::Compression;
use crate::counters::{Block, Gauge, Pace, PerThread, Rate};
use crate::filter::Filters;
use crate::link::Threads;
use crate::log::Setup;
use crate::numbers;
use crate::options::{Mode, Options, Timeouts};
use crate::reply::Pages;
use crate::route::Switching;
use crate::stats::StatsPage;
use crate::tls::Served;
use crate::{Cond, Format, Rules};

/// A `frontend`, or the front half of a `listen`.
#[derive(Debug)]
pub struct Frontend {
    pub name: Box<str>,
    pub id: u32,
    /// `guid`.
    pub guid: Option<Box<str>>,
    pub mode: Mode,
    pub disabled: bool,
    pub description: Option<Box<str>>,
    pub binds: Vec<Bind>,
    pub maxconn: u32,
    /// How many connections a second are accepted at most; 0: any number.
    pub rate_limit: u32,
    pub backlog: Option<u32>,
    pub tcp_connection: Rules,
    pub tcp_session: Rules,
    pub tcp_content: Rules,
    /// `tcp-request inspect-delay`, milliseconds.
    pub inspect_delay: Option<u32>,
    pub http_request: Rules,
    /// `redirect` lines, which come behind the `http-request` rules and the statistics page.
    pub redirects: Rules,
    pub http_response: Rules,
    pub http_after_response: Rules,
    pub switching: Switching,
    pub filters: Filters,
    /// The `compression` lines, where there are any.
    pub compression: Option<Arc<Compression>>,
    /// The back half of a `listen` section, by its position in `World::backends`: it has the same rules, which run once.
    pub back: Option<u32>,
    pub monitor_uri: Option<Box<[u8]>>,
    /// `monitor fail`: one that holds makes the answer a 503.
    pub monitor_fail: Box<[Cond]>,
    pub stats: Option<Arc<StatsPage>>,
    pub timeouts: Timeouts,
    pub options: Arc<Options>,
    /// Whether something of it looks into the body of requests, of responses.
    pub looks: [bool; 2],
    /// Whether something of it looks into a request's head among bytes that are not read as HTTP.
    pub looks_early: bool,
    pub pages: Arc<Pages>,
    pub log: Arc<Setup>,
    pub captures: Captures,
    /// `unique-id-format`.
    pub unique_id: Option<Format>,
    /// `unique-id-header`: the header that tells the server.
    pub unique_id_header: Option<Box<[u8]>>,
    /// Its addresses as they do, in the order of `binds`.
    pub listening: Box<[Arc<Listening>]>,
    pub live: Arc<Live>,
}

impl Frontend {
    /// What one of its addresses counts.
    pub fn listening(&self, bind: u32) -> Option<&Arc<Listening>> {
        self.listening.get(usize::try_from(bind).ok()?)
    }
}

/// `capture request|response header NAME len N`, `capture cookie NAME len N`.
#[derive(Debug, Default)]
pub struct Captures {
    pub request: Vec<Capture>,
    pub response: Vec<Capture>,
    /// The beginning of a cookie's name, with the `=` if it is the whole name.
    pub cookie: Option<Capture>,
}

/// One captured header.
#[derive(Debug, Clone)]
pub struct Capture {
    /// Lower case; empty for slots that rules fill.
    pub name: Box<[u8]>,
    pub len: usize,
}

impl Bind {
    /// Whether a socket for one is a socket for the other, whatever certificates are shown on it.
    pub fn is_at(&self, other: &Self) -> bool {
        let bare = |bind: &Self| Self { tls: None, ..bind.clone() };
        bare(self) == bare(other)
    }
}

/// One address of a `bind` line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bind {
    pub address: BindAddress,
    /// Over several paths at once (`mptcp@`).
    pub multipath: bool,
    pub name: Option<Box<str>>,
    pub id: u32,
    /// `guid-prefix`, and which of the line's addresses it is.
    pub guid: Option<Box<str>>,
    pub maxconn: u32,
    pub backlog: Option<u32>,
    pub v6only: bool,
    pub v4v6: bool,
    pub transparent: bool,
    pub interface: Option<Box<str>>,
    pub defer_accept: bool,
    /// Whether the system's acknowledgement of what a client sends first waits for the answer.
    pub quickack_off: bool,
    pub accept_proxy: bool,
    /// The magic number of `accept-netscaler-cip`; 0: none is accepted.
    pub netscaler: u32,
    pub tfo: bool,
    pub mss: Option<i32>,
    /// `tcp-ut`, milliseconds.
    pub user_timeout_ms: Option<u32>,
    /// `tcp-ss`: whether the packets that begin connections are kept: 1 from the network header on, 2 from the link's on.
    pub save_syn: u8,
    /// `cc`: the kernel's congestion control.
    pub congestion: Option<Box<str>>,
    pub namespace: Option<Box<str>>,
    /// `tcp-md5sig`: the password that segments are signed with.
    pub md5: Option<Box<str>>,
    /// `proto`: which version of HTTP is spoken, whatever the client says.
    pub proto: Proto,
    /// `thread`.
    pub threads: Threads,
    /// `shards`: how many sockets the threads share out among them; none: one each.
    pub shards: Option<u16>,
    /// Owner and permissions of a unix socket.
    pub unix: UnixOwner,
    /// `ssl`: clients speak TLS.
    pub tls: Option<Arc<Served>>,
}

/// Which version of HTTP is spoken (`proto`).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Proto {
    /// HTTP/1, or HTTP/2 where the peer begins so.
    #[default]
    Any,
    Http1,
    Http2,
    /// None of them, whatever comes.
    Raw,
}

/// Owner and permissions of a unix socket.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct UnixOwner {
    pub mode: Option<u32>,
    pub uid: Option<u32>,
    pub gid: Option<u32>,
}

/// Where a `bind` line listens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BindAddress {
    Inet(SocketAddr),
    /// A path in the file system.
    Unix(Box<str>),
    /// A name in the abstract space, without the NUL in front; NULs behind it belong to it (`abns@`).
    Abstract(Box<str>),
    /// A listening socket that was inherited.
    Fd(i32),
}

/// Whether a frontend listens, as [`Live::listening`] tells it.
pub mod listening {
    pub const OPEN: u8 = 0;
    /// It does not for a while: its addresses stay its own.
    pub const PAUSED: u8 = 1;
    /// It never will again.
    pub const ENDED: u8 = 2;
}

/// What survives a change of the configuration.
#[derive(Debug)]
pub struct Live {
    /// A number unique in the process.
    pub uid: u32,
    /// Whether the configuration in force has it no more: who is here is served to the end of an answer.
    pub gone: AtomicBool,
    /// One of [`listening`].
    pub listening: AtomicU8,
    /// `maxconn`, where it was changed.
    pub maxconn: Adjusted,
    pub sessions: Gauge,
    /// What `rate-limit` counts.
    pub pace: Pace,
    /// Log lines written, for `%lc`.
    pub logged: AtomicU64,
    pub counters: PerThread<Block>,
    pub session_rate: Rate,
    pub connection_rate: Rate,
    pub request_rate: Rate,
}

impl Frontend {
    /// How many clients it takes at once.
    pub fn maxconn(&self) -> u32 {
        self.live.maxconn.or(self.maxconn)
    }
}

/// One address as it does; stays what it is for as long as its sockets are open.
#[derive(Debug)]
pub struct Listening {
    /// A number unique in the process.
    pub uid: u32,
    /// Clients that came here.
    pub clients: Gauge,
    /// What it counts for itself, where `option socket-stats` asks for it.
    pub counters: Option<PerThread<Block>>,
}

impl Listening {
    /// `counted`: whether it counts for itself.
    pub fn new(threads: usize, counted: bool) -> Self {
        let counters = counted.then(|| PerThread::new(threads));
        Self { uid: numbers::unique(), clients: Gauge::default(), counters }
    }
}

impl Live {
    pub fn new(threads: usize) -> Self {
        Self {
            uid: numbers::unique(),
            gone: AtomicBool::new(false),
            listening: AtomicU8::new(listening::OPEN),
            maxconn: Adjusted::default(),
            sessions: Gauge::default(),
            pace: Pace::default(),
            logged: AtomicU64::new(0),
            counters: PerThread::new(threads),
            session_rate: Rate::default(),
            connection_rate: Rate::default(),
            request_rate: Rate::default(),
        }
    }
}
