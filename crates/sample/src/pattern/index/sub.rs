//! Parts of texts (manual 7.1.3 "substring match"). A few are searched one by one; many by an Aho-Corasick automaton,
//! in one pass over the text however many there are.

use aho_corasick::{AhoCorasick, AhoCorasickBuilder, MatchKind};

use super::super::{Entries, PatternError};
use super::{Hit, keys};

/// So many patterns are searched one by one.
const FEW: usize = 2;

#[derive(Debug)]
pub(in super::super) struct Sub {
    fold: bool,
    many: Option<AhoCorasick>,
}

impl Sub {
    pub(super) fn new(entries: &Entries, fold: bool) -> Result<Self, (u32, PatternError)> {
        if entries.len() <= FEW && !fold {
            return Ok(Self { fold, many: None });
        }
        let automaton = AhoCorasickBuilder::new()
            .match_kind(MatchKind::Standard)
            .ascii_case_insensitive(fold)
            .build(keys(entries).map(|(_, key)| key))
            .map_err(|e| (0, PatternError(format!("too many patterns for '-m sub': {e}"))))?;
        Ok(Self { fold, many: Some(automaton) })
    }

    pub(super) fn find(&self, entries: &Entries, s: &[u8], alive: impl Fn(u32) -> bool) -> Option<Hit> {
        debug_assert!(!self.fold || self.many.is_some());
        let Some(automaton) = &self.many else {
            let hit = |(at, key): &(u32, &[u8])| memchr::memmem::find(s, key).is_some() && alive(*at);
            return keys(entries).find(hit).map(|(at, _)| Hit::plain(at));
        };
        let mut best: Option<u32> = None;
        for found in automaton.find_overlapping_iter(s) {
            let at = found.pattern().as_u32();
            if best.is_none_or(|b| at < b) && alive(at) {
                best = Some(at);
                if at == 0 {
                    break;
                }
            }
        }
        best.map(Hit::plain)
    }
}
