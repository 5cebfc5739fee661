//! Backends for logs: messages go to servers by datagram and by connection, as the algorithm says.

#![cfg(test)]

mod support;

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream, UdpSocket};

use harness::port::free_one;
use harness::process::Process;
use harness::scratch::Scratch;
use rustix::process::Signal;
use support::{DEFAULTS, LIMIT, sluice, until};

fn get(port: u16, path: &str) {
    let mut stream = until("a connection", || TcpStream::connect(("127.0.0.1", port)).ok());
    let request = format!("GET {path} HTTP/1.1\r\nhost: here\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
}

#[test]
fn messages_go_to_servers_in_turn() {
    let (scratch, port) = (Scratch::new("logs").unwrap(), free_one().unwrap());
    let datagrams = UdpSocket::bind("127.0.0.1:0").unwrap();
    let stream = TcpListener::bind("127.0.0.1:0").unwrap();
    datagrams.set_read_timeout(Some(LIMIT)).unwrap();
    let text = format!(
        "global\n    nbthread 1\n{DEFAULTS}frontend web\n    bind 127.0.0.1:{port}\n    log backend@logs local0\n    \
         log-format \"path %HP\"\n    http-request return status 200\n\
         backend logs\n    mode log\n    balance roundrobin\n    server s1 udp@{}\n    server s2 {} log-proto octet-count\n",
        datagrams.local_addr().unwrap(),
        stream.local_addr().unwrap(),
    );
    scratch.write("s.cfg", text).unwrap();
    let command = sluice(scratch.path(), &["-db", "-f", "s.cfg"]);
    let mut process = Process::start(command, scratch.path().join("out")).unwrap();
    for path in ["/0", "/1", "/2", "/3"] {
        get(port, path);
    }
    let datagram = || {
        let mut room = [0; 1024];
        let n = datagrams.recv(&mut room).unwrap();
        String::from_utf8_lossy(&room[..n]).into_owned()
    };
    assert!(datagram().ends_with("path /0\n") && datagram().ends_with("path /2\n"));
    let (mut server, _) = stream.accept().unwrap();
    server.set_read_timeout(Some(LIMIT)).unwrap();
    let mut came = String::new();
    while !came.ends_with("path /3") {
        let mut room = [0; 1024];
        let n = server.read(&mut room).unwrap();
        assert!(n > 0, "{came}");
        came.push_str(std::str::from_utf8(&room[..n]).unwrap());
    }
    // Each message stands behind its length.
    let (length, rest) = came.split_once(' ').unwrap();
    let first = &rest[..length.parse().unwrap()];
    assert!(first.starts_with("<134>") && first.ends_with("path /1"), "{came}");
    process.signal(Signal::TERM).unwrap();
    process.wait(LIMIT).unwrap();
}
