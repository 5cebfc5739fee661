//! Sockets in another network namespace (`namespace`, ip-netns(8)). Knows nothing of what the sockets are
//! for.

use rustix::fd::{AsFd, BorrowedFd, OwnedFd};
use rustix::fs::{Mode, OFlags};
use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};
use std::collections::HashMap;
use std::io;
use std::sync::{Mutex, PoisonError};

/// Opens the namespace `name` (`/var/run/netns/NAME`) and keeps it open for the life of the process. To be
/// called while the configuration is loaded, before chroot hides the file. Errors: `InvalidInput` for a name
/// that isn't a plain file name; the system's.
pub fn open(name: &str) -> io::Result<()> {
    find_own()?;
    find(name).map(|_| ())
}

/// Runs `make` with this thread in the namespace `name`, where given. Needs CAP_SYS_ADMIN; costs two system
/// calls.
pub(crate) fn within<R>(name: Option<&str>, make: impl FnOnce() -> io::Result<R>) -> io::Result<R> {
    let Some(name) = name else { return make() };
    let there = find(name)?;
    // Kept from the first call on; it must be asked before this thread goes anywhere.
    let here = find_own()?;
    enter(there)?;
    let made = make();
    if enter(here).is_err() {
        // Whatever this thread opened from now on would be in the wrong network; there's no safe way to go
        // on.
        std::process::abort();
    }
    made
}

fn enter(namespace: BorrowedFd<'_>) -> io::Result<()> {
    Ok(move_into_link_name_space(namespace, Some(LinkNameSpaceType::Network))?)
}

fn find(name: &str) -> io::Result<BorrowedFd<'static>> {
    if name.is_empty() || name.contains(['/', '\0']) || name == "." || name == ".." {
        return Err(io::ErrorKind::InvalidInput.into());
    }
    cached(name, &format!("/var/run/netns/{name}"))
}

/// The namespace the process began in. An empty name is no other's.
fn find_own() -> io::Result<BorrowedFd<'static>> {
    cached("", "/proc/self/ns/net")
}

fn cached(name: &str, path: &str) -> io::Result<BorrowedFd<'static>> {
    static OPEN: Mutex<Option<HashMap<String, &'static OwnedFd>>> = Mutex::new(None);
    let mut all = OPEN.lock().unwrap_or_else(PoisonError::into_inner);
    let all = all.get_or_insert_default();
    if let Some(fd) = all.get(name).copied() {
        return Ok(fd.as_fd());
    }
    let fd = rustix::fs::open(path, OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty())?;
    let fd: &'static OwnedFd = Box::leak(Box::new(fd));
    all.insert(name.to_owned(), fd);
    Ok(fd.as_fd())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_names_that_exist() {
        for name in ["", ".", "..", "../x", "a/b", "a\0"] {
            assert_eq!(open(name).unwrap_err().kind(), io::ErrorKind::InvalidInput, "{name}");
        }
        assert!(open("no-such-namespace").is_err());
        assert_eq!(within(None, || Ok(1)).unwrap(), 1);
    }
}
