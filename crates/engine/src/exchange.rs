//! One exchange on its way through the phases: what they share. The order of the phases is `stream`'s.

use std::sync::atomic::Ordering::Relaxed;

use http::Method;
use http::h1::{Framing, Limits};
use net::{Sock, Time};
use state::about::Effort;
use state::counters::{Block, PerThread};
use state::expr::{Ctx, Side};
use state::family::inside::{self, Step};
use state::options::{KeepAlive, Mode};
use state::rule::{Farewell, RuleList, Verdict};
use state::termination::{Cause, Phase};
use state::tracking::ERRORS;
use state::{Backend, Endpoint, Frontend, Server, Stream, World};

use crate::at_work::Ticket;
use crate::failure::Failure;
use crate::h2::Joint;
use crate::idle::Lease;
use crate::persist::Persistence;
use crate::pump::{Pump, Splice, Traffic};
use crate::roll::Mark;
use crate::session::Client;
use crate::worker::Worker;
use crate::{cli, rules, track};

/// Why the phases end before the last one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    Failure(Failure),
    /// The answer stands in the stream's response.
    Reply,
    /// The stream's service answers.
    Serve,
    /// The answer is the page for this status.
    Page(u16),
    /// As `Page`, after `timeout tarpit`.
    Tarpit(u16),
    /// Close without an answer.
    Drop(Farewell),
    /// What came as bytes is to be served as HTTP.
    Upgrade,
    /// Close without an answer and without a word in the log: the client will send the request again by itself.
    Retry,
    /// Nothing came at all: the connection may be parked.
    Idle(Time),
    /// What came is the beginning of HTTP/2.
    Http2,
}

impl From<Failure> for Stop {
    fn from(failure: Failure) -> Self {
        Self::Failure(failure)
    }
}

/// The server's side of an exchange.
#[derive(Debug)]
pub struct Upstream<'x> {
    pub sock: Sock,
    pub server: &'x Server,
    /// Its place among the server's connections; none where it is one stream of several on a connection.
    pub lease: Option<Lease<'x>>,
    /// How a stream of HTTP/2 reaches its connection.
    pub joint: Option<Joint>,
    pub ticket: Ticket<'x>,
    /// Exchanges it served before this one.
    pub served: u32,
    /// Whether it may be used again after this exchange.
    pub keep: bool,
    /// Whether it may serve this client only.
    pub private: bool,
    /// By whom: those whose connection has the same ([`crate::preface::key`]).
    pub key: u64,
}

/// What was on the wire on both sides.
#[derive(Clone, Copy, Debug, Default)]
pub struct Wire {
    pub client: Traffic,
    pub server: Traffic,
}

/// What the phases of one exchange share.
pub struct Exchange<'x> {
    pub worker: &'x Worker,
    pub world: &'x World,
    pub client: &'x mut Client,
    pub stream: &'x mut Stream,
    pub frontend: &'x Frontend,
    pub backend: Option<&'x Backend>,
    pub upstream: Option<Upstream<'x>>,
    /// The request's body on its way to the server.
    pub up: Pump,
    pub framing: Framing,
    /// How the response's body is delimited, and the status it came with.
    pub response_framing: Framing,
    pub server_status: u16,
    /// Bytes of the response that had come from the server when the exchange was answered in its place.
    pub server_bytes: Option<u64>,
    /// What the address that the client came to counts for itself.
    pub listener: Option<&'x PerThread<Block>>,
    pub wire: Wire,
    /// Whether the request asks for another protocol.
    pub upgrades: bool,
    /// Whether the request was answered before its body had come completely: the rest of it is read and dropped.
    pub drains: bool,
    /// Whether the server's connection broke while something was sent on it: its end is no orderly one.
    pub server_broke: bool,
    /// The method the request came with, whatever rules made of it.
    pub method: Method,
    pub persistence: Persistence,
    /// Whether the request went out again because an idle connection had died.
    pub resent: bool,
    /// Whether the client's connection may be used for another request.
    pub keep_client: bool,
    /// Whether the client went, or sent nonsense, while its body was waited for: rules still see the request, no server.
    pub aborted: bool,
    /// Whether the client said that no request follows this one.
    pub client_ends: bool,
    /// Whether something of a response was sent to the client.
    pub answered: bool,
    /// What the client's socket didn't take of a 1xx: goes in front of the next head.
    pub unsent: Vec<u8>,
    /// How much of a body a buffer held behind the head as it came: the request's, the response's. 0: not asked yet.
    pub body_room: [u64; 2],
    pub places: Places<'x>,
    /// Its entry in the list of streams under way, from the request's head on.
    pub mark: Option<Mark<'x>>,
}

impl<'x> Exchange<'x> {
    /// One that begins, of a client's session; `stream` is made that session's.
    #[inline]
    pub fn begin(
        worker: &'x Worker,
        world: &'x World,
        client: &'x mut Client,
        stream: &'x mut Stream,
        frontend: &'x Frontend,
    ) -> Self {
        let session = &mut client.session;
        stream.reset(session.frontend, session.begun_ns, session.begun_wall_us);
        stream.trail.effort_before = cli::effort();
        stream.times.handshake = std::mem::take(&mut session.handshake_ns);
        if let Some(carried) = session.carried.take() {
            (stream.counters, stream.txn_vars, stream.req_vars) =
                (carried.counters, carried.txn_vars, carried.req_vars);
        }
        let listener = frontend.listening(session.bind).and_then(|at| at.counters.as_ref());
        Self {
            worker,
            world,
            client,
            stream,
            frontend,
            backend: None,
            upstream: None,
            up: Pump::idle(),
            framing: Framing::None,
            response_framing: Framing::None,
            server_status: 0,
            server_bytes: None,
            listener,
            wire: Wire::default(),
            upgrades: false,
            drains: false,
            server_broke: false,
            method: Method::Other,
            persistence: Persistence::default(),
            resent: false,
            keep_client: false,
            aborted: false,
            client_ends: false,
            answered: false,
            unsent: Vec::new(),
            body_room: [0; 2],
            places: Places::default(),
            mark: None,
        }
    }

    /// Whether the client's connection is to end soon: the process stops, or its frontend is gone.
    pub fn is_ending(&self) -> bool {
        self.worker.lets_go(self.client.session.accepted_ns) || self.frontend.live.gone.load(Relaxed)
    }

    /// All of the response was written: says so where the client's connection has more streams than this one.
    pub fn finish_stream(&self) {
        if let Some(link) = &self.client.link {
            link.channel.finish();
        }
    }

    /// Whether the client expects a head only.
    pub fn bodiless(&self) -> bool {
        self.method == Method::Head
    }

    /// Where the client comes from and where it connected to, as rules left it.
    pub fn source(&self) -> Endpoint {
        self.stream.source.unwrap_or(self.client.session.source)
    }

    pub fn destination(&self) -> Option<Endpoint> {
        self.stream.destination.or(self.client.session.destination)
    }

    /// Whether the backend is the other half of the frontend, whose rules have run already.
    pub fn at_home(&self) -> bool {
        self.stream.backend.is_some() && self.stream.backend == self.frontend.back
    }

    /// The backend's, if one is chosen; the frontend's otherwise.
    pub fn timeouts_server(&self) -> Time {
        deadline(self.server_timeout())
    }

    pub fn timeouts_client(&self) -> Time {
        deadline(self.client_timeout())
    }

    /// Milliseconds: what a rule said for this stream, else the configured.
    pub fn client_timeout(&self) -> Option<u32> {
        self.stream.timeouts.client.or(self.frontend.timeouts.client)
    }

    pub fn connect_timeout(&self) -> Option<u32> {
        self.stream.timeouts.connect.or_else(|| self.backend?.timeouts.connect)
    }

    pub fn server_timeout(&self) -> Option<u32> {
        self.stream.timeouts.server.or_else(|| self.backend?.timeouts.server)
    }

    pub fn tunnel_timeout(&self) -> Option<u32> {
        self.stream.timeouts.tunnel.or_else(|| self.backend?.timeouts.tunnel)
    }

    /// How long a stream may wait in a queue.
    pub fn queue_timeout(&self) -> Option<u32> {
        let configured = || self.backend.and_then(|b| b.timeouts.queue.or(b.timeouts.connect));
        self.stream.timeouts.queue.or_else(configured)
    }

    /// How long a tarpit lasts.
    pub fn tarpit_timeout(&self) -> Option<u32> {
        let frontend = &self.frontend.timeouts;
        let backend = self.backend.and_then(|b| b.timeouts.tarpit);
        self.stream.timeouts.tarpit.or(backend).or(frontend.tarpit).or(frontend.connect)
    }

    /// How long a client that has ended its direction is still served without a sign of life from the server.
    pub fn timeouts_fin(&self) -> Time {
        deadline(self.frontend.timeouts.client_fin.or(self.client_timeout()))
    }

    /// Whether the client is to be watched while the server is: one that ends its direction has left.
    pub fn heeds_leaving(&self) -> bool {
        self.client.link.is_some() || self.backend.is_some_and(Backend::aborts)
    }

    /// What the parsers tolerate from this side.
    pub fn limits(&self, side: Side) -> Limits {
        let global = &self.world.global;
        let unsafe_bytes = match side {
            Side::Request => self.frontend.options.accept_unsafe_request,
            Side::Response => self.backend.is_some_and(|b| b.options.accept_unsafe_response),
        };
        Limits {
            max_headers: global.max_headers,
            max_head: global.buffer_size.saturating_sub(global.max_rewrite),
            accept_unsafe: unsafe_bytes,
            any_version: false,
            accept_any_payload: global.accept_any_payload,
        }
    }

    /// Whether the server's connection may be used again, as far as the configuration says. `httpclose` in a frontend
    /// concerns the client's alone.
    pub fn keeps_server(&self) -> bool {
        self.frontend.options.keep_alive != KeepAlive::ClientOnly
            && self.backend.is_none_or(|b| b.options.keep_alive == KeepAlive::Both)
    }

    /// When a body on this side goes from socket to socket within the kernel (`option splice-request`, `-response`,
    /// `-auto`; without any, where that is cheaper).
    pub fn splices(&self, side: Side) -> Splice {
        let asks = |o: &state::options::Options| match side {
            Side::Request => o.splice_request,
            Side::Response => o.splice_response,
        };
        if self.world.global.no_splice {
            return Splice::Never;
        }
        let asked = asks(&self.frontend.options) || self.backend.is_some_and(|b| asks(&b.options));
        if asked { Splice::Always } else { Splice::Auto }
    }

    /// `option http-no-delay` of either side.
    pub fn hurries(&self) -> bool {
        self.frontend.options.http_no_delay || self.backend.is_some_and(|b| b.options.http_no_delay)
    }

    /// Enters it in the list of streams under way.
    pub fn enroll(&mut self) {
        let worker: &'x Worker = self.worker;
        let session = &self.client.session;
        let stream = inside::Stream {
            id: 0,
            count: 0,
            thread: worker.number,
            is_api: false,
            client: self.source(),
            sockets: [session.socket, None],
            frontend: self.frontend.live.uid,
            listening: session.place.listening,
            backend: None,
            server: None,
            step: Step::Request,
            retries: 0,
            http: self.framing != Framing::Tunnel || self.stream.has_request,
            http2: self.client.link.is_some(),
            begun_ns: self.stream.times.begun,
            begun_wall_us: self.stream.begun_wall_us,
            effort: Effort::default(),
            expires_ns: None,
        };
        self.mark = Some(worker.roll.enter(stream, &self.stream.request_line));
    }

    /// Notes something new of it in that list.
    pub fn note(&self, change: impl FnOnce(&mut inside::Stream)) {
        if let Some(mark) = &self.mark {
            mark.note(change);
        }
    }

    /// Why an administrator ended it, if one did.
    pub fn doom(&self) -> Option<Cause> {
        let of_server = self.upstream.as_ref().and_then(|upstream| upstream.ticket.doom());
        of_server.or_else(|| self.mark.as_ref().and_then(Mark::doom))
    }

    /// Runs a rule set.
    pub fn judge(&mut self, side: Side, set: &RuleList) -> Verdict {
        let verdict = rules::run(self.worker, self.world, &mut self.client.session, self.stream, side, set);
        self.client.mark_packets();
        verdict
    }

    /// As `judge`, from the rule at `at` on; leaves there which one comes next.
    pub fn judge_from(&mut self, side: Side, set: &RuleList, at: &mut usize) -> Verdict {
        let session = &mut self.client.session;
        let verdict = rules::resume(self.worker, self.world, session, self.stream, side, (set, at));
        self.client.mark_packets();
        verdict
    }

    /// Evaluates something on the stream as it is now.
    pub fn look<R>(&self, side: Side, ask: impl FnOnce(&Ctx<'_>) -> R) -> R {
        let mut arena = self.worker.arena.borrow_mut();
        let answer = ask(&Ctx {
            world: self.world,
            session: &self.client.session,
            stream: Some(self.stream),
            side,
            arena: &arena,
            now_ns: net::now().as_nanos(),
            wall_us: net::wall(),
            thread: self.worker.number,
        });
        arena.reset();
        answer
    }

    /// Whether an administrator ended the exchange; then why it stops.
    pub fn killed(&mut self) -> Result<(), Stop> {
        let Some(cause) = self.doom() else { return Ok(()) };
        self.keep_client = false;
        if !self.answered {
            self.stream.status = 500;
        }
        Err(Failure::silent(cause, Phase::CONNECT).into())
    }

    /// The counters of this thread: the frontend's, the backend's, the server's.
    pub fn count(&self, add: impl Fn(&Block)) {
        let here = |counters: &PerThread<Block>| counters.of(self.worker.number).map(&add);
        here(&self.frontend.live.counters);
        self.listener.map(here);
        if let Some(backend) = self.backend {
            here(&backend.live.counters);
        }
        if let Some(server) = self.stream.server.and_then(|s| self.backend?.server(s)) {
            here(&server.live.counters);
        }
    }

    /// As [`Exchange::count`], without the server's.
    pub fn count_for_proxies(&self, add: impl Fn(&Block)) {
        let here = |counters: &PerThread<Block>| counters.of(self.worker.number).map(&add);
        here(&self.frontend.live.counters);
        if let Some(backend) = self.backend {
            here(&backend.live.counters);
        }
    }

    /// Takes note of what a direction read and wrote: the request's, or the response's.
    pub fn settle(&mut self, side: Side, traffic: Traffic) {
        let Wire { client, server } = &mut self.wire;
        let (from, to) = if side == Side::Request { (client, server) } else { (server, client) };
        from.read += traffic.read;
        from.spliced_in += traffic.spliced_in;
        to.wrote += traffic.wrote;
        to.spliced_out += traffic.spliced_out;
    }

    /// Counts a request that a verdict ends: as denied, or as answered by the frontend itself.
    pub fn turned_away(&self, verdict: Verdict) {
        match verdict {
            Verdict::Next
            | Verdict::Stop
            | Verdict::Upgrade
            | Verdict::Body(_)
            | Verdict::Pause(_)
            | Verdict::Lookup
            | Verdict::Handshake
            | Verdict::NoRoom
            | Verdict::Sever
            | Verdict::More
            | Verdict::Log { .. } => {}
            Verdict::Reply { denied: false } | Verdict::Serve => {
                if self.backend.is_none() {
                    self.count(|c| c.intercepted.add(1));
                }
            }
            Verdict::Invalid => self.count(|c| c.request_errors.add(1)),
            Verdict::Reply { denied: true } | Verdict::Deny { .. } | Verdict::Tarpit { .. } => {
                self.count(|c| c.denied_requests.add(1));
                track::count(self, ERRORS, 1);
            }
            Verdict::Close(_) => self.count(|c| c.denied_requests.add(1)),
            Verdict::Failed => self.count(|c| c.internal_errors.add(1)),
        }
    }

    /// Counts a response that a verdict ends.
    pub fn turned_back(&self, verdict: Verdict) {
        match verdict {
            Verdict::Failed => self.count(|c| c.internal_errors.add(1)),
            Verdict::Reply { denied: false } => {}
            Verdict::Sever => self.count(|c| c.response_errors.add(1)),
            // HAProxy counts it as it counts those of requests.
            Verdict::Close(Farewell::Silence | Farewell::FadingReset(_)) => {
                let proxies = [Some(&self.frontend.live.counters), self.backend.map(|b| &b.live.counters)];
                for counters in proxies.into_iter().flatten() {
                    if let Some(block) = counters.of(self.worker.number) {
                        block.denied_requests.add(1);
                    }
                }
            }
            _ => self.count(|c| c.denied_responses.add(1)),
        }
    }

    /// What a rule set's verdict means for the exchange.
    pub fn obey(&mut self, verdict: Verdict, phase: Phase) -> Result<(), Stop> {
        match verdict {
            // Whoever can wait has done so.
            Verdict::Next
            | Verdict::Stop
            | Verdict::Body(_)
            | Verdict::Pause(_)
            | Verdict::Lookup
            | Verdict::Handshake
            | Verdict::NoRoom
            | Verdict::More
            | Verdict::Log { .. } => Ok(()),
            Verdict::Upgrade if self.frontend.mode == Mode::Http || self.client.session.upgraded => Ok(()),
            Verdict::Upgrade => Err(Stop::Upgrade),
            Verdict::Reply { denied } => {
                let cause = if denied { Cause::PROXY } else { Cause::LOCAL };
                self.stream.termination.set(cause, phase);
                Err(Stop::Reply)
            }
            Verdict::Serve => {
                self.stream.termination.set(Cause::LOCAL, phase);
                Err(Stop::Serve)
            }
            Verdict::Deny { status } => {
                self.stream.termination.set(Cause::PROXY, phase);
                Err(Stop::Page(status))
            }
            Verdict::Tarpit { status } => {
                self.stream.termination.set(Cause::PROXY, Phase::TARPIT);
                Err(Stop::Tarpit(status))
            }
            Verdict::Close(farewell) => {
                // Where nobody is to notice, logs tell no phase of the response either.
                let silent = matches!(farewell, Farewell::Silence | Farewell::FadingReset(_));
                let phase = if silent { Phase::REQUEST } else { phase };
                self.stream.termination.set(Cause::PROXY, phase);
                Err(Stop::Drop(farewell))
            }
            Verdict::Sever if self.frontend.mode == Mode::Http || self.client.session.upgraded => {
                self.upstream = None;
                Err(Failure::new(Cause::SERVER, Phase::HEADERS, 502).into())
            }
            Verdict::Sever => Err(Stop::Drop(Farewell::Close)),
            Verdict::Invalid => {
                self.keep_client = false;
                self.stream.times.request = 0;
                self.stream.termination.set(Cause::PROXY, phase);
                Err(Stop::Page(400))
            }
            Verdict::Failed => {
                self.stream.termination.set(Cause::INTERNAL, phase);
                Err(Stop::Page(500))
            }
        }
    }
}

/// A point `ms` from now; never without a timeout.
pub fn deadline(ms: Option<u32>) -> Time {
    ms.map_or(Time::NEVER, |ms| net::now().plus_millis(u64::from(ms)))
}

/// The places an exchange takes in its backend and server, given back when it ends however it ends.
#[derive(Debug, Default)]
pub struct Places<'x> {
    backend: Option<&'x Backend>,
    server: Option<(&'x Server, &'x crate::queue::Queues, &'x Backend)>,
}

impl<'x> Places<'x> {
    pub fn enter_backend(&mut self, backend: &'x Backend) {
        self.leave_backend();
        backend.live.sessions.enter();
        self.backend = Some(backend);
    }

    /// Takes a place in a server unless it is full.
    pub fn enter_server(
        &mut self,
        server: &'x Server,
        backend: &'x Backend,
        queues: &'x crate::queue::Queues,
    ) -> bool {
        self.leave_server();
        let entered = !server.is_full(backend) && server.live.sessions.try_enter(server.limit(backend));
        if entered {
            self.server = Some((server, queues, backend));
        }
        entered
    }

    /// Takes over a place in a server that was taken on behalf of the exchange.
    pub fn adopt_server(
        &mut self,
        server: &'x Server,
        backend: &'x Backend,
        queues: &'x crate::queue::Queues,
    ) {
        self.leave_server();
        self.server = Some((server, queues, backend));
    }

    /// The server a place is held in.
    pub fn server(&self) -> Option<&'x Server> {
        self.server.map(|(server, ..)| server)
    }

    pub fn leave_server(&mut self) {
        if let Some((server, queues, backend)) = self.server.take() {
            server.live.sessions.leave();
            if server.maxconn() != 0 {
                backend.live.departures.fetch_add(1, Relaxed);
                queues.freed(backend, server);
            }
        }
    }

    pub fn leave_backend(&mut self) {
        if let Some(backend) = self.backend.take() {
            backend.live.sessions.leave();
        }
    }
}

impl Drop for Places<'_> {
    fn drop(&mut self) {
        self.leave_server();
        self.leave_backend();
    }
}
