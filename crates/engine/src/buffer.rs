//! Buffers for bytes on their way: taken from a pool of the thread when there is something to read, given back when
//! it has been passed on. A connection that waits holds none. Knows nothing of what the bytes mean.

use std::cell::RefCell;

/// Bytes of one buffer unless `tune.bufsize` asks for more: a head and 16 KiB of body, or a good piece of a larger one,
/// arrive in one read.
const SIZE: usize = 64 * 1024;

/// How many unused buffers a thread keeps.
const KEEP: usize = 64;

thread_local! {
    static POOL: RefCell<Pool> = const { RefCell::new(Pool { unused: Vec::new(), in_use: 0, size: SIZE }) };
}

/// A thread's buffers.
struct Pool {
    /// All of the same size.
    unused: Vec<Box<[u8]>>,
    /// How many are with somebody.
    in_use: usize,
    size: usize,
}

/// How many bytes the buffers of this thread hold.
pub fn size() -> usize {
    POOL.with(|pool| pool.borrow().size)
}

/// How many buffers this thread keeps that nobody uses.
pub fn unused() -> usize {
    POOL.with(|pool| pool.borrow().unused.len())
}

/// Has buffers that are taken from now on hold so many bytes (`tune.bufsize`), if that is more than they need anyway.
pub fn set_size(bytes: u32) {
    let size = usize::try_from(bytes).unwrap_or(SIZE).max(SIZE);
    POOL.with(|pool| {
        let mut pool = pool.borrow_mut();
        if pool.size != size {
            pool.size = size;
            pool.unused.clear();
        }
    });
}

/// A buffer with its unread bytes between `start` and `end`.
#[derive(Debug)]
pub struct Buffer {
    bytes: Box<[u8]>,
    start: usize,
    end: usize,
}

impl Buffer {
    /// An empty buffer from the thread's pool.
    pub fn take() -> Self {
        let (bytes, size) = POOL.with(|pool| {
            let mut pool = pool.borrow_mut();
            pool.in_use += 1;
            (pool.unused.pop(), pool.size)
        });
        Self { bytes: bytes.unwrap_or_else(|| vec![0; size].into_boxed_slice()), start: 0, end: 0 }
    }

    /// An empty buffer of at least `size` bytes.
    pub fn of_at_least(size: usize) -> Self {
        let mut buffer = Self::take();
        buffer.enlarge(size);
        buffer
    }

    /// How many buffers of this thread are not in its pool.
    pub fn in_use() -> usize {
        POOL.with(|pool| pool.borrow().in_use)
    }

    /// A buffer that holds these bytes, an enlarged one if they are many.
    pub fn holding(bytes: &[u8]) -> Self {
        let mut buffer = Self::of_at_least(bytes.len());
        if let Some(to) = buffer.bytes.get_mut(..bytes.len()) {
            to.copy_from_slice(bytes);
            buffer.end = bytes.len();
        }
        buffer
    }

    /// The unread bytes.
    pub fn data(&self) -> &[u8] {
        self.bytes.get(self.start..self.end).unwrap_or_default()
    }

    /// How many more bytes it could hold.
    pub const fn room(&self) -> usize {
        self.bytes.len() - self.len()
    }

    pub const fn len(&self) -> usize {
        self.end - self.start
    }

    pub const fn is_empty(&self) -> bool {
        self.start == self.end
    }

    /// Room behind the unread bytes; moves them to the front when there is none behind and some in front.
    pub fn space(&mut self) -> &mut [u8] {
        if self.end == self.bytes.len() && self.start > 0 {
            self.bytes.copy_within(self.start..self.end, 0);
            self.end -= self.start;
            self.start = 0;
        }
        self.bytes.get_mut(self.end..).unwrap_or_default()
    }

    /// `n` bytes were put into `space`.
    pub fn filled(&mut self, n: usize) {
        self.end = (self.end + n).min(self.bytes.len());
    }

    /// Makes room for `size` bytes in all (`tune.bufsize.large`), if there is less.
    pub fn enlarge(&mut self, size: usize) {
        if self.bytes.len() < size {
            let mut larger = vec![0; size].into_boxed_slice();
            let len = self.len();
            if let (Some(to), Some(from)) = (larger.get_mut(..len), self.bytes.get(self.start..self.end)) {
                to.copy_from_slice(from);
            }
            (self.bytes, self.start, self.end) = (larger, 0, len);
        }
    }

    /// Drops the first `n` unread bytes.
    pub fn consume(&mut self, n: usize) {
        self.start = (self.start + n).min(self.end);
        if self.start == self.end {
            self.start = 0;
            self.end = 0;
        }
    }

    /// Cuts `n` bytes out, `at` bytes after the first unread one.
    pub fn cut(&mut self, at: usize, n: usize) {
        let from = (self.start + at + n).min(self.end);
        let to = (self.start + at).min(from);
        self.bytes.copy_within(from..self.end, to);
        self.end -= from - to;
    }

    /// Keeps only the first `n` unread bytes; the others come back in a buffer of their own, if there are any.
    pub fn split_off(&mut self, n: usize) -> Option<Self> {
        let rest = self.data().get(n..).filter(|rest| !rest.is_empty()).map(Self::holding);
        self.end = (self.start + n).min(self.end);
        rest
    }
}

impl Drop for Buffer {
    fn drop(&mut self) {
        let bytes = std::mem::take(&mut self.bytes);
        // The pool is gone only while the thread ends; then the memory goes too.
        let _ = POOL.try_with(|pool| {
            let mut pool = pool.borrow_mut();
            pool.in_use = pool.in_use.saturating_sub(1);
            if pool.unused.len() < KEEP && bytes.len() == pool.size {
                pool.unused.push(bytes);
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_pass_through() {
        let mut b = Buffer::holding(b"hello world");
        b.consume(6);
        assert_eq!(b.data(), b"world");
        b.cut(1, 3);
        assert_eq!(b.data(), b"wd");
        let rest = b.split_off(1).unwrap();
        assert_eq!((b.data(), rest.data()), (&b"w"[..], &b"d"[..]));
        b.consume(99);
        assert!(b.is_empty() && b.space().len() == SIZE);
    }

    #[test]
    fn sizes_follow_the_configuration() {
        set_size(100_000);
        let mut b = Buffer::holding(b"abc");
        assert_eq!((size(), b.space().len()), (100_000, 100_000 - 3));
        b.consume(1);
        b.enlarge(200_000);
        assert_eq!((b.data().to_vec(), b.space().len()), (b"bc".to_vec(), 200_000 - 2));
        drop(b);
        assert_eq!(Buffer::take().space().len(), 100_000);
        set_size(16_384);
        assert_eq!(Buffer::take().space().len(), SIZE);
    }

    #[test]
    fn space_comes_back_when_the_front_is_read() {
        let mut b = Buffer::take();
        let n = b.space().len();
        b.filled(n);
        assert!(b.space().is_empty());
        b.consume(10);
        assert_eq!((b.space().len(), b.len()), (10, SIZE - 10));
    }
}
