//! Figures of HTTP/2: of a frontend its clients' connections, of a backend those to its servers.

use state::counters::Counter;
use state::http2::Http2;

use super::prelude::*;

pub(super) const KEYWORDS: &[Metric] = &[
    metric(
        "h2sess",
        "MCPP",
        Scope::FRONTEND,
        U64(|row| row.http2(|h| &h.connections)),
        "HTTP/2 sessions so far",
    ),
    metric("h2req", "MCPP", Scope::FRONTEND, U64(|row| row.http2(|h| &h.streams)), "HTTP/2 requests so far"),
    came("h2_headers_rcvd", U64(|row| row.http2(|h| &h.headers)), "HEADERS frames received"),
    came("h2_data_rcvd", U64(|row| row.http2(|h| &h.data)), "DATA frames received"),
    came("h2_settings_rcvd", U64(|row| row.http2(|h| &h.settings)), "SETTINGS frames received"),
    came("h2_rst_stream_rcvd", U64(|row| row.http2(|h| &h.resets)), "RST_STREAM frames received"),
    came("h2_goaway_rcvd", U64(|row| row.http2(|h| &h.goaways)), "GOAWAY frames received"),
    came("h2_detected_conn_protocol_errors", BROKEN, "Protocol errors of HTTP/2 connections"),
    came("h2_detected_strm_protocol_errors", RESET, "Protocol errors of HTTP/2 streams"),
    came("h2_rst_stream_resp", RESET, "RST_STREAM frames sent because of an error"),
    came("h2_goaway_resp", BROKEN, "GOAWAY frames sent because of an error"),
    there("h2_open_connections", U64(|row| row.http2(|h| &h.open)), "HTTP/2 connections there are now"),
    there("h2_backend_open_streams", U64(|row| row.http2(|h| &h.under_way)), "HTTP/2 streams there are now"),
    came("h2_total_connections", U64(|row| row.http2(|h| &h.connections)), "HTTP/2 connections so far"),
    came("h2_backend_total_streams", U64(|row| row.http2(|h| &h.streams)), "HTTP/2 streams so far"),
];

/// Each error is answered with a frame.
const BROKEN: Read = U64(|row| row.http2(|h| &h.connection_errors));
const RESET: Read = U64(|row| row.http2(|h| &h.stream_errors));

const fn came(name: &'static str, read: Read, doc: &'static str) -> Metric {
    metric(name, "MCPV", Scope::PROXY, read, doc)
}

const fn there(name: &'static str, read: Read, doc: &'static str) -> Metric {
    metric(name, "MGPV", Scope::PROXY, read, doc)
}

/// What is left of a figure without HTTP/2's part.
pub(super) fn without(row: &Row<'_>, all: u64, field: impl Fn(&Http2) -> &Counter) -> u64 {
    all.saturating_sub(row.http2(field).unwrap_or(0))
}
