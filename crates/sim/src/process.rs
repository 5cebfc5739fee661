//! The proxy as a whole: one runtime a thread, all of them taking turns on this one, over one World and one network. Knows
//! nothing of what clients and servers do.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use engine::at_work::Crew;
use engine::buffer::Buffer;
use engine::queue::Queues;
use engine::thread::{Socket, Start};
use engine::worker::Worker;
use net::{Addr, Bound, ListenOptions, Runtime};
use state::World;
use state::frontend::BindAddress;

use crate::kernel::SimKernel;
use crate::network::Network;
use crate::weather::Canary;

/// What there was before anybody came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Rest {
    tasks: u32,
    handles: usize,
    buffers: usize,
}

/// What a turn came to.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Turn {
    /// When the first timer is due.
    pub(crate) next: Option<u64>,
    /// Whether any task ran: others may have been told something.
    pub(crate) worked: bool,
}

/// The proxy.
pub(crate) struct Process {
    world: Arc<World>,
    network: Rc<RefCell<Network>>,
    runtimes: Vec<Runtime>,
    workers: Vec<Rc<Worker>>,
    /// When threads ended.
    ended: Rc<RefCell<Vec<u64>>>,
    first: Rest,
}

impl Process {
    /// Starts so many threads.
    pub(crate) fn start(
        world: &Arc<World>,
        network: &Rc<RefCell<Network>>,
        seed: u64,
        threads: u16,
    ) -> Result<Process, String> {
        let mut process = Process {
            world: Arc::clone(world),
            network: Rc::clone(network),
            runtimes: Vec::new(),
            workers: Vec::new(),
            ended: Rc::default(),
            first: Rest { tasks: 0, handles: 0, buffers: 0 },
        };
        let (queues, crew) = (Arc::new(Queues::default()), Arc::default());
        for number in 0..threads {
            process
                .thread(number, &queues, &crew, seed)
                .map_err(|e| format!("the proxy didn't start: {e}"))?;
        }
        process.first = process.rest();
        process.spoil();
        Ok(process)
    }

    fn thread(
        &mut self,
        number: u16,
        queues: &Arc<Queues>,
        crew: &Arc<Crew>,
        seed: u64,
    ) -> std::io::Result<()> {
        let kernel = SimKernel::new(Rc::clone(&self.network), usize::from(number));
        let mut runtime = Runtime::with_kernel(Box::new(kernel))?;
        let (world, queues, crew) = (Arc::clone(&self.world), Arc::clone(queues), Arc::clone(crew));
        let ended = Rc::clone(&self.ended);
        runtime.enter(|| {
            let relays = Vec::new();
            let seed = seed.wrapping_add(u64::from(number));
            let sockets = listen(&world)?;
            let start = Start { number, world, queues, crew, sockets, relays, seed };
            net::spawn(async move {
                if engine::thread::run(start).await.is_ok() {
                    ended.borrow_mut().push(net::now().as_nanos());
                }
            });
            std::io::Result::Ok(())
        })?;
        runtime.step();
        // What a thread keeps for itself is the last one's that started here.
        self.workers.extend(engine::thread::worker());
        self.runtimes.push(runtime);
        Ok(())
    }

    /// Plants the mistakes that are made once and for all.
    fn spoil(&mut self) {
        let mut network = self.network.borrow_mut();
        let Some(runtime) = self.runtimes.first_mut() else { return };
        for canary in Canary::AT_START {
            if !network.weather.blunder(canary) {
                continue;
            }
            match canary {
                Canary::LeakedTask => {
                    runtime.enter(|| net::spawn(std::future::pending()));
                }
                Canary::LeakedBuffer => std::mem::forget(Buffer::take()),
                Canary::LeakedSession => {
                    self.world.frontends.iter().for_each(|front| {
                        front.live.sessions.enter();
                    });
                }
                Canary::LeakedPlace => {
                    self.world.backends.iter().for_each(|back| {
                        back.live.queued.enter();
                    });
                }
                Canary::BusyLoop => {
                    let spins = async {
                        let until = net::now().plus_millis(1000);
                        while net::now() < until {
                            net::yield_now().await;
                        }
                    };
                    runtime.enter(|| net::spawn(spins));
                }
                _ => {}
            }
        }
    }

    /// One turn of every thread.
    pub(crate) fn turn(&mut self) -> Turn {
        let mut turn = Turn { next: None, worked: false };
        for runtime in &mut self.runtimes {
            let before = runtime.counters();
            let next = runtime.step();
            let after = runtime.counters();
            turn.worked |= (before.polls, before.messages) != (after.polls, after.messages);
            let next = (!next.is_never()).then(|| next.as_nanos());
            turn.next = [turn.next, next].into_iter().flatten().min();
        }
        turn
    }

    /// How many threads there are.
    pub(crate) fn threads(&self) -> usize {
        self.runtimes.len()
    }

    pub(crate) fn stop_softly(&mut self) {
        for (runtime, worker) in self.runtimes.iter_mut().zip(&self.workers) {
            runtime.enter(|| worker.stop_softly());
        }
    }

    /// Ends at once, as a process does: whatever ran is dropped where it stands, the system closes what was open.
    pub(crate) fn kill(&mut self) -> Vec<String> {
        let panics = self.panics();
        self.runtimes.clear();
        self.network.borrow_mut().close_all();
        panics
    }

    /// When the last thread ended, if all have.
    pub(crate) fn ended(&self) -> Option<u64> {
        let ended = self.ended.borrow();
        ended.iter().copied().max().filter(|_| ended.len() == self.runtimes.len())
    }

    pub(crate) fn panics(&self) -> Vec<String> {
        let count: u64 = self.runtimes.iter().map(|runtime| runtime.counters().panics).sum();
        (count > 0).then(|| format!("{count} tasks panicked")).into_iter().collect()
    }

    fn rest(&mut self) -> Rest {
        let tasks = self.runtimes.iter_mut().map(|runtime| runtime.enter(net::tasks)).sum();
        let handles = self.network.borrow().objects.open_now();
        Rest { tasks, handles, buffers: Buffer::in_use() }
    }

    /// Nothing moves and nobody is there: what is kept must be what there was at first.
    pub(crate) fn at_rest(&mut self) -> Vec<String> {
        let mut faults = self.gauges();
        let (first, now) = (self.first, self.rest());
        if now.tasks != first.tasks {
            faults.push(format!("{} tasks at rest, {} at first", now.tasks, first.tasks));
        }
        if now.buffers != first.buffers {
            faults.push(format!("{} buffers at rest, {} at first", now.buffers, first.buffers));
        }
        let streams = self.network.borrow().objects.streams();
        if streams > 0 {
            faults.push(format!("{streams} connections are open at rest"));
        }
        // The log's socket, and pipes in their pool.
        let most = first.handles + (1 + 2 * 64) * self.threads();
        if now.handles > most {
            faults.push(format!("{} handles at rest, {} at first", now.handles, first.handles));
        }
        faults
    }

    /// Whatever counts what there is now must say nothing.
    pub(crate) fn gauges(&self) -> Vec<String> {
        let mut counts = vec![("process connections".to_owned(), self.world.process.connections.now())];
        for front in &self.world.frontends {
            counts.push((format!("sessions of {}", front.name), front.live.sessions.now()));
        }
        counts.extend(self.of_backends());
        for back in &self.world.backends {
            for server in &back.servers {
                let live = &server.live;
                counts.push((format!("connections of {}", server.name), live.connections.load(Relaxed)));
                counts.push((format!("idle connections of {}", server.name), live.idle.load(Relaxed)));
            }
        }
        said(counts)
    }

    /// The same after a sudden end: what exchanges had taken must be given back by their very end.
    pub(crate) fn places(&self) -> Vec<String> {
        said(self.of_backends())
    }

    fn of_backends(&self) -> Vec<(String, u32)> {
        let mut counts = Vec::new();
        for back in &self.world.backends {
            counts.push((format!("sessions of {}", back.name), back.live.sessions.now()));
            counts.push((format!("queue of {}", back.name), back.live.queued.now()));
            for server in &back.servers {
                counts.push((format!("sessions of {}", server.name), server.live.sessions.now()));
            }
        }
        counts
    }
}

fn said(counts: Vec<(String, u32)>) -> Vec<String> {
    let wrong = counts.into_iter().filter(|(_, count)| *count != 0);
    wrong.map(|(what, count)| format!("gauge: {what} is {}", count.cast_signed())).collect()
}

/// A socket for each `bind` line.
fn listen(world: &World) -> std::io::Result<Vec<Socket>> {
    let mut sockets = Vec::new();
    for (frontend, front) in (0u32..).zip(&world.frontends) {
        for (bind, line) in (0u32..).zip(&front.binds) {
            let BindAddress::Inet(at) = &line.address else { continue };
            let bound = Bound::open(&Addr::from(*at), &ListenOptions::default())?;
            sockets.push(Socket { bound, frontend, bind });
        }
    }
    Ok(sockets)
}
