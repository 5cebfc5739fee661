//! What is known of each handle: cached readiness, who waits for it, whether the kernel was asked to tell.
//! Knows nothing of what the handle is.

use crate::kernel::{Handle, Ready};
use crate::table::Table;
use crate::task;
use std::cell::Cell;

/// Nobody waits.
pub(crate) const NOBODY: u32 = task::NONE;
/// Marks a waiter that is an entry of a parking lot, not a task.
pub(crate) const PARKED: u32 = 1 << 31;

// Beside the four bits of `Ready`:
/// A connection attempt whose first write may be tried before the kernel says that it is possible.
pub(crate) const FRESH: u8 = 16;
/// The handle is in use.
pub(crate) const OPEN: u8 = 32;
/// The kernel refused to watch the handle: using it gives an error rather than a wait without end.
pub(crate) const BROKEN: u8 = 64;
/// Bytes go through a layer of TLS: `READ` stands for what is inside, `WRITE` for room in it.
pub(crate) const TLS: u8 = 128;

pub(crate) const READ: u8 = Ready::READ.0;
pub(crate) const WRITE: u8 = Ready::WRITE.0;
pub(crate) const HUP: u8 = Ready::HUP.0;
pub(crate) const ERROR: u8 = Ready::ERROR.0;

/// How far the kernel is asked to watch a handle.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Watch {
    No,
    Read,
    ReadWrite,
}

pub(crate) struct Slot {
    pub(crate) generation: Cell<u32>,
    pub(crate) reader: Cell<u32>,
    pub(crate) writer: Cell<u32>,
    pub(crate) flags: Cell<u8>,
    pub(crate) watch: Cell<Watch>,
    /// Closing before the peer's end was seen is a reset.
    pub(crate) resets: Cell<bool>,
}

impl Default for Slot {
    fn default() -> Slot {
        Slot {
            generation: Cell::new(0),
            reader: Cell::new(NOBODY),
            writer: Cell::new(NOBODY),
            flags: Cell::new(0),
            watch: Cell::new(Watch::No),
            resets: Cell::new(false),
        }
    }
}

impl Slot {
    #[inline]
    pub(crate) fn has(&self, flags: u8) -> bool {
        self.flags.get() & flags != 0
    }

    #[inline]
    pub(crate) fn set(&self, flags: u8) {
        self.flags.set(self.flags.get() | flags);
    }

    #[inline]
    pub(crate) fn clear(&self, flags: u8) {
        self.flags.set(self.flags.get() & !flags);
    }

    /// A new owner's: events meant for the last one don't reach it.
    pub(crate) fn open(&self, flags: u8) {
        self.generation.set(self.generation.get().wrapping_add(1));
        self.flags.set(flags | OPEN);
        self.watch.set(Watch::No);
        self.resets.set(false);
        self.reader.set(NOBODY);
        self.writer.set(NOBODY);
    }

    /// Nobody's. Gives who waited.
    pub(crate) fn close(&self) -> [u32; 2] {
        self.generation.set(self.generation.get().wrapping_add(1));
        self.flags.set(0);
        self.watch.set(Watch::No);
        self.resets.set(false);
        [self.reader.replace(NOBODY), self.writer.replace(NOBODY)]
    }
}

/// The slots of all handles.
pub(crate) struct Slots(Table<Slot>);

impl Slots {
    pub(crate) fn new() -> Slots {
        Slots(Table::new())
    }

    #[inline]
    pub(crate) fn get(&self, handle: Handle) -> Option<&Slot> {
        self.0.get(handle as u32)
    }

    pub(crate) fn each(&self, visit: &mut dyn FnMut(u32, &Slot)) {
        self.0.each(visit);
    }

    pub(crate) fn make(&self, handle: Handle) -> Option<&Slot> {
        self.0.make(handle as u32)
    }
}

/// What the kernel gives back with an event: the handle and whose it was when it was registered.
pub(crate) fn token(handle: Handle, generation: u32) -> u64 {
    u64::from(generation) << 32 | u64::from(handle as u32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_small() {
        assert!(size_of::<Slot>() <= 24);
    }

    #[test]
    fn reopening_changes_the_generation() {
        let slots = Slots::new();
        let slot = slots.make(3).unwrap();
        slot.open(READ);
        let first = token(3, slot.generation.get());
        slot.close();
        slot.open(READ);
        assert_ne!(first, token(3, slot.generation.get()));
    }
}
