//! Aliases of the log format: `%ci`, `%ST` (manual 8.2.6). To add one: a file named after its idea with a `KEYWORDS`
//! table, and its line in the list. An alias writes its value; escaping and quoting are `state::format`'s business.

use state::family::Alias;

mod client;

/// Every alias, a file a line.
pub static ALL: &[&[Alias]] = &[client::KEYWORDS];

/// The alias of this name, without the percent sign.
pub fn find(name: &str) -> Option<&'static Alias> {
    ALL.iter().flat_map(|file| file.iter()).find(|k| k.name == name)
}

/// What the files of this family share.
mod prelude {
    pub(super) use state::expr::Ctx;
    pub(super) use state::family::{Alias, Written};
}
