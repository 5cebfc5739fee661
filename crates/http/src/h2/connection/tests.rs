//! A server's end against frames written by hand, with the cases of h2spec's groups "generic" and "http2"; then both ends
//! against each other.

use super::*;
use crate::h2::hpack;

/// A server's end that greeted its client, and what happened since.
struct Server {
    connection: Connection<()>,
    msg: Message,
    log: String,
    fault: Option<Code>,
}

const CONFIG: Config = Config {
    settings: Settings {
        header_table: 4096,
        max_streams: 3,
        initial_window: 65_535,
        max_frame: 16_384,
        connect_protocol: false,
    },
    limits: Limits {
        max_headers: 100,
        max_head: 15_360,
        accept_unsafe: false,
        any_version: false,
        accept_any_payload: false,
    },
    max_block: 16_384,
    spare_window: 0,
};

fn bytes(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    Head { len: payload.len(), kind, flags, stream }.write(&mut out);
    out.extend_from_slice(payload);
    out
}

fn list(method: &str, extra: &[(&str, &str)]) -> Vec<u8> {
    let mut out = Vec::new();
    for (name, value) in [(":method", method), (":scheme", "http"), (":path", "/"), (":authority", "a")] {
        hpack::literal(0, name.as_bytes(), value.as_bytes(), &mut out);
    }
    extra.iter().for_each(|(name, value)| hpack::literal(0, name.as_bytes(), value.as_bytes(), &mut out));
    out
}

impl Server {
    fn new() -> Server {
        let mut server = Server {
            connection: Connection::new(Role::Server, CONFIG),
            msg: Message::new(),
            log: String::new(),
            fault: None,
        };
        server.takes(PREFACE);
        server.frame(kind::SETTINGS, 0, 0, &[]);
        server.connection.out().clear();
        server.log.clear();
        server
    }

    fn takes(&mut self, mut input: &[u8]) {
        while self.fault.is_none() {
            match self.connection.take(input, &mut self.msg) {
                Err(Fault(code)) => self.fault = Some(code),
                Ok(Taken { consumed: 0, .. }) => break,
                Ok(Taken { consumed, event }) => {
                    input = &input[consumed..];
                    match event {
                        Event::Head { id, .. } => self.connection.attach(id, ()),
                        Event::Data { id, bytes, .. } => self.connection.consumed(id, bytes.len()),
                        _ => {}
                    }
                    if event != Event::None {
                        self.log.push_str(&format!("{event:?};"));
                    }
                }
            }
        }
    }

    fn frame(&mut self, kind: u8, flags: u8, stream: u32, payload: &[u8]) -> &mut Server {
        self.takes(&bytes(kind, flags, stream, payload));
        self
    }

    fn get(&mut self, id: u32, flags: u8) -> &mut Server {
        self.frame(kind::HEADERS, flags, id, &list("GET", &[]))
    }

    #[track_caller]
    fn fails(&mut self, code: Code) {
        assert_eq!(self.fault, Some(code), "{}", self.log);
        assert!(self.connection.out().ends_with(&code.0.to_be_bytes()));
    }

    #[track_caller]
    fn resets(&mut self, id: u32, code: Code) {
        assert_eq!(self.fault, None);
        assert!(self.log.ends_with(&format!("Reset {{ id: {id}, code: {code:?} }};")), "{}", self.log);
    }

    #[track_caller]
    fn sent(&mut self, expected: &[u8]) {
        assert_eq!(std::mem::take(self.connection.out()), expected);
    }
}

const END: u8 = flag::END_STREAM;
const WHOLE: u8 = flag::END_HEADERS;

#[test]
fn the_preface_and_settings_come_first() {
    let mut server = Server::new();
    server.sent(b"");
    let mut fresh = Server { connection: Connection::new(Role::Server, CONFIG), ..Server::new() };
    fresh.sent(b"\0\0\x06\x04\0\0\0\0\0\0\x03\0\0\0\x03");
    fresh.takes(&PREFACE[..10]);
    fresh.takes(PREFACE);
    fresh.frame(kind::PING, 0, 0, &[0; 8]).fails(Code::PROTOCOL_ERROR);
    let mut wrong = Server { connection: Connection::new(Role::Server, CONFIG), ..Server::new() };
    wrong.takes(b"GET / HTTP/1.1\r\n");
    wrong.fails(Code::PROTOCOL_ERROR);
}

/// 4.1, 4.2, 4.3, 6.x: sizes, numbers of streams, order of frames.
#[test]
fn frames_that_end_the_connection() {
    let (proto, size) = (Code::PROTOCOL_ERROR, Code::FRAME_SIZE_ERROR);
    let cases: &[(u8, u8, u32, &[u8], Code)] = &[
        (kind::DATA, 0, 0, b"x", proto),
        (kind::DATA, 0, 1, b"x", proto),
        (kind::DATA, 0, 2, b"x", proto),
        (kind::HEADERS, WHOLE, 0, b"", proto),
        (kind::HEADERS, WHOLE, 2, b"", proto),
        (kind::HEADERS, WHOLE | flag::PADDED, 1, b"\x05abc", proto),
        (kind::HEADERS, WHOLE | flag::PRIORITY, 1, b"\0\0\0\x01\0", proto),
        (kind::HEADERS, WHOLE | flag::PRIORITY, 1, b"\0\0", size),
        (kind::HEADERS, WHOLE, 1, b"\xff\xff\xff\xff\xff", Code::COMPRESSION_ERROR),
        (kind::HEADERS, WHOLE, 1, b"\x82\x20", Code::COMPRESSION_ERROR),
        (kind::PRIORITY, 0, 0, &[0; 5], proto),
        (kind::PRIORITY, 0, 1, &[0; 4], size),
        (kind::PRIORITY, 0, 1, &[0, 0, 0, 1, 0], proto),
        (kind::RST_STREAM, 0, 0, &[0; 4], proto),
        (kind::RST_STREAM, 0, 1, &[0; 4], proto),
        (kind::RST_STREAM, 0, 1, &[0; 3], size),
        (kind::SETTINGS, flag::ACK, 0, &[0; 6], size),
        (kind::SETTINGS, 0, 1, &[], proto),
        (kind::SETTINGS, 0, 0, &[0; 3], size),
        (kind::SETTINGS, 0, 0, &[0, 2, 0, 0, 0, 2], proto),
        (kind::SETTINGS, 0, 0, &[0, 4, 0x80, 0, 0, 0], Code::FLOW_CONTROL_ERROR),
        (kind::SETTINGS, 0, 0, &[0, 5, 0, 0, 0, 1], proto),
        (kind::PUSH_PROMISE, WHOLE, 1, &[0; 4], proto),
        (kind::PING, 0, 1, &[0; 8], proto),
        (kind::PING, 0, 0, &[0; 6], size),
        (kind::GOAWAY, 0, 1, &[0; 8], proto),
        (kind::WINDOW_UPDATE, 0, 0, &[0; 4], proto),
        (kind::WINDOW_UPDATE, 0, 0, &[0x7f, 0xff, 0xff, 0xff], Code::FLOW_CONTROL_ERROR),
        (kind::WINDOW_UPDATE, 0, 0, &[0; 3], size),
        (kind::WINDOW_UPDATE, 0, 1, &[0, 0, 0, 1], proto),
        (kind::CONTINUATION, WHOLE, 1, b"", proto),
        (kind::DATA, 0, 1, &[0; 16_385], size),
    ];
    for (kind, flags, stream, payload, code) in cases {
        Server::new().frame(*kind, *flags, *stream, payload).fails(*code);
    }
}

#[test]
fn unknown_frames_flags_and_settings_are_ignored() {
    let mut server = Server::new();
    server.frame(0xee, 0xff, 0, b"x").frame(0xee, 0, 77, b"").frame(kind::PING, 0xfe, 0, &[7; 8]);
    server.sent(&bytes(kind::PING, flag::ACK, 0, &[7; 8]));
    server.frame(kind::PING, flag::ACK, 0, &[7; 8]).frame(kind::SETTINGS, 0, 0, &[0, 99, 0, 0, 0, 1]);
    server.sent(&bytes(kind::SETTINGS, flag::ACK, 0, b""));
    server.get(1, WHOLE | END | 0x40);
    assert!(server.log.ends_with("Head { id: 1, end: true, refuse: false };"), "{}", server.log);
    // Between the frames of a block nothing else may come.
    server.get(3, END).frame(0xee, 0, 0, b"x").fails(Code::PROTOCOL_ERROR);
}

/// 5.1: what may come on a stream in which state.
#[test]
fn streams_go_through_their_states() {
    // Half-closed by the client.
    Server::new().get(1, WHOLE | END).frame(kind::DATA, 0, 1, b"x").resets(1, Code::STREAM_CLOSED);
    Server::new().get(1, WHOLE | END).get(1, WHOLE | END).fails(Code::STREAM_CLOSED);
    Server::new().get(1, WHOLE | END).frame(kind::CONTINUATION, WHOLE, 1, b"").fails(Code::PROTOCOL_ERROR);
    // Closed by both.
    let mut server = Server::new();
    server.get(1, WHOLE | END);
    server.connection.response(1, &Message::new(), true);
    server.connection.release(1, Code::CANCEL);
    server.frame(kind::WINDOW_UPDATE, 0, 1, &[0, 0, 0, 1]).frame(kind::RST_STREAM, 0, 1, &[0; 4]);
    server.frame(kind::PRIORITY, 0, 1, &[0; 5]).frame(kind::DATA, 0, 1, b"x").resets(1, Code::STREAM_CLOSED);
    let mut server = Server::new();
    server.get(1, WHOLE | END);
    server.connection.response(1, &Message::new(), true);
    server.connection.release(1, Code::CANCEL);
    server.get(1, WHOLE | END).fails(Code::STREAM_CLOSED);
    // Reset by the client, then by us while more is on its way.
    let mut server = Server::new();
    server.get(1, WHOLE).frame(kind::RST_STREAM, 0, 1, &[0, 0, 0, 8]).resets(1, Code::CANCEL);
    server.get(3, WHOLE);
    server.connection.release(3, Code::CANCEL);
    server.frame(kind::DATA, 0, 3, b"x").get(3, WHOLE | END);
    assert_eq!(server.fault, None);
    // Numbers only grow.
    Server::new().get(5, WHOLE | END).get(3, WHOLE | END).fails(Code::STREAM_CLOSED);
}

/// 5.1.2: no more streams than allowed, whatever became of those that were reset.
#[test]
fn streams_are_limited() {
    let mut server = Server::new();
    server.get(1, WHOLE).get(3, WHOLE).get(5, WHOLE).get(7, WHOLE).resets(7, Code::REFUSED_STREAM);
    server.frame(kind::RST_STREAM, 0, 1, &[0; 4]).get(9, WHOLE);
    assert!(server.log.ends_with("Head { id: 9, end: false, refuse: false };"));
    assert_eq!((server.connection.open(), server.connection.streams()), (3, 4));
}

/// 6.9: windows of both directions.
#[test]
fn windows_are_kept() {
    let mut server = Server::new();
    server.frame(kind::SETTINGS, 0, 0, &[0, 4, 0, 0, 0, 3]).get(1, WHOLE | END);
    server.connection.out().clear();
    assert_eq!(server.connection.data(1, b"hello", true), 3);
    server.sent(b"\0\0\x03\0\0\0\0\0\x01hel");
    assert_eq!(server.connection.data(1, b"lo", true), 0);
    // The window becomes negative, then positive again.
    server.frame(kind::SETTINGS, 0, 0, &[0, 4, 0, 0, 0, 1]).frame(kind::WINDOW_UPDATE, 0, 1, &[0, 0, 0, 2]);
    assert_eq!(server.connection.data(1, b"lo", true), 0);
    server.frame(kind::WINDOW_UPDATE, 0, 1, &[0, 0, 0, 2]);
    server.connection.out().clear();
    assert_eq!(server.connection.data(1, b"lo", true), 2);
    server.sent(b"\0\0\x02\0\x01\0\0\0\x01lo");
    // The client's own are granted anew when half of them is used up, and not exceeded.
    server.get(3, WHOLE).frame(kind::DATA, 0, 3, &[0; 16_384]).frame(kind::DATA, 0, 3, &[0; 16_384]);
    server.connection.replenish();
    server.sent(b"\0\0\x04\x08\0\0\0\0\x03\0\0\x80\0\0\0\x04\x08\0\0\0\0\0\0\0\x80\0");
    server.frame(kind::WINDOW_UPDATE, 0, 3, &[0; 4]).resets(3, Code::PROTOCOL_ERROR);
    server.get(5, WHOLE).frame(kind::WINDOW_UPDATE, 0, 5, &[0x7f, 0xff, 0xff, 0xff]);
    server.resets(5, Code::FLOW_CONTROL_ERROR);
    // Bodies that are to come share what is granted beyond that.
    let mut server = Server::new();
    server.connection.config.spare_window = 1600;
    server.get(1, WHOLE).get(3, WHOLE | END).get(5, WHOLE);
    server.sent(b"\0\0\x04\x08\0\0\0\0\x01\0\0\x01\x90\0\0\x04\x08\0\0\0\0\x05\0\0\x01\x2c");
    server.connection.release(1, Code::CANCEL);
    assert_eq!(server.connection.granted, 300);
    let mut server = Server::new();
    server.connection.config.settings.initial_window = 10;
    server.get(1, WHOLE).frame(kind::DATA, 0, 1, &[0; 11]).resets(1, Code::FLOW_CONTROL_ERROR);
}

/// 8.1: messages that aren't.
#[test]
fn malformed_messages_are_reset() {
    let with = |extra: &[(&str, &str)], flags| {
        let mut server = Server::new();
        server.frame(kind::HEADERS, flags, 1, &list("POST", extra));
        server
    };
    with(&[("X", "y")], WHOLE | END).resets(1, Code::PROTOCOL_ERROR);
    with(&[("x", "y"), (":path", "/")], WHOLE | END).resets(1, Code::PROTOCOL_ERROR);
    with(&[("connection", "keep-alive")], WHOLE | END).resets(1, Code::PROTOCOL_ERROR);
    with(&[("content-length", "1")], WHOLE | END).resets(1, Code::PROTOCOL_ERROR);
    with(&[("content-length", "1"), ("content-length", "2")], WHOLE).resets(1, Code::PROTOCOL_ERROR);
    with(&[("content-length", "-1")], WHOLE).resets(1, Code::PROTOCOL_ERROR);
    with(&[("content-length", "1")], WHOLE).frame(kind::DATA, END, 1, b"xy").resets(1, Code::PROTOCOL_ERROR);
    with(&[("content-length", "3")], WHOLE).frame(kind::DATA, END, 1, b"xy").resets(1, Code::PROTOCOL_ERROR);
    let mut short = with(&[("content-length", "3")], WHOLE);
    short.frame(kind::HEADERS, WHOLE | END, 1, b"").resets(1, Code::PROTOCOL_ERROR);
    with(&[], WHOLE).frame(kind::HEADERS, WHOLE, 1, b"").resets(1, Code::PROTOCOL_ERROR);
    with(&[], WHOLE).get(1, WHOLE | END).resets(1, Code::PROTOCOL_ERROR);
    let mut fine = with(&[("content-length", "2")], WHOLE);
    fine.frame(kind::DATA, 0, 1, b"xy").frame(kind::HEADERS, WHOLE | END, 1, b"\0\x01x\x01y");
    assert!(fine.log.ends_with("Trailers { id: 1 };"), "{}", fine.log);
    assert_eq!(fine.connection.glitches(), 0);
}

/// Attacks: blocks without end, lists that grow when they are unpacked, and what costs nothing to send.
#[test]
fn floods_end_or_are_counted() {
    let mut server = Server::new();
    server.get(1, END);
    for _ in 0..MAX_BLOCK_FRAMES {
        server.frame(kind::CONTINUATION, 0, 1, b"");
    }
    server.fails(Code::ENHANCE_YOUR_CALM);
    let mut server = Server::new();
    server.get(1, END).frame(kind::CONTINUATION, 0, 1, &[0; 16_384]).fails(Code::ENHANCE_YOUR_CALM);
    // One entry of the table, again and again.
    let mut bomb = list("GET", &[]);
    hpack::literal(0, b"x", &[b'y'; 3000], &mut bomb);
    let at = bomb.len() - 3000 - 6;
    bomb[at] = 0x40;
    bomb.extend([0xbe; 10]);
    let mut server = Server::new();
    server.frame(kind::HEADERS, WHOLE | END, 1, &bomb).fails(Code::ENHANCE_YOUR_CALM);
    let mut server = Server::new();
    server.get(1, WHOLE);
    for _ in 0..10 {
        server.frame(kind::DATA, 0, 1, b"");
    }
    assert_eq!(server.connection.glitches(), 10);
}

#[test]
fn a_server_that_leaves_serves_what_it_began() {
    let mut server = Server::new();
    server.get(1, WHOLE);
    server.connection.goaway(Code::NO_ERROR);
    server.connection.goaway(Code::NO_ERROR);
    server.sent(b"\0\0\x08\x07\0\0\0\0\0\0\0\0\x01\0\0\0\0");
    server.get(3, WHOLE | END).frame(kind::DATA, END, 1, b"x");
    assert!(server.log.ends_with("Data { id: 1, bytes: [120], end: true };"), "{}", server.log);
    assert_eq!((server.connection.streams(), server.fault), (1, None));
}

/// Both ends, with a list that takes several frames.
#[test]
fn both_ends_understand_each_other() {
    let mut server = Server { connection: Connection::new(Role::Server, CONFIG), ..Server::new() };
    let mut client = Connection::<u8>::new(Role::Client, CONFIG);
    let mut msg = Message::new();
    msg.start_request(b"GET", b"http://h/x", crate::Version::HTTP_11).unwrap();
    msg.add_header(Known::Host, b"h").unwrap();
    msg.add_header("big", &[b'b'; 15_000]).unwrap();
    client.peer.max_frame = 4000;
    assert_eq!(client.request(&msg, b"http", None, false, false, 7), Some(1));
    assert_eq!(client.data(1, b"body", true), 4);
    server.takes(&std::mem::take(client.out()));
    let expected = "Window { id: 0 };Head { id: 1, end: false, refuse: false };Data { id: 1, bytes: [98, 111, 100, 121], end: true };";
    assert_eq!((server.log.as_str(), server.fault), (expected, None));
    assert_eq!(
        (server.msg.target_bytes(), server.msg.find("big").map(<[u8]>::len)),
        (&b"http://h/x"[..], Some(15_000))
    );
    let mut answer = Message::new();
    answer.start_response(200, b"OK", crate::Version::HTTP_11).unwrap();
    assert!(server.connection.response(1, &answer, false));
    assert_eq!(server.connection.data(1, b"yes", false), 3);
    server.connection.trailers(1, &answer);
    server.connection.release(1, Code::CANCEL);
    let (input, mut at, mut log) = (std::mem::take(server.connection.out()), 0, String::new());
    while let Ok(Taken { consumed: n @ 1.., event }) = client.take(&input[at..], &mut msg) {
        at += n;
        log.push_str(&format!("{event:?};"));
    }
    let expected = "Window { id: 0 };None;Head { id: 1, end: false, refuse: false };Data { id: 1, bytes: [121, 101, 115], end: false };Trailers { id: 1 };";
    assert_eq!(log, expected);
    assert_eq!((client.release(1, Code::CANCEL), client.pending() > 0), (Some(7), true));
}
