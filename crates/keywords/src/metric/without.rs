//! What Sluice has none of yet, so that there is truly nothing to count: staples of OCSP, HTTP/2 and 3. Who adds
//! one of them moves its columns to a file of their own.

use super::prelude::*;

const NOTHING: Read = U64(|_| Some(0));

pub(super) const KEYWORDS: &[Metric] = &[
    metric("h2sess", "MCPP", Scope::FRONTEND, NOTHING, "HTTP/2 sessions so far"),
    metric("h2req", "MCPP", Scope::FRONTEND, NOTHING, "HTTP/2 requests so far"),
    metric("h3sess", "MCPP", Scope::FRONTEND, NOTHING, "HTTP/3 sessions so far"),
    metric("h3req", "MCPP", Scope::FRONTEND, NOTHING, "HTTP/3 requests so far"),
    metric("h2_headers_rcvd", "MCPV", Scope::PROXY, NOTHING, "HEADERS frames received"),
    metric("h2_data_rcvd", "MCPV", Scope::PROXY, NOTHING, "DATA frames received"),
    metric("h2_settings_rcvd", "MCPV", Scope::PROXY, NOTHING, "SETTINGS frames received"),
    metric("h2_rst_stream_rcvd", "MCPV", Scope::PROXY, NOTHING, "RST_STREAM frames received"),
    metric("h2_goaway_rcvd", "MCPV", Scope::PROXY, NOTHING, "GOAWAY frames received"),
    metric(
        "h2_detected_conn_protocol_errors",
        "MCPV",
        Scope::PROXY,
        NOTHING,
        "Protocol errors of HTTP/2 connections",
    ),
    metric(
        "h2_detected_strm_protocol_errors",
        "MCPV",
        Scope::PROXY,
        NOTHING,
        "Protocol errors of HTTP/2 streams",
    ),
    metric("h2_rst_stream_resp", "MCPV", Scope::PROXY, NOTHING, "RST_STREAM frames sent because of an error"),
    metric("h2_goaway_resp", "MCPV", Scope::PROXY, NOTHING, "GOAWAY frames sent because of an error"),
    metric("h2_open_connections", "MGPV", Scope::PROXY, NOTHING, "HTTP/2 connections there are now"),
    metric("h2_backend_open_streams", "MGPV", Scope::PROXY, NOTHING, "HTTP/2 streams there are now"),
    metric("h2_total_connections", "MCPV", Scope::PROXY, NOTHING, "HTTP/2 connections so far"),
    metric("h2_backend_total_streams", "MCPV", Scope::PROXY, NOTHING, "HTTP/2 streams so far"),
    metric("ssl_ocsp_staple", "MCPV", Scope::ALL, NOTHING, "OCSP responses stapled"),
    metric("ssl_failed_ocsp_staple", "MCPV", Scope::ALL, NOTHING, "OCSP responses that could not be stapled"),
];
