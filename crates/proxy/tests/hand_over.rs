//! `-x` and `expose-fd listeners`: a process goes on with the listening sockets of another one, be it HAProxy or Sluice.

#![cfg(test)]

mod support;

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::Command;

use harness::port::free_one;
use harness::process::Process;
use harness::scratch::Scratch;
use rustix::process::Signal;
use support::{LIMIT, sluice, until};

/// The packaged HAProxy, where there is one.
fn haproxy() -> Option<PathBuf> {
    Some(PathBuf::from("/usr/sbin/haproxy")).filter(|path| path.exists())
}

/// A configuration that answers with this status.
fn text(port: u16, name: &str, status: u16, more: &str) -> String {
    format!(
        "global\n    stats socket unix@{name}.sock level admin expose-fd listeners\n\
         defaults\n    mode http\n    timeout client 1m\n    timeout server 1m\n    timeout connect 1m\n\
         frontend web\n    bind 127.0.0.1:{port}\n{more}    http-request return status {status}\n"
    )
}

/// The status of an answer.
fn status(port: u16) -> Option<u16> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).ok()?;
    stream.set_read_timeout(Some(LIMIT)).ok()?;
    stream.write_all(b"GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    answer.split(' ').nth(1)?.parse().ok()
}

/// The kernel's numbers of the sockets that listen on this port.
fn sockets(port: u16) -> Vec<String> {
    let table = std::fs::read_to_string("/proc/net/tcp").unwrap();
    let wanted = format!("0100007F:{port:04X}");
    let rows = table.lines().map(|line| line.split_whitespace().collect::<Vec<_>>());
    let listening = rows.filter(|row| row.get(1) == Some(&&*wanted) && row.get(3) == Some(&"0A"));
    let mut all: Vec<String> = listening.filter_map(|row| row.get(9).map(|n| (*n).to_owned())).collect();
    all.sort();
    all
}

fn start(program: Option<&Path>, folder: &Path, arguments: &[&str]) -> Process {
    let command = match program {
        Some(path) => {
            let mut command = Command::new(path);
            command.current_dir(folder).args(arguments);
            command
        }
        None => sluice(folder, arguments),
    };
    Process::start(command, folder.join("out")).unwrap()
}

/// One takes over from the other; each is Sluice where no program is given.
fn take_over(older: Option<&Path>, newer: Option<&Path>) {
    let scratch = Scratch::new("hand-over").unwrap();
    let (folder, port) = (scratch.path(), free_one().unwrap());
    scratch.write("old.cfg", text(port, "old", 200, "")).unwrap();
    scratch.write("new.cfg", text(port, "new", 403, "")).unwrap();
    let mut old = start(older, folder, &["-db", "-f", "old.cfg"]);
    until("the older one", || (status(port) == Some(200)).then_some(()));
    let before = sockets(port);
    let pid = old.pid().to_string();
    let mut new = start(newer, folder, &["-db", "-f", "new.cfg", "-x", "old.sock", "-sf", &pid]);
    old.wait(LIMIT).unwrap();
    assert_eq!(status(port), Some(403), "{}", new.printed());
    let after = sockets(port);
    assert!(after.iter().any(|socket| before.contains(socket)), "{before:?}, {after:?}");
    new.signal(Signal::TERM).unwrap();
    new.wait(LIMIT).unwrap();
}

#[test]
fn from_sluice_to_sluice() {
    take_over(None, None);
}

#[test]
fn from_haproxy_to_sluice_and_back() {
    let Some(other) = haproxy() else { return };
    take_over(Some(&other), None);
    take_over(None, Some(&other));
}

#[test]
fn only_where_the_configuration_says_so() {
    let scratch = Scratch::new("hand-over").unwrap();
    let (folder, port) = (scratch.path(), free_one().unwrap());
    scratch.write("old.cfg", text(port, "old", 200, "").replace(" expose-fd listeners", "")).unwrap();
    let mut old = start(None, folder, &["-db", "-f", "old.cfg"]);
    until("the older one", || (status(port) == Some(200)).then_some(()));
    let mut stream = UnixStream::connect(folder.join("old.sock")).unwrap();
    stream.write_all(b"_getsocks\n").unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    assert!(answer.is_empty());
    let ran = support::run(folder, &["-db", "-f", "old.cfg", "-x", "old.sock"]);
    assert_eq!(ran.status, Some(1));
    assert!(ran.err.contains("Failed to get the sockets from the old process!"), "{}", ran.err);
    old.signal(Signal::TERM).unwrap();
    old.wait(LIMIT).unwrap();
}

#[test]
fn a_paused_process_is_not_reached() {
    let scratch = Scratch::new("hand-over").unwrap();
    let (folder, port) = (scratch.path(), free_one().unwrap());
    scratch.write("old.cfg", text(port, "old", 200, "")).unwrap();
    let mut old = start(None, folder, &["-db", "-f", "old.cfg"]);
    until("it", || (status(port) == Some(200)).then_some(()));
    old.signal(Signal::TTOU).unwrap();
    until("the pause", || TcpStream::connect(("127.0.0.1", port)).is_err().then_some(()));
    assert!(old.printed().contains("Paused frontend web."), "{}", old.printed());
    old.signal(Signal::TTIN).unwrap();
    until("its end", || (status(port) == Some(200)).then_some(()));
    old.signal(Signal::TERM).unwrap();
    old.wait(LIMIT).unwrap();
}

#[test]
fn clients_are_let_go_over_the_time_that_is_given() {
    let scratch = Scratch::new("hand-over").unwrap();
    let (folder, port) = (scratch.path(), free_one().unwrap());
    let spread = |time: &str| {
        text(port, "old", 200, "").replace("global\n", &format!("global\n    close-spread-time {time}\n"))
    };
    scratch.write("old.cfg", spread("infinite")).unwrap();
    let mut old = start(None, folder, &["-db", "-f", "old.cfg"]);
    until("it", || (status(port) == Some(200)).then_some(()));
    let mut kept = TcpStream::connect(("127.0.0.1", port)).unwrap();
    kept.set_read_timeout(Some(LIMIT)).unwrap();
    let mut get = || {
        kept.write_all(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n").unwrap();
        let (mut head, mut byte) = (Vec::new(), [0]);
        while !head.ends_with(b"\r\n\r\n") {
            kept.read_exact(&mut byte).unwrap();
            head.push(byte[0]);
        }
        String::from_utf8(head).unwrap().to_ascii_lowercase()
    };
    assert!(get().contains(" 200 "));
    old.signal(Signal::USR1).unwrap();
    until("the soft stop", || TcpStream::connect(("127.0.0.1", port)).is_err().then_some(()));
    for _ in 0..3 {
        let head = get();
        assert!(head.contains(" 200 ") && !head.contains("connection: close"), "{head}");
    }
    assert!(old.is_running().unwrap());
    drop(kept);
    old.wait(LIMIT).unwrap();
    // With an end, idle clients are gone when it is over, and the process with them.
    scratch.write("old.cfg", spread("300")).unwrap();
    let mut old = start(None, folder, &["-db", "-f", "old.cfg"]);
    until("it", || (status(port) == Some(200)).then_some(()));
    let _idle: Vec<_> = (0..5).map(|_| TcpStream::connect(("127.0.0.1", port)).unwrap()).collect();
    old.signal(Signal::USR1).unwrap();
    old.wait(LIMIT).unwrap();
}
