//! The statistics page over its connection: long answers in parts, what browsers of other sites may not do, and orders
//! that end what is under way.

#![cfg(test)]

mod support;

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};

use harness::port::free_one;
use harness::process::Process;
use harness::scratch::Scratch;
use rustix::process::Signal;
use support::{DEFAULTS, LIMIT, sluice, until};

/// More than fits into one part of an answer.
const SERVERS: usize = 400;

struct Serving {
    process: Process,
    _scratch: Scratch,
    page: u16,
    web: u16,
    /// Takes connections and never answers.
    silent: TcpListener,
}

fn serve() -> Serving {
    let scratch = Scratch::new("page").unwrap();
    let (page, web) = (free_one().unwrap(), free_one().unwrap());
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let to = silent.local_addr().unwrap().port();
    let text = format!(
        "global\n    nbthread 2\n    maxconn 100\n{DEFAULTS}\
         listen page\n    bind 127.0.0.1:{page}\n    stats uri /stats\n    stats admin if TRUE\n\
         listen web\n    bind 127.0.0.1:{web}\n    server s1 127.0.0.1:{to}\n\
         backend many\n    description 5 < 6 & more\n    server-template s 1-{SERVERS} 127.0.0.1:{to}\n",
    );
    scratch.write("s.cfg", text).unwrap();
    let command = sluice(scratch.path(), &["-db", "-f", "s.cfg"]);
    let process = Process::start(command, scratch.path().join("out")).unwrap();
    until("the page", || TcpStream::connect(("127.0.0.1", page)).ok());
    Serving { process, _scratch: scratch, page, web, silent }
}

impl Serving {
    fn ask(&self, request: &str) -> String {
        let mut stream = TcpStream::connect(("127.0.0.1", self.page)).unwrap();
        stream.set_read_timeout(Some(LIMIT)).unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }

    /// The body of the answer, its chunks put together.
    fn get(&self, target: &str) -> String {
        let answer = self.ask(&format!("GET {target} HTTP/1.1\r\nhost: here\r\nconnection: close\r\n\r\n"));
        let (head, mut rest) = answer.split_once("\r\n\r\n").unwrap();
        assert!(
            head.starts_with("HTTP/1.1 200 OK\r\n") && head.contains("transfer-encoding: chunked"),
            "{head}"
        );
        let mut body = String::new();
        loop {
            let (size, data) = rest.split_once("\r\n").unwrap();
            let size = usize::from_str_radix(size, 16).unwrap();
            if size == 0 {
                assert_eq!(data, "\r\n");
                return body;
            }
            body.push_str(&data[..size]);
            rest = data[size..].strip_prefix("\r\n").unwrap();
        }
    }

    /// The outcome of an order.
    fn order(&self, form: &str, header: &str) -> String {
        let answer = self.ask(&format!(
            "POST /stats HTTP/1.1\r\nhost: here\r\nconnection: close\r\ncontent-length: {}\r\n{header}\r\n{form}",
            form.len()
        ));
        let (_, rest) = answer.split_once("location: /stats;st=").unwrap();
        rest.lines().next().unwrap().to_owned()
    }

    fn end(mut self) {
        self.process.signal(Signal::TERM).unwrap();
        self.process.wait(LIMIT).unwrap();
    }
}

#[test]
fn long_answers_come_whole() {
    let serving = serve();
    let csv = serving.get("/stats;csv");
    // The header, both halves of two proxies with a server in one, the last backend and its servers.
    assert_eq!(csv.lines().count(), 1 + 5 + SERVERS + 1, "{csv}");
    assert!(csv.len() > 40_000 && csv.ends_with('\n'));
    for number in 1..=SERVERS {
        assert_eq!(csv.matches(&format!("\nmany,s{number},")).count(), 1, "s{number}");
    }
    let json = serving.get("/stats;json?scope=many");
    assert!(json.starts_with("[[{\"objType\":\"Server\"") && json.ends_with("]]\n"), "{json:.100}");
    assert_eq!(json.matches("],[").count(), SERVERS);
    let page = serving.get("/stats");
    assert!(page.starts_with("<!DOCTYPE html>") && page.ends_with("</html>\n"));
    assert!(page.contains("5 &lt; 6 &amp; more"));
    for tag in ["table", "tbody", "tr", "td", "form", "u", "div"] {
        let (open, close) = (format!("<{tag}"), format!("</{tag}>"));
        let opened = page.matches(&format!("{open}>")).count() + page.matches(&format!("{open} ")).count();
        assert_eq!(opened, page.matches(&close).count(), "{tag}");
    }
    for number in 1..=SERVERS {
        let id = format!("id=\"many/s{number}\"");
        assert_eq!(page.matches(&id).count(), 1, "s{number}");
    }
    serving.end();
}

#[test]
fn pages_of_other_sites_order_nothing() {
    let serving = serve();
    let form = "s=s1&action=maint&b=web";
    for header in ["origin: http://there\r\n", "origin: null\r\n", "referer: http://there/here\r\n"] {
        assert_eq!(serving.order(form, header), "DENY", "{header}");
    }
    assert!(serving.get("/stats;csv?scope=web").contains("no check"));
    assert_eq!(serving.order(form, "origin: http://here\r\nreferer: http://there/\r\n"), "DONE");
    assert!(serving.get("/stats;csv?scope=web").contains("MAINT"));
    assert_eq!(serving.order(&"s=s1&".repeat(5000), ""), "EXCD");
    serving.end();
}

#[test]
fn sessions_are_shut_down() {
    let serving = serve();
    // The other port may be there already.
    let mut client = until("the frontend", || TcpStream::connect(("127.0.0.1", serving.web)).ok());
    client.set_read_timeout(Some(LIMIT)).unwrap();
    client.write_all(b"GET / HTTP/1.1\r\nhost: here\r\n\r\n").unwrap();
    // The request is there: the exchange is under way.
    let (mut origin, _) = serving.silent.accept().unwrap();
    assert!(origin.read(&mut [0; 16]).unwrap() > 0);
    assert_eq!(serving.order("s=s1&action=shutdown&b=many", ""), "DONE");
    assert_eq!(serving.order("s=s1&action=shutdown&b=web", ""), "DONE");
    let mut answer = Vec::new();
    client.read_to_end(&mut answer).unwrap();
    assert!(answer.is_empty(), "{}", String::from_utf8_lossy(&answer));
    serving.end();
}
