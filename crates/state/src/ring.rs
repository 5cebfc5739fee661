//! Rings: messages kept in memory, the newest in place of the oldest, and sent on to servers (manual 12.5). Knows what is
//! stored and how far each reader has come; connecting to servers is `engine`'s business.

use std::fmt;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::log::Header;
use crate::tls::ServerTls;

/// A `ring` section, or the ring behind a `log` line with a stream address.
#[derive(Clone, Debug)]
pub struct Ring {
    /// Empty where no section gave it a name.
    pub name: Box<str>,
    pub description: Box<str>,
    pub header: Header,
    /// Longest message in bytes, header included.
    pub max_len: usize,
    pub servers: Vec<RingServer>,
    /// `timeout connect` and `timeout server`, milliseconds.
    pub connect_ms: Option<u32>,
    pub server_ms: Option<u32>,
    pub store: Arc<Store>,
}

impl Ring {
    /// Whether another ring of this name keeps the same messages for the same servers.
    pub fn is_like(&self, other: &Self) -> bool {
        self.name == other.name && self.servers == other.servers && self.store.size() == other.store.size()
    }
}

/// Where a ring's messages go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RingServer {
    pub name: Box<str>,
    pub address: RingAddress,
    /// `log-proto octet-count`: each message after its length (RFC 6587 section 3.4.1); else a line feed ends it.
    pub octet_count: bool,
    /// `ssl`.
    pub tls: Option<Arc<ServerTls>>,
}

/// The address of a ring's server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RingAddress {
    Inet(SocketAddr),
    /// A path, or an abstract name that begins with NUL.
    Unix(Box<str>),
}

/// The bytes of a length in front of each stored message.
const PREFIX: usize = 4;

/// A ring's messages.
pub struct Store {
    inner: Mutex<Inner>,
    dropped: AtomicU64,
    closed: AtomicBool,
}

struct Inner {
    data: Box<[u8]>,
    /// Positions since the beginning of time, of the oldest byte kept and behind the newest.
    start: u64,
    end: u64,
    readers: Vec<Reader>,
}

struct Reader {
    at: u64,
    wake: Option<Box<dyn Fn() + Send>>,
}

impl Store {
    /// A store of so many bytes, for so many readers.
    pub fn new(size: usize, readers: usize) -> Self {
        let inner = Inner {
            data: vec![0; size.max(1024)].into(),
            start: 0,
            end: 0,
            readers: (0..readers).map(|_| Reader { at: 0, wake: None }).collect(),
        };
        Self { inner: Mutex::new(inner), dropped: AtomicU64::new(0), closed: AtomicBool::new(false) }
    }

    /// Nothing more is added: readers end when they have had everything.
    pub fn close(&self) {
        self.closed.store(true, Relaxed);
        self.lock().readers.iter().filter_map(|reader| reader.wake.as_ref()).for_each(|wake| wake());
    }

    pub fn is_closed(&self) -> bool {
        self.closed.load(Relaxed)
    }

    /// How many bytes it has room for.
    pub fn size(&self) -> usize {
        self.lock().data.len()
    }

    /// Adds messages. The oldest make room, as far as every reader has had them; a message for which there is no room is
    /// dropped and counted.
    pub fn append<'l>(&self, messages: impl Iterator<Item = &'l [u8]>) {
        let mut inner = self.lock();
        for message in messages {
            if !inner.append(message) {
                self.dropped.fetch_add(1, Relaxed);
            }
        }
        inner.readers.iter().filter_map(|reader| reader.wake.as_ref()).for_each(|wake| wake());
    }

    /// Sets what tells a reader that there is something new.
    pub fn wake_by(&self, reader: usize, wake: Box<dyn Fn() + Send>) {
        if let Some(reader) = self.lock().readers.get_mut(reader) {
            reader.wake = Some(wake);
        }
    }

    /// Gives a reader the next message, appended to `out`; none if it has had all.
    pub fn next(&self, reader: usize, out: &mut Vec<u8>) -> Option<usize> {
        self.lock().next(reader, out)
    }

    /// Appends the message at this position or, if that is gone, the oldest one, and gives the position behind it; none if
    /// there is nothing new. Positions count all bytes that were ever kept.
    pub fn read(&self, at: u64, out: &mut Vec<u8>) -> Option<u64> {
        let inner = self.lock();
        let at = at.max(inner.start);
        (at < inner.end).then(|| inner.message(at, out))
    }

    /// The position behind the newest message.
    pub fn end(&self) -> u64 {
        self.lock().end
    }

    /// Messages that could not be stored so far.
    pub fn dropped(&self) -> u64 {
        self.dropped.load(Relaxed)
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    fn append(&mut self, message: &[u8]) -> bool {
        let needed = (PREFIX + message.len()) as u64;
        let size = self.data.len() as u64;
        if needed > size {
            return false;
        }
        while self.end - self.start + needed > size {
            if self.readers.iter().any(|reader| reader.at <= self.start) {
                return false;
            }
            self.start += (PREFIX + self.length(self.start)) as u64;
        }
        let length = u32::try_from(message.len()).unwrap_or(0).to_le_bytes();
        self.write(&length);
        self.write(message);
        true
    }

    fn next(&mut self, reader: usize, out: &mut Vec<u8>) -> Option<usize> {
        let at = self.readers.get(reader)?.at.max(self.start);
        if at >= self.end {
            return None;
        }
        let length = self.length(at);
        let behind = self.message(at, out);
        if let Some(reader) = self.readers.get_mut(reader) {
            reader.at = behind;
        }
        Some(length)
    }

    /// Appends the message at this position; gives the one behind it.
    fn message(&self, at: u64, out: &mut Vec<u8>) -> u64 {
        let length = self.length(at);
        let from = at + PREFIX as u64;
        let (first, second) = self.pieces(from, length);
        out.extend_from_slice(first);
        out.extend_from_slice(second);
        from + length as u64
    }

    fn write(&mut self, bytes: &[u8]) {
        let at = self.offset(self.end);
        let (first, second) = bytes.split_at(bytes.len().min(self.data.len() - at));
        for (room, byte) in self.data.iter_mut().skip(at).zip(first) {
            *room = *byte;
        }
        for (room, byte) in self.data.iter_mut().zip(second) {
            *room = *byte;
        }
        self.end += bytes.len() as u64;
    }

    /// The length of the message whose prefix begins there.
    fn length(&self, at: u64) -> usize {
        let (first, second) = self.pieces(at, PREFIX);
        let bytes = first.iter().chain(second).rev();
        bytes.fold(0, |number, byte| number << 8 | usize::from(*byte))
    }

    /// So many bytes from a position on, which the end of the memory may part.
    fn pieces(&self, at: u64, length: usize) -> (&[u8], &[u8]) {
        let at = self.offset(at);
        let end = (at + length).min(self.data.len());
        let first = self.data.get(at..end).unwrap_or_default();
        (first, self.data.get(..length - first.len()).unwrap_or_default())
    }

    fn offset(&self, position: u64) -> usize {
        usize::try_from(position % self.data.len() as u64).unwrap_or(0)
    }
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Store({} bytes)", self.lock().data.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn take(store: &Store, reader: usize) -> Vec<String> {
        let mut all = Vec::new();
        let mut out = Vec::new();
        while store.next(reader, &mut out).is_some() {
            all.push(String::from_utf8(std::mem::take(&mut out)).unwrap());
        }
        all
    }

    fn put(store: &Store, messages: &[String]) {
        store.append(messages.iter().map(String::as_bytes));
    }

    #[test]
    fn every_reader_gets_every_message_once() {
        let store = Store::new(1024, 2);
        put(&store, &["a".to_owned(), String::new(), "ccc".to_owned()]);
        assert_eq!(take(&store, 0), ["a", "", "ccc"]);
        put(&store, &["d".to_owned()]);
        assert_eq!(take(&store, 0), ["d"]);
        assert_eq!(take(&store, 1), ["a", "", "ccc", "d"]);
        assert!(take(&store, 0).is_empty() && take(&store, 7).is_empty());
    }

    #[test]
    fn what_was_not_read_is_kept_and_the_new_dropped() {
        let store = Store::new(1024, 1);
        let message = "x".repeat(100);
        put(&store, &vec![message.clone(); 12]);
        assert_eq!((take(&store, 0).len(), store.dropped()), (9, 3));
        put(&store, &vec![message.clone(); 2]);
        assert_eq!((take(&store, 0).len(), store.dropped()), (2, 3));
        put(&store, &["y".repeat(2000)]);
        assert_eq!(store.dropped(), 4);
    }

    #[test]
    fn without_readers_the_newest_stay_and_ends_are_parted() {
        let store = Store::new(1024, 0);
        let messages: Vec<String> = (0..500).map(|i| format!("message {i}")).collect();
        put(&store, &messages);
        assert_eq!(store.dropped(), 0);
        let reading = Store::new(1024, 1);
        for part in messages.chunks(7) {
            put(&reading, part);
            assert_eq!(take(&reading, 0), part);
        }
    }
}
