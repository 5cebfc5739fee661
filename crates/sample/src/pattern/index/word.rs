//! Whole words between delimiters: `dir` between slashes, `dom` between dots, colons, slashes and question marks
//! (manual 7.1.3). A few are searched one by one; many are looked up by hash from each place where a word begins.

use super::super::distinct::Distinct;
use super::super::{Entries, MatchKind, View};
use super::{Hit, Rolling, equal, keys};

/// So many patterns are searched one by one.
const FEW: usize = 4;

#[derive(Debug)]
pub(in super::super) struct Words {
    fold: bool,
    delimiters: &'static [u8],
    many: Option<Many>,
}

#[derive(Debug)]
struct Many {
    /// The longest pattern, bytes, and the most delimiters in one: how far to look.
    longest: usize,
    inner: usize,
    table: Distinct<u32>,
}

impl Words {
    pub(super) fn new(entries: &Entries, view: View) -> Self {
        let delimiters: &[u8] = if view.kind == MatchKind::Dom { b"/?.:" } else { b"/?" };
        let many = (entries.len() > FEW).then(|| Many::new(entries, view.fold, delimiters));
        Self { fold: view.fold, delimiters, many }
    }

    pub(super) fn find(&self, entries: &Entries, s: &[u8], alive: impl Fn(u32) -> bool) -> Option<Hit> {
        match &self.many {
            None => keys(entries)
                .find(|(at, key)| self.stands_in(s, strip(key, self.delimiters)) && alive(*at))
                .map(|(at, _)| Hit::plain(at)),
            Some(many) => self.by_place(many, entries, s, alive),
        }
    }

    /// Whether `word` stands in `s` between delimiters or its ends.
    fn stands_in(&self, s: &[u8], word: &[u8]) -> bool {
        let Some(last) = s.len().checked_sub(word.len()).filter(|_| !word.is_empty()) else { return false };
        let mut at = 0;
        while at <= last {
            let end = at + word.len();
            if self.is_edge(s.get(end)) && s.get(at..end).is_some_and(|part| equal(part, word, self.fold)) {
                return true;
            }
            // The next word begins behind the next delimiter.
            let rest = s.get(at..).unwrap_or_default();
            match rest.iter().position(|b| self.delimiters.contains(b)) {
                Some(next) => at += next + 1,
                None => return false,
            }
        }
        false
    }

    fn by_place(&self, many: &Many, entries: &Entries, s: &[u8], alive: impl Fn(u32) -> bool) -> Option<Hit> {
        let mut best = None;
        let mut begins = true;
        for (start, byte) in s.iter().enumerate() {
            let is_delimiter = self.delimiters.contains(byte);
            if begins && !is_delimiter {
                let rest = s.get(start..).unwrap_or_default();
                best = Hit::better(best, self.words_here(many, entries, rest, &alive));
            }
            begins = is_delimiter;
        }
        best
    }

    /// The best of the patterns that `s` begins with, up to a delimiter or its end.
    fn words_here(
        &self,
        many: &Many,
        entries: &Entries,
        s: &[u8],
        alive: impl Fn(u32) -> bool,
    ) -> Option<Hit> {
        let mut best = None;
        let mut hash = Rolling::START;
        let mut inner = 0;
        for (i, byte) in s.iter().take(many.longest).enumerate() {
            if self.delimiters.contains(byte) {
                inner += 1;
                if inner > many.inner {
                    break;
                }
            }
            hash = hash.push(if self.fold { byte.to_ascii_lowercase() } else { *byte });
            if self.is_edge(s.get(i + 1)) {
                let word = s.get(..=i).unwrap_or_default();
                let same = |at: u32| equal(strip(entries.key(at), self.delimiters), word, self.fold);
                best = Hit::better(best, many.table.find(hash.tag(), same, &alive).map(Hit::plain));
            }
        }
        best
    }

    fn is_edge(&self, byte: Option<&u8>) -> bool {
        byte.is_none_or(|b| self.delimiters.contains(b))
    }
}

impl Many {
    fn new(entries: &Entries, fold: bool, delimiters: &[u8]) -> Self {
        let mut many = Self { longest: 0, inner: 0, table: Distinct::with_capacity(entries.len()) };
        for (at, key) in keys(entries) {
            let word = strip(key, delimiters);
            if word.is_empty() {
                continue;
            }
            many.longest = many.longest.max(word.len());
            many.inner = many.inner.max(word.iter().filter(|b| delimiters.contains(b)).count());
            let lower = |b: &u8| if fold { b.to_ascii_lowercase() } else { *b };
            let hash = word.iter().fold(Rolling::START, |h, b| h.push(lower(b)));
            many.table
                .insert(hash.tag(), at, |other| equal(strip(entries.key(other), delimiters), word, fold));
        }
        many
    }
}

/// `text` without delimiters at its ends.
fn strip<'a>(mut text: &'a [u8], delimiters: &[u8]) -> &'a [u8] {
    while let [first, rest @ ..] = text
        && delimiters.contains(first)
    {
        text = rest;
    }
    while let [rest @ .., last] = text
        && delimiters.contains(last)
    {
        text = rest;
    }
    text
}
