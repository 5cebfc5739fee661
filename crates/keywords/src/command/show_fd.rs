//! `show fd`: the descriptors that threads watch (management manual 9.3). Pointers and flags of HAProxy's own are 0 or
//! `(nil)`.

use std::fmt::Write as _;
use std::sync::{Arc, Mutex, PoisonError};

use state::Endpoint;
use state::family::inside::{Descriptor, Inside, Owner, Stream, Survey, Told};
use state::frontend::BindAddress;

use super::prelude::*;

pub(super) const KEYWORDS: &[Command] = &[operator(
    &["show", "fd"],
    "show fd [-!plcfbsd]* [num]",
    "dump list of file descriptors in use or a specific one",
    |query, _, out| match Wish::read(query) {
        Ok(wish) => Answer::Survey(Arc::new(List { wish, seen: Mutex::default() })),
        Err(why) => query.refuse(why, out),
    },
)];

/// How many are told before the answer is sent on.
const PART: usize = 256;

/// Which kinds are wanted: of pipes, listeners, connections, those of frontends, of backends, of servers, and datagrams'.
#[derive(Clone, Copy, Debug)]
struct Wish {
    number: Option<i64>,
    other: bool,
    listeners: bool,
    fronts: bool,
    backs: bool,
}

impl Wish {
    fn read(query: &Query<'_>) -> Result<Self, &'static str> {
        let none = Self { number: None, other: false, listeners: false, fronts: false, backs: false };
        let all = Self { other: true, listeners: true, fronts: true, backs: true, ..none };
        let word = query.word(2);
        if word.is_empty() {
            return Ok(all);
        }
        if let (number, true) = number(word) {
            return Ok(Self { number: Some(number), ..all });
        }
        let (mut wish, on, letters) = match word {
            [b'-' | b'!', rest @ ..] => (all, false, rest),
            letters => (none, true, letters),
        };
        for letter in letters {
            match letter {
                b'p' | b'd' => wish.other = on,
                b'l' => wish.listeners = on,
                b'c' => (wish.fronts, wish.backs) = (on, on),
                b'f' => wish.fronts = on,
                b'b' | b's' => wish.backs = on,
                _ => return Err("Invalid FD type"),
            }
        }
        Ok(wish)
    }

    fn holds(&self, found: &Found) -> bool {
        self.number.is_none_or(|number| number == i64::from(found.descriptor.number))
            && match (found.owner, found.stream) {
                (Owner::Listener(_), _) => self.listeners,
                (_, Some((_, back))) => {
                    if back {
                        self.backs
                    } else {
                        self.fronts
                    }
                }
                (Owner::Connection, None) => self.fronts || self.backs,
                (Owner::Other, None) => self.other,
            }
    }
}

#[derive(Clone, Copy)]
struct Found {
    descriptor: Descriptor,
    owner: Owner,
    thread: u16,
    /// The stream on it, and whether it is the server's side.
    stream: Option<(Stream, bool)>,
}

struct List {
    wish: Wish,
    seen: Mutex<Vec<Found>>,
}

impl Survey for List {
    fn ask(&self, _: &World, thread: &dyn Inside) {
        let mut streams = Vec::new();
        thread.streams(&mut |stream, _| {
            let ends = stream.sockets.iter().zip([false, true]);
            streams.extend(ends.filter_map(|(socket, back)| Some(((*socket)?, (*stream, back)))));
        });
        streams.sort_by_key(|(number, _)| *number);
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        thread.descriptors(&mut |descriptor, owner| {
            let at = streams.binary_search_by_key(&descriptor.number, |(number, _)| *number).ok();
            let stream = at.and_then(|at| streams.get(at)).map(|(_, stream)| *stream);
            let found = Found { descriptor: *descriptor, owner, thread: thread.number(), stream };
            if self.wish.holds(&found) {
                seen.push(found);
            }
        });
    }

    fn tell(&self, query: &Query<'_>, from: u64, out: &mut Vec<u8>) -> Told {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if from == 0 {
            seen.sort_by_key(|found| found.descriptor.number);
        }
        let start = usize::try_from(from).unwrap_or(usize::MAX);
        let mut text = String::new();
        for found in seen.iter().skip(start).take(PART) {
            line(query.world, found, &mut text);
        }
        out.extend_from_slice(text.as_bytes());
        let next = start.saturating_add(PART);
        if next < seen.len() { Told::More(next as u64) } else { Told::All }
    }
}

/// Writing to a string can't fail.
fn line(world: &World, found: &Found, out: &mut String) {
    let fd = &found.descriptor;
    let [reads, writes] = fd.watched;
    let [may_read, may_write] = fd.ready;
    let state =
        u32::from(reads) | u32::from(may_read) << 1 | u32::from(writes) << 4 | u32::from(may_write) << 5;
    let letter = |on: bool, letter: char| if on { letter.to_ascii_uppercase() } else { letter };
    let mask = 1u64 << (found.thread % 64);
    let masked = |on: bool| if on { mask } else { 0 };
    let _ = write!(
        out,
        "{:>7} : st=0x{state:06x}(cl {}{}op{} W:s{}{} R:s{}{}) ref=0 gid=1 tmask={mask:#x} umask=0x0 prmsk={:#x} \
         pwmsk={:#x} owner=(nil) gen={} tkov=0 ",
        fd.number,
        letter(fd.ended, 'h'),
        letter(fd.broken, 'e'),
        letter(may_read, 'i'),
        letter(may_write, 'r'),
        letter(writes, 'a'),
        letter(may_read, 'r'),
        letter(reads, 'a'),
        masked(reads),
        masked(writes),
        fd.generation,
    );
    match (found.owner, found.stream) {
        (Owner::Listener(of), _) => listener(world, of, out),
        (_, Some((stream, back))) => connection(world, &stream, back, out),
        (Owner::Connection, None) => out.push_str("iocb=(nil)(connection) back=0 cflg=0x00000000 cerr=0"),
        (Owner::Other, None) => out.push_str("iocb=(nil)(other)"),
    }
    out.push('\n');
}

fn listener(world: &World, of: Option<(u32, u32)>, out: &mut String) {
    out.push_str("iocb=(nil)(listener) l.st=RDY ");
    let place = of.and_then(|(frontend, bind)| {
        let frontend = world.frontend(world.seats.frontend(frontend)?)?;
        Some((frontend, frontend.binds.get(usize::try_from(bind).ok()?)))
    });
    let Some((frontend, bind)) = place else {
        out.push_str("fe=GLOBAL fam=unix");
        return;
    };
    let _ = write!(out, "fe={} ", frontend.name);
    let _ = match bind.map(|bind| &bind.address) {
        Some(BindAddress::Inet(at)) if at.is_ipv4() => write!(out, "fam=ipv4 lport={}", at.port()),
        Some(BindAddress::Inet(at)) => write!(out, "fam=ipv6 lport={}", at.port()),
        _ => write!(out, "fam=unix"),
    };
}

fn connection(world: &World, stream: &Stream, back: bool, out: &mut String) {
    let _ = write!(out, "iocb=(nil)(connection) back={} cflg=0x00000000 cerr=0 ", u8::from(back));
    let family = match stream.client {
        Endpoint::Inet(at) if at.is_ipv4() => "ipv4",
        Endpoint::Inet(_) => "ipv6",
        Endpoint::Unix => "unix",
    };
    let mux = match (stream.http, stream.http2 && !back) {
        (_, true) => "H2",
        (true, false) => "H1",
        (false, false) => "PASS",
    };
    let server = || {
        let (backend, server) = world.seats.server(stream.server?)?;
        let backend = world.backend(backend)?;
        Some((&backend.name, &backend.server(server)?.name))
    };
    let frontend = || world.seats.frontend(stream.frontend).and_then(|at| world.frontend(at));
    let _ = match (back, stream.is_api) {
        (false, true) => write!(out, "fam={family} fe=GLOBAL"),
        (false, false) => write!(out, "fam={family} fe={}", frontend().map_or("?", |f| &f.name)),
        (true, _) => match server() {
            Some((backend, server)) => write!(out, "sv={server}/{backend}"),
            None => write!(out, "sv=?"),
        },
    };
    let _ = write!(out, " mux={mux} ctx=(nil) xprt=RAW");
}
