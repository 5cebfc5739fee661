//! `socks4` on servers: connections are asked of a proxy on the way.

#![cfg(test)]

mod support;

use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};

use harness::port::free_one;
use harness::process::Process;
use harness::scratch::Scratch;
use support::{DEFAULTS, LIMIT, sluice};

const ASKED: &[u8] = b"\x04\x01\x12\x34\x7f\x00\x00\x01HAProxy\x00";
const GRANTED: u8 = 90;

/// A SOCKS4 proxy that answers one client with this code, and plays the server itself if that grants the connection.
fn socks(code: u8) -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        let (mut client, _) = listener.accept().unwrap();
        let mut asked = [0; ASKED.len()];
        client.read_exact(&mut asked).unwrap();
        assert_eq!(asked, ASKED);
        // In pieces, as networks deliver it.
        client.write_all(&[0, code, 0]).unwrap();
        client.write_all(&[0; 5]).unwrap();
        if code == GRANTED {
            let mut begun = [0; 5];
            client.read_exact(&mut begun).unwrap();
            assert_eq!(&begun, b"PROXY");
            client.write_all(b"HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n").unwrap();
            // Until the request is read, closing would reset the answer.
            let _ = client.read(&mut [0; 4096]).unwrap();
        }
    });
    port
}

/// The status of an answer that came through such a proxy.
fn status(code: u8) -> String {
    let (scratch, port) = (Scratch::new("socks4").unwrap(), free_one().unwrap());
    let text = format!(
        "{DEFAULTS}    retries 0\nlisten web\n    bind 127.0.0.1:{port}\n    \
         server s 127.0.0.1:4660 socks4 127.0.0.1:{} send-proxy\n",
        socks(code)
    );
    scratch.write("s.cfg", text).unwrap();
    let command = sluice(scratch.path(), &["-db", "-f", "s.cfg"]);
    let mut process = Process::start(command, scratch.path().join("out")).unwrap();
    process.wait_listening(SocketAddr::from(([127, 0, 0, 1], port)), LIMIT).unwrap();
    let mut client = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).unwrap();
    client.write_all(b"GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    client.read_to_string(&mut answer).unwrap();
    answer.split(' ').nth(1).unwrap().to_owned()
}

#[test]
fn a_proxy_on_the_way_is_asked() {
    assert_eq!(status(GRANTED), "204");
}

#[test]
fn what_it_refuses_is_a_failed_connection() {
    assert_eq!(status(91), "503");
}
