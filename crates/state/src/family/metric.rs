//! Metrics: the columns of `show stat` and the lines of `show info` (management manual 9.1 to 9.3). CSV, typed lines and
//! JSON all come from these tables.

use std::borrow::Cow;
use std::fmt;

use crate::counters::{Block, Counter, Gauge, PerThread};
use crate::frontend::Bind;
use crate::http2::Http2;
use crate::options::Mode;
use crate::world::Level;
use crate::{About, Backend, Frontend, Server, World};

/// A metric.
pub struct Metric {
    /// The column, the line's name.
    pub name: &'static str,
    /// One sentence without a full stop.
    pub doc: &'static str,
    /// Origin, nature, scope and persistence, a letter each (management manual 9.2).
    pub tags: &'static str,
    /// Other tags for objects of one kind.
    pub tags_at: Option<(Scope, &'static str)>,
    pub scope: Scope,
    pub read: Read,
}

impl Metric {
    /// The four letters for this object.
    pub fn tags_of(&self, object: Object<'_>) -> &'static str {
        self.tags_at.filter(|(scope, _)| scope.has(object)).map_or(self.tags, |(_, tags)| tags)
    }
}

impl fmt::Debug for Metric {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

/// How a metric's value is had, by its type. None: it does not apply, or it isn't known.
#[derive(Clone, Copy)]
pub enum Read {
    U32(for<'a> fn(&Row<'a>) -> Option<u32>),
    S32(for<'a> fn(&Row<'a>) -> Option<i32>),
    U64(for<'a> fn(&Row<'a>) -> Option<u64>),
    /// Whole numbers unless fractions were asked for.
    Fraction(for<'a> fn(&Row<'a>) -> Option<f64>),
    Str(for<'a> fn(&Row<'a>) -> Option<Cow<'a, str>>),
}

/// A set of kinds of objects, with the numbers of `show stat`'s second argument.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scope(u8);

impl Scope {
    pub const FRONTEND: Self = Self(1);
    pub const BACKEND: Self = Self(2);
    pub const SERVER: Self = Self(4);
    pub const LISTENER: Self = Self(8);
    pub const PROCESS: Self = Self(16);
    pub const BACK: Self = Self(2 | 4);
    pub const PROXY: Self = Self(1 | 2);
    pub const FRONT: Self = Self(1 | 8);
    pub const SERVER_OR_LISTENER: Self = Self(4 | 8);
    pub const ALL: Self = Self(1 | 2 | 4 | 8);
    pub const NOT_SERVER: Self = Self(1 | 2 | 8);
    pub const NOT_LISTENER: Self = Self(1 | 2 | 4);

    /// The set a user asked for; every bit above the known ones is ignored.
    pub const fn from_bits(bits: u8) -> Self {
        Self(bits & Self::ALL.0)
    }

    pub const fn has(self, object: Object<'_>) -> bool {
        self.0 & object.scope().0 != 0
    }
}

/// What a row is about.
#[derive(Clone, Copy, Debug)]
pub enum Object<'a> {
    Process,
    Frontend(&'a Frontend),
    Listener(&'a Frontend, &'a Bind),
    Server(&'a Backend, &'a Server),
    Backend(&'a Backend),
}

impl Object<'_> {
    pub const fn scope(&self) -> Scope {
        match self {
            Self::Process => Scope::PROCESS,
            Self::Frontend(_) => Scope::FRONTEND,
            Self::Listener(..) => Scope::LISTENER,
            Self::Server(..) => Scope::SERVER,
            Self::Backend(_) => Scope::BACKEND,
        }
    }
}

/// What a metric reads from.
#[derive(Clone, Copy)]
pub struct Row<'a> {
    pub world: &'a World,
    pub about: &'a About,
    /// Who asks: addresses and cookies are not for everyone.
    pub level: Level,
    pub object: Object<'a>,
    /// Monotonic nanoseconds.
    pub now_ns: u64,
}

/// Where a `bind` line stands in its frontend.
fn position(frontend: &Frontend, bind: &Bind) -> Option<u32> {
    let at = frontend.binds.iter().position(|other| std::ptr::eq(other, bind))?;
    u32::try_from(at).ok()
}

impl<'a> Row<'a> {
    /// The counters of the object. A listener has some of its own where `option socket-stats` asks for it.
    pub fn counters(&self) -> Option<&'a PerThread<Block>> {
        match self.object {
            Object::Process => None,
            Object::Frontend(f) => Some(&f.live.counters),
            Object::Listener(f, bind) => f.listening(position(f, bind)?)?.counters.as_ref(),
            Object::Server(_, s) => Some(&s.live.counters),
            Object::Backend(b) => Some(&b.live.counters),
        }
    }

    /// A counter of the object over all threads.
    pub fn sum(&self, field: impl Fn(&Block) -> &Counter) -> Option<u64> {
        self.counters().map(|counters| counters.sum(field))
    }

    /// A figure of the object's HTTP/2 connections, over all threads.
    pub fn http2(&self, field: impl Fn(&Http2) -> &Counter) -> Option<u64> {
        let blocks = self.counters()?.iter().filter_map(|block| block.http2.get());
        Some(blocks.map(|http2| field(http2).get()).fold(0, u64::wrapping_add))
    }

    /// The sessions of the object.
    pub fn sessions(&self) -> Option<&'a Gauge> {
        match self.object {
            Object::Process => Some(&self.world.process.connections),
            Object::Frontend(f) => Some(&f.live.sessions),
            Object::Listener(f, bind) => f.listening(position(f, bind)?).map(|at| &at.clients),
            Object::Server(_, s) => Some(&s.live.sessions),
            Object::Backend(b) => Some(&b.live.sessions),
        }
    }

    pub fn frontend(&self) -> Option<&'a Frontend> {
        match self.object {
            Object::Frontend(f) | Object::Listener(f, _) => Some(f),
            _ => None,
        }
    }

    pub fn backend(&self) -> Option<&'a Backend> {
        match self.object {
            Object::Backend(b) | Object::Server(b, _) => Some(b),
            _ => None,
        }
    }

    pub fn server(&self) -> Option<&'a Server> {
        match self.object {
            Object::Server(_, s) => Some(s),
            _ => None,
        }
    }

    pub fn bind(&self) -> Option<&'a Bind> {
        match self.object {
            Object::Listener(_, b) => Some(b),
            _ => None,
        }
    }

    /// The mode of the object's proxy.
    pub fn mode(&self) -> Option<Mode> {
        self.frontend().map(|f| f.mode).or_else(|| self.backend().map(|b| b.mode))
    }

    /// Whether the object's proxy speaks HTTP.
    pub fn is_http(&self) -> bool {
        self.mode() == Some(Mode::Http)
    }

    /// Whole seconds since this monotonic time.
    pub fn seconds_since(&self, then_ns: u64) -> u64 {
        self.now_ns.saturating_sub(then_ns) / 1_000_000_000
    }
}
