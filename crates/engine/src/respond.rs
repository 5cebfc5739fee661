//! The response: waiting for its head while the request's body still goes out, interim responses, and what the head
//! becomes on the way to the client.

use std::io;

use http::h1::{self, Framing, Parsed, Scan};
use http::{Known, Method, Version};
use net::Time;
use state::expr::Side;
use state::fault::Fault;
use state::termination::{Cause, Phase};
use state::{Frontend, Stream};

use crate::buffer::Buffer;
use crate::exchange::{Exchange, Stop, deadline};
use crate::failure::Failure;
use crate::h2::Behind;
use crate::malformed;
use crate::persist;
use crate::pump::{Broken, Pump, Step};
use crate::request::weight;
use crate::{forward, spelling};

/// The most that is read at once while the head is not whole: a small body comes with it, and what is left of a large
/// one has not been copied and can go through a pipe.
const FIRST_READ: usize = 20 * 1024;

/// What came instead of a response on a connection that had been idle: the server had closed it, and the request may
/// be sent again elsewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Head {
    Got,
    Stale,
    /// The server did nothing for the request, and says so.
    Untouched,
}

/// Waits for the head of the final response. What was read behind it is kept for the body.
pub async fn head(x: &mut Exchange<'_>, rest: &mut Option<Buffer>) -> Result<Head, Stop> {
    let mut scan = Scan::default();
    let mut client_until = x.timeouts_client();
    let mut server_until = x.timeouts_server();
    loop {
        match parse(x, rest, &mut scan)? {
            Found::Final => return Ok(Head::Got),
            Found::Interim => {
                scan = Scan::default();
                continue;
            }
            Found::More => {}
        }
        match read(x, rest) {
            Ok(0) => return ended(x, rest),
            Ok(_) => {
                server_until = x.timeouts_server();
                continue;
            }
            Err(e) if e.kind() == io::ErrorKind::WouldBlock => {}
            Err(error) => {
                x.stream.server_fault = error.raw_os_error().map(Fault::System);
                return ended(x, rest);
            }
        }
        let before = x.up.moved;
        let step = push_body(x)?;
        if x.up.moved != before {
            client_until = x.timeouts_client();
            server_until = x.timeouts_server();
        }
        wait(x, step, client_until, server_until).await?;
    }
}

enum Found {
    Final,
    Interim,
    More,
}

fn parse(x: &mut Exchange<'_>, rest: &mut Option<Buffer>, scan: &mut Scan) -> Result<Found, Stop> {
    if let Some(joint) = x.upstream.as_ref().and_then(|upstream| upstream.joint.as_ref()) {
        x.stream.link.glitches = joint.back.glitches();
        return match joint.channel.take_head(&mut x.stream.response) {
            None => Ok(Found::More),
            Some(_) => received(x),
        };
    }
    let Some(buffer) = rest.as_mut().filter(|b| !b.is_empty()) else { return Ok(Found::More) };
    let limits = x.limits(Side::Response);
    match scan.response(buffer.data(), &mut x.stream.response, &limits) {
        Parsed::Partial => Ok(Found::More),
        Parsed::Invalid(error) => {
            malformed::keep(x, Side::Response, error, buffer.data(), buffer.room());
            Err(invalid(x))
        }
        Parsed::Complete { consumed } => {
            buffer.consume(consumed);
            received(x)
        }
    }
}

/// A whole head came.
fn received(x: &mut Exchange<'_>) -> Result<Found, Stop> {
    let status = x.stream.response.status();
    if (100..200).contains(&status) && status != 101 {
        interim(x)?;
        return Ok(Found::Interim);
    }
    settle(x)?;
    x.stream.bytes_out += weight(&x.stream.response);
    x.stream.has_response = true;
    x.stream.times.response = net::now().as_nanos();
    Ok(Found::Final)
}

/// Settles the framing of the final response and whether the server's connection stays; what concerns that connection
/// alone goes out of the head, so that no rule sees it.
fn settle(x: &mut Exchange<'_>) -> Result<(), Stop> {
    let limits = x.limits(Side::Response);
    if x.stream.response.status() == 101 && !changes(x, &limits) {
        // Nobody asked for it, or nobody confirms it: as a tunnel, what follows would go past all rules.
        return Err(invalid(x));
    }
    let response = &mut x.stream.response;
    let framing = h1::response_framing(response, x.stream.request.method(), &limits);
    let keeps = h1::keep_alive(response);
    match (framing, h1::take_connection(response)) {
        (Ok(framing), Ok(_)) => x.response_framing = framing,
        _ => return Err(invalid(x)),
    }
    let joint = x.upstream.as_ref().and_then(|upstream| upstream.joint.as_ref());
    if let Some(joint) = joint.filter(|_| x.response_framing == Framing::UntilClose) {
        // What tells no length ends with its stream.
        x.response_framing = joint.channel.framing();
    }
    x.stream.response_version = response.version();
    x.server_status = response.status();
    x.stream.server_status = x.server_status;
    let authenticates = persist::authenticates(response);
    x.client.session.sticks |= authenticates;
    if let Some(upstream) = &mut x.upstream {
        upstream.private |= authenticates;
        upstream.keep &= keeps && !matches!(x.response_framing, Framing::UntilClose | Framing::Tunnel);
    }
    Ok(())
}

/// Whether a 101 is one: all of the request is there that asked for it, and it is confirmed; to a client of HTTP/2, which
/// can't see the proof of a WebSocket, not without a right one.
fn changes(x: &Exchange<'_>, limits: &h1::Limits) -> bool {
    let (request, response) = (&x.stream.request, &x.stream.response);
    let proven = || match (&x.client.link, request.find(Known::SecWebsocketKey)) {
        (Some(_), Some(key)) => {
            let proof = keywords::websocket::accept(key);
            response.find(Known::SecWebsocketAccept) == Some(&proof[..])
        }
        _ => true,
    };
    x.upgrades && x.up.is_done() && h1::confirms_upgrade(response, limits) && proven()
}

/// The server's answer is none: 502.
pub fn invalid(x: &mut Exchange<'_>) -> Stop {
    x.stream.has_response = false;
    x.stream.response.clear();
    Failure::new(Cause::PROXY, Phase::HEADERS, 502).into()
}

/// Passes a 1xx on to a client that knows them. One that doesn't fit into the socket at once is dropped: it is advice.
fn interim(x: &mut Exchange<'_>) -> Result<(), Stop> {
    if h1::take_connection(&mut x.stream.response).is_err() {
        return Err(invalid(x));
    }
    x.stream.bytes_out += weight(&x.stream.response);
    if x.stream.request.version() < Version::HTTP_11 {
        return Ok(());
    }
    let mut out = x.worker.out.borrow_mut();
    out.clear();
    out.append(&mut x.unsent);
    let before = out.len();
    spelling::response(x, &mut out);
    let n = x.client.sock.try_write(&out).unwrap_or(0);
    x.wire.client.wrote += n as u64;
    // A part of a head can't be taken back: the rest of it goes before whatever follows.
    let begun = if n > before { out.len() } else { before };
    x.unsent.extend_from_slice(out.get(n..begun).unwrap_or_default());
    Ok(())
}

/// Sends a whole 1xx of our own. What the socket doesn't take at once goes in front of the next head.
pub fn in_advance(x: &mut Exchange<'_>, answer: &[u8]) {
    if let Some(link) = &x.client.link {
        let (mut interim, mut rest) = (http::Message::new(), answer);
        while let Parsed::Complete { consumed: n @ 1.. } =
            h1::parse_response(rest, &mut interim, &h1::Limits::default())
        {
            link.channel.respond(&interim, Behind::Body);
            rest = rest.get(n..).unwrap_or_default();
        }
        return;
    }
    let sent = if x.unsent.is_empty() { x.client.sock.try_write(answer).unwrap_or(0) } else { 0 };
    x.wire.client.wrote += sent as u64;
    x.unsent.extend_from_slice(answer.get(sent..).unwrap_or_default());
}

/// Sends what rules gave as hints.
pub fn hints(x: &mut Exchange<'_>) {
    let mut hints = std::mem::take(&mut x.stream.hints);
    in_advance(x, &hints);
    hints.clear();
    x.stream.hints = hints;
}

fn read(x: &mut Exchange<'_>, rest: &mut Option<Buffer>) -> io::Result<usize> {
    let Some(upstream) = &x.upstream else { return Ok(0) };
    let buffer = rest.get_or_insert_with(Buffer::take);
    let space = buffer.space();
    let most = space.len().min(FIRST_READ);
    let result = upstream.sock.try_read(space.get_mut(..most).unwrap_or_default());
    match &result {
        Ok(n) => {
            buffer.filled(*n);
            x.wire.server.read += *n as u64;
        }
        Err(_) if buffer.is_empty() => *rest = None,
        Err(_) => {}
    }
    result
}

/// The server closed, or the connection broke, before the head was complete.
fn ended(x: &mut Exchange<'_>, rest: &Option<Buffer>) -> Result<Head, Stop> {
    let joint = x.upstream.as_ref().and_then(|upstream| upstream.joint.as_ref());
    if joint.is_some_and(|joint| joint.channel.is_repeatable()) {
        return Ok(Head::Untouched);
    }
    if joint.is_some_and(|joint| joint.channel.is_unable()) {
        x.stream.has_response = false;
        return Err(Failure::new(Cause::SERVER, Phase::HEADERS, 502).into());
    }
    let stale = x.upstream.as_ref().is_some_and(|u| u.served > 0);
    let nothing = rest.as_ref().is_none_or(Buffer::is_empty);
    let repeatable = x.framing == Framing::None && is_idempotent(x.stream.request.method());
    if stale && nothing && repeatable {
        return Ok(Head::Stale);
    }
    // A client repeats by itself what can be repeated when a connection that it has used before just ends, and knows
    // better than we do what that is.
    let used = x.client.session.requests > 1;
    if nothing && used && (stale || x.resent) {
        return Err(Stop::Retry);
    }
    x.stream.has_response = false;
    // Half a head is no valid one.
    let cause = if nothing { Cause::SERVER } else { Cause::PROXY };
    Err(Failure::new(cause, Phase::HEADERS, 502).into())
}

/// RFC 9110 §9.2.2.
fn is_idempotent(method: Method) -> bool {
    matches!(
        method,
        Method::Get | Method::Head | Method::Options | Method::Put | Method::Delete | Method::Trace
    )
}

/// Sends what there is of the request's body.
pub fn push_body(x: &mut Exchange<'_>) -> Result<Step, Stop> {
    let Some(upstream) = &x.upstream else { return Ok(Step::Done) };
    match x.up.step(&x.client.sock, &upstream.sock) {
        Ok(step) => Ok(step),
        Err(broken @ Broken::Destination(_)) => {
            forward::note_fault(x, &broken);
            // The server may have answered before it closed: its answer is read first.
            if !x.up.keeps() {
                x.up.cancel();
                x.keep_client = false;
            }
            Ok(Step::Done)
        }
        Err(Broken::Source(_)) => {
            x.count(|c| c.client_aborts.add(1));
            x.stream.status = 400;
            Err(Failure::silent(Cause::CLIENT, Phase::HEADERS).into())
        }
        Err(broken @ Broken::Invalid(_)) => {
            malformed::keep_broken(x, Side::Request, &broken, &x.up);
            x.count(|c| c.request_errors.add(1));
            Err(Failure::new(Cause::PROXY, Phase::HEADERS, 400).into())
        }
    }
}

async fn wait(x: &mut Exchange<'_>, step: Step, client_until: Time, server_until: Time) -> Result<(), Stop> {
    let Some(upstream) = &x.upstream else { return Ok(()) };
    let (server, client) = (&upstream.sock, &x.client.sock);
    let may_abort = step == Step::Done && x.heeds_leaving();
    let woken = net::wait(|w| {
        w.read(server).notified();
        if may_abort {
            w.hup(client);
        }
        match step {
            Step::Read => w.read(client).until(client_until),
            Step::Write => w.write(server).until(server_until),
            Step::Later(until) => w.until(until.min(server_until)),
            Step::Done => w.until(server_until),
        };
    })
    .await;
    if woken.notified() {
        x.killed()?;
    }
    if may_abort && woken.ready(1) && !woken.ready(0) {
        x.count(|c| c.client_aborts.add(1));
        // Who only ended its direction is told so; a broken connection counts as a failed transfer.
        let phase = if x.client.sock.take_error().is_ok() { Phase::HEADERS } else { Phase::DATA };
        return Err(Failure::new(Cause::CLIENT, phase, 400).into());
    }
    if !woken.timed_out() || woken.any_ready() || woken.notified() || step.is_due() {
        return Ok(());
    }
    if step == Step::Read {
        return Err(Failure::new(Cause::CLIENT_TIMEOUT, Phase::HEADERS, 400).into());
    }
    Err(Failure::new(Cause::SERVER_TIMEOUT, Phase::HEADERS, 504).into())
}

/// The response's body on its way, with what was read of it already: malformed from its beginning it makes the response
/// as bad as a malformed head.
pub fn body(x: &mut Exchange<'_>, rest: Option<Buffer>) -> Result<Pump, Stop> {
    let mut down = Pump::new(x.response_framing, rest, x.splices(Side::Response));
    down.hurried = x.hurries();
    if x.response_framing == Framing::Chunked {
        down.trailer_rule = spelling::response_trailers(x);
    }
    if x.bodiless() {
        down.mute();
    }
    match down.prepare() {
        Ok(()) => Ok(down),
        Err(broken) => {
            malformed::keep_broken(x, Side::Response, &broken, &down);
            x.count(|c| c.response_errors.add(1));
            Err(invalid(x))
        }
    }
}

/// Has the framing agree with a status that rules changed: what came without a body is sent with an empty one where one
/// is expected, and a body that nobody expects is dropped. Else the client would take one response for another.
pub fn reframe(x: &mut Exchange<'_>, down: &mut Pump) -> Result<(), http::Full> {
    // Not everybody reads chunks before HTTP/1.1 alike.
    let doubtful = x.response_framing == Framing::Chunked && x.stream.response.version() < Version::HTTP_11;
    x.keep_client &= x.response_framing != Framing::UntilClose && !doubtful;
    let bodiless = x.bodiless();
    let response = &mut x.stream.response;
    let status = response.status();
    let bare = |status: u16| status < 200 || matches!(status, 204 | 304);
    if status == x.server_status || bare(status) == bare(x.server_status) {
        return tell_length(x);
    }
    if !bare(status) {
        response.del_header(Known::TransferEncoding);
        return if bodiless { Ok(()) } else { response.set_header(Known::ContentLength, b"0") };
    }
    down.mute();
    if status != 304 {
        response.del_header(Known::ContentLength);
        response.del_header(Known::TransferEncoding);
    }
    Ok(())
}

/// Says how long a response is that came from HTTP/2, where a head needs not say it: to clients of HTTP/1 it would last until
/// the connection ends.
fn tell_length(x: &mut Exchange<'_>) -> Result<(), http::Full> {
    let stream = x.upstream.as_ref().is_some_and(|upstream| upstream.joint.is_some());
    let response = &mut x.stream.response;
    let said = response.has(Known::TransferEncoding) || response.has(Known::ContentLength);
    let bare = response.status() < 200 || matches!(response.status(), 204 | 304);
    match x.response_framing {
        Framing::Chunked if !said => response.set_header(Known::TransferEncoding, b"chunked"),
        Framing::None if stream && !said && !bare && x.method != Method::Head && x.client.link.is_none() => {
            response.set_header(Known::ContentLength, b"0")
        }
        _ => Ok(()),
    }
}

/// The last header of all: `connection: close` where the connection ends, `keep-alive` where it stays although one of
/// the messages is of HTTP/1.0. A tunnel, or the offer of one, has said what it had to say.
pub fn connection_header(x: &mut Exchange<'_>) -> Result<(), http::Full> {
    // Whoever is answered while the process stops, or the frontend is gone, has to go elsewhere next.
    x.keep_client &= !x.is_ending();
    if x.client.link.is_some() {
        return Ok(());
    }
    let response = &mut x.stream.response;
    if response.status() == 101 || h1::connection(response).upgrade {
        return Ok(());
    }
    let old_request = x.stream.has_request && x.stream.request.version() < Version::HTTP_11;
    let old_response = response.version() < Version::HTTP_11;
    match (x.keep_client, old_request, old_response) {
        (false, _, false) => response.add_header(Known::Connection, b"close"),
        (true, true, _) | (true, _, true) => response.add_header(Known::Connection, b"keep-alive"),
        _ => Ok(()),
    }
}

/// `capture response header`.
pub fn capture(stream: &mut Stream, frontend: &Frontend) {
    for wanted in &frontend.captures.response {
        let value = stream.response.line_at(&*wanted.name, -1);
        let value = value.map(|v| v.get(..wanted.len.min(v.len())).unwrap_or_default());
        stream.captured_response.push(value);
    }
}

/// A point from which a fresh period of the server's silence is counted.
pub fn server_deadline(x: &Exchange<'_>, tunnel: bool) -> Time {
    deadline(x.tunnel_timeout().filter(|_| tunnel).or(x.server_timeout()))
}
