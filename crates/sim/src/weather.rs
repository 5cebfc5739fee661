//! What the network and the system do to a run: latencies, segments, buffers, and how often something odd happens.
//! Odds are out of 1,000.

use crate::rng::Rng;

/// How a write is cut into pieces that arrive one after the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Segments {
    Whole,
    Mss,
    Random,
    /// Byte by byte as far as that is bearable.
    Bytes,
}

/// A mistake planted to see whether it is found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Canary {
    #[default]
    None,
    /// The kernel loses one edge for good.
    LostEdge,
    /// One byte of what the engine receives is another.
    FlippedByte,
    /// A datagram is lost.
    LostDatagram,
    /// A handle is never closed.
    LeakedHandle,
    /// A datagram is sent twice.
    DoubledDatagram,
    /// A log line tells another end, or another time.
    WrongEnd,
    WrongTime,
    /// An answer is sent twice.
    DoubledAnswer,
    /// A timer is late.
    LateTimer,
    /// A task, a buffer, a session, a place in a queue is never given back.
    LeakedTask,
    LeakedBuffer,
    LeakedSession,
    LeakedPlace,
    /// A task turns for a second without any sense.
    BusyLoop,
}

impl Canary {
    /// Those that are made before anybody comes.
    pub(crate) const AT_START: [Canary; 5] = [
        Canary::LeakedTask,
        Canary::LeakedBuffer,
        Canary::LeakedSession,
        Canary::LeakedPlace,
        Canary::BusyLoop,
    ];
}

/// The conditions of a run.
#[derive(Clone, Debug)]
pub struct Weather {
    /// One way, in nanoseconds: the least and the most.
    pub latency: (u64, u64),
    pub segments: Segments,
    /// What fits into one direction of a connection, in bytes: the least and the most.
    pub room: (usize, usize),
    /// A write takes less than would fit.
    pub short_write: u64,
    /// An event is told one turn later.
    pub late_event: u64,
    /// An event is told that isn't true.
    pub spurious: u64,
    /// The network goes on while the engine is in a call.
    pub meanwhile: u64,
    /// The process is out of descriptors for this call.
    pub no_handles: u64,
    /// The system refuses accepting and connecting for other reasons, too.
    pub odd_errors: bool,
    /// It is for connections to servers.
    pub no_connect: bool,
    /// A connection is established before `connect` returns.
    pub near: u64,
    pub canary: Canary,
    /// Counts down to the planted mistake.
    pub fuse: u32,
}

impl Weather {
    /// Nothing odd ever happens.
    pub fn calm() -> Weather {
        Weather {
            latency: (20_000, 20_000),
            segments: Segments::Whole,
            room: (1 << 20, 1 << 20),
            short_write: 0,
            late_event: 0,
            spurious: 0,
            meanwhile: 0,
            no_handles: 0,
            no_connect: false,
            odd_errors: false,
            near: 0,
            canary: Canary::None,
            fuse: 0,
        }
    }

    /// What belongs to this stream of numbers.
    pub fn draw(rng: &mut Rng) -> Weather {
        let small = rng.one([1, 64, 1000, 4096, 20_000]);
        Weather {
            latency: (rng.one([0, 1000, 20_000]), rng.one([20_000, 100_000, 1_000_000, 4_000_000])),
            segments: rng.one([
                Segments::Whole,
                Segments::Mss,
                Segments::Random,
                Segments::Random,
                Segments::Bytes,
            ]),
            room: (small.max(64), small.max(64) * rng.one([2, 4, 64])),
            short_write: rng.one([0, 0, 50, 300]),
            late_event: rng.one([0, 50, 300]),
            spurious: rng.one([0, 20, 200]),
            meanwhile: rng.one([0, 100, 500]),
            no_handles: 0,
            no_connect: false,
            odd_errors: false,
            near: rng.one([0, 300, 1000]),
            canary: Canary::None,
            fuse: 0,
        }
    }

    /// Whether the planted mistake of this kind is to be made now; it is made once.
    pub(crate) fn blunder(&mut self, canary: Canary) -> bool {
        if self.canary != canary {
            return false;
        }
        if self.fuse > 0 {
            self.fuse -= 1;
            return false;
        }
        self.canary = Canary::None;
        true
    }
}
