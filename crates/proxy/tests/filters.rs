//! Filters in the running program: whatever a body is, however it is cut, framed and encoded, the client reads what the
//! server sent; and so does the next one, from the cache.

#![cfg(test)]

mod support;

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};

use flate2::read::{DeflateDecoder, GzDecoder, ZlibDecoder};
use harness::port::free_one;
use harness::process::Process;
use harness::reply::{self, Reply};
use harness::scratch::Scratch;
use support::{DEFAULTS, LIMIT, sluice};

/// How many bodies are tried.
const BODIES: u64 = 40;

/// Pseudo-random numbers (splitmix64): the same ones in each run.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut x = self.0;
        x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (x ^ (x >> 31)) % limit
    }
}

/// The body behind a number: nothing, a few bytes, or more than several buffers; text or noise.
fn body(number: u64) -> Vec<u8> {
    let mut numbers = Numbers(number);
    let most = [1, 50, 5000, 70_000, 300_000][numbers.below(5) as usize];
    let (len, letters) = (numbers.below(most), 2 + numbers.below(254));
    (0..len).map(|_| numbers.below(letters) as u8).collect()
}

/// The response to `/NUMBER`, in the pieces in which it is written.
fn pieces(number: u64) -> Vec<Vec<u8>> {
    let (body, mut numbers) = (body(number), Numbers(!number));
    let chunked = numbers.below(2) == 0;
    let framing = match chunked {
        true => "Transfer-Encoding: chunked".to_owned(),
        false => format!("Content-Length: {}", body.len()),
    };
    let head = format!(
        "HTTP/1.1 200 OK\r\n{framing}\r\nCache-Control: max-age=600\r\nVary: Accept-Encoding\r\n\r\n"
    );
    let mut bytes = head.into_bytes();
    let mut rest = &body[..];
    while !rest.is_empty() {
        let (piece, after) = rest.split_at((1 + numbers.below(rest.len() as u64)) as usize);
        if chunked {
            bytes.extend(format!("{:x}\r\n", piece.len()).bytes());
        }
        bytes.extend(piece);
        if chunked {
            bytes.extend(b"\r\n");
        }
        rest = after;
    }
    if chunked {
        bytes.extend(b"0\r\n\r\n");
    }
    let mut pieces = Vec::new();
    while !bytes.is_empty() {
        let cut = 1 + numbers.below(bytes.len() as u64);
        let after = bytes.split_off(cut as usize);
        pieces.push(std::mem::replace(&mut bytes, after));
    }
    pieces
}

/// Serves one request after the other on a connection.
fn origin(mut client: TcpStream) -> Option<()> {
    client.set_nodelay(true).ok()?;
    let (mut came, mut room) = (Vec::new(), [0; 4096]);
    loop {
        while let Some(end) = came.windows(4).position(|w| w == b"\r\n\r\n") {
            let head = String::from_utf8(came.drain(..end + 4).collect()).ok()?;
            let number = head.strip_prefix("GET /")?.split(' ').next()?.parse().ok()?;
            for piece in pieces(number) {
                client.write_all(&piece).ok()?;
            }
        }
        match client.read(&mut room).ok()? {
            0 => return None,
            n => came.extend(&room[..n]),
        }
    }
}

fn ask(port: u16, number: u64, accepts: &str) -> Reply {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    stream.set_read_timeout(Some(LIMIT)).unwrap();
    let request = format!(
        "GET /{number} HTTP/1.1\r\nHost: a\r\nAccept-Encoding: {accepts}\r\nConnection: close\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).unwrap();
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).unwrap();
    reply::parse(&bytes, &["GET"], true).replies.remove(0)
}

fn decoded(reply: &Reply) -> Vec<u8> {
    let bytes = &reply.body[..];
    let all = |mut reader: Box<dyn std::io::Read + '_>| {
        let mut plain = Vec::new();
        reader.read_to_end(&mut plain).map(|_| plain)
    };
    match reply.header("content-encoding") {
        None => bytes.to_vec(),
        Some("gzip") => all(Box::new(GzDecoder::new(bytes))).unwrap(),
        Some("deflate") => {
            let zlib = all(Box::new(ZlibDecoder::new(bytes)));
            zlib.or_else(|_| all(Box::new(DeflateDecoder::new(bytes)))).unwrap()
        }
        Some("br") => all(Box::new(brotli::Decompressor::new(bytes, 4096))).unwrap(),
        Some("zstd") => zstd::stream::decode_all(bytes).unwrap(),
        Some(other) => panic!("{other}"),
    }
}

#[test]
fn clients_read_what_servers_sent() {
    let (scratch, port) = (Scratch::new("filters").unwrap(), free_one().unwrap());
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let server = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for client in listener.incoming().flatten() {
            std::thread::spawn(move || origin(client));
        }
    });
    let config = format!(
        "global\n    nbthread 2\n    maxconn 100\n{DEFAULTS}
cache store
    total-max-size 64
    max-object-size 1000000
    process-vary on
frontend web
    bind 127.0.0.1:{port}
    filter cache store
    filter trace quiet random-forwarding
    filter compression
    filter trace quiet max-fwd 30000
    compression algo gzip deflate br zstd
    http-request cache-use store
    http-response cache-store store
    http-response set-header x-hit %[res.cache_hit]
    default_backend back
backend back
    server s {server}
"
    );
    scratch.write("s.cfg", config).unwrap();
    let mut process =
        Process::start(sluice(scratch.path(), &["-db", "-f", "s.cfg"]), scratch.path().join("out")).unwrap();
    process.wait_listening(([127, 0, 0, 1], port).into(), LIMIT).unwrap();
    let mut hits = 0;
    for number in 0..BODIES {
        let expected = body(number);
        for accepts in ["identity", "gzip", "deflate", "br", "zstd"] {
            let reply = ask(port, number, accepts);
            assert_eq!(reply.status(), 200, "{number} {accepts}: {}", process.printed());
            assert!(decoded(&reply) == expected, "{number} {accepts}: {:?}", reply.headers);
            hits += u32::from(reply.header("x-hit") == Some("1"));
        }
    }
    assert!(hits > 100, "only {hits} answers came out of the cache");
}
