//! The shapes of the keyword families. A keyword is a `const` value of one of these in a file of its own in
//! `keywords`: name, signature, documentation, examples, function (DESIGN 4).

use std::fmt;
use std::ops::ControlFlow;

use sample::{ArgSpec, Args, Type, Value};

use crate::expr::{Ctx, Expr, Side};
use crate::format::Flags;
use crate::rule::Action;
use crate::table::KeyKind;
use crate::{Backend, Format, Timer};

mod command;
pub mod inside;
mod metric;
mod service;

pub use command::{
    Answer, Changes, Chore, Command, Console, DefaultServers, Defaults, Edit, Errand, Gate, Part, Progress,
    Purpose, Query, Report, Reporting, Talk, Wanted,
};
pub use sample::Owned;

pub use metric::{Metric, Object, Read, Row, Scope};
pub use service::{Begun, Body, Flow, Serve, Service};

/// Shows what a keyword does, in the manual and as a test: `expr` evaluated on the raw request (and response, after a
/// line of its own `---`) `given` prints as `gives`; `-` means no sample.
#[derive(Clone, Copy, Debug)]
pub struct Example {
    pub given: &'static str,
    pub expr: &'static str,
    pub gives: &'static str,
}

/// What must exist for a fetch to find anything; which rule sets may use it follows from it (manual 7.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Needs {
    /// Not even a process that serves: constants.
    Constant,
    /// Counters, process state: works wherever traffic flows.
    Nothing,
    /// As `Nothing`, but it depends on whether more bytes may come (`wait_end`).
    Inspection,
    /// The client's connection.
    Client,
    /// The frontend that took it.
    Frontend,
    /// A session: the client's connection once it is set up.
    Session,
    /// A request that began: what is kept of it to the end, logs included (`method`, `capture.req.uri`).
    Request,
    /// What was counted of a request, of a whole exchange.
    RequestCounts,
    TransactionCounts,
    /// A request's head.
    RequestHead,
    /// Request content beyond the head.
    RequestBody,
    /// The raw bytes that came of a request, of a response, of the side that the rule set works on.
    RequestBuffer,
    ResponseBuffer,
    EitherBuffer,
    /// A backend was chosen.
    Backend,
    /// A server was chosen.
    ServerChosen,
    /// The server's address and what came of connecting to it.
    Server,
    /// The connection to the server.
    ServerConnection,
    /// What is kept of a response to the end.
    Response,
    /// As `Response`, of one that a cache may have given in the server's place.
    CachedResponse,
    /// What was counted of a response.
    ResponseCounts,
    /// A response's head.
    ResponseHead,
    /// Response content beyond the head.
    ResponseBody,
    /// A head of either side, by the rule set at work (`hdr`).
    EitherHead,
    /// The finished stream, in logs.
    Log,
}

impl Needs {
    /// Whether it is about bytes before anything is made of them.
    pub const fn is_raw(self) -> bool {
        matches!(self, Self::RequestBuffer | Self::ResponseBuffer | Self::EitherBuffer)
    }
}

/// Gives one value.
pub type Get = for<'a> fn(&'a Args, &Ctx<'a>) -> Option<Value<'a>>;

/// Gives each value in turn until told to stop.
pub type Each = for<'a> fn(&'a Args, &Ctx<'a>, &mut dyn FnMut(Value<'a>) -> ControlFlow<()>);

/// A sample fetch.
pub struct Fetch {
    pub name: &'static str,
    pub args: &'static [ArgSpec],
    pub gives: Type,
    pub needs: Needs,
    pub doc: &'static str,
    pub examples: &'static [Example],
    /// The value a log line or a header gets.
    pub get: Get,
    /// For fetches that can find several values: an ACL asks for each of them.
    pub each: Option<Each>,
}

/// A converter.
pub struct Converter {
    pub name: &'static str,
    pub args: &'static [ArgSpec],
    pub takes: Type,
    pub gives: Type,
    pub doc: &'static str,
    pub examples: &'static [Example],
    pub run: for<'a> fn(&'a Args, Value<'a>, &Ctx<'a>) -> Option<Value<'a>>,
}

/// An ACL keyword that stands for a fetch with a matching method (`path_beg` is `path -m beg`).
#[derive(Clone, Copy, Debug)]
pub struct Criterion {
    pub name: &'static str,
    pub fetch: &'static str,
    pub matching: sample::MatchKind,
}

/// The rule sets, in the words that begin their lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RuleSet {
    TcpRequestConnection,
    TcpRequestSession,
    TcpRequestContent,
    TcpResponseContent,
    HttpRequest,
    HttpResponse,
    HttpAfterResponse,
}

impl RuleSet {
    /// Every set, in the order of the enumeration.
    pub const ALL: [Self; 7] = [
        Self::TcpRequestConnection,
        Self::TcpRequestSession,
        Self::TcpRequestContent,
        Self::TcpResponseContent,
        Self::HttpRequest,
        Self::HttpResponse,
        Self::HttpAfterResponse,
    ];

    /// The words a line of this set begins with.
    pub const fn words(self) -> &'static str {
        match self {
            Self::TcpRequestConnection => "tcp-request connection",
            Self::TcpRequestSession => "tcp-request session",
            Self::TcpRequestContent => "tcp-request content",
            Self::TcpResponseContent => "tcp-response content",
            Self::HttpRequest => "http-request",
            Self::HttpResponse => "http-response",
            Self::HttpAfterResponse => "http-after-response",
        }
    }

    pub const fn side(self) -> Side {
        match self {
            Self::HttpResponse | Self::HttpAfterResponse | Self::TcpResponseContent => Side::Response,
            _ => Side::Request,
        }
    }
}

/// A rule's action.
pub struct ActionKind {
    /// The word in the configuration, without parentheses; `set-var` takes `set-var(txn.x)`.
    pub name: &'static str,
    /// Whether the name is followed by arguments in parentheses.
    pub parenthesised: bool,
    pub sets: &'static [RuleSet],
    pub doc: &'static str,
    /// Whole configuration lines that must compile, without the rule set's words.
    pub examples: &'static [&'static str],
    pub parse: fn(&mut Parse<'_>) -> Result<Box<dyn Action>, String>,
}

/// What an action's parser gets: the words after its name, and the compiler for what they contain.
pub struct Parse<'a> {
    pub set: RuleSet,
    /// The action's word as it was written.
    pub word: &'a str,
    /// What stood in parentheses after the name, if anything.
    pub inside: Option<&'a str>,
    pub words: Words<'a>,
    pub compiler: &'a mut dyn Compiler,
}

impl Parse<'_> {
    /// Refuses a word too many where the action says so itself.
    pub fn only(&self, expects: &str) -> Result<(), String> {
        if self.words.at_end() { Ok(()) } else { Err(expects.to_owned()) }
    }

    /// The next word, or an error that names what is missing.
    pub fn need(&mut self, what: &str) -> Result<&str, String> {
        self.words.next().ok_or_else(|| format!("missing {what}"))
    }
}

/// A filter's keyword.
pub struct FilterKind {
    pub name: &'static str,
    /// Its kind, as lists of filters show it.
    pub tag: &'static str,
    pub doc: &'static str,
    /// Words after `filter` that must compile.
    pub examples: &'static [&'static str],
    pub parse: fn(&mut Parse<'_>) -> Result<std::sync::Arc<dyn crate::filter::Filter>, String>,
}

/// The words of a line, taken from the front. The condition (`if`, `unless`) stays for the rule's own parser.
#[derive(Clone, Copy, Debug)]
pub struct Words<'a> {
    words: &'a [&'a str],
}

impl<'a> Words<'a> {
    pub const fn new(words: &'a [&'a str]) -> Self {
        Self { words }
    }

    pub fn peek(&self) -> Option<&'a str> {
        self.words.first().copied()
    }

    /// Whether the condition begins here, or the line ends.
    pub fn at_end(&self) -> bool {
        matches!(self.peek(), None | Some("if" | "unless"))
    }

    pub fn rest(&self) -> &'a [&'a str] {
        self.words
    }

    /// Drops the first `n` words.
    pub fn advance(&mut self, n: usize) {
        self.words = self.words.get(n..).unwrap_or_default();
    }

    /// Takes the next word if it is `word`.
    pub fn accept(&mut self, word: &str) -> bool {
        let found = self.peek() == Some(word);
        if found {
            self.advance(1);
        }
        found
    }
}

impl<'a> Iterator for Words<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        let (first, rest) = self.words.split_first()?;
        self.words = rest;
        Some(first)
    }
}

/// The half of a proxy that something concerns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Half {
    Front,
    Back,
}

/// What turns text into expressions while a configuration is built. Implemented by `plan`; errors are sentences for
/// the user.
pub trait Compiler {
    /// Compiles the sample expression at the front of `words`, converters included, and takes its words.
    fn expr(&mut self, words: &mut Words<'_>) -> Result<Expr, String>;
    /// As `expr`, for the key of a stick table; messages say that what it needs is not available `at`.
    fn key(&mut self, words: &mut Words<'_>, at: &str) -> Result<Expr, String>;
    /// As `expr`, where it is said of `subject`, the word that the user gave the action by, if it can't stand there.
    fn expr_for(&mut self, subject: &str, words: &mut Words<'_>) -> Result<Expr, String>;
    /// As `expr`, for the few places that take a fetch which can't find anything there: it then gives no sample.
    fn expr_anywhere(&mut self, words: &mut Words<'_>) -> Result<Expr, String>;
    /// Compiles a log-format string that becomes part of a message's head: control characters are written as `%XX`.
    fn format(&mut self, text: &str) -> Result<Format, String>;
    /// Compiles a log-format string whose text stays as it is: a body, a variable.
    fn body(&mut self, text: &str) -> Result<Format, String>;
    /// Resolves `scope.name` to a variable.
    fn var(&mut self, name: &str) -> Result<sample::arg::VarRef, String>;
    /// A regular expression.
    fn regex(&mut self, text: &str, fold: bool) -> Result<sample::Regex, String>;
    /// The content of a file named in the configuration.
    fn file(&mut self, path: &str) -> Result<Vec<u8>, String>;
    /// Notes that rules change the list of patterns of this name; gives the name it goes by in the World.
    fn changes(&mut self, list: &str) -> Box<str>;
    /// Whether the proxy at hand has servers.
    fn has_servers(&self) -> bool;
    /// The replies that an `http-errors` section holds, by name; the one for `status` is needed.
    fn http_errors(
        &mut self,
        section: &str,
        status: u16,
    ) -> Result<std::sync::Arc<crate::reply::Pages>, String>;
    /// Needs the slot `id` among the captured headers of this side, wherever it is declared.
    fn need_capture(&mut self, side: Side, id: usize);
    /// A slot for `capture ... len N` among the captured headers of this side; gives its number.
    fn capture(&mut self, side: Side, len: usize) -> Result<u32, String>;
    /// The position of a `log-profile` section in the World.
    fn log_profile(&mut self, name: &str) -> Result<u32, String>;
    /// The position of a stick table in the World, and what it is keyed by; without a name that of the proxy at hand.
    fn table(&mut self, name: Option<&str>) -> Result<(u32, KeyKind), String>;
    /// The name of the proxy at hand.
    fn proxy(&self) -> &str;
    /// How many sets of counters can be tracked at once (`tune.stick-counters`).
    fn stick_counters(&self) -> u32;
    /// Whether the table at this position holds this kind of data.
    fn table_stores(&self, table: u32, kind: crate::table::Kind) -> bool;
    /// The number of the bandwidth limitation filter that the proxy at hand calls so; one that doesn't exist is remarked on
    /// later.
    fn limiter(&mut self, name: &str) -> u32;
    /// The position of a `resolvers` section in the World.
    fn resolvers(&mut self, name: &str) -> Result<u32, String>;
    /// The position of a `cache` section in the World; one that doesn't exist is remarked on later.
    fn cache(&mut self, name: &str) -> u32;
    /// Milliseconds of a time with its unit (`100ms`, `2s`; without one milliseconds).
    fn duration(&mut self, text: &str) -> Option<u32>;
    /// A time with its unit, or an expression that gives milliseconds; `rule` is how messages call the rule.
    fn timer(&mut self, words: &mut Words<'_>, rule: &str) -> Result<Timer, String>;
    /// How messages call the proxy at hand: `frontend 'web'`.
    fn title(&self) -> String;
    /// Refuses what the proxy at hand has no use for.
    fn need_half(&self, half: Half) -> Result<(), String>;
    /// Bytes of a size with its unit (`1k`).
    fn size(&mut self, text: &str) -> Option<u64>;
    /// An address with its port, 0 where none is given; names are resolved.
    fn address(&mut self, text: &str) -> Result<std::net::SocketAddr, String>;
    /// Says something the user should know which is no error.
    fn warn(&mut self, text: String);
}

/// From when on an alias, or a whole line, has what it tells: a line that needs no more is written then, without
/// waiting for the end (manual 4.2 "log-steps").
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Known {
    /// It tells nothing of the transaction.
    #[default]
    Always,
    /// With the request's head.
    Request,
    /// With the response's head; in TCP mode with the server's connection.
    Response,
    /// At the end: byte counts, times, how it ended.
    End,
}

/// One alias of the log format (`%ci`), or several letters of one idea.
pub struct Alias {
    /// Without the percent sign.
    pub name: &'static str,
    pub doc: &'static str,
    /// When the value is known.
    pub known: Known,
    /// Appends the value. The flags matter to aliases that have a form in hexadecimal or several values; quoting the whole
    /// and encoding are the format's business.
    pub write: fn(&Ctx<'_>, Flags, &mut Vec<u8>) -> Written,
}

/// What an alias wrote.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Written {
    /// Nothing: the line shows `-`.
    Nothing,
    /// Digits, dates and the like, which are never quoted; or nothing that should show.
    Plain,
    /// A number in hexadecimal digits: as `Plain`, but a text where values have types.
    Digits,
    /// A value in the encoding that the flags ask for.
    Value,
    /// Text that is encoded already, to be quoted.
    Encoded,
    /// Text that came from outside, to be escaped and quoted.
    Text,
}

/// What a balancing algorithm may look at.
pub struct Pick<'a> {
    pub cx: &'a Ctx<'a>,
    pub backend: &'a Backend,
    /// A random number, from the thread's generator.
    pub random: u64,
    /// The server to avoid: the one that just failed, when another can be had.
    pub avoid: Option<u32>,
}

/// A balancing algorithm at work in one backend.
pub trait Balance: Send + Sync + fmt::Debug {
    /// The position of the chosen server. Only servers that can take a connection now count; none if there is none.
    fn pick(&self, pick: &Pick<'_>) -> Option<u32>;
    /// Whether it sends the same request to the same server again while nothing changes: then a failed attempt is
    /// repeated there first, and no other preference changes the choice.
    fn is_sticky(&self) -> bool {
        false
    }
    /// The position of the server that gets this message (`mode log`).
    fn pick_for_message(&self, _message: &[u8], _cx: &Ctx<'_>, _random: u64) -> Option<u32> {
        None
    }
    /// Whether weights may change while it runs.
    fn is_dynamic(&self) -> bool {
        true
    }
    /// A server's state, weight or address changed: recompute what was derived from it. Not on the traffic path.
    fn changed(&self, backend: &Backend);
}

/// A balancing algorithm's keyword.
pub struct Balancer {
    pub name: &'static str,
    pub doc: &'static str,
    /// Words after `balance` that must compile.
    pub examples: &'static [&'static str],
    pub parse: fn(&mut Parse<'_>) -> Result<Box<dyn Balance>, String>,
}

/// An option that has servers checked in a protocol it knows (`option redis-check`).
pub struct CheckOption {
    pub name: &'static str,
    pub doc: &'static str,
    /// Words behind the option that must be taken.
    pub examples: &'static [&'static str],
    /// The steps, from the words behind the option. Errors are whole sentences.
    pub make: fn(&[&str]) -> Result<Vec<crate::check::Does>, String>,
}

macro_rules! debug_by_name {
    ($($family:ty),*) => {$(
        impl fmt::Debug for $family {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.name)
            }
        }
    )*};
}
debug_by_name!(Fetch, Converter, ActionKind, Alias, Balancer, FilterKind, CheckOption);
