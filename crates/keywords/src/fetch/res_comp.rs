//! `res.comp`, `res.comp_algo`: whether and how the response was compressed (manual 7.3.6).

use super::prelude::*;

const GIVEN: &str = "GET / HTTP/1.0\r\n\r\n---\r\nHTTP/1.1 200 OK\r\n\r\n";

pub(super) const KEYWORDS: &[Fetch] = &[
    Fetch {
        name: "res.comp",
        args: &[],
        gives: Type::Bool,
        needs: Needs::Response,
        doc: "Whether the response was compressed on its way: known once its body goes out, so for logs.",
        examples: &[Example { given: GIVEN, expr: "res.comp", gives: "0" }],
        get: |_, cx| cx.stream.map(|s| Value::Bool(s.compressed.is_some())),
        each: None,
    },
    Fetch {
        name: "res.comp_algo",
        args: &[],
        gives: Type::Str,
        needs: Needs::Response,
        doc: "What the response was compressed with, as the configuration calls it.",
        examples: &[Example { given: GIVEN, expr: "res.comp_algo", gives: "-" }],
        get: |_, cx| cx.stream.and_then(|s| s.compressed).map(|a| Value::Str(a.name().as_bytes())),
        each: None,
    },
];
