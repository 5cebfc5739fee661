//! The filters at work on one body, in their order: each is given what the one before it lets through. Knows no sockets
//! and no framing; a filter may hold something back, then nothing more is taken until its time has come.

use std::cell::RefCell;

use state::filter::{Part, Passed, Sums, Work};

/// Capacity of scratch memory that a thread keeps.
const SCRATCH_MAX: usize = 256 * 1024;

thread_local! {
    /// What one filter gives and the next one takes.
    static SCRATCH: RefCell<[Vec<u8>; 2]> = const { RefCell::new([Vec::new(), Vec::new()]) };
}

/// A filter raised an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Failed;

/// The filters at work on one body.
#[derive(Debug, Default)]
pub struct Chain {
    links: Vec<Link>,
}

#[derive(Debug)]
struct Link {
    work: Box<dyn Work>,
    /// Whether its input is complete; whether its output is.
    fed: bool,
    done: bool,
}

impl Chain {
    pub fn push(&mut self, work: Box<dyn Work>) {
        self.links.push(Link { work, fed: false, done: false });
    }

    pub fn is_empty(&self) -> bool {
        self.links.is_empty()
    }

    /// Whether any of them may change or hold back what passes.
    pub fn alters(&self) -> bool {
        self.links.iter().any(|link| link.work.alters())
    }

    /// Shows all of them what passes by.
    pub fn show(&mut self, bytes: &[u8], last: bool) {
        let part = Part { bytes, last, now_ns: net::now().as_nanos() };
        SCRATCH.with_borrow_mut(|[_, out]| {
            for link in &mut self.links {
                let _ = link.work.pass(part, out);
                out.clear();
            }
        });
    }

    /// Sends a piece through all of them; `take` gets what comes out. True once nothing more will come.
    pub fn run(&mut self, bytes: &[u8], last: bool, take: impl FnOnce(&[u8])) -> Result<bool, Failed> {
        let now_ns = net::now().as_nanos();
        SCRATCH.with_borrow_mut(|[held, out]| {
            let (mut own, mut ended) = (true, last);
            for link in self.links.iter_mut().filter(|link| !link.done) {
                link.fed |= ended;
                out.clear();
                let part = Part { bytes: if own { bytes } else { held }, last: link.fed, now_ns };
                match link.work.pass(part, out) {
                    Passed::Other if link.work.alters() => {
                        std::mem::swap(held, out);
                        own = false;
                    }
                    Passed::Same | Passed::Other => {}
                    Passed::Broken => return Err(Failed),
                }
                link.done = link.fed && link.work.holds_until().is_none();
                ended = link.done;
            }
            take(if own { bytes } else { held });
            for scratch in [held, out] {
                scratch.clear();
                scratch.shrink_to(SCRATCH_MAX);
            }
            Ok(ended)
        })
    }

    /// Until when one of them holds something back: monotonic nanoseconds.
    pub fn holds_until(&self) -> Option<u64> {
        self.links.iter().filter_map(|link| link.work.holds_until()).min()
    }

    /// What they did so far.
    pub fn sums(&self) -> Sums {
        self.links.iter().map(|link| link.work.sums()).fold(Sums::default(), |a, b| Sums {
            taken: a.taken + b.taken,
            made: a.made + b.made,
            bypassed: a.bypassed + b.bypassed,
        })
    }
}
