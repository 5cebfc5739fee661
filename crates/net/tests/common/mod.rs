//! What the integration tests share: a listener and pairs of connected sockets, reads and writes that wait. Every wait
//! has a limit generous enough for a machine that stalls.

#![allow(dead_code, reason = "each test file uses its own part")]

use net::{Addr, ConnectOptions, ListenOptions, Listener, Sock, Time};
use std::future::Future;
use std::io::ErrorKind;

pub(crate) fn limit() -> Time {
    net::now().plus_millis(60_000)
}

/// Runs `root` in a new runtime. No task may have panicked.
pub(crate) fn run<F: Future>(root: F) -> F::Output {
    let mut runtime = net::Runtime::new().unwrap();
    let output = runtime.run(root);
    assert_eq!(runtime.counters().panics, 0, "a task panicked");
    output
}

pub(crate) fn loopback() -> Addr {
    Addr::ip_port([127, 0, 0, 1].into(), 0)
}

pub(crate) fn listen() -> Listener {
    Listener::bind(&loopback(), &ListenOptions::default()).unwrap()
}

pub(crate) async fn accept(listener: &Listener) -> Sock {
    loop {
        match listener.accept() {
            Ok((sock, _)) => return sock,
            Err(net::AcceptError::WouldBlock) => {
                let limit = limit();
                let woken = net::wait(|w| {
                    listener.interest(w);
                    w.until(limit);
                });
                assert!(!woken.await.timed_out(), "nobody connected");
            }
            Err(e) => panic!("accept: {e}"),
        }
    }
}

pub(crate) async fn connected(listener: &Listener) -> (Sock, Sock) {
    let client = Sock::connect(&listener.addr(), &ConnectOptions::default()).unwrap();
    let server = accept(listener).await;
    writable(&client).await;
    client.take_error().unwrap();
    (client, server)
}

pub(crate) async fn pair() -> (Sock, Sock) {
    connected(&listen()).await
}

pub(crate) async fn readable(sock: &Sock) {
    let limit = limit();
    let woken = net::wait(|w| {
        w.read(sock).until(limit);
    });
    assert!(!woken.await.timed_out(), "never readable");
}

pub(crate) async fn writable(sock: &Sock) {
    let limit = limit();
    let woken = net::wait(|w| {
        w.write(sock).until(limit);
    });
    assert!(!woken.await.timed_out(), "never writable");
}

pub(crate) async fn read(sock: &Sock, buf: &mut [u8]) -> std::io::Result<usize> {
    loop {
        match sock.try_read(buf) {
            Err(e) if e.kind() == ErrorKind::WouldBlock => readable(sock).await,
            other => return other,
        }
    }
}

/// Reads until `len` bytes are there.
pub(crate) async fn read_exactly(sock: &Sock, len: usize) -> Vec<u8> {
    let mut got = Vec::new();
    let mut buf = [0; 4096];
    while got.len() < len {
        let want = buf.len().min(len - got.len());
        let n = read(sock, &mut buf[..want]).await.unwrap();
        assert!(n > 0, "ended after {} of {len}", got.len());
        got.extend_from_slice(&buf[..n]);
    }
    got
}

pub(crate) async fn write_all(sock: &Sock, mut bytes: &[u8]) {
    while !bytes.is_empty() {
        match sock.try_write(bytes) {
            Ok(n) => bytes = &bytes[n..],
            Err(e) if e.kind() == ErrorKind::WouldBlock => writable(sock).await,
            Err(e) => panic!("write: {e}"),
        }
    }
}
