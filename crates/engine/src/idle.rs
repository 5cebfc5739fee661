//! Idle connections to servers, kept by the thread that opened them (manual 4.2 "http-reuse"). A connection is checked
//! before it is used again: readable is not dead, so the socket is peeked at (DESIGN 2).

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use net::{Key, Lot, Sock};
use state::Server;
use state::server::Live;

use crate::worker::Worker;

/// How long an unused connection is kept: `pool-purge-delay`'s default.
const PURGE_MS: u64 = 5000;

/// What is known of a parked connection.
#[derive(Clone, Copy, Debug)]
struct Kept {
    uid: u32,
    serial: u32,
    /// Exchanges it has served.
    served: u32,
}

/// The idle connections of one server, the one used last at the end.
#[derive(Default)]
struct Pool {
    live: Option<Arc<Live>>,
    keys: VecDeque<(u32, Key)>,
}

/// The idle server connections of a thread.
#[derive(Default)]
pub struct Idle {
    lot: Lot<Kept>,
    pools: RefCell<Vec<Pool>>,
    serial: Cell<u32>,
}

impl Idle {
    /// The connection to this server that was used last, if one is alive, and how many exchanges it has served. With
    /// `proven` only one that has served more than one (`http-reuse aggressive`).
    pub fn take(&self, server: &Server, proven: bool) -> Option<(Sock, u32)> {
        let mut pools = self.pools.borrow_mut();
        let pool = pools.get_mut(usize::try_from(server.live.uid).ok()?)?;
        while let Some((serial, key)) = pool.keys.pop_back() {
            let Some((sock, kept)) = self.lot.take(key) else { continue };
            if proven && kept.served < 2 {
                let key = self.lot.park(sock, kept, net::now().plus_millis(PURGE_MS));
                pool.keys.push_back((serial, key));
                return None;
            }
            server.live.idle.fetch_sub(1, Relaxed);
            if sock.is_alive() {
                return Some((sock, kept.served));
            }
            server.live.connections.fetch_sub(1, Relaxed);
        }
        None
    }

    /// Keeps a connection, unless the server's `pool-max-conn` says otherwise.
    pub fn put(&self, server: &Server, sock: Sock, served: u32) {
        let live = &server.live;
        let full = server.pool_max.is_some_and(|max| live.idle.load(Relaxed) >= max);
        let Some(at) = usize::try_from(live.uid).ok().filter(|_| !full && server.is_up()) else {
            live.connections.fetch_sub(1, Relaxed);
            return;
        };
        live.idle.fetch_add(1, Relaxed);
        let serial = self.serial.get().wrapping_add(1);
        self.serial.set(serial);
        let kept = Kept { uid: live.uid, serial, served };
        let key = self.lot.park(sock, kept, net::now().plus_millis(PURGE_MS));
        let mut pools = self.pools.borrow_mut();
        if pools.len() <= at {
            pools.resize_with(at + 1, Pool::default);
        }
        if let Some(pool) = pools.get_mut(at) {
            pool.live.get_or_insert_with(|| Arc::clone(live));
            pool.keys.push_back((serial, key));
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
        if let Some(at) = pool.keys.iter().position(|(serial, _)| *serial == kept.serial) {
            pool.keys.remove(at);
        }
        if let Some(live) = &pool.live {
            live.idle.fetch_sub(1, Relaxed);
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
