//! A whole exchange on hostile bytes: a request and the answer to it, read and written on as the proxy does it, in two
//! pieces. Whatever passes must read by the letter of RFC 9112 (the corpus's own reader) as exactly one message with the
//! same body: nothing of a message may be taken for another.

#![no_main]

use harness::smuggling::strict::{self, Outcome};
use http::h1::{
    Chunk, ChunkDecoder, Framing, Limits, Parsed, Scan, request_framing, response_framing, take_connection,
};
use http::{Message, Method, Version};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let [cut, high, low, input @ ..] = data else { return };
    let (high, low) = (usize::from(*high), usize::from(*low));
    let (client, server) = input.split_at((high << 8 | low).min(input.len()));
    let cut = usize::from(*cut);
    let Some(method) = request(client, cut) else { return };
    response(server, cut, method);
});

/// Forwards a request; its method, if it was a whole one.
fn request(input: &[u8], cut: usize) -> Option<Method> {
    let limits = Limits::default();
    let (mut msg, consumed) = head(input, cut, &limits, true)?;
    let framing = request_framing(&mut msg, &limits).ok()?;
    let method = msg.method();
    take_connection(&mut msg).ok()?;
    let mut out = Vec::new();
    msg.write_request_head(&mut out);
    let body = body(&input[consumed..], cut, framing, &mut out)?;
    if msg.version() >= Version::HTTP_10 {
        reads_as_one(strict::request(&out), &out, &body);
    }
    Some(method)
}

fn response(input: &[u8], cut: usize, method: Method) {
    let limits = Limits::default();
    let Some((mut msg, consumed)) = head(input, cut, &limits, false) else { return };
    let Ok(framing) = response_framing(&mut msg, method, &limits) else { return };
    if take_connection(&mut msg).is_err() || framing == Framing::Tunnel {
        return;
    }
    let mut out = Vec::new();
    msg.write_response_head(&mut out);
    let Some(body) = body(&input[consumed..], cut, framing, &mut out) else { return };
    let usual = msg.version() >= Version::HTTP_10 && (100..=999).contains(&msg.status());
    if usual && msg.reason().is_ascii() && !msg.reason().contains(&0) {
        reads_as_one(strict::response(&out, method == Method::Head, true), &out, &body);
    }
}

fn reads_as_one(outcome: Outcome, sent: &[u8], body: &[u8]) {
    match outcome {
        Outcome::Complete(message) => {
            assert_eq!(message.length, sent.len(), "{:?}", String::from_utf8_lossy(sent));
            assert_eq!(message.body, body);
        }
        other => panic!("{other:?}: {:?}", String::from_utf8_lossy(sent)),
    }
}

/// The head at the front of `input`, come in two pieces, and the bytes it took.
fn head(input: &[u8], cut: usize, limits: &Limits, request: bool) -> Option<(Message, usize)> {
    let (mut scan, mut msg) = (Scan::default(), Message::new());
    for end in [cut.min(input.len()), input.len()] {
        let piece = &input[..end];
        let parsed = match request {
            true => scan.request(piece, &mut msg, limits),
            false => scan.response(piece, &mut msg, limits),
        };
        match parsed {
            Parsed::Complete { consumed } => return Some((msg, consumed)),
            Parsed::Invalid(_) => return None,
            Parsed::Partial => {}
        }
    }
    None
}

/// Appends the body as it is sent on; gives its content. None for one that isn't complete or is none.
fn body(input: &[u8], cut: usize, framing: Framing, out: &mut Vec<u8>) -> Option<Vec<u8>> {
    let content = match framing {
        Framing::None => return Some(Vec::new()),
        Framing::UntilClose | Framing::Tunnel => input,
        Framing::Length(length) => input.get(..usize::try_from(length).ok()?)?,
        Framing::Chunked => return chunks(input, cut, out),
    };
    out.extend_from_slice(content);
    Some(content.to_vec())
}

fn chunks(input: &[u8], cut: usize, out: &mut Vec<u8>) -> Option<Vec<u8>> {
    let (mut decoder, mut content, mut at) = (ChunkDecoder::new(), Vec::new(), 0);
    for end in [cut.min(input.len()), input.len()] {
        loop {
            match decoder.advance(&input[at..end]) {
                Chunk::Forward(count) => {
                    out.extend_from_slice(&input[at..at + count]);
                    at += count;
                }
                Chunk::Data(count) => {
                    out.extend_from_slice(&input[at..at + count]);
                    content.extend_from_slice(&input[at..at + count]);
                    at += count;
                }
                Chunk::Skip(count) => at += count,
                Chunk::More => break,
                Chunk::Done => return Some(content),
                Chunk::Invalid(_) => return None,
                Chunk::Trailers => {
                    let mut trailers = Message::new();
                    let parsed = Scan::default().trailers(&input[at..], &mut trailers, &Limits::default());
                    let Parsed::Complete { .. } = parsed else { return None };
                    trailers.write_headers(out);
                    return Some(content);
                }
            }
        }
    }
    None
}
