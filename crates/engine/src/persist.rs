//! Persistence: what leads a request to a server before balancing is asked, and what becomes of the cookies that do so
//! on their way in both directions (manual 4.2 "cookie", "use-server", "ignore-persist"; 8.5 for the two letters).

use std::cell::RefCell;

use http::cookie_edit::{Edited, Fate, SetPair, edit_cookies, set_pair};
use http::{Full, Known, Message, Method, cacheable};
use state::backend::{Target, UseServer};
use state::captured::Kept;
use state::cookie::{Cookie, Manner, decode_date, encode_date};
use state::expr::{Ctx, Side};
use state::frontend::Capture;
use state::server::Address;
use state::{Backend, Server, Stream};
use wire::rdp::{self, Found};

use crate::exchange::{Exchange, Stop};
use crate::{announce, respond};

/// The letters of the request's cookie.
const NONE: u8 = b'N';
const INVALID: u8 = b'I';
const DOWN: u8 = b'D';
const VALID: u8 = b'V';
const EXPIRED: u8 = b'E';
const OLD: u8 = b'O';
const UNUSED: u8 = b'U';

/// Dates that are further ahead than this, seconds, are not believed.
const AHEAD: u64 = 86_400;

/// What an exchange knows of persistence.
#[derive(Clone, Copy, Debug, Default)]
pub struct Persistence {
    /// The server it leads to: a position in the backend.
    pub server: Option<u32>,
    /// `ignore-persist` holds; `force-persist` does.
    ignored: bool,
    forced: bool,
    /// When the client's cookie was given out last and first, seconds since 1970.
    last: Option<u64>,
    first: Option<u64>,
}

/// The `ignore-persist` and `force-persist` rules of the backend.
pub fn rules(x: &mut Exchange<'_>) {
    let Some(backend) = x.backend.filter(|b| !b.persist_rules.is_empty()) else { return };
    let force = x.look(Side::Request, |cx| {
        let mut rules = backend.persist_rules.iter();
        rules.find(|rule| rule.cond.as_ref().is_none_or(|cond| cond.holds(cx))).map(|rule| rule.force)
    });
    x.persistence.ignored = force == Some(false);
    x.persistence.forced = force == Some(true);
}

/// The `use-server` rules of the backend.
pub fn use_server(x: &mut Exchange<'_>) {
    let Some(backend) = x.backend.filter(|b| !b.use_server.is_empty()) else { return };
    let open = |at: u32| x.persistence.takes(backend, backend.server(at));
    x.persistence.server = x.look(Side::Request, |cx| named(&backend.use_server, &open, cx));
}

/// The server that the first `use-server` rule names which holds and whose server can be had.
pub fn named(rules: &[UseServer], open: &dyn Fn(u32) -> bool, cx: &Ctx<'_>) -> Option<u32> {
    for rule in rules {
        if rule.cond.as_ref().is_some_and(|cond| !cond.holds(cx)) {
            continue;
        }
        let at = match &rule.target {
            Target::Server(at) => *at,
            Target::Named(named) => {
                let mut name = Vec::with_capacity(64);
                named.format.write(cx, &mut name);
                *named.servers.get(&*name)?
            }
        };
        if open(at) {
            return Some(at);
        }
    }
    None
}

impl Persistence {
    /// Goes to this server, if nothing has led to one before and it can be had.
    pub fn lead(&mut self, backend: &Backend, led: Option<u32>) {
        let led = led.filter(|at| self.takes(backend, backend.server(*at)));
        self.server = self.server.or(led);
    }

    /// Whether this server may serve a client that is led to it.
    pub fn takes(&self, backend: &Backend, server: Option<&Server>) -> bool {
        server.is_some_and(|s| s.is_up() || backend.options.persist || self.forced)
    }
}

impl Persistence {
    /// Reads the dates behind a cookie's value, `last|first`; the letter for one that is not to be heeded any more.
    fn too_late(&mut self, cookie: &Cookie, dates: &[u8], now: u64) -> Option<u8> {
        self.last = decode_date(dates).or(self.last);
        if let Some(at) = dates.iter().position(|b| *b == b'|') {
            self.first = decode_date(dates.get(at + 1..)?).or(self.first);
        }
        let over = |date: Option<u64>, most: Option<u32>| {
            let limit = date.zip(most);
            limit.is_some_and(|(date, most)| date + u64::from(most) < now || date > now + AHEAD)
        };
        let letter = match () {
            () if over(self.first, cookie.max_life) => OLD,
            () if over(self.last, cookie.max_idle) => EXPIRED,
            () => return None,
        };
        (self.last, self.first) = (None, None);
        Some(letter)
    }

    /// Whether the dates in the client's cookie are not those it should have.
    fn is_stale(&self, cookie: &Cookie, now: u64) -> bool {
        let refreshed = cookie.max_idle.is_some() && self.last.is_none();
        // What is beyond the seconds that HAProxy counts is before all of them.
        let beyond = u64::from(i32::MAX.unsigned_abs());
        let behind = self.last.is_some_and(|last| last < now || last > beyond);
        refreshed || behind || cookie.max_life.is_some() == self.first.is_none()
    }

    /// Appends the dates that an inserted cookie carries.
    fn write_dates(&self, cookie: &Cookie, now: u64, out: &mut Vec<u8>) {
        if cookie.max_idle.is_some() || cookie.max_life.is_some() {
            out.push(b'|');
            out.extend_from_slice(&encode_date(now));
        }
        if cookie.max_life.is_some() {
            out.push(b'|');
            out.extend_from_slice(&encode_date(self.first.unwrap_or(now)));
        }
    }
}

/// `persist rdp-cookie`: the server that the token in an RDP connection's first packet names.
pub fn rdp_cookie(x: &mut Exchange<'_>) {
    let Some(backend) = x.backend.filter(|_| x.persistence.server.is_none()) else { return };
    let Some(name) = backend.rdp_cookie.as_deref() else { return };
    let Found::Value(value) = rdp::cookie(&x.stream.request_body.content, Some(name)) else { return };
    let Some(named) = rdp::token(value).map(|at| Address::Inet(at.into())) else { return };
    let takes = |server: &Server| server.is_up() || backend.options.persist;
    let mut servers = (0u32..).zip(&backend.servers);
    let found = servers.find(|(_, server)| *server.address() == named && takes(server));
    x.persistence.server = found.map(|(position, _)| position);
}

/// Another server must be found: the one that persistence led to could not be reached.
pub fn redispatch(x: &mut Exchange<'_>) {
    let [of_request, _] = &mut x.stream.cookie_state;
    if x.persistence.server.take().is_some() && *of_request == VALID {
        *of_request = DOWN;
    }
}

/// `option prefer-last-server`: the server to which the client has a connection of its own, the one that served it most of
/// several, also if it has to be waited for, unless `max-keep-alive-queue` says otherwise. Also without the option where the connection is what is authenticated.
pub fn preferred(x: &Exchange<'_>, backend: &Backend, avoid: Option<u32>) -> Option<u32> {
    let prefers = backend.options.prefer_last_server || x.client.session.sticks;
    if !prefers || x.client.own.is_empty() || backend.balance.is_sticky() {
        return None;
    }
    let most = backend.options.keep_alive_queue.filter(|_| !x.client.session.sticks);
    let waits = |server: &Server| most.is_some_and(|most| server.live.queued.now() >= most);
    let open = |at: u32, server: &Server| {
        Some(at) != avoid && server.is_usable() && !(server.is_full(backend) && waits(server))
    };
    let mut best: Option<(u32, u32)> = None;
    for own in &x.client.own {
        let mut servers = (0u32..).zip(&backend.servers);
        let Some((at, server)) = servers.find(|(_, server)| own.leads_to(server)) else { continue };
        if open(at, server) && best.is_none_or(|(_, most)| own.served() > most) {
            best = Some((at, own.served()));
        }
    }
    best.map(|(at, _)| at)
}

/// NTLM and Negotiate authenticate a connection: it must never serve another client, and this one has to meet it again.
pub fn authenticates(response: &Message) -> bool {
    let name = match response.status() {
        401 => Known::WwwAuthenticate,
        407 => Known::ProxyAuthenticate,
        _ => return false,
    };
    let starts = |value: &[u8], word: &[u8]| {
        value.get(..word.len()).is_some_and(|start| start.eq_ignore_ascii_case(word))
    };
    response.iterate(name).any(|line| starts(line.value, b"Negotiate") || starts(line.value, b"NTLM"))
}

/// Looks at the cookies of the request: one is captured, one may name a server, and what concerns the proxy alone goes.
pub fn request(x: &mut Exchange<'_>) -> Result<(), Full> {
    let backend = x.backend.or_else(|| x.world.backend(x.frontend.back?));
    let cookie = backend.and_then(|b| b.cookie.as_deref());
    let capture = x.frontend.captures.cookie.as_ref();
    if (cookie.is_none() && capture.is_none()) || !x.stream.request.has(Known::Cookie) {
        return Ok(());
    }
    let [captured, _] = &mut x.stream.captured_cookies;
    let [letter, _] = &mut x.stream.cookie_state;
    let persistence = &mut x.persistence;
    let mut judge = Judge { backend, cookie, capture, captured, letter, persistence };
    edit(&mut x.stream.request, &mut x.worker.out.borrow_mut(), &mut judge)
}

/// Looks at the cookie of the backend alone, as it stands in the request: for explaining, where nothing is sent. Gives its
/// name.
pub fn look(persistence: &mut Persistence, backend: &Backend, stream: &mut Stream) -> String {
    let Some(cookie) = backend.cookie.as_deref() else { return String::new() };
    let (mut captured, mut letter) = (Kept::NONE, NONE);
    let mut judge = Judge {
        backend: Some(backend),
        cookie: Some(cookie),
        capture: None,
        captured: &mut captured,
        letter: &mut letter,
        persistence,
    };
    // A cookie line that finds no room stays as it is.
    let _ = edit(&mut stream.request, &mut Vec::new(), &mut judge);
    String::from_utf8_lossy(&cookie.name).into_owned()
}

fn edit(request: &mut Message, out: &mut Vec<u8>, judge: &mut Judge<'_>) -> Result<(), Full> {
    let mut from = 0;
    while let Some(at) = request.position(Known::Cookie, from) {
        let line = request.header(at).map(|header| header.value).unwrap_or_default();
        from = at + 1;
        match edit_cookies(line, out, &mut |name, value| judge.fate(name, value)) {
            Edited::Same => {}
            Edited::Changed => request.replace_value(at, out)?,
            Edited::Empty => {
                request.remove(at);
                from = at;
            }
        }
    }
    Ok(())
}

/// Decides on the cookies of a request, one after the other.
struct Judge<'j> {
    backend: Option<&'j Backend>,
    cookie: Option<&'j Cookie>,
    capture: Option<&'j Capture>,
    captured: &'j mut Kept,
    letter: &'j mut u8,
    persistence: &'j mut Persistence,
}

impl Judge<'_> {
    fn fate(&mut self, name: &[u8], value: &[u8]) -> Fate {
        keep(self.capture, self.captured, name, value);
        let (Some(backend), Some(cookie)) = (self.backend, self.cookie) else { return Fate::Keep };
        if *cookie.name != *name {
            return Fate::Keep;
        }
        let delimiter = if cookie.manner == Manner::Prefix { b'~' } else { b'|' };
        let mark = value.iter().position(|b| *b == delimiter);
        let (id, rest) = value.split_at_checked(mark.unwrap_or(value.len())).unwrap_or((value, b""));
        let late = match rest.split_first() {
            Some((b'|', dates)) => self.persistence.too_late(cookie, dates, now()),
            _ => None,
        };
        match late {
            Some(letter) => *self.letter = letter,
            None => self.lead(backend, cookie, id),
        }
        match cookie.manner {
            Manner::Prefix => Fate::Shorten(mark.map_or(0, |at| at + 1)),
            Manner::Insert if cookie.indirect => Fate::LeaveOut,
            _ => Fate::Keep,
        }
    }

    /// Goes where the value says, if nothing stronger has decided.
    fn lead(&mut self, backend: &Backend, cookie: &Cookie, value: &[u8]) {
        if self.persistence.ignored || self.persistence.server.is_some() {
            if *self.letter == NONE {
                *self.letter = UNUSED;
            }
            return;
        }
        let mut down = false;
        for at in cookie.servers_of(value) {
            let server = backend.server(*at);
            if self.persistence.takes(backend, server) {
                *self.letter = if server.is_some_and(Server::is_up) { VALID } else { DOWN };
                self.persistence.server = Some(*at);
                return;
            }
            down = true;
        }
        if down {
            *self.letter = DOWN;
        } else if matches!(*self.letter, NONE | UNUSED) {
            *self.letter = INVALID;
        }
    }
}

/// `capture cookie`: keeps the first cookie whose name begins as wanted.
fn keep(capture: Option<&Capture>, captured: &mut Kept, name: &[u8], value: &[u8]) {
    let Some(capture) = capture.filter(|c| captured.get().is_none() && c.len > 0) else { return };
    let wanted = match capture.name.strip_suffix(b"=") {
        Some(whole) => whole == name,
        None => name.starts_with(&capture.name),
    };
    if wanted {
        captured.fill(name.iter().chain(b"=").chain(value).take(capture.len).copied());
    }
}

/// Looks at the cookies of the server's response and puts the proxy's own into it.
pub fn response(x: &mut Exchange<'_>) -> Result<(), Full> {
    let answer = Answer {
        backend: x.backend,
        capture: x.frontend.captures.cookie.as_ref(),
        persistence: x.persistence,
        method: x.method,
        status: x.server_status,
    };
    answer.place(x.stream, &x.worker.out)
}

/// A server's response whose cookies are looked at.
pub struct Answer<'r> {
    pub backend: Option<&'r Backend>,
    /// `capture cookie`
    pub capture: Option<&'r Capture>,
    pub persistence: Persistence,
    /// The request's.
    pub method: Method,
    /// The server's.
    pub status: u16,
}

impl Answer<'_> {
    /// Looks at the cookies of the stream's response and puts the proxy's own into it.
    pub fn place(&self, stream: &mut Stream, out: &RefCell<Vec<u8>>) -> Result<(), Full> {
        let cookie = self.backend.and_then(|b| b.cookie.as_deref());
        if cookie.is_none() && self.capture.is_none() {
            return Ok(());
        }
        let cookie = cookie.filter(|_| !self.persistence.ignored);
        let server = stream.server.and_then(|at| self.backend?.server(at));
        let out = &mut out.borrow_mut();
        let mut found = false;
        let mut from = 0;
        while let Some(at) = stream.response.position(Known::SetCookie, from) {
            from = at + 1;
            let line = stream.response.header(at).map(|header| header.value).unwrap_or_default();
            let Some(pair) = set_pair(line) else { continue };
            let name = line.get(pair.name.clone()).unwrap_or_default();
            let value = line.get(pair.value.clone()).unwrap_or_default();
            let [_, captured] = &mut stream.captured_cookies;
            keep(self.capture, captured, name, value);
            let spaced = line.get(pair.between()) != Some(b"=".as_slice());
            let mine = cookie.filter(|c| *c.name == *name);
            found |= mine.is_some();
            let change = mine.map_or(Change::Pass, |c| change(c, server, self.persistence.server.is_some()));
            let [_, letter] = &mut stream.cookie_state;
            if mine.is_some() {
                *letter = change.letter();
            }
            match change {
                Change::Remove => {
                    stream.response.remove(at);
                    from = at;
                }
                Change::Pass if !spaced => {}
                change => rewrite(&mut stream.response, at, &pair, &change, out)?,
            }
        }
        match (cookie, server) {
            (Some(cookie), Some(server)) if cookie.manner == Manner::Insert => {
                self.insert(stream, (cookie, server), found, out)
            }
            _ => Ok(()),
        }
    }

    /// `cookie ... insert`: adds the proxy's cookie where the client needs one, or a newer one.
    fn insert(
        &self,
        stream: &mut Stream,
        (cookie, server): (&Cookie, &Server),
        found: bool,
        out: &mut Vec<u8>,
    ) -> Result<(), Full> {
        let led = self.persistence.server.is_some();
        let due = !led || self.persistence.is_stale(cookie, now());
        if !due || (cookie.preserve && found) || (cookie.post_only && self.method != Method::Post) {
            return Ok(());
        }
        out.clear();
        out.extend_from_slice(&cookie.name);
        out.push(b'=');
        match &server.cookie {
            Some(value) => {
                out.extend_from_slice(value);
                self.persistence.write_dates(cookie, now(), out);
            }
            None => out.extend_from_slice(b"; Expires=Thu, 01-Jan-1970 00:00:01 GMT"),
        }
        out.extend_from_slice(&cookie.attributes);
        let response = &mut stream.response;
        response.add_header(Known::SetCookie, out)?;
        let [_, letter] = &mut stream.cookie_state;
        *letter = if led && server.cookie.is_some() { b'U' } else { b'I' };
        // Nobody else is to be given this client's server.
        if cookie.no_cache && cacheable::may_be_cached(self.method, self.status, response) {
            response.add_header(Known::CacheControl, b"private")?;
        }
        Ok(())
    }
}

/// What becomes of the server's own cookie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Change<'s> {
    Pass,
    Remove,
    /// This value takes the place of its own.
    Replace(&'s [u8]),
    /// This value and a `~` go before its own.
    Prefix(&'s [u8]),
}

impl Change<'_> {
    const fn letter(&self) -> u8 {
        match self {
            Self::Pass => b'P',
            Self::Remove => b'D',
            Self::Replace(_) | Self::Prefix(_) => b'R',
        }
    }
}

/// `led`: the client went to the server that persistence led it to.
fn change<'s>(cookie: &Cookie, server: Option<&'s Server>, led: bool) -> Change<'s> {
    let value = server.and_then(|s| s.cookie.as_deref());
    match (cookie.manner, value) {
        _ if cookie.preserve => Change::Pass,
        (Manner::Insert, _) => Change::Remove,
        _ if led && cookie.indirect => Change::Remove,
        (Manner::Rewrite, Some(value)) => Change::Replace(value),
        (Manner::Prefix, Some(value)) => Change::Prefix(value),
        _ => Change::Pass,
    }
}

/// Writes the pair anew, without blanks around its `=`.
fn rewrite(
    response: &mut Message,
    at: usize,
    pair: &SetPair,
    change: &Change<'_>,
    out: &mut Vec<u8>,
) -> Result<(), Full> {
    out.clear();
    out.push(b'=');
    let end = match change {
        Change::Replace(value) => {
            out.extend_from_slice(value);
            pair.value.end
        }
        Change::Prefix(value) => {
            out.extend_from_slice(value);
            out.push(b'~');
            pair.value.start
        }
        Change::Pass | Change::Remove => pair.value.start,
    };
    response.replace_part(at, pair.name.end..end, out)
}

/// `option checkcache` (manual 4.2): refuses a response whose `cookies` a cache might keep and give to others.
pub fn guard_cookies(x: &mut Exchange<'_>, cookies: bool) -> Result<(), Stop> {
    let Some(backend) = x.backend.filter(|backend| cookies && backend.options.check_cache) else {
        return Ok(());
    };
    if !cacheable::kept(x.method, x.server_status, &x.stream.response).cookies {
        return Ok(());
    }
    announce::cacheable_cookie(x, backend);
    x.count(|c| c.denied_responses.add(1));
    Err(respond::invalid(x))
}

/// Seconds since 1970.
fn now() -> u64 {
    net::wall() / 1_000_000
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: u64 = 1_795_702_864;

    fn cookie(manner: Manner, max_idle: Option<u32>, max_life: Option<u32>) -> Cookie {
        Cookie {
            name: (*b"S").into(),
            manner,
            indirect: false,
            no_cache: false,
            post_only: false,
            preserve: false,
            max_idle,
            max_life,
            attributes: Box::default(),
            servers: std::iter::empty::<(Box<[u8]>, Vec<u32>)>().collect(),
        }
    }

    fn dates(last: Option<u64>, first: Option<u64>) -> Vec<u8> {
        let text = |date: Option<u64>| date.map_or(Vec::new(), |d| encode_date(d).to_vec());
        [text(last), b"|".to_vec(), text(first)].concat()
    }

    #[test]
    fn cookies_that_are_too_old_are_not_heeded() {
        let both = cookie(Manner::Insert, Some(1000), Some(2000));
        let late = |last, first| Persistence::default().too_late(&both, &dates(last, first), NOW);
        assert_eq!(late(Some(NOW - 1000), Some(NOW - 2000)), None);
        assert_eq!(late(Some(NOW - 1004), Some(NOW - 2000)), Some(EXPIRED));
        assert_eq!(late(Some(NOW - 1004), Some(NOW - 2004)), Some(OLD));
        assert_eq!(late(Some(NOW + AHEAD), Some(NOW + AHEAD + 4)), Some(OLD));
        assert_eq!(late(Some(NOW + AHEAD + 4), None), Some(EXPIRED));
        assert_eq!(late(None, None), None);
    }

    #[test]
    fn dates_are_kept_up() {
        let known = |last, first| Persistence { last, first, ..Persistence::default() };
        let both = cookie(Manner::Insert, Some(1000), Some(2000));
        assert!(!known(Some(NOW), Some(1)).is_stale(&both, NOW));
        assert!(known(Some(NOW - 1), Some(1)).is_stale(&both, NOW));
        assert!(known(None, Some(1)).is_stale(&both, NOW) && known(Some(NOW), None).is_stale(&both, NOW));
        let neither = cookie(Manner::Insert, None, None);
        assert!(!known(None, None).is_stale(&neither, NOW) && known(None, Some(1)).is_stale(&neither, NOW));
        let mut out = Vec::new();
        known(None, Some(NOW - 40)).write_dates(&both, NOW, &mut out);
        assert_eq!(out, b"|awhAU|awhAK");
        known(None, None).write_dates(&neither, NOW, &mut out);
        assert_eq!(out.len(), 12);
    }

    #[test]
    fn a_cookie_is_captured_by_the_beginning_of_its_name() {
        let captured = |wanted: &str, len: usize| {
            let capture = Capture { name: wanted.as_bytes().into(), len };
            let mut found = Kept::NONE;
            for (name, value) in [(b"SS", "1"), (b"S2", "2")] {
                keep(Some(&capture), &mut found, name, value.as_bytes());
            }
            found.get().map(|pair| String::from_utf8(pair.into()).unwrap())
        };
        assert_eq!(captured("S", 9).as_deref(), Some("SS=1"));
        assert_eq!(captured("S2=", 3).as_deref(), Some("S2="));
        assert_eq!((captured("S=", 9), captured("S", 0)), (None, None));
    }

    #[test]
    fn the_server_s_cookie() {
        let led = cookie(Manner::Passive, None, None);
        assert_eq!(change(&led, None, true), Change::Pass);
        let indirect = Cookie { indirect: true, ..led };
        assert_eq!(
            (change(&indirect, None, true), change(&indirect, None, false)),
            (Change::Remove, Change::Pass)
        );
        assert_eq!(change(&cookie(Manner::Insert, None, None), None, false), Change::Remove);
        let kept = Cookie { preserve: true, ..cookie(Manner::Insert, None, None) };
        assert_eq!(change(&kept, None, false), Change::Pass);
    }
}
