//! Which entry a key belongs to, by hash. The first entry of a key stands in the table, others of the same key beside
//! it: they matter once the first one is gone.

use hashbrown::{HashMap, HashTable};

type State = foldhash::fast::FixedState;

#[derive(Clone, Copy, Debug)]
struct Slot<K> {
    key: K,
    at: u32,
}

/// Keys and the positions of their entries.
#[derive(Debug)]
pub(super) struct Distinct<K> {
    first: HashTable<Slot<K>>,
    more: HashMap<u32, Vec<u32>, State>,
}

/// What a key hashes to.
pub(super) trait Hashed: Copy + Eq {
    fn hashed(self) -> u64;
}

/// Spreads a number over 64 bits, so that both ends of the result depend on all of it.
fn spread(n: u64) -> u64 {
    let n = (n ^ (n >> 32)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    n ^ (n >> 29)
}

/// A part of the hash of a text, or an IPv4 network.
impl Hashed for u32 {
    fn hashed(self) -> u64 {
        spread(u64::from(self))
    }
}

impl Hashed for i64 {
    fn hashed(self) -> u64 {
        spread(self as u64)
    }
}

/// An IPv6 network.
impl Hashed for [u8; 16] {
    fn hashed(self) -> u64 {
        let n = u128::from_ne_bytes(self);
        spread((n as u64).wrapping_add(spread((n >> 64) as u64)))
    }
}

impl<K: Hashed> Distinct<K> {
    pub(super) fn with_capacity(entries: usize) -> Self {
        Self { first: HashTable::with_capacity(entries), more: HashMap::default() }
    }

    /// Adds an entry; `same` says whether an earlier one with an equal `key` is really of the same text.
    pub(super) fn insert(&mut self, key: K, at: u32, same: impl Fn(u32) -> bool) {
        let hash = key.hashed();
        match self.first.find(hash, |slot| slot.key == key && same(slot.at)) {
            Some(slot) => self.more.entry(slot.at).or_default().push(at),
            None => {
                self.first.insert_unique(hash, Slot { key, at }, |slot| slot.key.hashed());
            }
        }
    }

    /// The first entry of this key that is alive.
    #[inline]
    pub(super) fn find(
        &self,
        key: K,
        same: impl Fn(u32) -> bool,
        alive: impl Fn(u32) -> bool,
    ) -> Option<u32> {
        let slot = self.first.find(key.hashed(), |slot| slot.key == key && same(slot.at))?;
        if alive(slot.at) {
            return Some(slot.at);
        }
        self.more.get(&slot.at)?.iter().copied().find(|at| alive(*at))
    }

    pub(super) fn is_empty(&self) -> bool {
        self.first.is_empty()
    }

    /// Calls `visit` with each entry of this key.
    pub(super) fn each(&self, key: K, same: impl Fn(u32) -> bool, visit: &mut dyn FnMut(u32)) {
        if let Some(slot) = self.first.find(key.hashed(), |slot| slot.key == key && same(slot.at)) {
            visit(slot.at);
            self.more.get(&slot.at).into_iter().flatten().for_each(|at| visit(*at));
        }
    }
}
