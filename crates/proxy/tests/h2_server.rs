//! HTTP/2 to servers, seen from a server that does what few servers do: it refuses streams, says good-bye, holds answers
//! back; and how requests share its connections.

#![cfg(test)]

mod support;

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};

use harness::port::free_one;
use harness::process::Process;
use harness::scratch::Scratch;
use support::{LIMIT, sluice, until};

/// What the server does with a request.
#[derive(Clone, Copy, Debug)]
enum Act {
    Answer,
    /// RST_STREAM, for it did nothing.
    Refuse,
    /// GOAWAY in front of this stream.
    Leave,
    /// Answers those of its connection when as many requests have come, on whatever connection.
    HoldFor(usize),
}

/// The server: on which connection which stream came, and how many of its clients have come.
struct Server {
    port: u16,
    seen: Arc<Mutex<Vec<(usize, u32)>>>,
}

impl Server {
    /// `act`: what to do with the nth request.
    fn start(act: fn(usize) -> Act) -> Server {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let (seen, count) = (Arc::default(), Arc::new(AtomicUsize::new(0)));
        let all = Arc::clone(&seen);
        std::thread::spawn(move || {
            for (connection, sock) in listener.incoming().enumerate() {
                let (all, count) = (Arc::clone(&all), Arc::clone(&count));
                std::thread::spawn(move || converse(sock.unwrap(), connection, act, &all, &count));
            }
        });
        Server { port, seen }
    }

    fn seen(&self) -> Vec<(usize, u32)> {
        self.seen.lock().unwrap().clone()
    }
}

fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let head = (payload.len() as u32).to_be_bytes();
    [&head[1..], &[kind, flags], &stream.to_be_bytes(), payload].concat()
}

/// Serves a connection: frames but HEADERS are of no interest.
fn converse(
    mut sock: TcpStream,
    connection: usize,
    act: fn(usize) -> Act,
    seen: &Mutex<Vec<(usize, u32)>>,
    count: &AtomicUsize,
) -> Option<()> {
    let mut preface = [0; 24];
    sock.read_exact(&mut preface).ok()?;
    sock.write_all(&frame(4, 0, 0, b"")).ok()?;
    let mut held = Vec::new();
    loop {
        let mut head = [0; 9];
        sock.read_exact(&mut head).ok()?;
        let mut payload = vec![0; u32::from_be_bytes([0, head[0], head[1], head[2]]) as usize];
        sock.read_exact(&mut payload).ok()?;
        let stream = u32::from_be_bytes([head[5], head[6], head[7], head[8]]);
        if head[3] != 1 {
            continue;
        }
        seen.lock().unwrap().push((connection, stream));
        let nth = count.fetch_add(1, SeqCst);
        let mut other = sock.try_clone().unwrap();
        match act(nth) {
            Act::Answer => other.write_all(&answer(stream)).ok()?,
            Act::Refuse => other.write_all(&frame(3, 0, stream, &[0, 0, 0, 7])).ok()?,
            Act::Leave => other.write_all(&frame(7, 0, 0, &[0; 8])).ok()?,
            Act::HoldFor(many) => {
                held.push(stream);
                if seen.lock().unwrap().len() < many {
                    continue;
                }
                for stream in held.drain(..) {
                    other.write_all(&answer(stream)).ok()?;
                }
            }
        }
    }
}

/// `200` without a body.
fn answer(stream: u32) -> Vec<u8> {
    frame(1, 5, stream, b"\x88")
}

/// The program in front of that server.
struct Proxy {
    _process: Process,
    _scratch: Scratch,
    port: u16,
}

fn proxy(server: &Server, global: &str, backend: &str, words: &str) -> Proxy {
    let (scratch, port) = (Scratch::new("h2server").unwrap(), free_one().unwrap());
    let configuration = format!(
        "global\n    nbthread 1\n{global}\n{}frontend fe\n    bind 127.0.0.1:{port}\n    default_backend be\nbackend be\n\
         {backend}\n    server s 127.0.0.1:{} proto h2 {words}\n",
        support::DEFAULTS,
        server.port
    );
    scratch.write("s.cfg", configuration).unwrap();
    let mut process =
        Process::start(sluice(scratch.path(), &["-db", "-f", "s.cfg"]), scratch.path().join("out")).unwrap();
    process.wait_listening(([127, 0, 0, 1], port).into(), LIMIT).unwrap();
    Proxy { _process: process, _scratch: scratch, port }
}

/// A client of HTTP/1.
struct Client(TcpStream);

impl Client {
    fn connect(proxy: &Proxy) -> Client {
        Client(TcpStream::connect(("127.0.0.1", proxy.port)).unwrap())
    }

    fn ask(&mut self) -> &mut Client {
        self.0.write_all(b"GET / HTTP/1.1\r\nhost: h\r\n\r\n").unwrap();
        self
    }

    /// The status of an answer without a body, or with one that fits into a packet.
    fn status(&mut self) -> u16 {
        let mut answer = Vec::new();
        while !answer.windows(4).any(|at| at == b"\r\n\r\n") {
            let mut room = [0; 4096];
            let n = self.0.read(&mut room).unwrap();
            assert!(n > 0, "the end after {answer:?}");
            answer.extend_from_slice(&room[..n]);
        }
        let text = String::from_utf8_lossy(&answer).into_owned();
        assert!(text.contains("content-length: "), "{text}");
        text.split(' ').nth(1).unwrap().parse().unwrap()
    }
}

#[test]
fn a_refused_stream_is_begun_again() {
    let server = Server::start(|nth| if nth < 2 { Act::Refuse } else { Act::Answer });
    let proxy = proxy(&server, "", "", "");
    assert_eq!(Client::connect(&proxy).ask().status(), 200);
    assert_eq!(server.seen(), [(0, 1), (0, 3), (0, 5)]);
}

#[test]
fn not_for_ever() {
    let server = Server::start(|_| Act::Refuse);
    let proxy = proxy(&server, "", "    retries 2", "");
    assert_eq!(Client::connect(&proxy).ask().status(), 502);
    assert_eq!(server.seen(), [(0, 1), (0, 3), (0, 5)]);
}

#[test]
fn what_a_leaving_server_did_not_take_goes_elsewhere() {
    let server = Server::start(|nth| if nth == 0 { Act::Leave } else { Act::Answer });
    let proxy = proxy(&server, "", "", "");
    assert_eq!(Client::connect(&proxy).ask().status(), 200);
    assert_eq!(server.seen(), [(0, 1), (1, 1)]);
}

#[test]
fn clients_share_a_connection_where_they_may() {
    let server = Server::start(|nth| if nth == 0 { Act::Answer } else { Act::HoldFor(3) });
    let proxy = proxy(&server, "", "    http-reuse always", "");
    let (mut one, mut other) = (Client::connect(&proxy), Client::connect(&proxy));
    assert_eq!(one.ask().status(), 200);
    one.ask();
    other.ask();
    assert_eq!((one.status(), other.status()), (200, 200));
    assert_eq!(server.seen(), [(0, 1), (0, 3), (0, 5)]);
}

#[test]
fn by_default_a_connection_is_one_clients_while_it_is_used() {
    let server = Server::start(|nth| if nth == 0 { Act::Answer } else { Act::HoldFor(3) });
    let proxy = proxy(&server, "", "", "");
    let (mut one, mut other) = (Client::connect(&proxy), Client::connect(&proxy));
    assert_eq!(one.ask().status(), 200);
    one.ask();
    until("the second request", || (server.seen().len() == 2).then_some(()));
    other.ask();
    assert_eq!(other.status(), 200);
    assert_eq!(server.seen(), [(0, 1), (0, 3), (1, 1)]);
}

#[test]
fn no_more_streams_than_are_allowed() {
    let server = Server::start(|nth| if nth == 0 { Act::Answer } else { Act::HoldFor(3) });
    let limit = "    tune.h2.be.max-concurrent-streams 1";
    let proxy = proxy(&server, limit, "    http-reuse always", "");
    let (mut one, mut other) = (Client::connect(&proxy), Client::connect(&proxy));
    assert_eq!(one.ask().status(), 200);
    one.ask();
    until("the second request", || (server.seen().len() == 2).then_some(()));
    other.ask();
    assert_eq!(other.status(), 200);
    assert_eq!(server.seen(), [(0, 1), (0, 3), (1, 1)]);
}

#[test]
fn no_more_exchanges_than_are_allowed() {
    let server = Server::start(|_| Act::Answer);
    let proxy = proxy(&server, "", "    http-reuse always", "max-reuse 1");
    let mut client = Client::connect(&proxy);
    for _ in 0..4 {
        assert_eq!(client.ask().status(), 200);
    }
    assert_eq!(server.seen(), [(0, 1), (0, 3), (1, 1), (1, 3)]);
}

#[test]
fn a_server_that_is_not_there_is_an_unavailable_one() {
    let gone = Server { port: free_one().unwrap(), seen: Arc::default() };
    let proxy = proxy(&gone, "", "    retries 0", "");
    assert_eq!(Client::connect(&proxy).ask().status(), 503);
}
