//! A growing array whose elements never move, so that they can be shared while it grows. Single-threaded; the
//! elements bring their own interior mutability. Knows nothing of what it holds.

use std::cell::OnceCell;

const CHUNK_BITS: u32 = 10;
const CHUNK: usize = 1 << CHUNK_BITS;
const CHUNKS: usize = 4096;

/// The largest index a table can hold.
pub(crate) const INDEX_MAX: u32 = (CHUNK * CHUNKS - 1) as u32;

pub(crate) struct Table<T> {
    chunks: Box<[OnceCell<Box<[T]>>]>,
}

impl<T: Default> Table<T> {
    pub(crate) fn new() -> Table<T> {
        Table { chunks: (0..CHUNKS).map(|_| OnceCell::new()).collect() }
    }

    /// The element at `index` if it has been made.
    #[inline]
    pub(crate) fn get(&self, index: u32) -> Option<&T> {
        let chunk = self.chunks.get((index >> CHUNK_BITS) as usize)?.get()?;
        chunk.get(index as usize & (CHUNK - 1))
    }

    /// Visits each element that has been made.
    pub(crate) fn each(&self, visit: &mut dyn FnMut(u32, &T)) {
        for (at, chunk) in (0u32..).zip(&*self.chunks) {
            let made = chunk.get().into_iter().flat_map(|chunk| chunk.iter());
            for (index, element) in (at << CHUNK_BITS..).zip(made) {
                visit(index, element);
            }
        }
    }

    /// The element at `index`, made with its neighbours when it's new; `None` beyond [`INDEX_MAX`].
    pub(crate) fn make(&self, index: u32) -> Option<&T> {
        let chunk = self.chunks.get((index >> CHUNK_BITS) as usize)?;
        chunk.get_or_init(|| (0..CHUNK).map(|_| T::default()).collect()).get(index as usize & (CHUNK - 1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;

    #[test]
    fn elements_stay_while_it_grows() {
        let t: Table<Cell<u32>> = Table::new();
        assert!(t.get(0).is_none());
        let first = t.make(0).unwrap();
        first.set(7);
        t.make(INDEX_MAX).unwrap().set(9);
        assert!(t.make(INDEX_MAX + 1).is_none());
        assert_eq!((first.get(), t.get(INDEX_MAX).unwrap().get()), (7, 9));
    }
}
