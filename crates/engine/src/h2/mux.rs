//! What the streams of one connection share: its state, its socket, and the task that serves it.

use std::cell::{Cell, Ref, RefCell, RefMut};
use std::io::{self, ErrorKind};
use std::rc::Rc;

use http::Message;
use http::h1::Limits;
use http::h2::{Code, Config, Connection, Event, Fault, Role, Settings};
use net::{Sock, TaskId};
use state::World;
use state::counters::{Block, PerThread};
use state::http2::Counted;
use state::world::Http2;

use super::channel::{Channel, OUT_MAX};
use crate::buffer::{self, Buffer};

/// Unused messages that a connection keeps.
const SPARE: usize = 16;

/// Unsent bytes above which nothing more is read: answers to PING and SETTINGS are bytes, too.
const OUT_FULL: usize = 2 * OUT_MAX;

/// One connection.
#[derive(Debug)]
pub struct Mux {
    connection: RefCell<Connection<Rc<Channel>>>,
    sock: Sock,
    /// Who serves it, and whether that task was told to look.
    task: Cell<Option<TaskId>>,
    stirred: Cell<bool>,
    /// Who waits for the peer's settings.
    waiting: RefCell<Vec<TaskId>>,
    /// Streams that wait for room.
    blocked: RefCell<Vec<u32>>,
    spare: RefCell<Vec<Message>>,
    /// Frames, and resets among them, that are taken before others get their turn; 0: any number. Whether some wait for it.
    at_once: [u32; 2],
    paused: Cell<bool>,
    /// Streams that were refused before they began, for what they began with.
    odd: Cell<u32>,
    /// How far it was counted.
    counted: Cell<Counted>,
}

impl Mux {
    pub fn new(role: Role, world: &World, limits: Limits, sock: Sock) -> Rc<Self> {
        let settings = &world.global.http2;
        Rc::new(Self {
            connection: RefCell::new(Connection::new(role, config(role, settings, limits))),
            sock,
            task: Cell::new(net::current_task()),
            stirred: Cell::new(false),
            waiting: RefCell::default(),
            blocked: RefCell::default(),
            spare: RefCell::default(),
            at_once: match role {
                Role::Server => [settings.front.max_frames, settings.max_resets],
                Role::Client => [settings.back.max_frames, 0],
            },
            paused: Cell::new(false),
            odd: Cell::new(0),
            counted: Cell::default(),
        })
    }

    /// Another task serves it than the one that made it.
    pub fn served_by(&self, task: TaskId) {
        self.task.set(Some(task));
    }

    pub fn connection(&self) -> RefMut<'_, Connection<Rc<Channel>>> {
        self.connection.borrow_mut()
    }

    pub fn look(&self) -> Ref<'_, Connection<Rc<Channel>>> {
        self.connection.borrow()
    }

    pub const fn sock(&self) -> &Sock {
        &self.sock
    }

    /// Has statistics know what came and went since this was called last; `open`: whether the connection goes on.
    pub fn count(&self, counters: &PerThread<Block>, thread: u16, open: bool) {
        let connection = self.look();
        let under_way = u32::try_from(connection.streams()).unwrap_or(u32::MAX);
        let now = Counted { open, tally: connection.tally(), under_way };
        let before = self.counted.replace(now);
        if now != before
            && let Some(block) = counters.of(thread)
        {
            block.http2.get_or_init(Box::default).count(&before, &now);
        }
    }

    /// Has the connection's task look what there is to do.
    pub fn stir(&self) {
        if !self.stirred.replace(true)
            && let Some(task) = self.task.get()
        {
            task.notify();
        }
    }

    /// The connection's task looks now.
    pub fn calm(&self) {
        self.stirred.set(false);
    }

    /// The task at hand is told when the peer's settings are there.
    pub fn await_settings(&self) {
        self.waiting.borrow_mut().extend(net::current_task());
    }

    /// A stream waits for room.
    pub fn block(&self, id: u32) {
        let mut blocked = self.blocked.borrow_mut();
        if !blocked.contains(&id) {
            blocked.push(id);
        }
    }

    /// A message to be filled.
    pub fn message(&self) -> Message {
        self.spare.borrow_mut().pop().unwrap_or_default()
    }

    /// Gives back a message.
    pub fn spare(&self, message: Message) {
        let mut spare = self.spare.borrow_mut();
        if spare.len() < SPARE {
            spare.push(message);
        }
    }

    /// Reads what there is, if `buffer` has room; `Ok(0)` is the end.
    pub fn read(&self, buffer: &mut Option<Buffer>) -> io::Result<usize> {
        let room = buffer.get_or_insert_with(Buffer::take).space();
        if room.is_empty() {
            return Err(ErrorKind::WouldBlock.into());
        }
        let read = self.sock.try_read(room);
        if let (Ok(n), Some(buffer)) = (&read, buffer) {
            buffer.filled(*n);
        }
        read
    }

    /// Takes the frames in `buffer`. `begin` gets heads that came, and gives the channel of a stream that is new.
    pub fn take(
        &self,
        buffer: &mut Option<Buffer>,
        mut begin: impl FnMut(u32, &Message),
    ) -> Result<(), Fault> {
        let mut message = self.message();
        let (mut done, mut taken_at_once) = (Ok(()), [0; 2]);
        self.paused.set(false);
        while !self.paused.get()
            && let Some(full) = buffer.as_mut().filter(|buffer| !buffer.is_empty())
        {
            let taken = self.connection().take(full.data(), &mut message);
            match taken {
                Err(fault) => {
                    done = Err(fault);
                    break;
                }
                Ok(taken) if taken.consumed == 0 => break,
                Ok(taken) => {
                    if let Event::Head { id, .. } = taken.event {
                        begin(id, &message);
                    }
                    self.pace(&taken.event, &mut taken_at_once);
                    self.react(taken.event, &mut message);
                    full.consume(taken.consumed);
                }
            }
        }
        self.spare(message);
        if buffer.as_ref().is_some_and(Buffer::is_empty) {
            *buffer = None;
        }
        self.connection().replenish();
        done
    }

    /// Counts a frame, and has the rest of them wait if they were many.
    fn pace(&self, event: &Event<'_>, [frames, resets]: &mut [u32; 2]) {
        let [most_frames, most_resets] = self.at_once;
        *frames += 1;
        if let Event::Reset { id, code } = event {
            *resets += 1;
            let begun = self.look().get(*id).is_some();
            self.odd.set(self.odd.get() + u32::from(!begun && *code != Code::REFUSED_STREAM));
        }
        let many = |count: u32, most: u32| most > 0 && count >= most;
        self.paused.set(many(*frames, most_frames) || many(*resets, most_resets));
    }

    /// Whether frames that were read wait for their turn.
    pub fn is_paused(&self) -> bool {
        self.paused.get()
    }

    /// How many streams were refused before they began since this was asked last.
    pub fn take_odd(&self) -> u32 {
        self.odd.take()
    }

    fn react(&self, event: Event<'_>, message: &mut Message) {
        let channel = |id| self.look().get(id).map(Rc::clone);
        match event {
            Event::None => {}
            Event::Head { id, end, refuse } => {
                if let Some(channel) = channel(id) {
                    let head = std::mem::replace(message, self.message());
                    channel.head_came(head, end, refuse);
                }
            }
            Event::Data { id, bytes, end } => {
                if let Some(channel) = channel(id) {
                    channel.data_came(bytes, end);
                }
            }
            Event::Trailers { id } => {
                if let Some(channel) = channel(id) {
                    channel.trailers_came(message);
                }
            }
            Event::Reset { id, code } => {
                if let Some(channel) = channel(id) {
                    channel.fail(code == Code::REFUSED_STREAM);
                }
            }
            Event::Window { id: 0 } => {
                self.waiting.take().into_iter().for_each(TaskId::notify);
                self.make_room();
            }
            Event::Window { id } => {
                if let Some(channel) = channel(id) {
                    channel.make_room();
                }
            }
            Event::GoAway { last } => self.cut_off(last),
        }
    }

    /// The peer takes no streams above this one.
    fn cut_off(&self, last: u32) {
        let cut: Vec<_> = self.look().above(last).map(Rc::clone).collect();
        cut.iter().for_each(|channel| channel.fail(true));
    }

    /// Tells the streams that wait for room to try again.
    fn make_room(&self) {
        let blocked = std::mem::take(&mut *self.blocked.borrow_mut());
        let connection = self.look();
        let channels = blocked.iter().filter_map(|id| connection.get(*id));
        channels.for_each(|channel| channel.make_room());
    }

    /// Sends what is to be sent, as far as the connection takes it; how much it took.
    pub fn flush(&self) -> io::Result<usize> {
        let mut sent = 0;
        let done = loop {
            let mut connection = self.connection();
            let out = connection.out();
            if out.is_empty() {
                break Ok(());
            }
            match self.sock.try_write(out) {
                Ok(n) => {
                    sent += n;
                    out.drain(..n);
                }
                Err(e) if e.kind() == ErrorKind::WouldBlock => break Ok(()),
                Err(e) => break Err(e),
            }
        };
        if sent > 0 && self.look().pending() < OUT_MAX / 2 {
            self.make_room();
        }
        done.map(|()| sent)
    }

    /// Whether more may be read: not while too much is unsent, or more streams are under way than there may be (those that
    /// were reset still are).
    pub fn may_read(&self, max_streams: u32) -> bool {
        let connection = self.look();
        connection.pending() < OUT_FULL && connection.streams() < 2 * max_streams as usize
    }

    /// Ends all streams: the connection is gone.
    pub fn fail_all(&self) {
        let all: Vec<_> = self.look().above(0).map(Rc::clone).collect();
        all.iter().for_each(|channel| channel.fail(false));
        self.waiting.take().into_iter().for_each(TaskId::notify);
    }
}

fn config(role: Role, http2: &Http2, limits: Limits) -> Config {
    let side = if role == Role::Server { &http2.front } else { &http2.back };
    // A frame has to fit into a buffer.
    let most = u32::try_from(buffer::size() / 2).unwrap_or(u32::MAX);
    let settings = Settings {
        header_table: http2.header_table,
        max_streams: if role == Role::Server { side.max_streams } else { 0 },
        initial_window: side.initial_window,
        max_frame: http2.max_frame.min(most).max(16_384),
        connect_protocol: role == Role::Server,
    };
    Config { settings, limits, max_block: limits.max_head as usize, spare_window: side.rx_buffer }
}
