//! `%Ta`, `%Tc`, `%Tw` and their kin: how long things took, in milliseconds (manual 8.4); -1 for what never came to its end.

use state::Stream;

use crate::timing;

use super::prelude::*;

pub(super) const KEYWORDS: &[Alias] = &[
    Alias {
        name: "TR",
        doc: "From the first byte of the request to the end of its head.",
        known: Known::End,
        write: |cx, _, out| timer(cx, out, |s, _| timing::head(s)),
    },
    Alias {
        name: "Ta",
        doc: "From the first byte of the request to the end; with a `+` when `option logasap` has it logged before.",
        known: Known::End,
        write: |cx, _, out| open(cx, out, timing::active),
    },
    Alias {
        name: "Tc",
        doc: "Connecting to the server.",
        known: Known::End,
        write: |cx, _, out| timer(cx, out, |s, _| timing::connect(s)),
    },
    Alias {
        name: "Td",
        doc: "The transfer of the response's body.",
        known: Known::End,
        write: |cx, _, out| timer(cx, out, timing::data),
    },
    Alias {
        name: "Th",
        doc: "Handshakes of the client's connection.",
        known: Known::End,
        write: |cx, _, out| timer(cx, out, |s, _| timing::handshake(s)),
    },
    Alias {
        name: "Ti",
        doc: "Before the first byte of the request.",
        known: Known::End,
        write: |cx, _, out| timer(cx, out, |s, _| timing::idle(s)),
    },
    Alias {
        name: "Tq",
        doc: "From the acceptance, or the end of the stream before, to the end of the request's head.",
        known: Known::End,
        write: |cx, _, out| timer(cx, out, |s, _| timing::to_request(s)),
    },
    Alias {
        name: "Tr",
        doc: "From the connection to the server to the end of the response's head.",
        known: Known::End,
        write: |cx, _, out| timer(cx, out, |s, _| timing::response(s)),
    },
    Alias {
        name: "Tt",
        doc: "The whole stream; with a `+` when `option logasap` has it logged before its end.",
        known: Known::End,
        write: |cx, _, out| open(cx, out, timing::total),
    },
    Alias {
        name: "Tu",
        doc: "The whole stream as the user sees it, without idle time; with a `+` when `option logasap` has it logged before its end.",
        known: Known::End,
        write: |cx, _, out| open(cx, out, timing::user),
    },
    Alias {
        name: "Tw",
        doc: "In queues.",
        known: Known::End,
        write: |cx, _, out| timer(cx, out, |s, _| timing::queue(s)),
    },
];

fn timer(cx: &Ctx<'_>, out: &mut Vec<u8>, get: fn(&Stream, u64) -> i64) -> Written {
    sample::cast::write_int(cx.stream.map_or(-1, |s| get(s, cx.now_ns)), out);
    Written::Plain
}

/// A timer that runs to the end of the stream.
fn open(cx: &Ctx<'_>, out: &mut Vec<u8>, get: fn(&Stream, u64) -> i64) -> Written {
    if logged_early(cx) {
        out.push(b'+');
    }
    timer(cx, out, get)
}
