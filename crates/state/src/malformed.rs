//! Messages that could not be understood, the last of each proxy and direction, for `show errors` (management manual 9.3).

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use crate::endpoint::Endpoint;

/// How much of a message is kept.
pub const KEPT_MAX: usize = 16 * 1024;

/// A proxy or a server as a message names it: its name and number.
pub type Named = (Box<str>, u32);

/// A malformed message.
#[derive(Clone, Debug)]
pub struct Malformed {
    /// Counted from 0 in the process.
    pub number: u64,
    pub wall_us: u64,
    pub is_response: bool,
    pub frontend: Named,
    pub backend: Option<Named>,
    pub server: Option<Named>,
    pub source: Endpoint,
    /// Where in `bytes` it goes wrong; the name and the number of what was read there (manual of the dump).
    pub position: usize,
    pub state: (&'static str, u8),
    /// As much of it as had come, and how many more bytes the buffer could have held.
    pub bytes: Box<[u8]>,
    pub room: usize,
    /// How much of its body had come before.
    pub body: u64,
}

/// Those of the process.
#[derive(Debug, Default)]
pub struct Gallery(Mutex<Kept>);

#[derive(Debug, Default)]
struct Kept {
    count: u64,
    /// By the number of the proxy; a response after a request.
    last: BTreeMap<(u32, bool), Arc<Malformed>>,
}

impl Gallery {
    /// Keeps a message of this proxy in place of the one before.
    pub fn keep(&self, proxy: u32, mut message: Malformed) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        message.number = kept.count;
        kept.count += 1;
        kept.last.insert((proxy, message.is_response), Arc::new(message));
    }

    /// How many there were, and those kept with the number of their proxy, in the order of the numbers.
    pub fn all(&self) -> (u64, Vec<(u32, Arc<Malformed>)>) {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        (kept.count, kept.last.iter().map(|((proxy, _), message)| (*proxy, Arc::clone(message))).collect())
    }
}
