//! Tasks, timers, notifications, other threads, parking lots.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test's helpers fail by panicking"
)]

mod common;

use common::*;
use net::{Lot, Runtime, TaskPool, Time, Why};
use std::cell::{Cell, RefCell};
use std::collections::HashSet;
use std::future::poll_fn;
use std::rc::Rc;
use std::sync::mpsc;
use std::task::Poll;

#[test]
fn sleeps_end_in_order_and_not_early() {
    // Where the machine stalls, several are due at once and end in any order: one calm moment of many has to do.
    assert!((0..50).any(|_| order_of_sleeps() == [0, 10, 20, 30, 70]));
}

/// In which order tasks wake that sleep for so many milliseconds; none of them too early.
fn order_of_sleeps() -> Vec<u64> {
    let order = Rc::new(RefCell::new(Vec::new()));
    let seen = Rc::clone(&order);
    run(async move {
        let start = net::now();
        for ms in [30u64, 10, 0, 20, 70] {
            let order = Rc::clone(&order);
            net::spawn(async move {
                net::sleep_until(start.plus_millis(ms)).await;
                assert!(net::now() >= start.plus_millis(ms));
                order.borrow_mut().push(ms);
            });
        }
        net::sleep_until(start.plus_millis(80)).await;
        while order.borrow().len() < 5 {
            net::yield_now().await;
        }
    });
    seen.take()
}

#[test]
fn a_deadline_may_move_earlier_and_later() {
    run(async {
        // The first wait leaves a wheel entry an hour ahead; the second must not wait for it.
        let me = net::current_task().unwrap();
        net::spawn(async move { me.notify() });
        let woken = net::wait(|w| {
            w.notified().until(net::now().plus_millis(3_600_000));
        });
        assert!(woken.await.notified());
        let start = net::now();
        net::sleep_until(start.plus_millis(5)).await;
        net::sleep_until(net::now().plus_millis(40)).await;
        assert!(net::now().since(start).as_millis() >= 45);
        assert!(net::now().since(start).as_secs() < 3000);
    });
}

#[test]
fn moving_a_deadline_later_costs_the_wheel_nothing() {
    run(async {
        let (_client, server) = pair().await;
        assert!(server.try_read(&mut [0; 8]).is_err());
        let before = net::counters().armed;
        for i in 0..1000 {
            let ahead = net::now().plus_millis(100_000 + i);
            let mut wait = Box::pin(net::wait(|w| {
                w.read(&server).until(ahead);
            }));
            poll_fn(|cx| {
                assert!(wait.as_mut().poll(cx).is_pending());
                Poll::Ready(())
            })
            .await;
        }
        assert!(net::counters().armed - before <= 1);
    });
}

#[test]
fn asking_for_the_same_near_deadline_again_costs_the_wheel_nothing() {
    run(async {
        let deadline = net::now().plus_millis(30);
        let before = net::counters().armed;
        let mut sleep = Box::pin(net::sleep_until(deadline));
        let mut polls = 0;
        poll_fn(|cx| {
            polls += 1;
            cx.waker().wake_by_ref();
            sleep.as_mut().poll(cx)
        })
        .await;
        assert!(polls > 10);
        // Once, and once more for each level of the wheel it came down meanwhile.
        assert!(net::counters().armed - before <= 3, "{}", net::counters().armed - before);
    });
}

#[test]
fn both_branches_of_a_hand_written_select_are_served() {
    run(async {
        let start = net::now();
        let mut far = Box::pin(net::sleep_until(start.plus_millis(3_600_000)));
        let mut near = Box::pin(net::sleep_until(start.plus_millis(5)));
        let far_won = poll_fn(|cx| match (near.as_mut().poll(cx), far.as_mut().poll(cx)) {
            (_, Poll::Ready(())) => Poll::Ready(true),
            (Poll::Ready(()), _) => Poll::Ready(false),
            _ => Poll::Pending,
        });
        assert!(!far_won.await);
    });
}

#[test]
fn a_pool_reuses_memory() {
    run(async {
        async fn note_own_address(seen: Rc<RefCell<Vec<usize>>>, ballast: [u8; 512]) {
            let here = std::ptr::from_ref(&ballast) as usize;
            net::yield_now().await;
            assert_eq!(here, std::ptr::from_ref(&ballast) as usize);
            seen.borrow_mut().push(here);
        }
        let seen = Rc::new(RefCell::new(Vec::new()));
        let pool = TaskPool::new(8);
        for round in 1..=50 {
            for _ in 0..4 {
                pool.spawn(note_own_address(Rc::clone(&seen), [0; 512]));
            }
            while seen.borrow().len() < round * 4 {
                net::yield_now().await;
            }
        }
        assert_eq!(seen.borrow().iter().collect::<HashSet<_>>().len(), 4);
        assert_eq!(pool.idle(), 4);
    });
}

#[test]
fn aborting_runs_destructors_and_names_do_not_outlive_tasks() {
    struct Flag(Rc<Cell<u32>>);
    impl Drop for Flag {
        fn drop(&mut self) {
            self.0.set(self.0.get() + 1);
        }
    }
    run(async {
        let dropped = Rc::new(Cell::new(0));
        let flag = Flag(Rc::clone(&dropped));
        let first = net::spawn(async move {
            let _flag = flag;
            net::sleep_until(Time::NEVER).await;
        });
        net::yield_now().await;
        first.abort();
        net::yield_now().await;
        assert_eq!(dropped.get(), 1);

        let reached = Rc::new(Cell::new(false));
        let reaches = Rc::clone(&reached);
        let second = net::spawn(async move {
            net::yield_now().await;
            net::yield_now().await;
            reaches.set(true);
        });
        assert_ne!(first, second);
        first.abort();
        first.notify();
        for _ in 0..5 {
            net::yield_now().await;
        }
        assert!(reached.get(), "an old name reaches no new task");
        assert_eq!(net::tasks(), 1);
    });
}

#[test]
fn a_panic_ends_its_task_alone() {
    let mut runtime = Runtime::new().unwrap();
    runtime.run(async {
        net::spawn(async { panic!("on purpose") });
        net::sleep_until(net::now().plus_millis(1)).await;
        assert_eq!((net::counters().panics, net::tasks()), (1, 1));
    });
}

#[test]
fn dropping_a_runtime_drops_its_tasks_and_what_they_start() {
    struct Spawns(Rc<Cell<u32>>);
    impl Drop for Spawns {
        fn drop(&mut self) {
            let count = Rc::clone(&self.0);
            count.set(count.get() + 1);
            net::spawn(async move {
                let _held = &count;
                net::sleep_until(Time::NEVER).await;
            });
        }
    }
    let count = Rc::new(Cell::new(0));
    let held = Spawns(Rc::clone(&count));
    let mut runtime = Runtime::new().unwrap();
    runtime.run(async move {
        net::spawn(async move {
            let _held = held;
            net::sleep_until(Time::NEVER).await;
        });
        net::yield_now().await;
    });
    drop(runtime);
    assert_eq!((count.get(), Rc::strong_count(&count)), (1, 1));
}

#[test]
fn the_end_of_a_turn_comes_after_everyone_else() {
    run(async {
        let log = Rc::new(RefCell::new(Vec::new()));
        let late = Rc::clone(&log);
        net::spawn(async move {
            net::turn_end().await;
            late.borrow_mut().push("late");
        });
        let early = Rc::clone(&log);
        net::spawn(async move {
            let next = Rc::clone(&early);
            early.borrow_mut().push("first");
            net::spawn(async move { next.borrow_mut().push("second") });
        });
        net::yield_now().await;
        assert_eq!(*log.borrow(), ["first", "second", "late"]);
    });
}

#[test]
fn another_thread_sends_and_notifies() {
    run(async {
        let remote = net::remote().unwrap();
        let me = net::current_task().unwrap();
        let (to_us, from_them) = mpsc::channel();
        let thread = net::thread::spawn("sender", None, move |_| {
            for i in 0..100 {
                let to_us = to_us.clone();
                let call = move || {
                    to_us.send(i).unwrap();
                    assert!(net::remote().is_some(), "runs within the runtime");
                    if i == 99 {
                        me.notify();
                    }
                };
                remote.send(Box::new(call)).unwrap();
            }
            remote
        })
        .unwrap();
        let limit = limit();
        let woken = net::wait(|w| {
            w.notified().until(limit);
        });
        assert!(woken.await.notified());
        assert_eq!(from_them.try_iter().collect::<Vec<_>>(), (0..100).collect::<Vec<_>>());
        thread.join().unwrap();
    });
    let remote = Runtime::new().unwrap().remote();
    assert_eq!(remote.send(Box::new(|| {})), Err(net::Gone));
}

#[test]
fn a_waker_works_on_another_thread() {
    run(async {
        let (hand, thread_hand) = mpsc::channel::<std::task::Waker>();
        let thread = std::thread::spawn(move || thread_hand.recv().unwrap().wake());
        let mut asked = false;
        poll_fn(|cx| {
            if asked {
                return Poll::Ready(());
            }
            asked = true;
            hand.send(cx.waker().clone()).unwrap();
            Poll::Pending
        })
        .await;
        thread.join().unwrap();
    });
}

#[test]
fn hundreds_of_parked_connections_stir_leave_and_expire() {
    run(async {
        net::process::raise_nofile(4096);
        let listener = listen();
        let lot = Lot::new();
        let mut far = Vec::new();
        let count = 500usize;
        for i in 0..count {
            let (client, server) = connected(&listener).await;
            let deadline = if i % 5 == 0 { net::now().plus_millis(1) } else { Time::NEVER };
            let key = lot.park(server, i, deadline);
            far.push((Some(client), key));
        }
        let mut seen = HashSet::new();
        for (i, (client, key)) in far.iter_mut().enumerate() {
            match i % 5 {
                1 => write_all(client.as_ref().unwrap(), b"x").await,
                2 => drop(client.take()),
                3 => {
                    let (sock, value) = lot.take(*key).unwrap();
                    assert_eq!(value, i);
                    assert!(sock.is_alive());
                    assert!(lot.take(*key).is_none());
                }
                _ => {}
            }
        }
        while seen.len() < count * 3 / 5 {
            let (sock, i, why) = lot.next().await;
            assert_eq!(why, [Why::Expired, Why::Ready, Why::Hup][i % 5], "connection {i}");
            match why {
                Why::Ready => assert_eq!(sock.try_read(&mut [0; 8]).unwrap(), 1),
                Why::Hup => assert_eq!(sock.try_read(&mut [0; 8]).unwrap(), 0),
                Why::Expired => assert!(sock.is_alive()),
            }
            assert!(seen.insert(i), "told once");
            assert!(lot.take(far[i].1).is_none());
        }
        assert_eq!(lot.len(), count / 5);
        assert!(lot.take_any().is_some());
        assert!(lot.try_next().is_none());
    });
}

#[test]
fn parking_a_connection_that_stirs_already() {
    run(async {
        let (client, server) = pair().await;
        let lot = Lot::new();
        write_all(&client, b"xy").await;
        readable(&server).await;
        lot.park(server, (), Time::NEVER);
        let (server, (), why) = lot.next().await;
        assert_eq!(why, Why::Ready);
        // Read to the last byte asked for: "readable" is still assumed, and must not count as stirring.
        assert_eq!(server.try_read(&mut [0; 2]).unwrap(), 2);
        assert!(server.is_alive());
        let key = lot.park(server, (), Time::NEVER);
        assert!(lot.try_next().is_none());
        net::yield_now().await;
        assert!(lot.try_next().is_none());
        let (server, ()) = lot.take(key).unwrap();
        drop(client);
        lot.park(server, (), net::now().plus_millis(60_000));
        assert_eq!(lot.next().await.2, Why::Hup);
    });
}

#[test]
fn taking_by_key_what_has_stirred() {
    run(async {
        let ((client, server), other) = (pair().await, pair().await);
        let lot = Lot::new();
        let key = lot.park(server, 1, Time::NEVER);
        drop(client);
        net::sleep_until(net::now().plus_millis(2)).await;
        drop(lot.take(key).unwrap());
        // The place is taken again while its former tenant is still on the list of those that stirred.
        lot.park(other.0, 2, Time::NEVER);
        assert!(lot.try_next().is_none());
        assert_eq!(lot.len(), 1);
    });
}
