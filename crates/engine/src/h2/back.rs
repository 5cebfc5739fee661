//! A connection to a server that speaks HTTP/2: its frames and its end are a task's; exchanges begin streams on it.

use std::cell::Cell;
use std::io;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use http::h2::Code;
use net::{Sock, Time};
use state::options::Reuse;
use state::server::Live;
use state::{Backend, Server, World};

use super::backs::{Asks, Backs, is_fresh};
use super::channel::Channel;
use super::mux::Mux;
use crate::buffer::Buffer;

/// What holds for a connection.
#[derive(Debug)]
struct Terms {
    key: u64,
    /// As which, and where, its server was reached.
    reach: u32,
    moves: u64,
    /// Streams at once, streams in all, glitches.
    most: usize,
    in_all: u32,
    glitches: u32,
    /// How long it may be idle, and how many of its server's may be.
    purge_ms: u32,
    pool_max: Option<u32>,
    /// How long the server may take nothing of what is to be sent.
    timeout_ms: Option<u32>,
}

/// One connection.
#[derive(Debug)]
pub struct Back {
    mux: Rc<Mux>,
    live: Arc<Live>,
    backend: Arc<state::backend::Live>,
    /// The number of the thread that has it.
    thread: u16,
    terms: Terms,
    /// The only client whose requests it serves now, whether it stays so, and how many streams were begun.
    crowd: Cell<u64>,
    private: Cell<bool>,
    begun: Cell<u32>,
    /// Since when it has no streams.
    idle: Cell<Option<Time>>,
    /// Whether it takes no further streams.
    retired: Cell<bool>,
}

impl Back {
    /// Makes one of an established connection, which counts as its server's already, and has a task serve it.
    pub fn start(
        (world, backend, server): (&World, &Backend, &Server),
        backs: &Rc<Backs>,
        mux: Rc<Mux>,
        key: u64,
        timeout_ms: Option<u32>,
    ) -> Rc<Self> {
        let live = &server.live;
        let side = &world.global.http2.back;
        let terms = Terms {
            key,
            reach: server.reach,
            moves: live.moved.version(),
            most: side.max_streams as usize,
            in_all: server.max_reuse.map_or(u32::MAX, |most| most.saturating_add(1)),
            glitches: side.glitches,
            purge_ms: server.pool_purge_ms,
            pool_max: server.pool_max,
            timeout_ms: timeout_ms.or(backend.timeouts.server),
        };
        let back = Rc::new(Self {
            mux,
            live: Arc::clone(live),
            backend: Arc::clone(&backend.live),
            thread: backs.thread,
            terms,
            crowd: Cell::new(0),
            private: Cell::new(false),
            begun: Cell::new(0),
            idle: Cell::new(None),
            retired: Cell::new(false),
        });
        backs.add(&back);
        let task = net::spawn(serve(Rc::clone(&back), Rc::clone(backs)));
        back.mux.served_by(task);
        back
    }

    pub fn live(&self) -> &Live {
        &self.live
    }

    /// The connection itself.
    pub fn sock(&self) -> &Sock {
        self.mux.sock()
    }

    /// Whether it takes no streams any more.
    pub fn is_retired(&self) -> bool {
        self.retired.get()
    }

    /// Odd things that the server did.
    pub fn glitches(&self) -> u32 {
        self.mux.look().glitches()
    }

    /// Streams begun so far.
    pub fn begun(&self) -> u32 {
        self.begun.get()
    }

    /// Whether a request may join: there is room, and those that are served share what they have in common with it.
    pub fn is_open_to(&self, server: &Server, asks: Asks) -> bool {
        let terms = &self.terms;
        let alike = terms.key == asks.key && terms.reach == server.reach;
        alike && self.admits(asks) && self.has_room() && is_fresh(&self.live, terms.reach, terms.moves)
    }

    fn admits(&self, asks: Asks) -> bool {
        let ours = asks.crowd != 0 && self.crowd.get() == asks.crowd;
        match asks.reuse {
            _ if ours => true,
            _ if self.crowd.get() != 0 => false,
            Reuse::Never => false,
            Reuse::Safe => !asks.first,
            Reuse::Aggressive => !asks.first || self.begun.get() > 1,
            Reuse::Always => true,
        }
    }

    fn has_room(&self) -> bool {
        let connection = self.mux.look();
        !self.retired.get()
            && self.begun.get() < self.terms.in_all
            && connection.streams() < self.terms.most
            && connection.takes_more()
    }

    /// A stream that is to be begun, and the socket that leads to it. `crowd`: the client that shares the connection with
    /// nobody meanwhile; 0 where that doesn't matter.
    ///
    /// # Errors
    /// There are as many sockets as there can be.
    pub fn open(&self, crowd: u64) -> io::Result<(Rc<Channel>, Sock)> {
        let opened = Channel::open(&self.mux, 0)?;
        self.begun.set(self.begun.get() + 1);
        if self.idle.take().is_some() {
            self.live.leave_idle(self.thread);
        }
        if self.crowd.get() == 0 {
            self.crowd.set(crowd);
        }
        Ok(opened)
    }

    /// Only this client may use it from now on, where nobody else does already.
    pub fn keep_for(&self, crowd: u64) {
        if matches!(self.crowd.get(), 0) || self.crowd.get() == crowd {
            self.crowd.set(crowd);
            self.private.set(true);
        }
    }

    pub(super) fn crowd_left(&self, crowd: u64) {
        if self.crowd.get() == crowd && self.private.get() {
            self.retire();
        }
    }

    fn retire(&self) {
        self.retired.set(true);
        self.look();
    }

    pub(super) fn retire_if_outdated(&self) {
        if !is_fresh(&self.live, self.terms.reach, self.terms.moves) {
            self.retire();
        }
    }

    pub(super) fn close_if_idle(&self) -> bool {
        let closes = self.idle.get().is_some() && !self.retired.get();
        if closes {
            self.retire();
        }
        closes
    }

    /// Has its task look what there is to do.
    pub(super) fn look(&self) {
        self.mux.stir();
    }

    async fn run(&self, backs: &Backs) -> Over {
        let mut buffer = None;
        let mut unsent_since = None;
        loop {
            // The exchanges that were woken go first: what they write goes out in one piece.
            net::turn_end().await;
            self.mux.calm();
            match self.mux.flush() {
                Ok(0) => {}
                Ok(_) => unsent_since = None,
                Err(_) => return Over::Gone,
            }
            if self.mux.look().pending() == 0 {
                unsent_since = None;
            } else {
                unsent_since.get_or_insert(net::now());
            }
            self.count(true);
            if let Some(over) = self.is_over(backs, unsent_since) {
                return over;
            }
            match self.read(&mut buffer) {
                Some(Ok(0)) | Some(Err(_)) => return Over::Gone,
                Some(Ok(_)) => {
                    if self.mux.take(&mut buffer, |_, _| {}).is_err() || self.is_odd() {
                        return Over::Left;
                    }
                }
                None => self.wait(unsent_since).await,
            }
        }
    }

    fn count(&self, open: bool) {
        self.mux.count(&self.backend.counters, self.thread, open);
    }

    /// Whether the server did too many odd things; with many of them no more streams are begun.
    fn is_odd(&self) -> bool {
        let (most, glitches) = (self.terms.glitches, self.mux.look().glitches());
        if most == 0 {
            return false;
        }
        if glitches >= most - most / 4 {
            self.retired.set(true);
        }
        glitches >= most
    }

    fn read(&self, buffer: &mut Option<Buffer>) -> Option<io::Result<usize>> {
        if !self.may_read() {
            return None;
        }
        if self.mux.is_paused() {
            return Some(Ok(1));
        }
        let read = self.mux.read(buffer);
        let blocked = read.as_ref().is_err_and(|e| e.kind() == io::ErrorKind::WouldBlock);
        if blocked && buffer.as_ref().is_some_and(Buffer::is_empty) {
            *buffer = None;
        }
        Some(read).filter(|_| !blocked)
    }

    fn may_read(&self) -> bool {
        self.mux.may_read(u32::try_from(self.terms.most).unwrap_or(u32::MAX))
    }

    fn is_over(&self, backs: &Backs, unsent_since: Option<Time>) -> Option<Over> {
        let now = net::now();
        let connection = self.mux.look();
        if connection.streams() > 0 {
            return (self.until(unsent_since) <= now).then_some(Over::Gone);
        }
        let ends = self.retired.get()
            || backs.is_stopping()
            || self.begun.get() >= self.terms.in_all
            || !connection.takes_more();
        if !ends && self.idle.get().is_none() {
            self.rest(now);
        }
        let ends = ends || self.until(unsent_since) <= now;
        ends.then_some(Over::Left)
    }

    /// Nothing is under way: it is there for the next one, if not too many are.
    fn rest(&self, now: Time) {
        if !self.private.get() {
            self.crowd.set(0);
        }
        let idle = self.live.keep_idle(self.thread);
        self.idle.set(Some(now));
        if self.terms.pool_max.is_some_and(|most| idle >= most) {
            self.retired.set(true);
        }
    }

    fn until(&self, unsent_since: Option<Time>) -> Time {
        let unsent = match (unsent_since, self.terms.timeout_ms) {
            (Some(since), Some(ms)) => since.plus_millis(u64::from(ms)),
            _ => Time::NEVER,
        };
        let kept = self.idle.get().filter(|_| !self.private.get());
        let idle = match kept {
            Some(_) if self.retired.get() => net::now(),
            Some(since) => since.plus_millis(u64::from(self.terms.purge_ms)),
            None => Time::NEVER,
        };
        unsent.min(idle)
    }

    async fn wait(&self, unsent_since: Option<Time>) {
        let (sock, until, reads) = (self.mux.sock(), self.until(unsent_since), self.may_read());
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
}

/// Why a connection is served no longer.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Over {
    /// It broke, or the server ended it.
    Gone,
    /// We are through with it.
    Left,
}

/// Serves a connection until it ends.
async fn serve(back: Rc<Back>, backs: Rc<Backs>) {
    let over = back.run(&backs).await;
    backs.remove(&back);
    back.retired.set(true);
    if back.idle.take().is_some() {
        back.live.leave_idle(back.thread);
    }
    back.mux.fail_all();
    if over == Over::Left {
        back.mux.connection().goaway(Code::NO_ERROR);
        // Who doesn't take the farewell at once has gone, too.
        let _ = back.mux.flush();
        let _ = back.mux.sock().shutdown_write();
    }
    back.count(false);
    back.live.connections.fetch_sub(1, Relaxed);
}
