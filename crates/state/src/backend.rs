//! A backend: servers and how one of them is chosen.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64};

use foldhash::fast::FixedState;
use hashbrown::HashMap;

use crate::check::Probe;
use crate::cookie::{Cookie, PersistRule};
use crate::counters::{Block, Gauge, PerThread, Rate};
use crate::family::Balance;
use crate::log::Setup;
use crate::options::{Mode, Options, Timeouts};
use crate::reply::Pages;
use crate::{Cond, Format, Rules, Server};

/// A `backend`, or the back half of a `listen`.
#[derive(Debug)]
pub struct Backend {
    pub name: Box<str>,
    /// The `id`, as statistics show it.
    pub id: u32,
    pub mode: Mode,
    pub disabled: bool,
    pub servers: Vec<Server>,
    pub balance: Box<dyn Balance>,
    /// The words of `balance`, for statistics.
    pub balance_name: &'static str,
    pub tcp_content: Rules,
    pub tcp_response: Rules,
    pub http_request: Rules,
    pub http_response: Rules,
    pub http_after_response: Rules,
    pub use_server: Box<[UseServer]>,
    pub cookie: Option<Box<Cookie>>,
    pub persist_rules: Box<[PersistRule]>,
    /// `persist rdp-cookie`: the cookie's name.
    pub rdp_cookie: Option<Box<[u8]>>,
    pub timeouts: Timeouts,
    pub options: Arc<Options>,
    pub retries: u32,
    pub fullconn: u32,
    pub pages: Arc<Pages>,
    pub log: Arc<Setup>,
    /// What servers without a probe of their own are checked with.
    pub probe: Arc<Probe>,
    pub live: Arc<Live>,
}

/// `use-server NAME if ...`
#[derive(Debug)]
pub struct UseServer {
    pub cond: Option<Cond>,
    pub target: Target,
}

/// The server that a `use-server` rule names.
#[derive(Debug)]
pub enum Target {
    /// Its position in the backend.
    Server(u32),
    Named(Box<Named>),
}

/// A server's name that is computed for each request, and the backend's servers by name.
#[derive(Debug)]
pub struct Named {
    pub format: Format,
    pub servers: HashMap<Box<[u8]>, u32, FixedState>,
}

/// What survives a change of the configuration.
#[derive(Debug)]
pub struct Live {
    pub sessions: Gauge,
    pub queued: Gauge,
    pub counters: PerThread<Block>,
    pub session_rate: Rate,
    /// Monotonic nanoseconds of the last state change.
    pub changed_ns: AtomicU64,
    /// Monotonic nanoseconds of the last session, to the second; 0 before the first.
    pub last_used_ns: AtomicU64,
    /// Whether none of its servers could take traffic when it was last looked at, once a second.
    pub down: AtomicBool,
    /// How often that began, and how long it lasted in all.
    pub down_transitions: AtomicU64,
    pub downtime_ns: AtomicU64,
}

impl Live {
    pub fn new(threads: usize) -> Self {
        Self {
            sessions: Gauge::default(),
            queued: Gauge::default(),
            counters: PerThread::new(threads),
            session_rate: Rate::default(),
            changed_ns: AtomicU64::new(0),
            last_used_ns: AtomicU64::new(0),
            down: AtomicBool::new(false),
            down_transitions: AtomicU64::new(0),
            downtime_ns: AtomicU64::new(0),
        }
    }
}

impl Backend {
    pub fn server(&self, position: u32) -> Option<&Server> {
        self.servers.get(usize::try_from(position).ok()?)
    }

    /// Positions of the servers that may be chosen now: the usable ones that are no backups, else the first usable
    /// backup, or all of them with `option allbackups`.
    pub fn eligible(&self) -> Vec<u32> {
        let usable = |backup: bool| {
            (0u32..)
                .zip(&self.servers)
                .filter(move |(_, s)| s.backup == backup && s.is_usable())
                .map(|(i, _)| i)
        };
        let active: Vec<u32> = usable(false).collect();
        if !active.is_empty() {
            return active;
        }
        let most = if self.options.all_backups { usize::MAX } else { 1 };
        usable(true).take(most).collect()
    }

    /// How many servers could take traffic, as `nbsrv` counts them.
    pub fn usable_count(&self) -> usize {
        self.servers.iter().filter(|s| s.is_usable() && (!s.backup || self.eligible_has_backups())).count()
    }

    fn eligible_has_backups(&self) -> bool {
        !self.servers.iter().any(|s| !s.backup && s.is_usable())
    }
}
