//! HTTP requests and responses.

use super::http2;
use super::prelude::*;

pub(super) const KEYWORDS: &[Metric] = &[
    metric(
        "hrsp_1xx",
        "MCPP",
        Scope::NOT_LISTENER,
        U64(|row| class(row, 0)),
        "Responses with a status from 100 to 199",
    ),
    metric(
        "hrsp_2xx",
        "MCPP",
        Scope::NOT_LISTENER,
        U64(|row| class(row, 1)),
        "Responses with a status from 200 to 299",
    ),
    metric(
        "hrsp_3xx",
        "MCPP",
        Scope::NOT_LISTENER,
        U64(|row| class(row, 2)),
        "Responses with a status from 300 to 399",
    ),
    metric(
        "hrsp_4xx",
        "MCPP",
        Scope::NOT_LISTENER,
        U64(|row| class(row, 3)),
        "Responses with a status from 400 to 499",
    ),
    metric(
        "hrsp_5xx",
        "MCPP",
        Scope::NOT_LISTENER,
        U64(|row| class(row, 4)),
        "Responses with a status from 500 to 599",
    ),
    metric(
        "hrsp_other",
        "MCPP",
        Scope::NOT_LISTENER,
        U64(|row| class(row, 5)),
        "Responses with another status",
    ),
    metric(
        "intercepted",
        "MCPP",
        Scope::FRONTEND,
        U64(|row| row.is_http().then(|| row.sum(|c| &c.intercepted)).flatten()),
        "Requests that the frontend answered itself: statistics, redirections and the like",
    ),
    metric("req_tot", "MCPP", Scope::NOT_LISTENER, U64(requests), "HTTP requests so far"),
    metric("h1req", "MCPP", Scope::FRONTEND, U64(http1), "HTTP/1 requests so far"),
    metric("req_other", "MCPP", Scope::FRONTEND, U64(|_| Some(0)), "Requests of other protocols so far"),
    metric("h1_total_streams", "MCPV", Scope::PROXY, U64(http1), "HTTP/1 exchanges so far"),
];

fn http1(row: &Row<'_>) -> Option<u64> {
    let all = row.sum(|c| &c.requests)?;
    Some(if row.is_http() { http2::without(row, all, |h| &h.streams) } else { 0 })
}

fn class(row: &Row<'_>, class: usize) -> Option<u64> {
    if !row.is_http() {
        return None;
    }
    // Responses outside all classes are the last of the six.
    row.sum(|c| c.statuses.get(class).unwrap_or(&c.requests))
}

/// A frontend of another mode has none; those of a server are the ones that it answered.
fn requests(row: &Row<'_>) -> Option<u64> {
    match row.object {
        Object::Server(_, server) if row.is_http() => {
            let of =
                |class: usize| server.live.counters.sum(|c| c.statuses.get(class).unwrap_or(&c.requests));
            Some((0..6).map(of).sum())
        }
        Object::Frontend(_) if !row.is_http() => Some(0),
        _ if row.is_http() => row.sum(|c| &c.requests),
        _ => None,
    }
}
