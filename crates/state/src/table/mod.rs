//! Stick tables (manual 11.1): what is known of a key, for a time after its last use.
//!
//! A table is cut into shards by the hash of the key, each with a lock of its own, which is held to find, make or remove
//! an entry. What an entry holds is words that never move: whoever holds the entry counts in them without a lock.
//! Nothing is allocated but room for entries, a chunk at a time.
//!
//! Time comes from outside, as milliseconds of a clock that never goes back. Doesn't know samples, sessions or peers.
//!
//! Reading order: [`kind`], [`key`], [`rate`], [`entry`], `shard`, `slots`.

mod entry;
mod key;
mod kind;
mod names;
mod rate;
mod shard;
mod slots;
#[cfg(test)]
mod tests;

use std::hash::{BuildHasher, Hasher};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

use foldhash::quality::RandomState;

pub use entry::{Entry, Seen, Tracked};
pub use key::{Key, KeyKind};
pub use kind::{ARRAY_MAX, Column, Form, Kind};
pub use names::Names;

use shard::{Finder, LOOK, Shard};
use slots::Slot;

/// By what entries remember servers (`srvkey`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ServerKey {
    #[default]
    Name,
    Address,
}

/// What a `stick-table` line says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shape {
    /// The name of its proxy, or `section/name`.
    pub name: Box<str>,
    pub key: KeyKind,
    /// Entries it may have.
    pub size: u32,
    /// How long an entry stays that isn't used; none: until room is needed.
    pub expire_ms: Option<u32>,
    /// Whether entries that are still good stay although there is no room for new ones.
    pub nopurge: bool,
    pub server_key: ServerKey,
    /// `brates-factor`: bytes that a rate of bytes counts as one.
    pub bytes_factor: u32,
    /// What each entry holds, sorted.
    pub columns: Box<[Column]>,
}

/// A stick table.
#[derive(Debug)]
pub struct Table {
    pub name: Box<str>,
    pub key: KeyKind,
    pub size: u32,
    pub expire_ms: Option<u32>,
    pub nopurge: bool,
    pub server_key: ServerKey,
    pub bytes_factor: u32,
    pub columns: Box<[Column]>,
    /// By kind: position in `columns`, and the first word in an entry.
    offsets: [Option<(u32, u32)>; Kind::ALL.len()],
    /// Entries that a shard may have.
    room: u32,
    store: Arc<Store>,
}

/// The entries of a table, which another one of the same name may go on with.
#[derive(Debug)]
struct Store {
    /// The names of servers that entries remember.
    servers: Names,
    hasher: RandomState,
    shards: Box<[Shard]>,
    used: AtomicU32,
}

/// Where an entry is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Place {
    shard: u32,
    at: u32,
}

impl Place {
    const fn number(self) -> u64 {
        (self.shard as u64) << 32 | self.at as u64
    }

    const fn from_number(number: u64) -> Self {
        Self { shard: (number >> 32) as u32, at: (number & 0xffff_ffff) as u32 }
    }
}

/// Entries of a shard at least: small tables have one, and so keep their order exactly.
const SHARD_MIN: u32 = 1024;
const SHARDS_MAX: u32 = 64;

/// Entries that go at once while their shard is locked.
const SWEEP: usize = 256;

impl Table {
    pub fn new(shape: Shape) -> Self {
        let Shape { name, key, size, expire_ms, nopurge, server_key, bytes_factor, columns } = shape;
        let mut offsets = [None; Kind::ALL.len()];
        let mut words = key.words();
        for (position, column) in (0u32..).zip(&columns) {
            if let Some(slot) = offsets.get_mut(column.kind as usize) {
                *slot = Some((position, words));
            }
            words = words.saturating_add(column.words());
        }
        let shards = prev_power_of_two(size / SHARD_MIN).min(SHARDS_MAX);
        Self {
            name,
            key,
            size,
            expire_ms: expire_ms.filter(|ms| *ms > 0),
            nopurge,
            server_key,
            bytes_factor: bytes_factor.max(1),
            columns,
            offsets,
            room: room(size, shards),
            store: Arc::new(Store {
                servers: Names::default(),
                hasher: RandomState::default(),
                shards: (0..shards).map(|_| Shard::new(words)).collect(),
                used: AtomicU32::new(0),
            }),
        }
    }

    /// Goes on with the entries of another table if they are made alike; whether they are. How many there may be and how
    /// long they stay is as this table has it: what is too much goes with the next [`Table::sweep`].
    pub fn go_on_from(&mut self, before: &Self) -> bool {
        let alike = self.key == before.key
            && self.server_key == before.server_key
            && self.bytes_factor == before.bytes_factor
            && self.columns == before.columns;
        if alike {
            self.store = Arc::clone(&before.store);
            self.room = room(self.size, u32::try_from(self.store.shards.len()).unwrap_or(u32::MAX));
        }
        alike
    }

    /// Whether both have the same entries.
    pub fn is_one_with(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.store, &other.store)
    }

    /// Takes over what another table of the same kind of keys holds of what this one holds too; what was counted here
    /// already is counted with it. Who tracks an entry there goes on there, so that current connections are not taken over.
    pub fn take_from(&self, before: &Self, now_ms: u64) {
        let mut from = 0;
        while let Some(seen) = before.next(from, now_ms) {
            from = seen.number() + 1;
            self.take(&seen, now_ms);
        }
    }

    fn take(&self, seen: &Seen<'_>, now_ms: u64) {
        let mut key = Vec::new();
        seen.key(&mut key);
        let Some(here) = self.find_or_make(&Key::Long(&key), now_ms) else { return };
        for column in self.columns.iter().filter(|column| column.kind != Kind::ConnCur) {
            (0..column.len).for_each(|element| here.take(seen, column.kind, element, now_ms));
        }
        here.touch(now_ms.saturating_sub(seen.idle_ms(now_ms)));
    }

    /// A table of its own with this key's entry as it is here, or a new one: for trying what would be counted.
    pub fn sketch(&self, key: &Key<'_>, now_ms: u64) -> Arc<Self> {
        let sketch = Self::new(Shape {
            name: self.name.clone(),
            key: self.key,
            size: 1,
            expire_ms: self.expire_ms,
            nopurge: self.nopurge,
            server_key: self.server_key,
            bytes_factor: self.bytes_factor,
            columns: self.columns.clone(),
        });
        if let Some(seen) = self.find(key, now_ms)
            && let Some(here) = sketch.find_or_make(key, now_ms)
        {
            for column in &self.columns {
                (0..column.len).for_each(|element| here.take(&seen, column.kind, element, now_ms));
            }
        }
        Arc::new(sketch)
    }

    /// How many entries there are.
    pub fn used(&self) -> u32 {
        self.store.used.load(Relaxed)
    }

    /// The names of servers that entries remember.
    pub fn servers(&self) -> &Names {
        &self.store.servers
    }

    /// A kind of data, if entries hold it, and its first word in them.
    fn column(&self, kind: Kind) -> Option<(&Column, u32)> {
        let (position, offset) = (*self.offsets.get(kind as usize)?)?;
        Some((self.columns.get(usize::try_from(position).ok()?)?, offset))
    }

    /// Where an element is in an entry: its first word, and its period if it is a rate. Single counters are the first
    /// elements of an array where that is stored instead.
    fn element(&self, kind: Kind, element: u32) -> Option<(u32, u32)> {
        let (column, offset, element) = match (self.column(kind), kind.in_array()) {
            (Some((column, offset)), _) => (column, offset, element),
            (None, Some((array, at))) if element == 0 => {
                let (column, offset) = self.column(array)?;
                (column, offset, at)
            }
            _ => return None,
        };
        (element < column.len).then(|| (offset + kind.form().words() * element, column.period_ms))
    }

    /// Of a rate: its period, milliseconds.
    pub fn period(&self, kind: Kind) -> Option<u32> {
        self.column(kind).map(|(column, _)| column.period_ms)
    }

    /// Whether entries hold this kind of data.
    pub fn stores(&self, kind: Kind) -> bool {
        self.column(kind).is_some()
    }

    /// The entry of a key, if there is one.
    pub fn find(&self, key: &Key<'_>, now_ms: u64) -> Option<Seen<'_>> {
        let (hash, number, shard) = self.shard_of(key)?;
        let inner = shard.lock();
        let at = self.with_finder(|finder| shard.find(&inner, finder, hash, key))?;
        if self.is_over(shard.slots.get(at)?, now_ms) {
            return None;
        }
        shard.hold(at, LOOK);
        Some(Seen::held(self, Place { shard: number, at }))
    }

    /// The entry of a key, made if there is none. None where there is no room.
    pub fn find_or_make(&self, key: &Key<'_>, now_ms: u64) -> Option<Seen<'_>> {
        let (hash, number, shard) = self.shard_of(key)?;
        let mut inner = shard.lock();
        let at = self.with_finder(|finder| match shard.find(&inner, finder, hash, key) {
            Some(at) => {
                if self.is_over(shard.slots.get(at)?, now_ms) {
                    shard.renew(self.key, at, now_ms);
                }
                Some(at)
            }
            None => {
                if !self.take_place() && !self.make_room(shard, &mut inner, finder, now_ms) {
                    return None;
                }
                let made = shard.insert(&mut inner, finder, (hash, self.room), (key, now_ms)).or_else(|| {
                    let room = !self.nopurge && shard.remove_oldest(&mut inner, finder, u64::MAX, now_ms);
                    room.then(|| self.store.used.fetch_sub(1, Relaxed))?;
                    shard.insert(&mut inner, finder, (hash, self.room), (key, now_ms))
                });
                if made.is_none() {
                    self.store.used.fetch_sub(1, Relaxed);
                }
                made
            }
        })?;
        shard.hold(at, LOOK);
        Some(Seen::held(self, Place { shard: number, at }))
    }

    /// Removes what was not used for too long, and, the oldest first, what is more than there may be. Costs by what goes,
    /// not by what stays.
    pub fn sweep(&self, now_ms: u64) {
        self.expire(now_ms);
        let shards = self.store.shards.len().max(1);
        self.with_finder(|finder| {
            // Each shard gives its part, as often as there is something to give.
            let mut gone = usize::MAX;
            while self.used() > self.size && gone > 0 {
                let over = usize::try_from(self.used().saturating_sub(self.size)).unwrap_or(usize::MAX);
                gone = 0;
                for shard in &self.store.shards {
                    let mut inner = shard.lock();
                    let part = over.div_ceil(shards).min(SWEEP);
                    let went = (0..part)
                        .take_while(|_| self.used() > self.size)
                        .take_while(|_| {
                            let went = shard.remove_oldest(&mut inner, finder, u64::MAX, now_ms);
                            self.store.used.fetch_sub(u32::from(went), Relaxed);
                            went
                        })
                        .count();
                    gone += went;
                }
            }
        });
    }

    fn expire(&self, now_ms: u64) {
        let Some(until) = self.over_until(now_ms) else { return };
        self.with_finder(|finder| {
            for shard in &self.store.shards {
                let mut more = true;
                while more {
                    let mut inner = shard.lock();
                    let gone = (0..SWEEP)
                        .take_while(|_| shard.remove_oldest(&mut inner, finder, until, now_ms))
                        .count();
                    self.store.used.fetch_sub(u32::try_from(gone).unwrap_or(0), Relaxed);
                    more = gone == SWEEP;
                }
            }
        });
    }

    /// The first entry from this number on, in no particular order; none behind the last.
    pub fn next(&self, from: u64, now_ms: u64) -> Option<Seen<'_>> {
        let Place { shard: first, at: mut start } = Place::from_number(from);
        for number in first..u32::try_from(self.store.shards.len()).unwrap_or(u32::MAX) {
            let shard = self.store.shards.get(usize::try_from(number).ok()?)?;
            let inner = shard.lock();
            while let Some(at) = shard.next_used(&inner, start) {
                if shard.slots.get(at).is_some_and(|slot| !self.is_over(slot, now_ms)) {
                    shard.hold(at, LOOK);
                    return Some(Seen::held(self, Place { shard: number, at }));
                }
                start = at + 1;
            }
            start = 0;
        }
        None
    }

    /// Removes an entry; whether nobody else held it.
    pub fn remove(&self, seen: Seen<'_>) -> bool {
        let place = Place::from_number(seen.number());
        let Some(shard) = usize::try_from(place.shard).ok().and_then(|at| self.store.shards.get(at)) else {
            return false;
        };
        let mut inner = shard.lock();
        drop(seen);
        let gone = self.with_finder(|finder| shard.remove(&mut inner, finder, place.at));
        if gone {
            self.store.used.fetch_sub(1, Relaxed);
        }
        gone
    }

    fn shard_of(&self, key: &Key<'_>) -> Option<(u64, u32, &Shard)> {
        let hash = self.hash(key.bytes());
        let mask = self.store.shards.len().saturating_sub(1);
        // Bits that the shard's own index looks at neither first nor last.
        let number = usize::try_from(hash >> 40).unwrap_or(0) & mask;
        Some((hash, u32::try_from(number).ok()?, self.store.shards.get(number)?))
    }

    fn hash(&self, bytes: &[u8]) -> u64 {
        let mut hasher = self.store.hasher.build_hasher();
        hasher.write(bytes);
        hasher.finish()
    }

    fn with_finder<R>(&self, work: impl FnOnce(Finder<'_>) -> R) -> R {
        work(Finder { kind: self.key, hash: &|bytes| self.hash(bytes) })
    }

    /// When an entry must have been used last to be over.
    fn over_until(&self, now_ms: u64) -> Option<u64> {
        now_ms.checked_sub(u64::from(self.expire_ms?))
    }

    /// Whether an entry has expired, which nobody holds.
    fn is_over(&self, slot: Slot<'_>, now_ms: u64) -> bool {
        let over = self.over_until(now_ms).is_some_and(|until| slot.touched.load(Relaxed) <= until);
        over && slot.holds.load(Relaxed) == 0
    }

    /// Counts one entry more, if that is allowed.
    fn take_place(&self) -> bool {
        self.store.used.fetch_update(Relaxed, Relaxed, |used| (used < self.size).then_some(used + 1)).is_ok()
    }

    /// Has an entry go for a new one, of this shard or else of any: one that is over; if need be, the oldest.
    fn make_room(&self, shard: &Shard, inner: &mut shard::Inner, finder: Finder<'_>, now_ms: u64) -> bool {
        let until = if self.nopurge { self.over_until(now_ms) } else { Some(u64::MAX) };
        let Some(until) = until else { return false };
        if shard.remove_oldest(inner, finder, until, now_ms) {
            return true;
        }
        // Two threads that looked into each other's shards would wait for ever.
        let others = self.store.shards.iter().filter(|other| !std::ptr::eq(*other, shard));
        others
            .filter_map(|other| Some((other, other.try_lock()?)))
            .any(|(other, mut inner)| other.remove_oldest(&mut inner, finder, until, now_ms))
    }

    fn slot(&self, place: Place) -> Option<Slot<'_>> {
        self.store.shards.get(usize::try_from(place.shard).ok()?)?.slots.get(place.at)
    }

    fn hold(&self, place: Place, how: u64) {
        if let Some(shard) = usize::try_from(place.shard).ok().and_then(|at| self.store.shards.get(at)) {
            shard.hold(place.at, how);
        }
    }

    fn let_go(&self, place: Place, how: u64) {
        if let Some(shard) = usize::try_from(place.shard).ok().and_then(|at| self.store.shards.get(at)) {
            shard.let_go(place.at, how);
        }
    }
}

/// How many entries a shard may have where that many share so many. Hashes spread keys unevenly: a shard takes more than
/// its share.
fn room(size: u32, shards: u32) -> u32 {
    let mean = size.checked_div(shards).unwrap_or(size);
    if shards <= 1 { size } else { mean.saturating_add(mean / 4).saturating_add(256) }
}

fn prev_power_of_two(n: u32) -> u32 {
    n.checked_ilog2().map_or(1, |log| 1 << log)
}

/// Milliseconds as rates keep them.
const fn wrapped(now_ms: u64) -> u32 {
    (now_ms & 0xffff_ffff) as u32
}
