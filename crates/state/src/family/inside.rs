//! What a thread tells of itself to commands of the Runtime API: what it has under way, what it has open, what it did. How
//! it knows is `engine`'s.

use crate::about::Effort;
use crate::endpoint::Endpoint;
use crate::family::Query;
use crate::{About, World};

/// How far a stream is with its server.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Step {
    /// It has not asked for one.
    #[default]
    Request,
    /// It waits for a place in one.
    Queue,
    /// A connection is being opened.
    Connect,
    Connected,
}

/// A stream under way. Proxies and servers by their numbers: the World it began with may be another one.
#[derive(Clone, Copy, Debug)]
pub struct Stream {
    /// Which one it is, among all of the process; and how many began before it on its thread.
    pub id: u64,
    pub count: u64,
    pub thread: u16,
    /// A conversation of the Runtime API: no frontend's.
    pub is_api: bool,
    pub client: Endpoint,
    /// The descriptors of the connections to the client and to the server, where they are sockets.
    pub sockets: [Option<i32>; 2],
    /// The numbers in the process of the frontend and of the address, and the backend's and the server's.
    pub frontend: u32,
    pub listening: u32,
    pub backend: Option<u32>,
    pub server: Option<u32>,
    pub step: Step,
    pub retries: u32,
    pub http: bool,
    pub http2: bool,
    /// When it began: monotonic nanoseconds, and microseconds since 1970.
    pub begun_ns: u64,
    pub begun_wall_us: u64,
    /// What its task took, and when what it waits for is given up (monotonic nanoseconds), if ever.
    pub effort: Effort,
    pub expires_ns: Option<u64>,
}

/// What a descriptor is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Owner {
    /// A socket that accepts, for the frontend with this number in the process and its `bind` line at this position; none
    /// for the Runtime API's.
    Listener(Option<(u32, u32)>),
    /// A connection to a client or to a server, with a stream on it or between two.
    Connection,
    /// Something else of this thread's.
    #[default]
    Other,
}

/// A descriptor that a thread watches.
#[derive(Clone, Copy, Debug, Default)]
pub struct Descriptor {
    pub number: i32,
    /// Whether reading and writing may be tried, and whether somebody waits for each.
    pub ready: [bool; 2],
    pub awaited: [bool; 2],
    /// Whether the kernel was asked to tell of each.
    pub watched: [bool; 2],
    /// The peer's end came; it broke.
    pub ended: bool,
    pub broken: bool,
    /// Owners that this number has had.
    pub generation: u32,
}

/// What a thread did since it began, and what it does now.
#[derive(Clone, Copy, Debug, Default)]
pub struct Activity {
    /// Turns of the loop; polls of tasks; events of the kernel; looks of the timers; messages of other threads.
    pub loops: u64,
    pub polls: u64,
    pub events: u64,
    pub timers: u64,
    pub messages: u64,
    pub accepts: u64,
    /// Events that came too late for what they were meant for.
    pub stale: u64,
    pub panics: u64,
    /// Turns in which no task ran, those that ended with tasks left to run, those that did not wait for events.
    pub empty_loops: u64,
    pub full_loops: u64,
    pub hurried_loops: u64,
    /// Whether tasks are timed.
    pub is_profiled: bool,
    /// Tasks that there are, and those that are ready to run.
    pub tasks: u32,
    pub ready: u32,
    /// Nanoseconds of the processor.
    pub cpu_ns: u64,
    pub busy_percent: u8,
    /// The thread's number in the system.
    pub system_id: u64,
}

/// What a thread keeps of one kind of memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pool {
    pub name: &'static str,
    /// Bytes of one.
    pub size: usize,
    /// How many are with somebody, and how many wait to be used again.
    pub used: usize,
    pub kept: usize,
}

/// A thread, as it tells of itself.
pub trait Inside {
    /// Counted from 0; the main thread's is behind the others'.
    fn number(&self) -> u16;
    /// Monotonic nanoseconds.
    fn now_ns(&self) -> u64;
    /// Visits each stream under way, with the first line of its request.
    fn streams(&self, visit: &mut dyn FnMut(&Stream, &[u8]));
    /// Has a stream end; false if it isn't this thread's.
    fn end_stream(&self, id: u64) -> bool;
    /// Visits each descriptor.
    fn descriptors(&self, visit: &mut dyn FnMut(&Descriptor, Owner));
    fn activity(&self) -> Activity;
    /// Visits what it keeps.
    fn pools(&self, visit: &mut dyn FnMut(Pool));
}

/// A question to all threads.
pub trait Survey: Send + Sync {
    /// Asks the thread this is called on.
    fn ask(&self, world: &World, thread: &dyn Inside);
    /// Appends the answer, or a part of it, once all have been asked: `from` is 0 at first, then what it gave.
    fn tell(&self, query: &Query<'_>, from: u64, out: &mut Vec<u8>) -> Told;
}

/// Whether all was told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Told {
    All,
    /// Goes on with this number.
    More(u64),
}

/// Threads of the process that can be asked.
pub fn threads(about: &About) -> usize {
    about.busy.iter().count()
}
