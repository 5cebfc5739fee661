//! How long streams took that servers served: averages of the last 512, and the longest.

use state::counters::Span;

use super::prelude::*;

const fn average(name: &'static str, read: fn(&Row<'_>) -> Option<u32>, doc: &'static str) -> Metric {
    metric(name, "MaPV", Scope::BACK, U32(read), doc)
}

const fn longest(name: &'static str, read: fn(&Row<'_>) -> Option<u32>, doc: &'static str) -> Metric {
    metric(name, "MMPV", Scope::BACK, U32(read), doc)
}

pub(super) const KEYWORDS: &[Metric] = &[
    average("qtime", |row| mean(row, Span::Queue), "Milliseconds in queues, on average"),
    average("ctime", |row| mean(row, Span::Connect), "Milliseconds to connect, on average"),
    average(
        "rtime",
        |row| mean(row, Span::Response),
        "Milliseconds to the head of the response, on average; 0 for TCP",
    ),
    average("ttime", |row| mean(row, Span::Total), "Milliseconds in all, on average"),
    longest("qtime_max", |row| most(row, Span::Queue), "The longest that a stream queued, milliseconds"),
    longest("ctime_max", |row| most(row, Span::Connect), "The longest that connecting took, milliseconds"),
    longest("rtime_max", |row| most(row, Span::Response), "The longest that a response took, milliseconds"),
    longest("ttime_max", |row| most(row, Span::Total), "The longest that a stream took, milliseconds"),
];

fn mean(row: &Row<'_>, span: Span) -> Option<u32> {
    let total = row.sessions()?.total();
    Some(small(row.counters()?.average(span, total)))
}

fn most(row: &Row<'_>, span: Span) -> Option<u32> {
    Some(small(row.counters()?.longest(span)))
}
