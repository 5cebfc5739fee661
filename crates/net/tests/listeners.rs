//! Listeners of every kind, and datagrams.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test's helpers fail by panicking"
)]

mod common;

use common::*;
use net::{
    AcceptError, Addr, Bound, ConnectOptions, Dgram, DgramOptions, FdWriter, ListenOptions, Listener, Sock,
};
use std::io::{ErrorKind, Read};
use std::os::fd::{AsFd, AsRawFd, IntoRawFd};
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

/// A directory of this test's own, removed when dropped.
struct Scratch(PathBuf);

impl Scratch {
    fn new(name: &str) -> Scratch {
        let dir = std::env::temp_dir().join(format!("net-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&dir).unwrap();
        Scratch(dir)
    }

    fn addr(&self, name: &str) -> Addr {
        Addr::unix(self.0.join(name).to_str().unwrap().as_bytes()).unwrap()
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

async fn echo_once(listener: &Listener, at: &Addr) {
    let client = Sock::connect(at, &ConnectOptions::default()).unwrap();
    let server = accept(listener).await;
    write_all(&client, b"hello").await;
    assert_eq!(read_exactly(&server, 5).await, b"hello");
}

#[test]
fn each_thread_may_bind_the_same_port() {
    run(async {
        let first = listen();
        let second = Bound::open(&first.addr(), &ListenOptions::default()).unwrap();
        assert_eq!(second.addr(), first.addr());
        let alone = ListenOptions { reuse_port: false, ..ListenOptions::default() };
        assert_eq!(Bound::open(&first.addr(), &alone).unwrap_err().kind(), ErrorKind::AddrInUse);
    });
}

#[test]
fn options_are_applied() {
    run(async {
        let options = ListenOptions {
            backlog: 16,
            mss: Some(1200),
            defer_accept: Some(std::time::Duration::from_secs(1)),
            fast_open: Some(16),
            user_timeout: Some(std::time::Duration::from_secs(9)),
            tos: Some(0x20),
            keepalive: Some(net::Keepalive::default()),
            ..ListenOptions::default()
        };
        let listener = Listener::bind(&loopback(), &options).unwrap();
        // TCP_DEFER_ACCEPT: there is nobody until data comes.
        let client = Sock::connect(&listener.addr(), &ConnectOptions::default()).unwrap();
        assert!(matches!(listener.accept(), Err(AcceptError::WouldBlock)));
        write_all(&client, b"x").await;
        let server = accept(&listener).await;
        assert_eq!(server.try_read(&mut [0; 8]).unwrap(), 1);
        let fd = server.into_fd().unwrap();
        assert!(rustix::net::sockopt::tcp_nodelay(&fd).unwrap(), "inherited");
        let v6 = ListenOptions { v6only: Some(true), ..ListenOptions::default() };
        if let Ok(both) = Listener::bind(&Addr::ip_port("::1".parse().unwrap(), 0), &v6) {
            echo_once(&both, &both.addr()).await;
        }
    });
}

#[test]
fn the_packet_that_began_a_connection_is_kept() {
    run(async {
        let options = ListenOptions { save_syn: 1, ..ListenOptions::default() };
        let listener = Listener::bind(&loopback(), &options).unwrap();
        let client = Sock::connect(&listener.addr(), &ConnectOptions::default()).unwrap();
        let server = accept(&listener).await;
        let mut packet = [0; 128];
        let length = net::saved_syn(server.descriptor(), &mut packet).unwrap();
        assert!(length >= 40, "{length}");
        assert_eq!(packet[0] >> 4, 4, "it begins with the header of IPv4");
        assert!(net::saved_syn(client.descriptor(), &mut packet).is_ok_and(|length| length == 0));
    });
}

#[test]
fn unix_paths_replace_stale_sockets_only() {
    let dir = Scratch::new("unix");
    run(async {
        let at = dir.addr("a.sock");
        let options = ListenOptions { mode: Some(0o600), ..ListenOptions::default() };
        let old = Listener::bind(&at, &options).unwrap();
        let new = Listener::bind(&at, &options).unwrap();
        echo_once(&new, &at).await;
        assert!(matches!(old.accept(), Err(AcceptError::WouldBlock)));
        let path = dir.0.join("a.sock");
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(new.addr(), at);
        let taken_over = Bound::from_fd(new.try_clone_fd().unwrap()).unwrap();
        assert_eq!(taken_over.addr(), at, "not the name it was bound to first");
        new.unlink().unwrap();
        new.unlink().unwrap();
        assert!(!path.exists());
        let left: Vec<_> = std::fs::read_dir(&dir.0).unwrap().collect();
        assert!(left.is_empty(), "{left:?}");

        std::fs::write(dir.0.join("file"), "mine").unwrap();
        let refused = Bound::open(&dir.addr("file"), &options).unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::AlreadyExists);
        assert!(Bound::open(&dir.addr("no/such/dir"), &options).is_err());
    });
}

#[test]
fn abstract_names_padded_and_not() {
    run(async {
        let name = format!("net-test-{}", std::process::id());
        for at in [Addr::abns(name.as_bytes()).unwrap(), Addr::abnsz(name.as_bytes()).unwrap()] {
            let listener = Listener::bind(&at, &ListenOptions::default()).unwrap();
            echo_once(&listener, &at).await;
        }
    });
}

#[test]
fn an_inherited_descriptor_is_taken_once() {
    let std = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let addr = Addr::from(std.local_addr().unwrap());
    // As a parent leaves it: not closed on exec.
    rustix::io::fcntl_setfd(&std, rustix::io::FdFlags::empty()).unwrap();
    let number = std.into_raw_fd();
    run(async {
        let listener = Listener::new(Bound::from_fd(net::inherited(number).unwrap()).unwrap()).unwrap();
        assert_eq!(listener.addr(), addr);
        assert!(net::inherited(number).is_err());
        echo_once(&listener, &addr).await;
        assert!(net::inherited(1_000_000).is_err());
        assert!(net::inherited(-1).is_err());
        let plain = std::fs::File::open("/dev/null").unwrap();
        assert!(Bound::from_fd(plain.into()).is_err());
    });
}

#[test]
fn threads_share_an_inherited_listener() {
    let mut bound = Bound::open(&loopback(), &ListenOptions::default()).unwrap();
    let addr = bound.addr();
    let (served, done) = std::sync::mpsc::channel();
    let (mut threads, mut tasks) = (Vec::new(), Vec::new());
    for _ in 0..2 {
        let (mine, served) = (bound.share().unwrap(), served.clone());
        let (ready, started) = std::sync::mpsc::channel();
        threads.push(std::thread::spawn(move || {
            run(async move {
                let listener = Listener::new(mine).unwrap();
                ready.send(net::current_task().unwrap()).unwrap();
                loop {
                    let woken = net::wait(|w| {
                        listener.interest(w);
                        w.notified();
                    });
                    if woken.await.notified() {
                        return;
                    }
                    while let Ok((sock, _)) = listener.accept() {
                        let served = served.clone();
                        net::spawn(async move {
                            write_all(&sock, b"x").await;
                            served.send(()).unwrap();
                        });
                    }
                }
            });
        }));
        tasks.push(started.recv().unwrap());
    }
    drop(bound);
    for _ in 0..50 {
        let std::net::SocketAddr::V4(to) = addr.socket_addr().unwrap() else { panic!("v4") };
        let mut client = std::net::TcpStream::connect(to).unwrap();
        client.read_exact(&mut [0]).unwrap();
        done.recv().unwrap();
    }
    for task in tasks {
        task.notify();
    }
    for thread in threads {
        thread.join().unwrap();
    }
}

#[test]
fn a_paused_listener_is_silent_and_resumes() {
    run(async {
        let mut bound = Bound::open(&loopback(), &ListenOptions::default()).unwrap();
        let shared = Listener::new(bound.share().unwrap()).unwrap();
        assert!(matches!(shared.accept(), Err(AcceptError::WouldBlock)));
        let short = net::now().plus_millis(1);
        let idle = net::wait(|w| {
            shared.interest(w);
            w.until(short);
        });
        assert!(idle.await.timed_out());
        shared.pause();
        let _client = Sock::connect(&shared.addr(), &ConnectOptions::default()).unwrap();
        let before = net::counters().events;
        net::sleep_until(net::now().plus_millis(3)).await;
        assert_eq!(net::counters().events, before);
        accept(&shared).await;
        let back = shared.into_bound();
        echo_once(&Listener::new(back).unwrap(), &bound.addr()).await;
    });
}

#[test]
fn datagrams_in_batches() {
    let dir = Scratch::new("dgram");
    run(async {
        for at in [loopback(), dir.addr("log.sock")] {
            let server = Dgram::bind(&at, &DgramOptions::default()).unwrap();
            let client = Dgram::new(&server.local_addr().unwrap()).unwrap();
            let lines: Vec<Vec<u8>> = (0..150u32).map(|i| format!("<13>line {i}").into_bytes()).collect();
            let mut received = Vec::new();
            let mut buf = [0; 2048];
            for batch in lines.chunks(5) {
                let batch: Vec<&[u8]> = batch.iter().map(Vec::as_slice).collect();
                assert_eq!(client.send_batch(&batch), 5);
                for _ in 0..5 {
                    let n = loop {
                        match server.try_recv_from(&mut buf) {
                            Ok((n, _)) => break n,
                            Err(e) if e.kind() == ErrorKind::WouldBlock => {
                                let limit = limit();
                                let woken = net::wait(|w| {
                                    w.read(&server).until(limit);
                                });
                                assert!(!woken.await.timed_out());
                            }
                            Err(e) => panic!("{e}"),
                        }
                    };
                    received.push(buf[..n].to_vec());
                }
            }
            assert_eq!(received, lines);
            assert_eq!(client.dropped(), 0);
        }
    });
}

#[test]
fn datagrams_to_nobody_are_counted() {
    let dir = Scratch::new("nobody");
    run(async {
        let server = Dgram::bind(&dir.addr("log.sock"), &DgramOptions::default()).unwrap();
        let client = Dgram::new(&dir.addr("log.sock")).unwrap();
        drop(server);
        assert_eq!(client.send_batch(&[b"lost".as_slice(), b"too".as_slice()]), 0);
        assert_eq!(client.dropped(), 2);
        assert!(Dgram::new(&dir.addr("none.sock")).is_err());

        // A full buffer: what doesn't fit is dropped, nothing blocks.
        let slow = Dgram::bind(&dir.addr("slow.sock"), &DgramOptions::default()).unwrap();
        let client = Dgram::new(&dir.addr("slow.sock")).unwrap();
        let many = vec![b"line".as_slice(); 100_000];
        let sent = client.send_batch(&many);
        assert_eq!(client.dropped() as usize + sent, many.len());
        assert!(sent > 0 && client.dropped() > 0);
        drop(slow);
    });
}

#[test]
fn a_full_pipe_drops_lines_instead_of_blocking() {
    let (mut reader, writer) = std::io::pipe().unwrap();
    let fd = FdWriter::duplicate(writer.as_raw_fd()).unwrap();
    drop(writer);
    let line = [b'x'; 512];
    let mut written = 0;
    while fd.write(&line) {
        written += line.len();
    }
    assert_eq!(fd.dropped(), 1);
    assert!(rustix::io::fcntl_getfd(reader.as_fd()).is_ok());
    let mut all = vec![0; written];
    reader.read_exact(&mut all).unwrap();
    assert!(fd.write(b"again"));
    assert!(fd.write(&[b'y'; 10_000]), "a long line, in parts");
    assert!(!fd.write(&[b'z'; 1 << 20]), "cut short");
    assert_eq!(fd.dropped(), 2);
}

#[test]
fn running_out_of_descriptors_is_told_apart() {
    // In a process of its own, whose limit may be lowered.
    let Ok(name) = std::env::var("NET_TEST_NOFILE") else {
        let test = std::process::Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "running_out_of_descriptors_is_told_apart"])
            .env("NET_TEST_NOFILE", "64")
            .output()
            .unwrap();
        assert!(test.status.success(), "{}", String::from_utf8_lossy(&test.stdout));
        return;
    };
    let current = Some(name.parse().unwrap());
    let limit = rustix::process::Rlimit { current, maximum: current };
    rustix::process::setrlimit(rustix::process::Resource::Nofile, limit).unwrap();
    run(async {
        let listener = listen();
        let client = Sock::connect(&listener.addr(), &ConnectOptions::default()).unwrap();
        let mut held = Vec::new();
        while let Ok(file) = std::fs::File::open("/dev/null") {
            held.push(file);
        }
        net::sleep_until(net::now().plus_millis(2)).await;
        assert!(matches!(listener.accept(), Err(AcceptError::ProcessLimit)));
        held.clear();
        accept(&listener).await;
        drop(client);
    });
}
