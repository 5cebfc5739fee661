//! The World: everything the configuration became, immutable once built. Threads share it behind an `Arc` and swap to
//! a new one between two turns of their loops (DESIGN 6). What lives on from one World to the next hangs from it by
//! `Arc` (the `Live` parts).

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicI32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError, RwLock};

use sample::Owned;

use crate::adjust::Adjusted;
use crate::administer::{Notice, Pending};
use crate::auth::Userlist;
use crate::cache::Cache;
use crate::compression::Effort;
use crate::counters::{Block, Counter, Gauge, Pace, PerThread};
use crate::family::Reporting;
use crate::frontend::Bind;
use crate::jose::Policy;
use crate::log::{Profile, Target};
use crate::log_forward::LogForward;
use crate::malformed::Gallery;
use crate::numbers::Numbers;
use crate::resolvers::Resolvers;
use crate::restore::Restored;
use crate::ring::Ring;
use crate::termination::Cause;
use crate::tls::Store;
use crate::tls::store::Transactions;
use crate::tracking::Faults;
use crate::vars::Vars;
use crate::{About, Acl, Backend, Frontend, References, Table};

/// How header names are spelled for peers that insist on it, by their lower-case form.
pub type HeaderCase = HashMap<Box<[u8]>, Box<[u8]>>;

/// What `global` says about the process.
#[derive(Clone, Debug)]
pub struct Global {
    pub maxconn: u32,
    /// `maxsslconn`: sides of connections that may speak TLS; 0: any number.
    pub max_tls: u32,
    /// Whether both numbers were worked out from the memory that may be used.
    pub chosen_by_memory: bool,
    /// `anonkey`: the key of the hashes that names are told as where that is asked for; 0: any.
    pub anon_key: u32,
    /// `tune.rcvbuf.client` and `.server`, `tune.sndbuf.*`, `tune.notsent-lowat.*`.
    pub client_holds: SocketHolds,
    pub server_holds: SocketHolds,
    /// `maxconnrate`, `maxsessrate`, `maxsslrate`.
    pub rates: ClientRates,
    pub threads: u16,
    /// `tune.bufsize`, `tune.maxrewrite`, `tune.http.maxhdr`.
    pub buffer_size: u32,
    /// `tune.bufsize.large`; 0: there are no large buffers.
    pub large_buffer: u32,
    pub max_rewrite: u32,
    pub max_headers: u16,
    /// `h1-accept-payload-with-any-method`: bodies of GET, HEAD and DELETE before HTTP/1.1.
    pub accept_any_payload: bool,
    /// `tune.h2.*`.
    pub http2: Http2,
    /// `h1-case-adjust`.
    pub header_case: Arc<HeaderCase>,
    /// `tune.idle-pool.shared off`: threads keep their idle server connections to themselves.
    pub own_idle: bool,
    /// `nosplice`: bodies never go through pipes in the kernel.
    pub no_splice: bool,
    /// `maxpipes`: how many such pipes there are at most; none: any number.
    pub max_pipes: Option<u32>,
    /// `tune.pipesize`: bytes that one is to hold; 0: as it suits.
    pub pipe_size: u32,
    /// `tune.http.cookielen`: the most of a cookie that is captured, bytes.
    pub cookie_len: usize,
    /// `http-err-codes`, `http-fail-codes`.
    pub faults: Faults,
    /// `tune.stick-counters`: sets of counters that can be tracked at once.
    pub stick_counters: u32,
    /// `tune.http.logurilen`: the most of a request line that logs tell, bytes.
    pub log_line_len: usize,
    /// `tune.comp.maxlevel`, `maxcomprate`.
    pub compression: Effort,
    pub daemon: bool,
    /// `jwt.decrypt_alg_list`, `jwt.decrypt_enc_list`.
    pub jose: Policy,
    /// `profiling.tasks on`: whether the time that tasks take is measured.
    pub profile_tasks: bool,
    pub pidfile: Option<String>,
    pub user: Option<String>,
    pub group: Option<String>,
    pub uid: Option<u32>,
    pub gid: Option<u32>,
    pub chroot: Option<String>,
    pub hostname: Box<str>,
    pub node: Box<str>,
    pub description: Option<Box<str>>,
    pub log_tag: Box<str>,
    /// The name that log headers carry, if they carry one.
    pub log_send_hostname: Option<Box<str>>,
    pub pid: u32,
    pub hard_stop_after_ms: Option<u32>,
    /// `close-spread-time`: over how long clients are let go when the process stops softly; `u32::MAX`: they aren't.
    pub close_spread_ms: Option<u32>,
    /// `setcap`: the names of capabilities that outlive the change of the user, in lower case.
    pub capabilities: Vec<&'static str>,
    pub spread_checks: u8,
    /// `max-spread-checks`: over how long the first checks are spread at most, milliseconds.
    pub max_spread_ms: Option<u32>,
    /// `dns-accept-family`.
    pub dns_families: Families,
    /// `tune.vars.*-max-size`, if there is one.
    pub var_limits: Option<crate::vars::Limits>,
    pub cpu_map: Vec<(u16, Vec<usize>)>,
    pub stats_sockets: Vec<StatsSocket>,
    pub stats_timeout_ms: u32,
    /// `stats maxconn`: connections to the sockets of the Runtime API at once.
    pub stats_maxconn: u32,
    /// How many files the process needs to open: `ulimit-n`; none: as many as `maxconn` needs.
    pub open_files: Option<u32>,
}

/// Which addresses are asked of name servers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Families {
    /// Those of IPv6 only where the system has a way for them.
    #[default]
    Auto,
    Both,
    V4,
    V6,
}

/// How HTTP/2 is spoken (manual 3.2 "tune.h2").
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Http2 {
    /// `tune.h2.header-table-size`, bytes.
    pub header_table: u32,
    /// `tune.h2.max-frame-size`, bytes.
    pub max_frame: u32,
    /// To clients, to servers.
    pub front: Http2Side,
    pub back: Http2Side,
    /// `tune.h2.fe.max-rst-at-once`: streams reset by a client before others get their turn; 0: any number.
    pub max_resets: u32,
    /// `tune.h2.log-errors`: which of the errors of clients get a line in the log.
    pub log_errors: LogErrors,
    /// `tune.h2.fe.max-total-streams`: streams after which a client is told to come again; 0: never.
    pub max_total: u32,
}

/// Which errors in what clients send are worth a line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum LogErrors {
    None,
    /// Those that end the connection.
    Connection,
    /// Those that end a stream as well.
    #[default]
    Stream,
}

/// One side of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Http2Side {
    /// `max-concurrent-streams`.
    pub max_streams: u32,
    /// `rxbuf`: bytes of bodies that may come before they are read, of all streams together beyond that.
    pub rx_buffer: u32,
    /// `initial-window-size`: bytes of a body that may come before it is read.
    pub initial_window: u32,
    /// `max-frames-at-once`: frames taken before others get their turn; 0: any number.
    pub max_frames: u32,
    /// `glitches-threshold`: odd things after which a connection ends; 0: never.
    pub glitches: u32,
}

impl Default for Http2Side {
    fn default() -> Self {
        Self { max_streams: 100, initial_window: 16_384, rx_buffer: 1_638_400, max_frames: 0, glitches: 0 }
    }
}

impl Default for Http2 {
    fn default() -> Self {
        let (front, back) = (Http2Side::default(), Http2Side::default());
        let log_errors = LogErrors::default();
        Self { header_table: 4096, max_frame: 16_384, front, back, max_resets: 0, log_errors, max_total: 0 }
    }
}

/// The level of a `stats socket`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    User,
    Operator,
    Admin,
}

/// A `stats socket` line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatsSocket {
    pub bind: Bind,
    pub level: Level,
    /// How messages say how much they matter.
    pub reporting: Reporting,
    /// `expose-fd listeners`: another process may ask for the listening sockets.
    pub exposes: bool,
}

/// What the process counts as a whole and keeps over changes of the configuration.
#[derive(Debug, Default)]
pub struct Process {
    pub connections: Gauge,
    pub requests: AtomicU64,
    /// What is added to UTC for local time, seconds; kept up to date by the main thread.
    pub utc_offset_s: AtomicI32,
    pub vars: RwLock<Vars>,
    /// What all variables count for, where there are limits.
    pub vars_size: Arc<AtomicU64>,
    /// What of that are the process's own.
    pub own_vars_size: AtomicU64,
    /// What is to be said of servers.
    pub notices: Pending<Notice>,
    /// What the log targets of `global` are to be told.
    pub remarks: Pending<String>,
    /// Variables that were set and that no configuration names, by name.
    pub loose_vars: Mutex<HashMap<Box<str>, Owned>>,
    /// Servers whose streams are to end, by their numbers in the process, and the cause that logs tell.
    pub shutdowns: Pending<(u32, Cause)>,
    /// What is known of the process, once it is.
    pub about: OnceLock<Arc<About>>,
    /// Numbers of servers.
    pub server_numbers: Arc<Numbers>,
    /// Whether the process is not complete yet: clients wait, so that they can't take the descriptors it still needs.
    pub starting: AtomicBool,
    /// How often new clients had to wait, by what was lacking ([`Shortage`]).
    pub shortages: [AtomicU64; 4],
    /// Whether the memory that `-m` allows is nearly used up.
    pub memory_full: AtomicBool,
    /// Messages that `log-forward` sections received.
    pub received_logs: AtomicU64,
    /// Lines of logs that found no way to their targets.
    pub dropped_logs: AtomicU64,
    /// Messages that could not be understood.
    pub malformed: Gallery,
    /// What an administrator changed of its limits.
    pub limits: Limits,
    /// Files of TLS that are being changed.
    pub tls: Mutex<Transactions>,
}

/// What the kernel may hold of a connection, bytes; 0: as much as it likes.
#[derive(Clone, Copy, Debug, Default)]
pub struct SocketHolds {
    /// Received and not read.
    pub received: u32,
    /// Written and not acknowledged.
    pub sent: u32,
    /// Written and not sent.
    pub unsent: u32,
}

/// How many clients may come in a second; 0: any number.
#[derive(Clone, Copy, Debug, Default)]
pub struct ClientRates {
    pub connections: u32,
    pub sessions: u32,
    /// On addresses that speak TLS.
    pub tls: u32,
}

/// The limits of the process, where they were changed; and what they are held to by.
#[derive(Debug, Default)]
pub struct Limits {
    pub maxconn: Adjusted,
    /// `set anon global-key`.
    pub anon_key: Adjusted,
    /// Connections of clients, sessions and TLS sessions a second; 0: any number.
    pub connection_rate: Adjusted,
    pub session_rate: Adjusted,
    pub tls_rate: Adjusted,
    /// Connections of clients that were accepted, and those among them on addresses that speak TLS.
    pub pace: Pace,
    pub tls_pace: Pace,
}

impl Limits {
    /// The rates in force, where the configuration gives these.
    pub fn rates(&self, given: ClientRates) -> ClientRates {
        ClientRates {
            connections: self.connection_rate.or(given.connections),
            sessions: self.session_rate.or(given.sessions),
            tls: self.tls_rate.or(given.tls),
        }
    }
}

impl ClientRates {
    /// How many may come at all; 0: any number.
    pub fn clients(self) -> u32 {
        match (self.connections, self.sessions) {
            (0, limit) | (limit, 0) => limit,
            (a, b) => a.min(b),
        }
    }
}

/// What keeps clients from being accepted: they wait in the kernel until it is there again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shortage {
    /// `maxconn` of the process, the frontend or the address is reached.
    Connections,
    /// The process has no more file descriptors.
    Files,
    /// The system has no more of them, or no memory for sockets.
    System,
    /// The process may have no more memory (`-m`).
    Memory,
}

impl Process {
    /// Takes what the process's variables count for now into the sum of all.
    pub fn charge_vars(&self) {
        if let Ok(vars) = self.vars.read() {
            let before = self.own_vars_size.swap(vars.size(), Ordering::Relaxed);
            self.vars_size.fetch_add(vars.size().wrapping_sub(before), Ordering::Relaxed);
        }
    }

    /// Counts a time when clients had to wait; gives how many there were.
    pub fn count_shortage(&self, shortage: Shortage) -> u64 {
        let slot = self.shortages.get(shortage as usize);
        slot.map_or(0, |count| count.fetch_add(1, Ordering::Relaxed) + 1)
    }
}

/// Everything that was configured.
#[derive(Debug)]
pub struct World {
    pub global: Global,
    /// The names of the files it comes from, which places of rules refer to.
    pub files: Vec<Box<str>>,
    pub frontends: Vec<Frontend>,
    pub backends: Vec<Backend>,
    /// Backends by name, for computed names.
    pub backend_names: HashMap<Box<str>, u32>,
    pub log_targets: Vec<Target>,
    pub rings: Vec<Ring>,
    pub log_forwards: Vec<LogForward>,
    /// `log-profile` sections.
    pub log_profiles: Vec<Profile>,
    /// The global `log` lines, for messages that belong to no proxy.
    pub global_logs: Arc<[u32]>,
    /// Lists of patterns: files of ACLs and maps, values of ACLs.
    pub references: References,
    /// The ACLs that expressions name, by the number that their arguments hold.
    pub acls: Vec<Arc<Acl>>,
    /// Stick tables, by the number that arguments of keywords hold.
    pub tables: Vec<Arc<Table>>,
    /// `resolvers` sections, by the number that rules hold.
    pub resolvers: Vec<Arc<Resolvers>>,
    /// `cache` sections, by the number that keywords hold.
    pub caches: Vec<Arc<Cache>>,
    /// Userlists, by the number that arguments of keywords hold.
    pub userlists: Vec<Userlist>,
    /// What keywords made of files when the configuration was read, by the paths it names them with.
    pub kept: HashMap<Box<str>, sample::arg::Made>,
    /// The names behind `VarRef::id`.
    pub var_names: Vec<Box<str>>,
    /// Whether some rule or log line asks where clients connected to.
    pub wants_destination: bool,
    /// Whether some log line asks how many lines its frontend wrote.
    pub wants_line_count: bool,
    /// Whether something asks for the ends of the connections to servers.
    pub wants_server_ends: bool,
    /// What `set-var` lines of `global` made of the process's variables.
    pub initial_vars: Vars,
    /// How many Worlds this process had before this one.
    pub generation: u64,
    /// Where servers, frontends and addresses are, by their numbers in the process.
    pub seats: Seats,
    /// What TLS was given as files.
    pub tls: Arc<Store>,
    pub process: Arc<Process>,
    /// What a process before this one had counted (`stats-file`).
    pub counted: Option<Box<str>>,
    /// What a process before this one knew of servers.
    pub restored: Vec<Restored>,
}

/// Positions in a World by numbers in the process: what lives on over changes of the configuration is found so.
#[derive(Debug, Default)]
pub struct Seats {
    servers: HashMap<u32, (u32, u32), foldhash::fast::FixedState>,
    frontends: HashMap<u32, u32, foldhash::fast::FixedState>,
    /// Addresses, by frontend and `bind`.
    listening: HashMap<u32, (u32, u32), foldhash::fast::FixedState>,
    /// Servers that somebody looks after: checks, agents, slow starts.
    attended: Vec<(u32, u32)>,
}

impl Seats {
    pub fn of(frontends: &[Frontend], backends: &[Backend]) -> Self {
        let mut seats = Self::default();
        for (b, backend) in (0u32..).zip(backends) {
            for (s, server) in (0u32..).zip(&backend.servers) {
                seats.servers.insert(server.live.uid, (b, s));
                if server.check.is_some() || server.agent.is_some() || server.slowstart_ms > 0 {
                    seats.attended.push((b, s));
                }
            }
        }
        for (f, frontend) in (0u32..).zip(frontends) {
            seats.frontends.insert(frontend.live.uid, f);
            seats.listening.extend((0u32..).zip(&frontend.listening).map(|(b, at)| (at.uid, (f, b))));
        }
        seats
    }

    /// Backend and server.
    pub fn server(&self, uid: u32) -> Option<(u32, u32)> {
        self.servers.get(&uid).copied()
    }

    /// Backends and servers that are checked, have an agent or start slowly.
    pub fn attended(&self) -> &[(u32, u32)] {
        &self.attended
    }

    pub fn frontend(&self, uid: u32) -> Option<u32> {
        self.frontends.get(&uid).copied()
    }

    /// Frontend and `bind`.
    pub fn listening(&self, uid: u32) -> Option<(u32, u32)> {
        self.listening.get(&uid).copied()
    }
}

type Which = fn(&Block) -> &Counter;
const HANDSHAKES: Which = |block| &block.handshakes.complete;
const RESUMPTIONS: Which = |block| &block.handshakes.resumed;

impl World {
    /// How many clients the process takes at once.
    pub fn maxconn(&self) -> u32 {
        self.process.limits.maxconn.or(self.global.maxconn)
    }

    /// How many clients the process takes a second.
    pub fn client_rates(&self) -> ClientRates {
        self.process.limits.rates(self.global.rates)
    }

    /// Handshakes of TLS with clients so far, those that needed new keys, and those with servers that did.
    pub fn handshakes(&self) -> [u64; 3] {
        let mut sums = [0u64; 4];
        let mut add = |at: usize, counters: &PerThread<Block>| {
            for (sum, which) in sums.iter_mut().skip(at).zip([HANDSHAKES, RESUMPTIONS]) {
                *sum = sum.wrapping_add(counters.sum(which));
            }
        };
        self.frontends.iter().for_each(|f| add(0, &f.live.counters));
        self.backends.iter().flat_map(|b| &b.servers).for_each(|s| add(2, &s.live.counters));
        let [all, resumed, to_servers, resumed_there] = sums;
        let new = to_servers.saturating_sub(resumed_there);
        [all, all.saturating_sub(resumed), new]
    }

    pub fn frontend(&self, position: u32) -> Option<&Frontend> {
        self.frontends.get(usize::try_from(position).ok()?)
    }

    /// What the process's variables are now, by name without the scope; those that no configuration names, too.
    pub fn variables(&self) -> Vec<(Box<str>, Owned)> {
        let vars = self.process.vars.read().unwrap_or_else(PoisonError::into_inner);
        let named = vars.iter().filter_map(|(id, value)| {
            let name = self.var_names.get(usize::try_from(id).ok()?)?;
            Some((name.clone(), value.to_owned()))
        });
        let loose = self.process.loose_vars.lock().unwrap_or_else(PoisonError::into_inner);
        named.chain(loose.iter().map(|(name, value)| (name.clone(), value.clone()))).collect()
    }

    /// The number of the variable of this name, without its scope; none if no configuration names it.
    pub fn variable(&self, name: &str) -> Option<u32> {
        let at = self.var_names.iter().position(|known| **known == *name)?;
        u32::try_from(at).ok()
    }

    pub fn table(&self, position: u32) -> Option<&Arc<Table>> {
        self.tables.get(usize::try_from(position).ok()?)
    }

    pub fn cache(&self, position: u32) -> Option<&Arc<Cache>> {
        self.caches.get(usize::try_from(position).ok()?)
    }

    pub fn backend(&self, position: u32) -> Option<&Backend> {
        self.backends.get(usize::try_from(position).ok()?)
    }
}
