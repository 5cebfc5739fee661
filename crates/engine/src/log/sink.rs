//! The transports of log lines: datagrams, file descriptors, rings. Opened at once or on first use; a line that can't be sent at once
//! is dropped and counted, as a proxy must not wait for its log.

use std::sync::Arc;

use net::{Addr, Dgram, FdWriter};
use state::World;
use state::log::{Destination, Target};
use state::ring::Store;

use super::cluster::{self, Cluster};

/// Lines sent with one system call.
const BATCH: usize = 64;

/// One target's transport.
pub(super) enum Sink {
    Closed,
    Dgram(Dgram),
    Fd(FdWriter),
    Ring(Arc<Store>),
    Cluster(Box<Cluster>),
}

impl Sink {
    /// Opens it, if that can be done now.
    pub(super) fn new(world: &World, target: &Target) -> Self {
        match cluster::of(world, &target.destination) {
            Some(cluster) => Self::Cluster(Box::new(cluster)),
            None => Self::open(world, &target.destination),
        }
    }

    /// One to a destination that is no backend, if that can be had now.
    pub(super) fn open(world: &World, destination: &Destination) -> Self {
        open(world, destination).unwrap_or(Self::Closed)
    }

    pub(super) fn send<'l>(
        &mut self,
        world: &World,
        target: &Target,
        lines: impl Iterator<Item = &'l [u8]> + Clone,
    ) {
        match self {
            Self::Cluster(cluster) if lines.clone().next().is_some() => cluster.send(world, &lines),
            Self::Cluster(_) => {}
            _ => self.send_to(world, &target.destination, lines),
        }
    }

    /// Sends to a destination that is no backend.
    pub(super) fn send_to<'l>(
        &mut self,
        world: &World,
        destination: &Destination,
        lines: impl Iterator<Item = &'l [u8]>,
    ) {
        let mut lines = lines.peekable();
        if lines.peek().is_none() {
            return;
        }
        if matches!(self, Self::Closed) {
            *self = Self::open(world, destination);
        }
        match self {
            Self::Closed | Self::Cluster(_) => {}
            Self::Fd(writer) => {
                for line in lines {
                    writer.write(line);
                }
            }
            // Whoever reads it sets messages apart in another way.
            Self::Ring(store) => store.append(lines.map(|line| line.strip_suffix(b"\n").unwrap_or(line))),
            Self::Dgram(socket) => {
                while lines.peek().is_some() {
                    let mut batch: [&[u8]; BATCH] = [&[]; BATCH];
                    let mut n = 0;
                    for (slot, line) in batch.iter_mut().zip(lines.by_ref().take(BATCH)) {
                        *slot = line;
                        n += 1;
                    }
                    socket.send_batch(batch.get(..n).unwrap_or_default());
                }
            }
        }
    }
}

fn open(world: &World, destination: &Destination) -> std::io::Result<Sink> {
    Ok(match destination {
        Destination::Udp(at) => Sink::Dgram(Dgram::new(&Addr::from(*at))?),
        Destination::Unix(path) => Sink::Dgram(Dgram::new(&match path.strip_prefix('\0') {
            Some(name) => Addr::abnsz(name.as_bytes())?,
            None => Addr::unix(path.as_bytes())?,
        })?),
        Destination::Ring(position) => {
            let ring = usize::try_from(*position).ok().and_then(|at| world.rings.get(at));
            ring.map_or(Sink::Closed, |ring| Sink::Ring(Arc::clone(&ring.store)))
        }
        Destination::Fd(number) => Sink::Fd(FdWriter::duplicate(*number)?),
        Destination::Backend(_) => Sink::Closed,
    })
}
