//! `show cache`

use std::fmt::Write as _;
use std::sync::Arc;

use state::cache::Entry;

use super::prelude::*;

pub(super) const KEYWORDS: &[Command] = &[admin(
    &["show", "cache"],
    "show cache",
    "list the caches, and what each of them has stored",
    |query, _, out| {
        let mut text = String::new();
        for cache in &query.world.caches {
            let (entries, free) = cache.list();
            // Writing into memory can't fail.
            let at = Arc::as_ptr(cache);
            let _ = writeln!(text, "{at:p}: {} (shctx:{at:p}, available blocks:{free})", cache.name);
            for entry in &entries {
                let _ =
                    writeln!(text, "{}", line(entry, cache.number(&entry.key), query.wall_us / 1_000_000));
            }
        }
        out.extend_from_slice(text.as_bytes());
        Answer::Done
    },
)];

/// `now_s`: this second since 1970.
fn line(entry: &Arc<Entry>, number: u32, now_s: u64) -> String {
    let kind = if entry.stripped { "hints" } else { "full" };
    let left = i64::try_from(entry.expires_s).unwrap_or(i64::MAX) - i64::try_from(now_s).unwrap_or(0);
    // This listing, the order and the bucket hold it too.
    let users = Arc::strong_count(entry).saturating_sub(3);
    let variant = &entry.variant;
    format!(
        "{:p} hash:{number} vary:0x{:08x}{:016x}{:016x} type:{kind} size:{} ({} blocks), refcount:{users}, \
         expire:{left}",
        Arc::as_ptr(entry),
        variant.encodings.unwrap_or(0),
        variant.referer.unwrap_or(0),
        variant.origin.unwrap_or(0),
        entry.size(),
        entry.blocks(),
    )
}
