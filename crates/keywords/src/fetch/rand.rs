//! `rand`: random integers (manual 7.3.2).

use std::cell::Cell;

use super::prelude::*;

pub(super) const KEYWORDS: &[Fetch] = &[Fetch {
    name: "rand",
    args: &[ArgSpec::optional("range", ArgKind::Sint)],
    gives: Type::Sint,
    needs: Needs::Nothing,
    doc: "A random integer from 0 to below `range`, 2^32 if none is given. Not for secrets.",
    examples: &[
        Example { given: "", expr: "rand(1)", gives: "0" },
        Example { given: "", expr: "rand(10),div(10)", gives: "0" },
    ],
    get: |args, cx| {
        let wide = next(cx) >> 32;
        Some(Value::Sint(match args.int(0).and_then(|n| u64::try_from(n).ok()) {
            Some(range) => ((wide * (range & 0xffff_ffff)) >> 32) as i64,
            None => wide as i64,
        }))
    },
    each: None,
}];

thread_local! {
    static STATE: Cell<u64> = const { Cell::new(0) };
}

/// The next number of this thread's generator (splitmix64), which the clock seeds at its first use.
fn next(cx: &Ctx<'_>) -> u64 {
    STATE.with(|state| {
        let seed = match state.get() {
            0 => cx.wall_us.rotate_left(20) ^ (u64::from(cx.thread) << 48) ^ u64::from(std::process::id()),
            seed => seed,
        };
        let seed = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
        state.set(seed);
        let a = (seed ^ (seed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let b = (a ^ (a >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        b ^ (b >> 31)
    })
}
