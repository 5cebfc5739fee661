//! Events that come for a descriptor's former owner. A process of its own: no other test may take the number
//! meanwhile.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test's helpers fail by panicking"
)]

mod common;

use common::*;
use net::{ConnectOptions, Sock};
use std::io::ErrorKind;
use std::os::fd::OwnedFd;

#[test]
fn an_event_of_a_closed_socket_does_not_reach_the_next_owner_of_its_number() {
    run(async {
        let listener = listen();
        let (far, near) = connected(&listener).await;
        // A duplicate keeps the kernel's object, and with it the registration, alive when the socket is
        // closed.
        let fd = near.into_fd().unwrap();
        let duplicate: OwnedFd = fd.try_clone().unwrap();
        let near = Sock::from_fd(fd).unwrap();
        assert_eq!(near.try_read(&mut [0; 8]).unwrap_err().kind(), ErrorKind::WouldBlock);
        let short = net::now().plus_millis(1);
        let woken = net::wait(|w| {
            w.read(&near).until(short);
        });
        assert!(woken.await.timed_out());
        let number = format!("{near:?}");
        drop(near);
        let fresh = Sock::connect(&listener.addr(), &ConnectOptions::default()).unwrap();
        assert_eq!(format!("{fresh:?}"), number, "the number is reused");
        let _other_end = accept(&listener).await;

        write_all(&far, b"for the old one").await;
        while net::counters().stale == 0 {
            let short = net::now().plus_millis(1);
            let woken = net::wait(|w| {
                w.read(&fresh).until(short);
            });
            assert!(!woken.await.any_ready());
        }
        drop(duplicate);
    });
}
