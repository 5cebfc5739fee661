//! The memory of entries: chunks that are taken when they are first needed and never move, so that an entry can be read
//! and counted in without a lock as long as something holds it. Doesn't know what the words mean.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, AtomicU64};

/// The entries of one shard. How many there may be is not settled here: each chunk has room for twice as many as the one
/// before.
#[derive(Debug)]
pub(super) struct Slots {
    chunks: [OnceLock<Chunk>; CHUNKS],
    /// Words of an entry.
    words: u32,
}

#[derive(Debug)]
struct Chunk {
    /// Two of each entry.
    heads: Box<[AtomicU64]>,
    cells: Box<[AtomicU32]>,
}

/// One entry's memory.
#[derive(Clone, Copy, Debug)]
pub(super) struct Slot<'t> {
    /// When it was used last, milliseconds.
    pub(super) touched: &'t AtomicU64,
    /// What holds it: whoever looks at it, times 2^32, and those of them that track it.
    pub(super) holds: &'t AtomicU64,
    pub(super) cells: &'t [AtomicU32],
}

/// Entries of the first chunk, and how many chunks hold all that 32 bits can count.
const FIRST: u32 = 64;
const CHUNKS: usize = 27;

impl Slots {
    /// Entries of so many words.
    pub(super) fn new(words: u32) -> Self {
        Self { chunks: [const { OnceLock::new() }; CHUNKS], words }
    }

    /// The entry at this position; takes its memory if need be.
    pub(super) fn get(&self, at: u32) -> Option<Slot<'_>> {
        let size = |n: u32| usize::try_from(n).unwrap_or(usize::MAX);
        let number = (at / FIRST + 1).ilog2();
        let entries = size(FIRST) << number;
        let chunk = self.chunks.get(size(number))?.get_or_init(|| Chunk {
            heads: bytemuck::zeroed_slice_box(entries.saturating_mul(2)),
            cells: bytemuck::zeroed_slice_box(entries.saturating_mul(size(self.words))),
        });
        let inside = size(at).checked_sub(entries - size(FIRST))?;
        let [touched, holds] = chunk.heads.get(inside * 2..)?.first_chunk::<2>()?;
        let start = inside * size(self.words);
        Some(Slot { touched, holds, cells: chunk.cells.get(start..start + size(self.words))? })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::Ordering::Relaxed;

    use super::*;

    #[test]
    fn every_entry_has_memory_of_its_own() {
        let slots = Slots::new(3);
        for at in 0..1000 {
            let slot = slots.get(at).unwrap();
            assert_eq!((slot.cells.len(), slot.touched.load(Relaxed), slot.holds.load(Relaxed)), (3, 0, 0));
            slot.touched.store(1, Relaxed);
            slot.holds.store(1, Relaxed);
            slot.cells.iter().for_each(|cell| assert_eq!(cell.swap(1, Relaxed), 0));
        }
    }
}
