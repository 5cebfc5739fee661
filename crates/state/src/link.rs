//! How connections are opened and tuned below what is said on them: source addresses, keep-alive probes, marks.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering::Relaxed};

/// What the kernel knows of a TCP connection (`TCP_INFO`). Times in microseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TcpFacts {
    /// The smoothed round-trip time and its variance.
    pub rtt_us: u32,
    pub rtt_var_us: u32,
    /// Segments sent and not yet acknowledged, acknowledged selectively, taken for lost, sent again.
    pub unacked: u32,
    pub sacked: u32,
    pub lost: u32,
    pub retrans: u32,
    /// The reordering metric.
    pub reordering: u32,
    /// The forward acknowledgement counter; 0 in kernels that no longer keep it.
    pub fackets: u32,
}

/// TCP keep-alive probes (`clitcpka-*`, `srvtcpka-*`, manual 4.2); what is absent is the system's.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Probes {
    /// Seconds of silence before the first.
    pub idle_s: Option<u32>,
    /// Seconds between two.
    pub interval_s: Option<u32>,
    /// Unanswered ones that end the connection.
    pub count: Option<u32>,
}

/// `source`: where connections to a server come from.
#[derive(Debug, Default)]
pub struct Source {
    /// The local address; its port may be 0.
    pub address: Option<SocketAddr>,
    /// Ports to take in turn instead of the address's.
    pub ports: Option<Ports>,
    pub presents: Presents,
    /// The network device (`interface`).
    pub interface: Option<Arc<str>>,
}

/// Whom connections seem to come from (`usesrc`): addresses this machine need not have.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Presents {
    #[default]
    Ourselves,
    Address(SocketAddr),
    /// The client with its port.
    Client,
    ClientIp,
    /// The address in a header of the request, by its occurrence.
    Header {
        name: Box<[u8]>,
        occurrence: i32,
    },
}

/// Ports that are taken in turn.
#[derive(Debug)]
pub struct Ports {
    low: u16,
    high: u16,
    next: AtomicU16,
}

impl Ports {
    /// From `low` to `high`, both included.
    pub const fn new(low: u16, high: u16) -> Self {
        Self { low, high, next: AtomicU16::new(0) }
    }

    /// How many there are.
    pub fn count(&self) -> u16 {
        self.high.saturating_sub(self.low).saturating_add(1)
    }

    /// The next one.
    pub fn next(&self) -> u16 {
        self.low + self.next.fetch_add(1, Relaxed) % self.count()
    }
}

/// What packets of a connection carry for the network (`set-fc-mark`, `set-fc-tos`); absent: as they are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Packets {
    pub mark: Option<u32>,
    pub tos: Option<u8>,
}

impl Packets {
    pub const NONE: Self = Self { mark: None, tos: None };
}

/// Which threads accept on a `bind` line (`thread`): ranges counted from 1, with their steps; none at all: every one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Threads(pub Vec<(u16, u16, u16)>);

impl Threads {
    /// Whether the thread of this number, counted from 1, is among them.
    pub fn has(&self, thread: u16) -> bool {
        let within = |(first, last, step): &(u16, u16, u16)| {
            (*first..=*last).contains(&thread) && (thread - first).is_multiple_of(*step)
        };
        self.0.is_empty() || self.0.iter().any(within)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_go_round() {
        let ports = Ports::new(100, 102);
        let taken: Vec<u16> = (0..4).map(|_| ports.next()).collect();
        assert_eq!(taken, [100, 101, 102, 100]);
        assert_eq!(Ports::new(0, u16::MAX).count(), u16::MAX);
    }

    #[test]
    fn threads_by_ranges_and_steps() {
        let odd = Threads(vec![(1, 9, 2), (4, 4, 1)]);
        let chosen: Vec<u16> = (1..8).filter(|t| odd.has(*t)).collect();
        assert_eq!(chosen, [1, 3, 4, 5, 7]);
        assert!(Threads::default().has(77));
    }
}
