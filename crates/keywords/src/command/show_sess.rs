//! `show sess`, `shutdown session`: streams under way (management manual 9.3). What HAProxy tells of its own insides (flags
//! of channels, pointers of objects) is 0 or `(nil)` here: there are no such things.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};

use state::family::inside::{Inside, Step, Stream, Survey, Told};
use state::options::Mode;
use state::server::Address;
use state::session::Place;
use state::{Endpoint, Frontend, Server};

use super::anon;
use super::prelude::*;
use crate::clock::{self, Stamp};

pub(super) const KEYWORDS: &[Command] = &[
    operator(
        &["show", "sess"],
        "show sess [help|<id>|all|susp|older...]",
        "report the list of current streams or dump this exact stream",
        |query, _, out| match Wish::read(query) {
            Ok(Some(wish)) => Answer::Survey(Arc::new(List { wish, seen: Mutex::default() })),
            Ok(None) => {
                out.extend_from_slice(HELP.as_bytes());
                Answer::Done
            }
            Err(why) => query.refuse(&why, out),
        },
    ),
    admin(&["shutdown", "session"], "shutdown session [id]", "end a specific session", |query, _, out| {
        match identifier(query.word(2)) {
            Some(id) => Answer::Survey(Arc::new(End { id, found: AtomicBool::new(false) })),
            None => query.refuse("Session pointer expected (use 'show sess').", out),
        }
    }),
];

const HELP: &str = "Usage: show sess [<id> | all | help] [<options>*]\n\
    Dumps active streams (formerly called 'sessions'). Available selectors:\n   \
    <id>         dump only this stream identifier (0x...)\n   \
    all          dump all matching streams in large format\n   \
    help         show this message\n   \
    susp         report streams considered suspicious\n\
    Available options: \n   \
    show-uri     also display the transaction URI, if available\n   \
    older <age>  only display streams older than <age> seconds\n   \
    server <b/s> only show streams attached to this backend+server\n   \
    backend <b>  only show streams attached to this backend\n   \
    frontend <f> only show streams attached to this frontend\n\
    Without any argument, all streams are dumped in a shorter format.\n";

/// How many streams are told before the answer is sent on.
const PART: u64 = 256;

/// `0x...`
fn identifier(word: &[u8]) -> Option<u64> {
    let digits = std::str::from_utf8(word.strip_prefix(b"0x")?).ok()?;
    u64::from_str_radix(digits, 16).ok()
}

/// Which streams are wanted, and how much of each.
#[derive(Debug, Default)]
struct Wish {
    id: Option<u64>,
    large: bool,
    /// Only those that do nothing and have nothing to wait for.
    suspicious: bool,
    older_ns: Option<u64>,
    uri: bool,
    frontend: Option<u32>,
    backend: Option<u32>,
    server: Option<u32>,
}

impl Wish {
    /// None if help is wanted.
    fn read(query: &Query<'_>) -> Result<Option<Self>, String> {
        let mut wish = Self::default();
        let mut at = 3;
        match query.word(2) {
            b"help" => return Ok(None),
            b"all" => wish.large = true,
            b"susp" => (wish.large, wish.suspicious) = (true, true),
            b"older" => {
                wish.large = true;
                wish.older_ns = Some(age(query.word(3))?);
                at = 4;
            }
            word => match identifier(word) {
                Some(id) => (wish.id, wish.large) = (Some(id), true),
                None => at = 2,
            },
        }
        while !query.word(at).is_empty() {
            at += wish.option(query, at)?;
        }
        Ok(Some(wish))
    }

    /// Reads the option at this position; gives how many words it has.
    fn option(&mut self, query: &Query<'_>, at: usize) -> Result<usize, String> {
        let value = query.text(at + 1);
        match query.word(at) {
            b"show-uri" => {
                self.uri = true;
                return Ok(1);
            }
            b"older" => self.older_ns = Some(age(query.word(at + 1))?),
            b"susp" => {
                self.suspicious = true;
                return Ok(1);
            }
            b"server" if value.is_empty() => {
                return Err("Missing server name (<backend>/<server>).".to_owned());
            }
            b"server" => self.server = Some(seat(query, at + 1)?.server.live.uid),
            b"backend" if value.is_empty() => return Err("Missing backend name.".to_owned()),
            b"backend" => {
                self.backend = Some(backend_named(query.world, &value).ok_or("No such backend.")?.id);
            }
            b"frontend" if value.is_empty() => return Err("Missing frontend name.".to_owned()),
            b"frontend" => self.frontend = Some(frontend(query, at + 1)?.live.uid),
            other => {
                let other = String::from_utf8_lossy(other);
                return Err(format!("Unsupported option '{other}', try 'help' for more info."));
            }
        }
        Ok(2)
    }

    fn holds(&self, stream: &Stream, now_ns: u64) -> bool {
        let alike = |wanted: Option<u32>, is: Option<u32>| wanted.is_none_or(|wanted| is == Some(wanted));
        let age = now_ns.saturating_sub(stream.begun_ns);
        self.id.is_none_or(|id| id == stream.id)
            && self.older_ns.is_none_or(|least| age >= least)
            && alike(self.server, stream.server)
            && alike(self.backend, stream.backend)
            && alike(self.frontend, (!stream.is_api).then_some(stream.frontend))
            // Something that never gives up waiting is forgotten if nothing comes.
            && (!self.suspicious || (stream.expires_ns.is_none() && age >= SUSPICIOUS_NS))
    }
}

/// How long a stream may wait without an end in sight before that is odd.
const SUSPICIOUS_NS: u64 = 10_000_000_000;

fn age(word: &[u8]) -> Result<u64, String> {
    if word.is_empty() {
        return Err("Expects a minimum age (in seconds by default).".to_owned());
    }
    let ms = span_ms(word, 1000).ok_or("Invalid age.")?;
    Ok(ms.saturating_mul(1_000_000))
}

/// `show sess`.
struct List {
    wish: Wish,
    seen: Mutex<Vec<(Stream, Box<[u8]>)>>,
}

impl Survey for List {
    fn ask(&self, _: &World, thread: &dyn Inside) {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let now = thread.now_ns();
        thread.streams(&mut |stream, line| {
            if self.wish.holds(stream, now) {
                let line = if self.wish.uri { line.into() } else { Box::default() };
                seen.push((*stream, line));
            }
        });
    }

    fn tell(&self, query: &Query<'_>, from: u64, out: &mut Vec<u8>) -> Told {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if from == 0 {
            seen.sort_by_key(|(stream, _)| stream.id);
            if seen.is_empty() && self.wish.id.is_some() {
                let _ = query.plain("Session not found.", out);
            }
        }
        let mut text = String::new();
        let rest = seen.iter().skip(usize::try_from(from).unwrap_or(usize::MAX));
        for ((stream, line), _) in rest.zip(0..PART) {
            let told = Shown { query, stream };
            if self.wish.large {
                told.large(&mut text);
            } else {
                told.small(&mut text);
            }
            if !line.is_empty() {
                // What could be taken for an end of the line or of the quotes is left out.
                let line = line.escape_ascii();
                let _ = write!(text, "{}uri=\"{line}\"", if self.wish.large { "  " } else { " " });
                text.push_str(if self.wish.large { "\n" } else { "" });
            }
            if !self.wish.large {
                text.push('\n');
            }
        }
        out.extend_from_slice(text.as_bytes());
        let next = from + PART;
        if next < seen.len() as u64 { Told::More(next) } else { Told::All }
    }
}

/// One stream in words. Writing to a string can't fail.
struct Shown<'q> {
    query: &'q Query<'q>,
    stream: &'q Stream,
}

impl Shown<'_> {
    fn frontend(&self) -> Option<&Frontend> {
        let world = self.query.world;
        world.frontend(world.seats.frontend(self.stream.frontend)?)
    }

    fn backend(&self) -> Option<&Backend> {
        let id = self.stream.backend?;
        self.query.world.backends.iter().find(|backend| backend.id == id)
    }

    fn server(&self) -> Option<&Server> {
        let world = self.query.world;
        let (backend, server) = world.seats.server(self.stream.server?)?;
        world.backend(backend)?.server(server)
    }

    /// `tcpv4`, `tcpv6`, `unix_stream`, and the client's address.
    fn protocol(&self) -> (&'static str, String) {
        match self.stream.client {
            Endpoint::Inet(at) if at.is_ipv4() => ("tcpv4", anon::address(self.query, at)),
            Endpoint::Inet(at) => ("tcpv6", anon::address(self.query, at).replace(['[', ']'], "")),
            Endpoint::Unix => ("unix_stream", format!("unix:{}", self.listener().1)),
        }
    }

    /// The name and the number of the address that the client came to.
    fn listener(&self) -> (String, u32) {
        let world = self.query.world;
        let place = Place { frontend: self.stream.frontend, listening: self.stream.listening };
        let bind = || {
            let (frontend, bind) = world.seats.listening(place.listening)?;
            world.frontend(frontend)?.binds.get(usize::try_from(bind).ok()?)
        };
        match bind() {
            Some(bind) if !self.stream.is_api => (bind.name.as_deref().unwrap_or("?").to_owned(), bind.id),
            _ => ("?".to_owned(), 1),
        }
    }

    fn frontend_name(&self) -> Cow<'_, str> {
        let name = if self.stream.is_api { "GLOBAL" } else { self.frontend().map_or("?", |f| &f.name) };
        anon::name(self.query, name)
    }

    fn age(&self) -> String {
        let ns = self.query.now_ns.saturating_sub(self.stream.begun_ns);
        span(ns / 1_000_000)
    }

    /// When it gives up what it waits for.
    fn expires(&self) -> Option<String> {
        let ns = self.stream.expires_ns?.saturating_sub(self.query.now_ns);
        Some(span(ns / 1_000_000))
    }

    /// Calls of its task in a second.
    fn rate(&self) -> u64 {
        let seconds = self.query.now_ns.saturating_sub(self.stream.begun_ns) / 1_000_000_000;
        u64::from(self.stream.effort.calls) / seconds.max(1)
    }

    /// The states of both sides, as HAProxy numbers and names them.
    fn server_side(&self) -> (u8, &'static str) {
        match self.stream.step {
            Step::Connected => (8, "EST"),
            _ if self.stream.is_api => (8, "EST"),
            Step::Request => (0, "INI"),
            Step::Queue => (2, "QUE"),
            Step::Connect => (5, "CON"),
        }
    }

    fn descriptor(&self, side: usize) -> i32 {
        self.stream.sockets.get(side).copied().flatten().unwrap_or(-1)
    }

    fn small(&self, out: &mut String) {
        let stream = self.stream;
        let (protocol, source) = self.protocol();
        let backend = self.backend().map_or("<NONE>".into(), |b| anon::name(self.query, &b.name));
        let server = self.server().map_or("<none>".into(), |s| anon::name(self.query, &s.name));
        let connecting = if stream.step == Step::Connect { self.expires() } else { None };
        let _ = write!(
            out,
            "{:#x}: proto={protocol} src={source} fe={} be={backend} srv={server} ts=00 epoch=0 age={} calls={} rate={} \
             cpu={} lat={} rq[f=0h,i=0,an=00h,ax=] rp[f=0h,i=0,an=00h,ax=] scf=[8,0h,fd=1/{},rex=,wex=] \
             scb=[{},0h,fd=1/{},rex=,wex=] exp={} rc={} c_exp={}",
            stream.id,
            self.frontend_name(),
            self.age(),
            stream.effort.calls,
            self.rate(),
            stream.effort.cpu_ns,
            stream.effort.latency_ns,
            self.descriptor(0),
            self.server_side().0,
            self.descriptor(1),
            self.expires().unwrap_or_default(),
            stream.retries,
            connecting.unwrap_or_default(),
        );
    }

    fn large(&self, out: &mut String) {
        let stream = self.stream;
        let (protocol, source) = self.protocol();
        let mut date = Vec::new();
        clock::write_stamp(Stamp::Millis, stream.begun_wall_us, &mut date);
        let micros = stream.begun_wall_us % 1_000;
        let date = String::from_utf8_lossy(&date);
        let never = || "<NEVER>".to_owned();
        let connecting = if stream.step == Step::Connect { self.expires() } else { None };
        let _ = writeln!(
            out,
            "{:#x}: [{date}{micros:03}] id={} proto={protocol} source={source}",
            stream.id, stream.count
        );
        let _ = writeln!(
            out,
            "  flags=0x0, conn_retries={}, conn_exp={} conn_et=0x000 srv_conn=(nil), pend_pos=(nil) waiting={} epoch=0",
            stream.retries,
            connecting.unwrap_or_else(never),
            u8::from(stream.step == Step::Queue),
        );
        self.parties(out);
        let _ = writeln!(
            out,
            "  task=(nil) (state=0x00 nice=0 calls={} rate={} exp={} tid={}(1/{}) age={})",
            stream.effort.calls,
            self.rate(),
            self.expires().unwrap_or_else(never),
            stream.thread,
            stream.thread,
            self.age(),
        );
        self.sides(out, protocol);
    }

    /// The proxies and the server.
    fn parties(&self, out: &mut String) {
        let (listener, number) = self.listener();
        let mode = |mode: Mode| if mode == Mode::Http { "http" } else { "tcp" };
        let (id, of) = self.frontend().map_or((0, "tcp"), |f| (f.id, mode(f.mode)));
        let _ = writeln!(
            out,
            "  frontend={} (id={id} mode={of}), listener={listener} (id={number})",
            self.frontend_name()
        );
        let _ = match self.backend() {
            Some(backend) => {
                let name = anon::name(self.query, &backend.name);
                writeln!(out, "  backend={name} (id={} mode={})", backend.id, mode(backend.mode))
            }
            None => writeln!(out, "  backend=<NONE> (id=-1 mode=-)"),
        };
        let _ = match self.server() {
            Some(server) => {
                let at = match &*server.address() {
                    Address::Inet(at) => format!(" addr={}", anon::address(self.query, *at)),
                    _ => String::new(),
                };
                writeln!(out, "  server={} (id={}){at}", anon::name(self.query, &server.name), server.id)
            }
            None if self.stream.backend.is_some() => writeln!(out, "  server=<none> (id=0)"),
            None => writeln!(out, "  server=<NONE> (id=-1)"),
        };
    }

    /// Both ends and their connections.
    fn sides(&self, out: &mut String, protocol: &str) {
        let mux = match (self.stream.http, self.stream.http2) {
            (_, true) => "H2",
            (true, false) => "H1",
            (false, false) => "PASS",
        };
        let side = |out: &mut String, name: &str, state: &str, descriptor: i32, of: &str| {
            let end = if descriptor < 0 { "NONE" } else { "CONN" };
            let _ = writeln!(
                out,
                "  {name}=(nil) flags=0x00000000 state={state} endp={end},(nil),0x00000000 sub=0"
            );
            if descriptor >= 0 {
                let _ = writeln!(
                    out,
                    "      {of} flags=0x00000000 fd=1/{descriptor} fd.state=0 updt=0 fd.tmask=0x{:x}",
                    1u64 << (self.stream.thread % 64)
                );
            }
        };
        let client = format!("co0=(nil) ctrl={protocol} xprt=RAW mux={mux} target=LISTENER:(nil)\n     ");
        side(out, "scf", "EST", self.descriptor(0), &client);
        let mux = if self.stream.http { "H1" } else { "PASS" };
        let server = format!("co1=(nil) ctrl=tcpv4 xprt=RAW mux={mux} target=SERVER:(nil)\n     ");
        side(out, "scb", self.server_side().1, self.descriptor(1), &server);
    }
}

/// `shutdown session`.
struct End {
    id: u64,
    found: AtomicBool,
}

impl Survey for End {
    fn ask(&self, _: &World, thread: &dyn Inside) {
        if thread.end_stream(self.id) {
            self.found.store(true, Relaxed);
        }
    }

    fn tell(&self, query: &Query<'_>, _: u64, out: &mut Vec<u8>) -> Told {
        if !self.found.load(Relaxed) {
            let _ = query.refuse("No such session (use 'show sess').", out);
        }
        Told::All
    }
}
