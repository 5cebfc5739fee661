//! `src`, `src_port`: where the client comes from (manual 7.3.3).

use super::prelude::*;

pub(super) const KEYWORDS: &[Fetch] = &[
    Fetch {
        name: "src",
        args: &[],
        gives: Type::Addr,
        needs: Needs::Client,
        doc: "The client's address; none on a unix socket.",
        examples: &[Example { given: "GET / HTTP/1.1\r\n\r\n", expr: "src", gives: "192.0.2.1" }],
        get: |_, cx| cx.source().ip().map(ip),
        each: None,
    },
    Fetch {
        name: "src_port",
        args: &[],
        gives: Type::Sint,
        needs: Needs::Client,
        doc: "The client's port; none on a unix socket.",
        examples: &[Example { given: "GET / HTTP/1.1\r\n\r\n", expr: "src_port", gives: "50000" }],
        get: |_, cx| cx.source().ip().map(|_| Value::Sint(i64::from(cx.source().port()))),
        each: None,
    },
];
