//! Keys of tables (manual 11.1, "type"): samples as the bytes that are compared, and back. Addresses and numbers take
//! what they need, strings and blocks as much as the table says.

use std::net::{Ipv4Addr, Ipv6Addr};
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

use sample::{Bump, Type, Value, cast};

/// What a table's keys are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyKind {
    Ipv4,
    Ipv6,
    Integer,
    /// Text of at most so many bytes.
    Str(u32),
    /// Blocks of exactly so many bytes, filled up with zeros.
    Bin(u32),
}

/// A key as it is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Key<'a> {
    Small([u8; 16], usize),
    Long(&'a [u8]),
}

impl Key<'_> {
    pub fn bytes(&self) -> &[u8] {
        match self {
            Self::Small(bytes, len) => bytes.get(..*len).unwrap_or_default(),
            Self::Long(bytes) => bytes,
        }
    }

    fn small(bytes: &[u8]) -> Self {
        let mut room = [0; 16];
        for (to, from) in room.iter_mut().zip(bytes) {
            *to = *from;
        }
        Self::Small(room, bytes.len().min(16))
    }
}

impl KeyKind {
    /// The name that `show table` tells.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ipv4 => "ip",
            Self::Ipv6 => "ipv6",
            Self::Integer => "integer",
            Self::Str(_) => "string",
            Self::Bin(_) => "binary",
        }
    }

    /// The type samples are cast to.
    pub const fn takes(self) -> Type {
        match self {
            Self::Ipv4 => Type::Ipv4,
            Self::Ipv6 => Type::Ipv6,
            Self::Integer => Type::Sint,
            Self::Str(_) => Type::Str,
            Self::Bin(_) => Type::Bin,
        }
    }

    /// Words of 32 bits that a key takes in an entry. Strings have their length in front.
    pub const fn words(self) -> u32 {
        match self {
            Self::Ipv4 | Self::Integer => 1,
            Self::Ipv6 => 4,
            Self::Str(len) => 1 + len.div_ceil(4),
            Self::Bin(len) => len.div_ceil(4),
        }
    }

    /// The key a sample stands for; none where it has no meaning as one.
    pub fn key<'a>(self, value: Value<'a>, arena: &'a Bump) -> Option<Key<'a>> {
        let most = |len: u32| usize::try_from(len).unwrap_or(usize::MAX);
        Some(match (self, cast(value, self.takes(), arena)?) {
            (Self::Ipv4, Value::Ipv4(address)) => Key::small(&address.octets()),
            (Self::Ipv6, Value::Ipv6(address)) => Key::small(&address.octets()),
            // As HAProxy does: 32 bits of it.
            (Self::Integer, Value::Sint(n)) => Key::small(&((n & 0xffff_ffff) as u32).to_be_bytes()),
            (Self::Str(len), Value::Str(text)) => Key::Long(text.get(..most(len)).unwrap_or(text)),
            (Self::Bin(len), Value::Bin(bytes)) => match bytes.get(..most(len)) {
                Some(bytes) => Key::Long(bytes),
                None => {
                    let filled = arena.alloc_slice_fill_copy(most(len), 0u8);
                    for (to, from) in filled.iter_mut().zip(bytes) {
                        *to = *from;
                    }
                    Key::Long(filled)
                }
            },
            _ => return None,
        })
    }

    /// The sample a key stands for.
    pub fn value<'a>(self, bytes: &'a [u8]) -> Option<Value<'a>> {
        Some(match self {
            Self::Ipv4 => Value::Ipv4(Ipv4Addr::from(<[u8; 4]>::try_from(bytes).ok()?)),
            Self::Ipv6 => Value::Ipv6(Ipv6Addr::from(<[u8; 16]>::try_from(bytes).ok()?)),
            Self::Integer => Value::Sint(i64::from(u32::from_be_bytes(<[u8; 4]>::try_from(bytes).ok()?))),
            Self::Str(_) => Value::Str(bytes),
            Self::Bin(_) => Value::Bin(bytes),
        })
    }

    /// Writes a key into an entry's words.
    pub fn write(self, key: &Key<'_>, words: &[AtomicU32]) {
        let bytes = key.bytes();
        let (length, words) = self.parts(words);
        if let Some(length) = length {
            length.store(u32::try_from(bytes.len()).unwrap_or(u32::MAX), Relaxed);
        }
        for (word, part) in words.iter().zip(bytes.chunks(4)) {
            word.store(pack(part), Relaxed);
        }
    }

    /// Whether an entry's words are this key.
    pub fn is(self, key: &Key<'_>, words: &[AtomicU32]) -> bool {
        let bytes = key.bytes();
        let (length, words) = self.parts(words);
        let alike = length.is_none_or(|length| usize::try_from(length.load(Relaxed)) == Ok(bytes.len()));
        alike && words.iter().zip(bytes.chunks(4)).all(|(word, part)| word.load(Relaxed) == pack(part))
    }

    /// Appends the bytes of the key in an entry's words.
    pub fn read(self, words: &[AtomicU32], out: &mut Vec<u8>) {
        let (length, words) = self.parts(words);
        let len = match self {
            Self::Ipv4 | Self::Integer => 4,
            Self::Ipv6 => 16,
            Self::Bin(len) => len,
            Self::Str(_) => length.map_or(0, |length| length.load(Relaxed)),
        };
        let end = out.len().saturating_add(usize::try_from(len).unwrap_or(0));
        for word in words {
            if out.len() >= end {
                break;
            }
            out.extend_from_slice(&word.load(Relaxed).to_ne_bytes());
        }
        out.truncate(end);
    }

    /// The word that holds the length, of strings, and those of the bytes.
    fn parts(self, words: &[AtomicU32]) -> (Option<&AtomicU32>, &[AtomicU32]) {
        match (self, words.split_first()) {
            (Self::Str(_), Some((length, words))) => (Some(length), words),
            _ => (None, words),
        }
    }
}

/// Up to four bytes as a word, filled up with zeros.
fn pack(part: &[u8]) -> u32 {
    let mut bytes = [0; 4];
    for (to, from) in bytes.iter_mut().zip(part) {
        *to = *from;
    }
    u32::from_ne_bytes(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn round(kind: KeyKind, value: Value<'_>) -> Option<Vec<u8>> {
        let arena = Bump::new();
        let key = kind.key(value, &arena)?;
        let words: Vec<AtomicU32> = (0..kind.words()).map(|_| AtomicU32::new(0)).collect();
        kind.write(&key, &words);
        assert!(kind.is(&key, &words));
        let mut out = Vec::new();
        kind.read(&words, &mut out);
        assert_eq!(out, key.bytes());
        Some(out)
    }

    #[test]
    fn keys_go_in_and_come_out() {
        assert_eq!(round(KeyKind::Ipv4, Value::Str(b"1.2.3.4")), Some(vec![1, 2, 3, 4]));
        assert_eq!(round(KeyKind::Ipv4, Value::Str(b"x")), None);
        assert_eq!(round(KeyKind::Ipv6, Value::Ipv4(Ipv4Addr::LOCALHOST)).map(|k| k.len()), Some(16));
        assert_eq!(round(KeyKind::Integer, Value::Sint(-1)), Some(vec![255; 4]));
        assert_eq!(
            round(KeyKind::Integer, Value::Str(b"99999999999")),
            Some(1_215_752_191u32.to_be_bytes().into())
        );
        assert_eq!(round(KeyKind::Str(4), Value::Str(b"abcdef")), Some(b"abcd".into()));
        assert_eq!(round(KeyKind::Str(9), Value::Str(b"")), Some(Vec::new()));
        assert_eq!(round(KeyKind::Bin(6), Value::Str(b"abc")), Some(b"abc\0\0\0".into()));
        assert_eq!(round(KeyKind::Bin(3), Value::Bin(b"abcdef")), Some(b"abc".into()));
    }

    #[test]
    fn the_beginning_of_a_key_is_another_key() {
        let arena = Bump::new();
        let kind = KeyKind::Str(8);
        let words: Vec<AtomicU32> = (0..kind.words()).map(|_| AtomicU32::new(0)).collect();
        let key = |text: &'static [u8]| kind.key(Value::Str(text), &arena).unwrap();
        kind.write(&key(b"abcde"), &words);
        assert!(!kind.is(&key(b"abcd"), &words) && !kind.is(&key(b"abcdef"), &words));
    }
}
