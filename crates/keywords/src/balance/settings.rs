//! `hash-type`, `hash-balance-factor`, `hash-preserve-affinity` (manual 4.2): how keys become numbers and numbers find
//! servers. Their lines' words stand behind those of the algorithm, the directive's name first. Holds no keyword itself.

use sample::Type;
use state::family::Words;

use crate::bytes::{avalanche, crc32, djb2, sdbm};

/// What those lines say.
#[derive(Clone, Copy, Debug)]
pub(super) struct Settings {
    /// None: the key is a number in digits.
    function: Option<fn(&[u8]) -> u32>,
    avalanche: bool,
    /// A ring instead of a map.
    pub(super) consistent: bool,
    /// The most of the average load a server may have, in percent; 0: no limit.
    pub(super) factor: u32,
    pub(super) affinity: Affinity,
}

/// `hash-preserve-affinity`: which servers lose their keys to others.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Affinity {
    /// None does.
    #[default]
    Always,
    /// Those that have no free place.
    Maxconn,
    /// Those whose queue is full.
    Maxqueue,
}

const DIRECTIVES: &[&str] = &["hash-type", "hash-balance-factor", "hash-preserve-affinity"];

/// Whether the words of one of those lines begin with this one.
pub(super) fn begins(word: &str) -> bool {
    DIRECTIVES.contains(&word)
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            function: Some(sdbm),
            avalanche: false,
            consistent: false,
            factor: 0,
            affinity: Affinity::Always,
        }
    }
}

impl Settings {
    /// Reads all words that are left.
    pub(super) fn read(words: &mut Words<'_>) -> Result<Self, String> {
        let mut settings = Self::default();
        while let Some(word) = words.next() {
            match word {
                "hash-type" => settings.hash_type(words)?,
                "hash-balance-factor" => {
                    settings.factor = words.next().and_then(|w| w.parse().ok()).unwrap_or(0);
                }
                "hash-preserve-affinity" => {
                    settings.affinity = match words.next() {
                        Some("maxconn") => Affinity::Maxconn,
                        Some("maxqueue") => Affinity::Maxqueue,
                        _ => Affinity::Always,
                    };
                }
                // Algorithms without arguments don't mind some.
                _ => {}
            }
        }
        Ok(settings)
    }

    fn hash_type(&mut self, words: &mut Words<'_>) -> Result<(), String> {
        self.consistent = words.next() == Some("consistent");
        let Some(name) = words.peek().filter(|w| !begins(w)) else {
            // What a ring needs to be even.
            self.avalanche = self.consistent;
            return Ok(());
        };
        words.advance(1);
        self.function = match name {
            "sdbm" => Some(sdbm),
            "djb2" => Some(djb2),
            "crc32" => Some(crc32),
            "none" => None,
            other => return Err(format!("'hash-type' with '{other}' is not supported yet")),
        };
        self.avalanche = words.accept("avalanche");
        while words.peek().is_some_and(|w| !begins(w)) {
            words.advance(1);
        }
        Ok(())
    }

    /// The number of a key.
    pub(super) fn hash(&self, key: &[u8]) -> u32 {
        self.spread(self.function.map_or_else(|| number(key), |function| function(key)))
    }

    /// The number that a key is already.
    pub(super) fn spread(&self, hash: u32) -> u32 {
        if self.avalanche { avalanche(hash) } else { hash }
    }

    /// What a sample is made before it is hashed.
    pub(super) fn sample_type(&self) -> Type {
        if self.function.is_some() { Type::Bin } else { Type::Str }
    }
}

/// The digits at the front as a number, of which the lower half counts; larger ones than 64 bits hold are the largest.
fn number(key: &[u8]) -> u32 {
    let blanks = key.iter().position(|b| !matches!(b, b' ' | b'\t'..=b'\r')).unwrap_or(key.len());
    let key = key.get(blanks..).unwrap_or_default();
    let (negative, digits) = match key.split_first() {
        Some((b'-', rest)) => (true, rest),
        Some((b'+', rest)) => (false, rest),
        _ => (false, key),
    };
    let mut number: i64 = 0;
    for digit in digits.iter().take_while(|b| b.is_ascii_digit()) {
        let digit = i64::from(digit - b'0');
        number = number.saturating_mul(10);
        number = if negative { number.saturating_sub(digit) } else { number.saturating_add(digit) };
    }
    (number & 0xffff_ffff) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_are_read_as_far_as_they_go() {
        let numbers = [("7", 7), (" 12a", 12), ("-1", u32::MAX), ("4294967297", 1), ("", 0), ("x", 0)];
        for (text, expected) in numbers {
            assert_eq!(number(text.as_bytes()), expected, "{text}");
        }
        assert_eq!(number(b"99999999999999999999"), u32::MAX);
    }

    #[test]
    fn a_ring_without_a_function_spreads_its_keys() {
        let read = |words: &[&str]| Settings::read(&mut Words::new(words)).unwrap();
        assert_eq!(read(&["hash-type", "consistent"]).hash(b"abc"), avalanche(sdbm(b"abc")));
        assert_eq!(read(&["hash-type", "consistent", "sdbm"]).hash(b"abc"), sdbm(b"abc"));
        let all = ["hash-type", "map-based", "djb2", "avalanche", "hash-balance-factor", "150"];
        assert_eq!((read(&all).hash(b"abc"), read(&all).factor), (avalanche(djb2(b"abc")), 150));
    }
}
