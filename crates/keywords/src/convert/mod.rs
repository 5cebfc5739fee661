//! Converters (manual 7.3.1). To add one: a file named after it with a `KEYWORDS` table, and its line in the list.

use state::family::Converter;

mod lower;

/// Every converter, a file a line.
pub static ALL: &[&[Converter]] = &[lower::KEYWORDS];

/// The converter of this name.
pub fn find(name: &str) -> Option<&'static Converter> {
    ALL.iter().flat_map(|file| file.iter()).find(|k| k.name == name)
}

/// What the files of this family share.
mod prelude {
    pub(super) use sample::{Args, Bump, Type, Value};
    pub(super) use state::expr::Ctx;
    pub(super) use state::family::{Converter, Example};
}
