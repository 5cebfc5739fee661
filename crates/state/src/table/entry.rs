//! One entry in somebody's hands: it stays while it is held, and is read and counted in without a lock.

use std::ops::Deref;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

use super::kind::{Form, Kind};
use super::rate::Rate;
use super::shard::{LOOK, TRACK};
use super::slots::Slot;
use super::{Place, Table, wrapped};

/// An entry that is held, by way of a table or of a share in it.
#[derive(Debug)]
pub struct Entry<T: Deref<Target = Table>> {
    table: T,
    place: Place,
    how: u64,
}

/// An entry that is looked at.
pub type Seen<'t> = Entry<&'t Table>;

/// An entry that is tracked.
pub type Tracked = Entry<Arc<Table>>;

impl Entry<Arc<Table>> {
    /// Tracks the entry that is looked at.
    pub fn track(table: &Arc<Table>, seen: &Seen<'_>) -> Self {
        table.hold(seen.place, TRACK);
        Self { table: Arc::clone(table), place: seen.place, how: TRACK }
    }
}

impl<'t> Entry<&'t Table> {
    /// Of an entry that is held already, in this way.
    pub(super) const fn held(table: &'t Table, place: Place) -> Self {
        Self { table, place, how: LOOK }
    }
}

impl<T: Deref<Target = Table>> Entry<T> {
    pub fn table(&self) -> &Table {
        &self.table
    }

    /// A number that no other entry of the table has meanwhile.
    pub fn number(&self) -> u64 {
        self.place.number()
    }

    fn slot(&self) -> Option<Slot<'_>> {
        self.table.slot(self.place)
    }

    /// It is used now: it stays for the whole time again.
    pub fn touch(&self, now_ms: u64) {
        if let Some(slot) = self.slot() {
            slot.touched.store(now_ms, Relaxed);
        }
    }

    /// For how long it was not used, milliseconds.
    pub fn idle_ms(&self, now_ms: u64) -> u64 {
        self.slot().map_or(0, |slot| now_ms.saturating_sub(slot.touched.load(Relaxed)))
    }

    /// After how long it goes if it isn't used, milliseconds; none where entries don't expire.
    pub fn left_ms(&self, now_ms: u64) -> Option<u64> {
        Some(u64::from(self.table.expire_ms?).saturating_sub(self.idle_ms(now_ms)))
    }

    /// How many track it.
    pub fn trackers(&self) -> u32 {
        self.slot().map_or(0, |slot| (slot.holds.load(Relaxed) & 0xffff_ffff) as u32)
    }

    /// Appends the key.
    pub fn key(&self, out: &mut Vec<u8>) {
        let words = usize::try_from(self.table.key.words()).unwrap_or(0);
        if let Some(slot) = self.slot() {
            self.table.key.read(slot.cells.get(..words).unwrap_or_default(), out);
        }
    }

    /// The words of an element, and its period if it is a rate.
    fn words(&self, kind: Kind, element: u32) -> Option<(&[AtomicU32], u32)> {
        let (start, period) = self.table.element(kind, element)?;
        let start = usize::try_from(start).ok()?;
        let end = start + usize::try_from(kind.form().words()).ok()?;
        Some((self.slot()?.cells.get(start..end)?, period))
    }

    /// What an element holds: a number, or what a rate is now.
    pub fn get(&self, kind: Kind, element: u32, now_ms: u64) -> Option<u64> {
        let (words, period) = self.words(kind, element)?;
        Some(match (kind.form(), words) {
            (Form::Number | Form::Name, [word, ..]) => u64::from(word.load(Relaxed)),
            (Form::Wide, [low, high, ..]) => {
                u64::from(high.load(Relaxed)) << 32 | u64::from(low.load(Relaxed))
            }
            (Form::Rate, words) => {
                let rate = u64::from(Rate::new(words, period)?.get(wrapped(now_ms)));
                if kind.is_byte_rate() { rate * u64::from(self.table.bytes_factor) } else { rate }
            }
            _ => return None,
        })
    }

    /// Adds to an element; gives what a number is then.
    pub fn add(&self, kind: Kind, element: u32, n: u64, now_ms: u64) -> Option<u64> {
        let (words, period) = self.words(kind, element)?;
        let small = |n: u64| u32::try_from(n).unwrap_or(u32::MAX);
        match (kind.form(), words) {
            (Form::Number | Form::Name, [word, ..]) => {
                let before = word.fetch_add(small(n), Relaxed);
                Some(u64::from(before.wrapping_add(small(n))))
            }
            (Form::Wide, [low, high, ..]) => {
                let part = (n & 0xffff_ffff) as u32;
                let carry = u32::from(low.fetch_add(part, Relaxed).checked_add(part).is_none());
                high.fetch_add(small(n >> 32).wrapping_add(carry), Relaxed);
                None
            }
            (Form::Rate, words) => {
                let n = if kind.is_byte_rate() { n.div_ceil(u64::from(self.table.bytes_factor)) } else { n };
                Rate::new(words, period)?.add(small(n), wrapped(now_ms));
                None
            }
            _ => None,
        }
    }

    /// Sets an element: a number, or what a rate is now.
    pub fn set(&self, kind: Kind, element: u32, n: u64, now_ms: u64) {
        let Some((words, period)) = self.words(kind, element) else { return };
        match (kind.form(), words) {
            (Form::Number | Form::Name, [word, ..]) => word.store((n & 0xffff_ffff) as u32, Relaxed),
            (Form::Wide, [low, high, ..]) => {
                low.store((n & 0xffff_ffff) as u32, Relaxed);
                high.store((n >> 32) as u32, Relaxed);
            }
            (Form::Rate, words) => {
                let n = if kind.is_byte_rate() { n.div_ceil(u64::from(self.table.bytes_factor)) } else { n };
                if let Some(rate) = Rate::new(words, period) {
                    rate.set(u32::try_from(n).unwrap_or(u32::MAX), wrapped(now_ms));
                }
            }
            _ => {}
        }
    }

    /// Takes over an element of another table's entry: counts are added up, what is set here already stays.
    pub(super) fn take(&self, from: &Seen<'_>, kind: Kind, element: u32, now_ms: u64) {
        let (Some((here, period)), Some((there, before))) =
            (self.words(kind, element), from.words(kind, element))
        else {
            return;
        };
        let is_set = here.iter().any(|word| word.load(Relaxed) != 0);
        let tag = matches!(kind, Kind::ServerId | Kind::Gpt0 | Kind::Gpt);
        match kind.form() {
            Form::Name | Form::Number if is_set && (tag || kind == Kind::ServerKey) => {}
            Form::Name => {
                let number = there.first().map_or(0, |word| word.load(Relaxed));
                let same = self.table.server_key == from.table.server_key;
                let name = from.table.servers().name(number).filter(|_| same);
                let number = name.map_or(0, |name| self.table.servers().number(&name));
                self.set(kind, element, u64::from(number), now_ms);
            }
            Form::Rate if !is_set && period == before => {
                here.iter().zip(there).for_each(|(here, there)| here.store(there.load(Relaxed), Relaxed));
            }
            Form::Rate => {
                // Of a shorter period, its part; what a longer one would have shown isn't known.
                let then = from.get(kind, element, now_ms).unwrap_or(0);
                let part = then.saturating_mul(u64::from(period.min(before))).checked_div(u64::from(before));
                self.add(kind, element, part.unwrap_or(0), now_ms);
            }
            Form::Number | Form::Wide => {
                self.add(kind, element, from.get(kind, element, now_ms).unwrap_or(0), now_ms);
            }
        }
    }

    /// Sets a number to 0; gives what it was.
    pub fn clear(&self, kind: Kind, element: u32) -> Option<u64> {
        match (kind.form(), self.words(kind, element)?.0) {
            (Form::Number, [word, ..]) => Some(u64::from(word.swap(0, Relaxed))),
            _ => None,
        }
    }

    /// Takes one from a number that is not 0.
    pub fn lower(&self, kind: Kind) {
        if let (Form::Number, Some(([word, ..], _))) = (kind.form(), self.words(kind, 0)) {
            // It may have been set to 0 meanwhile.
            let _ = word.fetch_update(Relaxed, Relaxed, |n| n.checked_sub(1));
        }
    }
}

impl<T: Deref<Target = Table>> Drop for Entry<T> {
    fn drop(&mut self) {
        if self.how == TRACK {
            self.lower(Kind::ConnCur);
        }
        self.table.let_go(self.place, self.how);
    }
}
