//! Services: what answers requests in a server's place (manual 4.4 "use-service", 4.2 "stats enable").

use std::fmt;
use std::sync::Arc;

use crate::expr::Ctx;
use crate::rule::Act;

/// A service that rules may name.
pub struct Service {
    pub name: &'static str,
    pub doc: &'static str,
    pub make: fn() -> Arc<dyn Serve>,
}

impl fmt::Debug for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

/// What came of a request's body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Body {
    /// Nothing was read.
    Unread,
    /// All of it stands in `Stream::form`.
    Whole,
    /// More than can be held.
    TooLarge,
}

/// What an answer consists of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Begun {
    /// The head that stands in the stream's response, and nothing else.
    Head,
    /// That head, and a body that [`Serve::part`] gives.
    Parts,
    /// That head, which says how its body is framed; and the body.
    Framed,
    /// The page of this status.
    Page(u16),
    /// There was no room for the head.
    Failed,
}

/// Whether a body is complete.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flow {
    Done,
    /// Ask again with this number.
    More(u64),
}

/// A service at work. What it writes is sent part by part, so that it takes as much memory as a part.
pub trait Serve: Send + Sync + fmt::Debug {
    /// In the place of a server's name in logs: `<STATS>`.
    fn name(&self) -> &'static str;

    /// Whether it looks into bodies of requests with this method.
    fn wants_body(&self, method: http::Method) -> bool;

    /// Whether `http-response` rules see its answers, as they see a server's.
    fn heeds_rules(&self) -> bool {
        true
    }

    /// Puts the head of the answer into the stream's response, without headers about framing.
    fn begin(&self, act: &mut Act<'_>, body: Body) -> Begun;

    /// Appends the next part of the body. `from` is 0 at first, then what [`Flow::More`] said.
    fn part(&self, cx: &Ctx<'_>, from: u64, out: &mut Vec<u8>) -> Flow;
}
