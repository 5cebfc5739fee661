//! Caches.

use state::counters::{Block, Counter};

use super::prelude::*;

pub(super) const KEYWORDS: &[Metric] = &[
    metric(
        "cache_lookups",
        "MCPP",
        Scope::PROXY,
        U64(|row| sum(row, |c| &c.cache.all)),
        "Look-ups in the cache",
    ),
    metric(
        "cache_hits",
        "MCPP",
        Scope::PROXY,
        U64(|row| sum(row, |c| &c.cache.hits)),
        "Look-ups that found something",
    ),
    metric(
        "cache_hint_hits",
        "MCPP",
        Scope::PROXY,
        U64(|row| sum(row, |c| &c.cache.hint_hits)),
        "Look-ups that were answered with early hints",
    ),
];

/// Of proxies that speak HTTP.
fn sum(row: &Row<'_>, which: fn(&Block) -> &Counter) -> Option<u64> {
    if row.is_http() { row.sum(which) } else { None }
}
