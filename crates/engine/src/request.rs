//! The request: waiting for its head, what its framing and version mean, and what it becomes on the way to the server.

use std::io;

use http::h1::{self, Framing, Parsed, Scan};
use http::header_value::has_token;
use http::{Kind, Known, Message, Method, Version};
use net::Time;
use state::Farewell;
use state::Verdict;
use state::expr::Side;
use state::frontend::Proto;
use state::options::{AddressHeader, KeepAlive, OddNames};
use state::termination::{Cause, Phase};
use state::tracking::ERRORS;
use state::{Frontend, Stream};

use crate::buffer::Buffer;
use crate::exchange::{Exchange, Stop, deadline};
use crate::failure::Failure;
use crate::filter;
use crate::inspect;
use crate::malformed;
use crate::pump::Pump;
use crate::{spelling, track};

/// Waits for the head of a request. `expired`: the time for the first byte is over.
pub async fn head(x: &mut Exchange<'_>, expired: bool) -> Result<(), Stop> {
    let limits = x.limits(Side::Request);
    let mut scan = Scan::default();
    if expired {
        return Err(too_late(x));
    }
    if x.client.link.is_some() {
        return take_head(x);
    }
    loop {
        if let Some(buffer) = x.client.buffer.as_mut().filter(|b| !b.is_empty()) {
            let stream = &mut *x.stream;
            if stream.times.first_byte == 0 {
                stream.times.first_byte = net::now().as_nanos();
            }
            match scan.request(buffer.data(), &mut stream.request, &limits) {
                Parsed::Complete { consumed } => {
                    buffer.consume(consumed);
                    break;
                }
                Parsed::Invalid(error) => {
                    note_malformed(x, error);
                    return Err(other_protocol(x).unwrap_or_else(|| refuse(x, error.status())));
                }
                Parsed::Partial => {}
            }
        }
        match read(x) {
            Ok(0) => return Err(ended(x)),
            Ok(_) => {}
            Err(e) if e.kind() == io::ErrorKind::WouldBlock => {
                let until = patience(x);
                if x.client.buffer.as_ref().is_none_or(Buffer::is_empty) {
                    x.client.buffer = None;
                    return Err(Stop::Idle(until));
                }
                let sock = &x.client.sock;
                let woken = net::wait(|w| {
                    w.read(sock).until(until);
                });
                if woken.await.timed_out() {
                    return Err(too_late(x));
                }
            }
            Err(_) => return Err(gone(x)),
        }
    }
    x.stream.times.request = net::now().as_nanos();
    Ok(())
}

/// Keeps a head that can't be understood for `show errors`, unless it is another protocol's.
#[cold]
fn note_malformed(x: &Exchange<'_>, error: h1::Error) {
    let Some(buffer) = x.client.buffer.as_ref() else { return };
    if !buffer.data().starts_with(b"PRI * HTTP/2.0\r\n") {
        malformed::keep(x, Side::Request, error, buffer.data(), buffer.room());
    }
}

/// Takes the head that came with the stream.
fn take_head(x: &mut Exchange<'_>) -> Result<(), Stop> {
    let now = net::now().as_nanos();
    (x.stream.times.first_byte, x.stream.times.request) = (now, now);
    match x.client.link.as_ref().and_then(|link| link.channel.take_head(&mut x.stream.request)) {
        Some(Ok(())) => Ok(()),
        Some(Err(())) => Err(refuse(x, 400)),
        // Nothing but a line in the log is left of what was no request.
        None => {
            let _ = refuse(x, 400);
            Err(Failure::silent(Cause::PROXY, Phase::REQUEST).into())
        }
    }
}

/// What to do where the client's bytes are the preface of HTTP/2, which the parser takes for a bad request.
#[cold]
fn other_protocol(x: &mut Exchange<'_>) -> Option<Stop> {
    let came = x.client.buffer.as_ref().map(Buffer::data).unwrap_or_default();
    if !came.starts_with(b"PRI * HTTP/2.0\r\n") {
        return None;
    }
    let allowed = !x.frontend.options.no_h2_upgrade;
    if allowed && x.client.session.requests == 0 && x.client.session.spoken == Proto::Any {
        return Some(Stop::Http2);
    }
    Some(refuse(x, 405))
}

fn read(x: &mut Exchange<'_>) -> io::Result<usize> {
    let buffer = x.client.buffer.get_or_insert_with(Buffer::take);
    let space = buffer.space();
    if space.is_empty() {
        return Err(io::ErrorKind::OutOfMemory.into());
    }
    let n = x.client.sock.try_read(space)?;
    buffer.filled(n);
    x.wire.client.read += n as u64;
    Ok(n)
}

/// Until when more of a head may come (manual 4.2 "timeout http-request", "timeout http-keep-alive").
fn patience(x: &Exchange<'_>) -> Time {
    let timeouts = &x.frontend.timeouts;
    let from = |ns: u64, ms: Option<u32>| {
        ms.map_or(Time::NEVER, |ms| Time::from_nanos(ns).plus_millis(u64::from(ms)))
    };
    let begun = x.stream.times.begun;
    let first = x.client.session.requests == 0;
    match (x.stream.times.first_byte, timeouts.http_request) {
        (0, request) if first => from(begun, request.or(timeouts.client)),
        (0, request) => from(begun, timeouts.http_keep_alive.or(request).or(timeouts.client)),
        (_, Some(ms)) if first => from(begun, Some(ms)),
        (byte, Some(ms)) => from(byte, Some(ms)),
        (_, None) => deadline(timeouts.client),
    }
}

/// The client said nothing, or not enough, for too long.
fn too_late(x: &mut Exchange<'_>) -> Stop {
    let nothing = x.stream.times.first_byte == 0;
    let first = x.client.session.requests == 0;
    if nothing && (!first || x.frontend.options.http_ignore_probes) {
        return Stop::Drop(Farewell::Close);
    }
    x.count(|c| c.request_errors.add(1));
    track::no_request(x);
    Failure::raw(Cause::CLIENT_TIMEOUT, Phase::REQUEST, 408).into()
}

/// The client ended its direction before the head of its request was complete, and may still read.
fn ended(x: &mut Exchange<'_>) -> Stop {
    match gone(x) {
        Stop::Failure(_) => {
            x.method = Method::Other;
            Failure::raw(Cause::CLIENT, Phase::REQUEST, 400).into()
        }
        silent => silent,
    }
}

/// The client closed before its request was complete.
fn gone(x: &mut Exchange<'_>) -> Stop {
    let nothing = x.stream.times.first_byte == 0;
    let first = x.client.session.requests == 0;
    if nothing && (!first || x.frontend.options.http_ignore_probes) {
        return Stop::Drop(Farewell::Close);
    }
    if !nothing {
        x.count(|c| c.request_errors.add(1));
    }
    x.stream.status = 400;
    track::no_request(x);
    Failure::silent(Cause::CLIENT, Phase::REQUEST).into()
}

/// What came is no request that can be served.
fn refuse(x: &mut Exchange<'_>, status: u16) -> Stop {
    x.count(|c| c.request_errors.add(1));
    track::no_request(x);
    x.stream.request.clear();
    x.stream.times.request = 0;
    x.method = Method::Other;
    Failure::raw(Cause::PROXY, Phase::REQUEST, status).into()
}

/// What follows from the head: the framing of the body, whether the connection may stay, the line for the log. What
/// concerns this connection alone goes out of it, so that no rule sees it; a body that is malformed from its beginning
/// makes the request as bad as a malformed head.
pub fn prepare(x: &mut Exchange<'_>) -> Result<(), Stop> {
    x.client.session.requests += 1;
    let limits = x.limits(Side::Request);
    match h1::request_framing(&mut x.stream.request, &limits) {
        Ok(framing) => x.framing = x.client.link.as_ref().map_or(framing, |link| link.channel.framing()),
        Err(error) => return Err(refuse(x, error.status())),
    }
    if x.client.link.is_none()
        && let Err(error) = h1::check_websocket(&x.stream.request, &limits)
    {
        return Err(refuse(x, error.status()));
    }
    x.method = x.stream.request.method();
    x.client_ends = !h1::keep_alive(&x.stream.request);
    match h1::take_connection(&mut x.stream.request) {
        Ok(connection) => x.upgrades = connection.upgrade,
        Err(http::Full) => return Err(refuse(x, 431)),
    }
    let begun = x.client.buffer.take().filter(|buffer| !buffer.is_empty());
    x.up = Pump::new(x.framing, begun, x.splices(Side::Request));
    if let Err(broken) = x.up.prepare() {
        malformed::keep_broken(x, Side::Request, &broken, &x.up);
        return Err(refuse(x, 400));
    }
    if x.client.link.is_some() {
        // What came with the head is to go with it.
        let _ = x.up.fill(&x.client.sock, 1);
    }
    let stream = &mut *x.stream;
    stream.bytes_in += weight(&stream.request);
    stream.has_request = true;
    stream.response_version = stream.request.version();
    write_line(stream, x.world.global.log_line_len);
    x.keep_client = x.client.link.is_none()
        && !x.client_ends
        && x.frontend.options.keep_alive != KeepAlive::None
        && !x.is_ending();
    if let Some(block) = x.frontend.live.counters.of(x.worker.number) {
        block.requests.add(1);
        block.under_way.add(1);
    }
    capture(x.stream, x.frontend);
    Ok(())
}

/// Waits for the body where the backend balances by a parameter that a form may carry, and is to balance: neither a
/// `use-server` rule nor a cookie has `led` to a server.
pub async fn form(x: &mut Exchange<'_>, led: bool) -> Result<(), Stop> {
    let Some(backend) = x.backend else { return Ok(()) };
    if backend.balance_name != "url_param" || x.method != Method::Post {
        return Ok(());
    }
    if !led && !x.frontend.options.http_buffer_request && !backend.options.http_buffer_request {
        body(x).await?;
    }
    x.up.content(&mut x.stream.form);
    Ok(())
}

/// `option http-buffer-request`: waits until the body has come, or as much of it as a buffer holds.
pub async fn body(x: &mut Exchange<'_>) -> Result<(), Stop> {
    let until = patience(x);
    inspect::request(x, until, 0).await
}

/// Keeps the request's first line for logs, no longer than `most`.
pub fn write_line(stream: &mut Stream, most: usize) {
    let line = &mut stream.request_line;
    line.extend_from_slice(stream.request.method_bytes());
    line.push(b' ');
    line.extend_from_slice(stream.request.target_bytes());
    match stream.request.protocol_bytes() {
        b"" => {
            line.extend_from_slice(b" HTTP/");
            line.extend_from_slice(&stream.request.version().text());
        }
        other => {
            line.push(b' ');
            line.extend_from_slice(other);
        }
    }
    line.truncate(most);
}

/// `capture request header`.
pub fn capture(stream: &mut Stream, frontend: &Frontend) {
    for wanted in &frontend.captures.request {
        let value = if wanted.name.is_empty() { None } else { stream.request.line_at(&*wanted.name, -1) };
        let value = value.map(|v| v.get(..wanted.len.min(v.len())).unwrap_or_default());
        stream.captured_request.push(value);
    }
}

/// `option http-restrict-req-hdr-names`, of one proxy, after its rules.
pub fn restrict_names(x: &mut Exchange<'_>, policy: OddNames) -> Result<(), Stop> {
    let is_odd = |name: &[u8]| !name.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'-');
    let request = &mut x.stream.request;
    if policy == OddNames::Preserve || !request.headers().any(|h| is_odd(h.name)) {
        return Ok(());
    }
    if policy == OddNames::Reject {
        x.count(|c| c.denied_requests.add(1));
        track::count(x, ERRORS, 1);
        return x.obey(Verdict::Deny { status: 403 }, Phase::REQUEST);
    }
    loop {
        let found = request.headers().find(|h| is_odd(h.name)).map(|h| h.index);
        let Some(at) = found else { return Ok(()) };
        request.remove(at);
    }
}

/// What the server gets: HTTP/1.1, our own connection headers, the client's address where it is asked for.
pub fn for_server(x: &mut Exchange<'_>) -> Result<(), Stop> {
    let full = |_| Stop::Failure(Failure::new(Cause::INTERNAL, Phase::REQUEST, 500));
    x.up.hurried = x.hurries();
    x.up.splice_by(x.splices(Side::Request));
    if x.framing == Framing::Chunked {
        x.up.trailer_rule = spelling::request_trailers(x);
    }
    unique_id(x).map_err(full)?;
    let asked = [Some(&x.frontend.options), x.backend.map(|b| &b.options)];
    let forward = asked.map(|options| options.and_then(|o| o.forward_for.as_deref()));
    let (source, destination) = (x.source().ip(), x.destination().and_then(|d| d.ip()));
    forwarded(x).map_err(full)?;
    add_address(&mut x.stream.request, forward, source).map_err(full)?;
    let original = asked.map(|options| options.and_then(|o| o.original_to.as_deref()));
    add_address(&mut x.stream.request, original, destination).map_err(full)?;
    if x.client.session.tls.as_ref().is_some_and(|known| known.runs_ahead()) {
        // Whoever is behind us decides whether to believe it before the handshake is complete (RFC 8470 section 5.1).
        x.stream.request.set_header("early-data", b"1").map_err(full)?;
    }
    if x.client.link.is_some() {
        frame(x).map_err(full)?;
    }
    if x.upgrades && (x.client.link.is_some() || x.frontend.options.accept_unsafe_request) {
        add_websocket_key(x).map_err(full)?;
    }
    filter::request(x)?;
    let pretends = x.backend.is_some_and(|b| b.options.pretend_keepalive);
    let close = !x.keeps_server() && !pretends;
    let request = &mut x.stream.request;
    let old = request.version() < Version::HTTP_11;
    if old && x.framing == Framing::Chunked && !pretends {
        // Not everybody reads chunks before HTTP/1.1 alike: nothing is said of that connection, so that it ends.
        return Ok(());
    }
    match (close && !x.upgrades, old) {
        (true, false) => request.add_header(Known::Connection, b"close").map_err(full),
        (false, true) if !x.upgrades => request.add_header(Known::Connection, b"keep-alive").map_err(full),
        _ => Ok(()),
    }
}

/// `option forwarded`.
fn forwarded(x: &mut Exchange<'_>) -> Result<(), http::Full> {
    let Some(forwarded) = x.backend.and_then(|b| b.forwarded.as_deref()) else { return Ok(()) };
    let mut value = x.worker.out.borrow_mut();
    value.clear();
    x.look(Side::Request, |cx| keywords::forwarded::write(forwarded, cx, &mut value));
    keywords::forwarded::add(&mut x.stream.request, &mut value)
}

/// How a body goes on that came without being framed by its head.
fn frame(x: &mut Exchange<'_>) -> Result<(), http::Full> {
    match x.framing {
        Framing::Chunked => x.stream.request.set_header(Known::TransferEncoding, b"chunked"),
        _ => Ok(()),
    }
}

/// Makes the request's id while all of the request is there, and tells the server.
fn unique_id(x: &mut Exchange<'_>) -> Result<(), http::Full> {
    if x.frontend.unique_id.is_none() {
        return Ok(());
    }
    let mut out = x.worker.out.borrow_mut();
    out.clear();
    x.look(Side::Request, |cx| out.extend_from_slice(state::unique_id::get(cx).unwrap_or_default()));
    match &x.frontend.unique_id_header {
        Some(header) => x.stream.request.add_header(&**header, &out),
        None => Ok(()),
    }
}

/// A server expects a key from a WebSocket client that was let in without one: a random one, 16 bytes in base64.
fn add_websocket_key(x: &mut Exchange<'_>) -> Result<(), http::Full> {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let is_websocket = h1::upgrade(&x.stream.request).is_some_and(|value| has_token(value, b"websocket"));
    if !is_websocket || x.stream.request.has(Known::SecWebsocketKey) {
        return Ok(());
    }
    // 21 digits of six bits, one of two, the padding.
    let mut key = *b"AAAAAAAAAAAAAAAAAAAAAA==";
    for (at, slot) in key.iter_mut().take(22).enumerate() {
        let mask = if at == 21 { 0x30 } else { 0x3f };
        let digit = x.worker.random() & mask;
        *slot = usize::try_from(digit).ok().and_then(|d| DIGITS.get(d)).copied().unwrap_or(b'A');
    }
    x.stream.request.add_header(Known::SecWebsocketKey, &key)
}

/// What a head counts for in the byte counts of logs and statistics: the size of its parts in HAProxy's internal form,
/// which is what HAProxy counts, so that graphs go on as they were.
pub fn weight(message: &Message) -> u64 {
    let start = match message.kind() {
        Kind::Request => message.method_bytes().len() + message.target_bytes().len() + 8,
        Kind::Response => 8 + 3 + message.reason().len(),
    };
    let headers: usize = message.headers().map(|h| h.name.len() + h.value.len()).sum();
    (20 + start + headers + 1) as u64
}

/// Adds an address as the frontend and the backend ask for it: under the backend's name; unless either of them leaves it
/// out; even if there is one already, unless both only want it otherwise (manual 4.2 "option forwardfor").
fn add_address(
    message: &mut Message,
    asked: [Option<&AddressHeader>; 2],
    address: Option<std::net::IpAddr>,
) -> Result<(), http::Full> {
    let headers = || asked.into_iter().flatten();
    let (Some(address), Some(header)) = (address, headers().last()) else { return Ok(()) };
    let excepted = headers().any(|h| h.except.is_some_and(|e| e.contains(address)));
    if excepted || (headers().all(|h| h.if_none) && message.has(&*header.name)) {
        return Ok(());
    }
    let mut text = [0u8; 48];
    let written = {
        use io::Write;
        let mut room = &mut text[..];
        let before = room.len();
        let _ = write!(room, "{address}");
        before - room.len()
    };
    message.add_header(&*header.name, text.get(..written).unwrap_or_default())
}
