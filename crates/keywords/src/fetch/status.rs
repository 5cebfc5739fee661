//! `status`, `txn.status`, `server_status`: the response's status (manual 7.3.6).

use super::prelude::*;

const GIVEN: &str = "GET / HTTP/1.0\r\n\r\n---\r\nHTTP/1.1 404 Not Found\r\n\r\n";

pub(super) const KEYWORDS: &[Fetch] = &[
    Fetch {
        name: "status",
        args: &[],
        gives: Type::Sint,
        needs: Needs::Response,
        doc: "The status of the response as it stands.",
        examples: &[Example { given: GIVEN, expr: "status", gives: "404" }],
        get: |_, cx| response(cx).map(|m| int(m.status())),
        each: None,
    },
    Fetch {
        name: "txn.status",
        args: &[],
        gives: Type::Sint,
        needs: Needs::Response,
        doc: "The status that the log shows: what the client was answered.",
        examples: &[Example { given: GIVEN, expr: "txn.status", gives: "404" }],
        get: |_, cx| cx.stream.map(|s| s.status).filter(|s| *s > 0).map(int),
        each: None,
    },
];
