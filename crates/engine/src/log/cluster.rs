//! Backends for logs: each message goes to one of the servers, as the backend's algorithm says (manual 4.2 "mode", `log`).

use sample::Bump;
use state::expr::Side;
use state::{Backend, Ctx, Endpoint, Session, World};

use super::sink::Sink;

/// The servers of one backend, as one thread reaches them.
pub(super) struct Cluster {
    backend: u32,
    /// Its number in the process.
    uid: u32,
    sinks: Vec<Sink>,
    session: Session,
    arena: Bump,
    /// Which server each of the messages at hand goes to.
    picked: Vec<Option<u32>>,
    random: u64,
}

impl Cluster {
    pub(super) fn new(world: &World, position: u32) -> Option<Self> {
        let backend = world.backend(position)?;
        let sinks = backend.message_sinks.iter().map(|to| Sink::new(world, to)).collect();
        Some(Self {
            backend: position,
            uid: backend.live.uid,
            sinks,
            session: Session::new(u32::MAX, 0, Endpoint::Unix, 0, 0),
            arena: Bump::new(),
            picked: Vec::new(),
            random: net::now().as_nanos() | 1,
        })
    }

    /// Whether this is for the backend at a position of a World.
    pub(super) fn is(&self, world: &World, position: u32) -> bool {
        world.backend(position).is_some_and(|backend| backend.live.uid == self.uid)
    }

    /// Sends to the servers, as the World in force has them: what a backend that is gone got is lost. Gives how many lines
    /// found no way.
    pub(super) fn send<'l>(
        &mut self,
        world: &World,
        lines: &(impl Iterator<Item = &'l [u8]> + Clone),
    ) -> u64 {
        let backend = world.backend(self.backend).filter(|backend| backend.live.uid == self.uid);
        let Some(backend) = backend else { return lines.clone().count() as u64 };
        self.picked.clear();
        for line in lines.clone() {
            let server = self.pick(world, backend, line);
            self.picked.push(server);
        }
        let mut dropped = self.picked.iter().filter(|picked| picked.is_none()).count() as u64;
        for (position, sink) in (0u32..).zip(&mut self.sinks) {
            if self.picked.contains(&Some(position)) {
                let mine = lines.clone().zip(&self.picked).filter(|(_, server)| **server == Some(position));
                dropped += sink.send_to(mine.map(|(line, _)| line));
            }
        }
        dropped
    }

    fn pick(&mut self, world: &World, backend: &Backend, line: &[u8]) -> Option<u32> {
        // xorshift64
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        let cx = Ctx {
            world,
            session: &self.session,
            stream: None,
            side: Side::Request,
            arena: &self.arena,
            now_ns: net::now().as_nanos(),
            wall_us: net::wall(),
            thread: 0,
        };
        let message = line.strip_suffix(b"\n").unwrap_or(line);
        let server = backend.balance.pick_for_message(message, &cx, self.random);
        self.arena.reset();
        server
    }
}
