//! `tune.bufsize.large`: a body that is too large for a buffer is seen by rules that ask for a large one.

#![cfg(test)]

mod support;

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};

use harness::port::free_one;
use harness::process::Process;
use harness::scratch::Scratch;
use support::{LIMIT, sluice};

const SIZE: usize = 50_000;

fn config(port: u16) -> String {
    format!(
        "global
    tune.bufsize.large 65536
defaults
    mode http
    timeout connect 60s
    timeout client 60s
    timeout server 60s
frontend web
    bind 127.0.0.1:{port}
    http-request wait-for-body time 60s at-least {SIZE} use-large-buffer if {{ path /large }}
    http-request wait-for-body time 60s at-least {SIZE} if {{ path /usual }}
    http-request return status 200 content-type text/plain lf-string %[req.body_len]
"
    )
}

fn post(at: SocketAddr, path: &str) -> String {
    let mut client = TcpStream::connect(at).unwrap();
    let head =
        format!("POST {path} HTTP/1.1\r\nhost: a\r\nconnection: close\r\ncontent-length: {SIZE}\r\n\r\n");
    client.write_all(head.as_bytes()).unwrap();
    client.write_all(&vec![b'x'; SIZE]).unwrap();
    let mut answer = String::new();
    client.read_to_string(&mut answer).unwrap();
    answer.rsplit("\r\n").next().unwrap().to_owned()
}

#[test]
fn rules_see_as_much_as_the_buffer_holds() {
    let (scratch, port) = (Scratch::new("large_buffer").unwrap(), free_one().unwrap());
    scratch.write("s.cfg", config(port)).unwrap();
    let command = sluice(scratch.path(), &["-db", "-f", "s.cfg"]);
    let mut process = Process::start(command, scratch.path().join("out")).unwrap();
    let at = SocketAddr::from(([127, 0, 0, 1], port));
    process.wait_listening(at, LIMIT).unwrap();
    assert_eq!(post(at, "/large"), SIZE.to_string());
    let usual: usize = post(at, "/usual").parse().unwrap();
    assert!((14_000..16_384).contains(&usual), "{usual}");
}
