//! Host names to addresses through the system's resolver, at start-up only: it blocks. Knows nothing of DNS. And whether
//! addresses of IPv6 are of any use.

use crate::Addr;
use std::io;
use std::net::{IpAddr, ToSocketAddrs, UdpSocket};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};

/// All addresses of `host`, in the system's order, each once, with `port`. A literal address is itself.
/// Errors: the resolver's (`failed to lookup address information`); `NotFound` when it names none.
pub fn lookup(host: &str, port: u16) -> io::Result<Vec<Addr>> {
    let mut found: Vec<Addr> = Vec::new();
    for addr in (host, port).to_socket_addrs()? {
        let addr = Addr::from(addr);
        if !found.contains(&addr) {
            found.push(addr);
        }
    }
    if found.is_empty() { Err(io::ErrorKind::NotFound.into()) } else { Ok(found) }
}

/// The first address of `host`, of the preferred family if it has one (`resolve-prefer`).
pub fn lookup_one(host: &str, port: u16, prefer_v6: bool) -> io::Result<Addr> {
    let all = lookup(host, port)?;
    let preferred = all.iter().find(|a| matches!(a.ip(), Some(IpAddr::V6(_))) == prefer_v6);
    preferred.or(all.first()).copied().ok_or_else(|| io::ErrorKind::NotFound.into())
}

/// Whether the system has a way for IPv6, as of some time ago: asking for it sends nothing.
pub fn routes_v6() -> bool {
    let now = crate::now().as_nanos().max(1);
    let (looked, has) = (LOOKED_NS.load(Relaxed), HAS_V6.load(Relaxed));
    if looked != 0 && now.saturating_sub(looked) < LOOK_NS {
        return has;
    }
    let has = UdpSocket::bind("[::]:0").is_ok_and(|socket| socket.connect(FAR_AWAY).is_ok());
    HAS_V6.store(has, Relaxed);
    LOOKED_NS.store(now, Relaxed);
    has
}

static LOOKED_NS: AtomicU64 = AtomicU64::new(0);
static HAS_V6: AtomicBool = AtomicBool::new(false);
/// How long what was found counts.
const LOOK_NS: u64 = 30_000_000_000;
/// An address that only a default route leads to.
const FAR_AWAY: &str = "[2001:db8::1]:53";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn literals_and_localhost() {
        assert_eq!(lookup("127.0.0.1", 80).unwrap(), [Addr::ip_port("127.0.0.1".parse().unwrap(), 80)]);
        assert_eq!(lookup("::1", 80).unwrap().len(), 1);
        assert!(lookup_one("localhost", 1, false).unwrap().ip().unwrap().is_loopback());
        assert!(lookup("no such name", 1).is_err());
    }
}
