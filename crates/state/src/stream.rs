//! One exchange: a request, its response, and all that is known of them. Data only; reused from request to request,
//! so that its buffers grow once.

use http::{Message, Version};

use crate::about::Effort;
use crate::cache::{Asked, Entry};
use crate::captured::{Captured, Kept};
use crate::compression::Algorithm;
use crate::endpoint::Endpoint;
use crate::family::Serve;
use crate::fault::Fault;
use crate::link::Packets;
use crate::reply::Page;
use crate::resolvers::Lookup;
use crate::rule::Place;
use crate::stick::Pending;
use crate::termination::{Cause, Termination};
use crate::tracking::Counters;
use crate::unique_id::UniqueId;
use crate::vars::Living;
use std::cell::Cell;
use std::sync::Arc;

/// When things happened, monotonic nanoseconds; 0 for what did not happen (manual 8.4).
#[derive(Clone, Copy, Debug, Default)]
pub struct Times {
    /// The stream began: the connection's acceptance, or the end of the request before.
    pub begun: u64,
    /// What comes in front of the client's own bytes was over (first stream of a connection that has it).
    pub handshake: u64,
    /// The first byte of the request came.
    pub first_byte: u64,
    /// The head of the request was complete.
    pub request: u64,
    /// A place in the queue was left, or was not needed.
    pub queued: u64,
    /// The server's connection stood.
    pub connected: u64,
    /// The head of the response was complete.
    pub response: u64,
    /// All was sent.
    pub ended: u64,
}

/// What `set-timeout` said, milliseconds each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Timeouts {
    pub client: Option<u32>,
    pub connect: Option<u32>,
    pub queue: Option<u32>,
    pub server: Option<u32>,
    pub tarpit: Option<u32>,
    pub tunnel: Option<u32>,
}

impl Timeouts {
    /// Forgets those of the backend's side: they were for the proxy that the rule stands in.
    pub fn leave_proxy(&mut self) {
        (self.connect, self.queue, self.server, self.tunnel) = (None, None, None, None);
    }
}

/// What has come of a message's body, for rules that look at it; kept only where some do.
#[derive(Debug, Default)]
pub struct Body {
    /// The content without its framing, as much of it as a buffer may hold.
    pub content: Vec<u8>,
    /// Bytes that the head announces; the content so far where it doesn't.
    pub size: u64,
    /// Bytes in the buffer in all, in HAProxy's counting, heads included.
    pub buffered: u64,
    /// Whether the content is the connection's bytes as they came (`mode tcp`).
    pub raw: bool,
    /// Whether more of them may come in time: what isn't found yet is not decided then.
    pub more: bool,
    /// Whether they may be the beginning of a request's head, where somebody looks at that.
    pub begun: bool,
    /// Set by a sample that may come out otherwise with more bytes.
    pub undecided: Cell<bool>,
}

impl Body {
    fn clear(&mut self) {
        self.content.clear();
        (self.size, self.buffered) = (0, 0);
        (self.raw, self.more, self.begun) = (false, false, false);
    }
}

/// A bandwidth limit that a rule asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limit {
    /// The filter's number.
    pub filter: u32,
    /// Bytes, and the period for them in milliseconds, in place of the filter's own.
    pub limit: Option<u64>,
    pub period_ms: Option<u32>,
}

/// Bytes that went to the server, known at the end, and to the client: as rules and filters left them, heads included.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Delivered {
    pub server: u64,
    pub client: u64,
    /// What of the bytes from and to the client was counted before the end (`option contstats`), and when last.
    pub counted: [u64; 2],
    pub counted_ns: u64,
}

/// What is told of the way that a stream took.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Trail {
    /// The last rule that ended its set.
    pub last_rule: Option<Place>,
    /// The rule that waits for something, while one does, and the address that it wants looked up, if it is that.
    pub waiting: Option<Place>,
    pub lookup: Option<Box<Lookup>>,
    /// What its task had taken before it began.
    pub effort_before: Effort,
}

/// One exchange.
#[derive(Debug)]
pub struct Stream {
    pub request: Message,
    pub response: Message,
    /// Whether `request` and `response` hold a message.
    pub has_request: bool,
    pub has_response: bool,
    /// The request line as it came, for logs; empty when it was not valid.
    pub request_line: Vec<u8>,
    /// What came of the request's body, where balancing looks at a form.
    pub form: Vec<u8>,
    /// What has come of the bodies.
    pub request_body: Body,
    pub response_body: Body,
    /// The version of the server's response; of the request where the answer is not the server's.
    pub response_version: Version,
    pub frontend: u32,
    pub backend: Option<u32>,
    pub server: Option<u32>,
    /// The ends of the client's connection where rules of this stream set them (`http-request set-src`).
    pub source: Option<Endpoint>,
    pub destination: Option<Endpoint>,
    /// What packets to the server are to carry.
    pub packets: Packets,
    /// `set-timeout`: in place of the frontend's and the backend's.
    pub timeouts: Timeouts,
    /// `strict-mode off`: what finds no room in the message is left out, until the end of the rule set.
    pub lenient: bool,
    /// `early-hint`: whole answers of status 103 that wait to be sent.
    pub hints: Vec<u8>,
    /// Variables of the transaction; of the request phase; of the response phase.
    pub txn_vars: Living,
    pub req_vars: Living,
    pub res_vars: Living,
    /// Keys that wait to be stored with the server.
    pub stick: Pending,
    /// What rules of this stream track.
    pub counters: Counters,
    /// Whether the variables are the response's by now.
    pub responds: bool,
    pub captured_request: Captured,
    pub captured_response: Captured,
    /// The body of an answer the proxy gives itself.
    pub reply_body: Option<Arc<[u8]>>,
    /// An answer a rule chose, in place of the page for the status.
    pub reply_page: Option<Arc<Page>>,
    /// What answers in a server's place, and how logs call it.
    pub service: Option<Arc<dyn Serve>>,
    pub service_name: Option<&'static str>,
    pub times: Times,
    /// Wall clock at `times.begun`, microseconds since 1970.
    pub begun_wall_us: u64,
    /// Bytes from the client and to the client, heads included.
    pub bytes_in: u64,
    pub bytes_out: u64,
    pub delivered: Delivered,
    /// Status for the log; 0: none.
    pub status: u16,
    pub retries: u32,
    /// `set-retries`: how often attempts are repeated, in place of the backend's number.
    pub max_retries: Option<u32>,
    /// `disable-l7-retry`: only failed connections are tried again.
    pub no_replay: bool,
    /// `set-priority-class`, `set-priority-offset`: lower goes first in queues; milliseconds that it counts as having come
    /// later.
    pub priority_class: i32,
    pub priority_offset: i32,
    /// This side's end of the connection to the server.
    pub server_source: Option<Endpoint>,
    /// The server's end of it.
    pub server_destination: Option<Endpoint>,
    /// What is known of the server's connection.
    pub link: ServerLink,
    /// What is wrong with that connection, or kept the last attempt from becoming one.
    pub server_fault: Option<Fault>,
    /// The status the server answered with, whatever rules made of it; 0: none.
    pub server_status: u16,
    /// What persistence by cookie did, the third and fourth letter of `%tsc` (manual 8.5), where a cookie is configured.
    pub cookie_state: [u8; 2],
    /// What `capture cookie` found in the request and in the response: `name=value`.
    pub captured_cookies: [Kept; 2],
    /// Bandwidth limits that rules asked for.
    pub limits: Vec<Limit>,
    /// The cache that was asked, by its position in the World; what for; the answer it had.
    pub cache: Option<u32>,
    pub cache_key: Vec<u8>,
    pub cache_asked: Asked,
    pub cached: Option<Arc<Entry>>,
    /// The response that is to be stored once its body has come.
    pub storing: Option<Box<Entry>>,
    /// The encoding that compression chose for the response, and the one that it was compressed with.
    pub encoding: Option<Algorithm>,
    pub compressed: Option<Algorithm>,
    pub redispatched: bool,
    pub reused_connection: bool,
    pub termination: Termination,
    /// Connections at the time of logging: process, frontend, backend, server.
    pub counts: [u32; 4],
    /// Positions in the server's and the backend's queue.
    pub server_queue: u32,
    pub backend_queue: u32,
    /// `set-log-level silent`.
    pub silent: bool,
    pub log_level: Option<u8>,
    /// Whether a line was written for it.
    pub logged: bool,
    pub trail: Trail,
    /// A random number of 32 bits and the counter of the process, for unique ids.
    pub number: u64,
    /// `unique-id-format`.
    pub unique_id: UniqueId,
}

/// The connection to the server, for what is known of it.
#[derive(Debug, Default)]
pub struct ServerLink {
    /// Its descriptor, for what the kernel knows.
    pub socket: Option<i32>,
    /// Its TLS, if it speaks that.
    pub tls: Option<Box<crate::tls::Known>>,
    /// Odd things that the server did on it.
    pub glitches: u32,
}

impl Default for Stream {
    fn default() -> Self {
        Self::new()
    }
}

impl Stream {
    pub fn new() -> Self {
        Self {
            request: Message::new(),
            response: Message::new(),
            has_request: false,
            has_response: false,
            request_line: Vec::new(),
            form: Vec::new(),
            request_body: Body::default(),
            response_body: Body::default(),
            response_version: Version::HTTP_11,
            frontend: 0,
            backend: None,
            server: None,
            source: None,
            destination: None,
            packets: Packets::NONE,
            timeouts: Timeouts::default(),
            lenient: false,
            hints: Vec::new(),
            txn_vars: Living::new(),
            req_vars: Living::new(),
            res_vars: Living::new(),
            stick: Pending::default(),
            counters: Counters::new(),
            responds: false,
            captured_request: Captured::new(),
            captured_response: Captured::new(),
            reply_body: None,
            reply_page: None,
            service: None,
            service_name: None,
            times: Times::default(),
            begun_wall_us: 0,
            bytes_in: 0,
            bytes_out: 0,
            delivered: Delivered::default(),
            status: 0,
            retries: 0,
            max_retries: None,
            no_replay: false,
            priority_class: 0,
            priority_offset: 0,
            server_source: None,
            server_destination: None,
            link: ServerLink::default(),
            server_fault: None,
            server_status: 0,
            cookie_state: *b"NN",
            captured_cookies: [Kept::NONE; 2],
            limits: Vec::new(),
            cache: None,
            cache_key: Vec::new(),
            cache_asked: Asked::default(),
            cached: None,
            storing: None,
            encoding: None,
            compressed: None,
            redispatched: false,
            reused_connection: false,
            termination: Termination::NONE,
            counts: [0; 4],
            server_queue: 0,
            backend_queue: 0,
            silent: false,
            log_level: None,
            logged: false,
            trail: Trail::default(),
            number: 0,
            unique_id: UniqueId::default(),
        }
    }

    /// A server is asked, or an answer is made: the variables of the request end, those of the response begin (manual
    /// 2.8).
    pub fn begin_response(&mut self) {
        if !self.responds {
            self.responds = true;
            self.req_vars.clear();
        }
    }

    /// Errors, timeouts, retries, redispatches and statuses 5xx (manual 8.3.3). What the proxy answers by itself is none,
    /// whatever was tried before.
    pub fn went_wrong(&self) -> bool {
        let tried = self.retries > 0 || self.redispatched;
        self.status >= 500
            || match self.termination.cause {
                Cause::LOCAL => false,
                Cause::NONE => tried,
                _ => true,
            }
    }

    /// Makes it ready for the next exchange; keeps the memory.
    pub fn reset(&mut self, frontend: u32, now_ns: u64, wall_us: u64) {
        self.request.clear();
        self.response.clear();
        self.has_request = false;
        self.has_response = false;
        self.request_line.clear();
        self.form.clear();
        self.request_body.clear();
        self.response_body.clear();
        self.frontend = frontend;
        self.backend = None;
        self.server = None;
        self.source = None;
        self.destination = None;
        self.packets = Packets::NONE;
        self.timeouts = Timeouts::default();
        self.lenient = false;
        self.hints.clear();
        self.txn_vars.clear();
        self.req_vars.clear();
        self.res_vars.clear();
        self.responds = false;
        self.captured_request.clear();
        self.captured_response.clear();
        self.reply_body = None;
        self.reply_page = None;
        self.service = None;
        self.service_name = None;
        self.times = Times { begun: now_ns, ..Times::default() };
        self.begun_wall_us = wall_us;
        self.bytes_in = 0;
        self.bytes_out = 0;
        self.delivered = Delivered::default();
        self.status = 0;
        self.retries = 0;
        self.max_retries = None;
        self.no_replay = false;
        self.priority_class = 0;
        self.priority_offset = 0;
        self.server_source = None;
        self.server_destination = None;
        self.link = ServerLink::default();
        self.server_fault = None;
        self.server_status = 0;
        self.cookie_state = *b"NN";
        self.captured_cookies.iter_mut().for_each(Kept::clear);
        self.limits.clear();
        self.cache = None;
        self.cache_key.clear();
        self.cached = None;
        self.storing = None;
        self.encoding = None;
        self.compressed = None;
        self.redispatched = false;
        self.reused_connection = false;
        self.termination = Termination::NONE;
        self.counts = [0; 4];
        self.server_queue = 0;
        self.backend_queue = 0;
        self.silent = false;
        self.log_level = None;
        self.logged = false;
        self.trail = Trail::default();
        self.number = 0;
        self.unique_id.clear();
    }
}
