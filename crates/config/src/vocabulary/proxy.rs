//! What a row of the proxy vocabulary says: a name and where it may stand.

use crate::section::SectionKind;

/// `defaults`.
pub(super) const D: u8 = 1;
/// `frontend`.
pub(super) const F: u8 = 2;
/// `listen`.
pub(super) const L: u8 = 4;
/// `backend`.
pub(super) const B: u8 = 8;
/// In `defaults` only if the section has a name.
pub(super) const NAMED: u8 = 16;

/// One word of a proxy section and where it may stand.
#[derive(Clone, Copy, Debug)]
pub struct Proxy {
    /// The word.
    pub name: &'static str,
    pub(super) places: u8,
}

impl Proxy {
    /// Whether it may stand in this kind of section.
    pub fn allowed(&self, kind: SectionKind) -> bool {
        let bit = match kind {
            SectionKind::Defaults => D,
            SectionKind::Frontend => F,
            SectionKind::Listen => L,
            SectionKind::Backend => B,
            _ => 0,
        };
        self.places & bit != 0
    }

    /// Whether a `defaults` section must have a name to hold it.
    pub fn needs_named_defaults(&self) -> bool {
        self.places & NAMED != 0
    }

    /// The sides it is for, as HAProxy lists them: `FE `, `BE `, both or none.
    pub fn ends(&self) -> String {
        let mut out = String::new();
        for (bit, name) in [(F, "FE "), (B, "BE ")] {
            if self.places & bit != 0 {
                out.push_str(name);
            }
        }
        out
    }
}

/// The row of a word in one of the proxy tables.
pub fn places_of(table: &'static [Proxy], word: &[u8]) -> Option<&'static Proxy> {
    table.binary_search_by(|row| row.name.as_bytes().cmp(word)).ok().and_then(|i| table.get(i))
}
