//! What was refused, failed or was given up.

use super::prelude::*;

pub(super) const KEYWORDS: &[Metric] = &[
    metric(
        "dreq",
        "MCPP",
        Scope::NOT_SERVER,
        U64(|row| row.sum(|c| &c.denied_requests)),
        "Requests denied by a rule",
    ),
    metric(
        "dresp",
        "MCPP",
        Scope::ALL,
        U64(|row| row.sum(|c| &c.denied_responses)),
        "Responses denied by a rule",
    ),
    metric(
        "ereq",
        "MCPP",
        Scope::FRONT,
        U64(|row| row.sum(|c| &c.request_errors)),
        "Requests that could not be understood or did not come in time",
    ),
    metric(
        "econ",
        "MCPP",
        Scope::BACK,
        U64(|row| row.sum(|c| &c.connection_errors)),
        "Connections to servers that failed",
    ),
    metric(
        "eresp",
        "MCPP",
        Scope::BACK,
        U64(|row| row.sum(|c| &c.response_errors)),
        "Responses that could not be understood or did not come in time",
    ),
    metric(
        "wretr",
        "MCPP",
        Scope::BACK,
        U64(|row| row.sum(|c| &c.retries)),
        "Connections to servers that were tried again",
    ),
    metric(
        "wredis",
        "MCPP",
        Scope::BACK,
        U64(|row| row.sum(|c| &c.redispatches)),
        "Requests that were given to another server after a failed connection",
    ),
    metric(
        "cli_abrt",
        "MCPP",
        Scope::BACK,
        U64(|row| row.sum(|c| &c.client_aborts)),
        "Transfers that the client gave up",
    ),
    metric(
        "srv_abrt",
        "MCPP",
        Scope::BACK,
        U64(|row| row.sum(|c| &c.server_aborts)),
        "Transfers that the server gave up",
    ),
    metric(
        "dcon",
        "MCPP",
        Scope::FRONT,
        U64(|row| row.sum(|c| &c.denied_connections)),
        "Connections refused by 'tcp-request connection' rules",
    ),
    metric(
        "dses",
        "MCPP",
        Scope::FRONT,
        U64(|row| row.sum(|c| &c.denied_sessions)),
        "Connections refused by 'tcp-request session' rules",
    ),
    metric(
        "wrew",
        "MCPP",
        Scope::ALL,
        U64(|row| row.sum(|c| &c.failed_rewrites)),
        "Edits of messages that found no room",
    ),
    metric(
        "eint",
        "MCPP",
        Scope::ALL,
        U64(|row| row.sum(|c| &c.internal_errors)),
        "Exchanges that ended for lack of room or memory",
    ),
];
