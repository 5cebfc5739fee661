//! Bytes.

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
];
