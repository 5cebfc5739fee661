//! `req.bytes_in`, `req.bytes_out`, `res.bytes_in`, `res.bytes_out`, `bytes_in`, `bytes_out`: how much went through (manual 7.3.3).

use super::prelude::*;

const GIVEN: &str = "GET / HTTP/1.1\r\n\r\n---\r\nHTTP/1.1 200 OK\r\n\r\n";

pub(super) const KEYWORDS: &[Fetch] = &[
    Fetch {
        name: "res.bytes_out",
        args: &[],
        gives: Type::Sint,
        needs: Needs::ResponseCounts,
        doc: "The bytes that went to the client for this stream, as rules and filters left them, heads included.",
        examples: &[Example { given: GIVEN, expr: "res.bytes_out", gives: "0" }],
        get: |_, cx| i64::try_from(cx.stream?.delivered.client).ok().map(Value::Sint),
        each: None,
    },
    Fetch {
        name: "bytes_in",
        args: &[],
        gives: Type::Sint,
        needs: Needs::RequestCounts,
        doc: "See `req.bytes_in`.",
        examples: &[Example { given: GIVEN, expr: "bytes_in", gives: "0" }],
        get: |_, cx| i64::try_from(cx.stream?.bytes_in).ok().map(Value::Sint),
        each: None,
    },
    Fetch {
        name: "bytes_out",
        args: &[],
        gives: Type::Sint,
        needs: Needs::ResponseCounts,
        doc: "See `res.bytes_in`.",
        examples: &[Example { given: GIVEN, expr: "bytes_out", gives: "0" }],
        get: |_, cx| i64::try_from(cx.stream?.bytes_out).ok().map(Value::Sint),
        each: None,
    },
    Fetch {
        name: "req.bytes_in",
        args: &[],
        gives: Type::Sint,
        needs: Needs::RequestCounts,
        doc: "The bytes that came from the client for this stream, heads included.",
        examples: &[Example { given: GIVEN, expr: "req.bytes_in", gives: "0" }],
        get: |_, cx| i64::try_from(cx.stream?.bytes_in).ok().map(Value::Sint),
        each: None,
    },
    Fetch {
        name: "req.bytes_out",
        args: &[],
        gives: Type::Sint,
        needs: Needs::RequestCounts,
        doc: "The bytes that went to the server for this stream, as filters left them, heads included; known at the end.",
        examples: &[Example { given: GIVEN, expr: "req.bytes_out", gives: "0" }],
        get: |_, cx| i64::try_from(cx.stream?.delivered.server).ok().map(Value::Sint),
        each: None,
    },
    Fetch {
        name: "res.bytes_in",
        args: &[],
        gives: Type::Sint,
        needs: Needs::ResponseCounts,
        doc: "The bytes that came from the server for this stream, heads included.",
        examples: &[Example { given: GIVEN, expr: "res.bytes_in", gives: "0" }],
        get: |_, cx| i64::try_from(cx.stream?.bytes_out).ok().map(Value::Sint),
        each: None,
    },
];
