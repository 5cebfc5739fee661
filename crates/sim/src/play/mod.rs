//! Plays: one client and one server do what is written down, each at one phase of a request's life, and what must come of
//! it is written beside: the log lines, what the client sees, how long it takes. [`http`], [`body`], [`tunnel`] and [`tcp`] hold
//! the table.
//! A seed chooses the row, where exactly within the phase it happens, and the weather.

mod body;
mod http;
mod tcp;
mod tunnel;

use std::fmt::Write as _;

use crate::log::Line;
use crate::peer::player::{Ending, Played, Step};
use crate::reader::{Body, Piece, Reader};
use crate::rng::Rng;
use crate::scenario::{FRONT, log_format, server_address};

/// What a server is like.
#[derive(Clone, Copy, Debug)]
pub enum Far {
    Plays(fn(&mut Rng) -> Vec<Step>),
    Refuses,
    Silent,
}

/// One thing that happens at one phase.
#[derive(Clone, Copy, Debug)]
pub struct Play {
    pub name: &'static str,
    pub tcp: bool,
    /// Lines of the proxy's configuration.
    pub extra: &'static str,
    /// Parameters of the server.
    pub server: &'static str,
    pub client: fn(&mut Rng) -> Vec<Step>,
    pub far: Far,
    /// What the log says: status and end of each exchange, in order. Words for one line that may differ are split by `|`.
    pub ends: &'static [&'static str],
    /// What the client sees, one of these: statuses in order, `!` behind one that was cut short; in TCP mode, bytes.
    pub sees: &'static [&'static str],
    /// How long the last exchange takes, by the log, in milliseconds.
    pub lasts: u64,
    /// How long the client's connection lasts; 0 when that isn't told.
    pub over: u64,
    /// Whether the process is out of descriptors for servers.
    pub no_connect: bool,
    /// Whether no event is told that isn't true: an idle connection is closed by it, and bytes go on after a short write.
    pub calm: bool,
}

impl Play {
    /// A row in which nothing special happens.
    pub const NORMAL: Play = Play {
        name: "normal",
        tcp: false,
        extra: "",
        server: "",
        client: get,
        far: Far::Plays(serve),
        ends: &["200 --"],
        sees: &["200"],
        lasts: 0,
        over: 0,
        no_connect: false,
        calm: false,
    };

    /// Whether another client holds the server's only place.
    pub fn is_queued(&self) -> bool {
        self.server == "maxconn 1"
    }

    /// haproxy.cfg. All times differ, so that how long something took tells which one ended it.
    pub fn configuration(&self) -> String {
        let mode = if self.tcp { "tcp" } else { "http" };
        let mut text = String::from("global\n  maxconn 1000\n  log 10.0.0.9:514 format raw local0\n");
        let _ = writeln!(text, "listen web\n  mode {mode}\n  log global\n  bind {FRONT}\n  retries 1");
        for (name, ms) in TIMEOUTS {
            let _ = writeln!(text, "  timeout {name} {ms}");
        }
        let _ = writeln!(text, "{}  {}", log_format(mode), self.extra);
        let _ = writeln!(text, "  server s0 {} {}", server_address(0), self.server);
        text
    }

    /// What is wrong with what came of it.
    pub fn judge(&self, played: &[Played], lines: &[Line<'_>]) -> Vec<String> {
        let mut faults = Vec::new();
        let mine: Vec<&Line<'_>> = lines.iter().filter(|line| line.path != "/block").collect();
        // In TCP mode the one that holds the place has a line like any other; it came first and ends last or first.
        let mine = if self.tcp && self.is_queued() { self.shortest(mine) } else { mine };
        let told: Vec<String> = mine.iter().map(|line| format!("{} {}", line.status, line.end)).collect();
        let right = told.len() == self.ends.len()
            && self.ends.iter().zip(&told).all(|(want, told)| want.split('|').any(|want| want == told));
        if !right {
            faults.push(format!("the log says {told:?} instead of {:?}", self.ends));
        }
        let late = |ms: u64, want: u64| want != ANY && (ms + EARLY < want || ms > want + SLACK);
        let lasted = mine.last().and_then(|line| u64::try_from(line.timers.last().copied()?).ok());
        if lasted.is_some_and(|ms| late(ms, self.lasts)) {
            faults.push(format!("it took {lasted:?} ms by the log instead of {}", self.lasts));
        }
        let Some(client) = played.iter().find(|played| played.number == 0) else {
            faults.push("the client didn't come to its end".into());
            return faults;
        };
        let saw = if self.tcp { client.got.len().to_string() } else { statuses(&client.got) };
        if !self.sees.contains(&saw.as_str()) {
            faults.push(format!("the client saw {saw:?} instead of {:?}", self.sees));
        }
        if client.ending == Ending::Refused {
            faults.push("the client was refused".into());
        }
        if self.over > 0 && late(client.lasted, self.over) {
            faults.push(format!("the connection lasted {} ms instead of {}", client.lasted, self.over));
        }
        for fault in &mut faults {
            fault.insert_str(0, &format!("{}: ", self.name));
        }
        faults
    }

    fn shortest<'m, 'l>(&self, lines: Vec<&'m Line<'l>>) -> Vec<&'m Line<'l>> {
        lines.into_iter().min_by_key(|line| line.timers.last().copied()).into_iter().collect()
    }
}

/// Milliseconds by which things may take longer than timeouts say: latencies, tiny segments, late events.
const SLACK: u64 = 600;

/// Milliseconds by which they may take less, as the log begins when the connection is accepted.
const EARLY: u64 = 20;

/// The timeouts of all plays.
const TIMEOUTS: [(&str, u32); 10] = [
    ("client", 8000),
    ("server", 11_000),
    ("connect", 1000),
    ("queue", 2500),
    ("http-request", 4000),
    ("http-keep-alive", 1500),
    ("client-fin", 3000),
    ("server-fin", 5000),
    ("tunnel", 20_000),
    ("tarpit", 700),
];

/// How long it takes isn't told.
const ANY: u64 = u64::MAX;

/// All rows.
pub fn table() -> impl Iterator<Item = &'static Play> {
    http::PLAYS.iter().chain(body::PLAYS).chain(tunnel::PLAYS).chain(tcp::PLAYS)
}

/// The statuses in what a client got; `!` behind one whose message isn't complete, `+` for what follows a 101.
fn statuses(got: &[u8]) -> String {
    let mut reader = Reader::default();
    reader.room().extend_from_slice(got);
    reader.close();
    let mut words: Vec<String> = Vec::new();
    let mut open = false;
    loop {
        match reader.next_piece() {
            Piece::More => break,
            Piece::Bad(why) => return format!("{words:?} {why}"),
            Piece::Data(_) => {}
            Piece::End => open = false,
            Piece::Head(head) => {
                let status = head.line.get(1).cloned().unwrap_or_default();
                let bare = status.starts_with('1') && status != "101" || status == "204";
                let body = if bare { Ok(Body::None) } else { head.body(Body::UntilClose) };
                words.push(status);
                match body {
                    Ok(body) => reader.expect(body),
                    Err(why) => return format!("{words:?} {why}"),
                }
                open = true;
            }
        }
    }
    let mut told = words.join(" ");
    if open || !reader.is_between() {
        told.push('!');
    }
    told
}

// What the rows are made of.

/// A request without a body.
const GET: &[u8] = b"GET /r HTTP/1.1\r\nhost: sim\r\n\r\n";

/// A short answer.
const OK: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello";

fn send(bytes: &[u8]) -> Step {
    Step::Send(bytes.to_vec())
}

fn get(_: &mut Rng) -> Vec<Step> {
    vec![send(GET)]
}

fn serve(_: &mut Rng) -> Vec<Step> {
    vec![Step::Head, send(OK)]
}

/// A true prefix of these bytes.
fn part(bytes: &[u8], rng: &mut Rng) -> Step {
    let n = rng.length(1, bytes.len() - 1);
    send(bytes.get(..n).unwrap_or_default())
}

/// A request's head for a body of 100 bytes, or chunks, with a part of the body.
fn upload(rng: &mut Rng) -> Step {
    let mut bytes = b"PUT /r HTTP/1.1\r\nhost: sim\r\ncontent-length: 100\r\n\r\n".to_vec();
    if rng.permille(500) {
        bytes = b"PUT /r HTTP/1.1\r\nhost: sim\r\ntransfer-encoding: chunked\r\n\r\n64\r\n".to_vec();
    }
    bytes.extend(std::iter::repeat_n(b'x', rng.length(1, 99)));
    Step::Send(bytes)
}

/// An answer that lacks a part, by its length or in chunks.
fn half(rng: &mut Rng) -> Step {
    let halves: [&[u8]; 3] = [
        b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhello",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhel",
    ];
    send(rng.one(halves))
}
