//! Filters: what sees the heads and the bodies of a stream on their way and may change them (manual 9). What filters
//! exist is the business of `keywords`; when they are asked, `engine`'s.

use std::fmt;
use std::sync::Arc;

use crate::expr::Side;
use crate::rule::Act;

/// What is known of a message's body when its head goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    /// Bytes of its content, as far as that is known; 0 where nobody expects a body.
    pub length: Option<u64>,
    /// Whether its end shows by itself: a length, or chunks. Otherwise it lasts as long as the connection.
    pub delimited: bool,
    /// Bytes of its content that have come already.
    pub came: u64,
    /// It is no body, but all that this side sends from now on.
    pub tunnel: bool,
}

/// A filter of a proxy.
pub trait Filter: Send + Sync + fmt::Debug {
    /// Its word in the configuration.
    fn name(&self) -> &'static str;
    /// The cache it stores for, by its position in the World.
    fn cache(&self) -> Option<u32> {
        None
    }
    /// The number by which `set-bandwidth-limit` rules name it.
    fn limiter(&self) -> Option<u32> {
        None
    }
    /// Whether it also sees what the client sends once its connection speaks something else.
    fn sees_tunnels(&self) -> bool {
        self.limiter().is_some()
    }
    /// Sees the head of a message (`act.side` says which) after all rules, and may change it; gives what works on the body,
    /// if anything does. Streams of bytes have no head: `act.stream` holds no message then.
    fn head(&self, act: &mut Act<'_>, shape: &Shape) -> Option<Box<dyn Work>>;
}

/// A filter at work on one body.
pub trait Work: fmt::Debug {
    /// Whether it may change or hold back what it sees. One that doesn't is shown everything as it passes by, and what
    /// its `pass` says doesn't count.
    fn alters(&self) -> bool;
    /// Takes a piece of the content. What is to go on instead of it is appended to `out`.
    fn pass(&mut self, part: Part<'_>, out: &mut Vec<u8>) -> Passed;
    /// While it holds something back: until when, in monotonic nanoseconds. Then its `pass` is called again.
    fn holds_until(&self) -> Option<u64> {
        None
    }
    /// What it did so far.
    fn sums(&self) -> Sums {
        Sums::default()
    }
}

/// A piece of a body's content.
#[derive(Clone, Copy, Debug)]
pub struct Part<'a> {
    pub bytes: &'a [u8],
    /// Whether nothing comes after it.
    pub last: bool,
    /// Monotonic nanoseconds.
    pub now_ns: u64,
}

/// What becomes of a piece.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Passed {
    /// It goes on as it is.
    Same,
    /// What was appended goes on in its place.
    Other,
    /// It can't be passed on: the exchange breaks off.
    Broken,
}

/// What compression did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sums {
    /// Bytes given to it, and what it made of them.
    pub taken: u64,
    pub made: u64,
    /// Bytes that it passed on as they were.
    pub bypassed: u64,
}

/// The filters of a proxy, in the order in which they see each side; shared by both halves of a `listen`.
#[derive(Clone, Debug, Default)]
pub struct Filters {
    pub request: Arc<[Arc<dyn Filter>]>,
    pub response: Arc<[Arc<dyn Filter>]>,
}

impl Filters {
    /// Those of one side.
    pub fn of(&self, side: Side) -> &[Arc<dyn Filter>] {
        match side {
            Side::Request => &self.request,
            Side::Response => &self.response,
        }
    }
}
