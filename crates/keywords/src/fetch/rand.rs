//! `rand`, `uuid`: random integers and identifiers (manual 7.3.2).

use std::cell::Cell;

use super::prelude::*;

pub(super) const KEYWORDS: &[Fetch] = &[
    Fetch {
        name: "rand",
        args: &[ArgSpec::optional("range", ArgKind::Sint)],
        gives: Type::Sint,
        needs: Needs::Constant,
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
    },
    Fetch {
        name: "uuid",
        args: &[ArgSpec::optional("version", ArgKind::IntOf(&[4], "Unsupported UUID version: '{}'"))],
        gives: Type::Str,
        needs: Needs::Constant,
        doc: "A random universally unique identifier (version 4 of RFC 9562).",
        examples: &[
            Example { given: "", expr: "uuid,length", gives: "36" },
            Example { given: "", expr: "uuid,field(3,-),bytes(0,1)", gives: "4" },
        ],
        get: |_, cx| {
            let bits = u128::from(next(cx)) << 64 | u128::from(next(cx));
            let bits = bits & !(0xf << 76 | 0x3 << 62) | 0x4 << 76 | 0x2 << 62;
            let mut out = bumpalo::collections::String::with_capacity_in(36, cx.arena);
            for i in 0..32u32 {
                if matches!(i, 8 | 12 | 16 | 20) {
                    out.push('-');
                }
                out.push(char::from_digit((bits >> (124 - 4 * i) & 15) as u32, 16).unwrap_or('0'));
            }
            Some(Value::Str(out.into_bump_str().as_bytes()))
        },
        each: None,
    },
];

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
