//! Bodies that rules look at: waiting for them (`option http-buffer-request`, `wait-for-body`), and what is shown of them.

use http::h1::Framing;
use http::{Known, Message, Version};
use net::Time;
use state::expr::Side;
use state::rule::Wait;
use state::stream::Body;
use state::termination::{Cause, Phase};

use crate::exchange::{Exchange, Stop, deadline};
use crate::failure::Failure;
use crate::malformed::keep_broken;
use crate::pump::{Broken, Pump, Step};
use crate::request::weight;
use crate::respond;

/// Waits for the request's body: for all of it, for `at_least` so many bytes, or for as much as a buffer holds. A client
/// that asks whether it should send it is told so.
pub async fn request(x: &mut Exchange<'_>, until: Time, at_least: u64) -> Result<(), Stop> {
    if x.framing != Framing::None && !x.aborted {
        go_on(x);
        let enough = enough(x, &x.stream.request, &x.up, at_least);
        loop {
            match x.up.fill(&x.client.sock, enough) {
                Ok(true) => {}
                Ok(false) => break,
                Err(broken @ Broken::Invalid(_)) => {
                    keep_broken(x, Side::Request, &broken, &x.up);
                    return Err(malformed(x));
                }
                Err(_) => {
                    request_failed(x);
                    break;
                }
            }
            let woken = net::wait(|w| {
                w.read(&x.client.sock).until(until);
            });
            if woken.await.timed_out() {
                x.count(|c| c.request_errors.add(1));
                x.stream.times.request = 0;
                return Err(Failure::new(Cause::CLIENT_TIMEOUT, Phase::REQUEST, 408).into());
            }
        }
        x.stream.times.request = net::now().as_nanos();
    }
    show_request(x);
    Ok(())
}

/// The client went while its body was waited for, or what came meanwhile is no body.
fn request_failed(x: &mut Exchange<'_>) {
    if !x.aborted {
        x.count(|c| c.request_errors.add(1));
    }
    x.aborted = true;
}

/// What came while the body was waited for is no body.
fn malformed(x: &mut Exchange<'_>) -> Stop {
    x.count(|c| c.request_errors.add(1));
    x.stream.times.request = 0;
    x.stream.status = 400;
    Failure::silent(Cause::PROXY, Phase::REQUEST).into()
}

/// Ends an exchange whose client went while its body was waited for.
pub fn unless_aborted(x: &mut Exchange<'_>) -> Result<(), Stop> {
    if !x.aborted {
        return Ok(());
    }
    x.stream.status = 400;
    Err(Failure::silent(Cause::CLIENT, Phase::REQUEST).into())
}

/// Reads what there is of the request's body, as far as a buffer holds it; whether more may come.
pub fn fill_request(x: &mut Exchange<'_>) -> bool {
    let enough = enough(x, &x.stream.request, &x.up, 0);
    match x.up.fill(&x.client.sock, enough) {
        Ok(open) => open,
        Err(_) => {
            request_failed(x);
            false
        }
    }
}

/// `http-request wait-for-body`.
pub async fn request_rule(x: &mut Exchange<'_>, wait: Wait) -> Result<(), Stop> {
    if wait.large {
        x.up.enlarge(large_size(x));
    }
    let waited = request(x, deadline(Some(wait.ms)), wait.at_least).await;
    // The rule answers then.
    waited.inspect_err(|_| {
        x.stream.trail.last_rule = x.stream.trail.waiting.take().or(x.stream.trail.last_rule);
    })
}

/// `http-response wait-for-body`. What is left of the request goes out meanwhile: the server may be waiting for it.
pub async fn response_rule(x: &mut Exchange<'_>, down: &mut Pump, wait: Wait) -> Result<(), Stop> {
    let until = deadline(Some(wait.ms));
    if wait.large {
        down.enlarge(large_size(x));
    }
    let enough = enough(x, &x.stream.response, down, wait.at_least);
    while let Some(upstream) = &x.upstream {
        match down.fill(&upstream.sock, enough) {
            Ok(true) => {}
            Ok(false) => break,
            // What came is passed on; the end of it shows what broke.
            Err(Broken::Source(_) | Broken::Destination(_)) => break,
            Err(broken @ Broken::Invalid(_)) => {
                keep_broken(x, Side::Response, &broken, down);
                return Err(respond::invalid(x));
            }
        }
        let step = respond::push_body(x)?;
        let Some(upstream) = &x.upstream else { break };
        let (server, client) = (&upstream.sock, &x.client.sock);
        let woken = net::wait(|w| {
            w.read(server).until(until);
            match step {
                Step::Read => w.read(client),
                Step::Write => w.write(server),
                Step::Later(until) => w.until(until),
                Step::Done => w,
            };
        })
        .await;
        if woken.timed_out() && !woken.any_ready() && !step.is_due() {
            x.count(|c| c.response_errors.add(1));
            return Err(Failure::new(Cause::SERVER_TIMEOUT, Phase::DATA, 504).into());
        }
    }
    show_response(x, down);
    Ok(())
}

fn large_size(x: &Exchange<'_>) -> usize {
    usize::try_from(x.world.global.large_buffer).unwrap_or(0)
}

/// How much of a body is enough: what is asked for, if the buffer holds so much.
fn enough(x: &Exchange<'_>, head: &Message, pump: &Pump, at_least: u64) -> u64 {
    let room = room(x, head, pump);
    if at_least == 0 { room } else { at_least.min(room) }
}

/// How much of a body the buffer holds behind this head, in HAProxy's counting, so that rules see as much of it: what
/// `tune.bufsize` leaves beside `tune.maxrewrite`, 40 bytes for the buffer itself and 8 for each of its blocks.
fn room(x: &Exchange<'_>, head: &Message, pump: &Pump) -> u64 {
    let global = &x.world.global;
    // One more where a buffer gave way to a large one: what was in it, and what came then.
    let blocks = head.header_count() as u64 + if pump.is_large() { 4 } else { 3 };
    let taken = 40 + 8 * blocks + weight(head);
    let size = if pump.is_large() { global.large_buffer } else { global.buffer_size };
    u64::from(size.saturating_sub(global.max_rewrite)).saturating_sub(taken)
}

/// Bounds what rules may write into the request's head: as much as a buffer holds beside the body that has come.
pub fn bound_request(x: &mut Exchange<'_>) {
    let most = match x.body_room[0] {
        0 => room(x, &x.stream.request, &x.up),
        known => known,
    };
    x.body_room[0] = most;
    let left = writable(x, x.up.payload.min(most));
    x.stream.request.set_room(Some(left));
}

/// As `bound_request`, for the response's.
pub fn bound_response(x: &mut Exchange<'_>, down: &Pump) {
    let most = match x.body_room[1] {
        0 => room(x, &x.stream.response, down),
        known => known,
    };
    x.body_room[1] = most;
    let left = writable(x, down.payload.min(most));
    x.stream.response.set_room(Some(left));
}

/// The bytes of a buffer that are left for a head beside so many of a body.
fn writable(x: &Exchange<'_>, body: u64) -> u32 {
    /// The buffer itself, and its blocks for the first line and the ends of head and body.
    const OWN: u64 = 40 + 3 * 8 + 21;
    let left = u64::from(x.world.global.buffer_size).saturating_sub(OWN + body);
    u32::try_from(left).unwrap_or(u32::MAX)
}

/// Shows rules what has come of the request's body, where some look at it.
pub fn show_request(x: &mut Exchange<'_>) {
    if !x.frontend.looks[0] && !x.backend.is_some_and(|b| b.looks[0]) {
        return;
    }
    let (room, head) = (room(x, &x.stream.request, &x.up), weight(&x.stream.request));
    show(&mut x.stream.request_body, &x.up, x.framing, (room, head));
}

/// Shows rules what has come of the response's body, where some look at it.
pub fn show_response(x: &mut Exchange<'_>, down: &Pump) {
    if !x.frontend.looks[1] && !x.backend.is_some_and(|b| b.looks[1]) {
        return;
    }
    let (room, head) = (room(x, &x.stream.response, down), weight(&x.stream.response));
    show(&mut x.stream.response_body, down, x.response_framing, (room, head));
}

fn show(body: &mut Body, pump: &Pump, framing: Framing, (room, head): (u64, u64)) {
    body.content.clear();
    pump.content(&mut body.content);
    body.content.truncate(usize::try_from(room).unwrap_or(usize::MAX));
    let came = body.content.len() as u64;
    body.size = match framing {
        Framing::Length(length) => length,
        _ => came,
    };
    body.buffered = head + pump.payload.min(room);
}

/// Answers `Expect: 100-continue` (RFC 9110 section 10.1.1) in the server's stead.
fn go_on(x: &mut Exchange<'_>) {
    const CONTINUE: &[u8] = b"HTTP/1.1 100 Continue\r\n\r\n";
    let request = &mut x.stream.request;
    let expects =
        request.find(Known::Expect).is_some_and(|value| value.eq_ignore_ascii_case(b"100-continue"));
    if !expects || request.version() < Version::HTTP_11 {
        return;
    }
    request.del_header(Known::Expect);
    respond::in_advance(x, CONTINUE);
}
