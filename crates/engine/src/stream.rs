//! The life of a request: one table of phases, a line each, and what follows when a phase ends it early.

use http::Known;
use http::h1::Framing;
use net::Time;
use state::Farewell;
use state::Verdict;
use state::World;
use state::expr::Side;
use state::log::Origin;
use state::rule::Rules;
use state::termination::{Cause, Phase};

use crate::exchange::{Exchange, Stop, deadline};
use crate::failure::Failure;
use crate::h2::join;
use crate::pump::Pump;
use crate::session::{After, Client};
use crate::worker::Worker;
use crate::{
    contact, content, filter, finish, forward, handshake, inspect, log, persist, reply, request, resolve,
    respond, route, serve, stick, track,
};

/// Serves one request of a client. `expired`: the time for its first byte is over.
pub async fn exchange(worker: &Worker, world: &World, client: &mut Client, expired: bool) -> After {
    let Some(frontend) = world.frontend(client.session.frontend) else { return After::Close };
    let mut stream = worker.stream();
    let mut x = Exchange::begin(worker, world, client, &mut stream, frontend);
    let ended = match phases(&mut x, expired).await {
        Err(Stop::Serve) => serve::answer(&mut x).await,
        other => other,
    };
    let after = match ended {
        Ok(()) => {
            x.finish_stream();
            finish::finish(&mut x).await
        }
        Err(Stop::Idle(until)) => After::Park(until),
        Err(Stop::Http2) => After::Http2,
        Err(stop) => end(&mut x, stop).await,
    };
    drop(x);
    if !stream.counters.is_empty() {
        stream.counters.end(track::now_ms());
    }
    worker.give_back(stream);
    after
}

/// The phases in their order.
async fn phases(x: &mut Exchange<'_>, expired: bool) -> Result<(), Stop> {
    request::head(x, expired).await?;
    request::prepare(x)?;
    handshake::look(x.client);
    x.enroll();
    accepted(x);
    let frontend = x.frontend;
    inspect::show_request(x);
    if !std::mem::take(&mut x.client.session.inspected) {
        content::request(x, &frontend.tcp_content, frontend.inspect_delay).await?;
    }
    track::requested(x);
    monitor(x)?;
    if frontend.options.http_buffer_request {
        request::body(x).await?;
    }
    requested(x);
    request_rules(x, &frontend.http_request).await?;
    request::restrict_names(x, x.frontend.options.odd_names)?;
    serve::stats(x, x.frontend.stats.as_deref())?;
    request_rules(x, &frontend.redirects).await?;
    route::choose(x)?;
    persist::rules(x);
    let buffers = |x: &Exchange<'_>| x.backend.is_some_and(|b| b.options.http_buffer_request);
    if buffers(x) && !x.frontend.options.http_buffer_request {
        request::body(x).await?;
    }
    backend_rules(x).await?;
    persist::use_server(x);
    persist::request(x).map_err(|http::Full| Failure::new(Cause::INTERNAL, Phase::REQUEST, 500))?;
    let led = x.persistence.server.is_some();
    stick::request(x);
    request::form(x, led).await?;
    inspect::unless_aborted(x)?;
    request::for_server(x)?;
    let rest = contact::contact(x).await?;
    stick::store(x);
    let mut down = respond::body(x, rest)?;
    content::response(x, &mut down).await?;
    respond::capture(x.stream, x.frontend);
    inspect::show_response(x, &down);
    let judged = response_rules(x, &mut down).await;
    judged.inspect_err(|_| x.stream.bytes_out += down.payload)?;
    let full = |_| Failure::new(Cause::INTERNAL, Phase::HEADERS, 500);
    let cookies = x.stream.response.has(Known::SetCookie);
    persist::response(x).map_err(full)?;
    persist::guard_cookies(x, cookies)?;
    reply::after_response(x);
    respond::reframe(x, &mut down).map_err(full)?;
    filter::response(x, &mut down)?;
    x.stream.delivered.client += request::weight(&x.stream.response);
    respond::connection_header(x).map_err(full)?;
    log_response(x, &down);
    let done = body(x, &mut down).await;
    x.stream.delivered.client += down.payload;
    x.settle(Side::Response, down.take_traffic());
    x.stream.bytes_out += down.payload;
    filter::settle(x, down.sums());
    if done.is_ok() && x.up.is_done() {
        join::see_end(x).await;
    }
    finish::server(x, &mut down);
    done
}

/// The lines of a connection that was accepted, and of its request. Neither tells of what comes later, although it is here
/// already: the first knows no request, the second not how long it took.
fn accepted(x: &mut Exchange<'_>) {
    if !x.frontend.log.moments.include(Origin::Accept, x.stream.logged) {
        return;
    }
    let line = std::mem::take(&mut x.stream.request_line);
    let times = x.stream.times;
    (x.stream.has_request, x.stream.times.request) = (false, 0);
    log::moment(x, Origin::Accept);
    (x.stream.has_request, x.stream.times, x.stream.request_line) = (true, times, line);
}

fn requested(x: &mut Exchange<'_>) {
    if !x.frontend.log.moments.include(Origin::Request, x.stream.logged) {
        return;
    }
    let request = std::mem::take(&mut x.stream.times.request);
    log::moment(x, Origin::Request);
    x.stream.times.request = request;
}

/// The line before the response's body: what of it is known already counts.
fn log_response(x: &mut Exchange<'_>, down: &Pump) {
    let (status, bytes) = (x.stream.status, x.stream.bytes_out);
    x.stream.status = x.stream.response.status();
    x.stream.bytes_out += down.payload;
    log::moment(x, Origin::Response);
    (x.stream.status, x.stream.bytes_out) = (status, bytes);
}

async fn body(x: &mut Exchange<'_>, down: &mut Pump) -> Result<(), Stop> {
    let tunnel = x.upstream.is_some() && x.stream.response.status() == 101
        || x.stream.request.method() == http::Method::Connect
            && (200..300).contains(&x.stream.response.status());
    if !tunnel {
        return forward::response(x, down).await;
    }
    let leftover = x.up.leftover();
    let traffic = x.up.take_traffic();
    x.settle(Side::Request, traffic);
    forward::response_head(x, down)?;
    x.up = Pump::new(Framing::Tunnel, leftover, x.splices(Side::Request));
    let _ = x.up.prepare();
    filter::tunnel(x)?;
    x.keep_client = false;
    forward::both(x, down, true).await
}

async fn request_rules(x: &mut Exchange<'_>, set: &Rules) -> Result<(), Stop> {
    if set.is_empty() {
        return Ok(());
    }
    let mut at = 0;
    loop {
        inspect::bound_request(x);
        let verdict = x.judge_from(Side::Request, set, &mut at);
        x.stream.request.set_room(None);
        if !x.stream.hints.is_empty() {
            respond::hints(x);
        }
        match verdict {
            Verdict::Next => return Ok(()),
            Verdict::Body(wait) => inspect::request_rule(x, wait).await?,
            Verdict::Pause(ms) => pause(ms).await,
            // Few rules do it: others don't carry what it needs.
            Verdict::Lookup => Box::pin(resolve::lookup(x)).await,
            Verdict::Handshake => Box::pin(handshake::complete(x)).await?,
            verdict => {
                x.turned_away(verdict);
                use Verdict::{Deny, Reply, Tarpit};
                if matches!(verdict, Deny { .. } | Tarpit { .. } | Reply { denied: true }) {
                    refused(x);
                }
                return x.obey(verdict, Phase::REQUEST);
            }
        }
    }
}

/// What logs say of the cookies of a request that rules turned away.
fn refused(x: &mut Exchange<'_>) {
    let _ = persist::request(x);
    if x.persistence.server.is_some() {
        x.stream.server = x.persistence.server;
        x.stream.backend = x.stream.backend.or(x.frontend.back);
    }
}

async fn backend_rules(x: &mut Exchange<'_>) -> Result<(), Stop> {
    let Some(backend) = x.backend else { return Ok(()) };
    if backend.looks[0] {
        inspect::show_request(x);
    }
    if !x.at_home() {
        content::request(x, &backend.tcp_content, backend.inspect_delay).await?;
        track::let_pass(x);
        request_rules(x, &backend.http_request).await?;
    }
    request::restrict_names(x, backend.options.odd_names)?;
    serve::stats(x, backend.stats.as_deref())?;
    if x.at_home() { Ok(()) } else { request_rules(x, &backend.redirects).await }
}

/// The `http-response` rules: the backend's, then the frontend's.
async fn response_rules(x: &mut Exchange<'_>, down: &mut Pump) -> Result<(), Stop> {
    let sets =
        [x.backend.filter(|_| !x.at_home()).map(|b| &b.http_response), Some(&x.frontend.http_response)];
    for (n, set) in sets.into_iter().enumerate().filter_map(|(n, set)| Some((n, set?))) {
        let mut at = 0;
        while at < set.len() {
            inspect::bound_response(x, down);
            let verdict = x.judge_from(Side::Response, set, &mut at);
            x.stream.response.set_room(None);
            match verdict {
                Verdict::Next => break,
                Verdict::Body(wait) => inspect::response_rule(x, down, wait).await?,
                Verdict::Pause(ms) => pause(ms).await,
                verdict => {
                    x.turned_back(verdict);
                    match verdict {
                        // No response was looked at yet.
                        _ if n == 0 => x.server_status = 0,
                        Verdict::Close(_) => x.stream.status = x.stream.response.status(),
                        _ => {}
                    }
                    x.obey(verdict, Phase::HEADERS)?;
                }
            }
        }
    }
    Ok(())
}

/// `monitor-uri` answers 200 by itself, or 503 where a `monitor fail` holds.
fn monitor(x: &mut Exchange<'_>) -> Result<(), Stop> {
    let Some(uri) = &x.frontend.monitor_uri else { return Ok(()) };
    // A path is meant whatever the authority in front of it.
    let request = &x.stream.request;
    let whole = request.target_bytes() == &**uri;
    if !whole && (uri.first() != Some(&b'/') || request.pathq() != Some(&**uri)) {
        return Ok(());
    }
    x.stream.termination.set(Cause::LOCAL, Phase::REQUEST);
    x.stream.silent = true;
    let fails = x.look(Side::Request, |cx| x.frontend.monitor_fail.iter().any(|cond| cond.holds(cx)));
    Err(Stop::Page(if fails { 503 } else { 200 }))
}

/// A phase ended the exchange: answer what can be answered, then finish.
async fn end(x: &mut Exchange<'_>, stop: Stop) -> After {
    x.server_bytes = Some(if x.server_status == 0 { 0 } else { x.stream.bytes_out });
    match stop {
        Stop::Idle(until) => return After::Park(until),
        Stop::Upgrade | Stop::Http2 => return After::Close,
        Stop::Retry => {
            finish::request_ended(x);
            x.upstream = None;
            x.places.leave_server();
            // Answers to earlier requests may be on their way yet.
            return After::Linger;
        }
        Stop::Failure(failure) => {
            x.stream.termination.set(failure.cause, failure.phase);
            x.keep_client &= failure.cause != Cause::CLIENT && failure.cause != Cause::CLIENT_TIMEOUT;
            match failure.status.filter(|_| !x.answered) {
                Some(status) if failure.raw => reply::raw(x, status).await,
                Some(status) => {
                    reply::page(x, status);
                    reply::send(x).await;
                }
                None => x.keep_client = false,
            }
        }
        // Its service has answered.
        Stop::Serve => {}
        Stop::Reply => reply::send(x).await,
        Stop::Page(status) => {
            reply::page(x, status);
            reply::send(x).await;
        }
        Stop::Tarpit(status) => {
            tarpit(x, deadline(x.tarpit_timeout())).await;
            // The log tells the time as one in a queue (manual 8.5, "PT").
            x.stream.times.queued = net::now().as_nanos();
            if !waits_for_body(x) {
                x.stream.times.request = 0;
            }
            reply::page(x, status);
            reply::send(x).await;
        }
        Stop::Drop(farewell) => {
            x.keep_client = false;
            // Where the body is waited for, the request was complete.
            if x.upstream.is_none() && !waits_for_body(x) {
                x.stream.times.request = 0;
            }
            x.client.leave_by(farewell);
            if farewell == Farewell::Close && !x.stream.has_request {
                return After::Close;
            }
        }
    }
    x.upstream = None;
    finish::finish(x).await
}

/// `option http-buffer-request`, of either proxy.
fn waits_for_body(x: &Exchange<'_>) -> bool {
    let options = [Some(&x.frontend.options), x.backend.map(|b| &b.options)];
    options.into_iter().flatten().any(|o| o.http_buffer_request)
}

/// `pause`.
async fn pause(ms: u32) {
    net::sleep_until(deadline(Some(ms))).await;
}

/// Keeps a client waiting, unless it goes first.
async fn tarpit(x: &Exchange<'_>, until: Time) {
    if until.is_never() {
        return;
    }
    net::wait(|w| {
        w.hup(&x.client.sock).until(until);
    })
    .await;
}
