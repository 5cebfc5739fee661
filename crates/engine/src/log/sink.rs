//! The transports of log lines: datagrams, file descriptors, rings. Opened at once or on first use; a line that can't be sent at once
//! is dropped and counted, as a proxy must not wait for its log.

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use net::{Addr, Dgram, FdWriter};
use state::World;
use state::log::{Destination, Sampling, Target};
use state::ring::Store;

use super::cluster::Cluster;

/// Lines sent with one system call.
const BATCH: usize = 64;

/// One target's transport, and how many lines it saw, for sampling.
pub(super) struct Outlet {
    pub(super) sink: Sink,
    pub(super) seen: u32,
    sampling: Option<Sampling>,
}

impl Outlet {
    pub(super) fn new(world: &World, target: &Target) -> Self {
        Self { sink: Sink::new(world, &target.destination), seen: 0, sampling: target.sampling.clone() }
    }

    /// Whether it is one for such a target, of this World or another.
    pub(super) fn serves(&self, world: &World, target: &Target) -> bool {
        self.sampling == target.sampling && self.sink.leads_to(world, &target.destination)
    }
}

/// A transport. What a destination means in its World is known from the beginning.
pub(super) enum Sink {
    /// Not open yet, or nowhere.
    Closed(Option<Destination>),
    Dgram(Destination, Dgram),
    Fd(Destination, FdWriter),
    Ring(Arc<Store>),
    Cluster(Box<Cluster>),
}

impl Sink {
    /// Opens it, if that can be done now.
    pub(super) fn new(world: &World, destination: &Destination) -> Self {
        match destination {
            Destination::Ring(position) => {
                let ring = usize::try_from(*position).ok().and_then(|at| world.rings.get(at));
                ring.map_or(Self::Closed(None), |ring| Self::Ring(Arc::clone(&ring.store)))
            }
            Destination::Backend(position) => {
                Cluster::new(world, *position).map_or(Self::Closed(None), |new| Self::Cluster(Box::new(new)))
            }
            _ => open(destination).unwrap_or_else(|_| Self::Closed(Some(destination.clone()))),
        }
    }

    /// Whether its servers belong to one World.
    pub(super) const fn is_cluster(&self) -> bool {
        matches!(self, Self::Cluster(_))
    }

    /// Whether this is where a destination of a World leads.
    fn leads_to(&self, world: &World, destination: &Destination) -> bool {
        match (self, destination) {
            (Self::Ring(store), Destination::Ring(position)) => usize::try_from(*position)
                .ok()
                .and_then(|at| world.rings.get(at))
                .is_some_and(|ring| Arc::ptr_eq(&ring.store, store)),
            (Self::Cluster(cluster), Destination::Backend(position)) => cluster.is(world, *position),
            (Self::Closed(Some(own)) | Self::Dgram(own, _) | Self::Fd(own, _), _) => own == destination,
            _ => false,
        }
    }

    pub(super) fn send<'l>(&mut self, world: &World, lines: impl Iterator<Item = &'l [u8]> + Clone) {
        if lines.clone().next().is_none() {
            return;
        }
        let dropped = match self {
            Self::Cluster(cluster) => cluster.send(world, &lines),
            _ => self.send_to(lines),
        };
        if dropped > 0 {
            world.process.dropped_logs.fetch_add(dropped, Relaxed);
        }
    }

    /// Sends to a destination that is no backend; gives how many lines found no way.
    pub(super) fn send_to<'l>(&mut self, lines: impl Iterator<Item = &'l [u8]>) -> u64 {
        let mut lines = lines.peekable();
        if lines.peek().is_none() {
            return 0;
        }
        if let Self::Closed(Some(destination)) = self
            && let Ok(opened) = open(destination)
        {
            *self = opened;
        }
        match self {
            Self::Closed(_) | Self::Cluster(_) => lines.count() as u64,
            Self::Fd(_, writer) => lines.filter(|line| !writer.write(line)).count() as u64,
            Self::Ring(store) => {
                // Whoever reads it sets messages apart in another way.
                store.append(lines.map(|line| line.strip_suffix(b"\n").unwrap_or(line)));
                0
            }
            Self::Dgram(_, socket) => {
                let before = socket.dropped();
                while lines.peek().is_some() {
                    let mut batch: [&[u8]; BATCH] = [&[]; BATCH];
                    let mut n = 0;
                    for (slot, line) in batch.iter_mut().zip(lines.by_ref().take(BATCH)) {
                        *slot = line;
                        n += 1;
                    }
                    socket.send_batch(batch.get(..n).unwrap_or_default());
                }
                socket.dropped() - before
            }
        }
    }
}

fn open(destination: &Destination) -> std::io::Result<Sink> {
    let own = || destination.clone();
    Ok(match destination {
        Destination::Udp(at) => Sink::Dgram(own(), Dgram::new(&Addr::from(*at))?),
        Destination::Unix(path) => Sink::Dgram(
            own(),
            Dgram::new(&match path.strip_prefix('\0') {
                Some(name) => Addr::abnsz(name.as_bytes())?,
                None => Addr::unix(path.as_bytes())?,
            })?,
        ),
        Destination::Fd(number) => Sink::Fd(own(), FdWriter::duplicate(*number)?),
        Destination::Ring(_) | Destination::Backend(_) => Sink::Closed(None),
    })
}
