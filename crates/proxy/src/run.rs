//! The main thread while traffic flows: signals until the end (management manual 4), and the clock's zone.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use engine::cli::{self, Cli};
use net::{Signal, TaskId, Time};
use state::World;
use state::frontend::listening;

use crate::apply::Stage;
use crate::changes::Desk;
use crate::lists::Tidier;
use crate::master::link;
use crate::start::Running;
use crate::{check, memory, report, say};

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// All clients were served.
    Finished,
    /// This signal ended it at once.
    Killed(Signal),
    /// It could not go on; the reason was said.
    Failed,
}

/// Serves until a signal ends it. SIGUSR1 lets clients finish, SIGTERM and SIGINT don't.
pub(crate) fn until_stopped(mut running: Running) -> End {
    let sockets = std::mem::take(&mut running.cli);
    let watched = net::Runtime::new().and_then(|mut runtime| runtime.run(watch(&running, sockets)));
    let end = watched.unwrap_or_else(|error| {
        say::alert(&error.to_string());
        End::Failed
    });
    if end == End::Finished {
        // Those that ended have nothing left to do; after a hard stop the others go with the process.
        running.threads.into_iter().filter(std::thread::JoinHandle::is_finished).for_each(|thread| {
            let _ = thread.join();
        });
    }
    running.stage.remove_files();
    end
}

/// Dies as a process does that a signal ends, so that whoever waits for it sees which.
pub(crate) fn die(signal: Signal) -> std::process::ExitCode {
    let _ = net::signals::restore(signal);
    let (signal, number) = match signal {
        Signal::Int => (rustix::process::Signal::INT, 2),
        _ => (rustix::process::Signal::TERM, 15),
    };
    let _ = net::signals::unblock();
    let _ = rustix::process::kill_process(rustix::process::getpid(), signal);
    std::process::ExitCode::from(128 + number)
}

/// Brings the zone's offset up to date.
pub(crate) fn keep_zone(world: &World) {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    let offset = net::clock::utc_offset(i64::try_from(now.as_secs()).unwrap_or(0));
    world.process.utc_offset_s.store(offset, Relaxed);
}

/// How often the zone and the threads' health are looked at, and, while stopping, whether they are done.
const MINUTE_MS: u64 = 60_000;
const LOOK_MS: u64 = 1_000;
const STOPPING_LOOK_MS: u64 = 20;

/// The signals that came and were not seen to yet.
type Came = Rc<RefCell<VecDeque<std::io::Result<Signal>>>>;

async fn watch(running: &Running, sockets: Vec<cli::Socket>) -> std::io::Result<End> {
    let came = Came::default();
    let root = net::current_task().ok_or_else(|| std::io::Error::other("not in a task"))?;
    net::spawn(collect(net::Signals::new()?, Rc::clone(&came), root));
    let stage = &running.stage;
    let (world, remotes) = (stage.world(), stage.remotes.clone());
    let monitor = engine::health::start(&world, Arc::clone(&stage.crew));
    engine::log::attend_rings(&world);
    let cli = Cli::start(world, &running.program, sockets, remotes, Arc::clone(&stage.crew))?;
    cli.changed_by(Box::new(Desk::new(Rc::clone(stage))));
    stage.attended_by(monitor, Rc::clone(&cli));
    stage.world().process.starting.store(false, Relaxed);
    say::started();
    if let Some(here) = net::remote() {
        link::listen(here, cli::adopt)?;
    }
    link::tell(Some(traits(stage)));
    let (mut grace, mut stopping) = (None, None);
    let mut zone_due = net::now().plus_millis(MINUTE_MS);
    let (mut tidier, mut lists_due) = (Tidier::default(), net::now().plus_millis(LOOK_MS));
    loop {
        let look = match (&running.memory, grace.is_some() || stopping.is_some()) {
            (Some(_), _) => memory::LOOK_MS,
            (None, true) => STOPPING_LOOK_MS,
            (None, false) => LOOK_MS,
        };
        net::wait(|w| {
            w.notified().until(net::now().plus_millis(look));
        })
        .await;
        loop {
            let Some(signal) = came.borrow_mut().pop_front() else { break };
            match signal? {
                signal @ (Signal::Term | Signal::Int) => return Ok(End::Killed(signal)),
                Signal::Usr1 if grace.is_none() && stopping.is_none() => grace = Some(ask(running)),
                other => obey(running, other),
            }
        }
        if grace.is_some_and(|until: Time| net::now() >= until) {
            grace = None;
            stopping = Some(stop(running));
            cli.about.stopping.store(true, Relaxed);
        }
        if let Some(memory) = &running.memory {
            memory.look(&running.stage.world());
        }
        if net::now() >= lists_due {
            tidier.look(&running.stage.world());
            running.stage.tidy();
            lists_due = net::now().plus_millis(LOOK_MS);
        }
        if net::now() >= zone_due {
            keep_zone(&running.stage.world());
            zone_due = net::now().plus_millis(MINUTE_MS);
        }
        if let Some(end) = threads(running, stopping) {
            return Ok(end);
        }
    }
}

/// How many reloads a worker outlives where nothing is said of that.
const RELOADS_MAX: u32 = 50;

/// What a master wants to know.
fn traits(stage: &Stage) -> link::Traits {
    let loaded = stage.loaded();
    let word = |keyword: &str| {
        let line = check::in_global(&loaded, keyword)?;
        Some(line.word(1)?.lossy().into_owned())
    };
    link::Traits {
        applies: word("reload-mode").as_deref() == Some("auto"),
        max_reloads: word("mworker-max-reloads").map_or(Some(RELOADS_MAX), |most| most.parse().ok()),
    }
}

async fn collect(signals: net::Signals, came: Came, root: TaskId) {
    loop {
        let signal = signals.next().await;
        let failed = signal.is_err();
        came.borrow_mut().push_back(signal);
        root.notify();
        if failed {
            return;
        }
    }
}

/// When a soft stop must be over; `None` for no limit.
type Deadline = Option<Time>;

/// A soft stop was asked for; gives when it begins.
fn ask(running: &Running) -> Time {
    if running.grace_ms > 0 {
        say::notice(&format!("Scheduling a soft-stop in {} ms.", running.grace_ms));
    }
    net::now().plus_millis(running.grace_ms)
}

/// Begins the soft stop.
fn stop(running: &Running) -> Deadline {
    if running.grace_ms > 0 {
        say::notice("Grace period expired, proceeding with soft-stop now.");
    }
    report::stopped(&running.stage.world());
    for remote in &running.stage.remotes {
        // A thread that ended has nothing to stop.
        let _ = remote.send(Box::new(engine::thread::stop_softly));
    }
    let limit = running.stage.world().global.hard_stop_after_ms;
    limit.map(|ms| net::now().plus_millis(u64::from(ms)))
}

/// The signals that end nothing.
fn obey(running: &Running, signal: Signal) {
    match signal {
        Signal::Hup => {
            keep_zone(&running.stage.world());
            report::servers(&running.stage.world());
        }
        Signal::Quit => say::warning("SIGQUIT: memory pools are not reported by this version of Sluice."),
        Signal::Usr2 => say::warning("SIGUSR2: reloading is not run by this version of Sluice."),
        Signal::TtyOut => pause(running, (listening::OPEN, listening::PAUSED), "Paused"),
        Signal::TtyIn => pause(running, (listening::PAUSED, listening::OPEN), "Resumed"),
        Signal::Term | Signal::Int | Signal::Usr1 | Signal::Child => {}
    }
}

/// Has frontends that are in one state go to the other: a process that is to take over needs their addresses, or could
/// not use them after all.
fn pause(running: &Running, (from, to): (u8, u8), what: &str) {
    for frontend in running.stage.world().frontends.iter().filter(|frontend| !frontend.disabled) {
        if frontend.live.listening.compare_exchange(from, to, Relaxed, Relaxed).is_ok() {
            say::warning(&format!("{what} frontend {}.", frontend.name));
        }
    }
    for remote in &running.stage.remotes {
        // A thread that ended listens no more.
        let _ = remote.send(Box::new(engine::thread::look_at_listeners));
    }
}

/// Whether the threads ended, as they should or not, or must be ended.
fn threads(running: &Running, stopping: Option<Deadline>) -> Option<End> {
    let ended = running.threads.iter().filter(|thread| thread.is_finished()).count();
    match stopping {
        None if ended > 0 => {
            say::alert("A thread ended that should not have. Exiting.");
            Some(End::Failed)
        }
        Some(_) if ended == running.threads.len() => Some(End::Finished),
        Some(Some(deadline)) if net::now() >= deadline => {
            report::hard_stopped(&running.stage.world());
            Some(End::Finished)
        }
        _ => None,
    }
}
