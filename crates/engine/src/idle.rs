//! Idle connections to servers, kept by the thread that opened them (manual 4.2 "http-reuse"). A connection is checked
//! before it is used again: readable is not dead, so the socket is peeked at (DESIGN 2).

use std::cell::RefCell;

use net::{Key, Lot, Sock, Time};
use state::Server;
use std::sync::atomic::Ordering::Relaxed;

/// What is known of an idle connection.
#[derive(Clone, Copy, Debug)]
pub struct Kept {
    /// The server's number in the process.
    pub uid: u32,
    /// Exchanges it has served.
    pub served: u32,
}

/// How long an unused connection is kept: `pool-purge-delay`'s default.
const PURGE_MS: u64 = 5000;

/// The idle server connections of a thread.
#[derive(Default)]
pub struct Idle {
    lot: Lot<Kept>,
    /// Keys of the connections of each server, the one used last at the end.
    by_server: RefCell<Vec<Vec<Key>>>,
}

impl Idle {
    /// The connection to this server that was used last, if one is alive. With `proven` only one that has served more
    /// than one exchange (`http-reuse aggressive`).
    pub fn take(&self, server: &Server, proven: bool) -> Option<(Sock, u32)> {
        let mut lists = self.by_server.borrow_mut();
        let list = lists.get_mut(usize::try_from(server.live.uid).ok()?)?;
        while let Some(key) = list.pop() {
            let Some((sock, kept)) = self.lot.take(key) else { continue };
            server.live.idle.fetch_sub(1, Relaxed);
            if proven && kept.served < 2 {
                server.live.idle.fetch_add(1, Relaxed);
                let key = self.lot.park(sock, kept, net::now().plus_millis(PURGE_MS));
                list.push(key);
                return None;
            }
            if sock.is_alive() {
                return Some((sock, kept.served));
            }
            server.live.connections.fetch_sub(1, Relaxed);
        }
        None
    }

    /// Keeps a connection, unless the server's `pool-max-conn` says otherwise.
    pub fn put(&self, server: &Server, sock: Sock, served: u32) {
        let kept = server.live.idle.load(Relaxed);
        let Ok(at) = usize::try_from(server.live.uid) else { return };
        if server.pool_max.is_some_and(|max| kept >= max) || !server.is_up() {
            server.live.connections.fetch_sub(1, Relaxed);
            return;
        }
        server.live.idle.fetch_add(1, Relaxed);
        let key = self.lot.park(sock, Kept { uid: server.live.uid, served }, self.deadline());
        let mut lists = self.by_server.borrow_mut();
        if lists.len() <= at {
            lists.resize_with(at + 1, Vec::new);
        }
        if let Some(list) = lists.get_mut(at) {
            list.push(key);
        }
    }

    fn deadline(&self) -> Time {
        net::now().plus_millis(PURGE_MS)
    }
}
