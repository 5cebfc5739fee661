//! `option forwarded`: what a server is told of where a request came from.

#![cfg(test)]

mod support;

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};

use harness::port::free_one;
use harness::process::Process;
use harness::scratch::Scratch;
use support::{LIMIT, sluice};

/// Backends by the request's path, each in front of a frontend that answers with the header it got.
const BACKENDS: &[(&str, &str)] = &[
    ("plain", "option forwarded"),
    ("all", "option forwarded proto host by by_port for for_port-expr int(70000)"),
    ("computed", "option forwarded host-expr str(a:80) by-expr src for-expr req.hdr(x-for)"),
    ("inherits", ""),
    ("off", "no option forwarded"),
];

fn config(port: u16, echo: u16) -> String {
    let mut text = format!(
        "defaults\n    mode http\n    timeout connect 60s\n    timeout client 60s\n    timeout server 60s\n\
         defaults more from unnamed\n    option forwarded proto\n\
         frontend web\n    bind 127.0.0.1:{port}\n    http-request set-src hdr(x-src) if {{ hdr(x-src) -m found }}\n    \
         use_backend %[path,regsub(/,)]\n\
         frontend echo\n    bind 127.0.0.1:{echo}\n    \
         http-request return status 200 content-type text/plain lf-string %[req.hdr(forwarded)]\n"
    );
    text = text.replace("defaults\n", "defaults unnamed\n");
    for (name, option) in BACKENDS {
        text.push_str(&format!("backend {name}\n    {option}\n    server s 127.0.0.1:{echo}\n"));
    }
    text
}

#[test]
fn servers_are_told() {
    let (scratch, port, echo) =
        (Scratch::new("forwarded").unwrap(), free_one().unwrap(), free_one().unwrap());
    scratch.write("s.cfg", config(port, echo)).unwrap();
    let command = sluice(scratch.path(), &["-db", "-f", "s.cfg"]);
    let mut process = Process::start(command, scratch.path().join("out")).unwrap();
    let at = SocketAddr::from(([127, 0, 0, 1], port));
    process.wait_listening(at, LIMIT).unwrap();
    for (path, headers, told) in [
        ("plain", "", "proto=http;for=127.0.0.1".to_owned()),
        ("plain", "x-src: ::1\r\n", "proto=http;for=\"[::1]\"".to_owned()),
        ("all", "", format!("proto=http;host=\"me\";by=\"127.0.0.1:{port}\";for=\"127.0.0.1:_70000\"")),
        ("computed", "x-for: someone\r\n", "host=\"a:80\";by=127.0.0.1;for=_someone".to_owned()),
        ("computed", "", "host=\"a:80\";by=127.0.0.1;for=unknown".to_owned()),
        ("inherits", "", "proto=http".to_owned()),
        ("off", "", String::new()),
    ] {
        let mut client = TcpStream::connect(at).unwrap();
        let head = format!("GET /{path} HTTP/1.1\r\nhost: me\r\nconnection: close\r\n{headers}\r\n");
        client.write_all(head.as_bytes()).unwrap();
        let mut answer = String::new();
        client.read_to_string(&mut answer).unwrap();
        assert_eq!(answer.split_once("\r\n\r\n").unwrap().1, told, "{path} {headers}");
    }
}
