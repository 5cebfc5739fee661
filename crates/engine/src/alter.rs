//! A body on its way through filters: those that only look on are shown what passes by; where one may change it, the
//! content is taken out of its framing, sent through all of them, framed anew and staged for the socket. Knows no sockets.

use std::cell::RefCell;
use std::io::Write;

use net::Time;
use state::filter::Sums;

use crate::chain::{Chain, Failed};

/// Memory of staged bytes that a thread keeps, and how much of it at a time.
const KEEP: usize = 32;
const KEEP_MAX: usize = 256 * 1024;

thread_local! {
    static UNUSED: RefCell<Vec<Vec<u8>>> = const { RefCell::new(Vec::new()) };
    /// Room for content that was read at once; nobody's while it is here.
    static ROOM: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// A body's filters, and what they gave that hasn't gone out yet.
#[derive(Debug)]
pub struct Alter {
    chain: Chain,
    /// Whether they may change the body.
    alters: bool,
    /// Whether it goes on in chunks.
    chunked: bool,
    /// Content out of its framing, until it is sent on.
    gathered: Vec<u8>,
    /// What goes out, and how much of it has.
    staged: Vec<u8>,
    sent: usize,
    /// Whether all of the body is staged.
    finished: bool,
}

impl Alter {
    /// `chunked`: how the body goes on.
    pub fn new(chain: Chain, chunked: bool) -> Self {
        let alters = chain.alters();
        Self::with(chain, chunked, alters)
    }

    /// As [`Alter::new`], for a body that nobody frames otherwise.
    pub fn framing(chain: Chain, chunked: bool) -> Self {
        Self::with(chain, chunked, true)
    }

    fn with(chain: Chain, chunked: bool, alters: bool) -> Self {
        let staged = if alters { UNUSED.with_borrow_mut(Vec::pop) } else { None };
        let staged = staged.unwrap_or_default();
        Self { chain, alters, chunked, gathered: Vec::new(), staged, sent: 0, finished: false }
    }

    pub const fn alters(&self) -> bool {
        self.alters
    }

    /// Takes content that is to be altered; [`Alter::run`] sends it on.
    pub fn gather(&mut self, bytes: &[u8]) {
        if self.gathered.capacity() == 0 {
            self.gathered = ROOM.take();
        }
        self.gathered.extend_from_slice(bytes);
    }

    /// Shows content to filters that only look on.
    pub fn show(&mut self, bytes: &[u8]) {
        self.chain.show(bytes, false);
    }

    /// Tells filters that only look on that the body is complete.
    pub fn show_end(&mut self) {
        if !std::mem::replace(&mut self.finished, true) {
            self.chain.show(&[], true);
        }
    }

    /// Sends on what was gathered. `last`: the body is complete; `trailers`: they follow, and end it.
    pub fn run(&mut self, last: bool, trailers: bool) -> Result<(), Failed> {
        if self.finished {
            return Ok(());
        }
        if self.gathered.is_empty() && !last && self.held_until().is_none() {
            return Ok(());
        }
        let mut gathered = std::mem::take(&mut self.gathered);
        let (staged, chunked) = (&mut self.staged, self.chunked);
        let ended = self.chain.run(&gathered, last, |bytes| stage(bytes, chunked, staged));
        gathered.clear();
        gathered.shrink_to(KEEP_MAX);
        ROOM.set(gathered);
        self.finished = ended?;
        if self.finished && chunked {
            self.staged.extend_from_slice(if trailers { b"0\r\n" } else { b"0\r\n\r\n" });
        }
        Ok(())
    }

    /// What is to go out.
    pub fn due(&self) -> &[u8] {
        self.staged.get(self.sent..).unwrap_or_default()
    }

    /// `n` bytes of it went out.
    pub fn consume(&mut self, n: usize) {
        self.sent += n;
        if self.sent >= self.staged.len() {
            self.staged.clear();
            self.sent = 0;
        }
    }

    /// Whether nothing more of the body will come out of the filters.
    pub const fn is_finished(&self) -> bool {
        !self.alters || self.finished
    }

    /// Until when a filter holds something back.
    pub fn held_until(&self) -> Option<Time> {
        self.chain.holds_until().map(Time::from_nanos)
    }

    pub fn sums(&self) -> Sums {
        self.chain.sums()
    }
}

impl Drop for Alter {
    fn drop(&mut self) {
        let mut staged = std::mem::take(&mut self.staged);
        if staged.capacity() == 0 || staged.capacity() > KEEP_MAX {
            return;
        }
        staged.clear();
        // It is gone only while the thread ends.
        let _ = UNUSED.try_with(|unused| {
            let mut unused = unused.borrow_mut();
            if unused.len() < KEEP {
                unused.push(staged);
            }
        });
    }
}

/// Appends content, as a chunk or as it is.
fn stage(bytes: &[u8], chunked: bool, staged: &mut Vec<u8>) {
    if bytes.is_empty() {
        return;
    }
    if chunked {
        // Writing into memory can't fail.
        let _ = write!(staged, "{:X}\r\n", bytes.len());
    }
    staged.extend_from_slice(bytes);
    if chunked {
        staged.extend_from_slice(b"\r\n");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use state::filter::{Part, Passed, Work};

    /// Doubles each byte; with `hold` it lets nothing go until it is told the time.
    #[derive(Debug, Default)]
    struct Double {
        hold: bool,
        held: Vec<u8>,
    }

    impl Work for Double {
        fn alters(&self) -> bool {
            true
        }

        fn pass(&mut self, part: Part<'_>, out: &mut Vec<u8>) -> Passed {
            let doubled = part.bytes.iter().flat_map(|byte| [*byte; 2]);
            if self.hold && !part.bytes.is_empty() {
                self.held.extend(doubled);
            } else {
                out.append(&mut self.held);
                out.extend(doubled);
            }
            Passed::Other
        }

        fn holds_until(&self) -> Option<u64> {
            (!self.held.is_empty()).then_some(7)
        }
    }

    fn chain(holds: &[bool]) -> Chain {
        let mut chain = Chain::default();
        holds.iter().for_each(|hold| chain.push(Box::new(Double { hold: *hold, held: Vec::new() })));
        chain
    }

    #[test]
    fn content_goes_through_all_filters_and_is_framed_anew() {
        let mut alter = Alter::new(chain(&[false, false]), true);
        alter.gather(b"a");
        alter.gather(b"b");
        alter.run(false, false).unwrap();
        alter.run(false, false).unwrap();
        alter.run(true, false).unwrap();
        alter.run(true, false).unwrap();
        assert_eq!(alter.due(), b"8\r\naaaabbbb\r\n0\r\n\r\n");
        alter.consume(3);
        assert!(alter.is_finished() && alter.due().starts_with(b"aaaa"));
    }

    #[test]
    fn what_is_held_comes_before_the_end() {
        let mut alter = Alter::new(chain(&[true, false]), true);
        alter.gather(b"a");
        alter.run(true, true).unwrap();
        assert_eq!((alter.due(), alter.is_finished()), (&b""[..], false));
        assert_eq!(alter.held_until(), Some(Time::from_nanos(7)));
        alter.run(true, true).unwrap();
        assert_eq!((alter.due(), alter.is_finished()), (&b"4\r\naaaa\r\n0\r\n"[..], true));
    }
}
