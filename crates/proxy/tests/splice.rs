//! `option splice-*`: bodies of every framing stay in the kernel, arrive whole, and are counted as such.

#![cfg(test)]

mod support;

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::os::unix::net::UnixStream;

use harness::port::free_one;
use harness::process::Process;
use harness::scratch::Scratch;
use support::{DEFAULTS, LIMIT, sluice, until};

const SIZE: usize = 1 << 20;

/// A server that answers with a body, framed as the path says, to each connection's only request.
fn origin() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for client in listener.incoming() {
            answer(client.unwrap());
        }
    });
    port
}

fn answer(mut client: TcpStream) {
    let mut reader = BufReader::new(client.try_clone().unwrap());
    let mut first = String::new();
    reader.read_line(&mut first).unwrap();
    let mut line = String::new();
    while reader.read_line(&mut line).unwrap() > 2 {
        line.clear();
    }
    let body = vec![b'x'; SIZE];
    let head = |framing: &str| format!("HTTP/1.1 200 OK\r\n{framing}connection: close\r\n\r\n");
    let text = if first.contains("/length") {
        [head(&format!("content-length: {SIZE}\r\n")).as_bytes(), &body].concat()
    } else if first.contains("/chunked") {
        let mut text = head("transfer-encoding: chunked\r\n").into_bytes();
        for part in body.chunks(SIZE / 4) {
            text.extend_from_slice(format!("{:x}\r\n", part.len()).as_bytes());
            text.extend_from_slice(part);
            text.extend_from_slice(b"\r\n");
        }
        text.extend_from_slice(b"0\r\n\r\n");
        text
    } else {
        [head("").as_bytes(), &body].concat()
    };
    client.write_all(&text).unwrap();
}

struct Serving {
    process: Process,
    scratch: Scratch,
}

impl Serving {
    /// What one column of a backend's row says.
    fn column(&self, backend: &str, column: &str) -> u64 {
        let mut socket = until("the socket", || UnixStream::connect(self.scratch.path().join("a.sock")).ok());
        socket.write_all(b"show stat\n").unwrap();
        let mut answer = String::new();
        socket.read_to_string(&mut answer).unwrap();
        let mut lines = answer.lines();
        let at = lines.next().unwrap().split(',').position(|name| name == column).unwrap();
        let row = lines.find(|line| line.starts_with(&format!("{backend},BACKEND,"))).unwrap();
        row.split(',').nth(at).unwrap().parse().unwrap()
    }
}

/// Asks at this address; gives how many bytes of the body came.
fn get(port: u16, path: &str) -> usize {
    let mut client = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).unwrap();
    client.set_read_timeout(Some(LIMIT)).unwrap();
    client
        .write_all(format!("GET {path} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n").as_bytes())
        .unwrap();
    let mut answer = Vec::new();
    client.read_to_end(&mut answer).unwrap();
    answer.iter().filter(|byte| **byte == b'x').count()
}

#[test]
fn bodies_of_every_framing_go_through_the_kernel() {
    let (scratch, web, raw) = (Scratch::new("splice").unwrap(), free_one().unwrap(), free_one().unwrap());
    let server = format!("server s 127.0.0.1:{}", origin());
    let text = format!(
        "global\n    nbthread 1\n    stats socket {}/a.sock\n{DEFAULTS}    option splice-response\n\
         listen web\n    bind 127.0.0.1:{web}\n    {server}\n\
         listen raw\n    mode tcp\n    bind 127.0.0.1:{raw}\n    {server}\n",
        scratch.path().display()
    );
    scratch.write("s.cfg", text).unwrap();
    let command = sluice(scratch.path(), &["-db", "-f", "s.cfg"]);
    let mut process = Process::start(command, scratch.path().join("out")).unwrap();
    let at = SocketAddr::from(([127, 0, 0, 1], web));
    process.wait_listening(at, LIMIT).unwrap();
    let mut serving = Serving { process, scratch };
    let mut spliced = 0;
    for path in ["/length", "/chunked", "/close"] {
        assert_eq!(get(web, path), SIZE, "{path}");
        until(path, || (serving.column("web", "h1_spliced_bytes_in") > spliced).then_some(()));
        spliced = serving.column("web", "h1_spliced_bytes_in");
        assert_eq!(serving.column("web", "h1_open_streams"), 0, "{path}");
    }
    assert!(spliced <= serving.column("web", "h1_bytes_in"));
    assert_eq!(get(raw, "/length"), SIZE);
    assert!(serving.process.is_running().unwrap());
}
