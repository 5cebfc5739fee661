//! Services: answering in a server's place, part by part, so that a long answer takes no more memory than a part of it
//! (manual 4.4 "use-service"), and the statistics pages of proxies (manual 4.2 "stats uri").

use std::io;
use std::sync::Arc;

use http::{Known, Method, Version};
use state::Verdict;
use state::expr::Side;
use state::family::{Begun, Body, Flow, Serve};
use state::rule::Act;
use state::stats::StatsPage;
use state::termination::{Cause, Phase};

use crate::alter::Alter;
use crate::exchange::{Exchange, Stop, deadline};
use crate::failure::Failure;
use crate::h2::Behind;
use crate::request::weight;
use crate::{announce, filter, reply, request, respond, rules};

/// Whether the request is for the proxy's statistics, and may see them.
pub fn stats(x: &mut Exchange<'_>, page: Option<&StatsPage>) -> Result<(), Stop> {
    let Some(page) = page else { return Ok(()) };
    let wanted = matches!(x.stream.request.method(), Method::Get | Method::Head | Method::Post)
        && path(x.stream.request.target_bytes()).starts_with(&page.uri);
    if !wanted {
        return Ok(());
    }
    x.stream.service_name = Some(page.service.name());
    let verdict = rules::run(x.worker, x.world, &mut x.client.session, x.stream, Side::Request, &page.rules);
    if verdict != Verdict::Next {
        x.turned_away(verdict);
        x.obey(verdict, Phase::REQUEST)?;
    }
    x.stream.service = Some(Arc::clone(&page.service));
    x.turned_away(Verdict::Serve);
    x.obey(Verdict::Serve, Phase::REQUEST)
}

/// A target without the scheme and the authority it may begin with.
fn path(target: &[u8]) -> &[u8] {
    let Some(at) = memchr::memmem::find(target, b"://").filter(|_| !target.starts_with(b"/")) else {
        return target;
    };
    let rest = target.get(at + 3..).unwrap_or_default();
    memchr::memchr(b'/', rest).and_then(|slash| rest.get(slash..)).unwrap_or_default()
}

/// Has the stream's service answer.
pub async fn answer(x: &mut Exchange<'_>) -> Result<(), Stop> {
    let Some(service) = x.stream.service.take() else { return Ok(()) };
    x.stream.service_name = Some(service.name());
    let body = body(x, &*service).await?;
    let now = net::now().as_nanos();
    let times = &mut x.stream.times;
    (times.queued, times.connected, times.response) = (now, now, now);
    filter::request_head(x);
    let begun = begin(x, &*service, body);
    announce::speak(x.world, &mut x.worker.log.borrow_mut());
    x.worker.crew.obey(x.world);
    if let Begun::Page(status) = begun {
        return Err(Stop::Page(status));
    }
    if begun == Begun::Failed {
        return Err(Failure::new(Cause::INTERNAL, Phase::REQUEST, 500).into());
    }
    let failed = |http::Full| Failure::new(Cause::INTERNAL, Phase::REQUEST, 500);
    let framing = frame(x, begun).map_err(failed)?;
    if service.heeds_rules() {
        response_rules(x).await?;
    }
    let mut alter = finish_head(x, framing).map_err(failed)?;
    let done = transmit(x, &*service, framing, &mut alter).await;
    filter::settle(x, alter.as_ref().map(Alter::sums).unwrap_or_default());
    done
}

/// Reads the request's body if the service looks into it.
async fn body(x: &mut Exchange<'_>, service: &dyn Serve) -> Result<Body, Stop> {
    if !service.wants_body(x.stream.request.method()) {
        return Ok(Body::Unread);
    }
    request::body(x).await?;
    x.stream.form.clear();
    if !x.up.is_read() {
        return Ok(Body::TooLarge);
    }
    x.up.content(&mut x.stream.form);
    let global = &x.world.global;
    let most = usize::try_from(global.buffer_size.saturating_sub(global.max_rewrite)).unwrap_or(usize::MAX);
    Ok(if x.stream.form.len() > most { Body::TooLarge } else { Body::Whole })
}

fn begin(x: &mut Exchange<'_>, service: &dyn Serve, body: Body) -> Begun {
    x.stream.response.clear();
    let mut arena = x.worker.arena.borrow_mut();
    let begun = service.begin(
        &mut Act {
            world: x.world,
            session: &mut x.client.session,
            stream: Some(x.stream),
            side: Side::Request,
            arena: &arena,
            now_ns: net::now().as_nanos(),
            wall_us: net::wall(),
            thread: x.worker.number,
        },
        body,
    );
    arena.reset();
    x.stream.has_response = matches!(begun, Begun::Head | Begun::Parts | Begun::Framed);
    begun
}

/// What goes behind the head.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Framing {
    Nothing,
    Chunks,
    Length(u64),
    UntilClose,
}

/// How the body is framed, and the header about that.
fn frame(x: &mut Exchange<'_>, begun: Begun) -> Result<Framing, http::Full> {
    let old = x.stream.request.version() < Version::HTTP_11;
    let framing = match (begun, x.bodiless(), old) {
        (Begun::Framed, true, _) => Framing::Nothing,
        (Begun::Framed, false, _) => said(&x.stream.response),
        (Begun::Parts, false, false) => Framing::Chunks,
        (Begun::Parts, false, true) => Framing::UntilClose,
        _ => Framing::Nothing,
    };
    if framing == Framing::Chunks && begun == Begun::Parts {
        x.stream.response.add_header(Known::TransferEncoding, b"chunked")?;
    }
    // Of a body that isn't sent the length isn't known.
    x.keep_client &= framing != Framing::UntilClose && (framing != Framing::Nothing || begun != Begun::Parts);
    x.stream.bytes_out += weight(&x.stream.response);
    Ok(framing)
}

/// The framing that a head speaks of.
fn said(response: &http::Message) -> Framing {
    if response.has(Known::TransferEncoding) {
        return Framing::Chunks;
    }
    let length = response.find(Known::ContentLength).and_then(|text| std::str::from_utf8(text).ok());
    length.and_then(|text| text.parse().ok()).map_or(Framing::UntilClose, Framing::Length)
}

/// The `http-response` rules, for answers that they see as a server's.
async fn response_rules(x: &mut Exchange<'_>) -> Result<(), Stop> {
    respond::capture(x.stream, x.frontend);
    let backend = x.backend.filter(|_| !x.at_home()).map(|b| &b.http_response);
    for set in [backend, Some(&x.frontend.http_response)].into_iter().flatten() {
        let mut at = 0;
        loop {
            match x.judge_from(Side::Response, set, &mut at) {
                Verdict::Next => break,
                // There is no body to wait for.
                Verdict::Body(_) => {}
                Verdict::Pause(ms) => net::sleep_until(deadline(Some(ms))).await,
                verdict => {
                    x.turned_back(verdict);
                    x.obey(verdict, Phase::HEADERS)?;
                }
            }
        }
    }
    Ok(())
}

/// The rules for every answer, the filters, and the connection's own header.
fn finish_head(x: &mut Exchange<'_>, framing: Framing) -> Result<Option<Alter>, http::Full> {
    reply::after_response(x);
    let chain = filter::made_head(x, framing);
    let chunked = x.stream.response.has(Known::TransferEncoding);
    x.drains = !x.up.skip();
    respond::connection_header(x)?;
    x.stream.status = x.stream.response.status();
    Ok(chain.map(|chain| Alter::framing(chain, chunked)))
}

async fn transmit(
    x: &mut Exchange<'_>,
    service: &dyn Serve,
    framing: Framing,
    alter: &mut Option<Alter>,
) -> Result<(), Stop> {
    let mut out = std::mem::take(&mut x.unsent);
    match &x.client.link {
        Some(link) => {
            let behind = if framing == Framing::Nothing { Behind::Nothing } else { Behind::Body };
            link.channel.respond(&x.stream.response, behind);
        }
        None => x.stream.response.write_response_head(&mut out),
    }
    x.stream.response_version = x.stream.request.version();
    x.answered = true;
    let (mut part, mut from) = (Vec::new(), 0);
    let mut more = framing != Framing::Nothing;
    // A body that goes as it is needs no room of its own.
    let plain = alter.is_none() && framing != Framing::Chunks;
    loop {
        if more {
            part.clear();
            let room = if plain { &mut out } else { &mut part };
            let before = room.len();
            let flow = x.look(Side::Response, |cx| service.part(cx, from, room));
            x.stream.bytes_out += (room.len() - before) as u64;
            match flow {
                Flow::More(next) => from = next,
                Flow::Done => more = false,
            }
            match alter {
                Some(alter) => through(x, alter, &part, !more, &mut out).await?,
                None if plain => {}
                None => {
                    write(&part, framing, &mut out);
                    if !more && framing == Framing::Chunks {
                        out.extend_from_slice(b"0\r\n\r\n");
                    }
                }
            }
        }
        flush(x, &mut out).await?;
        if !more {
            return Ok(());
        }
    }
}

/// Sends a part through the filters, as fast as they let it.
async fn through(
    x: &mut Exchange<'_>,
    alter: &mut Alter,
    part: &[u8],
    last: bool,
    out: &mut Vec<u8>,
) -> Result<(), Stop> {
    alter.gather(part);
    loop {
        let ran = alter.run(last, false);
        ran.map_err(|_| Failure::silent(Cause::INTERNAL, Phase::DATA))?;
        out.extend_from_slice(alter.due());
        alter.consume(alter.due().len());
        let Some(until) = alter.held_until() else { return Ok(()) };
        flush(x, out).await?;
        net::sleep_until(until).await;
    }
}

fn write(part: &[u8], framing: Framing, out: &mut Vec<u8>) {
    if part.is_empty() {
        return;
    }
    if framing == Framing::Chunks {
        out.extend_from_slice(format!("{:X}\r\n", part.len()).as_bytes());
    }
    out.extend_from_slice(part);
    if framing == Framing::Chunks {
        out.extend_from_slice(b"\r\n");
    }
}

/// Sends all of `out` and empties it, as far as the client takes it in time.
async fn flush(x: &mut Exchange<'_>, out: &mut Vec<u8>) -> Result<(), Stop> {
    let mut sent = 0;
    while let Some(rest) = out.get(sent..).filter(|rest| !rest.is_empty()) {
        match x.client.sock.try_write(rest) {
            Ok(n) => {
                sent += n;
                x.wire.client.wrote += n as u64;
            }
            Err(e) if e.kind() == io::ErrorKind::WouldBlock => {
                let until = x.timeouts_client();
                let woken = net::wait(|w| {
                    w.write(&x.client.sock).until(until);
                });
                if woken.await.timed_out() {
                    return Err(Failure::silent(Cause::CLIENT_TIMEOUT, Phase::DATA).into());
                }
            }
            Err(_) => {
                x.count(|c| c.client_aborts.add(1));
                return Err(Failure::silent(Cause::CLIENT, Phase::DATA).into());
            }
        }
    }
    out.clear();
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_of_targets() {
        for (target, expected) in [
            ("/stats;csv", "/stats;csv"),
            ("http://a.example/stats?x", "/stats?x"),
            ("http://a.example", ""),
            ("/redirect?to=http://a/stats", "/redirect?to=http://a/stats"),
            ("*", "*"),
        ] {
            assert_eq!(path(target.as_bytes()), expected.as_bytes(), "{target}");
        }
    }
}
