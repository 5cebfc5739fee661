//! What happened, as one number: every call and event of a run goes into a hash, so that two runs can be compared to
//! the byte. With a listener, each is also written as a line. Knows nothing of what the words mean.

use std::fmt::Arguments;

/// The record of a run.
#[derive(Debug, Default)]
pub struct Trace {
    hash: u64,
    /// How many things were noted.
    pub noted: u64,
    /// Whether lines are written to standard error.
    pub loud: bool,
}

impl Trace {
    /// Notes that `what` happened at `now`, with two numbers that say how.
    pub fn note(&mut self, now: u64, what: &'static str, a: u64, b: u64) {
        self.noted += 1;
        let kind = what.bytes().fold(0u64, |h, c| h.wrapping_mul(31).wrapping_add(u64::from(c)));
        for word in [now, kind, a, b] {
            self.hash = (self.hash ^ word).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(29);
        }
        if self.loud {
            eprintln!("{:>12.6} {what:<10} {a:>6} {b}", now as f64 / 1e9);
        }
    }

    /// Notes bytes that went somewhere.
    pub fn bytes(&mut self, bytes: &[u8]) {
        for chunk in bytes.chunks(8) {
            let word = chunk.iter().fold(0u64, |w, b| w << 8 | u64::from(*b));
            self.hash = (self.hash ^ word).wrapping_mul(0xff51_afd7_ed55_8ccd).rotate_left(31);
        }
        if self.loud && !bytes.is_empty() {
            let shown = bytes.get(..96.min(bytes.len())).unwrap_or_default();
            eprintln!("{:>24} {} bytes: {}", "", bytes.len(), shown.escape_ascii());
        }
    }

    /// Says something that is no part of the record.
    pub fn say(&self, now: u64, words: Arguments<'_>) {
        if self.loud {
            eprintln!("{:>12.6} {words}", now as f64 / 1e9);
        }
    }

    /// The record so far.
    pub fn hash(&self) -> u64 {
        self.hash ^ self.noted
    }
}
