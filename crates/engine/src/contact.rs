//! The request goes to a server and the head of its response comes back; again when that fails in a way that is worth
//! another attempt (manual 4.2 "retry-on").

use state::log::Origin;
use state::options::RetryOn;
use state::termination::{Cause, Phase};
use state::tracking::FAILURES;

use crate::buffer::Buffer;
use crate::exchange::{Exchange, Stop};
use crate::failure::Failure;
use crate::respond::Head;
use crate::{connect, log, observe, respond, track};

/// Sends the request and waits for the response. Gives what was read behind its head.
pub async fn contact(x: &mut Exchange<'_>) -> Result<Option<Buffer>, Stop> {
    keep(x);
    x.stream.begin_response();
    let sent_before = x.stream.bytes_out;
    loop {
        connect::open(x, connect::First::Head).await?;
        log::moment(x, Origin::Connect);
        let mut rest = None;
        let (got, reason) = match respond::head(x, &mut rest).await {
            // An idle connection had died unnoticed: this was no attempt at all.
            Ok(Head::Stale) => {
                x.resent = true;
                x.upstream = None;
                x.up.forget_head();
                continue;
            }
            // Another connection, or another server, may do it.
            Ok(Head::Untouched) if x.backend.is_some_and(|backend| connect::again(x, backend)) => {
                x.upstream = None;
                x.up.forget_head();
                continue;
            }
            Ok(Head::Untouched) => {
                let stop = Failure::new(Cause::SERVER, Phase::HEADERS, 502).into();
                observe::unanswered(x, stop);
                (Err(stop), reason(stop))
            }
            Ok(Head::Got) => {
                observe::answered(x);
                (Ok(rest), RetryOn::of_status(x.stream.response.status()))
            }
            Err(stop) => {
                observe::unanswered(x, stop);
                (Err(stop), reason(stop))
            }
        };
        if !repeats(x, reason) {
            if reason != 0 && matches!(got, Err(Stop::Failure(_))) {
                x.count(|c| c.response_errors.add(1));
                track::count(x, FAILURES, 1);
            }
            if got.is_ok() {
                track::responded(x);
            }
            return got;
        }
        x.stream.bytes_out = sent_before;
    }
}

/// Keeps the request where it may have to be sent again as a whole.
fn keep(x: &mut Exchange<'_>) {
    let wanted = x.backend.is_some_and(|b| b.options.retry_on.keeps_request());
    if wanted && !x.stream.no_replay {
        let global = &x.world.global;
        let head = usize::try_from(crate::request::weight(&x.stream.request)).unwrap_or(usize::MAX);
        let room = usize::try_from(global.buffer_size.saturating_sub(global.max_rewrite)).unwrap_or(0);
        x.up.keep(room.saturating_sub(head));
    }
}

/// The bit of `retry-on` for a failure; 0 for those that no other attempt would heal.
fn reason(stop: Stop) -> u32 {
    match stop {
        Stop::Retry => RetryOn::EMPTY_RESPONSE,
        Stop::Failure(failure) if failure.phase == Phase::HEADERS => match (failure.cause, failure.status) {
            (Cause::SERVER, Some(502)) => RetryOn::EMPTY_RESPONSE,
            (Cause::PROXY, Some(502)) => RetryOn::JUNK_RESPONSE,
            (Cause::SERVER_TIMEOUT, Some(504)) => RetryOn::RESPONSE_TIMEOUT,
            _ => 0,
        },
        _ => 0,
    }
}

/// Whether the request goes out once more; makes ready for it.
fn repeats(x: &mut Exchange<'_>, reason: u32) -> bool {
    let Some(backend) = x.backend.filter(|b| b.options.retry_on.has(reason)) else { return false };
    if !x.up.keeps() || !connect::again(x, backend) || !x.up.rewind() {
        return false;
    }
    x.upstream = None;
    x.resent = false;
    x.stream.response.clear();
    x.stream.has_response = false;
    x.stream.times.response = 0;
    true
}
