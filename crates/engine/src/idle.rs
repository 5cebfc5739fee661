//! Idle connections to servers, kept by the thread that opened them (manual 4.2 "http-reuse"). A connection is checked
//! before it is used again: readable is not dead, so the socket is peeked at (DESIGN 2).

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::os::fd::OwnedFd;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use net::{Key, Lot, Sock};
use state::Server;
use state::server::Live;

use crate::worker::Worker;

/// Over which time it is observed how many connections are in use at once.
const PURGE_MS: u64 = 5000;

/// What is known of a parked connection.
#[derive(Clone, Copy, Debug)]
struct Kept {
    uid: u32,
    serial: u32,
    /// Exchanges it has served.
    served: u32,
}

/// The connections of this thread to one server.
#[derive(Default)]
struct Pool {
    live: Option<Arc<Live>>,
    /// As which its server was reached when these were opened ([`Live::reach`]).
    reach: u32,
    /// The idle ones with what those must have in common that use them, the one used last at the end.
    keys: VecDeque<(u32, Key, u64)>,
    /// How many are in use.
    used: u32,
    /// The most in use during this period and the one before: more than that are not worth keeping.
    peaks: [u32; 2],
    period: u64,
}

impl Pool {
    /// Counts one more in use.
    fn enter(&mut self) {
        self.turn();
        self.used += 1;
        let [now, before] = &mut self.peaks;
        *now = (*now).max(self.used);
        if let Some(live) = &self.live {
            live.needed.store((*now).max(*before), Relaxed);
        }
    }

    /// Whether one more idle connection is likely to be used.
    fn wants_more(&mut self) -> bool {
        self.turn();
        let [now, before] = self.peaks;
        let idle = u32::try_from(self.keys.len()).unwrap_or(u32::MAX);
        idle.saturating_add(self.used) <= now.max(before)
    }

    fn turn(&mut self) {
        let period = net::now().as_nanos() / (PURGE_MS * 1_000_000);
        if period != self.period {
            let [now, before] = &mut self.peaks;
            *before = if period == self.period + 1 { *now } else { self.used };
            *now = self.used;
            self.period = period;
        }
    }
}

/// A server connection in use: counted as such until it is dropped or kept.
#[derive(Debug)]
pub struct Lease<'x> {
    idle: &'x Idle,
    server: &'x Server,
    open: bool,
    /// How often the server had moved when it was opened, or taken.
    moves: u64,
}

impl Lease<'_> {
    /// The connection lives on idle.
    fn end(mut self) {
        self.open = false;
    }
}

impl Drop for Lease<'_> {
    fn drop(&mut self) {
        if self.open {
            self.server.live.connections.fetch_sub(1, Relaxed);
        }
        self.idle.with_pool(&self.server.live, |pool| pool.used = pool.used.saturating_sub(1));
    }
}

/// The idle server connections of a thread.
pub struct Idle {
    /// The thread's number.
    thread: u16,
    lot: Lot<Kept>,
    pools: RefCell<Vec<Pool>>,
    serial: Cell<u32>,
}

/// Until when an unused connection to this server is kept.
fn until(server: &Server) -> net::Time {
    net::now().plus_millis(u64::from(server.pool_purge_ms))
}

/// An idle connection is idle no longer.
fn count_out(live: &Live, kept: Kept, thread: u16) {
    live.leave_idle(thread);
    live.idle_safe.fetch_sub(u32::from(kept.served > 1), Relaxed);
}

impl Idle {
    /// None so far, of the thread of this number.
    pub fn new(thread: u16) -> Self {
        Self { thread, lot: Lot::default(), pools: RefCell::default(), serial: Cell::default() }
    }

    /// The connection to this server with this key that was used last, if one is alive, and how many exchanges it has
    /// served. With `proven` only one that has served more than one (`http-reuse aggressive`).
    pub fn take<'x>(&'x self, server: &'x Server, key: u64, proven: bool) -> Option<(Sock, u32, Lease<'x>)> {
        let mut pools = self.pools.borrow_mut();
        let pool = pools.get_mut(usize::try_from(server.live.uid).ok()?)?;
        if server.reach != pool.reach || !self.is_fresh(pool, &server.live) {
            return None;
        }
        while let Some(at) = pool.keys.iter().rposition(|(_, _, alike)| *alike == key) {
            let Some((serial, place, _)) = pool.keys.remove(at) else { break };
            let Some((sock, kept)) = self.lot.take(place) else { continue };
            if proven && kept.served < 2 {
                let place = self.lot.park(sock, kept, until(server));
                pool.keys.push_back((serial, place, key));
                return None;
            }
            count_out(&server.live, kept, self.thread);
            if sock.is_alive() {
                pool.enter();
                let lease = Lease { idle: self, server, open: true, moves: server.live.moved.version() };
                return Some((sock, kept.served, lease));
            }
            server.live.connections.fetch_sub(1, Relaxed);
        }
        None
    }

    /// Gives up a connection that anybody may use, for another thread, if there is one: its descriptor and how many
    /// exchanges it has served.
    pub fn give(&self, live: &Live, proven: bool) -> Option<(OwnedFd, u32)> {
        let mut pools = self.pools.borrow_mut();
        let pool = pools.get_mut(usize::try_from(live.uid).ok()?)?;
        if !self.is_fresh(pool, live) {
            return None;
        }
        while let Some(at) = pool.keys.iter().rposition(|(_, _, key)| *key == 0) {
            let Some((serial, place, key)) = pool.keys.remove(at) else { break };
            let Some((sock, kept)) = self.lot.take(place) else { continue };
            if proven && kept.served < 2 {
                let place = self.lot.park(sock, kept, net::now().plus_millis(PURGE_MS));
                pool.keys.push_back((serial, place, key));
                return None;
            }
            count_out(live, kept, self.thread);
            let given = if sock.is_alive() { sock.into_fd().ok() } else { None };
            match given {
                Some(fd) => return Some((fd, kept.served)),
                None => live.connections.fetch_sub(1, Relaxed),
            };
        }
        None
    }

    /// Counts a connection that is about to be opened, or that came from elsewhere (`opened` already).
    pub fn lease<'x>(&'x self, server: &'x Server, opened: bool) -> Lease<'x> {
        if !opened {
            server.live.connections.fetch_add(1, Relaxed);
        }
        self.with_pool(&server.live, Pool::enter);
        Lease { idle: self, server, open: true, moves: server.live.moved.version() }
    }

    /// Keeps a connection, if another request is likely to use it and the server's `pool-max-conn` and `pool-purge-delay`
    /// allow it.
    pub fn put(&self, lease: Lease<'_>, sock: Sock, key: u64, served: u32) {
        let server = lease.server;
        let live = &server.live;
        let full =
            server.pool_purge_ms == 0 || server.pool_max.is_some_and(|max| live.idle.load(Relaxed) >= max);
        let reached = !live.is_gone()
            && server.reach == live.reach.load(Relaxed)
            && lease.moves == live.moved.version();
        let few = live.idle.load(Relaxed) < server.pool_low;
        let useful = || few || self.with_pool(live, Pool::wants_more) == Some(true);
        if full || !reached || !server.is_up() || !useful() {
            return;
        }
        live.keep_idle(self.thread);
        live.idle_safe.fetch_add(u32::from(served > 1), Relaxed);
        let serial = self.serial.get().wrapping_add(1);
        self.serial.set(serial);
        let kept = Kept { uid: live.uid, serial, served };
        let place = self.lot.park(sock, kept, until(server));
        self.with_pool(live, |pool| pool.keys.push_back((serial, place, key)));
        lease.end();
    }

    /// The session keeps the connection for itself.
    pub fn hand_over(lease: Lease<'_>) {
        lease.end();
    }

    fn with_pool<R>(&self, live: &Arc<Live>, act: impl FnOnce(&mut Pool) -> R) -> Option<R> {
        let at = usize::try_from(live.uid).ok()?;
        let mut pools = self.pools.borrow_mut();
        if pools.len() <= at {
            pools.resize_with(at + 1, Pool::default);
        }
        let pool = pools.get_mut(at)?;
        pool.live.get_or_insert_with(|| Arc::clone(live));
        self.is_fresh(pool, live);
        Some(act(pool))
    }

    /// Whether a pool's connections lead to where the server is now; if not they are closed, and it is empty.
    fn is_fresh(&self, pool: &mut Pool, live: &Live) -> bool {
        let reach = live.reach.load(Relaxed);
        if pool.reach == reach {
            return true;
        }
        pool.reach = reach;
        self.empty(pool);
        false
    }

    fn empty(&self, pool: &mut Pool) {
        let Some(live) = &pool.live else { return };
        for (_, place, _) in pool.keys.drain(..) {
            if let Some((_, kept)) = self.lot.take(place) {
                count_out(live, kept, self.thread);
                live.connections.fetch_sub(1, Relaxed);
            }
        }
    }

    /// Closes the connections to servers that are gone or elsewhere, and forgets those.
    pub fn turn(&self) {
        for pool in self.pools.borrow_mut().iter_mut() {
            let Some(live) = pool.live.as_ref().map(Arc::clone) else { continue };
            if live.is_gone() {
                self.empty(pool);
                if pool.used == 0 {
                    *pool = Pool::default();
                }
            } else {
                self.is_fresh(pool, &live);
            }
        }
    }

    /// Closes one of them; whether there was one.
    pub fn shed(&self) -> bool {
        let one = self.lot.take_any();
        if let Some((_, kept)) = &one {
            self.forget(*kept);
        }
        one.is_some()
    }

    /// Closes those to one server.
    pub fn close(&self, server: u32) {
        let keys = match usize::try_from(server)
            .ok()
            .and_then(|at| self.pools.borrow_mut().get_mut(at).map(|pool| std::mem::take(&mut pool.keys)))
        {
            Some(keys) => keys,
            None => return,
        };
        for (_, place, _) in keys {
            if let Some((_, kept)) = self.lot.take(place) {
                self.forget(kept);
            }
        }
    }

    /// Closes all of them.
    pub fn clear(&self) {
        while let Some((sock, kept)) = self.lot.take_any() {
            self.forget(kept);
            drop(sock);
        }
    }

    fn forget(&self, kept: Kept) {
        let mut pools = self.pools.borrow_mut();
        let Some(pool) = usize::try_from(kept.uid).ok().and_then(|at| pools.get_mut(at)) else { return };
        // Those that expire are the oldest, so the search ends early.
        if let Some(at) = pool.keys.iter().position(|(serial, ..)| *serial == kept.serial) {
            pool.keys.remove(at);
        }
        if let Some(live) = &pool.live {
            count_out(live, kept, self.thread);
            live.connections.fetch_sub(1, Relaxed);
        }
    }
}

/// Closes connections that the server ended or that nobody used for a while.
pub async fn attend(worker: Rc<Worker>) {
    loop {
        let (sock, kept, _) = worker.idle.lot.next().await;
        worker.idle.forget(kept);
        drop(sock);
    }
}

impl std::fmt::Debug for Idle {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Idle({})", self.lot.len())
    }
}
