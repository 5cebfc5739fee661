//! Backends that are disabled or not published: rules pass them by, unless one says not to (`be-unpublished`,
//! `force-be-switch`, `publish backend`).

#![cfg(test)]

mod support;

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::os::unix::net::UnixStream;

use harness::port::free_one;
use harness::process::Process;
use harness::scratch::Scratch;
use support::{DEFAULTS, LIMIT, sluice, until};

struct Serving {
    address: SocketAddr,
    scratch: Scratch,
    _process: Process,
}

fn serve() -> Serving {
    let (scratch, port) = (Scratch::new("published").unwrap(), free_one().unwrap());
    let named = "http-request return status 200 content-type text/plain lf-string %[be_name]";
    let text = format!(
        "global\n    stats socket {home}/admin.sock level admin\n{DEFAULTS}\
         frontend web\n    bind 127.0.0.1:{port}\n    force-be-switch if {{ req.hdr(x-force) 1 }}\n    \
         use_backend %[req.hdr(x-to)] if {{ req.hdr(x-to) -m found }}\n    \
         use_backend hidden if {{ path /a }}\n    use_backend off if {{ path /a }}\n    \
         use_backend one if {{ path /a /b }}\n    use_backend two if {{ path /c }}\n    default_backend hidden\n\
         backend hidden\n    be-unpublished\n    {named}\nbackend off\n    disabled\n    {named}\n\
         backend one\n    {named}\nbackend two\n    {named}\n\
         listen home\n    bind {home}/home.sock\n    use_backend hidden\n    \
         http-request set-header x-to two\n    server own 127.0.0.1:{port}\n",
        home = scratch.path().display()
    );
    scratch.write("s.cfg", text).unwrap();
    let command = sluice(scratch.path(), &["-db", "-f", "s.cfg"]);
    let mut process = Process::start(command, scratch.path().join("out")).unwrap();
    let address = SocketAddr::from(([127, 0, 0, 1], port));
    process.wait_listening(address, LIMIT).unwrap();
    Serving { address, scratch, _process: process }
}

impl Serving {
    /// The backend that answers, or the status.
    fn get(&self, path: &str, headers: &str) -> String {
        ask(TcpStream::connect(self.address).unwrap(), path, headers)
    }

    fn socket(&self, name: &str) -> UnixStream {
        // Several sockets appear one after the other.
        until(name, || UnixStream::connect(self.scratch.path().join(name)).ok())
    }

    fn say(&self, words: &str) -> String {
        let mut socket = self.socket("admin.sock");
        socket.write_all(format!("{words}\n").as_bytes()).unwrap();
        let mut answer = String::new();
        socket.read_to_string(&mut answer).unwrap();
        answer.trim_end().to_owned()
    }
}

/// The backend that answers, or the status.
fn ask(mut client: impl Read + Write, path: &str, headers: &str) -> String {
    let head = format!("GET {path} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n{headers}\r\n");
    client.write_all(head.as_bytes()).unwrap();
    let mut answer = String::new();
    client.read_to_string(&mut answer).unwrap();
    let status = answer.split(' ').nth(1).unwrap();
    let (_, body) = answer.split_once("\r\n\r\n").unwrap();
    if status == "200" { body.to_owned() } else { status.to_owned() }
}

const FORCE: &str = "x-force: 1\r\n";

#[test]
fn rules_pass_them_by() {
    let serving = serve();
    assert_eq!(serving.get("/a", ""), "one");
    assert_eq!(serving.get("/c", ""), "two");
    assert_eq!(serving.get("/none", ""), "503");
    assert_eq!(serving.get("/a", "x-to: two\r\n"), "two");
    assert_eq!(serving.get("/a", "x-to: hidden\r\n"), "one");
    // A name of no backend ends the rules.
    assert_eq!(serving.get("/a", "x-to: nobody\r\n"), "503");
    assert_eq!(serving.get("/a", FORCE), "hidden");
    assert_eq!(serving.get("/none", FORCE), "hidden");
    assert_eq!(serving.get("/a", "x-force: 1\r\nx-to: off\r\n"), "503");
    assert_eq!(ask(serving.socket("home.sock"), "/", ""), "two");
}

#[test]
fn administrators_publish_them() {
    let serving = serve();
    assert_eq!(serving.say("publish backend hidden"), "Backend published.");
    assert_eq!(serving.get("/a", ""), "hidden");
    assert_eq!(serving.say("unpublish backend one"), "Backend unpublished.");
    assert_eq!(serving.get("/b", ""), "hidden");
    assert_eq!(serving.say("publish backend off"), "No effect on a disabled backend.");
    assert_eq!(serving.say("publish backend nobody"), "No such backend.");
}
