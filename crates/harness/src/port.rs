//! Free TCP ports. It knows nothing of who will listen on them.
//!
//! A port that the kernel offers (port 0) is no good to hand on: once closed it may be offered again, to another
//! process's test or as the local end of a connection, and listeners with SO_REUSEPORT would share it without
//! a word. So ports come from below the range of local ends, and a locked file says which are taken.

use std::fs::{File, OpenOptions};
use std::io;
use std::net::TcpListener;
use std::sync::{Mutex, PoisonError};

use rustix::fs::{FlockOperation, flock};

/// Below Linux's default range of local ends (32768), above what services use.
const FIRST: u16 = 10_000;
const COUNT: u16 = 22_000;

/// The files that hold the ports of this process, until it ends.
static HELD: Mutex<Vec<File>> = Mutex::new(Vec::new());

/// `count` different ports of 127.0.0.1 that nobody listens on; no other process that asks here gets them while this
/// one lives.
///
/// # Errors
/// When none is left, or the folder of the locks can't be written.
pub fn free(count: usize) -> io::Result<Vec<u16>> {
    let mut held = HELD.lock().unwrap_or_else(PoisonError::into_inner);
    let folder = std::env::temp_dir().join("sluice-ports");
    std::fs::create_dir_all(&folder)?;
    // Processes begin far from each other, so that few look at each other's.
    let start = std::process::id().wrapping_mul(7919).wrapping_add(u32::try_from(held.len()).unwrap_or(0));
    let mut ports = Vec::with_capacity(count);
    for step in 0..u32::from(COUNT) {
        if ports.len() == count {
            break;
        }
        let port = FIRST + u16::try_from(start.wrapping_add(step) % u32::from(COUNT)).unwrap_or(0);
        let path = folder.join(port.to_string());
        let file = OpenOptions::new().create(true).truncate(false).write(true).open(path)?;
        if flock(&file, FlockOperation::NonBlockingLockExclusive).is_ok()
            && TcpListener::bind(("0.0.0.0", port)).is_ok()
        {
            held.push(file);
            ports.push(port);
        }
    }
    if ports.len() == count { Ok(ports) } else { Err(io::Error::other("no port is free")) }
}

/// One free port, see [`free`].
///
/// # Errors
/// As [`free`].
pub fn free_one() -> io::Result<u16> {
    free(1).map(|ports| ports[0])
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn ports_are_never_given_twice() {
        let mut all = free(20).unwrap();
        all.extend(free(20).unwrap());
        let distinct: HashSet<u16> = all.iter().copied().collect();
        assert_eq!(distinct.len(), 40);
        assert!(all.iter().all(|port| *port < 32_768));
    }
}
