//! Bytes.

use state::counters::{Counter, Wire};

use super::prelude::*;

pub(super) const KEYWORDS: &[Metric] = &[
    metric("bin", "MCPP", Scope::ALL, U64(|row| row.sum(|c| &c.bytes_in)), "Bytes of requests"),
    metric("bout", "MCPP", Scope::ALL, U64(|row| row.sum(|c| &c.bytes_out)), "Bytes of responses"),
    metric("reqbin", "MCPP", Scope::ALL, U64(|row| row.sum(|c| &c.bytes_in)), "Bytes of requests received"),
    metric(
        "reqbout",
        "MCPP",
        Scope::ALL,
        U64(|row| row.sum(|c| &c.requests_sent)),
        "Bytes of requests sent to servers",
    ),
    metric("resbin", "MCPP", Scope::ALL, U64(|row| row.sum(|c| &c.bytes_out)), "Bytes of responses received"),
    metric(
        "resbout",
        "MCPP",
        Scope::ALL,
        U64(|row| row.sum(|c| &c.responses_sent)),
        "Bytes of responses sent to clients, own ones included",
    ),
    wire("h1_bytes_in", U64(|row| on_wire(row, |w| &w.read)), "Bytes that came over HTTP/1 connections"),
    wire("h1_bytes_out", U64(|row| on_wire(row, |w| &w.wrote)), "Bytes that went over HTTP/1 connections"),
    wire(
        "h1_spliced_bytes_in",
        U64(|row| on_wire(row, |w| &w.spliced_in)),
        "Of `h1_bytes_in` those that stayed in the kernel",
    ),
    wire(
        "h1_spliced_bytes_out",
        U64(|row| on_wire(row, |w| &w.spliced_out)),
        "Of `h1_bytes_out` those that stayed in the kernel",
    ),
];

const fn wire(name: &'static str, read: Read, doc: &'static str) -> Metric {
    metric(name, "MCPV", Scope::PROXY, read, doc)
}

/// What was on the wire; connections that aren't HTTP's aren't counted.
fn on_wire(row: &Row<'_>, which: impl Fn(&Wire) -> &Counter) -> Option<u64> {
    if row.is_http() { row.sum(|c| which(&c.wire)) } else { Some(0) }
}
