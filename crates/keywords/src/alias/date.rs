//! `%t`, `%tr`, `%T`, `%Tl`, `%trg`, `%trl`, `%Ts`, `%ms`: when the connection and the request came.

use crate::clock::{Stamp, write_stamp};
use crate::timing::request_wall_us;

use super::prelude::*;

pub(super) const KEYWORDS: &[Alias] = &[
    Alias {
        name: "T",
        doc: "When the connection was accepted: `22/Nov/2026:12:26:24 +0000`, UTC.",
        known: Known::Response,
        write: |cx, _, out| stamp(Stamp::Utc, begun(cx), out),
    },
    Alias {
        name: "Tl",
        doc: "When the connection was accepted, as `%T` in local time.",
        known: Known::Response,
        write: |cx, _, out| stamp(Stamp::Local, begun(cx), out),
    },
    Alias {
        name: "Ts",
        doc: "When the connection was accepted, in seconds since 1970.",
        known: Known::Response,
        write: |cx, flags, out| hexadecimal_or(begun(cx) / 1_000_000, 4, flags, out),
    },
    Alias {
        name: "ms",
        doc: "The milliseconds of the second in which the connection was accepted, three digits.",
        known: Known::Response,
        write: |cx, flags, out| {
            let millis = begun(cx) / 1000 % 1000;
            if !flags.hexadecimal {
                let digit = |n: u64| b'0' + (n % 10) as u8;
                out.extend_from_slice(&[digit(millis / 100), digit(millis / 10), digit(millis)]);
                return Written::Plain;
            }
            hexadecimal_or(millis, 2, flags, out)
        },
    },
    Alias {
        name: "t",
        doc: "When the connection was accepted: `22/Nov/2026:12:26:24.123`, local time.",
        known: Known::Response,
        write: |cx, _, out| stamp(Stamp::Millis, begun(cx), out),
    },
    Alias {
        name: "tr",
        doc: "When the first byte of the request came, as `%t`.",
        known: Known::Response,
        write: |cx, _, out| stamp(Stamp::Millis, requested(cx), out),
    },
    Alias {
        name: "trg",
        doc: "When the first byte of the request came, as `%T`.",
        known: Known::Response,
        write: |cx, _, out| stamp(Stamp::Utc, requested(cx), out),
    },
    Alias {
        name: "trl",
        doc: "When the first byte of the request came, as `%Tl`.",
        known: Known::Response,
        write: |cx, _, out| stamp(Stamp::Local, requested(cx), out),
    },
];

/// When the stream began: the acceptance, or the end of the stream before.
fn begun(cx: &Ctx<'_>) -> u64 {
    cx.stream.map_or(cx.session.accepted_wall_us, |s| s.begun_wall_us)
}

fn requested(cx: &Ctx<'_>) -> u64 {
    request_wall_us(cx).unwrap_or(cx.session.accepted_wall_us)
}

fn stamp(stamp: Stamp, wall_us: u64, out: &mut Vec<u8>) -> Written {
    write_stamp(stamp, wall_us, out);
    Written::Plain
}
