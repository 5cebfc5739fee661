//! What Sluice has none of yet, so that there is truly nothing to count: staples of OCSP, HTTP/3. Who adds
//! one of them moves its columns to a file of their own.

use super::prelude::*;

const NOTHING: Read = U64(|_| Some(0));

pub(super) const KEYWORDS: &[Metric] = &[
    metric("h3sess", "MCPP", Scope::FRONTEND, NOTHING, "HTTP/3 sessions so far"),
    metric("h3req", "MCPP", Scope::FRONTEND, NOTHING, "HTTP/3 requests so far"),
    metric("ssl_ocsp_staple", "MCPV", Scope::ALL, NOTHING, "OCSP responses stapled"),
    metric("ssl_failed_ocsp_staple", "MCPV", Scope::ALL, NOTHING, "OCSP responses that could not be stapled"),
];
