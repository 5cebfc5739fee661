//! Real sockets on the loopback interface: streams, their ends, waits, splice, descriptors that are reused.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test's helpers fail by panicking"
)]

mod common;

use common::*;
use net::{Call, ConnectOptions, ListenOptions, Listener, Pipe, Sock, SockOpt};
use std::io::{ErrorKind, IoSlice};
use std::rc::Rc;
use std::sync::Arc;

#[test]
fn ping_pong_costs_one_read_and_one_write_each() {
    run(async {
        let (client, server) = pair().await;
        let rounds = 100;
        net::spawn(async move {
            let mut buf = [0; 64];
            while let Ok(n @ 1..) = read(&server, &mut buf).await {
                write_all(&server, &buf[..n]).await;
            }
        });
        let mut buf = [0; 64];
        write_all(&client, b"warm").await;
        read(&client, &mut buf).await.unwrap();
        let before = net::counters();
        for _ in 0..rounds {
            write_all(&client, b"ping").await;
            assert_eq!(read(&client, &mut buf).await.unwrap(), 4);
        }
        let after = net::counters();
        let calls = |kind| after.calls(kind) - before.calls(kind);
        assert_eq!((calls(Call::Send), calls(Call::Recv)), (2 * rounds, 2 * rounds));
        assert_eq!((calls(Call::Register), calls(Call::Other)), (0, 0));
        assert!(calls(Call::Wait) <= 2 * rounds + 2);
    });
}

#[test]
fn a_connection_that_never_waits_is_never_registered() {
    run(async {
        let listener = listen();
        let client = Sock::connect(&listener.addr(), &ConnectOptions::default()).unwrap();
        assert_eq!(client.try_write(b"hello").unwrap(), 5, "established within the host");
        let before = net::counters();
        let server = accept(&listener).await;
        assert_eq!(server.try_read(&mut [0; 16]).unwrap(), 5);
        assert_eq!(server.try_write(b"bye").unwrap(), 3);
        drop(server);
        let registered = net::counters().calls(Call::Register) - before.calls(Call::Register);
        // One at most: the listener, if the connection wasn't there yet.
        assert!(registered <= 1);
    });
}

#[test]
fn a_short_read_is_remembered() {
    run(async {
        let (client, server) = pair().await;
        write_all(&client, b"abc").await;
        readable(&server).await;
        let before = net::counters().calls(Call::Recv);
        assert_eq!(server.try_read(&mut [0; 16]).unwrap(), 3);
        assert_eq!(server.try_read(&mut [0; 16]).unwrap_err().kind(), ErrorKind::WouldBlock);
        assert_eq!(net::counters().calls(Call::Recv) - before, 1);
        assert!(server.try_read(&mut []).is_err());
    });
}

#[test]
fn peek_leaves_the_bytes() {
    run(async {
        let (client, server) = pair().await;
        write_all(&client, b"abc").await;
        readable(&server).await;
        assert_eq!(server.try_peek(&mut [0; 2]).unwrap(), 2);
        assert_eq!(server.try_peek(&mut [0; 16]).unwrap(), 3);
        assert_eq!(server.try_read(&mut [0; 16]).unwrap(), 3, "at once, without another event");
    });
}

#[test]
fn half_close_lets_the_other_half_go_on() {
    run(async {
        let (client, server) = pair().await;
        write_all(&client, b"request").await;
        client.shutdown_write().unwrap();
        assert_eq!(read_exactly(&server, 7).await, b"request");
        assert_eq!(read(&server, &mut [0; 8]).await.unwrap(), 0);
        assert_eq!(read(&server, &mut [0; 8]).await.unwrap(), 0, "the end stays");
        assert!(!server.is_alive());
        write_all(&server, b"response").await;
        drop(server);
        assert_eq!(read_exactly(&client, 8).await, b"response");
        assert_eq!(read(&client, &mut [0; 8]).await.unwrap(), 0);
    });
}

#[test]
fn a_hang_up_is_told_beside_unread_data() {
    run(async {
        let (client, server) = pair().await;
        write_all(&client, b"unread").await;
        readable(&server).await;
        client.shutdown_write().unwrap();
        let limit = limit();
        let woken = net::wait(|w| {
            w.hup(&server).until(limit);
        });
        assert!(woken.await.ready(0));
        assert!(server.hup_seen());
        assert_eq!(read_exactly(&server, 6).await, b"unread");
    });
}

#[test]
fn linger_zero_resets() {
    run(async {
        let (client, server) = pair().await;
        client.set_linger_zero().unwrap();
        drop(client);
        assert_eq!(read(&server, &mut [0; 8]).await.unwrap_err().kind(), ErrorKind::ConnectionReset);
        assert!(!server.is_alive());
        assert!(server.try_write(b"x").is_err());
    });
}

#[test]
fn a_reset_unless_the_end_was_seen() {
    run(async {
        let (client, server) = pair().await;
        client.reset_unless_ended().unwrap();
        drop(client);
        assert_eq!(read(&server, &mut [0; 8]).await.unwrap_err().kind(), ErrorKind::ConnectionReset);

        let (client, server) = pair().await;
        client.reset_unless_ended().unwrap();
        server.shutdown_write().unwrap();
        assert_eq!(read(&client, &mut [0; 8]).await.unwrap(), 0);
        drop(client);
        assert_eq!(read(&server, &mut [0; 8]).await.unwrap(), 0);
    });
}

#[test]
fn a_refused_connection_is_an_error_after_the_wait() {
    run(async {
        let addr = listen().addr();
        let outcome = match Sock::connect(&addr, &ConnectOptions::default()) {
            Ok(sock) => {
                writable(&sock).await;
                sock.take_error()
            }
            Err(e) => Err(e),
        };
        assert_eq!(outcome.unwrap_err().kind(), ErrorKind::ConnectionRefused);
    });
}

#[test]
fn connect_options_are_applied() {
    run(async {
        let listener = listen();
        let options = ConnectOptions {
            source: Some(loopback()),
            tos: Some(0x10),
            keepalive: Some(net::Keepalive::default()),
            quickack_off: true,
            user_timeout: Some(std::time::Duration::from_secs(5)),
            mss: Some(1000),
            ..ConnectOptions::default()
        };
        let client = Sock::connect(&listener.addr(), &options).unwrap();
        let server = accept(&listener).await;
        assert_eq!(client.local_addr().unwrap(), server.peer_addr().unwrap());
        assert_eq!(client.peer_addr().unwrap(), server.local_addr().unwrap());
        server.set(SockOpt::Nodelay(false)).unwrap();
        server.set(SockOpt::SendBuffer(100_000)).unwrap();
        server.set(SockOpt::Tos(8)).unwrap();
        write_all(&client, b"x").await;
        read_exactly(&server, 1).await;
        assert!(client.tcp_info().unwrap().rtt > 0);
        let far = ConnectOptions { interface: Some("no-such-interface".into()), ..ConnectOptions::default() };
        assert!(Sock::connect(&listener.addr(), &far).is_err());
    });
}

#[test]
fn signed_and_multipath_connections_carry_bytes() {
    run(async {
        let (md5, mptcp) = (Some(Arc::from("secret")), true);
        let kinds = [
            (
                ListenOptions { md5: md5.clone(), ..Default::default() },
                ConnectOptions { md5, ..Default::default() },
            ),
            (ListenOptions { mptcp, ..Default::default() }, ConnectOptions { mptcp, ..Default::default() }),
        ];
        for (listening, connecting) in kinds {
            // Not every kernel has them.
            let Ok(listener) = Listener::bind(&loopback(), &listening) else { continue };
            let client = Sock::connect(&listener.addr(), &connecting).unwrap();
            let server = accept(&listener).await;
            writable(&client).await;
            write_all(&client, b"abc").await;
            assert_eq!(read(&server, &mut [0; 8]).await.unwrap(), 3);
        }
        let md5 = Some("x".repeat(net::MD5_MAX + 1).into());
        let refused = Listener::bind(&loopback(), &ListenOptions { md5, ..Default::default() });
        assert_eq!(refused.err().map(|e| e.kind()), Some(ErrorKind::InvalidInput));
    });
}

#[test]
fn writing_stops_when_the_peer_does_not_read() {
    run(async {
        let (client, server) = pair().await;
        let block = vec![7u8; 1 << 20];
        let mut sent = 0;
        let refused = loop {
            match client.try_writev(&[IoSlice::new(&block), IoSlice::new(&block)], false) {
                Ok(n) => sent += n,
                Err(e) => break e,
            }
        };
        assert_eq!(refused.kind(), ErrorKind::WouldBlock);
        let total = sent + 3;
        net::spawn(async move { write_all(&client, b"end").await });
        let got = read_exactly(&server, total).await;
        assert!(got.ends_with(b"end") && got[..sent].iter().all(|b| *b == 7));
    });
}

#[test]
fn write2_is_one_call() {
    run(async {
        let (client, server) = pair().await;
        let before = net::counters().calls(Call::Send);
        assert_eq!(client.try_write2(b"head", b"body").unwrap(), 8);
        assert_eq!(client.try_write2(b"", b"more").unwrap(), 4);
        assert_eq!(client.try_write_more(b"!").unwrap(), 1);
        assert_eq!(client.try_write2(b"!", b"").unwrap(), 1);
        assert_eq!(net::counters().calls(Call::Send) - before, 4);
        assert_eq!(read_exactly(&server, 14).await, b"headbodymore!!");
    });
}

#[test]
fn one_wait_for_two_sockets_and_a_deadline() {
    run(async {
        let ((a, a_far), (b, b_far)) = (pair().await, pair().await);
        let deadline = net::now().plus_millis(5);
        let woken = net::wait(|w| {
            w.read(&a).read(&b).until(deadline);
        });
        let woken = woken.await;
        assert!(woken.timed_out() && !woken.any_ready());
        assert!(net::now() >= deadline);

        write_all(&b_far, b"x").await;
        let limit = limit();
        let both = |w: &mut net::Interests| {
            w.read(&a).read(&b).until(limit);
        };
        let woken = net::wait(both).await;
        assert!(woken.ready(1) && !woken.ready(0) && !woken.timed_out());
        assert_eq!(b.try_read(&mut [0; 8]).unwrap(), 1);

        drop(a_far);
        let woken = net::wait(both).await;
        assert!(woken.ready(0) && !woken.ready(1));

        let past = net::wait(|w| {
            w.read(&b).until(net::Time::ZERO);
        });
        assert!(past.await.timed_out());
    });
}

#[test]
fn one_task_reads_while_another_writes() {
    run(async {
        let (client, server) = pair().await;
        let (client, server) = (Rc::new(client), Rc::new(server));
        let block = Rc::new(vec![1u8; 8 << 20]);
        for sock in [&client, &server] {
            let (sock, block) = (Rc::clone(sock), Rc::clone(&block));
            net::spawn(async move { write_all(&sock, &block).await });
        }
        let len = block.len();
        let other = Rc::clone(&server);
        let me = net::current_task().unwrap();
        net::spawn(async move {
            read_exactly(&other, len).await;
            me.notify();
        });
        assert_eq!(read_exactly(&client, len).await.len(), len);
        let limit = limit();
        let woken = net::wait(|w| {
            w.notified().until(limit);
        });
        assert!(woken.await.notified());
    });
}

#[test]
fn splices_ten_mebibytes() {
    run(async {
        let ((client, near), (far, server)) = (pair().await, pair().await);
        let total = 10 << 20;
        let bytes: Vec<u8> = (0..total).map(|i| (i * 31 % 251) as u8).collect();
        let sent = bytes.clone();
        net::spawn(async move { write_all(&client, &sent).await });
        net::spawn(async move {
            let mut pipe = Pipe::get().unwrap();
            loop {
                match near.splice_to(&mut pipe, usize::MAX) {
                    Ok(0) => break,
                    Ok(_) => {}
                    Err(e) if e.kind() == ErrorKind::WouldBlock && pipe.held() == 0 => readable(&near).await,
                    Err(e) if e.kind() == ErrorKind::WouldBlock => {}
                    Err(e) => panic!("{e}"),
                }
                while pipe.held() > 0 {
                    match pipe.splice_to(&far, false) {
                        Ok(_) => {}
                        Err(e) if e.kind() == ErrorKind::WouldBlock => writable(&far).await,
                        Err(e) => panic!("{e}"),
                    }
                }
            }
            assert!(pipe.splice_to(&far, false).is_err(), "nothing is held");
        });
        assert!(read_exactly(&server, total).await == bytes);
        assert_eq!(read(&server, &mut [0; 8]).await.unwrap(), 0);
        assert!(net::counters().calls(Call::Splice) > 2);
    });
}

#[test]
fn a_full_pipe_does_not_hide_what_waits_in_the_socket() {
    run(async {
        let (client, server) = pair().await;
        let mut pipe = Pipe::get().unwrap();
        let block = vec![1; 1 << 16];
        loop {
            // The client's buffer may be full: there is enough under way then.
            let _ = client.try_write(&block);
            match server.splice_to(&mut pipe, 1 << 20) {
                Ok(n) => assert!(n > 0),
                Err(e) if e.kind() == ErrorKind::WouldBlock && pipe.held() > 0 => {
                    if server.try_peek(&mut [0]).is_ok() {
                        break;
                    }
                    readable(&server).await;
                }
                Err(e) if e.kind() == ErrorKind::WouldBlock => readable(&server).await,
                Err(e) => panic!("{e}"),
            }
        }
    });
}

#[test]
fn a_wait_that_ended_wakes_nobody_later() {
    run(async {
        let ((a, a_far), (b, b_far)) = (pair().await, pair().await);
        assert!(a.try_read(&mut [0]).is_err() && b.try_read(&mut [0]).is_err());
        let far = net::spawn(async move {
            let wait = net::wait(|w| {
                w.read(&a).read(&b);
            });
            wait.await;
            net::wait(|w| {
                w.notified();
            })
            .await;
        });
        write_all(&a_far, b"x").await;
        net::sleep_until(net::now().plus_millis(2)).await;
        let (polls, events) = (net::counters().polls, net::counters().events);
        write_all(&b_far, b"x").await;
        let mut turns = 0;
        while net::counters().events == events {
            net::yield_now().await;
            turns += 1;
        }
        net::yield_now().await;
        assert_eq!(net::counters().polls - polls, turns + 1, "our own, one a turn");
        far.notify();
        net::yield_now().await;
        assert_eq!(net::tasks(), 1);
    });
}

#[test]
fn empty_pipes_are_reused() {
    run(async {
        drop(Pipe::get().unwrap());
        let before = net::counters().calls(Call::Other);
        let pipe = Pipe::get().unwrap();
        assert_eq!(net::counters().calls(Call::Other), before);
        assert!(pipe.size() >= 4096);
    });
}

#[test]
fn a_socket_can_leave_for_another_runtime() {
    let fd = run(async {
        let (client, server) = pair().await;
        write_all(&client, b"x").await;
        readable(&server).await;
        std::mem::forget(client);
        server.into_fd().unwrap()
    });
    run(async move {
        let sock = Sock::from_fd(fd).unwrap();
        assert_eq!(read_exactly(&sock, 1).await, b"x");
    });
}

#[test]
fn a_socket_outlives_its_runtime() {
    let sock = run(async { pair().await.0 });
    assert!(sock.try_read(&mut [0; 8]).is_err());
    drop(sock);
}

#[test]
fn a_task_that_waits_for_a_socket_that_another_closes_goes_on() {
    run(async {
        let (_far, near) = pair().await;
        assert!(near.try_read(&mut [0; 8]).is_err());
        let near = Rc::new(std::cell::RefCell::new(Some(near)));
        let closes = Rc::clone(&near);
        net::spawn(async move {
            net::yield_now().await;
            drop(closes.borrow_mut().take());
        });
        let limit = limit();
        let wait = net::wait(|w| {
            w.read(near.borrow().as_ref().unwrap()).until(limit);
        });
        assert!(wait.await.ready(0));
    });
}
