//! One shard of a table: its entries by key, those that are free, and in which order they are to go. Everything here
//! happens under the shard's lock; what an entry counts does not.
//!
//! Entries that are used again don't move in that order: each stands in it once, with the time it was put there, and is
//! put further back when its turn comes and it has been used since. So nothing is ever scanned to find what is old.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::atomic::Ordering::{Acquire, Relaxed, Release};
use std::sync::{Mutex, MutexGuard, PoisonError};

use hashbrown::HashTable;

use super::key::{Key, KeyKind};
use super::slots::{Slot, Slots};

/// What `touched` is of an entry that is free.
pub(super) const FREE: u64 = u64::MAX;

/// One of those who look at an entry, and one of those who track it.
pub(super) const LOOK: u64 = 1 << 32;
pub(super) const TRACK: u64 = LOOK + 1;

#[derive(Debug)]
pub(super) struct Shard {
    pub(super) slots: Slots,
    inner: Mutex<Inner>,
}

/// What the lock guards.
#[derive(Debug, Default)]
pub(super) struct Inner {
    index: HashTable<u32>,
    order: BinaryHeap<Reverse<Turn>>,
    free: Vec<u32>,
    /// Entries from here on were never used.
    fresh: u32,
}

/// An entry's place in the order: when it was used last, as far as was known, in two halves to keep it small.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Turn {
    high: u32,
    low: u32,
    at: u32,
}

impl Turn {
    const fn new(touched: u64, at: u32) -> Self {
        Self { high: (touched >> 32) as u32, low: (touched & 0xffff_ffff) as u32, at }
    }

    const fn touched(self) -> u64 {
        (self.high as u64) << 32 | self.low as u64
    }
}

/// How a table's keys are found.
#[derive(Clone, Copy)]
pub(super) struct Finder<'t> {
    pub(super) kind: KeyKind,
    pub(super) hash: &'t dyn Fn(&[u8]) -> u64,
}

impl Shard {
    pub(super) fn new(words: u32) -> Self {
        Self { slots: Slots::new(words), inner: Mutex::default() }
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn try_lock(&self) -> Option<MutexGuard<'_, Inner>> {
        self.inner.try_lock().ok()
    }

    /// The words of an entry that hold its key, and those of its data.
    fn parts(&self, kind: KeyKind, at: u32) -> Option<(Slot<'_>, usize)> {
        Some((self.slots.get(at)?, usize::try_from(kind.words()).ok()?))
    }

    /// The position of a key.
    pub(super) fn find(&self, inner: &Inner, finder: Finder<'_>, hash: u64, key: &Key<'_>) -> Option<u32> {
        let is = |at: &u32| {
            self.parts(finder.kind, *at)
                .is_some_and(|(slot, words)| finder.kind.is(key, slot.cells.get(..words).unwrap_or_default()))
        };
        inner.index.find(hash, is).copied()
    }

    /// Makes an entry for a key, if there is room for it among so many.
    pub(super) fn insert(
        &self,
        inner: &mut Inner,
        finder: Finder<'_>,
        (hash, room): (u64, u32),
        (key, now): (&Key<'_>, u64),
    ) -> Option<u32> {
        let at = match inner.free.pop() {
            Some(at) => at,
            None if inner.fresh < room => {
                inner.fresh += 1;
                inner.fresh - 1
            }
            None => return None,
        };
        let (slot, words) = self.parts(finder.kind, at)?;
        slot.cells.iter().for_each(|cell| cell.store(0, Relaxed));
        finder.kind.write(key, slot.cells.get(..words).unwrap_or_default());
        slot.touched.store(now, Relaxed);
        inner.index.insert_unique(hash, at, |at| self.hash_of(finder, *at));
        inner.order.push(Reverse(Turn::new(now, at)));
        Some(at)
    }

    /// Forgets what an entry holds.
    pub(super) fn renew(&self, kind: KeyKind, at: u32, now: u64) {
        let Some((slot, words)) = self.parts(kind, at) else { return };
        slot.cells.iter().skip(words).for_each(|cell| cell.store(0, Relaxed));
        slot.touched.store(now, Relaxed);
    }

    fn hash_of(&self, finder: Finder<'_>, at: u32) -> u64 {
        let mut bytes = Vec::with_capacity(64);
        if let Some((slot, words)) = self.parts(finder.kind, at) {
            finder.kind.read(slot.cells.get(..words).unwrap_or_default(), &mut bytes);
        }
        (finder.hash)(&bytes)
    }

    /// Removes the entry that went unused the longest, if that is no later than `until`; entries that are held stay.
    /// Whether there was one.
    pub(super) fn remove_oldest(&self, inner: &mut Inner, finder: Finder<'_>, until: u64, now: u64) -> bool {
        // Each entry is put back once at most, unless all are held.
        for _ in 0..=inner.order.len().saturating_mul(2) {
            let Some(Reverse(turn)) = inner.order.peek().copied() else { return false };
            if turn.touched() > until {
                return false;
            }
            inner.order.pop();
            let Some(slot) = self.slots.get(turn.at) else { continue };
            let touched = slot.touched.load(Relaxed);
            let held = slot.holds.load(Acquire) != 0;
            if held || touched > turn.touched() {
                // What is held will be used again at the latest when it is let go.
                let later = if held { now.max(touched) } else { touched };
                inner.order.push(Reverse(Turn::new(later, turn.at)));
                continue;
            }
            self.forget(inner, finder, turn.at);
            return true;
        }
        false
    }

    /// Removes an entry wherever it stands; whether nothing held it.
    pub(super) fn remove(&self, inner: &mut Inner, finder: Finder<'_>, at: u32) -> bool {
        let Some(slot) = self.slots.get(at) else { return false };
        if slot.touched.load(Relaxed) == FREE || slot.holds.load(Acquire) != 0 {
            return false;
        }
        inner.order.retain(|Reverse(turn)| turn.at != at);
        self.forget(inner, finder, at);
        true
    }

    /// Takes an entry out of the index; it is free then.
    fn forget(&self, inner: &mut Inner, finder: Finder<'_>, at: u32) {
        let hash = self.hash_of(finder, at);
        if let Ok(found) = inner.index.find_entry(hash, |have| *have == at) {
            found.remove();
        }
        if let Some(slot) = self.slots.get(at) {
            slot.touched.store(FREE, Relaxed);
        }
        inner.free.push(at);
    }

    /// The first entry in use at this position or behind it.
    pub(super) fn next_used(&self, inner: &Inner, from: u32) -> Option<u32> {
        (from..inner.fresh)
            .find(|at| self.slots.get(*at).is_some_and(|slot| slot.touched.load(Relaxed) != FREE))
    }

    /// Holds an entry. Under the lock, so that it can't be removed in between.
    pub(super) fn hold(&self, at: u32, how: u64) {
        if let Some(slot) = self.slots.get(at) {
            slot.holds.fetch_add(how, Relaxed);
        }
    }

    /// Lets it go.
    pub(super) fn let_go(&self, at: u32, how: u64) {
        if let Some(slot) = self.slots.get(at) {
            slot.holds.fetch_sub(how, Release);
        }
    }
}
