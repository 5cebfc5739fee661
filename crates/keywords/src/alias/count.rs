//! `%B`, `%U`, `%ac`, `%fc`, `%bc`, `%sc`, `%sq`, `%bq`, `%rc`: how much and how many.

use super::prelude::*;

pub(super) const KEYWORDS: &[Alias] = &[
    Alias {
        name: "B",
        doc: "Bytes sent to the client, heads included; with a `+` when `option logasap` has it logged before the end.",
        known: Known::End,
        write: |cx, _, out| {
            if logged_early(cx) {
                out.push(b'+');
            }
            number(cx.stream.map_or(0, |s| s.bytes_out), out)
        },
    },
    Alias {
        name: "U",
        doc: "Bytes that came from the client, heads included.",
        known: Known::End,
        write: |cx, _, out| number(cx.stream.map_or(0, |s| s.bytes_in), out),
    },
    Alias {
        name: "ac",
        doc: "Connections of the process when the line is made.",
        known: Known::End,
        write: |cx, _, out| number(count(cx, 0), out),
    },
    Alias {
        name: "bc",
        doc: "Streams of the backend when the line is made.",
        known: Known::End,
        write: |cx, _, out| number(count(cx, 2), out),
    },
    Alias {
        name: "bq",
        doc: "How many streams were ahead in the backend's queue.",
        known: Known::End,
        write: |cx, _, out| number(cx.stream.map_or(0, |s| u64::from(s.backend_queue)), out),
    },
    Alias {
        name: "fc",
        doc: "Connections of the frontend when the line is made.",
        known: Known::End,
        write: |cx, _, out| number(count(cx, 1), out),
    },
    Alias {
        name: "rc",
        doc: "How many times a connection to a server was tried again; with a `+` when the stream went to another one.",
        known: Known::End,
        write: |cx, _, out| {
            if cx.stream.is_some_and(|s| s.redispatched) {
                out.push(b'+');
            }
            number(cx.stream.map_or(0, |s| u64::from(s.retries)), out)
        },
    },
    Alias {
        name: "sc",
        doc: "Streams of the server when the line is made.",
        known: Known::End,
        write: |cx, _, out| number(count(cx, 3), out),
    },
    Alias {
        name: "sq",
        doc: "How many streams were ahead in the server's queue.",
        known: Known::End,
        write: |cx, _, out| number(cx.stream.map_or(0, |s| u64::from(s.server_queue)), out),
    },
];

/// Connections at the time of logging: process, frontend, backend, server.
fn count(cx: &Ctx<'_>, which: usize) -> u64 {
    cx.stream.and_then(|s| s.counts.get(which)).map_or(0, |n| u64::from(*n))
}
