//! One segment's entries, arranged for one way of comparing. Immutable: entries that are gone are skipped as the
//! caller says.

mod affix;
mod exact;
mod int;
mod ip;
mod reg;
mod sub;
mod word;

use super::{Entries, MatchKind, PatternError, View};
use crate::value::Value;
pub use int::number_range;
pub use ip::{mask_v4, mask_v6};

/// An entry that matches. Of several the one of the lowest rank wins, then the first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Hit {
    pub(super) rank: u32,
    /// The entry's position in the segment.
    pub(super) at: u32,
}

impl Hit {
    const fn plain(at: u32) -> Self {
        Self { rank: 0, at }
    }

    /// The better one of two.
    fn better(a: Option<Self>, b: Option<Self>) -> Option<Self> {
        match (a, b) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        }
    }
}

/// Entries arranged by the method that compares them.
#[derive(Debug)]
pub(super) enum Index {
    Exact(exact::Exact),
    Ints(int::Ints),
    Networks(Box<ip::Networks>),
    Affix(affix::Affix),
    Words(word::Words),
    Sub(sub::Sub),
    Regexes(reg::Regexes),
}

/// Arranges entries; an error comes with the position of the entry that can't be compared this way.
pub(super) fn build(entries: &Entries, view: View) -> Result<Index, (u32, PatternError)> {
    use MatchKind as M;
    Ok(match view.kind {
        M::Str | M::Meth | M::Found | M::Bool => Index::Exact(exact::Exact::text(entries, view.fold)),
        M::Bin => Index::Exact(exact::Exact::binary(entries)?),
        M::Int | M::Len | M::Version => Index::Ints(int::Ints::new(entries, view.kind)?),
        M::Ip => Index::Networks(Box::new(ip::Networks::new(entries)?)),
        M::Beg | M::End => Index::Affix(affix::Affix::new(entries, view)),
        M::Dir | M::Dom => Index::Words(word::Words::new(entries, view)),
        M::Sub => Index::Sub(sub::Sub::new(entries, view.fold)?),
        M::Reg => Index::Regexes(reg::Regexes::new(entries, view)?),
    })
}

/// Every entry with its position.
fn keys(entries: &Entries) -> impl Iterator<Item = (u32, &[u8])> {
    (0..u32::try_from(entries.len()).unwrap_or(u32::MAX)).map(|at| (at, entries.key(at)))
}

impl Index {
    /// The entry that matches a value of the type that the method expects. `alive` is asked only of entries that match.
    #[inline]
    pub(super) fn find(
        &self,
        entries: &Entries,
        value: Value<'_>,
        alive: impl Fn(u32) -> bool,
    ) -> Option<Hit> {
        match (self, value) {
            (Self::Exact(exact), value) => exact.find(entries, value.bytes()?, alive),
            (Self::Ints(ints), Value::Sint(n)) => ints.find(n, alive),
            (Self::Ints(ints), Value::Str(s)) => ints.find(i64::try_from(s.len()).ok()?, alive),
            (Self::Networks(networks), Value::Ipv4(a)) => networks.find_v4(a, alive),
            (Self::Networks(networks), Value::Ipv6(a)) => networks.find_v6(a, alive),
            (Self::Affix(affix), Value::Str(s)) => affix.find(entries, s, alive),
            (Self::Words(words), Value::Str(s)) => words.find(entries, s, alive),
            (Self::Sub(sub), Value::Str(s)) => sub.find(s, alive),
            (Self::Regexes(regexes), Value::Str(s)) => regexes.find(s, alive),
            _ => None,
        }
    }

    /// Calls `visit` with every entry of exactly this text.
    pub(super) fn each_of(&self, entries: &Entries, text: &[u8], visit: &mut dyn FnMut(u32)) {
        if let Self::Exact(exact) = self {
            exact.each(entries, text, visit);
        }
    }

    /// The compiled expression of an entry, where groups were asked for.
    pub(super) fn regex(&self, at: u32) -> Option<&super::Regex> {
        match self {
            Self::Regexes(regexes) => regexes.one(at),
            _ => None,
        }
    }
}

/// A hash that grows with each byte: prefixes of a text cost one pass in all.
#[derive(Clone, Copy)]
struct Rolling(u64);

impl Rolling {
    const START: Self = Self(0x243f_6a88_85a3_08d3);

    #[inline]
    const fn push(self, byte: u8) -> Self {
        let n = (self.0 ^ byte as u64).wrapping_mul(0x9fb2_1c65_1e98_df25);
        Self(n ^ (n >> 32))
    }

    #[inline]
    const fn tag(self) -> u32 {
        self.0 as u32
    }
}

/// Whether two texts are equal, perhaps but for letter case.
#[inline]
fn equal(a: &[u8], b: &[u8], fold: bool) -> bool {
    if fold { a.eq_ignore_ascii_case(b) } else { a == b }
}
