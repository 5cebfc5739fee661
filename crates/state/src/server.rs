//! A server: how it is reached (fixed by the configuration) and how it is doing ([`Live`], which survives a change of
//! the configuration).

use std::borrow::Cow;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU32, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};

use crate::Backend;
use crate::adjust::{Aim, Moved, Switch, Whereabouts};
use crate::check::{Outcome, Pace, Probe};
use crate::counters::{Block, Gauge, PerThread, Rate};
use crate::frontend::Proto;
use crate::link::{Presents, Source};
use crate::numbers;
use crate::resolvers::Resolve;
use crate::tls::ServerTls;

/// Where a server listens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Address {
    Inet(SocketAddr),
    /// A path, or an abstract name that begins with NUL.
    Unix(Box<str>),
    /// A name that did not resolve: no connection can be made. The port it would be made to.
    Unresolved(u16),
}

/// How the server's port follows the client's.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Port {
    #[default]
    Fixed,
    /// No port configured: the one the client connected to, plus this offset.
    Mapped(i32),
}

/// `hash-key`: what the points of a server on a ring are derived from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum HashKey {
    /// The lower bits of the `id`.
    #[default]
    Id,
    /// The whole `id`.
    Id32,
    Guid,
    Addr,
    AddrPort,
}

/// `init-state`: how a server is taken to be when it begins to be looked at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum InitState {
    /// Up, and the first check decides.
    #[default]
    None,
    /// Up, and as many checks must fail as ever.
    FullyUp,
    Up,
    /// Down, and one good check brings it up.
    Down,
    /// Down, and as many checks must pass as ever.
    FullyDown,
}

impl InitState {
    pub const fn is_down(self) -> bool {
        matches!(self, Self::Down | Self::FullyDown)
    }

    /// The health counter to begin with.
    pub fn health(self, check: &Check) -> i32 {
        match self {
            Self::None | Self::Up => check.rise(),
            Self::FullyUp => check.full(),
            Self::Down => check.rise() - 1,
            Self::FullyDown => 0,
        }
    }
}

/// A `server` line.
#[derive(Debug)]
pub struct Server {
    pub name: Box<str>,
    /// The `id`, as statistics show it.
    pub id: u32,
    /// Whether the configuration gives the `id`.
    pub own_id: bool,
    /// The name of its host, where it is reached by one, as configured: [`Server::fqdn`] is the one in force.
    pub fqdn: Option<Box<str>>,
    /// `init-addr last`: whether it begins with the address that it had in the process before.
    pub last_address: bool,
    /// `init-state`: how it is taken to be until it is checked.
    pub init_state: InitState,
    /// `resolvers`: how that name is looked up while the process runs.
    pub resolve: Option<Box<Resolve>>,
    /// As configured: [`Server::address`] is the one in force.
    pub address: Address,
    /// Reached over several paths at once (`mptcp@`).
    pub multipath: bool,
    pub port: Port,
    /// Whether it takes datagrams (`udp@`); in backends for logs.
    pub datagram: bool,
    /// Whether it is in maintenance from the beginning.
    pub disabled: bool,
    /// Configured weight, 0 to 256.
    pub weight: u16,
    pub backup: bool,
    /// `non-stick`: stick tables don't remember it.
    pub non_stick: bool,
    pub maxconn: u32,
    /// What `maxconn` sinks to when the backend has little to do; the same as that where it doesn't.
    pub minconn: u32,
    pub maxqueue: u32,
    /// What its points on a ring of consistent hashing are derived from.
    pub hash_key: HashKey,
    pub guid: Option<Box<str>>,
    /// Idle connections kept at most; none: no limit.
    pub pool_max: Option<u32>,
    /// `pool-low-conn`: so many idle ones are kept whether they are needed or not, and no thread takes them from another.
    pub pool_low: u32,
    /// `pool-conn-name`: what connections must have in common to stand in for each other, instead of the name for TLS.
    pub pool_name: Option<crate::Expr>,
    /// How long one may be idle, milliseconds; 0: none is kept.
    pub pool_purge_ms: u32,
    /// How often a connection is used again at most; none: no limit.
    pub max_reuse: Option<u32>,
    /// The cookie's value for persistence.
    pub cookie: Option<Box<[u8]>>,
    /// `redir`: what the locations begin with to which GET and HEAD requests are sent instead.
    pub redirect: Option<Box<[u8]>>,
    pub check: Option<Box<Check>>,
    /// `agent-check`: what the server says of itself.
    pub agent: Option<Box<Check>>,
    /// `track`: the server whose state it has, by the positions of backend and server.
    pub track: Option<(u32, u32)>,
    /// Those that have this one's state.
    pub followers: Box<[(u32, u32)]>,
    /// `observe`: what traffic tells of its health.
    pub observe: Option<Box<Observe>>,
    /// `slowstart`, milliseconds; 0: at once.
    pub slowstart_ms: u32,
    /// `on-marked-down shutdown-sessions`.
    pub shutdown_when_down: bool,
    /// `on-marked-up shutdown-backup-sessions`.
    pub shutdown_backups_when_up: bool,
    /// What is told of the client in front of everything else.
    pub send_proxy: Option<Box<SendProxy>>,
    pub source: Option<Arc<Source>>,
    /// `tcp-ut`, milliseconds.
    pub user_timeout_ms: Option<u32>,
    /// `tfo`: what goes first travels with the opening of the connection.
    pub fast_open: bool,
    /// The SOCKS4 proxy that connections go through.
    pub socks4: Option<SocketAddr>,
    /// `cc`: the kernel's congestion control.
    pub congestion: Option<Arc<str>>,
    pub namespace: Option<Arc<str>>,
    /// `tcp-md5sig`: the password that segments are signed with.
    pub md5: Option<Arc<str>>,
    /// `proto`: which version of HTTP its connections speak; where it is open, what was negotiated.
    pub proto: Proto,
    /// `ws`: which one those of WebSockets do.
    pub websocket: Proto,
    /// `check-proto`: which one those of checks do.
    pub check_proto: Proto,
    /// `ssl`, `check-ssl`.
    pub tls: Option<Box<ServerTls>>,
    /// `no-ssl`.
    pub no_tls: bool,
    /// As which it is reached ([`Live::reach`]).
    pub reach: u32,
    pub live: Arc<Live>,
}

/// What is told of the client's encryption, as bits.
pub mod told {
    pub const SSL: u8 = 1;
    pub const CN: u8 = 2;
    pub const CIPHER: u8 = 4;
    /// With what the certificate is signed that the client was shown.
    pub const SIGNATURE: u8 = 8;
    /// What kind of key it has.
    pub const KEY: u8 = 16;
}

/// `send-proxy`, `send-proxy-v2` and what goes with the latter.
#[derive(Debug)]
pub struct SendProxy {
    /// 1 or 2.
    pub version: u8,
    /// `proxy-v2-options`: bits of [`told`].
    pub ssl: u8,
    pub authority: bool,
    pub crc32c: bool,
    /// The stream's unique id.
    pub unique_id: bool,
    /// `set-proxy-v2-tlv-fmt`: types and values.
    pub tlvs: Vec<(u8, Option<crate::Format>)>,
}

/// `check` on a `server` line.
#[derive(Debug)]
pub struct Check {
    pub probe: Arc<Probe>,
    pub pace: Pace,
    /// Where to check when that differs from the server's own address and port.
    pub address: Option<SocketAddr>,
    pub port: Option<u16>,
    pub timeout_ms: Option<u32>,
    /// The version of the PROXY protocol that checks begin with.
    pub send_proxy: Option<u8>,
    /// Whether checks go through the server's SOCKS4 proxy, too.
    pub via_socks4: bool,
}

/// `observe` with `error-limit` and `on-error`.
#[derive(Debug)]
pub struct Observe {
    /// Whether responses are looked at, not only connections.
    pub responses: bool,
    /// How many errors in a row count.
    pub limit: u32,
    pub then: OnError,
}

/// `on-error`. Each also has the next check come soon (`fastinter`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnError {
    /// Nothing else.
    FastInter,
    /// As a failed check.
    #[default]
    FailCheck,
    /// One more failed check takes it down.
    SuddenDeath,
    /// It is down.
    MarkDown,
}

/// Why a server takes no traffic, as bits.
pub mod admin {
    /// `disabled` in the configuration or set by an administrator.
    pub const MAINT: u8 = 1;
    /// The server that it follows is in maintenance.
    pub const VIA_MAINT: u8 = 2;
    /// Its name has no address.
    pub const UNRESOLVED: u8 = 32;
    pub const ANY_MAINT: u8 = MAINT | VIA_MAINT | UNRESOLVED;
    /// Finishes what it has, takes nothing new.
    pub const DRAIN: u8 = 8;
    /// The server that it follows does so.
    pub const VIA_DRAIN: u8 = 16;
    pub const ANY_DRAIN: u8 = DRAIN | VIA_DRAIN;
    /// Takes traffic all the same: its name is not the configured one.
    pub const RENAMED: u8 = 64;
}

/// How a server is doing.
#[derive(Debug)]
pub struct Live {
    /// A number unique in the process while it lives: idle connections are kept under it.
    pub uid: u32,
    /// That number, to be given back in the end.
    pub number: Option<numbers::Held>,
    /// The generation of the first World that has it, and of the first that doesn't any more ([`crate::World`]).
    pub born: AtomicU64,
    pub gone: AtomicU64,
    /// Changes with how it is reached: connections from before are of no use any more.
    pub reach: AtomicU32,
    /// Bits of [`admin`].
    pub admin: AtomicU8,
    /// What health checks say, or an administrator in their stead.
    pub healthy: AtomicBool,
    /// Healthy, but about to stop: balancing doesn't choose it.
    pub stopping: AtomicBool,
    /// While it starts slowly how far it is, in sixteenths; 0: it has started.
    pub ramp: AtomicU8,
    /// `maxconn` in force.
    pub maxconn: AtomicU32,
    /// Errors of traffic in a row, and how often there were too many.
    pub errors: AtomicU32,
    pub error_bursts: AtomicU64,
    /// Whether the next check is to come soon.
    pub hurry: AtomicBool,
    /// Whether its checks are run, if it has some.
    pub checks: AtomicBool,
    /// The weight in force, 0 to 256.
    pub weight: AtomicU32,
    /// Streams being served.
    pub sessions: Gauge,
    /// Streams waiting for a slot.
    pub queued: Gauge,
    /// Idle connections kept over all threads.
    pub idle: AtomicU32,
    /// Those of them that have served more than one exchange.
    pub idle_safe: AtomicU32,
    /// Idle connections that sessions keep for themselves.
    pub private: AtomicU32,
    /// The most connections that a thread had in use at once during the last periods.
    pub needed: AtomicU32,
    /// Connections open, idle ones included.
    pub connections: AtomicU32,
    /// Monotonic nanoseconds of the last session, to the second; 0 before the first.
    pub last_used_ns: AtomicU64,
    pub counters: PerThread<Block>,
    pub session_rate: Rate,
    pub outcome: Outcome,
    /// What the agent said last.
    pub agent: Outcome,
    /// Whether the agent is asked, if there is one.
    pub agent_asked: AtomicBool,
    /// Where it is, if that is not where the configuration says.
    pub moved: Moved,
    /// The name of its host, if that is not what the configuration says.
    pub named: Mutex<Option<Box<str>>>,
    /// Whether TLS is spoken with it, if an administrator said so.
    pub tls: Switch,
    /// What was changed of its check and of its agent.
    pub check_aim: Aim,
    pub agent_aim: Aim,
}

impl Live {
    /// A connection more is kept without use, by this thread. Gives how many there were.
    pub fn keep_idle(&self, thread: u16) -> u32 {
        if let Some(block) = self.counters.of(thread) {
            block.idle.add(1);
        }
        self.idle.fetch_add(1, Relaxed)
    }

    /// One that this thread kept is used, or closed.
    pub fn leave_idle(&self, thread: u16) {
        if let Some(block) = self.counters.of(thread) {
            block.idle.decrease();
        }
        self.idle.fetch_sub(1, Relaxed);
    }

    pub fn new(uid: u32, weight: u16, maxconn: u32, threads: usize) -> Self {
        Self {
            uid,
            number: None,
            born: AtomicU64::new(0),
            gone: AtomicU64::new(u64::MAX),
            reach: AtomicU32::new(0),
            admin: AtomicU8::new(0),
            healthy: AtomicBool::new(true),
            stopping: AtomicBool::new(false),
            ramp: AtomicU8::new(0),
            maxconn: AtomicU32::new(maxconn),
            errors: AtomicU32::new(0),
            error_bursts: AtomicU64::new(0),
            hurry: AtomicBool::new(false),
            checks: AtomicBool::new(true),
            weight: AtomicU32::new(u32::from(weight)),
            sessions: Gauge::default(),
            queued: Gauge::default(),
            idle: AtomicU32::new(0),
            idle_safe: AtomicU32::new(0),
            private: AtomicU32::new(0),
            needed: AtomicU32::new(0),
            connections: AtomicU32::new(0),
            last_used_ns: AtomicU64::new(0),
            counters: PerThread::new(threads),
            session_rate: Rate::default(),
            outcome: Outcome::default(),
            agent: Outcome::default(),
            agent_asked: AtomicBool::new(true),
            moved: Moved::default(),
            named: Mutex::default(),
            tls: Switch::default(),
            check_aim: Aim::default(),
            agent_aim: Aim::default(),
        }
    }
}

impl Live {
    /// Whether a World of this generation has it.
    pub fn is_of(&self, generation: u64) -> bool {
        self.born.load(Relaxed) <= generation && generation < self.gone.load(Relaxed)
    }

    /// Whether the configuration in force has it no more.
    pub fn is_gone(&self) -> bool {
        self.gone.load(Relaxed) != u64::MAX
    }
}

/// In how many steps a slow start goes.
pub const FULL_STEPS: u32 = 16;

impl Server {
    /// How TLS is spoken with it for what clients send, if it is.
    pub fn speaks_tls(&self) -> Option<&ServerTls> {
        let tls = self.tls.as_deref()?;
        self.live.tls.get().unwrap_or(tls.traffic).then_some(tls)
    }

    /// Where it is now.
    #[inline]
    pub fn address(&self) -> Cow<'_, Address> {
        match self.live.moved.whereabouts() {
            None => Cow::Borrowed(&self.address),
            Some(Whereabouts::At(at)) => Cow::Owned(Address::Inet(at)),
            Some(Whereabouts::Nowhere(port)) => Cow::Owned(Address::Unresolved(port)),
        }
    }

    /// The name of its host now.
    pub fn fqdn(&self) -> Option<Box<str>> {
        let named = self.live.named.lock().unwrap_or_else(PoisonError::into_inner);
        named.as_ref().or(self.fqdn.as_ref()).cloned()
    }

    /// Whether this is the name of its host now.
    pub fn is_at(&self, name: &str) -> bool {
        let named = self.live.named.lock().unwrap_or_else(PoisonError::into_inner);
        named.as_ref().or(self.fqdn.as_ref()).is_some_and(|own| **own == *name)
    }

    /// How its port follows the client's now.
    pub fn port(&self) -> Port {
        match self.port {
            Port::Mapped(_) if self.live.moved.get().is_some_and(|at| at.port() > 0) => Port::Fixed,
            port => port,
        }
    }

    /// What was changed of this check of it, which is its own or its agent's.
    pub fn aim(&self, check: &Check) -> &Aim {
        let of_agent = self.agent.as_deref().is_some_and(|agent| std::ptr::eq(agent, check));
        if of_agent { &self.live.agent_aim } else { &self.live.check_aim }
    }

    /// Whether it is up: healthy and not in maintenance.
    pub fn is_up(&self) -> bool {
        self.live.healthy.load(Relaxed) && self.live.admin.load(Relaxed) & admin::ANY_MAINT == 0
    }

    /// Whether it is in maintenance, for whatever reason.
    pub fn in_maintenance(&self) -> bool {
        self.live.admin.load(Relaxed) & admin::ANY_MAINT != 0
    }

    /// Whether balancing may choose it for new work: up, neither draining nor about to stop, with a weight.
    pub fn is_usable(&self) -> bool {
        self.live.healthy.load(Relaxed)
            && !self.live.stopping.load(Relaxed)
            && self.live.admin.load(Relaxed) & (admin::ANY_MAINT | admin::ANY_DRAIN) == 0
            && self.live.weight.load(Relaxed) > 0
    }

    /// Which version of HTTP is spoken for what clients send, for a `websocket` or not: `Any` where that is negotiated.
    pub fn spoken(&self, websocket: bool) -> Proto {
        match (websocket, self.websocket) {
            (false, _) => self.proto,
            (true, Proto::Any) if self.proto == Proto::Any => {
                let tls = self.tls.as_ref().filter(|tls| tls.traffic && tls.offers(b"h2"));
                if tls.is_some_and(|tls| tls.offers(b"http/1.1")) { Proto::Http1 } else { Proto::Any }
            }
            (true, Proto::Any) => self.proto,
            (true, forced) => forced,
        }
    }

    /// Whether connections for what clients send may turn out to speak HTTP/2.
    #[inline]
    pub fn may_speak_http2(&self, websocket: bool) -> bool {
        match self.spoken(websocket) {
            Proto::Http2 => true,
            Proto::Http1 | Proto::Raw => false,
            Proto::Any => self.tls.as_ref().is_some_and(|tls| tls.traffic && tls.offers(b"h2")),
        }
    }

    /// Whom its connections seem to come from.
    pub fn presents(&self) -> &Presents {
        self.source.as_ref().map_or(&Presents::Ourselves, |source| &source.presents)
    }

    /// Whether where it is connected to depends on where the client connected to: its port is the client's, or its address
    /// is none at all.
    pub fn follows_client(&self) -> bool {
        match (&*self.address(), self.port()) {
            (_, Port::Mapped(_)) => true,
            (Address::Inet(at), Port::Fixed) => at.ip().is_unspecified(),
            _ => false,
        }
    }

    /// How many streams it may serve at once now: between `minconn` and `maxconn`, by how close the backend is to its
    /// `fullconn`; 0: any number.
    pub fn limit(&self, backend: &Backend) -> u32 {
        let most = self.maxconn();
        // Whatever `maxconn` is set to later, it moves only where `minconn` was given.
        let moves = self.minconn != self.maxconn && self.minconn < most;
        let most = if !moves || backend.fullconn == 0 {
            most
        } else {
            let (now, full) = (u64::from(backend.live.sessions.now()), u64::from(backend.fullconn));
            let part = u64::from(most) * now.min(full) / full;
            u32::try_from(part).unwrap_or(most).max(self.minconn)
        };
        match self.live.ramp.load(Relaxed) {
            0 => most,
            _ if most == 0 => 0,
            step => (most.saturating_mul(u32::from(step)) / FULL_STEPS).max(1),
        }
    }

    /// `maxconn` in force; 0: no limit.
    pub fn maxconn(&self) -> u32 {
        self.live.maxconn.load(Relaxed)
    }

    /// The weight in force in sixteenths: while it starts slowly only a part of it.
    pub fn share(&self) -> u32 {
        let step = match self.live.ramp.load(Relaxed) {
            0 => FULL_STEPS,
            step => u32::from(step),
        };
        self.live.weight.load(Relaxed) * step
    }

    /// How far a server is that began to serve `since_ns` ago, in sixteenths; 0: it has started.
    pub fn ramp_after(&self, since_ns: u64) -> u8 {
        let whole = u64::from(self.slowstart_ms).div_ceil(1000);
        let seconds = since_ns / 1_000_000_000;
        if seconds >= whole {
            return 0;
        }
        let step = (u64::from(FULL_STEPS) * seconds + whole) / whole.max(1);
        u8::try_from(step.clamp(1, u64::from(FULL_STEPS))).unwrap_or(0)
    }

    /// Whether all its slots are taken, or waited for.
    pub fn is_full(&self, backend: &Backend) -> bool {
        self.maxconn() != 0 && (self.live.queued.now() > 0 || self.live.sessions.now() >= self.limit(backend))
    }

    /// Whether a stream that `maxqueue` lets wait for it is as good as one that is served.
    pub fn has_queue_room(&self) -> bool {
        self.maxqueue != 0 && self.live.queued.now() < self.maxqueue
    }

    /// Whether as many wait for it as `maxqueue` allows, where that is limited.
    pub fn is_queue_full(&self) -> bool {
        self.maxconn() != 0 && self.maxqueue != 0 && self.live.queued.now() >= self.maxqueue
    }
}
