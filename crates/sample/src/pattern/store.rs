//! A list as its owner sees it: what changes it. Every change gives a new version; who reads holds a [`Snapshot`] of
//! one and never waits.
//!
//! A new entry becomes a segment of its own, and segments of like size are merged as they come, up to a size that
//! takes about a millisecond: what an entry costs grows with the logarithm of their number. Large segments are merged
//! by [`Store::merge_needed`], [`Merge::run`] and [`Store::finish`], for a thread that has the time.

use std::sync::Arc;

use super::segment::{Segment, Snapshot};
use super::{Entries, PatternError, View};

/// Segments are merged at once up to so many entries.
const SMALL: usize = 4096;
/// So many segments beyond the first are borne before they are merged into it.
const LARGE_SEGMENTS: usize = 6;

/// An entry that can't be compared in some way that the list is used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    pub error: PatternError,
    /// The line of the file it came from, from 1.
    pub line: usize,
}

/// Which entries a change is about.
#[derive(Clone, Copy, Debug)]
pub enum Which<'a> {
    /// All whose key is this very text.
    Key(&'a [u8]),
    /// The one at this place.
    Order(u64),
}

/// The owner's side of a list.
#[derive(Debug, Default)]
pub struct Store {
    views: Vec<View>,
    segments: Vec<Arc<Segment>>,
    version: u64,
    /// The place of the next entry.
    next: u64,
}

impl Store {
    pub fn new(entries: Entries) -> Self {
        let next = entries.len() as u64;
        let segments = if entries.is_empty() { Vec::new() } else { vec![Arc::new(Segment::new(entries))] };
        Self { views: Vec::new(), segments, version: 0, next }
    }

    /// An empty list that is compared as this one.
    pub fn empty_alike(&self) -> Self {
        Self { views: self.views.clone(), ..Self::default() }
    }

    /// Grows with each change.
    pub fn version(&self) -> u64 {
        self.version
    }

    /// Arranges the list for one more way of comparing it.
    pub fn require(&mut self, view: View) -> Result<(), Refused> {
        if self.views.contains(&view) {
            return Ok(());
        }
        for segment in &self.segments {
            let line = |at| segment.entries.line(at);
            segment.arrange(view).map_err(|(at, error)| Refused { error, line: line(at) })?;
        }
        self.views.push(view);
        Ok(())
    }

    /// The list as it is now, for readers.
    pub fn snapshot(&self) -> Snapshot {
        Snapshot { version: self.version, segments: self.segments.clone().into() }
    }

    /// Whether there is an entry of exactly this key.
    pub fn contains(&mut self, key: &[u8]) -> bool {
        !self.places(Which::Key(key)).is_empty()
    }

    /// Adds an entry at the end.
    pub fn add(&mut self, key: &[u8], value: &[u8]) -> Result<(), PatternError> {
        self.append(&[(self.next, key, value)])?;
        self.next += 1;
        self.version += 1;
        Ok(())
    }

    /// Removes entries; gives how many there were.
    pub fn remove(&mut self, which: Which<'_>) -> usize {
        let places = self.places(which);
        if !places.is_empty() {
            self.version += 1;
            for (segment, at) in &places {
                segment.remove(*at, self.version);
            }
        }
        places.len()
    }

    /// Gives entries another value; gives how many there are. They keep their places.
    pub fn set(&mut self, which: Which<'_>, value: &[u8]) -> Result<usize, PatternError> {
        let places = self.places(which);
        if places.is_empty() {
            return Ok(0);
        }
        let since = self.version + 1;
        let mut changed: Vec<(u64, &[u8], &[u8])> =
            places.iter().map(|(s, at)| (s.entries.order(*at), s.entries.key(*at), value)).collect();
        changed.sort_unstable_by_key(|(order, ..)| *order);
        // The old entries go before new ones are merged with what stays of them.
        for (segment, at) in &places {
            segment.remove(*at, since);
        }
        self.version = since;
        self.append(&changed)?;
        Ok(places.len())
    }

    /// Removes everything.
    pub fn clear(&mut self) {
        self.segments.clear();
        self.version += 1;
    }

    /// Adds a segment of these entries and merges it with small ones before it.
    fn append(&mut self, pairs: &[(u64, &[u8], &[u8])]) -> Result<(), PatternError> {
        let segment = Segment::new(Entries::from_pairs(pairs.iter().copied())?);
        for view in &self.views {
            segment.arrange(*view).map_err(|(_, error)| error)?;
        }
        self.segments.push(Arc::new(segment));
        self.merge_small();
        Ok(())
    }

    fn merge_small(&mut self) {
        while let [.., a, b] = &*self.segments
            && a.len() <= 2 * b.len()
            && a.len() + b.len() <= SMALL
        {
            let Some(merged) = merged(&[a, b], &self.views, self.version) else { return };
            self.segments.truncate(self.segments.len() - 2);
            self.segments.extend(Some(Arc::new(merged)).filter(|s| s.len() > 0));
        }
    }

    /// Where the entries are that a change is about.
    fn places(&mut self, which: Which<'_>) -> Vec<(Arc<Segment>, u32)> {
        let mut places = Vec::new();
        if matches!(which, Which::Key(_)) && self.require(View::KEY).is_err() {
            return places;
        }
        for segment in &self.segments {
            let mut visit = |at: u32| {
                if segment.is_alive(at, self.version) {
                    places.push((Arc::clone(segment), at));
                }
            };
            match which {
                Which::Key(key) => {
                    if let Some(index) = segment.index(View::KEY) {
                        index.each_of(&segment.entries, key, &mut visit);
                    }
                }
                Which::Order(order) => {
                    let at = segment.entries.position(order);
                    if (at as usize) < segment.len() && segment.entries.order(at) == order {
                        visit(at);
                    }
                }
            }
        }
        places
    }

    /// The merge that would make the list faster to read, if there is one.
    pub fn merge_needed(&self) -> Option<Merge> {
        // From the last one that is too large for it on, changes merge segments themselves.
        let settled = self.segments.iter().rposition(|s| s.len() > SMALL * 2 / 3).map_or(0, |at| at + 1);
        let segments = self.segments.get(..settled).unwrap_or_default();
        let all: usize = segments.iter().map(|s| s.len()).sum();
        let alive: usize = segments.iter().map(|s| s.count(self.version)).sum();
        let needed = segments.len() > LARGE_SEGMENTS || alive < all / 2;
        needed.then(|| Merge {
            segments: segments.to_vec(),
            views: self.views.clone(),
            version: self.version,
            merged: None,
        })
    }

    /// Takes what a merge made, with what happened to its entries meanwhile. Gives whether it could be used: not if
    /// the list was replaced meanwhile.
    pub fn finish(&mut self, merge: Merge) -> bool {
        let Some(merged) = merge.merged else { return false };
        let old = merge.segments.len();
        let same = |(a, b): (&Arc<Segment>, &Arc<Segment>)| Arc::ptr_eq(a, b);
        let unchanged = self.segments.len() >= old && self.segments.iter().zip(&merge.segments).all(same);
        if !unchanged || merge.views != self.views {
            return false;
        }
        self.version += 1;
        for segment in &merge.segments {
            for at in 0..u32::try_from(segment.len()).unwrap_or(u32::MAX) {
                if segment.is_alive(at, merge.version) && !segment.is_alive(at, self.version) {
                    merged.remove(merged.entries.position(segment.entries.order(at)), self.version);
                }
            }
        }
        let later = self.segments.split_off(old);
        self.segments = vec![Arc::new(merged)];
        self.segments.extend(later);
        true
    }
}

/// A merge of all segments into one, to be done outside of the list's lock.
#[derive(Debug)]
pub struct Merge {
    segments: Vec<Arc<Segment>>,
    views: Vec<View>,
    version: u64,
    merged: Option<Segment>,
}

impl Merge {
    /// Does the work; takes a second or so for a million entries.
    pub fn run(&mut self) {
        let segments: Vec<&Arc<Segment>> = self.segments.iter().collect();
        self.merged = merged(&segments, &self.views, self.version);
    }
}

/// One segment of what is alive in several. None if it can't be had: then they stay as they are.
fn merged(segments: &[&Arc<Segment>], views: &[View], version: u64) -> Option<Segment> {
    let mut all: Vec<(u64, &Segment, u32)> = segments
        .iter()
        .flat_map(|s| s.living_from(0, version).map(|at| (s.entries.order(at), &***s, at)))
        .collect();
    all.sort_unstable_by_key(|(order, ..)| *order);
    let pairs = all.iter().map(|(order, s, at)| (*order, s.entries.key(*at), s.entries.value(*at)));
    let segment = Segment::new(Entries::from_pairs(pairs).ok()?);
    for view in views {
        segment.arrange(*view).ok()?;
    }
    Some(segment)
}
