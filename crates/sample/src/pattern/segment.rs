//! A part of a list that never changes but for entries that go, and the list as a whole at one moment.

use std::cell::RefCell;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use bumpalo::Bump;

use super::index::{self, Hit, Index};
use super::{Entries, PatternError, View};
use crate::cast::cast;
use crate::value::Value;

/// Entries, how to find them, and since when some are gone.
#[derive(Debug)]
pub struct Segment {
    pub(super) entries: Entries,
    indexes: OnceLock<Box<Arranged>>,
    /// By entry: the version of the list from which on it is gone; made when the first one goes.
    gone: OnceLock<Box<[AtomicU64]>>,
}

/// One arrangement, and the next one that somebody asked for later.
#[derive(Debug)]
struct Arranged {
    view: View,
    index: Index,
    next: OnceLock<Box<Self>>,
}

impl Segment {
    pub fn new(entries: Entries) -> Self {
        Self { entries, indexes: OnceLock::new(), gone: OnceLock::new() }
    }

    /// Arranges the entries for `view`, unless they are. An error comes with the position of the entry that is wrong.
    pub(super) fn arrange(&self, view: View) -> Result<(), (u32, PatternError)> {
        let mut place = &self.indexes;
        while let Some(arranged) = place.get() {
            if arranged.view == view {
                return Ok(());
            }
            place = &arranged.next;
        }
        let index = index::build(&self.entries, view)?;
        // Only one thread arranges: whoever holds the list's store.
        let _ = place.set(Box::new(Arranged { view, index, next: OnceLock::new() }));
        Ok(())
    }

    #[inline]
    pub(super) fn index(&self, view: View) -> Option<&Index> {
        let mut place = &self.indexes;
        loop {
            let arranged = place.get()?;
            if arranged.view == view {
                return Some(&arranged.index);
            }
            place = &arranged.next;
        }
    }

    /// Whether the entry is there in that version of the list.
    #[inline]
    pub(super) fn is_alive(&self, at: u32, version: u64) -> bool {
        let Some(gone) = self.gone.get() else { return true };
        // The version that a reader has was published after the marks of all before it.
        gone.get(at as usize).is_some_and(|since| since.load(Ordering::Relaxed) > version)
    }

    /// Marks an entry as gone from a version on.
    pub(super) fn remove(&self, at: u32, since: u64) {
        let none_gone = || (0..self.entries.len()).map(|_| AtomicU64::new(u64::MAX)).collect();
        if let Some(slot) = self.gone.get_or_init(none_gone).get(at as usize) {
            slot.store(since, Ordering::Relaxed);
        }
    }

    /// How many entries are there in that version.
    pub(super) fn count(&self, version: u64) -> usize {
        match self.gone.get() {
            None => self.entries.len(),
            Some(gone) => gone.iter().filter(|since| since.load(Ordering::Relaxed) > version).count(),
        }
    }

    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    /// The entries from the place `order` on that are there in that version.
    pub(super) fn living_from(&self, order: u64, version: u64) -> impl Iterator<Item = u32> {
        let end = u32::try_from(self.entries.len()).unwrap_or(u32::MAX);
        (self.entries.position(order)..end).filter(move |at| self.is_alive(*at, version))
    }
}

/// An entry of a list.
#[derive(Clone, Copy, Debug)]
pub struct Found<'s> {
    pub key: &'s [u8],
    pub value: &'s [u8],
    /// Its place in the list, by which it can be named while it exists.
    pub order: u64,
    segment: &'s Segment,
    at: u32,
}

impl<'s> Found<'s> {
    /// The line of the file it came from, from 1, as long as its segment is the file's.
    pub fn line(&self) -> usize {
        self.segment.entries.line(self.at)
    }

    /// The compiled expression that matched, if the view asks for groups.
    pub fn regex(&self, view: View) -> Option<&'s super::Regex> {
        self.segment.index(view)?.regex(self.at)
    }
}

/// A list at one moment: what readers hold.
#[derive(Clone, Debug, Default)]
pub struct Snapshot {
    pub(super) version: u64,
    pub(super) segments: Box<[Arc<Segment>]>,
}

impl Snapshot {
    /// The entry that matches: of several the one that HAProxy would find. The value is cast to what the method expects
    /// first; what can't be cast matches nothing.
    #[inline]
    pub fn find<'s, 'a>(&'s self, view: View, value: Value<'a>, arena: &'a Bump) -> Option<Found<'s>> {
        let value = cast(value, view.kind.expects(), arena)?;
        let mut best: Option<((u32, u64), &'s Segment, u32)> = None;
        for segment in &self.segments {
            let Some(hit) = self.hit(segment, view, value) else { continue };
            let rank = (hit.rank, segment.entries.order(hit.at));
            if best.is_none_or(|(b, ..)| rank < b) {
                best = Some((rank, segment, hit.at));
            }
        }
        best.map(|(_, segment, at)| found(segment, at))
    }

    /// Whether any entry matches.
    #[inline]
    pub fn matches<'a>(&self, view: View, value: Value<'a>, arena: &'a Bump) -> bool {
        let Some(value) = cast(value, view.kind.expects(), arena) else { return false };
        self.segments.iter().any(|segment| self.hit(segment, view, value).is_some())
    }

    /// Calls `visit` with the place of each entry that matches.
    pub fn each<'a>(&self, view: View, value: Value<'a>, arena: &'a Bump, visit: &mut dyn FnMut(u64)) {
        let Some(value) = cast(value, view.kind.expects(), arena) else { return };
        let visit = RefCell::new(visit);
        for segment in &self.segments {
            // Whoever looks for the best of them asks of each whether it may be that one.
            let none = |at: u32| {
                if segment.is_alive(at, self.version)
                    && let Ok(mut visit) = visit.try_borrow_mut()
                {
                    visit(segment.entries.order(at));
                }
                false
            };
            if let Some(index) = segment.index(view) {
                index.find(&segment.entries, value, none);
            }
        }
    }

    #[inline]
    fn hit(&self, segment: &Segment, view: View, value: Value<'_>) -> Option<Hit> {
        segment.index(view)?.find(&segment.entries, value, |at| segment.is_alive(at, self.version))
    }

    /// The first entry whose place is not before `order`: to walk through the list.
    pub fn next(&self, order: u64) -> Option<Found<'_>> {
        let first = |segment: &'_ Arc<Segment>| segment.living_from(order, self.version).next();
        let all = self.segments.iter().filter_map(|s| Some(found(s, first(s)?)));
        all.min_by_key(|entry| entry.order)
    }

    /// All entries in their order.
    pub fn iter(&self) -> impl Iterator<Item = Found<'_>> {
        let mut next = Some(0);
        std::iter::from_fn(move || {
            let entry = self.next(next?)?;
            next = entry.order.checked_add(1);
            Some(entry)
        })
    }

    pub fn len(&self) -> usize {
        self.segments.iter().map(|s| s.count(self.version)).sum()
    }

    pub fn is_empty(&self) -> bool {
        self.next(0).is_none()
    }
}

fn found(segment: &Segment, at: u32) -> Found<'_> {
    let entries = &segment.entries;
    Found { key: entries.key(at), value: entries.value(at), order: entries.order(at), segment, at }
}
