//! Which server of the backend, and a place in it: given by persistence or chosen by the balancing algorithm, after a
//! wait where all places are taken (manual 4.2 "balance", "use-server", 5.2 "maxconn", "maxqueue").

use std::sync::atomic::{AtomicU64, Ordering, fence};

use state::backend::Watch;
use state::expr::Side;
use state::family::Pick;
use state::family::inside::Step;
use state::termination::{Cause, Phase};
use state::{Backend, Server};

use crate::exchange::{Exchange, Stop, deadline};
use crate::failure::Failure;
use crate::persist;
use crate::queue::{Answer, Urgency};

/// What a choice came to.
enum Choice<'x> {
    Entered(&'x Server),
    /// This one, once it has a place. `forced`: persistence leads there.
    Full {
        position: u32,
        server: &'x Server,
        forced: bool,
    },
    /// Whichever has a place first.
    Any,
}

/// Chooses a server, another one than `avoid` if there is one, and takes a place in it. Where none can be had the backend
/// counts it.
pub async fn assign<'x>(
    x: &mut Exchange<'x>,
    backend: &'x Backend,
    avoid: Option<u32>,
) -> Result<&'x Server, Stop> {
    let assigned = place(x, backend, avoid).await;
    if let Err(Stop::Failure(Failure { cause: Cause::SERVER | Cause::SERVER_TIMEOUT, .. })) = assigned
        && let Some(block) = backend.live.counters.of(x.worker.number)
    {
        block.connection_errors.add(1);
    }
    assigned
}

async fn place<'x>(
    x: &mut Exchange<'x>,
    backend: &'x Backend,
    avoid: Option<u32>,
) -> Result<&'x Server, Stop> {
    loop {
        let departures = backend.live.departures.load(Ordering::Relaxed);
        let wanted = match choose(x, backend, avoid) {
            Choice::Entered(server) => {
                x.stream.times.queued = net::now().as_nanos();
                return Ok(server);
            }
            Choice::Full { position, server, forced } => {
                x.stream.server = Some(position);
                if server.is_queue_full() {
                    if forced && backend.options.redispatch.is_on() {
                        persist::redispatch(x);
                        redispatched(x);
                        continue;
                    }
                    return Err(Failure::new(Cause::SERVER, Phase::QUEUE, 503).into());
                }
                Some(server)
            }
            Choice::Any => {
                x.stream.server = None;
                if !backend.servers.iter().any(Server::is_usable) {
                    return Err(no_server());
                }
                None
            }
        };
        if let Some(server) = wait(x, backend, wanted, departures).await? {
            return Ok(server);
        }
    }
}

/// Notes that the stream goes to another server than it was meant for.
pub fn redispatched(x: &mut Exchange<'_>) {
    x.stream.redispatched = true;
    x.count(|c| c.redispatches.add(1));
}

pub fn no_server() -> Stop {
    Failure::new(Cause::SERVER, Phase::CONNECT, 503).into()
}

fn choose<'x>(x: &mut Exchange<'x>, backend: &'x Backend, avoid: Option<u32>) -> Choice<'x> {
    let mut wanted = false;
    // Between choosing and entering another thread may take the last place: then choose again.
    for _ in 0..=backend.servers.len() {
        let Some((position, forced)) = pick(x, backend, avoid) else { return Choice::Any };
        let Some(server) = backend.server(position) else { return Choice::Any };
        let full = server.is_full(backend);
        if full && wanted {
            return Choice::Full { position, server, forced };
        }
        // Twice is no accident: this one is wanted although it is full.
        wanted |= full;
        if !full && x.places.enter_server(server, backend, &x.worker.queues) {
            took(x, backend, (position, server), !forced);
            return Choice::Entered(server);
        }
    }
    Choice::Any
}

/// The stream goes to this server; `chosen`: by balancing.
fn took(x: &mut Exchange<'_>, backend: &Backend, (position, server): (u32, &Server), chosen: bool) {
    x.stream.server = Some(position);
    x.note(|stream| (stream.server, stream.step) = (Some(server.live.uid), Step::Connect));
    let now_ns = net::now().as_nanos();
    stamp(&backend.live.last_used_ns, now_ns);
    stamp(&server.live.last_used_ns, now_ns);
    if let Some(block) = server.live.counters.of(x.worker.number).filter(|_| chosen) {
        block.chosen.add(1);
    }
}

/// Keeps the time, to the second: threads share it.
fn stamp(last: &AtomicU64, now_ns: u64) {
    const SECOND: u64 = 1_000_000_000;
    if last.load(Ordering::Relaxed) / SECOND != now_ns / SECOND {
        last.store(now_ns, Ordering::Relaxed);
    }
}

/// The position of a server, and whether persistence leads there.
fn pick(x: &Exchange<'_>, backend: &Backend, avoid: Option<u32>) -> Option<(u32, bool)> {
    if let Some(led) = x.persistence.server {
        return Some((led, true));
    }
    if let Some(preferred) = persist::preferred(x, backend, avoid) {
        return Some((preferred, false));
    }
    let random = x.worker.random();
    x.look(Side::Request, |cx| {
        let pick = |avoid| backend.balance.pick(&Pick { cx, backend, random, avoid });
        let position = pick(avoid).or_else(|| avoid.and_then(|_| pick(None)));
        position.map(|position| (position, false))
    })
}

/// Waits in line before a server, or before the backend; none if another server has to be chosen.
async fn wait<'x>(
    x: &mut Exchange<'x>,
    backend: &'x Backend,
    server: Option<&'x Server>,
    departures: u32,
) -> Result<Option<&'x Server>, Stop> {
    let Some(task) = net::current_task() else { return Err(no_server()) };
    x.note(|stream| (stream.server, stream.step) = (server.map(|s| s.live.uid), Step::Queue));
    let worker = x.worker;
    let queues = &*worker.queues;
    let now = i64::try_from(net::now().as_nanos() / 1_000_000).unwrap_or(i64::MAX);
    let came_ms = now.saturating_add(i64::from(x.stream.priority_offset));
    let place = queues.join(
        backend,
        server,
        x.world.generation,
        Urgency { class: x.stream.priority_class, came_ms },
        task,
    );
    fence(Ordering::SeqCst);
    // A place may have been left when nobody seemed to wait for it, or have come with the stream itself (`minconn`).
    match server {
        Some(server) => queues.freed(backend, server),
        None if backend.live.departures.load(Ordering::Relaxed) != departures => queues.changed(backend),
        None => {}
    }
    let until = deadline(x.queue_timeout());
    let aborts = backend.aborts();
    let mut aborted = false;
    let mut late = false;
    while place.answer() == Answer::Wait && !aborted && !late && x.doom().is_none() {
        let woken = net::wait(|w| {
            w.notified().until(until);
            if aborts {
                w.hup(&x.client.sock);
            }
        })
        .await;
        aborted = aborts && woken.ready(0);
        late = woken.timed_out();
    }
    let (answer, passed) = place.leave();
    x.stream.times.queued = net::now().as_nanos();
    if server.is_some() {
        x.stream.server_queue = passed;
    } else {
        x.stream.backend_queue = passed;
    }
    match answer {
        Answer::Served(uid) => Ok(served(x, backend, uid)),
        Answer::Again => Ok(None),
        Answer::Wait if let Some(cause) = x.doom() => Err(Failure::silent(cause, Phase::QUEUE).into()),
        Answer::Wait if aborted => {
            x.count(|c| c.client_aborts.add(1));
            Err(Failure::silent(Cause::CLIENT, Phase::QUEUE).into())
        }
        Answer::Wait => Err(Failure::new(Cause::SERVER_TIMEOUT, Phase::QUEUE, 503).into()),
    }
}

/// Moves into the place that was taken in the server with this number in the process.
fn served<'x>(x: &mut Exchange<'x>, backend: &'x Backend, uid: u32) -> Option<&'x Server> {
    let (position, server) = (0u32..).zip(&backend.servers).find(|(_, s)| s.live.uid == uid)?;
    x.places.adopt_server(server, backend, &x.worker.queues);
    took(x, backend, (position, server), false);
    Some(server)
}
