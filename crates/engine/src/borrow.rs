//! Idle server connections of other threads: asked for when this thread has none and a server has some (manual 3.2
//! "tune.idle-pool.shared"). All are asked at once, the first that has one gives it.

use std::os::fd::OwnedFd;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use net::Sock;
use state::Server;
use state::server::Live;

use crate::exchange::Exchange;
use crate::idle::Lease;
use crate::thread::with_worker;

/// How long an answer is waited for: a busy thread is not worth more than a new connection.
const PATIENCE_MS: u64 = 10;

/// What was asked of the other threads, and what they answered.
struct Plea {
    live: Arc<Live>,
    answers: Mutex<Answers>,
}

#[derive(Default)]
struct Answers {
    /// A connection and how many exchanges it has served.
    given: Option<(OwnedFd, u32)>,
    count: usize,
    /// Nobody waits any more.
    over: bool,
}

impl Plea {
    fn lock(&self) -> MutexGuard<'_, Answers> {
        self.answers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// On the thread that is asked.
    fn answer(&self, proven: bool) {
        let mut answers = self.lock();
        if !answers.over && answers.given.is_none() {
            answers.given = with_worker(|worker| worker.idle.give(&self.live, proven)).flatten();
        }
        answers.count += 1;
    }
}

impl Drop for Plea {
    fn drop(&mut self) {
        if self.lock().given.is_some() {
            self.live.connections.fetch_sub(1, Relaxed);
        }
    }
}

/// Asks for a connection to a server that anybody may use; with `proven` for one that has served more than one exchange.
pub async fn ask<'x>(x: &Exchange<'x>, server: &'x Server, proven: bool) -> Option<(Sock, u32, Lease<'x>)> {
    if server.live.idle.load(Relaxed) <= server.pool_low.saturating_sub(1) || x.world.global.own_idle {
        return None;
    }
    let task = net::current_task()?;
    let plea = Arc::new(Plea { live: Arc::clone(&server.live), answers: Mutex::default() });
    let asked = x.worker.crew.others(x.worker.number, || {
        let plea = Arc::clone(&plea);
        Box::new(move || {
            plea.answer(proven);
            task.notify();
        })
    });
    let until = net::now().plus_millis(PATIENCE_MS);
    let (fd, served) = loop {
        {
            let mut answers = plea.lock();
            if let Some(given) = answers.given.take() {
                answers.over = true;
                break given;
            }
            if answers.count >= asked || net::now() >= until {
                answers.over = true;
                return None;
            }
        }
        let woken = net::wait(|w| {
            w.notified().until(until);
        });
        let _ = woken.await;
    };
    // From here on it counts as one of this thread.
    let lease = x.worker.idle.lease(server, true);
    Some((Sock::from_fd(fd).ok()?, served, lease))
}
