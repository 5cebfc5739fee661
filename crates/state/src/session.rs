//! One client connection, as rules and logs see it. What reads and writes it is `engine`'s.

use crate::Stream;
use crate::endpoint::Endpoint;
use crate::frontend::Proto;
use crate::link::Packets;
use crate::log::Origin;
use crate::tls::Known;
use crate::tracking::Counters;
use crate::vars::Living;

/// What a client is expected to send before its own bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Preamble {
    #[default]
    None,
    /// A header of the PROXY protocol (`accept-proxy`, `expect-proxy layer4`).
    Proxy,
    /// The header of a NetScaler with this magic number (`accept-netscaler-cip`, `expect-netscaler-cip layer4`).
    NetScaler(u32),
}

/// Where a client came in, by numbers in the process: of the frontend and of its address.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Place {
    pub frontend: u32,
    pub listening: u32,
}

/// What a stream hands on to the one that goes on in its stead.
#[derive(Debug, Default)]
pub struct Carried {
    pub counters: Counters,
    pub txn_vars: Living,
    pub req_vars: Living,
}

impl Carried {
    /// Takes it out of a stream.
    pub fn of(stream: &mut Stream) -> Self {
        Self {
            counters: std::mem::take(&mut stream.counters),
            txn_vars: std::mem::take(&mut stream.txn_vars),
            req_vars: std::mem::take(&mut stream.req_vars),
        }
    }
}

/// A client connection.
#[derive(Debug)]
pub struct Session {
    /// Position in `World::frontends`.
    pub frontend: u32,
    /// Position of the `bind` line in the frontend.
    pub bind: u32,
    /// Of which World these positions are (its generation), and the numbers in the process of what is there.
    pub generation: u64,
    pub place: Place,
    /// The ends of the connection itself: what the system says, or what `tcp-request connection` rules made of it.
    /// The destination is filled only when something in the World asks for it.
    pub peer: Endpoint,
    pub local: Option<Endpoint>,
    /// Who the client is for the session: the same, unless a header in front of the connection or a `tcp-request
    /// session` rule says otherwise. A stream may know better ([`crate::Stream::source`]).
    pub source: Endpoint,
    pub destination: Option<Endpoint>,
    /// Whether it speaks HTTP although its frontend is one for TCP.
    pub upgraded: bool,
    /// Whether its first bytes were judged already, before it was found to speak HTTP.
    pub inspected: bool,
    /// What is to come in front of the client's own bytes.
    pub preamble: Preamble,
    /// Whether a PROXY protocol header came, and its TLVs (version 2).
    pub proxied: bool,
    pub tlvs: Box<[u8]>,
    /// When all that had come, monotonic nanoseconds; 0 where there was nothing of it.
    pub handshake_ns: u64,
    /// What packets to the client are to carry from now on.
    pub packets: Option<Packets>,
    /// The descriptor of the client's connection, for what the kernel knows of it.
    pub socket: Option<i32>,
    /// What went wrong with the connection.
    pub fault: Option<crate::fault::Fault>,
    /// What is known of its TLS, if it speaks that.
    pub tls: Option<Box<Known>>,
    /// When it was accepted: monotonic nanoseconds, and microseconds since 1970.
    pub accepted_ns: u64,
    pub accepted_wall_us: u64,
    /// When the stream under way or to come began: the acceptance, or the end of the stream before.
    pub begun_ns: u64,
    pub begun_wall_us: u64,
    /// Requests begun on this connection.
    pub requests: u32,
    pub vars: Living,
    /// What `tcp-request connection` and `session` rules track.
    pub counters: Counters,
    /// What its first stream tracked and set before it was found to speak HTTP.
    pub carried: Option<Box<Carried>>,
    /// Odd things that the client did which its protocol doesn't forbid, or not at once.
    pub glitches: u32,
    /// Whether the client was found to speak HTTP/2.
    pub http2: bool,
    /// Why the log line at hand is made.
    pub log_origin: Origin,
    /// Which version of HTTP it speaks, where its address or a rule says so.
    pub spoken: Proto,
    /// By what connections to servers that streams share know this client's; 0 while there are none.
    pub crowd: u64,
    /// Whether a server authenticates its connection instead of each request: requests go on to a server where one stands.
    pub sticks: bool,
    /// Whether this only shows what would become of a client: what the process shares stays as it is.
    pub rehearsal: bool,
}

impl Session {
    pub fn new(frontend: u32, bind: u32, source: Endpoint, now_ns: u64, wall_us: u64) -> Self {
        Self {
            frontend,
            bind,
            generation: 0,
            place: Place::default(),
            peer: source,
            local: None,
            source,
            destination: None,
            upgraded: false,
            inspected: false,
            preamble: Preamble::None,
            proxied: false,
            tlvs: Box::default(),
            packets: None,
            socket: None,
            fault: None,
            tls: None,
            handshake_ns: 0,
            accepted_ns: now_ns,
            accepted_wall_us: wall_us,
            begun_ns: now_ns,
            begun_wall_us: wall_us,
            requests: 0,
            vars: Living::new(),
            counters: Counters::new(),
            carried: None,
            glitches: 0,
            http2: false,
            log_origin: Origin::Unspecified,
            spoken: Proto::Any,
            crowd: 0,
            sticks: false,
            rehearsal: false,
        }
    }

    /// The session as one of several streams on the connection sees it.
    pub fn for_stream(&mut self, now_ns: u64, wall_us: u64) -> Self {
        let mut stream = Self {
            generation: self.generation,
            place: self.place,
            peer: self.peer,
            local: self.local,
            destination: self.destination,
            upgraded: self.upgraded,
            proxied: self.proxied,
            tlvs: self.tlvs.clone(),
            handshake_ns: std::mem::take(&mut self.handshake_ns),
            socket: self.socket,
            tls: self.tls.clone(),
            accepted_ns: self.accepted_ns,
            accepted_wall_us: self.accepted_wall_us,
            requests: self.requests,
            counters: self.counters.share(),
            carried: self.carried.take(),
            inspected: std::mem::take(&mut self.inspected),
            glitches: self.glitches,
            http2: self.http2,
            crowd: self.crowd,
            sticks: self.sticks,
            ..Self::new(self.frontend, self.bind, self.source, now_ns, wall_us)
        };
        if !self.vars.is_empty() {
            stream.vars.copy_from(&self.vars);
        }
        stream
    }

    /// Sets an end of the client's connection as a rule of this set sees it.
    pub fn set_ends(&mut self, source: Option<Endpoint>, destination: Option<Endpoint>, of_connection: bool) {
        if let Some(source) = source {
            self.source = source;
            if of_connection {
                self.peer = source;
            }
        }
        if destination.is_some() {
            self.destination = destination;
            if of_connection {
                self.local = destination;
            }
        }
    }
}
