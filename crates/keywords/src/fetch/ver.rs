//! `req.ver`, `res.ver`, `req.proto_http`, `http_first_req`, `fc_http_major`, `fc_glitches`: the protocol (manual 7.3.6).

use http::h1::{Limits, Parsed, find_request};

use super::prelude::*;

const GIVEN: &str = "GET / HTTP/1.0\r\n\r\n---\r\nHTTP/1.1 404 Not Found\r\n\r\n";

pub(super) const KEYWORDS: &[Fetch] = &[
    Fetch {
        name: "fc_glitches",
        args: &[],
        gives: Type::Sint,
        needs: Needs::Client,
        doc: "How many odd things the client did on its connection that its protocol does not forbid, or that cost \
              more than they are worth: malformed requests of HTTP/2, frames that are too many or too small.",
        examples: &[Example { given: GIVEN, expr: "fc_glitches", gives: "0" }],
        get: |_, cx| Some(int(cx.session.glitches)),
        each: None,
    },
    Fetch {
        name: "fc_http_major",
        args: &[],
        gives: Type::Sint,
        needs: Needs::Client,
        doc: "The major version of HTTP on the client's side: 1 or 2.",
        examples: &[Example { given: GIVEN, expr: "fc_http_major", gives: "1" }],
        get: |_, cx| {
            let of_request = || cx.stream.filter(|s| s.has_request).map_or(1, |s| s.request.version().major);
            Some(int(if cx.session.http2 { 2 } else { of_request() }))
        },
        each: None,
    },
    Fetch {
        name: "http_first_req",
        args: &[],
        gives: Type::Bool,
        needs: Needs::Request,
        doc: "Whether this is the first request of its connection.",
        examples: &[Example { given: GIVEN, expr: "http_first_req", gives: "1" }],
        get: |_, cx| request(cx).map(|_| Value::Bool(cx.session.requests <= 1)),
        each: None,
    },
    Fetch {
        name: "req.proto_http",
        args: &[],
        gives: Type::Bool,
        needs: Needs::Request,
        doc: "True once the request was read as HTTP; in TCP proxies, once the bytes that came read as one.",
        examples: &[Example { given: GIVEN, expr: "req.proto_http", gives: "1" }],
        get: |_, cx| is_http(cx),
        each: None,
    },
    Fetch {
        name: "req.ver",
        args: &[],
        gives: Type::Str,
        needs: Needs::Request,
        doc: "The version of the request's line: `1.0`, `1.1`, `2.0`.",
        examples: &[Example { given: GIVEN, expr: "req.ver", gives: "1.0" }],
        get: |_, cx| request(cx).map(|m| version(m, cx)),
        each: None,
    },
    Fetch {
        name: "req_proto_http",
        args: &[],
        gives: Type::Bool,
        needs: Needs::Request,
        doc: "See `req.proto_http`.",
        examples: &[Example { given: GIVEN, expr: "req_proto_http", gives: "1" }],
        get: |_, cx| is_http(cx),
        each: None,
    },
    Fetch {
        name: "req_ver",
        args: &[],
        gives: Type::Str,
        needs: Needs::Request,
        doc: "See `req.ver`.",
        examples: &[Example { given: GIVEN, expr: "req_ver", gives: "1.0" }],
        get: |_, cx| request(cx).map(|m| version(m, cx)),
        each: None,
    },
    Fetch {
        name: "res.ver",
        args: &[],
        gives: Type::Str,
        needs: Needs::Response,
        doc: "The version of the response's line: `1.0`, `1.1`, `2.0`.",
        examples: &[Example { given: GIVEN, expr: "res.ver", gives: "1.1" }],
        get: |_, cx| response(cx).map(|m| version(m, cx)),
        each: None,
    },
    Fetch {
        name: "resp_ver",
        args: &[],
        gives: Type::Str,
        needs: Needs::Response,
        doc: "See `res.ver`.",
        examples: &[Example { given: GIVEN, expr: "resp_ver", gives: "1.1" }],
        get: |_, cx| response(cx).map(|m| version(m, cx)),
        each: None,
    },
];

fn version<'a>(message: &Message, cx: &Ctx<'a>) -> Value<'a> {
    Value::Str(cx.arena.alloc_slice_copy(&message.version().text()))
}

/// Whether the request was read as HTTP, or the raw bytes begin with one.
fn is_http<'a>(cx: &Ctx<'a>) -> Option<Value<'a>> {
    let body = &cx.stream?.request_body;
    if !body.raw {
        return request(cx).map(|_| Value::Bool(true));
    }
    match find_request(&body.content, &mut Message::new(), &Limits::default()) {
        Parsed::Complete { .. } => Some(Value::Bool(true)),
        Parsed::Partial if body.more => {
            body.undecided.set(true);
            None
        }
        Parsed::Partial | Parsed::Invalid(_) => Some(Value::Bool(false)),
    }
}
