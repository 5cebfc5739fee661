//! A backend: servers and how one of them is chosen.

use std::fmt::Debug;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use foldhash::fast::FixedState;
use hashbrown::HashMap;

use crate::check::Probe;
use crate::compression::Compression;
use crate::cookie::{Cookie, PersistRule};
use crate::counters::{Block, Gauge, PerThread, Rate};
use crate::family::Balance;
use crate::filter::Filters;
use crate::forwarded::Forwarded;
use crate::log::{Destination, Setup};
use crate::mail::EmailAlert;
use crate::numbers;
use crate::options::{Mode, Options, Timeouts};
use crate::reply::Pages;
use crate::stats::StatsPage;
use crate::stick::Stick;
use crate::{Cond, Format, Rules, Server};

/// A `backend`, or the back half of a `listen`.
#[derive(Debug)]
pub struct Backend {
    pub name: Box<str>,
    /// The `id`, as statistics show it.
    pub id: u32,
    /// Whether the configuration gives it.
    pub own_id: bool,
    pub guid: Option<Box<str>>,
    pub mode: Mode,
    pub disabled: bool,
    pub description: Option<Box<str>>,
    pub servers: Vec<Server>,
    pub balance: Box<dyn Balance>,
    /// The words of `balance`, for statistics.
    pub balance_name: &'static str,
    pub tcp_content: Rules,
    /// `tcp-request inspect-delay`, milliseconds.
    pub inspect_delay: Option<u32>,
    /// `tcp-response inspect-delay`, milliseconds.
    pub response_delay: Option<u32>,
    pub tcp_response: Rules,
    pub http_request: Rules,
    /// `redirect` lines, which come behind the `http-request` rules and the statistics page.
    pub redirects: Rules,
    pub http_response: Rules,
    pub http_after_response: Rules,
    pub filters: Filters,
    /// The `compression` lines, where there are any.
    pub compression: Option<Arc<Compression>>,
    pub stats: Option<Arc<StatsPage>>,
    pub use_server: Box<[UseServer]>,
    pub cookie: Option<Box<Cookie>>,
    /// `option forwarded`.
    pub forwarded: Option<Box<Forwarded>>,
    pub persist_rules: Box<[PersistRule]>,
    pub stick: Option<Box<Stick>>,
    /// `persist rdp-cookie`: the cookie's name.
    pub rdp_cookie: Option<Box<[u8]>>,
    pub timeouts: Timeouts,
    pub options: Arc<Options>,
    /// Whether something of it looks into the body of requests, of responses.
    pub looks: [bool; 2],
    /// Whether something of it looks into a request's head among bytes that are not read as HTTP.
    pub looks_early: bool,
    /// How often a failed attempt is repeated.
    pub retries: u32,
    pub fullconn: u32,
    pub pages: Arc<Pages>,
    pub log: Arc<Setup>,
    /// Where its servers take messages (`mode log`), in their order.
    pub message_sinks: Box<[Destination]>,
    /// `unique-id-format`, for requests of health checks; streams have their frontend's.
    pub unique_id: Option<Format>,
    /// `email-alert`.
    pub email: Option<Box<EmailAlert>>,
    /// What servers without a probe of their own are checked with.
    pub probe: Arc<Probe>,
    pub live: Arc<Live>,
    /// How many changes its balancing has taken note of.
    pub noted: AtomicU32,
}

impl Backend {
    /// Whether rules of other proxies may lead here (manual 4.2 "disabled", "be-unpublished").
    pub fn is_published(&self) -> bool {
        !self.disabled && !self.live.unpublished.load(Relaxed)
    }

    /// Whether a client that ends its direction is taken for one that left (manual 4.2 "option abortonclose").
    pub fn aborts(&self) -> bool {
        self.options.abort_on_close.unwrap_or(self.mode == Mode::Http)
    }
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

/// What wants to know when servers of a backend change.
pub trait Watch: Debug + Send + Sync {
    /// A server came, went, or takes more or less than before.
    fn changed(&self, backend: &Backend);
}

/// What survives a change of the configuration.
#[derive(Debug)]
pub struct Live {
    /// A number unique in the process.
    pub uid: u32,
    pub sessions: Gauge,
    /// Streams that wait for whichever server has a place first.
    pub queued: Gauge,
    /// How often a stream left a server whose places are limited; wraps.
    pub departures: AtomicU32,
    /// The queue before its servers, which is told when they change.
    pub queue: OnceLock<Arc<dyn Watch>>,
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
    /// Rules of other proxies pass it by (`be-unpublished`, until it is published).
    pub unpublished: AtomicBool,
    /// Where balancing that has servers take turns is in its round; wraps.
    pub turn: AtomicUsize,
    /// The number in the process of the server whose turn was last, plus 1; 0 before the first.
    pub last_turn: AtomicU32,
    /// How often its servers changed; wraps.
    pub changes: AtomicU32,
    /// Held while what was derived from the state of servers is computed anew.
    pub changing: Mutex<()>,
}

impl Live {
    pub fn new(threads: usize) -> Self {
        Self {
            uid: numbers::unique(),
            sessions: Gauge::default(),
            queued: Gauge::default(),
            departures: AtomicU32::new(0),
            queue: OnceLock::new(),
            counters: PerThread::new(threads),
            session_rate: Rate::default(),
            changed_ns: AtomicU64::new(0),
            last_used_ns: AtomicU64::new(0),
            down: AtomicBool::new(false),
            down_transitions: AtomicU64::new(0),
            downtime_ns: AtomicU64::new(0),
            unpublished: AtomicBool::new(false),
            turn: AtomicUsize::new(0),
            last_turn: AtomicU32::new(0),
            changes: AtomicU32::new(0),
            changing: Mutex::new(()),
        }
    }
}

impl Backend {
    pub fn server(&self, position: u32) -> Option<&Server> {
        self.servers.get(usize::try_from(position).ok()?)
    }

    /// Whether a server may be given to any stream now: usable, and no backup while those aren't needed.
    pub fn may_choose(&self, server: &Server) -> bool {
        if !server.is_usable() || (server.backup && self.usable_actives() > 0) {
            return false;
        }
        let first = || self.servers.iter().find(|s| s.backup && s.is_usable());
        !server.backup || self.options.all_backups || first().is_some_and(|f| f.live.uid == server.live.uid)
    }

    /// How many servers that are no backups could be chosen.
    pub fn usable_actives(&self) -> usize {
        self.servers.iter().filter(|s| !s.backup && s.is_usable()).count()
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

    /// The state, the weight, the address or the limits of a server changed: balancing, queues and statistics take note.
    pub fn changed(&self, now_ns: u64) {
        let _one_at_a_time = self.live.changing.lock().unwrap_or_else(PoisonError::into_inner);
        self.live.changes.fetch_add(1, Relaxed);
        self.take_note();
        if let Some(queue) = self.live.queue.get() {
            queue.changed(self);
        }
        self.note(now_ns);
    }

    /// As [`Backend::changed`], if something changed that this World hasn't taken note of: servers are shared with the
    /// World before.
    pub fn catch_up(&self, now_ns: u64) {
        if self.noted.load(Relaxed) != self.live.changes.load(Relaxed) {
            self.changed(now_ns);
        }
    }

    /// Has balancing look at how servers are now.
    pub fn take_note(&self) {
        self.noted.store(self.live.changes.load(Relaxed), Relaxed);
        self.balance.changed(self);
    }

    /// Notes whether it is down now. Gives whether it was before.
    pub fn note(&self, now_ns: u64) -> bool {
        let live = &self.live;
        let down = self.is_down();
        let was_down = live.down.swap(down, Relaxed);
        if down != was_down {
            live.changed_ns.store(now_ns, Relaxed);
        }
        if down && !was_down {
            live.down_transitions.fetch_add(1, Relaxed);
        }
        was_down
    }

    /// Whether none of its servers, of which it has some, can take traffic.
    pub fn is_down(&self) -> bool {
        !self.servers.is_empty() && !self.servers.iter().any(Server::is_usable)
    }

    /// How many servers could serve, and how many backups.
    pub fn left(&self) -> (usize, usize) {
        let usable =
            |backup: bool| self.servers.iter().filter(|s| s.backup == backup && s.is_usable()).count();
        (usable(false), usable(true))
    }

    /// How many servers could take traffic, as `nbsrv` counts them.
    pub fn usable_count(&self) -> usize {
        self.servers.iter().filter(|s| s.is_usable() && (!s.backup || self.eligible_has_backups())).count()
    }

    fn eligible_has_backups(&self) -> bool {
        !self.servers.iter().any(|s| !s.backup && s.is_usable())
    }
}
