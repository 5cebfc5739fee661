//! Reading single metrics by name, for those who show them their own way. Holds no metric itself.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::OnceLock;

use state::family::{Metric, Read, Row};

/// The metrics of an object, by the names of their columns.
pub(crate) trait Columns {
    /// A whole number that isn't negative.
    fn n(&self, name: &str) -> Option<u64>;
    /// Text.
    fn s(&self, name: &str) -> Option<Cow<'_, str>>;
}

impl Columns for Row<'_> {
    fn n(&self, name: &str) -> Option<u64> {
        let metric = find(name)?;
        if !metric.scope.has(self.object) {
            return None;
        }
        match metric.read {
            Read::U32(read) => read(self).map(u64::from),
            Read::U64(read) => read(self),
            Read::S32(read) => read(self).and_then(|n| u64::try_from(n).ok()),
            // As a conversion does.
            Read::Fraction(read) => read(self).map(|n| n as u64),
            Read::Str(_) => None,
        }
    }

    fn s(&self, name: &str) -> Option<Cow<'_, str>> {
        let metric = find(name).filter(|metric| metric.scope.has(self.object))?;
        match metric.read {
            Read::Str(read) => read(self),
            _ => None,
        }
    }
}

/// The metric of this name.
pub(crate) fn find(name: &str) -> Option<&'static Metric> {
    static BY_NAME: OnceLock<HashMap<&str, &Metric>> = OnceLock::new();
    let found = BY_NAME.get_or_init(|| {
        let columns = super::ALL.iter().flat_map(|file| file.iter());
        columns.chain(super::INFO.iter().map(|(_, metric)| metric)).map(|m| (m.name, m)).collect()
    });
    found.get(name).copied()
}
