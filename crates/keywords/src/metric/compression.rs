//! Compression.

use super::prelude::*;

pub(super) const KEYWORDS: &[Metric] = &[
    metric(
        "comp_in",
        "MCPP",
        Scope::PROXY,
        U64(|row| row.sum(|c| &c.compression_in)),
        "Bytes given to compression",
    ),
    metric(
        "comp_out",
        "MCPP",
        Scope::PROXY,
        U64(|row| row.sum(|c| &c.compression_out)),
        "Bytes that compression made of them",
    ),
    metric(
        "comp_byp",
        "MCPP",
        Scope::PROXY,
        U64(|row| row.sum(|c| &c.compression_bypass)),
        "Bytes that compression passed on as they were",
    ),
    metric(
        "comp_rsp",
        "MCPP",
        Scope::PROXY,
        U64(|row| row.sum(|c| &c.compressed)),
        "Responses that were compressed",
    ),
];
