//! How long the phases of a stream took, in milliseconds, as logs and fetches tell it (manual 8.4). -1 says that the phase
//! never came to its end.

use state::Stream;
use state::expr::Ctx;

/// Milliseconds from one point to another; -1 if either did not happen.
fn between(from: u64, to: u64) -> i64 {
    if from == 0 || to == 0 { -1 } else { millis(to.saturating_sub(from)) }
}

fn millis(nanos: u64) -> i64 {
    i64::try_from(nanos / 1_000_000).unwrap_or(i64::MAX)
}

/// The end, or now while the stream lasts.
const fn end(stream: &Stream, now_ns: u64) -> u64 {
    if stream.times.ended == 0 { now_ns } else { stream.times.ended }
}

/// Th: what came in front of the client's own bytes.
pub(crate) fn handshake(stream: &Stream) -> i64 {
    let times = &stream.times;
    if times.handshake == 0 { 0 } else { between(times.begun, times.handshake) }
}

/// Ti: before the first byte of the request.
pub(crate) fn idle(stream: &Stream) -> i64 {
    between(stream.times.begun.max(stream.times.handshake), stream.times.first_byte)
}

/// TR: from the first byte of the request to the end of its head.
pub(crate) fn head(stream: &Stream) -> i64 {
    between(stream.times.first_byte, stream.times.request)
}

/// Tq: Th, Ti and TR; of requests only.
pub(crate) fn to_request(stream: &Stream) -> i64 {
    if !stream.has_request {
        return -1;
    }
    between(stream.times.begun, stream.times.request)
}

/// Tw: in queues.
pub(crate) fn queue(stream: &Stream) -> i64 {
    let times = &stream.times;
    between(if times.request == 0 { times.begun } else { times.request }, times.queued)
}

/// Tc: connecting to the server.
pub(crate) fn connect(stream: &Stream) -> i64 {
    between(stream.times.queued, stream.times.connected)
}

/// Tr: from the server's connection to the end of the response's head.
pub(crate) fn response(stream: &Stream) -> i64 {
    between(stream.times.connected, stream.times.response)
}

/// Td: the body of the response, or in TCP mode all that came after the connection.
pub(crate) fn data(stream: &Stream, now_ns: u64) -> i64 {
    let times = &stream.times;
    let from = if times.response == 0 && !stream.has_request { times.connected } else { times.response };
    between(from, end(stream, now_ns))
}

/// Tt: the whole stream.
pub(crate) fn total(stream: &Stream, now_ns: u64) -> i64 {
    between(stream.times.begun, end(stream, now_ns)).max(0)
}

/// Ta: the stream from the first byte of its request.
pub(crate) fn active(stream: &Stream, now_ns: u64) -> i64 {
    let times = &stream.times;
    let from = if times.first_byte == 0 { times.begun.max(times.handshake) } else { times.first_byte };
    between(from, end(stream, now_ns)).max(0)
}

/// Tu: the stream without the idle time before its request.
pub(crate) fn user(stream: &Stream, now_ns: u64) -> i64 {
    active(stream, now_ns).saturating_add(handshake(stream))
}

/// When the first byte of the request came, or else when the stream began: microseconds since 1970.
pub(crate) fn request_wall_us(cx: &Ctx<'_>) -> Option<u64> {
    let stream = cx.stream?;
    let times = &stream.times;
    let waited = if times.first_byte == 0 { 0 } else { times.first_byte.saturating_sub(times.begun) };
    Some(stream.begun_wall_us.saturating_add(waited / 1000))
}
