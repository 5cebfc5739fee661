//! What the runtime allocates: nothing in the steady state, and little for a parked connection. A process of
//! its own, with an allocator that counts.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test's helpers fail by panicking"
)]

mod common;

use common::*;
use net::{Lot, Pipe, TaskPool};
use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::rc::Rc;
use std::sync::{Mutex, MutexGuard, PoisonError};

struct Counting;

thread_local! {
    static CALLS: Cell<u64> = const { Cell::new(0) };
    static BYTES: Cell<i64> = const { Cell::new(0) };
}

fn count(grown: i64) {
    let _ = CALLS.try_with(|c| c.set(c.get() + 1));
    let _ = BYTES.try_with(|b| b.set(b.get() + grown));
}

#[allow(unsafe_code, reason = "an allocator is an unsafe trait")]
// SAFETY: passes everything on to the system's allocator; counting neither allocates nor panics.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size() as i64);
        // SAFETY: the caller's promise, passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        let _ = BYTES.try_with(|b| b.set(b.get() - layout.size() as i64));
        // SAFETY: the caller's promise, passed on.
        unsafe { System.dealloc(at, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// One test at a time: the other's open descriptors would give this one's numbers beyond the table's first
/// chunk.
fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

fn allocations() -> u64 {
    CALLS.get()
}

#[test]
fn the_steady_state_allocates_nothing() {
    let _alone = alone();
    run(async {
        let listener = listen();
        let pool = TaskPool::new(16);
        let lot = Rc::new(Lot::new());
        let mut buf = [0; 64];
        let mut before = 0;
        for round in 0..60 {
            if round == 30 {
                before = allocations();
            }
            let (client, server) = connected(&listener).await;
            let back = Rc::clone(&lot);
            pool.spawn(async move {
                let mut buf = [0; 64];
                for _ in 0..4 {
                    let n = read(&server, &mut buf).await.unwrap();
                    server.try_write(&buf[..n]).unwrap();
                }
                back.park(server, (), limit());
            });
            for _ in 0..4 {
                client.try_write2(b"head", b"body").unwrap();
                assert_eq!(read(&client, &mut buf).await.unwrap(), 8);
            }
            drop(Pipe::get().unwrap());
            drop(client);
            lot.next().await;
            net::turn_end().await;
            net::sleep_until(net::now().plus_millis(1)).await;
        }
        assert_eq!(allocations() - before, 0);
    });
}

#[test]
fn a_parked_connection_takes_less_than_a_hundred_bytes() {
    let _alone = alone();
    net::process::raise_nofile(8192);
    run(async {
        let listener = listen();
        let lot = Lot::new();
        let count = 1024;
        let mut pairs = Vec::new();
        for _ in 0..count {
            pairs.push(connected(&listener).await);
        }
        net::sleep_until(net::now().plus_millis(1)).await;
        let mut clients = Vec::with_capacity(count);
        let before = BYTES.get();
        for (client, server) in pairs {
            lot.park(server, (), limit());
            clients.push(client);
        }
        // The list of pairs was freed on the way; the slots' table was there before.
        let freed = (count * size_of::<(net::Sock, net::Sock)>()) as i64;
        let each = (BYTES.get() - before + freed) / count as i64 + 16;
        println!("{each} bytes a connection");
        assert!(each < 100, "{each} bytes a connection");
    });
}
