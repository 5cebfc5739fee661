//! How long the hot paths of the HTTP/1 codec take: nanoseconds a call, the best of several rounds.
//!
//! `cargo run --release -p http --example bench_parse`

use http::h1::{
    Chunk, ChunkDecoder, Limits, keep_alive, parse_request, parse_response, request_framing, take_connection,
};
use http::{Known, Message};
use std::hint::black_box;
use std::time::Instant;

const SMALL: &[u8] = b"GET /index.html HTTP/1.1\r\nHost: www.example.com\r\n\r\n";

const BROWSER: &[u8] = b"GET /static/app/main.js?v=8f3a1c HTTP/1.1\r\n\
Host: www.example.com\r\n\
User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0\r\n\
Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8\r\n\
Accept-Language: en-US,en;q=0.5\r\n\
Accept-Encoding: gzip, deflate, br, zstd\r\n\
Referer: https://www.example.com/start\r\n\
Connection: keep-alive\r\n\
Cookie: session=0123456789abcdef0123456789abcdef; theme=dark\r\n\
Upgrade-Insecure-Requests: 1\r\n\
Cache-Control: no-cache\r\n\r\n";

const RESPONSE: &[u8] = b"HTTP/1.1 200 OK\r\n\
Server: origin/1.0\r\n\
Date: Tue, 01 Sep 2026 12:00:00 GMT\r\n\
Content-Type: text/html; charset=utf-8\r\n\
Content-Length: 16384\r\n\
Cache-Control: max-age=3600\r\n\
ETag: \"5f3a1c-4000\"\r\n\
Connection: keep-alive\r\n\r\n";

fn main() {
    let limits = Limits::default();
    let mut msg = Message::new();
    let mut out = Vec::new();
    report("parse request, 1 header", || {
        black_box(parse_request(black_box(SMALL), &mut msg, &limits));
    });
    report("parse request, 10 headers", || {
        black_box(parse_request(black_box(BROWSER), &mut msg, &limits));
    });
    report("parse response, 7 headers", || {
        black_box(parse_response(black_box(RESPONSE), &mut msg, &limits));
    });
    parse_request(BROWSER, &mut msg, &limits);
    report("framing and keep-alive", || {
        black_box((request_framing(&mut msg, &limits).is_ok(), keep_alive(&msg)));
    });
    report("find host and cookie", || {
        black_box((msg.find(Known::Host), msg.find(Known::Cookie)));
    });
    report("write request, untouched", || {
        out.clear();
        msg.write_request_head(&mut out);
        black_box(&out);
    });
    report("parse, settle, add a header, write", || {
        parse_request(black_box(BROWSER), &mut msg, &limits);
        black_box((take_connection(&mut msg).is_ok(), request_framing(&mut msg, &limits).is_ok()));
        black_box(msg.add_header(Known::XForwardedFor, b"192.0.2.1").is_ok());
        out.clear();
        msg.write_request_head(&mut out);
        black_box(&out);
    });
    let mut body = Vec::new();
    for _ in 0..16 {
        body.extend_from_slice(b"400\r\n");
        body.extend_from_slice(&[b'x'; 1024]);
        body.extend_from_slice(b"\r\n");
    }
    body.extend_from_slice(http::h1::LAST_CHUNK);
    report("forward 16 chunks of 1 KiB", || {
        let mut decoder = ChunkDecoder::new();
        let mut at = 0;
        while let Chunk::Forward(count) = decoder.forward(black_box(body.get(at..).unwrap_or_default())) {
            at += count;
        }
        black_box(at);
    });
}

fn report(what: &str, mut call: impl FnMut()) {
    const CALLS: u32 = 20_000;
    let best = (0..50)
        .map(|_| {
            let start = Instant::now();
            (0..CALLS).for_each(|_| call());
            start.elapsed().as_nanos() / u128::from(CALLS)
        })
        .min();
    println!("{what}: {} ns", best.unwrap_or_default());
}
