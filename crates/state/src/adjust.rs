//! What an administrator may change of the configuration while the process runs: read on the path of requests without a
//! lock, and set from one place at a time.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::atomic::{
    AtomicU8, AtomicU64, Ordering::Acquire, Ordering::Relaxed, Ordering::Release, fence,
};
use std::sync::{Mutex, PoisonError};

/// A number in place of the configured one, if one was set.
#[derive(Debug)]
pub struct Adjusted(AtomicU64);

impl Default for Adjusted {
    fn default() -> Self {
        Self(AtomicU64::new(Self::NONE))
    }
}

impl Adjusted {
    const NONE: u64 = u64::MAX;

    /// The number in force.
    #[inline]
    pub fn or(&self, configured: u32) -> u32 {
        u32::try_from(self.0.load(Relaxed)).unwrap_or(configured)
    }

    /// The number that was set.
    pub fn get(&self) -> Option<u32> {
        u32::try_from(self.0.load(Relaxed)).ok()
    }

    pub fn set(&self, number: u32) {
        self.0.store(u64::from(number), Relaxed);
    }

    /// The configured one is in force again.
    pub fn clear(&self) {
        self.0.store(Self::NONE, Relaxed);
    }
}

/// An address in place of the configured one, if one was set. Readers try again while it is being written, which takes a
/// few stores.
#[derive(Debug, Default)]
pub struct Moved {
    /// Odd while the rest is being written; 0: never set.
    version: AtomicU64,
    high: AtomicU64,
    low: AtomicU64,
    /// The port, and in the bit above it whether the address is one of IPv4; 0 above both: none.
    rest: AtomicU64,
    writing: Mutex<()>,
}

const V4: u64 = 1 << 16;
const SET: u64 = 1 << 17;
/// There is a port, and no address.
const LOST: u64 = 1 << 18;

/// What was set in place of the configured address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whereabouts {
    At(SocketAddr),
    /// Nobody knows the address; its port would be this one.
    Nowhere(u16),
}

impl Moved {
    /// The address that was set. Scopes of IPv6 addresses are not kept.
    #[inline]
    pub fn get(&self) -> Option<SocketAddr> {
        match self.whereabouts()? {
            Whereabouts::At(at) => Some(at),
            Whereabouts::Nowhere(_) => None,
        }
    }

    /// What was set.
    #[inline]
    pub fn whereabouts(&self) -> Option<Whereabouts> {
        if self.version.load(Acquire) == 0 { None } else { self.read() }
    }

    /// Changes with each change of the address.
    pub fn version(&self) -> u64 {
        self.version.load(Relaxed)
    }

    fn read(&self) -> Option<Whereabouts> {
        loop {
            let before = self.version.load(Acquire);
            let [high, low, rest] = [&self.high, &self.low, &self.rest].map(|part| part.load(Relaxed));
            fence(Acquire);
            if before % 2 == 1 || self.version.load(Relaxed) != before {
                std::hint::spin_loop();
                continue;
            }
            let port = u16::try_from(rest & 0xffff).unwrap_or(0);
            let bits = u128::from(high) << 64 | u128::from(low);
            let ip = match rest & V4 {
                0 => IpAddr::V6(Ipv6Addr::from_bits(bits)),
                _ => IpAddr::V4(Ipv4Addr::from_bits(u32::try_from(low).unwrap_or(0))),
            };
            return match rest & (SET | LOST) {
                0 => None,
                LOST => Some(Whereabouts::Nowhere(port)),
                _ => Some(Whereabouts::At(SocketAddr::new(ip, port))),
            };
        }
    }

    /// Sets it, or has the configured one in force again.
    pub fn set(&self, to: Option<SocketAddr>) {
        self.put(to.map(Whereabouts::At));
    }

    /// From now on nobody knows it.
    pub fn lose(&self, port: u16) {
        self.put(Some(Whereabouts::Nowhere(port)));
    }

    fn put(&self, to: Option<Whereabouts>) {
        let _one_at_a_time = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        self.version.fetch_add(1, Relaxed);
        fence(Release);
        let (bits, rest) = match to {
            None => (0, 0),
            Some(Whereabouts::Nowhere(port)) => (0, LOST | u64::from(port)),
            Some(Whereabouts::At(at)) => match (at.ip(), u64::from(at.port())) {
                (IpAddr::V4(ip), port) => (u128::from(ip.to_bits()), SET | V4 | port),
                (IpAddr::V6(ip), port) => (ip.to_bits(), SET | port),
            },
        };
        self.high.store(u64::try_from(bits >> 64).unwrap_or(0), Relaxed);
        self.low.store(u64::try_from(bits & u128::from(u64::MAX)).unwrap_or(0), Relaxed);
        self.rest.store(rest, Relaxed);
        self.version.fetch_add(1, Release);
    }
}

/// Where a server's check or agent goes, and what the agent is sent, where that was changed.
#[derive(Debug, Default)]
pub struct Aim {
    /// Its port says nothing.
    pub ip: Moved,
    /// 0: the server's own.
    pub port: Adjusted,
    pub text: Mutex<Option<Box<[u8]>>>,
}

impl Aim {
    /// What is sent in place of what is configured.
    pub fn text(&self) -> Option<Box<[u8]>> {
        self.text.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// Something that is on or off, if an administrator said which.
#[derive(Debug, Default)]
pub struct Switch(AtomicU8);

impl Switch {
    pub fn set(&self, on: bool) {
        self.0.store(1 + u8::from(on), Relaxed);
    }

    pub fn get(&self) -> Option<bool> {
        match self.0.load(Relaxed) {
            0 => None,
            said => Some(said == 2),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_come_and_go() {
        let number = Adjusted::default();
        assert_eq!((number.or(7), number.get()), (7, None));
        number.set(0);
        assert_eq!((number.or(7), number.get()), (0, Some(0)));
        number.clear();
        assert_eq!(number.or(7), 7);
    }

    #[test]
    fn addresses_come_and_go() {
        let moved = Moved::default();
        assert_eq!(moved.get(), None);
        for text in ["127.0.0.2:80", "[::1]:443", "[2001:db8::ffff:1:2]:0", "255.255.255.255:65535"] {
            let at: SocketAddr = text.parse().unwrap();
            moved.set(Some(at));
            assert_eq!(moved.get(), Some(at));
        }
        moved.lose(80);
        assert_eq!((moved.get(), moved.whereabouts()), (None, Some(Whereabouts::Nowhere(80))));
        moved.set(None);
        assert_eq!((moved.get(), moved.whereabouts()), (None, None));
    }

    #[test]
    fn readers_never_see_half_of_an_address() {
        let moved = Moved::default();
        let ends: [SocketAddr; 2] =
            ["1.1.1.1:1".parse().unwrap(), "[202:202:202:202:202:202:202:202]:514".parse().unwrap()];
        moved.set(Some(ends[0]));
        std::thread::scope(|scope| {
            scope.spawn(|| (0..20_000).for_each(|n| moved.set(Some(ends[n % 2]))));
            for _ in 0..20_000 {
                assert!(ends.contains(&moved.get().unwrap()));
            }
        });
    }
}
