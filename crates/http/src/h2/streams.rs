//! The streams of a connection, in the order of their numbers.

/// One stream, from its first frame until its user lets go of it.
#[derive(Debug)]
pub struct Stream<T> {
    pub(super) id: u32,
    /// What may be sent, and what may come.
    pub(super) window: i64,
    pub(super) receives: i64,
    /// What it was granted beyond the initial window.
    pub(super) granted: u32,
    /// Bytes that came and were used up, but for which no more were asked yet.
    pub(super) owed: u32,
    /// Bytes of the body that are to come, where the head says so.
    pub(super) length: Option<u64>,
    /// Whether the final head came.
    pub(super) headed: bool,
    /// Whether the peer's direction is at its end, whether ours is.
    pub(super) remote_ended: bool,
    pub(super) local_ended: bool,
    /// Whether either side has reset it.
    pub(super) reset: bool,
    pub(super) user: Option<T>,
}

impl<T> Stream<T> {
    /// Whether it counts as one of those that may be open at once.
    pub(super) const fn is_open(&self) -> bool {
        !(self.reset || self.remote_ended && self.local_ended)
    }
}

/// All streams of a connection.
#[derive(Debug)]
pub(super) struct Streams<T> {
    list: Vec<Stream<T>>,
}

impl<T> Streams<T> {
    pub(super) const fn new() -> Streams<T> {
        Streams { list: Vec::new() }
    }

    fn find(&self, id: u32) -> Result<usize, usize> {
        // What was opened last is asked for most.
        match self.list.last() {
            Some(last) if last.id == id => Ok(self.list.len() - 1),
            _ => self.list.binary_search_by_key(&id, |stream| stream.id),
        }
    }

    pub(super) fn get(&self, id: u32) -> Option<&Stream<T>> {
        self.list.get(self.find(id).ok()?)
    }

    pub(super) fn get_mut(&mut self, id: u32) -> Option<&mut Stream<T>> {
        let at = self.find(id).ok()?;
        self.list.get_mut(at)
    }

    /// Adds a stream, whose number must be the highest.
    pub(super) fn add(&mut self, stream: Stream<T>) {
        self.list.push(stream);
    }

    pub(super) fn remove(&mut self, id: u32) -> Option<Stream<T>> {
        self.find(id).ok().map(|at| self.list.remove(at))
    }

    pub(super) fn len(&self) -> usize {
        self.list.len()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Stream<T>> {
        self.list.iter()
    }

    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = &mut Stream<T>> {
        self.list.iter_mut()
    }
}
