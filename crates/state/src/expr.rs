//! Sample expressions: a fetch, then converters. Compiled by `plan`, evaluated here.

use std::ops::ControlFlow;

use sample::{Args, Bump, Type, Value, cast};

use crate::family::{Converter, Fetch};
use crate::table::Tracked;
use crate::{Endpoint, Session, Stream, World};

/// Which message the rule at work looks at: `hdr` means the request's in request rules, the response's in the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    Request,
    Response,
}

/// What a fetch may look at.
#[derive(Clone, Copy)]
pub struct Ctx<'a> {
    pub world: &'a World,
    pub session: &'a Session,
    /// Absent while only a connection exists.
    pub stream: Option<&'a Stream>,
    pub side: Side,
    /// Bytes that live until the end of the rule set.
    pub arena: &'a Bump,
    /// Monotonic nanoseconds, read once a loop turn.
    pub now_ns: u64,
    /// Microseconds since 1970.
    pub wall_us: u64,
    /// The number of the thread.
    pub thread: u16,
}

impl<'a> Ctx<'a> {
    /// Where the client comes from, as far as rules have not said otherwise.
    #[inline]
    pub fn source(&self) -> Endpoint {
        self.stream.and_then(|s| s.source).unwrap_or(self.session.source)
    }

    /// The entry of a stick table that the stream or its session tracks under this number.
    #[inline]
    pub fn tracked(&self, number: u32) -> Option<&'a Tracked> {
        let stream = self.stream.and_then(|s| s.counters.get(number));
        stream.or_else(|| self.session.counters.get(number))
    }

    /// Monotonic milliseconds.
    #[inline]
    pub const fn now_ms(&self) -> u64 {
        self.now_ns / 1_000_000
    }

    /// Where the client connected to, likewise; none where nothing in the World asks for it.
    #[inline]
    pub fn destination(&self) -> Option<Endpoint> {
        self.stream.and_then(|s| s.destination).or(self.session.destination)
    }
}

/// One converter with its arguments.
#[derive(Clone, Debug)]
pub struct Step {
    pub converter: &'static Converter,
    pub args: Args,
}

/// A fetch and the converters after it.
#[derive(Clone, Debug)]
pub struct Expr {
    pub fetch: &'static Fetch,
    pub args: Args,
    pub steps: Box<[Step]>,
}

impl Expr {
    /// The type the whole expression gives, through converters that keep their input's.
    pub fn gives(&self) -> Type {
        let kept = |t: &Type| *t != Type::Same;
        self.steps.iter().rev().map(|s| s.converter.gives).find(kept).unwrap_or(self.fetch.gives)
    }

    /// The one value of the expression; none where the fetch finds nothing or a conversion fails.
    #[inline]
    pub fn eval<'a>(&'a self, cx: &Ctx<'a>) -> Option<Value<'a>> {
        let value = (self.fetch.get)(&self.args, cx)?;
        self.convert(value, cx)
    }

    /// Calls `visit` with each value of a fetch that can find several (header values, cookies), until it breaks.
    pub fn each<'a>(&'a self, cx: &Ctx<'a>, visit: &mut dyn FnMut(Value<'a>) -> ControlFlow<()>) {
        match self.fetch.each {
            None => {
                if let Some(value) = self.eval(cx) {
                    let _ = visit(value);
                }
            }
            Some(each) => each(&self.args, cx, &mut |value| match self.convert(value, cx) {
                Some(value) => visit(value),
                None => ControlFlow::Continue(()),
            }),
        }
    }

    /// Whether another expression always gives the same sample.
    pub fn is_same(&self, other: &Self) -> bool {
        let same = |a: &Step, b: &Step| std::ptr::eq(a.converter, b.converter) && a.args.is_same(&b.args);
        std::ptr::eq(self.fetch, other.fetch)
            && self.args.is_same(&other.args)
            && self.steps.len() == other.steps.len()
            && self.steps.iter().zip(&other.steps).all(|(a, b)| same(a, b))
    }

    /// What the converters make of a value that stands in the place of the fetch's.
    pub fn apply<'a>(&'a self, value: Value<'a>, cx: &Ctx<'a>) -> Option<Value<'a>> {
        self.convert(value, cx)
    }

    fn convert<'a>(&'a self, mut value: Value<'a>, cx: &Ctx<'a>) -> Option<Value<'a>> {
        for step in &self.steps {
            let input = cast(value, step.converter.takes, cx.arena)?;
            value = (step.converter.run)(&step.args, input, cx)?;
        }
        Some(value)
    }
}
