//! Rules: a condition and an action. What actions exist is the business of `keywords`; in which order rule sets run,
//! `engine`'s.

use std::fmt;

use sample::{Bump, Value};

use crate::expr::{Ctx, Expr, Side};
use crate::log::Origin;
use crate::screen::Screen;
use crate::{Cond, Format, Session, Stream, World};

/// What follows from an action.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// On to the next rule.
    Next,
    /// No further rule of this set (`allow`, `accept`).
    Stop,
    /// A log line is to be written, then on to the next rule. `profile`: the one to use, by its position in the World.
    Log { profile: Option<u32>, origin: Origin },
    /// The answer stands in the stream's response: send it. `denied` counts it as a denial.
    Reply { denied: bool },
    /// The answer for this status, from the error pages.
    Deny { status: u16 },
    /// As `Deny`, after `timeout tarpit`.
    Tarpit { status: u16 },
    /// The stream's service answers.
    Serve,
    /// Close the client's connection without an answer.
    Close(Farewell),
    /// Close the server's connection, as if the server had done so before it answered.
    Sever,
    /// The connection speaks HTTP from here on (`switch-mode`).
    Upgrade,
    /// A condition can't be decided before more bytes come: then the same rule again.
    More,
    /// Wait for the body of the message, then go on with the next rule.
    Body(Wait),
    /// Go on with the next rule after so many milliseconds (`pause`).
    Pause(u32),
    /// Go on with the next rule once the address is known that the stream's `trail` wants looked up (`do-resolve`).
    Lookup,
    /// Go on with the next rule once the handshake of the client's connection is complete (`wait-for-handshake`).
    Handshake,
    /// What the action would have written into the message found no room: 500, unless the rules are lenient
    /// (`strict-mode off`).
    NoRoom,
    /// The message is not what it should be: 400.
    Invalid,
    /// The action could not be done for lack of room or memory: 500.
    Failed,
}

/// How long to wait for a body, and for how much of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wait {
    pub ms: u32,
    /// Bytes that are enough; 0: all, or as much as a buffer holds.
    pub at_least: u64,
    /// Whether a buffer that is too small for it gives way to a large one (`tune.bufsize.large`).
    pub large: bool,
}

/// How a client's connection ends that gets no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Farewell {
    /// With an orderly end.
    Close,
    /// With a reset.
    Reset,
    /// The client is told nothing at all: it goes on waiting.
    Silence,
    /// With a reset that dies after so many hops, for what stands in between.
    FadingReset(u8),
}

/// What an action works on.
pub struct Act<'w> {
    pub world: &'w World,
    pub session: &'w mut Session,
    /// Absent in connection and session rules.
    pub stream: Option<&'w mut Stream>,
    pub side: Side,
    pub arena: &'w Bump,
    pub now_ns: u64,
    pub wall_us: u64,
    pub thread: u16,
}

impl<'w> Act<'w> {
    /// The read-only view for expressions.
    pub fn ctx(&self) -> Ctx<'_> {
        Ctx {
            world: self.world,
            session: self.session,
            stream: self.stream.as_deref(),
            side: self.side,
            arena: self.arena,
            now_ns: self.now_ns,
            wall_us: self.wall_us,
            thread: self.thread,
        }
    }

    /// Evaluates an expression and copies what it borrows, so that the stream can be changed with it.
    pub fn eval(&self, expr: &Expr) -> Option<Value<'w>> {
        let value = expr.eval(&self.ctx())?;
        let arena: &'w Bump = self.arena;
        let own = |b: &[u8]| -> &'w [u8] { arena.alloc_slice_copy(b) };
        Some(match value {
            Value::Str(b) => Value::Str(own(b)),
            Value::Bin(b) => Value::Bin(own(b)),
            Value::Meth(b) => Value::Meth(own(b)),
            Value::Bool(v) => Value::Bool(v),
            Value::Sint(v) => Value::Sint(v),
            Value::Ipv4(v) => Value::Ipv4(v),
            Value::Ipv6(v) => Value::Ipv6(v),
        })
    }

    /// The text of a format, in the arena (or in the World when it is constant).
    pub fn text(&self, format: &'w Format) -> &'w [u8] {
        if let Some(text) = format.as_constant() {
            return text;
        }
        let mut out = Vec::with_capacity(128);
        format.write(&self.ctx(), &mut out);
        let arena: &'w Bump = self.arena;
        arena.alloc_slice_copy(&out)
    }

    /// The message that the rule set works on.
    pub fn message(&mut self) -> Option<&mut http::Message> {
        let side = self.side;
        self.stream.as_deref_mut().map(|s| match side {
            Side::Request => &mut s.request,
            Side::Response => &mut s.response,
        })
    }
}

/// What a rule does.
pub trait Action: Send + Sync + fmt::Debug {
    fn run<'w>(&'w self, act: &mut Act<'w>) -> Verdict;

    /// Whether it does what its name says. One that doesn't was read for what is wrong with its words, and is not to be
    /// put into a rule set.
    fn is_run(&self) -> bool {
        true
    }
}

/// A rule of a set.
#[derive(Debug)]
pub struct Rule {
    pub cond: Option<Cond>,
    pub action: Box<dyn Action>,
    /// The action's word.
    pub name: &'static str,
    /// Where it was written, where logs may tell (`last_rule_file`).
    pub place: Option<Place>,
    /// Where it was written.
    pub written: Place,
}

/// A line of the configuration: the position of its file in [`World::files`], and its number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Place {
    pub file: u16,
    pub line: u32,
}

/// A list of rules, in order.
#[derive(Debug, Default)]
pub struct RuleList {
    rules: Box<[Rule]>,
    /// What tells beforehand which of them can apply, where the list is long enough for it.
    pub screen: Option<Screen>,
}

impl RuleList {
    pub fn new(rules: Vec<Rule>, screen: Option<Screen>) -> Self {
        Self { rules: rules.into(), screen }
    }
}

impl std::ops::Deref for RuleList {
    type Target = [Rule];

    fn deref(&self) -> &[Rule] {
        &self.rules
    }
}

/// Rules that both halves of a `listen` share.
pub type Rules = std::sync::Arc<RuleList>;
