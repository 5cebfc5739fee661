//! Filters (manual 9). To add one: a file named after it with a `KEYWORDS` table, and its line in the list.

use state::family::FilterKind;

mod bwlim;
pub mod cache;
pub mod compression;
mod trace;

/// Every filter, a file a line.
pub static ALL: &[&[FilterKind]] =
    &[bwlim::KEYWORDS, cache::KEYWORDS, compression::KEYWORDS, trace::KEYWORDS];

/// The filter of this name.
pub fn find(name: &str) -> Option<&'static FilterKind> {
    ALL.iter().flat_map(|file| file.iter()).find(|k| k.name == name)
}

/// All filters in the order of their names.
pub fn sorted() -> Vec<&'static FilterKind> {
    let mut all: Vec<_> = ALL.iter().flat_map(|file| file.iter()).collect();
    all.sort_by_key(|kind| kind.name);
    all
}

/// What the files of this family share.
mod prelude {
    pub(super) use std::sync::Arc;

    pub(super) use state::expr::Side;
    pub(super) use state::family::{FilterKind, Parse};
    pub(super) use state::filter::{Filter, Part, Passed, Shape, Sums, Work};
    pub(super) use state::rule::Act;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_that_of_the_folder() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/filter");
        let files = std::fs::read_dir(folder).unwrap().filter_map(|entry| {
            let name = entry.ok()?.file_name().into_string().ok()?;
            name.strip_suffix(".rs").filter(|stem| *stem != "mod").map(str::to_owned)
        });
        assert_eq!(files.count(), ALL.len());
    }

    #[test]
    fn names_are_found_once() {
        let mut names: Vec<_> = ALL.iter().flat_map(|file| file.iter()).map(|k| k.name).collect();
        names.sort_unstable();
        let all = names.len();
        names.dedup();
        assert_eq!(names.len(), all);
        assert!(names.iter().all(|name| find(name).is_some()));
    }
}
