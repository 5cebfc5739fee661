//! The HTTP/1 codec on hostile bytes: the first byte chooses between requests, responses and chunked bodies, the second
//! says where the input is cut. Checked beyond "no panic": the cut makes no difference, and what is written reads back.

#![no_main]

use http::h1::{
    Chunk, ChunkDecoder, Limits, Parsed, Scan, request_framing, response_framing, take_connection,
};
use http::{Message, Method, Version, cookie, query};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let [choice, cut, input @ ..] = data else { return };
    let limits = Limits { accept_unsafe: choice & 4 != 0, ..Limits::default() };
    let cut = usize::from(*cut).min(input.len());
    match choice % 4 {
        0 => head(input, cut, &limits, true),
        1 => head(input, cut, &limits, false),
        2 => trailers(input, &limits),
        _ => body(input, cut),
    }
});

fn parse(scan: &mut Scan, input: &[u8], msg: &mut Message, limits: &Limits, request: bool) -> Parsed {
    if request { scan.request(input, msg, limits) } else { scan.response(input, msg, limits) }
}

fn write(msg: &Message, request: bool) -> Vec<u8> {
    let mut out = Vec::new();
    if request {
        msg.write_request_head(&mut out)
    } else {
        msg.write_response_head(&mut out)
    }
    assert!(out.len() <= msg.head_len());
    out
}

fn head(input: &[u8], cut: usize, limits: &Limits, request: bool) {
    let mut msg = Message::new();
    let outcome = parse(&mut Scan::default(), input, &mut msg, limits, request);
    let (mut scan, mut pieces) = (Scan::default(), Message::new());
    let mut in_pieces = parse(&mut scan, &input[..cut], &mut pieces, limits, request);
    if in_pieces == Parsed::Partial {
        in_pieces = parse(&mut scan, input, &mut pieces, limits, request);
    }
    let Parsed::Complete { .. } = outcome else {
        assert!(!matches!(in_pieces, Parsed::Complete { .. }));
        return;
    };
    assert_eq!(in_pieces, outcome);
    assert_eq!(write(&pieces, request), write(&msg, request));
    edit_and_read_back(&mut msg, limits, request);
}

fn edit_and_read_back(msg: &mut Message, limits: &Limits, request: bool) {
    let _ = take_connection(msg);
    let framing =
        if request { request_framing(msg, limits) } else { response_framing(msg, Method::Get, limits) };
    for cookie in cookie::request_cookies(msg).chain(cookie::response_cookies(msg)) {
        let line = msg.header(cookie.header).map(|header| header.value).unwrap_or_default();
        assert_eq!(&line[cookie.value_range], cookie.value);
    }
    query::params(msg.query().unwrap_or_default(), b'?').for_each(drop);
    let last = msg.header_count().saturating_sub(1);
    let part = msg.header(last).and_then(|header| msg.value_at(header.name, -1));
    if let Some((header, range)) = part.map(|part| (part.header, part.range())) {
        msg.replace_part(header, range, b"x").ok();
    }
    let written = write(msg, request);
    let mut again = Message::new();
    let wide = Limits { max_head: u32::MAX, ..*limits };
    let outcome = parse(&mut Scan::default(), &written, &mut again, &wide, request);
    if framing.is_ok() && matches!(outcome, Parsed::Complete { .. }) {
        assert_eq!(outcome, Parsed::Complete { consumed: written.len() });
        assert_eq!(again.header_count(), msg.header_count());
        assert_eq!(again.version() >= Version::HTTP_11, msg.version() >= Version::HTTP_11);
    }
}

fn trailers(input: &[u8], limits: &Limits) {
    let mut msg = Message::new();
    if let Parsed::Complete { consumed } = Scan::default().trailers(input, &mut msg, limits) {
        assert!(consumed <= input.len());
        let mut out = Vec::new();
        msg.write_headers(&mut out);
        let mut again = Message::new();
        let parsed = Scan::default().trailers(&out, &mut again, limits);
        assert!(matches!(parsed, Parsed::Complete { .. }) || out.len() > limits.max_head as usize);
    }
}

/// Payload, bytes taken, whether the body ended; or refused.
fn decode(input: &[u8], cut: usize) -> Option<(Vec<u8>, usize, bool)> {
    let mut decoder = ChunkDecoder::new();
    let (mut data, mut at) = (Vec::new(), 0);
    for end in [cut, input.len()] {
        loop {
            match decoder.advance(&input[at..end]) {
                Chunk::Forward(count) | Chunk::Skip(count) => at += count,
                Chunk::Data(count) => {
                    data.extend_from_slice(&input[at..at + count]);
                    at += count;
                }
                Chunk::Trailers => return Some((data, at, true)),
                Chunk::More | Chunk::Done => break,
                Chunk::Invalid(_) => return None,
            }
        }
    }
    Some((data, at, decoder.is_done()))
}

fn body(input: &[u8], cut: usize) {
    assert_eq!(decode(input, cut), decode(input, input.len()));
}
