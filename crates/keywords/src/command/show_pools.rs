//! `show pools`: memory that threads keep to use it again (management manual 9.3).

use std::fmt::Write as _;
use std::sync::{Arc, Mutex, PoisonError};

use state::family::inside::{Inside, Pool, Survey, Told};

use super::prelude::*;

pub(super) const KEYWORDS: &[Command] = &[user(
    &["show", "pools"],
    "show pools [by*] [match <pfx>] [nb]",
    "report information about the memory pools usage",
    |query, _, out| {
        match Wish::read(query) {
        Some(wish) => Answer::Survey(Arc::new(List { wish, pools: Mutex::default() })),
        None => query.refuse(
            "Expects either 'byname', 'bysize', 'byusage', 'match <pfx>', 'detailed', or a max number of output lines.",
            out,
        ),
    }
    },
)];

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Order {
    #[default]
    AsTheyCome,
    Name,
    Size,
    Usage,
}

#[derive(Debug, Default)]
struct Wish {
    order: Order,
    prefix: Option<String>,
    most: Option<usize>,
}

impl Wish {
    fn read(query: &Query<'_>) -> Option<Self> {
        let mut wish = Self::default();
        let mut at = 2;
        while !query.word(at).is_empty() {
            match query.word(at) {
                b"byname" => wish.order = Order::Name,
                b"bysize" => wish.order = Order::Size,
                b"byusage" => wish.order = Order::Usage,
                // Each kind of memory stands for itself: there is no more to tell.
                b"detailed" => {}
                b"match" if !query.word(at + 1).is_empty() => {
                    at += 1;
                    wish.prefix = Some(query.text(at).into_owned());
                }
                word => match number(word) {
                    (most, true) if most > 0 => wish.most = usize::try_from(most).ok(),
                    _ => return None,
                },
            }
            at += 1;
        }
        Some(wish)
    }
}

struct List {
    wish: Wish,
    pools: Mutex<Vec<Pool>>,
}

impl Survey for List {
    fn ask(&self, _: &World, thread: &dyn Inside) {
        let mut pools = self.pools.lock().unwrap_or_else(PoisonError::into_inner);
        thread.pools(&mut |pool| {
            match pools.iter_mut().find(|known| known.name == pool.name) {
                Some(known) => {
                    known.used += pool.used;
                    known.kept += pool.kept;
                }
                None => pools.push(pool),
            };
        });
    }

    fn tell(&self, _: &Query<'_>, _: u64, out: &mut Vec<u8>) -> Told {
        let mut pools = self.pools.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let prefix = self.wish.prefix.as_deref().unwrap_or_default();
        pools.retain(|pool| pool.name.starts_with(prefix));
        let allocated = |pool: &Pool| pool.size * (pool.used + pool.kept);
        match self.wish.order {
            Order::AsTheyCome => {}
            Order::Name => pools.sort_by_key(|pool| pool.name),
            Order::Size => pools.sort_by_key(|pool| std::cmp::Reverse(pool.size)),
            Order::Usage => {
                // Only what is in use is told.
                pools.retain(|pool| allocated(pool) > 0);
                pools.sort_by_key(|pool| std::cmp::Reverse(allocated(pool)));
            }
        }
        let limit =
            self.wish.most.map_or_else(String::new, |most| format!(" (limited to the first {most} entries)"));
        // Writing to a string can't fail.
        let mut text = format!("Dumping pools usage{limit}. Use SIGQUIT to flush them.\n");
        for pool in pools.iter().take(self.wish.most.unwrap_or(usize::MAX)) {
            let _ = writeln!(
                text,
                "  - Pool {} ({} bytes/8) : {} allocated ({} bytes), {} used (~{} by thread caches), needed_avg {}, 0 \
                 failures, 1 users, @(nil)",
                pool.name,
                pool.size,
                pool.used + pool.kept,
                allocated(pool),
                pool.used + pool.kept,
                pool.kept,
                pool.used,
            );
        }
        let all: usize = pools.iter().map(allocated).sum();
        let kept: usize = pools.iter().map(|pool| pool.size * pool.kept).sum();
        let _ = writeln!(
            text,
            "Total: {} pools, {all} bytes allocated, {all} used (~{kept} by thread caches).",
            pools.len()
        );
        out.extend_from_slice(text.as_bytes());
        Told::All
    }
}
