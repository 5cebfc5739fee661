//! Handshakes of TLS: of a frontend with clients, of a server and of a backend with servers.

use super::prelude::*;
use state::counters::{Block, Counter};

pub(super) const KEYWORDS: &[Metric] = &[
    metric(
        "ssl_sess",
        "MCPV",
        Scope::ALL,
        U64(|row| sum(row, |c| &c.handshakes.complete)),
        "TLS sessions begun",
    ),
    metric(
        "ssl_reused_sess",
        "MCPV",
        Scope::ALL,
        U64(|row| sum(row, |c| &c.handshakes.resumed)),
        "TLS sessions resumed",
    ),
    metric(
        "ssl_failed_handshake",
        "MCPV",
        Scope::ALL,
        U64(|row| sum(row, |c| &c.handshakes.failed)),
        "TLS handshakes that failed",
    ),
];

fn sum(row: &Row<'_>, which: fn(&Block) -> &Counter) -> Option<u64> {
    match row.object {
        Object::Backend(b) => Some(b.servers.iter().map(|s| s.live.counters.sum(which)).sum()),
        _ => row.sum(which),
    }
}
