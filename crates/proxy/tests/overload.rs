//! More clients than there are descriptors, memory or places: those that don't fit wait or are refused, and the program
//! goes on.

#![cfg(test)]

mod support;

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::Command;
use std::time::Duration;

use harness::origin::{Options, Origin};
use harness::port::free_one;
use harness::process::Process;
use harness::recorder::{Answer, Recorder};
use harness::scratch::Scratch;
use harness::syslog::Syslog;
use support::{DEFAULTS, LIMIT, until};

const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nhost: here\r\n\r\n";

struct Serving {
    process: Process,
    address: SocketAddr,
    log: Syslog,
    _scratch: Scratch,
}

/// Starts the program from a shell that runs `limits` first, with more lines for `global` and all the rest of the file.
fn serve(limits: &str, arguments: &str, global: &str, frontend: &str) -> Serving {
    let (scratch, port) = (Scratch::new("overload").unwrap(), free_one().unwrap());
    let log = Syslog::start().unwrap();
    let text = format!(
        "global\n    nbthread 2\n    log 127.0.0.1:{} local0\n{global}{DEFAULTS}    log global\n\
         frontend web\n    bind 127.0.0.1:{port}\n{frontend}",
        log.port()
    );
    let file = scratch.write("s.cfg", text).unwrap();
    let mut command = Command::new("sh");
    let program = env!("CARGO_BIN_EXE_sluice");
    command.arg("-c").arg(format!("{limits}exec {program} -db {arguments} -f {}", file.display()));
    let mut process = Process::start(command, scratch.path().join("out")).unwrap();
    let address = SocketAddr::from(([127, 0, 0, 1], port));
    process.wait_listening(address, LIMIT).unwrap();
    Serving { process, address, log, _scratch: scratch }
}

impl Serving {
    fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(LIMIT)).unwrap();
        stream
    }

    /// A client that sends a request and gives the answer's status, if one comes within a moment.
    fn ask(&self, patience: Duration) -> Option<u16> {
        let mut stream = self.connect();
        stream.set_read_timeout(Some(patience)).unwrap();
        stream.write_all(REQUEST).ok()?;
        status(&mut stream)
    }

    /// What was just freed may serve one more; then new clients wait.
    fn is_full(&self) {
        until("new clients to wait", || self.ask(MOMENT).is_none().then_some(()));
    }

    fn is_well(&mut self) {
        // What was freed by clients that went is there again soon.
        until("service", || (self.ask(MOMENT) == Some(200)).then_some(()));
        assert!(self.process.is_running().unwrap());
    }
}

fn status(stream: &mut TcpStream) -> Option<u16> {
    let mut head = [0; 12];
    stream.read_exact(&mut head).ok()?;
    std::str::from_utf8(&head[9..]).ok()?.parse().ok()
}

const MOMENT: Duration = Duration::from_millis(300);

#[test]
fn without_descriptors_new_clients_wait_and_nothing_spins() {
    let own = "    http-request return status 200\n";
    let mut serving = serve("ulimit -n 60; ", "", "    maxconn 1000\n    no strict-limits\n", own);
    let clients: Vec<TcpStream> = (0..100).map(|_| serving.connect()).collect();
    let said = until("a word about it", || {
        serving.log.lines().into_iter().find(|line| line.contains("reached process FD limit"))
    });
    assert!(said.contains("Proxy web"), "{said}");
    serving.is_full();
    let before = serving.process.cpu().unwrap();
    std::thread::sleep(Duration::from_secs(1));
    let used = serving.process.cpu().unwrap().since(before).total();
    assert!(used < 0.5, "{used} s of processor time in a second of nothing to do");
    drop(clients);
    serving.is_well();
}

#[test]
fn without_descriptors_for_servers_clients_are_told() {
    let origin = Origin::start(&Options::default()).unwrap();
    let to = origin.ports()[0];
    let back = format!(
        "    default_backend app\nbackend app\n    balance roundrobin\n    retries 1\n    server s 127.0.0.1:{to}\n"
    );
    let mut serving = serve("ulimit -n 50; ", "", "    maxconn 1000\n    no strict-limits\n", &back);
    // Each takes two descriptors while it is served, and keeps one: some find the second one missing.
    let mut clients: Vec<TcpStream> = (0..60).map(|_| serving.connect()).collect();
    for client in &mut clients {
        client.set_read_timeout(Some(MOMENT)).unwrap();
        client.write_all(REQUEST).unwrap();
    }
    let answers: Vec<Option<u16>> = clients.iter_mut().map(status).collect();
    assert!(answers.iter().flatten().all(|status| matches!(status, 200 | 503)), "{answers:?}");
    assert!(answers.contains(&None), "{answers:?}");
    drop(clients);
    serving.is_well();
}

#[test]
fn at_the_limit_of_memory_new_clients_wait() {
    let own = "    http-request return status 200\n    timeout http-request 60s\n";
    let mut serving = serve("", "-m 16", "    maxconn 4000\n", own);
    // What is begun and not ended is kept.
    let begun = format!("GET / HTTP/1.1\r\nx: {}", "x".repeat(14_000));
    let clients: Vec<TcpStream> = (0..800)
        .map(|_| {
            let mut stream = serving.connect();
            let _ = stream.write_all(begun.as_bytes());
            stream
        })
        .collect();
    until("a word about it", || {
        serving.ask(Duration::from_millis(20));
        serving.log.lines().into_iter().find(|line| line.contains("reached memory limit"))
    });
    serving.is_full();
    assert!(serving.process.is_running().unwrap());
    let used = serving.process.memory().unwrap();
    drop(clients);
    serving.is_well();
    assert!(used.resident < 64 << 20, "{used:?}");
}

#[test]
fn at_maxconn_new_clients_wait() {
    let own = "    http-request return status 200\n";
    let mut serving = serve("", "", "    maxconn 3\n", own);
    let mut clients: Vec<TcpStream> = (0..3).map(|_| serving.connect()).collect();
    for client in &mut clients {
        client.write_all(REQUEST).unwrap();
        assert_eq!(status(client), Some(200));
    }
    let mut fourth = serving.connect();
    fourth.write_all(REQUEST).unwrap();
    fourth.set_read_timeout(Some(MOMENT)).unwrap();
    assert_eq!(status(&mut fourth), None);
    drop(clients.pop());
    fourth.set_read_timeout(Some(LIMIT)).unwrap();
    assert_eq!(status(&mut fourth), Some(200));
    drop((clients, fourth));
    serving.is_well();
}

/// A log line with these words, once it came.
fn logged(serving: &Serving, words: &str) -> String {
    until("the log line", || serving.log.lines().into_iter().find(|line| line.contains(words)))
}

#[test]
fn heads_that_come_slowly_end_in_time() {
    let own = "    option httplog\n    timeout http-request 400ms\n    http-request return status 200\n";
    let mut serving = serve("", "", "", own);
    let drips: Vec<_> = (0..20)
        .map(|_| {
            let mut client = serving.connect();
            client.set_read_timeout(Some(Duration::from_millis(20))).unwrap();
            // A byte from time to time earns no more of it.
            std::thread::spawn(move || {
                until("an answer", || {
                    let _ = client.write_all(b"G");
                    status(&mut client)
                })
            })
        })
        .collect();
    for drip in drips {
        assert_eq!(drip.join().unwrap(), 408);
    }
    logged(&serving, " cR-- ");
    serving.is_well();
}

#[test]
fn who_does_not_read_is_let_go() {
    let head = "HTTP/1.1 200 OK\r\ncontent-length: 25165824\r\n\r\n";
    let bytes = [head.as_bytes(), &vec![b'x'; 24 << 20]].concat();
    let origin = Recorder::start(1, move |_| Answer { bytes: bytes.clone(), ..Answer::default() }).unwrap();
    let back = format!(
        "    option httplog\n    timeout client 500ms\n    default_backend app\nbackend app\n    balance roundrobin\n    \
         server s 127.0.0.1:{}\n",
        origin.ports()[0]
    );
    let mut serving = serve("", "", "", &back);
    let clients: Vec<TcpStream> = (0..4)
        .map(|_| {
            let mut client = serving.connect();
            client.write_all(REQUEST).unwrap();
            client
        })
        .collect();
    until("all to be let go", || {
        let ends = serving.log.lines().iter().filter(|line| line.contains(" cD-- ")).count();
        (ends == clients.len()).then_some(())
    });
    assert!(serving.process.memory().unwrap().resident < 128 << 20);
    drop(clients);
    serving.is_well();
}

#[test]
fn floods_of_headers_are_refused_and_logged() {
    let own = "    option httplog\n    http-request return status 200\n";
    let mut serving = serve("", "", "", own);
    let many = format!("GET / HTTP/1.1\r\nhost: a\r\n{}\r\n", "a: b\r\n".repeat(5000));
    let long = format!("GET / HTTP/1.1\r\nhost: a\r\nx: {}\r\n\r\n", "x".repeat(1 << 20));
    for flood in [&many, &long] {
        for _ in 0..30 {
            let mut client = serving.connect();
            // The rest of it finds nobody who listens.
            let _ = client.write_all(flood.as_bytes());
            let status = status(&mut client);
            assert!(matches!(status, None | Some(400 | 431)), "{status:?}");
        }
    }
    logged(&serving, " PR-- ");
    assert!(serving.process.memory().unwrap().resident < 128 << 20);
    serving.is_well();
}

#[test]
fn clients_wait_for_a_full_server_and_are_told_in_time() {
    let busy = TcpListener::bind("127.0.0.1:0").unwrap();
    let back = format!(
        "    option httplog\n    default_backend app\nbackend app\n    balance roundrobin\n    timeout queue 400ms\n    \
         server s {} maxconn 1 maxqueue 50\n",
        busy.local_addr().unwrap()
    );
    let mut serving = serve("", "", "", &back);
    let mut first = serving.connect();
    first.write_all(REQUEST).unwrap();
    let (server, _) = busy.accept().unwrap();
    let mut waiting: Vec<TcpStream> = (0..20).map(|_| serving.connect()).collect();
    for client in &mut waiting {
        client.write_all(REQUEST).unwrap();
    }
    for client in &mut waiting {
        assert_eq!(status(client), Some(503));
    }
    logged(&serving, " sQ-- ");
    drop((server, busy));
    assert_eq!(status(&mut first), Some(502));
    assert!(serving.process.is_running().unwrap());
}
