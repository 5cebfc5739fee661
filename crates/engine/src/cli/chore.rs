//! What a command has the threads that serve traffic do: each does it with what is its own, and the command's answer waits
//! for them.

use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use state::World;
use state::family::Chore;
use state::family::inside::Survey;

use super::Cli;
use super::inside::{Main, Serving};
use crate::at_work::Crew;
use crate::listener::Open;
use crate::thread;
use crate::worker::Worker;

/// How long a busy thread is waited for; it does its part later then.
const PATIENCE_MS: u64 = 2_000;

/// Has all threads do it.
pub(super) async fn everywhere(crew: &Crew, world: &Arc<World>, chore: Chore) {
    if matches!(chore, Chore::Names) {
        // Who looks names up is on this thread.
        return crate::health::renew_names();
    }
    let world = Arc::clone(world);
    by_all(crew, move |worker| here(&chore, &world, worker)).await;
}

/// Has all threads do this with what is theirs, and waits for them.
pub(super) async fn by_all(crew: &Crew, act: impl Fn(&Worker) + Send + Sync + 'static) {
    let Some(task) = net::current_task() else { return };
    let act = Arc::new(act);
    let done = Arc::new(AtomicUsize::new(0));
    let asked = crew.all(|| {
        let (act, done) = (Arc::clone(&act), Arc::clone(&done));
        Box::new(move || {
            net::spawn(async move {
                thread::with_worker(|worker| act(worker));
                // What was woken by it gets its turn first.
                net::yield_now().await;
                net::yield_now().await;
                done.fetch_add(1, Relaxed);
                task.notify();
            });
        })
    });
    let until = net::now().plus_millis(PATIENCE_MS);
    while done.load(Relaxed) < asked && net::now() < until {
        net::wait(|w| {
            w.notified().until(until);
        })
        .await;
    }
}

/// Asks all threads, this one the last.
pub(super) async fn ask(cli: &Rc<Cli>, world: &Arc<World>, survey: &Arc<dyn Survey>) {
    let survey = Arc::clone(survey);
    let part = Arc::clone(&survey);
    let ask = move |world: &World, _: u16| {
        thread::with_worker(|worker| part.ask(world, &Serving(worker)));
    };
    everywhere(&cli.crew, world, Chore::Each(Arc::new(ask))).await;
    survey.ask(world, &Main(cli));
}

/// This thread's part.
fn here(chore: &Chore, world: &World, worker: &Worker) {
    match chore {
        Chore::Each(act) => act(world, worker.number),
        Chore::Listeners => worker.listeners.borrow().iter().for_each(Open::notify),
        Chore::CloseIdle(server) => {
            worker.idle.close(*server);
            worker.backs.close_idle(*server);
        }
        Chore::Names => {}
    }
}
