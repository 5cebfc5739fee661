//! `txn.*`: how the stream went (manual 7.3.2, 7.3.3).

use super::prelude::*;

const GIVEN: &str = "GET / HTTP/1.1\r\n\r\n---\r\nHTTP/1.1 200 OK\r\n\r\n";

pub(super) const KEYWORDS: &[Fetch] = &[
    Fetch {
        name: "txn.conn_retries",
        args: &[],
        gives: Type::Sint,
        needs: Needs::Server,
        doc: "How many times the connection to a server was tried again.",
        examples: &[Example { given: GIVEN, expr: "txn.conn_retries", gives: "0" }],
        get: |_, cx| cx.stream.map(|s| int(s.retries)),
        each: None,
    },
    Fetch {
        name: "txn.id32",
        args: &[],
        gives: Type::Sint,
        needs: Needs::Nothing,
        doc: "The number of the stream in 32 bits.",
        examples: &[Example { given: GIVEN, expr: "txn.id32", gives: "7" }],
        get: |_, cx| cx.stream.map(|s| int((s.number & 0xffff_ffff) as u32)),
        each: None,
    },
    Fetch {
        name: "txn.redispatched",
        args: &[],
        gives: Type::Bool,
        needs: Needs::Server,
        doc: "Whether the stream went to another server than the one first chosen.",
        examples: &[Example { given: GIVEN, expr: "txn.redispatched", gives: "0" }],
        get: |_, cx| cx.stream.map(|s| Value::Bool(s.redispatched)),
        each: None,
    },
    Fetch {
        name: "txn.sess_term_state",
        args: &[],
        gives: Type::Str,
        needs: Needs::Nothing,
        doc: "The two letters that tell how the stream ended (manual 8.5).",
        examples: &[Example { given: GIVEN, expr: "txn.sess_term_state", gives: "--" }],
        get: |_, cx| {
            let end = cx.stream?.termination;
            Some(Value::Str(cx.arena.alloc_slice_copy(&[end.cause.0, end.phase.0])))
        },
        each: None,
    },
];
