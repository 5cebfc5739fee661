//! `-W`, `-Ws`: what a master does for its workers, and what it tells the system's service manager.

#![cfg(test)]

mod support;

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::os::unix::net::{UnixDatagram, UnixStream};
use std::process::ExitStatus;

use harness::port::free_one;
use harness::process::Process;
use harness::scratch::Scratch;
use rustix::process::{Pid, Signal, kill_process};
use support::{LIMIT, sluice, until};

/// A master that runs, and what it tells its service manager.
struct Service {
    process: Process,
    scratch: Scratch,
    port: u16,
    told: UnixDatagram,
}

/// Starts a master; `global`: lines of that section.
fn serve(global: &str) -> Service {
    let scratch = Scratch::new("master").unwrap();
    let folder = scratch.path();
    let told = UnixDatagram::bind(folder.join("notify")).unwrap();
    told.set_read_timeout(Some(LIMIT)).unwrap();
    let port = free_one().unwrap();
    scratch.write("s.cfg", text(port, global)).unwrap();
    let socket = format!("unix@{}", folder.join("m.sock").display());
    let mut command = sluice(folder, &["-Ws", "-f", "s.cfg", "-S", &socket]);
    command.env("NOTIFY_SOCKET", folder.join("notify"));
    let process = Process::start(command, folder.join("out")).unwrap();
    let service = Service { process, scratch, port, told };
    assert_eq!(service.told(), service.ready());
    service
}

fn text(port: u16, global: &str) -> String {
    format!("global\n{global}{}", support::alive(&format!("127.0.0.1:{port}")))
}

impl Service {
    /// The next thing that the service manager is told.
    fn told(&self) -> String {
        let mut room = [0; 1024];
        let n = self.told.recv(&mut room).unwrap();
        String::from_utf8_lossy(&room[..n]).into_owned()
    }

    fn ready(&self) -> String {
        format!("READY=1\nMAINPID={}\nSTATUS=Ready.\n", self.process.pid())
    }

    fn signal(&self, signal: Signal) {
        self.process.signal(signal).unwrap();
    }

    /// Has it read its configuration again, and waits until it says what came of it.
    fn reload(&self) -> String {
        self.signal(Signal::USR2);
        let begun = self.told();
        assert!(begun.starts_with("RELOADING=1\n") && begun.contains("MONOTONIC_USEC="), "{begun}");
        self.told()
    }

    /// The answer to a command of the master's socket.
    fn ask(&self, words: &str) -> String {
        let mut stream = UnixStream::connect(self.scratch.path().join("m.sock")).unwrap();
        stream.set_read_timeout(Some(LIMIT)).unwrap();
        stream.write_all(format!("{words}\n").as_bytes()).unwrap();
        stream.shutdown(std::net::Shutdown::Write).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }

    /// The process ids of the workers, those of the past last.
    fn workers(&self) -> Vec<i32> {
        let all = self.ask("show proc");
        let rows = all.lines().filter(|line| line.split_whitespace().nth(1) == Some("worker"));
        rows.filter_map(|line| line.split_whitespace().next()?.parse().ok()).collect()
    }

    /// A client that has sent half of what it wants to say, and was accepted.
    fn client(&self) -> TcpStream {
        let mut client = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        client.set_read_timeout(Some(LIMIT)).unwrap();
        client.write_all(b"GET /alive HTTP/1.1\r\nhost: x\r\n\r\nGET /alive").unwrap();
        let mut room = [0; 1024];
        assert!(client.read(&mut room).unwrap() > 0);
        client
    }

    fn end(&mut self) -> ExitStatus {
        self.process.wait(LIMIT).unwrap()
    }
}

/// The client says the rest, and is answered.
fn finish(mut client: TcpStream) -> String {
    client.write_all(b" HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    client.read_to_string(&mut answer).unwrap();
    answer
}

#[test]
fn the_service_manager_is_told() {
    let mut service = serve("");
    let before = service.workers();
    let client = service.client();
    assert_eq!(service.reload(), service.ready());
    let now = service.workers();
    assert!(now.len() == 2 && now[1] == before[0] && now[0] != before[0], "{before:?} {now:?}");
    // Who was there is served to the end.
    assert!(finish(client).contains("200 OK"));
    until("its worker to end", || (service.workers().len() == 1).then_some(()));
    // What cannot be read leaves everything as it is.
    service.scratch.write("s.cfg", text(service.port, "    nonsense\n")).unwrap();
    assert_eq!(service.reload(), "READY=1\nSTATUS=Reload failed!\n");
    assert_eq!(service.workers(), now[..1]);
    assert!(service.ask("show startup-logs").contains("nonsense"));
    assert!(service.ask("show proc").contains("master          2 [failed: 1]"));
    assert!(finish(service.client()).contains("200 OK"));
    service.signal(Signal::TERM);
    assert_eq!(service.told(), "STOPPING=1\n");
    assert!(service.end().success(), "{}", service.process.printed());
}

#[test]
fn a_worker_that_dies_takes_the_service_with_it_and_is_told_of() {
    let mut service = serve("");
    let worker = service.workers()[0];
    kill_process(Pid::from_raw(worker).unwrap(), Signal::KILL).unwrap();
    assert_eq!(service.end().code(), Some(137));
    let printed = service.process.printed();
    for words in [
        format!(
            "[ALERT]    ({}) : Current worker ({worker}) exited with code 137 (Killed)",
            service.process.pid()
        ),
        "exit-on-failure: killing every processes with SIGTERM".to_owned(),
        "All workers exited. Exiting... (137)".to_owned(),
    ] {
        assert!(printed.contains(&words), "{words} in {printed}");
    }
}

#[test]
fn workers_outlive_so_many_reloads() {
    let mut service = serve("    mworker-max-reloads 1\n");
    let mut client = service.client();
    let first = service.workers()[0];
    assert_eq!(service.reload(), service.ready());
    // Until it is told to stop it may be the one that accepts.
    until("the first worker to stop", || {
        service.ask(&format!("@!{first} show info")).contains("\nStopping: 1\n").then_some(())
    });
    let second = service.client();
    assert_eq!(service.workers().len(), 2);
    assert_eq!(service.reload(), service.ready());
    // The first one's worker is ended, not that of the second.
    let mut rest = Vec::new();
    client.read_to_end(&mut rest).unwrap();
    assert!(finish(second).contains("200 OK"));
    service.signal(Signal::TERM);
    assert!(service.end().success(), "{}", service.process.printed());
}

#[test]
fn a_hard_reload_ends_those_before() {
    let mut service = serve("");
    let mut client = service.client();
    let before = service.workers();
    let answer = service.ask("hard-reload");
    assert!(answer.contains("Success=1"), "{answer}");
    let mut rest = Vec::new();
    client.read_to_end(&mut rest).unwrap();
    until("one worker", || (service.workers().len() == 1).then_some(()));
    assert_ne!(service.workers(), before);
    // The worker's own Runtime API, through the master.
    let info = service.ask("@1 show info");
    assert!(info.contains(&format!("Pid: {}\n", service.workers()[0])), "{info}");
    service.signal(Signal::USR1);
    assert_eq!(service.end().code(), Some(0), "{}", service.process.printed());
}

#[test]
fn another_process_ends_one_at_once() {
    let scratch = Scratch::new("master").unwrap();
    let (folder, port) = (scratch.path(), free_one().unwrap());
    scratch
        .write("s.cfg", text(port, "    stats socket unix@s.sock level admin expose-fd listeners\n"))
        .unwrap();
    let mut old = Process::start(sluice(folder, &["-db", "-f", "s.cfg"]), folder.join("old")).unwrap();
    until("it serves", || TcpStream::connect(("127.0.0.1", port)).ok());
    let mut client = TcpStream::connect(("127.0.0.1", port)).unwrap();
    client.set_read_timeout(Some(LIMIT)).unwrap();
    // What is answered once was accepted by the old one.
    client.write_all(b"GET /alive HTTP/1.1\r\nhost: x\r\n\r\nGET /alive").unwrap();
    assert!(client.read(&mut [0; 1024]).unwrap() > 0);
    let pid = old.pid().to_string();
    let command = sluice(folder, &["-db", "-f", "s.cfg", "-x", "s.sock", "-st", &pid]);
    let new = Process::start(command, folder.join("new")).unwrap();
    old.wait(LIMIT).unwrap();
    let mut rest = Vec::new();
    // It was cut off in the middle of what it said.
    let _ = client.read_to_end(&mut rest);
    assert!(rest.is_empty());
    until("the new one serves", || TcpStream::connect(("127.0.0.1", port)).ok());
    new.signal(Signal::TERM).unwrap();
}
