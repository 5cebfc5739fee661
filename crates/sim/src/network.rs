//! The simulated network: connections as two byte lanes with bounded buffers and latency, the clock, and what will happen
//! when. Who looks at it are actors (scripted peers, here) and handles (the kernel's side, `objects`). Knows no protocol.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};
use std::io;

use net::Addr;

use crate::objects::{Kind, Objects};
use crate::rng::Rng;
use crate::trace::Trace;
use crate::weather::{Canary, Segments, Weather};

/// Pieces that one write is cut into at most.
const PIECES: usize = 40;

/// How far ahead arrivals are planned before what follows comes in one piece, in nanoseconds.
const BACKLOG: u64 = 20_000_000;

/// One end of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Port {
    conn: usize,
    passive: bool,
}

impl Port {
    /// The other end.
    #[must_use]
    pub const fn peer(self) -> Port {
        Port { conn: self.conn, passive: !self.passive }
    }

    /// The connection's number.
    pub const fn number(self) -> u64 {
        self.conn as u64 * 2 + self.passive as u64
    }
}

/// Who an end belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Owner {
    Handle(net::kernel::Handle),
    Actor(usize),
    /// In a listener's queue.
    Waiting,
    Nobody,
}

/// How far a connection is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Opening,
    Open,
    /// Refused, or given up before it was open.
    Void,
}

/// One end.
struct Half {
    owner: Owner,
    addr: Addr,
    /// Bytes on their way to this end, and bytes that arrived.
    flight: VecDeque<u8>,
    inbox: VecDeque<u8>,
    /// This end has ended its direction; the other end's end has arrived.
    fin_sent: bool,
    fin: bool,
    /// Nothing can be sent any more.
    dead: bool,
    error: Option<i32>,
    /// A write was refused or cut short: an edge is owed.
    full: bool,
    linger_zero: bool,
    /// When the last thing on its way here arrives.
    latest: u64,
    /// Counts how often what was on its way was lost.
    epoch: u32,
}

impl Half {
    fn new(owner: Owner, addr: Addr) -> Half {
        Half {
            owner,
            addr,
            flight: VecDeque::new(),
            inbox: VecDeque::new(),
            fin_sent: false,
            fin: false,
            dead: false,
            error: None,
            full: false,
            linger_zero: false,
            latest: 0,
            epoch: 0,
        }
    }
}

struct Conn {
    state: State,
    active: Half,
    passive: Half,
    /// Where the active end connects to.
    to: Addr,
    segments: Segments,
    latency: (u64, u64),
    room: usize,
}

/// What will happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Happening {
    Settle(usize),
    Arrive(Port, usize, u32),
    Fin(Port, u32),
    Reset(Port),
    Space(Port),
    Timer(usize, u32),
    Start(usize),
}

/// Why an actor is woken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// Its time has come, or somebody connected to it.
    Start,
    Connected,
    Refused,
    /// Bytes, an end, a reset or room for more: it should look.
    Stirred,
    Timer(u32),
}

/// A scripted peer: one side of one connection.
pub trait Actor {
    /// Something happened to it. `me` is its number, for timers.
    fn wake(&mut self, me: usize, why: Why, net: &mut Network);
}

/// What a place that is connected to does about it.
pub enum Answer {
    Accept(Box<dyn FnOnce(Port) -> Box<dyn Actor>>),
    Refuse,
    /// Never answers.
    Silence,
}

/// Somebody who can be connected to.
pub trait Site {
    /// The n-th connection attempt has come.
    fn knock(&mut self, net: &mut Network) -> Answer;
}

/// The network, its clock and everybody on it.
pub struct Network {
    pub now: u64,
    pub rng: Rng,
    pub trace: Trace,
    pub weather: Weather,
    pub(crate) objects: Objects,
    /// Datagrams that were sent, in order.
    pub datagrams: Vec<Vec<u8>>,
    /// When the last of them was sent.
    pub last_datagram: u64,
    heap: BinaryHeap<Reverse<(u64, u64, Happening)>>,
    sequence: u64,
    conns: Vec<Conn>,
    actors: Vec<Option<Box<dyn Actor>>>,
    sites: Vec<(Addr, Option<Box<dyn Site>>)>,
    next_port: u16,
}

/// What a read found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Read {
    Bytes(usize),
    Nothing,
    End,
    Reset,
}

impl Network {
    /// An empty network at time zero.
    pub fn new(rng: Rng, weather: Weather) -> Network {
        Network {
            now: 1_000_000_000,
            rng,
            trace: Trace::default(),
            weather,
            objects: Objects::default(),
            datagrams: Vec::new(),
            last_datagram: 0,
            heap: BinaryHeap::new(),
            sequence: 0,
            conns: Vec::new(),
            actors: Vec::new(),
            sites: Vec::new(),
            next_port: 20_000,
        }
    }

    /// Puts somebody at an address.
    pub fn settle(&mut self, at: Addr, site: Box<dyn Site>) {
        self.sites.push((at, Some(site)));
    }

    /// Brings in an actor that is woken with [`Why::Start`] after `delay` ns.
    pub fn enter(&mut self, actor: Box<dyn Actor>, delay: u64) {
        self.actors.push(Some(actor));
        self.plan(self.now + delay, Happening::Start(self.actors.len() - 1));
    }

    /// Wakes `actor` with this tag after `delay` ns.
    pub fn timer(&mut self, actor: usize, delay: u64, tag: u32) {
        self.plan(self.now + delay, Happening::Timer(actor, tag));
    }

    /// When something happens next by itself.
    pub fn next_time(&self) -> Option<u64> {
        self.heap.peek().map(|Reverse((at, ..))| *at)
    }

    /// Lets everything happen that is due.
    pub fn catch_up(&mut self) {
        while let Some(Reverse((at, _, what))) = self.heap.peek().copied() {
            if at > self.now {
                return;
            }
            self.heap.pop();
            self.happen(what);
        }
    }

    /// Time passes while the engine works.
    pub(crate) fn meanwhile(&mut self) {
        if self.rng.permille(self.weather.meanwhile) {
            let most = self.rng.one([1000, 100_000, 2_000_000]);
            self.now += self.rng.below(most);
            self.catch_up();
        }
    }

    fn plan(&mut self, at: u64, what: Happening) {
        self.sequence += 1;
        self.heap.push(Reverse((at, self.sequence, what)));
    }

    fn happen(&mut self, what: Happening) {
        match what {
            Happening::Settle(conn) => self.settled(conn),
            Happening::Arrive(port, n, epoch) => self.arrived(port, n, epoch),
            Happening::Fin(port, epoch) => self.ended(port, epoch),
            Happening::Reset(port) => self.was_reset(port),
            Happening::Space(port) => self.spacious(port),
            Happening::Timer(actor, tag) => self.wake(actor, Why::Timer(tag)),
            Happening::Start(actor) => self.wake(actor, Why::Start),
        }
    }

    fn wake(&mut self, actor: usize, why: Why) {
        let Some(mut awake) = self.actors.get_mut(actor).and_then(Option::take) else { return };
        awake.wake(actor, why, self);
        if let Some(place) = self.actors.get_mut(actor) {
            *place = Some(awake);
        }
    }

    /// Tells whoever owns an end that it should look.
    fn stir(&mut self, port: Port, why: Why) {
        match self.halves(port).map(|(half, _)| half.owner) {
            Some(Owner::Handle(handle)) => self.objects.edge(handle, &mut self.weather),
            Some(Owner::Actor(actor)) => self.wake(actor, why),
            Some(Owner::Waiting | Owner::Nobody) | None => {}
        }
    }

    fn halves(&mut self, port: Port) -> Option<(&mut Half, &mut Half)> {
        let conn = self.conns.get_mut(port.conn)?;
        Some(if port.passive {
            (&mut conn.passive, &mut conn.active)
        } else {
            (&mut conn.active, &mut conn.passive)
        })
    }

    // Opening.

    /// An actor connects; it hears how that went.
    pub fn dial(&mut self, actor: usize, to: Addr) -> Port {
        self.connect(Owner::Actor(actor), to)
    }

    pub(crate) fn connect(&mut self, owner: Owner, to: Addr) -> Port {
        self.next_port = self.next_port.wrapping_add(1).max(20_000);
        let from = Addr::ip_port([10, 9, 0, 1].into(), self.next_port);
        let weather = &self.weather;
        let (low, high) = weather.latency;
        let high = self.rng.range(low, high);
        let (small, large) = weather.room;
        let room = self.rng.length(small, large);
        self.conns.push(Conn {
            state: State::Opening,
            active: Half::new(owner, from),
            passive: Half::new(Owner::Nobody, to),
            to,
            segments: self.weather.segments,
            latency: (low, high),
            room,
        });
        let port = Port { conn: self.conns.len() - 1, passive: false };
        let delay = self.delay(port);
        let near = matches!(owner, Owner::Handle(_)) && self.rng.permille(self.weather.near);
        if near {
            self.settled(port.conn);
        } else {
            self.plan(self.now + delay, Happening::Settle(port.conn));
        }
        port
    }

    fn delay(&mut self, port: Port) -> u64 {
        let (low, high) = self.conns.get(port.conn).map_or((0, 0), |c| c.latency);
        self.rng.range(low, high)
    }

    /// A connection attempt reaches its destination.
    fn settled(&mut self, number: usize) {
        let active = Port { conn: number, passive: false };
        let Some(conn) = self.conns.get_mut(number).filter(|c| c.state == State::Opening) else { return };
        let to = conn.to;
        if let Some(listener) = self.objects.listener_at(&to, &mut self.rng) {
            self.opened(active, Owner::Waiting);
            self.objects.enqueue(listener, active.peer(), &mut self.weather);
            return self.stir(active, Why::Connected);
        }
        let site = self.sites.iter().position(|(addr, _)| *addr == to);
        let taken = site.and_then(|at| self.sites.get_mut(at)).and_then(|(_, site)| site.take());
        let answer = match taken {
            Some(mut there) => {
                let answer = there.knock(self);
                if let Some((_, place)) = site.and_then(|at| self.sites.get_mut(at)) {
                    *place = Some(there);
                }
                answer
            }
            None => Answer::Refuse,
        };
        match answer {
            Answer::Accept(make) => {
                let actor = self.actors.len();
                self.opened(active, Owner::Actor(actor));
                self.actors.push(Some(make(active.peer())));
                self.trace.note(self.now, "accepted", active.number(), 0);
                self.stir(active, Why::Connected);
                self.wake(actor, Why::Start);
            }
            Answer::Refuse => {
                self.trace.note(self.now, "refused", active.number(), 0);
                if let Some(conn) = self.conns.get_mut(number) {
                    conn.state = State::Void;
                    conn.active.error = Some(libc::ECONNREFUSED);
                    conn.active.dead = true;
                    conn.active.fin = true;
                }
                self.stir(active, Why::Refused);
            }
            Answer::Silence => {}
        }
    }

    fn opened(&mut self, active: Port, owner: Owner) {
        if let Some(conn) = self.conns.get_mut(active.conn) {
            conn.state = State::Open;
            conn.active.full = false;
            conn.passive.owner = owner;
        }
    }

    /// Gives a waiting end to whoever accepted it; the peer's address.
    pub(crate) fn adopt(&mut self, port: Port, owner: Owner) -> Addr {
        match self.halves(port) {
            Some((half, peer)) => {
                half.owner = owner;
                peer.addr
            }
            None => Addr::Unspecified,
        }
    }

    // Bytes.

    fn arrived(&mut self, port: Port, n: usize, epoch: u32) {
        let Some((half, peer)) = self.halves(port) else { return };
        if half.epoch != epoch || half.dead {
            return;
        }
        let n = n.min(half.flight.len());
        if half.owner == Owner::Nobody {
            half.flight.drain(..n);
            if !peer.dead {
                let delay = self.delay(port);
                self.plan(self.now + delay, Happening::Reset(port.peer()));
            }
            return;
        }
        half.inbox.extend(half.flight.drain(..n));
        self.trace.note(self.now, "arrive", port.number(), n as u64);
        self.stir(port, Why::Stirred);
    }

    fn ended(&mut self, port: Port, epoch: u32) {
        let Some((half, _)) = self.halves(port) else { return };
        if half.epoch != epoch || half.dead {
            return;
        }
        half.fin = true;
        self.trace.note(self.now, "fin", port.number(), 0);
        self.stir(port, Why::Stirred);
    }

    fn was_reset(&mut self, port: Port) {
        let Some((half, peer)) = self.halves(port) else { return };
        if half.dead {
            return;
        }
        // tcp(7): a reset after the peer's orderly end is EPIPE.
        half.error = Some(if half.fin { libc::EPIPE } else { libc::ECONNRESET });
        half.dead = true;
        half.fin = true;
        half.flight.clear();
        peer.flight.clear();
        peer.epoch += 1;
        self.trace.note(self.now, "reset", port.number(), 0);
        self.stir(port, Why::Stirred);
    }

    /// Sends; errors are errno's.
    pub(crate) fn put(&mut self, port: Port, parts: &[&[u8]]) -> io::Result<usize> {
        let short = self.weather.short_write;
        let open = self.conns.get(port.conn).map(|c| (c.state, c.room));
        let Some((state, room)) = open else { return Err(errno(libc::EBADF)) };
        let cut = self.rng.permille(short);
        let draw = self.rng.next();
        let Some((half, peer)) = self.halves(port) else { return Err(errno(libc::EBADF)) };
        if let Some(error) = half.error.take() {
            return Err(errno(error));
        }
        if half.dead || half.fin_sent || state == State::Void {
            return Err(errno(libc::EPIPE));
        }
        if state == State::Opening {
            half.full = true;
            return Err(errno(libc::EAGAIN));
        }
        let asked: usize = parts.iter().map(|p| p.len()).sum();
        if asked == 0 {
            return Ok(0);
        }
        let free = room.saturating_sub(peer.flight.len() + peer.inbox.len());
        if free == 0 {
            half.full = true;
            return Err(errno(libc::EAGAIN));
        }
        let mut n = asked.min(free);
        if cut && n > 1 {
            n = 1 + usize::try_from(draw % (n as u64 - 1)).unwrap_or(0);
        }
        half.full = n < asked;
        let third = room.div_ceil(3);
        let mut left = n;
        for part in parts {
            let piece = part.get(..left.min(part.len())).unwrap_or_default();
            peer.flight.extend(piece);
            left -= piece.len();
        }
        if n < asked && free - n >= third {
            let delay = self.delay(port);
            self.plan(self.now + delay, Happening::Space(port));
        }
        self.send_off(port.peer(), n);
        self.trace.note(self.now, "put", port.number(), n as u64);
        Ok(n)
    }

    /// Cuts `n` bytes that are on their way to `to` into segments with arrival times.
    fn send_off(&mut self, to: Port, n: usize) {
        let mut segments = self.conns.get(to.conn).map_or(Segments::Whole, |c| c.segments);
        let limit = self.now + BACKLOG;
        // A line that falls behind by more than this makes up for it: else time limits would be met by any peer.
        if self.halves(to).is_some_and(|(half, _)| half.latest > limit) {
            segments = Segments::Whole;
        }
        let mut at = self.now + self.delay(to);
        let mut left = n;
        while left > 0 {
            let least = n.div_ceil(PIECES);
            let piece = match segments {
                Segments::Whole => left,
                Segments::Mss => 1460.max(least),
                Segments::Random => 1 + self.rng.index(2 * least.max(n / 4 + 1)),
                Segments::Bytes => least,
            };
            let piece = piece.min(left);
            left -= piece;
            let Some((half, _)) = self.halves(to) else { return };
            at = at.max(half.latest + 1);
            half.latest = at;
            let epoch = half.epoch;
            self.plan(at, Happening::Arrive(to, piece, epoch));
            at += self.rng.below(60_000);
        }
    }

    /// Receives into `buf`; errors are errno's.
    pub(crate) fn take(&mut self, port: Port, buf: &mut [u8], peek: bool) -> io::Result<usize> {
        let Some((half, _)) = self.halves(port) else { return Err(errno(libc::EBADF)) };
        let n = buf.len().min(half.inbox.len());
        if n == 0 {
            return match half.error.take() {
                Some(error) => Err(errno(error)),
                None if half.fin => Ok(0),
                None => Err(errno(libc::EAGAIN)),
            };
        }
        let (first, second) = half.inbox.as_slices();
        let from_first = n.min(first.len());
        if let Some((start, rest)) = buf.split_at_mut_checked(from_first) {
            start.copy_from_slice(first.get(..from_first).unwrap_or_default());
            for (to, from) in rest.iter_mut().zip(second.iter().take(n - from_first)) {
                *to = *from;
            }
        }
        if !peek {
            half.inbox.drain(..n);
            self.room_made(port);
        }
        self.trace.note(self.now, if peek { "peek" } else { "take" }, port.number(), n as u64);
        Ok(n)
    }

    /// There may be room for more; it may also be taken again.
    fn spacious(&mut self, port: Port) {
        let room = self.conns.get(port.conn).map_or(0, |c| c.room);
        let Some((half, peer)) = self.halves(port) else { return };
        let free = room.saturating_sub(peer.flight.len() + peer.inbox.len());
        if half.full && free >= room.div_ceil(3) {
            half.full = false;
            self.stir(port, Why::Stirred);
        }
    }

    /// Something was read: a sender who waits for room hears of it once a third is free, as with Linux.
    fn room_made(&mut self, port: Port) {
        let room = self.conns.get(port.conn).map_or(0, |c| c.room);
        let Some((half, peer)) = self.halves(port) else { return };
        let used = half.flight.len() + half.inbox.len();
        if peer.full && room.saturating_sub(used) >= room.div_ceil(3) {
            let delay = self.delay(port);
            self.plan(self.now + delay, Happening::Space(port.peer()));
        }
    }

    /// What a log line has become on its way.
    pub(crate) fn misheard(&mut self, datagram: &[u8]) -> Vec<u8> {
        let text = String::from_utf8_lossy(datagram);
        if text.contains(" -- ") && self.weather.blunder(Canary::WrongEnd) {
            return text.replacen(" -- ", " SH ", 1).into_bytes();
        }
        if text.contains('/') && self.weather.blunder(Canary::WrongTime) {
            return text.replacen('/', "7777/", 1).into_bytes();
        }
        datagram.to_vec()
    }

    /// The error of a system that lacks something: descriptors, or this.
    pub(crate) fn lacking(&mut self, other: i32) -> io::Error {
        let odd = self.weather.odd_errors;
        errno(if odd {
            self.rng.one([libc::EMFILE, libc::ENOBUFS, libc::ENOMEM, other])
        } else {
            libc::EMFILE
        })
    }

    /// The process is gone: all that it had is closed.
    pub(crate) fn close_all(&mut self) {
        for kind in self.objects.take_all() {
            match kind {
                Kind::Stream(port) => self.hang_up(port, false),
                Kind::Listener(_, queue) => queue.into_iter().for_each(|port| self.hang_up(port, true)),
                Kind::PipeRead(_) | Kind::PipeWrite(_) | Kind::Dgram => {}
            }
        }
    }

    // For actors.

    /// Reads up to `max` bytes to the end of `into`.
    pub fn read(&mut self, port: Port, into: &mut Vec<u8>, max: usize) -> Read {
        let mut buf = [0; 4096];
        let mut got = 0;
        while got < max {
            let room = buf.get_mut(..(max - got).min(4096)).unwrap_or_default();
            match self.take(port, room, false) {
                Ok(0) if got == 0 => return Read::End,
                Ok(n) if n > 0 => {
                    into.extend_from_slice(buf.get(..n).unwrap_or_default());
                    got += n;
                }
                Err(e) if got == 0 && e.kind() != io::ErrorKind::WouldBlock => return Read::Reset,
                _ => break,
            }
        }
        if got == 0 { Read::Nothing } else { Read::Bytes(got) }
    }

    /// Writes what fits; none when the connection is broken.
    pub fn write(&mut self, port: Port, bytes: &[u8]) -> Option<usize> {
        match self.put(port, &[bytes]) {
            Ok(n) => Some(n),
            Err(e) if e.kind() == io::ErrorKind::WouldBlock => Some(0),
            Err(_) => None,
        }
    }

    // Ending.

    /// Ends one's own direction.
    pub fn finish(&mut self, port: Port) {
        let delay = self.delay(port);
        let now = self.now;
        let Some((half, peer)) = self.halves(port) else { return };
        if half.fin_sent || half.dead {
            return;
        }
        half.fin_sent = true;
        let at = (now + delay).max(peer.latest + 1);
        peer.latest = at;
        let epoch = peer.epoch;
        self.plan(at, Happening::Fin(port.peer(), epoch));
    }

    /// Closes: with a reset when asked for or when there is unread input, in order otherwise.
    pub fn hang_up(&mut self, port: Port, abort: bool) {
        self.trace.note(self.now, "close", port.number(), u64::from(abort));
        let Some(conn) = self.conns.get_mut(port.conn) else { return };
        if conn.state == State::Opening {
            conn.state = State::Void;
        }
        let lost = self.rng.permille(500);
        let delay = self.delay(port);
        let now = self.now;
        let Some((half, peer)) = self.halves(port) else { return };
        let unread = !half.inbox.is_empty();
        half.inbox.clear();
        half.owner = Owner::Nobody;
        if half.dead {
            return;
        }
        if !(abort || unread || half.linger_zero) {
            return self.finish(port);
        }
        half.dead = true;
        half.flight.clear();
        half.epoch += 1;
        if lost {
            // A reset doesn't wait for what was to be sent before it.
            peer.flight.clear();
            peer.epoch += 1;
        }
        let at = if lost { now + delay } else { (now + delay).max(peer.latest + 1) };
        self.plan(at, Happening::Reset(port.peer()));
    }

    // For the kernel's side.

    pub(crate) fn linger_zero(&mut self, port: Port) {
        if let Some((half, _)) = self.halves(port) {
            half.linger_zero = true;
        }
    }

    pub(crate) fn take_error(&mut self, port: Port) -> io::Result<()> {
        match self.halves(port).and_then(|(half, _)| half.error.take()) {
            Some(error) => Err(errno(error)),
            None => Ok(()),
        }
    }

    pub(crate) fn addresses(&mut self, port: Port) -> (Addr, Addr) {
        self.halves(port)
            .map_or((Addr::Unspecified, Addr::Unspecified), |(half, peer)| (half.addr, peer.addr))
    }

    /// What epoll would say of this end.
    pub(crate) fn readiness(&mut self, port: Port) -> net::kernel::Ready {
        use net::kernel::Ready;
        let state = self.conns.get(port.conn).map_or(State::Void, |c| c.state);
        let room = self.conns.get(port.conn).map_or(0, |c| c.room);
        let Some((half, peer)) = self.halves(port) else { return Ready::ERROR };
        let free = room.saturating_sub(peer.flight.len() + peer.inbox.len());
        let mut ready = Ready(0);
        for (holds, means) in [
            (!half.inbox.is_empty() || half.fin, Ready::READ),
            (half.fin, Ready::HUP),
            (half.dead || half.fin_sent || state == State::Open && !half.full && free > 0, Ready::WRITE),
            (half.dead || half.error.is_some() || half.fin && half.fin_sent, Ready::ERROR),
        ] {
            if holds {
                ready = ready.with(means);
            }
        }
        ready
    }

    /// Whether the connection is established.
    pub(crate) fn is_open(&self, port: Port) -> bool {
        self.conns.get(port.conn).is_some_and(|conn| conn.state == State::Open)
    }

    /// Whether whoever had this end has closed it.
    pub fn is_left(&mut self, port: Port) -> bool {
        self.halves(port).is_none_or(|(half, _)| half.owner == Owner::Nobody)
    }

    /// Whether the connection was reset while it waited to be accepted.
    pub(crate) fn is_dead(&mut self, port: Port) -> bool {
        self.halves(port).is_none_or(|(half, _)| half.dead)
    }
}

pub(crate) fn errno(number: i32) -> io::Error {
    io::Error::from_raw_os_error(number)
}
