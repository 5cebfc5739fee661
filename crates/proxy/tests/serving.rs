//! Start, serve, stop: in the foreground and in the background, on ports, unix sockets and inherited ones.

#![cfg(test)]

mod support;

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::fd::AsRawFd as _;
use std::os::unix::net::UnixStream;
use std::os::unix::process::ExitStatusExt as _;

use harness::port::free_one;
use harness::process::Process;
use harness::scratch::Scratch;
use rustix::process::{Pid, Signal, kill_process};
use support::{LIMIT, alive, run, sluice, until};

const REQUEST: &[u8] = b"GET /alive HTTP/1.1\r\nhost: here\r\nconnection: close\r\n\r\n";

fn local(port: u16) -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], port))
}

/// Asks `/alive`; gives the first line of the answer, if there is one.
fn ask(port: u16) -> Option<String> {
    converse(TcpStream::connect(local(port)).ok()?)
}

fn converse(mut stream: impl std::io::Read + std::io::Write) -> Option<String> {
    let mut answer = String::new();
    stream.write_all(REQUEST).and_then(|()| stream.read_to_string(&mut answer)).ok()?;
    answer.lines().next().map(str::to_owned)
}

struct Serving {
    process: Process,
    scratch: Scratch,
    port: u16,
}

/// Starts it in the foreground with more lines at the end of its configuration.
fn serve(more: &str, arguments: &[&str]) -> Serving {
    let (scratch, port) = (Scratch::new("serving").unwrap(), free_one().unwrap());
    scratch.write("s.cfg", alive(&format!("127.0.0.1:{port}")) + more).unwrap();
    let command = sluice(scratch.path(), &[&["-db", "-f", "s.cfg"], arguments].concat());
    let mut process = Process::start(command, scratch.path().join("out")).unwrap();
    process.wait_listening(local(port), LIMIT).unwrap();
    Serving { process, scratch, port }
}

/// Waits until the one client is inside: a connection still in the kernel would be lost with the listener.
fn accepted(serving: &Serving) {
    until("the client's session", || {
        serving.process.signal(Signal::HUP).unwrap();
        serving.process.printed().contains("act(FE+BE): 1+0").then_some(())
    });
}

const OK: &str = "HTTP/1.1 200 OK";

#[test]
fn signals_end_it_as_they_end_haproxy() {
    for (signal, number) in [(Signal::TERM, 15), (Signal::INT, 2)] {
        let mut serving = serve("", &[]);
        assert_eq!(ask(serving.port).as_deref(), Some(OK));
        serving.process.signal(signal).unwrap();
        assert_eq!(serving.process.wait(LIMIT).unwrap().signal(), Some(number));
    }
}

/// How a connection ends whose client sends more than is looked at.
fn ending(port: u16) -> std::io::Result<usize> {
    let mut client = TcpStream::connect(local(port)).unwrap();
    // All at once: what came after the end would be answered by a reset.
    client.write_all(&[REQUEST, &[b'x'; 2000]].concat()).unwrap();
    client.read(&mut [0; 16])
}

#[test]
fn rejected_contents_end_in_order_and_rejected_connections_by_a_reset() {
    let ports: [u16; 3] = std::array::from_fn(|_| free_one().unwrap());
    let [bytes, http, early] = ports;
    let more = format!(
        "listen bytes
    mode tcp
    bind 127.0.0.1:{bytes}
    tcp-request inspect-delay 60s
    tcp-request content reject if {{ req.len gt 0 }}
listen http
    mode http
    bind 127.0.0.1:{http}
    http-request reject
listen early
    mode tcp
    bind 127.0.0.1:{early}
    tcp-request connection reject
"
    );
    let serving = serve(&more, &[]);
    assert_eq!(ask(serving.port).as_deref(), Some(OK));
    assert_eq!(ending(bytes).unwrap(), 0);
    assert_eq!(ending(http).unwrap(), 0);
    let mut client = TcpStream::connect(local(early)).unwrap();
    assert_eq!(client.read(&mut [0]).unwrap_err().kind(), std::io::ErrorKind::ConnectionReset);
}

#[test]
fn a_soft_stop_lets_clients_finish() {
    let mut serving = serve("", &[]);
    let mut client = TcpStream::connect(local(serving.port)).unwrap();
    let (first, rest) = REQUEST.split_at(9);
    client.write_all(first).unwrap();
    accepted(&serving);
    serving.process.signal(Signal::USR1).unwrap();
    until("stops listening", || TcpStream::connect(local(serving.port)).is_err().then_some(()));
    assert!(serving.process.is_running().unwrap());
    client.write_all(rest).unwrap();
    let mut answer = String::new();
    client.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with(OK), "{answer}");
    assert_eq!(serving.process.wait(LIMIT).unwrap().code(), Some(0));
    assert!(serving.process.printed().contains("Proxy web stopped (cumulated conns: FE: "));
}

#[test]
fn a_soft_stop_is_hard_after_its_time() {
    let mut serving = serve("global\n    hard-stop-after 10ms\n    grace 10ms\n", &[]);
    let mut client = TcpStream::connect(local(serving.port)).unwrap();
    client.write_all(b"GET").unwrap();
    accepted(&serving);
    serving.process.signal(Signal::USR1).unwrap();
    assert_eq!(serving.process.wait(LIMIT).unwrap().code(), Some(0));
    let printed = serving.process.printed();
    for words in
        ["Scheduling a soft-stop in 10 ms.", "soft-stop running for too long, performing a hard-stop."]
    {
        assert!(printed.contains(words), "{printed}");
    }
}

#[test]
fn other_signals_are_answered_and_harmless() {
    let mut serving = serve("backend b\n    server s 127.0.0.1:1\n", &[]);
    serving.process.signal(Signal::HUP).unwrap();
    until("the dump", || serving.process.printed().contains("Proxy b has 1 active servers").then_some(()));
    assert!(serving.process.printed().contains("SIGHUP: Server b/s is UP. Conn: 0 act, 0 pend, 0 tot."));
    for (signal, word) in
        [(Signal::QUIT, "SIGQUIT"), (Signal::USR2, "SIGUSR2"), (Signal::TTOU, "Paused frontend")]
    {
        serving.process.signal(signal).unwrap();
        until(word, || serving.process.printed().contains(word).then_some(()));
    }
    serving.process.signal(Signal::TTIN).unwrap();
    until("an answer", || (ask(serving.port).as_deref() == Some(OK)).then_some(()));
    assert!(serving.process.is_running().unwrap());
}

#[test]
fn every_address_that_cannot_be_had_is_told() {
    let taken = TcpListener::bind(local(0)).unwrap();
    let port = taken.local_addr().unwrap().port();
    let scratch = Scratch::new("serving").unwrap();
    let more = "    bind /no/such/folder/socket\n";
    scratch.write("s.cfg", alive(&format!("127.0.0.1:{port}")) + more).unwrap();
    let ran = run(scratch.path(), &["-db", "-f", "s.cfg"]);
    let alert = "[ALERT]    (PID) :";
    let (in_use, missing) = ("Address already in use", "No such file or directory");
    let first = format!("Binding [s.cfg:10] for frontend web: protocol tcpv4: cannot bind socket ({in_use})");
    let second = "Binding [s.cfg:12] for frontend web: protocol unix_stream: cannot bind UNIX socket";
    for line in [
        format!("{alert} {first} for [127.0.0.1:{port}].\n"),
        format!("{alert} {second} ({missing}) [/no/such/folder/socket].\n"),
        format!("{alert} [sluice.main()] Some protocols failed to start their listeners! Exiting.\n"),
    ] {
        assert!(ran.err.contains(&line), "{line}\n{}", ran.err);
    }
    assert_eq!(ran.status, Some(1));
}

#[test]
fn nothing_to_listen_on_is_an_error() {
    let scratch = Scratch::new("serving").unwrap();
    scratch.write("s.cfg", "global\n    maxconn 10\n").unwrap();
    let ran = run(scratch.path(), &["-db", "-f", "s.cfg"]);
    assert!(ran.err.contains("No enabled listener found (check for 'bind' directives) ! Exiting."));
    assert_eq!(ran.status, Some(1));
}

#[test]
fn a_unix_socket_serves_and_is_removed() {
    let mut serving = serve("    bind unix@web.sock mode 600\n", &[]);
    let path = serving.scratch.path().join("web.sock");
    // The port, which is bound first, may be there already.
    until("the unix socket", || path.exists().then_some(()));
    assert_eq!(converse(UnixStream::connect(&path).unwrap()).as_deref(), Some(OK));
    use std::os::unix::fs::PermissionsExt as _;
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    serving.process.signal(Signal::TERM).unwrap();
    serving.process.wait(LIMIT).unwrap();
    assert!(!path.exists());
}

#[test]
fn another_process_s_socket_is_not_removed() {
    let mut serving = serve("    bind unix@web.sock\n", &[]);
    let path = serving.scratch.path().join("web.sock");
    // The port, which is bound first, may be there already.
    let client = until("the unix socket", || UnixStream::connect(&path).ok());
    assert_eq!(converse(client).as_deref(), Some(OK));
    std::fs::remove_file(&path).unwrap();
    std::fs::write(&path, "someone else's").unwrap();
    serving.process.signal(Signal::TERM).unwrap();
    serving.process.wait(LIMIT).unwrap();
    assert!(path.exists());
}

#[test]
fn an_inherited_socket_serves() {
    let listener = TcpListener::bind(local(0)).unwrap();
    rustix::io::fcntl_setfd(&listener, rustix::io::FdFlags::empty()).unwrap();
    let port = listener.local_addr().unwrap().port();
    let scratch = Scratch::new("serving").unwrap();
    scratch.write("s.cfg", alive("\"fd@${LISTENER}\"")).unwrap();
    let mut command = sluice(scratch.path(), &["-db", "-f", "s.cfg"]);
    command.env("LISTENER", listener.as_raw_fd().to_string());
    let mut process = Process::start(command, scratch.path().join("out")).unwrap();
    drop(listener);
    assert_eq!(until("an answer", || ask(port)), OK);
    process.signal(Signal::USR1).unwrap();
    assert_eq!(process.wait(LIMIT).unwrap().code(), Some(0));
}

#[test]
fn in_the_background_its_pid_file_is_there_at_once() {
    let (scratch, port) = (Scratch::new("serving").unwrap(), free_one().unwrap());
    scratch.write("s.cfg", alive(&format!("127.0.0.1:{port}"))).unwrap();
    let started = run(scratch.path(), &["-D", "-p", "pid", "-f", "s.cfg"]);
    assert_eq!(started.text(), "= 0\n");
    let pid = std::fs::read_to_string(scratch.path().join("pid")).unwrap();
    let pid: i32 = pid.strip_suffix('\n').unwrap().parse().unwrap();
    assert_eq!(ask(port).as_deref(), Some(OK), "it serves when the command returns");
    kill_process(Pid::from_raw(pid).unwrap(), Signal::USR1).unwrap();
    // Whoever adopted it may not have reaped it yet.
    let state = || std::fs::read_to_string(format!("/proc/{pid}/stat")).ok();
    until("its end", || state().is_none_or(|stat| stat.contains(") Z ")).then_some(()));
}

#[test]
fn in_the_background_a_failure_is_still_seen() {
    let scratch = Scratch::new("serving").unwrap();
    let port = free_one().unwrap();
    scratch.write("s.cfg", alive(&format!("127.0.0.1:{port}")) + "global\n    chroot /no/such\n").unwrap();
    let started = run(scratch.path(), &["-D", "-f", "s.cfg"]);
    assert!(started.err.contains("[sluice.main()] Cannot chroot(/no/such)."), "{}", started.err);
    assert!(started.err.contains("exited with code 1 (Exit)"), "{}", started.err);
    assert_eq!(started.status, Some(1));
    let started = run(scratch.path(), &["-D", "-p", "/no/such/pid", "-f", "s.cfg"]);
    assert!(started.err.contains("[sluice.main()] Cannot create pidfile /no/such/pid"), "{}", started.err);
}

#[test]
fn a_new_process_replaces_an_old_one() {
    let mut old = serve("", &[]);
    let pid = old.process.pid().to_string();
    let command = sluice(old.scratch.path(), &["-db", "-f", "s.cfg", "-sf", &pid]);
    let mut new = Process::start(command, old.scratch.path().join("out2")).unwrap();
    assert_eq!(old.process.wait(LIMIT).unwrap().code(), Some(0));
    assert_eq!(until("an answer", || ask(old.port)), OK);
    assert!(new.is_running().unwrap());
}

#[test]
fn limits_of_the_command_line_hold() {
    let serving = serve("", &["-n", "1", "-m", "4000"]);
    let first = TcpStream::connect(local(serving.port)).unwrap();
    accepted(&serving);
    let mut second = TcpStream::connect(local(serving.port)).unwrap();
    second.write_all(REQUEST).unwrap();
    second.set_read_timeout(Some(std::time::Duration::from_millis(200))).unwrap();
    assert!(second.read(&mut [0]).is_err());
    drop(first);
    second.set_read_timeout(Some(LIMIT)).unwrap();
    let mut answer = String::new();
    second.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with(OK), "{answer}");
}

#[test]
fn the_demo_serves_and_ends() {
    let scratch = Scratch::new("serving").unwrap();
    let command = sluice(scratch.path(), &["--demo"]);
    let mut demo = Process::start(command, scratch.path().join("out")).unwrap();
    let port: u16 = until("its address", || {
        let printed = demo.printed();
        let rest = printed.split("curl -i http://127.0.0.1:").nth(1)?;
        rest.split('/').next()?.parse().ok()
    });
    let get = |path: &str| {
        let mut stream = TcpStream::connect(local(port)).unwrap();
        write!(stream, "GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    };
    assert!(get("/").contains("server 'blue'"));
    assert!(get("/api/x").contains("server 'green'"));
    assert!(get("/old").starts_with("HTTP/1.1 302 Found\r\n"));
    assert!(get("/private").starts_with("HTTP/1.1 403 Forbidden\r\n"));
    until("log lines", || demo.printed().contains("api/green").then_some(()));
    demo.signal(Signal::INT).unwrap();
    assert_eq!(demo.wait(LIMIT).unwrap().code(), Some(0));
    assert!(demo.printed().ends_with("Stopped.\n"));
}
