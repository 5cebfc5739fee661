//! One client connection: its rules, then exchange after exchange, and a parking place in between.

use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use net::{Sock, SockOpt, Time};
use state::Farewell;
use state::options::Mode;
use state::rule::Verdict;
use state::server::Live;
use state::{Server, Session, World};

use crate::buffer::Buffer;
use crate::worker::Worker;
use crate::{rules, stream, tunnel};

/// A client connection and what was read from it.
#[derive(Debug)]
pub struct Client {
    pub sock: Sock,
    pub session: Box<Session>,
    /// Bytes read that belong to a message to come.
    pub buffer: Option<Buffer>,
    /// The server connection that is this session's alone (`http-reuse never`).
    pub own: Option<Own>,
}

impl Client {
    /// Prepares the connection to end so when it is closed. What the system refuses (silence takes privileges) becomes a
    /// reset that dies on its first hop.
    pub fn leave_by(&self, farewell: Farewell) {
        let faded = |ttl: u8| {
            let _ = self.sock.set(SockOpt::Ttl(ttl));
            let _ = self.sock.set_linger_zero();
        };
        match farewell {
            Farewell::Close => {}
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
    served: u32,
}

impl Own {
    pub const fn new(sock: Sock, live: Arc<Live>, served: u32) -> Self {
        Self { sock: Some(sock), live, served }
    }

    /// Whether it leads to this server.
    pub fn is_to(&self, server: &Server) -> bool {
        self.live.uid == server.live.uid
    }

    /// The connection and how many exchanges it has served; it counts as open no longer.
    pub fn take(mut self) -> Option<(Sock, u32)> {
        Some((self.sock.take()?, self.served))
    }
}

impl Drop for Own {
    fn drop(&mut self) {
        if self.sock.is_some() {
            self.live.connections.fetch_sub(1, Relaxed);
        }
    }
}

/// A client between two requests.
#[derive(Debug)]
pub struct Parked {
    pub session: Box<Session>,
    pub own: Option<Own>,
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
    Close,
}

/// Serves a client until it is parked or gone.
pub async fn serve(worker: Rc<Worker>, mut client: Client, start: Start) {
    let world = worker.world();
    let held = Held { worker: &worker, world: &world, frontend: client.session.frontend };
    if start == Start::Accepted && !admit(&worker, &world, &mut client) {
        drop(held);
        return;
    }
    let http = world.frontend(client.session.frontend).is_some_and(|f| f.mode == Mode::Http);
    if !http {
        tunnel::serve(&worker, &world, client).await;
        drop(held);
        return;
    }
    let mut expired = start == Start::Expired;
    loop {
        match stream::exchange(&worker, &world, &mut client, expired).await {
            After::Keep => expired = false,
            After::Close => break,
            After::Park(until) => {
                held.keep();
                let parked = Parked { session: client.session, own: client.own };
                worker.parked.park(client.sock, parked, until);
                return;
            }
        }
    }
}

/// Runs the rules of the connection and of the session.
fn admit(worker: &Worker, world: &World, client: &mut Client) -> bool {
    let Some(frontend) = world.frontend(client.session.frontend) else { return false };
    for set in [&frontend.tcp_connection, &frontend.tcp_session] {
        let verdict = rules::connection(worker, world, &mut client.session, set);
        if let Verdict::Close(farewell) = verdict {
            if let Some(block) = frontend.live.counters.of(worker.number) {
                block.denied_requests.add(1);
            }
            client.leave_by(farewell);
            return false;
        }
    }
    true
}

/// A client's place among the connections of its frontend and of the process, given back at its end.
struct Held<'w> {
    worker: &'w Worker,
    world: &'w World,
    frontend: u32,
}

impl Held<'_> {
    /// The connection lives on without its task.
    fn keep(self) {
        std::mem::forget(self);
    }
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        leave(self.worker, self.world, self.frontend);
    }
}

/// Gives back the place of a client that is gone.
pub fn leave(worker: &Worker, world: &World, frontend: u32) {
    worker.client_gone(1);
    if let Some(frontend) = world.frontend(frontend) {
        frontend.live.sessions.leave();
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
        worker.serve(Client { sock, session, buffer: None, own }, start);
    }
}
