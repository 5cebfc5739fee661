//! How much memory the process uses. Knows nothing of limits.

use rustix::fd::OwnedFd;
use rustix::fs::{Mode, OFlags};
use std::io;

/// A view of this process's memory that stays open, so that it works behind a chroot.
#[derive(Debug)]
pub struct Usage {
    statm: OwnedFd,
    page: u64,
}

impl Usage {
    /// Of the process that calls it; not to be carried over a fork. Errors: the system's.
    pub fn open() -> io::Result<Usage> {
        let statm = rustix::fs::open("/proc/self/statm", OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty())?;
        Ok(Usage { statm, page: rustix::param::page_size() as u64 })
    }

    /// Bytes that are in memory and this process's own; `None` when the system doesn't say.
    pub fn resident(&self) -> Option<u64> {
        let mut text = [0; 128];
        let len = rustix::io::pread(&self.statm, &mut text, 0).ok()?;
        let mut numbers = std::str::from_utf8(text.get(..len)?).ok()?.split(' ').skip(1);
        let resident: u64 = numbers.next()?.parse().ok()?;
        let shared: u64 = numbers.next()?.parse().ok()?;
        Some(resident.saturating_sub(shared).saturating_mul(self.page))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_to_is_counted() {
        let usage = Usage::open().unwrap();
        let before = usage.resident().unwrap();
        let block = vec![1u8; 64 << 20];
        let after = usage.resident().unwrap();
        assert!(after >= before + (48 << 20), "{before} {after} {}", block[7]);
    }
}
