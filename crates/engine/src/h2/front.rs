//! A client's connection that speaks HTTP/2: its frames, its streams' tasks, its end. Each stream is an exchange of its
//! own (`stream::exchange`), with a session that is a copy of the connection's but for what they share.

use std::cell::RefCell;
use std::rc::Rc;

use http::Message;
use http::h1::Limits;
use http::h2::{Code, Role};
use net::{Sock, Time};
use state::tracking::GLITCHES;
use state::world::LogErrors;
use state::{Frontend, Session, World};

use super::channel::Channel;
use super::mux::Mux;
use crate::buffer::Buffer;
use crate::exchange::deadline;
use crate::session::{Client, Own, Start};
use crate::worker::Worker;
use crate::{finish, stream, track};

/// What a client's streams share beside the connection.
#[derive(Debug)]
pub struct Shared {
    pub session: Session,
    own: Vec<Own>,
}

/// A stream of a client: how its exchange reaches the connection.
#[derive(Debug)]
pub struct Link {
    pub channel: Rc<Channel>,
    shared: Rc<RefCell<Shared>>,
}

/// Serves a client's connection until it ends; gives the session back.
pub async fn serve(worker: &Rc<Worker>, world: &World, client: Client) -> Session {
    let Client { sock, session, mut buffer, own, .. } = client;
    let shared = Rc::new(RefCell::new(Shared { session: *session, own }));
    let (frontend, begun) = {
        let session = &mut shared.borrow_mut().session;
        session.http2 = true;
        session.crowd = worker.backs.next_crowd();
        // A stream that was found to be a connection ends here: those on it are judged anew.
        session.inspected = false;
        if let Some(mut carried) = session.carried.take() {
            carried.counters.end(track::now_ms());
        }
        (world.frontend(session.frontend), session.begun_ns)
    };
    if let Some(frontend) = frontend {
        let mux = Mux::new(Role::Server, world, limits(world, frontend), sock);
        worker.muxes.borrow_mut().extend(net::current_task());
        let front = Front { worker, world, frontend, mux: &mux, shared: &shared };
        front.run(&mut buffer, begun).await;
        drop(buffer);
        front.see_off().await;
        front.count(false);
        worker.muxes.borrow_mut().retain(|task| Some(*task) != net::current_task());
    }
    match Rc::try_unwrap(shared) {
        Ok(shared) => shared.into_inner().session,
        Err(shared) => shared.borrow_mut().session.for_stream(0, 0),
    }
}

/// Serves one stream.
pub async fn serve_stream(worker: &Worker, world: &World, mut client: Client) {
    let Some(shared) = client.link.as_ref().map(|link| Rc::clone(&link.shared)) else { return };
    stream::exchange(worker, world, &mut client, false).await;
    client.session.counters.end(track::now_ms());
    let shared = &mut *shared.borrow_mut();
    if !client.session.vars.is_empty() || !shared.session.vars.is_empty() {
        shared.session.vars.copy_from(&client.session.vars);
    }
    shared.session.sticks |= client.session.sticks;
    shared.own.append(&mut client.own);
}

/// What the parser tolerates from clients of this frontend.
fn limits(world: &World, frontend: &Frontend) -> Limits {
    let global = &world.global;
    Limits {
        max_headers: global.max_headers,
        max_head: global.buffer_size.saturating_sub(global.max_rewrite),
        accept_unsafe: frontend.options.accept_unsafe_request,
        any_version: false,
        accept_any_payload: global.accept_any_payload,
    }
}

/// Why a connection is served no longer.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Over {
    /// The client has gone.
    Gone,
    /// We have said good-bye, and there is nothing left to do.
    Left,
}

struct Front<'c> {
    worker: &'c Rc<Worker>,
    world: &'c World,
    frontend: &'c Frontend,
    mux: &'c Rc<Mux>,
    shared: &'c Rc<RefCell<Shared>>,
}

impl Front<'_> {
    async fn run(&self, buffer: &mut Option<Buffer>, begun: u64) {
        let mut pace = Pace { idle_since: Time::from_nanos(begun), first: true, unsent_since: None };
        let mut over = self.take(buffer);
        loop {
            if over.is_none() {
                // The tasks that were begun or woken go first: what they write goes out in one piece.
                net::turn_end().await;
            }
            self.mux.calm();
            match self.mux.flush() {
                Ok(0) => {}
                Ok(_) => pace.unsent_since = None,
                Err(_) => over = Some(Over::Gone),
            }
            over = over.or_else(|| self.is_over(&mut pace));
            self.count(over.is_none());
            if over.is_some() {
                break;
            }
            match self.read(buffer) {
                Some(Ok(0)) | Some(Err(_)) => over = Some(Over::Gone),
                Some(Ok(_)) => over = self.take(buffer),
                None => self.wait(&mut pace).await,
            }
        }
        if over == Some(Over::Left) {
            self.farewell().await;
        }
    }

    fn count(&self, open: bool) {
        self.mux.count(&self.frontend.live.counters, self.worker.number, open);
    }

    /// Reads if something may be read, and is there.
    fn read(&self, buffer: &mut Option<Buffer>) -> Option<std::io::Result<usize>> {
        if !self.mux.may_read(self.world.global.http2.front.max_streams) {
            return None;
        }
        if self.mux.is_paused() {
            return Some(Ok(1));
        }
        let read = self.mux.read(buffer);
        let blocked = read.as_ref().is_err_and(|e| e.kind() == std::io::ErrorKind::WouldBlock);
        if blocked && buffer.as_ref().is_some_and(Buffer::is_empty) {
            *buffer = None;
        }
        Some(read).filter(|_| !blocked)
    }

    /// Takes what was read.
    fn take(&self, buffer: &mut Option<Buffer>) -> Option<Over> {
        let taken = self.mux.take(buffer, |id, _: &Message| self.begin(id));
        let glitches = self.mux.look().glitches();
        let http2 = &self.world.global.http2;
        self.tell(taken.is_err());
        let session = &mut self.shared.borrow_mut().session;
        let more = glitches - session.glitches;
        if more > 0 {
            session.glitches = glitches;
            session.counters.count(GLITCHES, u64::from(more), track::now_ms());
        }
        if taken.is_err() {
            return Some(Over::Left);
        }
        let most = http2.front.glitches;
        if most > 0 && glitches >= most {
            self.mux.connection().goaway(Code::ENHANCE_YOUR_CALM);
            return Some(Over::Left);
        }
        let tired = http2.max_total > 0 && session.requests >= http2.max_total;
        if tired || (most > 0 && glitches >= most - most / 4) {
            self.mux.connection().goaway(Code::NO_ERROR);
        }
        None
    }

    /// Has the log tell of what was no request; `broken`: of what ends the connection.
    fn tell(&self, broken: bool) {
        let level = self.world.global.http2.log_errors;
        let streams = self.mux.take_odd();
        let told = match level {
            LogErrors::None => 0,
            LogErrors::Connection => u32::from(broken),
            LogErrors::Stream => streams + u32::from(broken),
        };
        for _ in 0..told {
            if let Ok((channel, sock)) = Channel::open(self.mux, 0) {
                channel.fail(false);
                self.serve(channel, sock);
            }
        }
    }

    /// Begins the task of a stream.
    fn begin(&self, id: u32) {
        let Ok((channel, sock)) = Channel::open(self.mux, id) else {
            self.mux.connection().release(id, Code::REFUSED_STREAM);
            return;
        };
        self.mux.connection().attach(id, Rc::clone(&channel));
        self.serve(channel, sock);
        self.shared.borrow_mut().session.requests += 1;
    }

    fn serve(&self, channel: Rc<Channel>, sock: Sock) {
        let mut shared = self.shared.borrow_mut();
        let glitches = self.mux.look().glitches();
        let session = Session { glitches, ..shared.session.for_stream(net::now().as_nanos(), net::wall()) };
        let own = std::mem::take(&mut shared.own);
        let link = Some(Link { channel, shared: Rc::clone(self.shared) });
        let client = Client { sock, session: Box::new(session), buffer: None, own, link };
        self.worker.serve(client, Start::Accepted);
    }

    /// Whether nothing is left to do, or something took too long.
    fn is_over(&self, pace: &mut Pace) -> Option<Over> {
        let number = self.shared.borrow().session.accepted_ns;
        if self.worker.lets_go(number) && !self.mux.look().is_leaving() {
            self.mux.connection().goaway(Code::NO_ERROR);
            let _ = self.mux.flush();
        }
        let connection = self.mux.look();
        let now = net::now();
        if connection.pending() > 0 {
            pace.unsent_since.get_or_insert(now);
        } else {
            pace.unsent_since = None;
        }
        if connection.streams() > 0 {
            (pace.idle_since, pace.first) = (now, false);
            return (self.until(pace) <= now).then_some(Over::Gone);
        }
        if connection.is_leaving() && connection.pending() == 0 {
            return Some(Over::Left);
        }
        if self.until(pace) > now {
            return None;
        }
        drop(connection);
        self.mux.connection().goaway(Code::NO_ERROR);
        Some(Over::Left)
    }

    /// Until when something has to happen.
    fn until(&self, pace: &Pace) -> Time {
        let timeouts = &self.frontend.timeouts;
        let after =
            |since: Time, ms: Option<u32>| ms.map_or(Time::NEVER, |ms| since.plus_millis(u64::from(ms)));
        if let Some(since) = pace.unsent_since {
            return after(since, timeouts.client);
        }
        if self.mux.look().streams() > 0 {
            return Time::NEVER;
        }
        let keep_alive = timeouts.http_keep_alive.filter(|_| !pace.first);
        after(pace.idle_since, keep_alive.or(timeouts.http_request).or(timeouts.client))
    }

    async fn wait(&self, pace: &mut Pace) {
        let (sock, until) = (self.mux.sock(), self.until(pace));
        let reads = self.mux.may_read(self.world.global.http2.front.max_streams);
        let writes = self.mux.look().pending() > 0;
        net::wait(|w| {
            w.notified().until(until);
            if reads {
                w.read(sock);
            }
            if writes {
                w.write(sock);
            }
        })
        .await;
    }

    /// Sends what is left to say, so that the client gets to read it.
    async fn farewell(&self) {
        let until = deadline(self.frontend.timeouts.client_fin.or(self.frontend.timeouts.client));
        while self.mux.flush().is_ok() && self.mux.look().pending() > 0 {
            let woken = net::wait(|w| {
                w.write(self.mux.sock()).until(until);
            });
            if woken.await.timed_out() {
                return;
            }
        }
        finish::linger(self.worker, self.mux.sock()).await;
    }

    /// Ends the streams that are left, and waits for their tasks.
    async fn see_off(&self) {
        self.mux.fail_all();
        while self.mux.look().streams() > 0 {
            self.mux.calm();
            self.mux.connection().out().clear();
            net::wait(|w| {
                w.notified();
            })
            .await;
        }
    }
}

/// Since when what is the case.
struct Pace {
    /// The last stream ended, or the connection began.
    idle_since: Time,
    /// No stream has begun yet.
    first: bool,
    /// The client takes nothing of what is to be sent.
    unsent_since: Option<Time>,
}
