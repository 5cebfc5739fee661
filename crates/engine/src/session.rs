//! One client connection: its rules, then exchange after exchange, and a parking place in between.

use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use net::{Sock, SockOpt, Time};
use state::Farewell;
use state::counters::{Block, Counter};
use state::frontend::Proto;
use state::options::Mode;
use state::rule::Verdict;
use state::server::Live;
use state::session::Preamble;
use state::{Frontend, Server, Session, World};

use crate::buffer::Buffer;
use crate::h2::front::{self, Link};
use crate::worker::{Current, Worker};
use crate::{finish, handshake, preamble, rules, stream, track, tunnel};

/// A client connection and what was read from it.
#[derive(Debug)]
pub struct Client {
    pub sock: Sock,
    pub session: Box<Session>,
    /// Bytes read that belong to a message to come.
    pub buffer: Option<Buffer>,
    /// The server connections that are this session's alone (`http-reuse never`, NTLM), the one used last at the end.
    pub own: Vec<Own>,
    /// Where it is one stream of a connection: how it reaches that.
    pub link: Option<Link>,
}

/// How many server connections a session keeps for itself (`max-session-srv-conns`, manual 3.1).
const OWN_MAX: usize = 5;

/// How much of a client's input is read at its end and not looked at.
const SWALLOWED: usize = 256 * 1024;

impl Client {
    /// Keeps a server connection for this session, in place of the one that went unused the longest if there are many.
    pub fn keep_own(&mut self, own: Own) {
        if self.own.len() >= OWN_MAX {
            self.own.remove(0);
        }
        self.own.push(own);
    }

    /// The session's own connection to this server that was used last, and would be opened alike.
    pub fn take_own(&mut self, server: &Server, key: u64) -> Option<Own> {
        let at = self.own.iter().rposition(|own| own.is_to(server, key))?;
        Some(self.own.remove(at))
    }

    /// Marks the packets to the client as rules that ran asked for.
    pub fn mark_packets(&mut self) {
        let Some(packets) = self.session.packets.take() else { return };
        // What the system refuses (marks take privileges) stays as it is.
        if let Some(mark) = packets.mark {
            let _ = self.sock.set(SockOpt::Mark(mark));
        }
        if let Some(tos) = packets.tos {
            let _ = self.sock.set(SockOpt::Tos(tos));
        }
    }

    /// Drops what has come and was not read: closing with it would be a reset.
    fn swallow(&self) {
        let mut sink = Buffer::take();
        let mut left = SWALLOWED;
        while let Ok(n @ 1..) = self.sock.try_read(sink.space()) {
            left = left.saturating_sub(n);
            if left == 0 {
                return;
            }
        }
    }

    /// Prepares the connection to end so when it is closed. What the system refuses (silence takes privileges) becomes a
    /// reset that dies on its first hop.
    pub fn leave_by(&self, farewell: Farewell) {
        let faded = |ttl: u8| {
            let _ = self.sock.set(SockOpt::Ttl(ttl));
            let _ = self.sock.set_linger_zero();
        };
        match farewell {
            Farewell::Close => self.swallow(),
            Farewell::Reset => {
                let _ = self.sock.set_linger_zero();
            }
            Farewell::Silence if self.sock.set(SockOpt::Repair).is_ok() => {}
            Farewell::Silence => faded(1),
            Farewell::FadingReset(ttl) => faded(ttl),
        }
    }
}

/// A server connection that only one session may use.
#[derive(Debug)]
pub struct Own {
    sock: Option<Sock>,
    live: Arc<Live>,
    key: u64,
    served: u32,
}

impl Own {
    pub fn new(sock: Sock, live: Arc<Live>, key: u64, served: u32) -> Self {
        live.private.fetch_add(1, Relaxed);
        Self { sock: Some(sock), live, key, served }
    }

    /// Exchanges it has served.
    pub const fn served(&self) -> u32 {
        self.served
    }

    /// Whether it is a connection to this server, whatever it was opened with.
    pub fn leads_to(&self, server: &Server) -> bool {
        self.live.uid == server.live.uid
    }

    /// Whether it leads to this server, and would be opened alike.
    pub fn is_to(&self, server: &Server, key: u64) -> bool {
        self.live.uid == server.live.uid && self.key == key
    }

    /// The connection and how many exchanges it has served; it counts as open no longer.
    pub fn take(mut self) -> Option<(Sock, u32)> {
        Some((self.sock.take()?, self.served))
    }
}

impl Drop for Own {
    fn drop(&mut self) {
        self.live.private.fetch_sub(1, Relaxed);
        if self.sock.is_some() {
            self.live.connections.fetch_sub(1, Relaxed);
        }
    }
}

/// A client between two requests.
#[derive(Debug)]
pub struct Parked {
    pub session: Box<Session>,
    pub own: Vec<Own>,
}

/// Why a client is served now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start {
    /// It was just accepted.
    Accepted,
    /// It stirred in the parking lot.
    Stirred,
    /// Its time in the parking lot is over.
    Expired,
}

/// What becomes of a connection after an exchange.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum After {
    /// Another request may follow.
    Keep,
    /// Nothing has come yet: wait until this time, without a task.
    Park(Time),
    /// What came is the beginning of HTTP/2.
    Http2,
    Close,
    /// The same, once the client has stopped sending.
    Linger,
}

/// Serves a client until it is parked or gone.
pub async fn serve(worker: Rc<Worker>, mut client: Client, start: Start) {
    if client.link.is_some() {
        if let Some(world) = worker.world_of(&mut client.session) {
            front::serve_stream(&worker, &world, client).await;
        }
        return;
    }
    let Some(mut world) = worker.world_of(&mut client.session) else {
        leave_by(&worker, &mut client.session);
        return;
    };
    let mut held = Held::of(&worker, &world, &client.session);
    if start == Start::Accepted && !admit(&worker, &world, &mut client).await {
        drop(held);
        return;
    }
    client.session.http2 |= client.session.tls.as_ref().is_some_and(|tls| tls.alpn.as_deref() == Some(b"h2"));
    let http = client.session.upgraded
        || world.frontend(client.session.frontend).is_some_and(|f| f.mode == Mode::Http);
    if !http {
        match tunnel::serve(&worker, &world, client).await {
            Some(upgraded) => {
                client = upgraded;
                client.session.http2 |= client.session.spoken == Proto::Http2;
            }
            None => {
                drop(held);
                return;
            }
        }
    }
    let mut expired = start == Start::Expired;
    loop {
        if client.session.http2 {
            let mut session = Box::pin(front::serve(&worker, &world, client)).await;
            session.counters.end(track::now_ms());
            worker.backs.crowd_left(session.crowd);
            break;
        }
        match stream::exchange(&worker, &world, &mut client, expired).await {
            After::Keep => {
                expired = false;
                if worker.has_turned(&world)
                    && let Some(next) = worker.world_of(&mut client.session)
                {
                    world = next;
                    held.move_to(&world, &client.session);
                }
            }
            After::Http2 => client.session.http2 = true,
            after @ (After::Close | After::Linger) => {
                client.session.counters.end(track::now_ms());
                worker.backs.crowd_left(client.session.crowd);
                if after == After::Linger {
                    // Its place is another's already, unless the process ends with the last one.
                    let _until_gone = worker.stopping.get().then_some(held);
                    finish::linger(&worker, &client.sock).await;
                }
                return;
            }
            After::Park(until) => {
                held.keep();
                let parked = Parked { session: client.session, own: client.own };
                worker.parked.park(client.sock, parked, until);
                return;
            }
        }
    }
}

/// Runs the rules of the connection, reads what comes in front of its bytes, runs the rules of the session.
async fn admit(worker: &Worker, world: &World, client: &mut Client) -> bool {
    let Some(frontend) = world.frontend(client.session.frontend) else { return false };
    let admitted =
        agrees(worker, world, frontend, client, (&frontend.tcp_connection, |c| &c.denied_connections))
            && (client.session.preamble == Preamble::None
                || preamble::take(worker, world, frontend, client).await)
            && handshake::take(worker, world, frontend, client).await
            && agrees(worker, world, frontend, client, (&frontend.tcp_session, |c| &c.denied_sessions));
    if admitted {
        track::accepted(&client.session);
    } else {
        client.session.counters.end(track::now_ms());
    }
    admitted
}

/// Runs rules that may refuse the connection, and counts that; whether they don't.
fn agrees(
    worker: &Worker,
    world: &World,
    frontend: &Frontend,
    client: &mut Client,
    (set, denied): (&state::Rules, fn(&Block) -> &Counter),
) -> bool {
    let verdict = rules::connection(worker, world, &mut client.session, set);
    client.mark_packets();
    let Verdict::Close(farewell) = verdict else { return true };
    if let Some(block) = frontend.live.counters.of(worker.number) {
        denied(block).add(1);
    }
    client.leave_by(farewell);
    false
}

/// A client's place among the connections of its frontend and of the process, given back at its end.
struct Held<'w> {
    worker: &'w Worker,
    world: Current,
    at: (u32, u32),
    kept: bool,
}

impl<'w> Held<'w> {
    fn of(worker: &'w Worker, world: &Current, session: &Session) -> Self {
        Self { worker, world: Rc::clone(world), at: (session.frontend, session.bind), kept: false }
    }

    /// The session goes on in this World.
    fn move_to(&mut self, world: &Current, session: &Session) {
        self.world = Rc::clone(world);
        self.at = (session.frontend, session.bind);
    }

    /// The connection lives on without its task.
    fn keep(mut self) {
        self.kept = true;
    }
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        if !self.kept {
            leave(self.worker, &self.world, self.at);
        }
    }
}

/// Until when an idle client keeps its connection although the process stops (`option idle-close-on-response`): it may be
/// sending its next request, and is told of the end with the response.
pub fn outlives_stop(worker: &Worker, session: &mut Session) -> Option<Time> {
    let world = worker.world_of(session)?;
    let frontend = world.frontend(session.frontend).filter(|f| f.options.idle_until_response)?;
    let timeouts = &frontend.timeouts;
    let patience = timeouts.http_keep_alive.or(timeouts.http_request).or(timeouts.client);
    let begun = Time::from_nanos(session.begun_ns);
    Some(patience.map_or(Time::NEVER, |ms| begun.plus_millis(u64::from(ms))))
}

/// Gives back the place of a client that is gone, whose session may be of another World than that in force.
pub fn leave_by(worker: &Worker, session: &mut Session) {
    match worker.world_of(session) {
        Some(world) => leave(worker, &world, (session.frontend, session.bind)),
        None => leave(worker, &worker.world(), (u32::MAX, u32::MAX)),
    }
}

/// Gives back the place of a client that is gone.
pub fn leave(worker: &Worker, world: &World, (frontend, bind): (u32, u32)) {
    worker.client_gone(1);
    if let Some(frontend) = world.frontend(frontend) {
        frontend.live.sessions.leave();
        if let Some(at) = frontend.listening(bind) {
            at.clients.leave();
        }
    }
    world.process.connections.leave();
}

/// Starts clients that stir in the parking lot.
pub async fn attend(worker: Rc<Worker>) {
    loop {
        let (sock, parked, why) = worker.parked.next().await;
        let start = match why {
            net::Why::Expired => Start::Expired,
            net::Why::Ready | net::Why::Hup => Start::Stirred,
        };
        let Parked { session, own } = parked;
        worker.serve(Client { sock, session, buffer: None, own, link: None }, start);
    }
}
