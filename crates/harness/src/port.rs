//! Free TCP ports. It knows nothing of who will listen on them.

use std::collections::HashSet;
use std::io;
use std::net::TcpListener;
use std::sync::{Mutex, PoisonError};

/// Ports handed out by this process: the kernel may offer a closed one again at once.
static GIVEN: Mutex<Option<HashSet<u16>>> = Mutex::new(None);

/// `count` different ports of 127.0.0.1 that nobody listened on a moment ago and that this process has not
/// handed out before.
///
/// # Errors
/// When the kernel has no port left to bind.
pub fn free(count: usize) -> io::Result<Vec<u16>> {
    let mut given = GIVEN.lock().unwrap_or_else(PoisonError::into_inner);
    let given = given.get_or_insert_with(HashSet::new);
    let mut held = Vec::with_capacity(count);
    let mut ports = Vec::with_capacity(count);
    while ports.len() < count {
        let listener = TcpListener::bind(("127.0.0.1", 0))?;
        let port = listener.local_addr()?.port();
        // Held until all are chosen, so that the kernel cannot offer the same one twice.
        held.push(listener);
        if given.insert(port) {
            ports.push(port);
        }
    }
    Ok(ports)
}

/// One free port, see [`free`].
///
/// # Errors
/// When the kernel has no port left to bind.
pub fn free_one() -> io::Result<u16> {
    free(1).map(|ports| ports[0])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_are_never_given_twice() {
        let mut all = free(20).unwrap();
        all.extend(free(20).unwrap());
        let distinct: HashSet<u16> = all.iter().copied().collect();
        assert_eq!(distinct.len(), 40);
    }
}
