//! The HTTP/2 codec on hostile bytes: the first byte chooses between a server's end, a client's end, a header list and
//! Huffman coding; the second says where the input is cut. Checked beyond "no panic": the cut makes no difference, what is
//! held stays within its bounds, and what is read can be written and read back.

#![no_main]

use http::h1::Limits;
use http::h2::head::{Reader, What, write_request, write_response, write_trailers};
use http::h2::hpack::{Decoder, huffman};
use http::h2::{Code, Config, Connection, Event, PREFACE, Role, Settings};
use http::{Method, Message};
use libfuzzer_sys::fuzz_target;

const MAX_STREAMS: u32 = 10;
const MAX_BLOCK: usize = 16_384;

fuzz_target!(|data: &[u8]| {
    let [choice, cut, input @ ..] = data else { return };
    let cut = usize::from(*cut).min(input.len());
    match choice % 4 {
        0 => assert_eq!(connection(&[input], Role::Server), connection(&[&input[..cut], &input[cut..]], Role::Server)),
        1 => assert_eq!(connection(&[input], Role::Client), connection(&[&input[..cut], &input[cut..]], Role::Client)),
        2 => list(input, choice / 4),
        _ => huffman_both_ways(input),
    }
});

/// What happened, and what is to be sent.
fn connection(pieces: &[&[u8]], role: Role) -> (String, Vec<u8>) {
    let settings = Settings { max_streams: MAX_STREAMS, ..Settings::default() };
    let config = Config { settings, limits: Limits::default(), max_block: MAX_BLOCK, spare_window: 100_000 };
    let mut connection = Connection::<u32>::new(role, config);
    let (mut msg, mut log, mut input) = (Message::new(), String::new(), Vec::new());
    if role == Role::Server {
        input.extend_from_slice(PREFACE);
    } else {
        msg.start_request(b"GET", b"/", http::Version::HTTP_11).expect("there is room");
        (0..3).for_each(|n| drop(connection.request(&msg, b"http", (n == 1).then_some(&b"x"[..]), n == 2, n == 0, n)));
    }
    for piece in pieces {
        input.extend_from_slice(piece);
        let mut at = 0;
        loop {
            match connection.take(&input[at..], &mut msg) {
                Err(fault) => {
                    log.push_str(&format!("{fault:?}"));
                    return (log, std::mem::take(connection.out()));
                }
                Ok(taken) if taken.consumed == 0 => break,
                Ok(taken) => {
                    at += taken.consumed;
                    react(&mut connection, taken.event, &msg, &mut log);
                }
            }
        }
        input.drain(..at);
    }
    (log, std::mem::take(connection.out()))
}

fn react(connection: &mut Connection<u32>, event: Event<'_>, msg: &Message, log: &mut String) {
    assert!(connection.open() <= MAX_STREAMS as usize);
    match event {
        Event::None => return,
        Event::Head { id, end, .. } => {
            let mut answer = Message::new();
            answer.start_response(200, b"", http::Version::HTTP_11).expect("there is room");
            if connection.get(id).is_none() {
                connection.attach(id, id);
                connection.response(id, &answer, false);
            }
            if end {
                assert!(connection.data(id, b"hello", true) <= 5);
                connection.release(id, Code::CANCEL);
            }
            log.push_str(&format!("{:?}", msg.target_bytes()));
        }
        Event::Data { id, bytes, .. } => {
            connection.consumed(id, bytes.len());
            connection.replenish();
        }
        Event::Reset { id, .. } => drop(connection.release(id, Code::CANCEL)),
        Event::Trailers { .. } | Event::Window { .. } | Event::GoAway { .. } => {}
    }
    log.push_str(&format!("{event:?}"));
}

/// A list that is a message is the same one after it was written and read again.
fn list(input: &[u8], choice: u8) {
    let what = [What::Request, What::Response, What::Trailers][usize::from(choice % 3)];
    let Some(first) = read(input, what) else { return };
    let mut out = Vec::new();
    match what {
        What::Request => write_request(&first, b"http", None, &mut out),
        What::Response => write_response(&first, &mut out),
        What::Trailers => write_trailers(&first, &mut out),
    }
    if what == What::Request && (first.method() == Method::Options || first.has("upgrade")) {
        return;
    }
    // A few bytes of framing may make it longer than a list may be.
    let Some(second) = read(&out, what) else { return };
    let shown = |msg: &Message| {
        let mut out = Vec::new();
        match what {
            What::Request => msg.write_request_head(&mut out),
            What::Response => msg.write_response_head(&mut out),
            What::Trailers => msg.write_headers(&mut out),
        }
        out
    };
    let (mut first, mut second) = (first, second);
    for msg in [&mut first, &mut second] {
        msg.retain(|header| header.name != b"http2-settings" && header.name != b"cookie" && header.name != b"host");
    }
    assert_eq!(shown(&first), shown(&second));
}

fn read(input: &[u8], what: What) -> Option<Message> {
    let mut msg = Message::new();
    let mut reader = Reader::new(what, &mut msg, Limits::default());
    Decoder::new(4096).decode(input, &mut reader).ok()?;
    reader.finish().ok()?;
    Some(msg)
}

fn huffman_both_ways(input: &[u8]) {
    let (mut coded, mut back) = (Vec::new(), Vec::new());
    huffman::encode(input, &mut coded);
    huffman::decode(&coded, &mut back).expect("what was coded is coded");
    assert_eq!(back, input);
    back.clear();
    if huffman::decode(input, &mut back).is_ok() {
        coded.clear();
        huffman::encode(&back, &mut coded);
        assert_eq!(coded, input);
    }
}
