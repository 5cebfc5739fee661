//! Beginnings and ends of texts (manual 7.1.3). A few are compared one by one; many are looked up by the hash of each
//! length in use, in one pass over the text.

use super::super::distinct::Distinct;
use super::super::{Entries, MatchKind, View};
use super::{Hit, Rolling, equal, keys};

/// So many patterns are compared one by one.
const FEW: usize = 8;

#[derive(Debug)]
pub(in super::super) struct Affix {
    fold: bool,
    /// From the end of the text backwards.
    backwards: bool,
    /// Whether the longest one wins, as where HAProxy keeps them in a tree; otherwise the first.
    longest: bool,
    many: Option<Many>,
}

#[derive(Debug)]
struct Many {
    /// The lengths of patterns, ascending.
    lens: Box<[usize]>,
    table: Distinct<u32>,
}

impl Affix {
    pub(super) fn new(entries: &Entries, view: View) -> Self {
        let backwards = view.kind == MatchKind::End;
        let (fold, longest) = (view.fold, !backwards && !view.fold);
        let many = (entries.len() > FEW).then(|| Many::new(entries, fold, backwards));
        Self { fold, backwards, longest, many }
    }

    pub(super) fn find(&self, entries: &Entries, s: &[u8], alive: impl Fn(u32) -> bool) -> Option<Hit> {
        match &self.many {
            None => self.one_by_one(entries, s, alive),
            Some(many) => self.by_length(many, entries, s, alive),
        }
    }

    fn one_by_one(&self, entries: &Entries, s: &[u8], alive: impl Fn(u32) -> bool) -> Option<Hit> {
        let mut hits = keys(entries).filter(|(at, key)| self.matches(s, key) && alive(*at));
        if self.longest {
            hits.map(|(at, key)| self.hit(at, key.len())).min()
        } else {
            hits.next().map(|(at, _)| Hit::plain(at))
        }
    }

    fn by_length(
        &self,
        many: &Many,
        entries: &Entries,
        s: &[u8],
        alive: impl Fn(u32) -> bool,
    ) -> Option<Hit> {
        let mut best = None;
        let mut hash = Rolling::START;
        let mut done = 0;
        for len in many.lens.iter().take_while(|len| **len <= s.len()) {
            while done < *len {
                hash = hash.push(self.byte(s, done));
                done += 1;
            }
            let same = |at: u32| entries.key(at).len() == *len && self.matches(s, entries.key(at));
            let found = many.table.find(hash.tag(), same, &alive);
            best = Hit::better(best, found.map(|at| self.hit(at, *len)));
        }
        best
    }

    fn hit(&self, at: u32, len: usize) -> Hit {
        let rank = if self.longest { u32::MAX - u32::try_from(len).unwrap_or(u32::MAX) } else { 0 };
        Hit { rank, at }
    }

    fn byte(&self, s: &[u8], i: usize) -> u8 {
        byte(s, i, self.fold, self.backwards)
    }

    fn matches(&self, s: &[u8], key: &[u8]) -> bool {
        let part = if self.backwards {
            s.len().checked_sub(key.len()).and_then(|at| s.get(at..))
        } else {
            s.get(..key.len())
        };
        part.is_some_and(|part| equal(part, key, self.fold))
    }
}

/// The byte at `i` in the direction of comparing, in the letter case of comparing.
fn byte(s: &[u8], i: usize, fold: bool, backwards: bool) -> u8 {
    let at = if backwards { s.len().wrapping_sub(i + 1) } else { i };
    let byte = s.get(at).copied().unwrap_or_default();
    if fold { byte.to_ascii_lowercase() } else { byte }
}

impl Many {
    fn new(entries: &Entries, fold: bool, backwards: bool) -> Self {
        let mut lens: Vec<usize> = Vec::new();
        let mut table = Distinct::with_capacity(entries.len());
        for (at, key) in keys(entries) {
            if let Err(place) = lens.binary_search(&key.len()) {
                lens.insert(place, key.len());
            }
            let hash = (0..key.len()).fold(Rolling::START, |h, i| h.push(byte(key, i, fold, backwards)));
            table.insert(hash.tag(), at, |other| equal(entries.key(other), key, fold));
        }
        Self { lens: lens.into(), table }
    }
}
