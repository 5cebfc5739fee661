//! Parts of texts (manual 7.1.3 "substring match"). A few are searched one by one; many by an Aho-Corasick automaton,
//! in one pass over the text however many there are.

use aho_corasick::{AhoCorasick, AhoCorasickBuilder, MatchKind};
use memchr::memmem::Finder;

use super::super::{Entries, PatternError};
use super::{Hit, keys};

/// So many patterns are searched one by one.
const FEW: usize = 2;

#[derive(Debug)]
pub(in super::super) enum Sub {
    Few(Box<[Finder<'static>]>),
    Many(AhoCorasick),
}

impl Sub {
    pub(super) fn new(entries: &Entries, fold: bool) -> Result<Self, (u32, PatternError)> {
        if entries.len() <= FEW && !fold {
            return Ok(Self::Few(keys(entries).map(|(_, key)| Finder::new(key).into_owned()).collect()));
        }
        let automaton = AhoCorasickBuilder::new()
            .match_kind(MatchKind::Standard)
            .ascii_case_insensitive(fold)
            .build(keys(entries).map(|(_, key)| key))
            .map_err(|e| (0, PatternError(format!("too many patterns for '-m sub': {e}"))))?;
        Ok(Self::Many(automaton))
    }

    pub(super) fn find(&self, s: &[u8], alive: impl Fn(u32) -> bool) -> Option<Hit> {
        let automaton = match self {
            Self::Many(automaton) => automaton,
            Self::Few(finders) => {
                let mut all = (0u32..).zip(finders);
                let hit = all.find(|(at, finder)| finder.find(s).is_some() && alive(*at));
                return hit.map(|(at, _)| Hit::plain(at));
            }
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
