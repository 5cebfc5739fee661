//! The memory of entries: chunks that are taken when they are first needed and never move, so that an entry can be read
//! and counted in without a lock as long as something holds it. Doesn't know what the words mean.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, AtomicU64};

/// The entries of one shard.
#[derive(Debug)]
pub(super) struct Slots {
    chunks: Box<[OnceLock<Chunk>]>,
    /// Entries of a chunk, a power of two.
    per_chunk: u32,
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

/// Entries of the smallest and the largest chunk.
const CHUNK_MIN: u32 = 64;
const CHUNK_MAX: u32 = 1 << 16;

impl Slots {
    /// Room for at least so many entries of so many words.
    pub(super) fn new(entries: u32, words: u32) -> Self {
        let per_chunk =
            (entries / 64).checked_next_power_of_two().unwrap_or(CHUNK_MAX).clamp(CHUNK_MIN, CHUNK_MAX);
        let chunks = (0..entries.div_ceil(per_chunk)).map(|_| OnceLock::new()).collect();
        Self { chunks, per_chunk, words }
    }

    /// The most entries there can be.
    pub(super) fn capacity(&self) -> u32 {
        u32::try_from(self.chunks.len()).unwrap_or(u32::MAX).saturating_mul(self.per_chunk)
    }

    /// The entry at this position; takes its memory if need be.
    pub(super) fn get(&self, at: u32) -> Option<Slot<'_>> {
        let size = |n: u32| usize::try_from(n).unwrap_or(usize::MAX);
        let chunk = self.chunks.get(size(at / self.per_chunk))?.get_or_init(|| Chunk {
            heads: bytemuck::zeroed_slice_box(size(self.per_chunk).saturating_mul(2)),
            cells: bytemuck::zeroed_slice_box(size(self.per_chunk).saturating_mul(size(self.words))),
        });
        let inside = size(at % self.per_chunk);
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
        let slots = Slots::new(100, 3);
        assert!(slots.capacity() >= 100 && slots.get(slots.capacity()).is_none());
        for at in 0..slots.capacity() {
            let slot = slots.get(at).unwrap();
            assert_eq!((slot.cells.len(), slot.touched.load(Relaxed), slot.holds.load(Relaxed)), (3, 0, 0));
            slot.touched.store(1, Relaxed);
            slot.holds.store(1, Relaxed);
            slot.cells.iter().for_each(|cell| assert_eq!(cell.swap(1, Relaxed), 0));
        }
    }
}
