//! Answers of our own: the page for a status, and sending what stands in the stream's response.

use std::sync::Arc;

use http::Known;
use http::h1::Framing;
use state::Verdict;
use state::expr::Side;
use state::reply::{Page, Stand, ends_connection};

use crate::buffer::Buffer;
use crate::exchange::Exchange;
use crate::pump::{Pump, Splice, Step};
use crate::request::weight;
use crate::{respond, rules, spelling};

/// Puts the page for `status` into the stream's response: the backend's, the frontend's, or the built-in one.
pub fn page(x: &mut Exchange<'_>, status: u16) {
    let (backend, frontend) = (x.backend, x.frontend);
    let stand = backend.and_then(|b| b.pages.get(status)).or_else(|| frontend.pages.get(status));
    x.stream.response.clear();
    match (x.stream.reply_page.take(), stand) {
        (Some(page), _) => give(x, status, Some(&page)),
        (None, Some(Stand::Page(page))) => give(x, status, Some(page)),
        (None, Some(Stand::Made(made))) => {
            let verdict =
                rules::act(x.worker, x.world, &mut x.client.session, x.stream, Side::Response, &**made);
            if verdict == Verdict::Failed {
                give(x, status, None);
            }
            x.stream.status = status;
        }
        (None, None) => give(x, status, None),
    }
}

/// As `page`, for a request that could not be read.
fn raw_page(x: &mut Exchange<'_>, status: u16) {
    let page = x.frontend.pages.page(status);
    x.stream.response.clear();
    give(x, status, page);
}

/// Puts a page, or else the built-in one, into the stream's response.
fn give(x: &mut Exchange<'_>, status: u16, page: Option<&Arc<Page>>) {
    let stream = &mut *x.stream;
    stream.status = status;
    stream.has_response = page.is_none_or(|page| page.status != 0);
    let filled = match page {
        Some(page) => {
            stream.reply_body = Some(Arc::clone(&page.body));
            page.fill(&mut stream.response)
        }
        None => match http::reply::error(status).or_else(|| http::reply::error(500)) {
            Some(reply) => {
                stream.reply_body = Some(Arc::from(reply.body.as_bytes()));
                reply.fill(&mut stream.response)
            }
            None => Ok(()),
        },
    };
    if filled.is_err() {
        stream.has_response = false;
    }
}

/// Sends the response that stands in the stream, with its body, as far as the client takes it in time.
pub async fn send(x: &mut Exchange<'_>) {
    if !x.stream.has_response {
        x.keep_client = false;
        return;
    }
    x.keep_client &= !ends_connection(&x.stream.response);
    if http::h1::take_connection(&mut x.stream.response).is_err() {
        x.keep_client = false;
        return;
    }
    after_response(x);
    // What is left of the request would be taken for the next one.
    x.drains = !x.up.skip();
    if respond::connection_header(x).is_err() {
        x.keep_client = false;
    }
    transmit(x).await;
}

/// Sends the page for a request that could not be read: no rules, and the connection ends.
pub async fn raw(x: &mut Exchange<'_>, status: u16) {
    raw_page(x, status);
    x.keep_client = false;
    if !x.stream.has_response {
        return;
    }
    // The built-in pages that say so are those for requests that could not be read to their end.
    if matches!(status, 400 | 408) && x.frontend.pages.page(status).is_none() {
        let response = &mut x.stream.response;
        let at = response.position(Known::ContentType, 0).unwrap_or(usize::MAX);
        if response.insert_header(at, Known::Connection, b"close").is_err() {
            return;
        }
    }
    transmit(x).await;
}

async fn transmit(x: &mut Exchange<'_>) {
    x.stream.response_version = x.stream.request.version();
    if x.stream.status == 0 {
        x.stream.status = x.stream.response.status();
    }
    let body = x.stream.reply_body.take().filter(|_| !x.bodiless());
    let body = body.as_deref().unwrap_or_default();
    x.stream.delivered.client += weight(&x.stream.response) + body.len() as u64;
    let mut down = Pump::new(length(body), Some(Buffer::holding(body)), Splice::Never);
    let prepared = down.prepare().is_ok();
    let sent = prepared && {
        let mut out = x.worker.out.borrow_mut();
        out.clear();
        out.append(&mut x.unsent);
        spelling::response(x, &mut out);
        down.send_head(&mut out, &x.client.sock).is_ok()
    };
    x.answered = true;
    if !sent || !flush(x, &mut down).await {
        x.keep_client = false;
    } else {
        x.finish_stream();
    }
    x.settle(Side::Response, down.take_traffic());
}

fn length(body: &[u8]) -> Framing {
    if body.is_empty() { Framing::None } else { Framing::Length(body.len() as u64) }
}

async fn flush(x: &Exchange<'_>, down: &mut Pump) -> bool {
    let (mut moved, mut until) = (down.moved, x.timeouts_client());
    loop {
        match down.step(&x.client.sock, &x.client.sock) {
            Ok(Step::Done) => return true,
            Ok(_) => {
                if moved != down.moved {
                    (moved, until) = (down.moved, x.timeouts_client());
                }
                let woken = net::wait(|w| {
                    w.write(&x.client.sock).until(until);
                });
                if woken.await.timed_out() {
                    return false;
                }
            }
            Err(_) => return false,
        }
    }
}

/// The `http-after-response` rules: the backend's, then the frontend's.
pub fn after_response(x: &mut Exchange<'_>) {
    x.stream.begin_response();
    let backend = x.backend.filter(|_| !x.at_home()).map(|b| &b.http_after_response);
    let sets = [backend, Some(&x.frontend.http_after_response)];
    for set in sets.into_iter().flatten() {
        let session = &mut x.client.session;
        let _ = rules::run(x.worker, x.world, session, x.stream, Side::Response, set);
    }
}
