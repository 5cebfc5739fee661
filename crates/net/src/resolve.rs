//! Host names to addresses through the system's resolver, at start-up only: it blocks. Knows nothing of DNS.

use crate::Addr;
use std::io;
use std::net::{IpAddr, ToSocketAddrs};

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
