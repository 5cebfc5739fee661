//! `-m`: the memory the process may use. Near the limit new clients wait in the kernel, those that are there go on: an
//! allocation that the system refuses would end them all.

use std::sync::atomic::Ordering::Relaxed;

use net::memory::Usage;
use state::World;

use crate::sockets::reason;

/// How often the use of memory is looked at under a limit.
pub(crate) const LOOK_MS: u64 = 50;

/// The limit, and the view of what is used.
pub(crate) struct Memory {
    usage: Usage,
    limit: u64,
}

impl Memory {
    /// With a limit of so many megabytes; 0 is none. To be opened while `/proc` can be reached.
    pub(crate) fn new(megabytes: u64) -> Result<Option<Memory>, String> {
        if megabytes == 0 {
            return Ok(None);
        }
        let usage = Usage::open().map_err(|e| {
            format!("[sluice.main()] Cannot fix memory limit to {megabytes} megabytes: {}.", reason(&e))
        })?;
        Ok(Some(Memory { usage, limit: megabytes.saturating_mul(1 << 20) }))
    }

    /// Lets the listeners know whether there is room: a tenth is kept for the clients that are there.
    pub(crate) fn look(&self, world: &World) {
        let mut full = self.is_full();
        if full {
            // What was freed is not the system's again by itself.
            net::process::malloc_trim();
            full = self.is_full();
        }
        world.process.memory_full.store(full, Relaxed);
    }

    fn is_full(&self) -> bool {
        self.usage.resident().is_some_and(|used| used >= self.limit / 10 * 9)
    }
}
