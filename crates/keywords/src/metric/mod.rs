//! Metrics: the columns of `show stat` and the lines of `show info` (management manual 9.1, 9.3). To add one: an entry in
//! the `KEYWORDS` table of the file of its idea, or a new file and its line in the list; a column also needs its place in
//! [`COLUMNS`], a line of `show info` stands where it is shown.

use std::sync::OnceLock;

use state::family::Metric;

mod bytes;
mod cache;
mod check;
mod column;
mod compression;
mod connections;
mod errors;
mod http2;
mod identity;
mod lookup;
mod objects;
mod process;
mod rates;
mod responses;
mod sessions;
mod show;
mod status;
mod timing;
mod tls;
mod without;

pub use column::COLUMNS;
pub(crate) use lookup::{Columns, find};
pub(crate) use objects::{Proxy, proxies, wants_status};
pub(crate) use show::{Form, Show};
pub use status::{ServerStatus, server_status};

/// Every metric of frontends, listeners, servers and backends, a file a line.
pub static ALL: &[&[Metric]] = &[
    bytes::KEYWORDS,
    check::KEYWORDS,
    cache::KEYWORDS,
    compression::KEYWORDS,
    connections::KEYWORDS,
    errors::KEYWORDS,
    http2::KEYWORDS,
    identity::KEYWORDS,
    rates::KEYWORDS,
    responses::KEYWORDS,
    sessions::KEYWORDS,
    status::KEYWORDS,
    timing::KEYWORDS,
    tls::KEYWORDS,
    without::KEYWORDS,
];

/// The metrics of the process, by their position in `show info`.
pub static INFO: &[(u16, Metric)] = process::KEYWORDS;

/// What stands in each column; nothing in those that Sluice never fills.
pub(crate) fn columns() -> &'static [(&'static str, Option<&'static Metric>)] {
    static FOUND: OnceLock<Vec<(&str, Option<&Metric>)>> = OnceLock::new();
    FOUND.get_or_init(|| {
        let find = |name: &str| ALL.iter().flat_map(|file| file.iter()).find(|metric| metric.name == name);
        COLUMNS.iter().map(|name| (*name, find(name))).collect()
    })
}

/// The columns behind those whose position never changes, of one module: those named after it.
pub(crate) fn extra(module: &str) -> impl Iterator<Item = &'static Metric> {
    let behind = columns().iter().skip_while(|(name, _)| *name != "-").skip(1);
    let prefix = format!("{module}_");
    behind.filter(move |(name, _)| name.starts_with(&prefix)).filter_map(|(_, metric)| *metric)
}

/// What the files of this family share.
mod prelude {
    pub(super) use state::family::Read::{Fraction, S32, Str, U32, U64};
    pub(super) use state::family::{Metric, Object, Read, Row, Scope};
    pub(super) use std::sync::atomic::Ordering::Relaxed;

    /// An entry: name, tags, scope, how it is read, what it is.
    pub(super) const fn metric(
        name: &'static str,
        tags: &'static str,
        scope: Scope,
        read: Read,
        doc: &'static str,
    ) -> Metric {
        Metric { name, doc, tags, tags_at: None, scope, read }
    }

    /// As many as fit.
    pub(super) fn small(n: u64) -> u32 {
        u32::try_from(n).unwrap_or(u32::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn each_metric_has_one_column() {
        let mut seen = HashSet::new();
        for metric in ALL.iter().flat_map(|file| file.iter()) {
            assert!(COLUMNS.contains(&metric.name), "{} has no column", metric.name);
            assert!(seen.insert(metric.name), "{} stands twice", metric.name);
        }
    }

    #[test]
    fn tags_are_four_known_letters() {
        let columns = ALL.iter().flat_map(|file| file.iter());
        for metric in columns.chain(INFO.iter().map(|(_, metric)| metric)) {
            for tags in std::iter::once(metric.tags).chain(metric.tags_at.map(|(_, tags)| tags)) {
                let known = ["MSKCP", "AaCDGLMmNORT", "CPSs", "VP"];
                assert!(
                    tags.len() == 4 && tags.chars().zip(known).all(|(c, set)| set.contains(c)),
                    "{metric:?}"
                );
            }
            assert!(!metric.doc.is_empty() && !metric.doc.contains('"'), "{metric:?}");
        }
    }

    #[test]
    fn lines_of_show_info_are_in_order() {
        assert!(INFO.windows(2).all(|w| matches!(w, [(a, _), (b, _)] if a < b)));
    }

    #[test]
    fn the_list_holds_every_file() {
        let files = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/src/metric")).unwrap();
        let others = ["mod.rs", "column.rs", "lookup.rs", "objects.rs", "show.rs", "process.rs"];
        let count =
            files.filter(|f| !others.contains(&f.as_ref().unwrap().file_name().to_str().unwrap())).count();
        assert_eq!(count, ALL.len());
    }
}
