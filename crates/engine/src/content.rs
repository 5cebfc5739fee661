//! `tcp-request content` and `tcp-response content`: rules that may wait for more bytes, `inspect-delay` long
//! (manual 4.2). In HTTP proxies what comes is a message, in TCP ones bytes.

use http::h1::{Parsed, find_request};
use net::Time;
use state::Rules;
use state::expr::Side;
use state::rule::Verdict;
use state::termination::{Cause, Phase};

use crate::buffer::Buffer;
use crate::exchange::{Exchange, Stop, deadline};
use crate::failure::Failure;
use crate::pump::{Broken, Pump, Step};
use crate::{inspect, resolve, respond};

/// How long rules may wait: never without a delay.
fn patience(delay_ms: Option<u32>) -> (Time, bool) {
    (deadline(delay_ms), delay_ms.is_none())
}

/// The rules for the client's bytes, in a TCP proxy.
pub async fn request_bytes(x: &mut Exchange<'_>, set: &Rules, delay_ms: Option<u32>) -> Result<(), Stop> {
    let (until, mut over) = patience(delay_ms);
    let mut at = 0;
    loop {
        show_bytes(x, over);
        match x.judge_from(Side::Request, set, &mut at) {
            Verdict::Next => break,
            // Few rules do it: others don't carry what it needs.
            Verdict::Lookup => Box::pin(resolve::lookup(x)).await,
            Verdict::More => {
                let woken = net::wait(|w| {
                    w.read(&x.client.sock).until(until);
                });
                over = woken.await.timed_out();
            }
            verdict => return refused(x, verdict),
        }
    }
    x.stream.request_body.more = false;
    Ok(())
}

/// The rules for a request whose head has come.
pub async fn request(x: &mut Exchange<'_>, set: &Rules, delay_ms: Option<u32>) -> Result<(), Stop> {
    if set.is_empty() {
        return Ok(());
    }
    let (until, mut over) = patience(delay_ms);
    let mut at = 0;
    loop {
        x.stream.request_body.more = !over;
        match x.judge_from(Side::Request, set, &mut at) {
            Verdict::Next => break,
            Verdict::More => over = more_of_request(x, until).await,
            Verdict::Lookup => Box::pin(resolve::lookup(x)).await,
            verdict => {
                x.stream.request_body.more = false;
                if matches!(verdict, Verdict::Close(_)) && x.backend.is_none() {
                    forget_request(x);
                }
                return refused(x, verdict);
            }
        }
    }
    x.stream.request_body.more = false;
    Ok(())
}

/// A frontend that closes by then has not read the request as one, as logs have it.
fn forget_request(x: &mut Exchange<'_>) {
    x.stream.request_line.clear();
    x.stream.times.request = 0;
    for (slot, _) in x.frontend.captures.request.iter().enumerate().filter(|(_, c)| !c.name.is_empty()) {
        x.stream.captured_request.set(slot, None);
    }
}

fn refused(x: &mut Exchange<'_>, verdict: Verdict) -> Result<(), Stop> {
    x.turned_away(verdict);
    x.obey(verdict, Phase::REQUEST)
}

/// Waits for more of a request; whether there will be none in time.
async fn more_of_request(x: &mut Exchange<'_>, until: Time) -> bool {
    let open = !x.aborted && inspect::fill_request(x);
    let woken = net::wait(|w| {
        match open {
            true => w.read(&x.client.sock),
            false => w.hup(&x.client.sock),
        };
        w.until(until);
    })
    .await;
    x.stream.times.request = net::now().as_nanos();
    if open && !woken.timed_out() {
        inspect::fill_request(x);
        inspect::show_request(x);
        return x.aborted;
    }
    true
}

/// Reads what the client of a TCP proxy has sent, and shows it to rules that look at it. `over`: no more is waited for.
fn show_bytes(x: &mut Exchange<'_>, over: bool) {
    let heads = x.frontend.looks_early || x.backend.is_some_and(|b| b.looks_early);
    if !heads && !x.frontend.looks[0] && !x.backend.is_some_and(|b| b.looks[0]) {
        return;
    }
    let most = most(x);
    let buffer = x.client.buffer.get_or_insert_with(Buffer::take);
    let mut ended = false;
    while !ended && buffer.len() < most && !buffer.space().is_empty() {
        match x.client.sock.try_read(buffer.space()) {
            Ok(n) if n > 0 => buffer.filled(n),
            Err(e) if e.kind() == std::io::ErrorKind::WouldBlock => break,
            _ => ended = true,
        }
    }
    let Some(buffer) = &x.client.buffer else { return };
    let body = &mut x.stream.request_body;
    body.content.clear();
    body.content.extend_from_slice(buffer.data().get(..most.min(buffer.len())).unwrap_or_default());
    (body.size, body.buffered) = (body.content.len() as u64, body.content.len() as u64);
    body.raw = true;
    body.more = !over && !ended && body.content.len() < most;
    if x.client.buffer.as_ref().is_some_and(Buffer::is_empty) {
        x.client.buffer = None;
    }
    if heads {
        read_head(x);
    }
}

/// Looks for a request's head at the beginning of the bytes.
fn read_head(x: &mut Exchange<'_>) {
    let limits = x.limits(Side::Request);
    let stream = &mut *x.stream;
    let (body, request) = (&mut stream.request_body, &mut stream.request);
    let parsed = find_request(&body.content, request, &limits);
    body.begun = matches!(parsed, Parsed::Partial);
    stream.has_request = matches!(parsed, Parsed::Complete { .. });
    if !stream.has_request {
        request.clear();
    }
}

/// Forgets the head that was found among the bytes: what follows works on these alone.
pub fn forget_head(x: &mut Exchange<'_>) {
    if std::mem::take(&mut x.stream.has_request) {
        x.stream.request.clear();
    }
}

/// How many bytes rules see at most.
pub fn most(x: &Exchange<'_>) -> usize {
    let global = &x.world.global;
    usize::try_from(global.buffer_size.saturating_sub(global.max_rewrite)).unwrap_or(usize::MAX)
}

/// The rules for the server's bytes, in a TCP proxy. What the client sends goes on meanwhile: the server may be waiting
/// for it. Where no rule looks at the bytes, none are waited for.
pub async fn response_bytes(x: &mut Exchange<'_>, down: &mut Pump) -> Result<(), Stop> {
    let Some(backend) = x.backend else { return Ok(()) };
    let (until, mut over) = patience(backend.response_delay);
    let lasts = x.timeouts_server();
    let (mut at, mut client_ended) = (0, false);
    loop {
        if backend.looks[1] {
            show_response_bytes(x, down, over)?;
        }
        match x.judge_from(Side::Response, &backend.tcp_response, &mut at) {
            Verdict::Next => break,
            Verdict::More => {}
            verdict => {
                if verdict == Verdict::Sever {
                    // The server is left, but what it said is the client's. Nothing was sent before it: it finds room.
                    let _ = down.push(&x.client.sock);
                }
                x.turned_back(verdict);
                return x.obey(verdict, Phase::DATA);
            }
        }
        let step = respond::push_body(x)?;
        let Some(upstream) = &x.upstream else { break };
        if step == Step::Done && !client_ended {
            client_ended = true;
            if backend.options.no_linger {
                break;
            }
            let _ = upstream.sock.shutdown_write();
        }
        if await_server(x, step, until.min(lasts)).await? {
            if lasts <= until {
                return Err(Failure::silent(Cause::SERVER_TIMEOUT, Phase::DATA).into());
            }
            over = true;
        }
    }
    x.stream.response_body.more = false;
    Ok(())
}

fn show_response_bytes(x: &mut Exchange<'_>, down: &mut Pump, over: bool) -> Result<(), Stop> {
    let most = most(x);
    let Some(upstream) = &x.upstream else { return Ok(()) };
    let open = match down.fill(&upstream.sock, most as u64) {
        Ok(open) => open,
        Err(Broken::Invalid(_)) => false,
        Err(Broken::Source(_) | Broken::Destination(_)) => {
            x.count(|c| c.server_aborts.add(1));
            return Err(Failure::silent(Cause::SERVER, Phase::DATA).into());
        }
    };
    let body = &mut x.stream.response_body;
    body.content.clear();
    down.content(&mut body.content);
    body.content.truncate(most);
    (body.size, body.buffered) = (body.content.len() as u64, body.content.len() as u64);
    body.raw = true;
    body.more = open && !over;
    Ok(())
}

/// The rules for the response in an HTTP proxy. They are due before it comes, and see it only where they wait for it.
pub async fn response(x: &mut Exchange<'_>, down: &mut Pump) -> Result<(), Stop> {
    let Some(backend) = x.backend.filter(|b| !b.tcp_response.is_empty()) else { return Ok(()) };
    let due = Time::from_nanos(x.stream.times.connected);
    let until = backend.response_delay.map_or(due, |ms| due.plus_millis(u64::from(ms)));
    let (mut at, mut over) = (0, net::now() >= until);
    (x.stream.has_response, x.stream.response_body.begun) = (false, true);
    loop {
        x.stream.response_body.more = !over;
        let verdict = x.judge_from(Side::Response, &backend.tcp_response, &mut at);
        let seen = std::mem::replace(&mut x.stream.has_response, true);
        match verdict {
            Verdict::Next => break,
            Verdict::More if seen => over = more_of_response(x, down, until).await?,
            Verdict::More => inspect::show_response(x, down),
            verdict => {
                x.stream.response_body.more = false;
                (x.stream.times.response, x.stream.bytes_out) = (0, 0);
                x.turned_back(verdict);
                return x.obey(verdict, Phase::DATA);
            }
        }
    }
    (x.stream.response_body.more, x.stream.response_body.begun) = (false, false);
    Ok(())
}

/// Waits for more of a response; whether there will be none in time.
async fn more_of_response(x: &mut Exchange<'_>, down: &mut Pump, until: Time) -> Result<bool, Stop> {
    let Some(upstream) = &x.upstream else { return Ok(true) };
    let open = down.fill(&upstream.sock, most(x) as u64).unwrap_or(false);
    inspect::show_response(x, down);
    let step = respond::push_body(x)?;
    let over = match open {
        true => await_server(x, step, until).await?,
        // All is there that a buffer holds.
        false => {
            net::sleep_until(until).await;
            true
        }
    };
    x.stream.times.response = net::now().as_nanos();
    Ok(over)
}

/// Waits for the server, and for what hinders the request; whether the time for that is over.
async fn await_server(x: &mut Exchange<'_>, step: Step, until: Time) -> Result<bool, Stop> {
    let Some(upstream) = &x.upstream else { return Ok(true) };
    let woken = net::wait(|w| {
        w.read(&upstream.sock).notified().until(until);
        match step {
            Step::Read => w.read(&x.client.sock),
            Step::Write => w.write(&upstream.sock),
            Step::Later(time) => w.until(time),
            Step::Done => w,
        };
    })
    .await;
    if woken.notified() {
        x.killed()?;
    }
    Ok(woken.timed_out() && !woken.any_ready() && net::now() >= until)
}
