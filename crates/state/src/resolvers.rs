//! `resolvers`: servers of the Domain Name System and how they are asked (manual 5.3.2); what a rule wants looked up, and
//! what is looked up for a server. The asking is `engine`'s.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use sample::arg::VarRef;

/// A `resolvers` section.
#[derive(Clone, Debug)]
pub struct Resolvers {
    pub name: Box<str>,
    pub servers: Vec<NameServer>,
    /// `accepted_payload_size`: the most bytes of an answer over UDP.
    pub payload: u16,
    /// `resolve_retries`: how often a question is put before it is given up.
    pub retries: u32,
    /// `timeout retry`: milliseconds between two times.
    pub retry_ms: u32,
    /// `timeout resolve`: milliseconds between two questions about a server's name.
    pub resolve_ms: u32,
    pub hold: Hold,
}

/// `hold`: for how long what was learnt before counts, milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hold {
    /// Rules may use an answer without asking again.
    pub valid: u32,
    /// There is no such name.
    pub nx: u32,
    pub refused: u32,
    pub timeout: u32,
    pub other: u32,
    /// A record that answers have no more.
    pub obsolete: u32,
}

impl Default for Hold {
    fn default() -> Self {
        let other = 30_000;
        Self { valid: 10_000, nx: other, refused: other, timeout: other, other, obsolete: 0 }
    }
}

/// Why a question has no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    Nx,
    Refused,
    Timeout,
    Other,
}

impl Failure {
    /// In the words of logs.
    pub const fn reason(self) -> &'static str {
        match self {
            Self::Nx => "DNS NX status",
            Self::Refused => "DNS refused status",
            Self::Timeout => "DNS timeout status",
            Self::Other => "unspecified DNS error",
        }
    }
}

impl Hold {
    /// How long ago the last good answer must be for this to count, milliseconds.
    pub const fn of(&self, failure: Failure) -> u32 {
        match failure {
            Failure::Nx => self.nx,
            Failure::Refused => self.refused,
            Failure::Timeout => self.timeout,
            Failure::Other => self.other,
        }
    }
}

/// A server that is asked.
#[derive(Clone, Debug)]
pub struct NameServer {
    pub name: Box<str>,
    pub address: SocketAddr,
    /// Whether it is asked over TCP.
    pub stream: bool,
    pub asked: Arc<Asked>,
}

/// What became of the questions to a server (management manual 9.3 "show resolvers").
#[derive(Debug, Default)]
pub struct Asked {
    pub sent: AtomicU64,
    pub send_error: AtomicU64,
    pub valid: AtomicU64,
    /// Answers that moved a server.
    pub update: AtomicU64,
    /// Answers without a record of the kind asked for.
    pub empty: AtomicU64,
    pub nx: AtomicU64,
    pub timeout: AtomicU64,
    pub refused: AtomicU64,
    pub other: AtomicU64,
    pub invalid: AtomicU64,
    pub truncated: AtomicU64,
}

/// Counts one.
pub fn count(counter: &AtomicU64) {
    counter.fetch_add(1, Relaxed);
}

/// What a rule waits for: an address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lookup {
    /// The position of the section in the World.
    pub resolvers: u32,
    /// The name, as the request had it.
    pub name: Vec<u8>,
    /// Which family is asked for first.
    pub v4_first: bool,
    /// Where the address goes.
    pub var: VarRef,
}

/// How the name of a server is looked up while the process runs (manual 5.2 "resolvers").
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resolve {
    /// The position of the section in the World.
    pub resolvers: u32,
    /// Which family is asked for first, and preferred.
    pub v4_first: bool,
    /// `resolve-net`.
    pub nets: Box<[Net]>,
    /// `resolve-opts allow-dup-ip`: another server of the backend may have the same address.
    pub allow_duplicates: bool,
    /// `resolve-opts ignore-weight`.
    pub ignore_weight: bool,
    /// The name of the service whose records say where the server is, instead of a host's name.
    pub service: Option<Box<str>>,
}

/// A network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Net {
    pub ip: IpAddr,
    /// How many of its leading bits count.
    pub bits: u8,
}

impl Net {
    pub fn holds(&self, ip: IpAddr) -> bool {
        match (self.ip, ip) {
            (IpAddr::V4(net), IpAddr::V4(ip)) => {
                let unused = 32u32.saturating_sub(u32::from(self.bits));
                (net.to_bits() ^ ip.to_bits()).checked_shr(unused).unwrap_or(0) == 0
            }
            (IpAddr::V6(net), IpAddr::V6(ip)) => {
                let unused = 128u32.saturating_sub(u32::from(self.bits));
                (net.to_bits() ^ ip.to_bits()).checked_shr(unused).unwrap_or(0) == 0
            }
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn networks() {
        let net = |ip: &str, bits| Net { ip: ip.parse().unwrap(), bits };
        let ip = |text: &str| text.parse::<IpAddr>().unwrap();
        assert!(net("10.0.0.0", 8).holds(ip("10.1.2.3")) && !net("10.0.0.0", 8).holds(ip("11.1.2.3")));
        assert!(net("0.0.0.0", 0).holds(ip("11.1.2.3")) && !net("0.0.0.0", 0).holds(ip("::1")));
        assert!(net("10.0.0.1", 32).holds(ip("10.0.0.1")) && !net("10.0.0.1", 32).holds(ip("10.0.0.0")));
        assert!(net("2001:db8::", 32).holds(ip("2001:db8::9")) && net("::", 0).holds(ip("::1")));
        assert!(!net("2001:db8::9", 128).holds(ip("2001:db8::8")));
    }
}
