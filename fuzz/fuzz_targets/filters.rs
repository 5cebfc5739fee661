//! Compression and the cache at work on a response: any head, and a body cut into any pieces. Nothing panics, what was
//! compressed is what comes out of it again, and what the cache gives is what was stored. The first byte chooses the
//! algorithm, the second how pieces are cut; the rest is the head of a response and its body.
#![no_main]

use std::io::Read as _;

use http::h1::{Limits, Parsed, parse_request, parse_response};
use libfuzzer_sys::fuzz_target;
use sample::Bump;
use state::expr::Side;
use state::filter::{Part, Passed, Shape, Work};
use state::rule::Act;
use state::{Endpoint, Session, Stream, World};

const ALGORITHMS: [&str; 5] = ["gzip", "deflate", "raw-deflate", "identity", "br"];

thread_local! {
    static WORLDS: Vec<World> = ALGORITHMS.iter().map(|algorithm| world(algorithm)).collect();
}

fn world(algorithm: &str) -> World {
    let text = format!(
        "cache c\n  total-max-size 1\n  max-age 5\n  process-vary on\n\
         frontend web\n  mode http\n  bind :80\n  default_backend app\n  filter cache c\n  filter compression\n  \
         compression algo {algorithm}\n  compression direction both\n  \
         http-request cache-use c\n  http-response cache-store c\n\
         backend app\n  mode http\n  server s1 192.0.2.1:80\n"
    );
    let loaded =
        config::parse_sources(vec![config::Source::new("fuzz.cfg", text)], &config::Context::default());
    plan::build(&loaded, &plan::Environment::empty()).world.expect("a World")
}

fuzz_target!(|bytes: &[u8]| {
    let [choice, cut, rest @ ..] = bytes else { return };
    let algorithm = ALGORITHMS[usize::from(*choice) % ALGORITHMS.len()];
    WORLDS.with(|worlds| {
        exchange(&worlds[usize::from(*choice) % worlds.len()], algorithm, usize::from(*cut), rest)
    });
});

fn exchange(world: &World, algorithm: &str, cut: usize, bytes: &[u8]) {
    let request = format!("GET /{cut} HTTP/1.1\r\nHost: h\r\nAccept-Encoding: {algorithm}\r\n\r\n");
    let mut stream = Stream::new();
    stream.reset(0, 1, 1);
    (stream.backend, stream.server) = (Some(0), Some(0));
    let parsed = parse_request(request.as_bytes(), &mut stream.request, &Limits::default());
    assert!(matches!(parsed, Parsed::Complete { .. }));
    let Parsed::Complete { consumed, .. } = parse_response(bytes, &mut stream.response, &Limits::default())
    else {
        return;
    };
    let body = &bytes[consumed..];
    (stream.has_request, stream.has_response, stream.status) = (true, true, stream.response.status());
    let source = Endpoint::Inet("192.0.2.1:50000".parse().expect("an address"));
    let mut session = Session::new(0, 0, source, 1, 1);
    let frontend = &world.frontends[0];
    play(world, &mut session, &mut stream, Side::Request, &frontend.http_request);
    play(world, &mut session, &mut stream, Side::Response, &frontend.http_response);
    let shape = Shape { length: Some(body.len() as u64), delimited: true, came: 0, tunnel: false };
    let mut content = body.to_vec();
    for filter in frontend.filters.of(Side::Response) {
        let arena = Bump::new();
        let mut act = act(world, &mut session, &mut stream, Side::Response, &arena);
        let Some(mut work) = filter.head(&mut act, &shape) else { continue };
        content = passed(&mut *work, &content, cut);
        if work.alters() {
            assert_eq!(opened(&stream, &content).as_deref().unwrap_or(body), body, "{algorithm}");
        }
    }
}

fn act<'a>(
    world: &'a World,
    session: &'a mut Session,
    stream: &'a mut Stream,
    side: Side,
    arena: &'a Bump,
) -> Act<'a> {
    Act {
        world,
        session,
        stream: Some(stream),
        side,
        arena,
        now_ns: 1_000_000,
        wall_us: 1_700_000_000_000_000,
        thread: 0,
    }
}

fn play(world: &World, session: &mut Session, stream: &mut Stream, side: Side, rules: &state::Rules) {
    for rule in rules.iter() {
        let arena = Bump::new();
        rule.action.run(&mut act(world, session, stream, side, &arena));
    }
}

/// What comes out of a filter for these bytes in pieces.
fn passed(work: &mut dyn Work, bytes: &[u8], cut: usize) -> Vec<u8> {
    let mut out = Vec::new();
    let mut pieces = bytes.chunks(cut.max(1)).peekable();
    if pieces.peek().is_none() {
        piece(work, &[], true, &mut out);
    }
    while let Some(bytes) = pieces.next() {
        let last = pieces.peek().is_none();
        piece(work, bytes, last, &mut out);
    }
    out
}

fn piece(work: &mut dyn Work, bytes: &[u8], last: bool, out: &mut Vec<u8>) {
    if work.pass(Part { bytes, last, now_ns: 1_000_000 }, out) == Passed::Same || !work.alters() {
        out.extend_from_slice(bytes);
    }
}

/// The content again, if it is encoded in a way that is known here.
fn opened(stream: &Stream, content: &[u8]) -> Option<Vec<u8>> {
    let encoding = stream.response.line_at(&b"content-encoding"[..], -1)?;
    let mut out = Vec::new();
    match encoding {
        b"gzip" => flate2::read::GzDecoder::new(content).read_to_end(&mut out).expect("gzip"),
        b"deflate" => match flate2::read::ZlibDecoder::new(content).read_to_end(&mut out) {
            Ok(n) => n,
            Err(_) => {
                out.clear();
                flate2::read::DeflateDecoder::new(content).read_to_end(&mut out).expect("deflate")
            }
        },
        _ => return None,
    };
    Some(out)
}
