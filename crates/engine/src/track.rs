//! Counting in the entries of stick tables that a session and its stream track (manual 4.3 "track-sc", 11.1).

use state::Session;
use state::table::Kind;
use state::tracking::{BYTES_IN, BYTES_OUT, ERRORS, REQUESTS, SESSIONS};

use crate::exchange::Exchange;

/// Monotonic milliseconds, as tables count them.
pub fn now_ms() -> u64 {
    net::now().as_nanos() / 1_000_000
}

/// The rules on a client's connection have accepted it.
pub fn accepted(session: &Session) {
    if !session.counters.is_empty() {
        session.counters.count(SESSIONS, 1, now_ms());
    }
}

/// Counts `n` of something that happens to an exchange.
#[inline]
pub fn count(x: &Exchange<'_>, kinds: [Kind; 2], n: u64) {
    let (session, stream) = (&x.client.session.counters, &x.stream.counters);
    if session.is_empty() && stream.is_empty() {
        return;
    }
    let now = now_ms();
    session.count(kinds, n, now);
    stream.count(kinds, n, now);
}

/// The rules on the client's bytes have let a request pass: it counts in what the session tracks, and in what they made
/// the stream track.
pub fn requested(x: &mut Exchange<'_>) {
    let session = &x.client.session.counters;
    if !session.is_empty() {
        session.count(REQUESTS, 1, now_ms());
    }
    let_pass(x);
}

/// The rules of the backend on the client's bytes have let the request pass, too.
pub fn let_pass(x: &mut Exchange<'_>) {
    if !x.stream.counters.is_empty() {
        x.stream.counters.count_late(REQUESTS, now_ms());
    }
}

/// What came was no request: it counts as one all the same.
pub fn no_request(x: &Exchange<'_>) {
    count(x, REQUESTS, 1);
    count(x, ERRORS, 1);
}

/// A server has responded.
pub fn responded(x: &Exchange<'_>) {
    for kinds in x.world.global.faults.of(x.stream.response.status()) {
        count(x, kinds, 1);
    }
}

/// An exchange is over: its bytes, as far as they came from the client and from a server.
pub fn transferred(x: &Exchange<'_>) {
    let answered_here = x.stream.has_request && x.server_status == 0;
    let all = if answered_here { 0 } else { x.stream.bytes_out };
    count(x, BYTES_IN, x.stream.bytes_in);
    count(x, BYTES_OUT, x.server_bytes.unwrap_or(all));
}
