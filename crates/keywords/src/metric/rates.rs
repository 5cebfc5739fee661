//! How much a second.

use super::prelude::*;

pub(super) const KEYWORDS: &[Metric] = &[
    metric(
        "rate",
        "MRPP",
        Scope::NOT_LISTENER,
        U32(|row| now(row, What::Sessions)),
        "Sessions over the last second",
    ),
    metric(
        "rate_lim",
        "CLPV",
        Scope::FRONTEND,
        U32(|_| Some(0)),
        "Sessions a second that are let in; 0 is no limit, and there is none yet",
    ),
    Metric {
        name: "rate_max",
        doc: "The most sessions there ever were in a second",
        tags: "MMPV",
        tags_at: Some((Scope::BACKEND, "MGPV")),
        scope: Scope::NOT_LISTENER,
        read: U32(|row| max(row, What::Sessions)),
    },
    metric(
        "req_rate",
        "MRPP",
        Scope::FRONTEND,
        U32(|row| now(row, What::Requests)),
        "HTTP requests over the last second",
    ),
    metric(
        "req_rate_max",
        "MMPV",
        Scope::FRONTEND,
        U32(|row| max(row, What::Requests)),
        "The most HTTP requests there ever were in a second",
    ),
    metric(
        "conn_rate",
        "MRPP",
        Scope::FRONTEND,
        U32(|row| now(row, What::Connections)),
        "Connections over the last second",
    ),
    metric(
        "conn_rate_max",
        "MMPV",
        Scope::FRONTEND,
        U32(|row| max(row, What::Connections)),
        "The most connections there ever were in a second",
    ),
];

#[derive(Clone, Copy)]
enum What {
    Sessions,
    Connections,
    Requests,
}

/// The rate and the count it belongs to.
fn rate<'a>(row: &Row<'a>, what: What) -> Option<(&'a state::counters::Rate, u64)> {
    Some(match (row.object, what) {
        (Object::Frontend(f), What::Sessions) => (&f.live.session_rate, f.live.sessions.total()),
        (Object::Frontend(f), What::Connections) => {
            (&f.live.connection_rate, f.live.counters.sum(|c| &c.connections))
        }
        (Object::Frontend(f), What::Requests) => (&f.live.request_rate, f.live.counters.sum(|c| &c.requests)),
        (Object::Backend(b), What::Sessions) => (&b.live.session_rate, b.live.sessions.total()),
        (Object::Server(_, s), What::Sessions) => (&s.live.session_rate, s.live.sessions.total()),
        _ => return None,
    })
}

fn now(row: &Row<'_>, what: What) -> Option<u32> {
    let (rate, total) = rate(row, what)?;
    Some(small(rate.per_second(total, row.about.since_turn(row.now_ns))))
}

fn max(row: &Row<'_>, what: What) -> Option<u32> {
    let (rate, total) = rate(row, what)?;
    Some(small(rate.max(total)))
}
