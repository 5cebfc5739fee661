//! `capture.req.*`, `capture.res.*`: what is kept of request and response to the end (manual 7.3.6).

use state::captured::Captured;

use super::prelude::*;

const GIVEN: &str = "GET /a/b?x=1&y=2 HTTP/1.1\r\nhost: example.com\r\n\r\n";
const BOTH: &str = "GET /a HTTP/1.0\r\n\r\n---\r\nHTTP/1.1 200 OK\r\n\r\n";

pub(super) const KEYWORDS: &[Fetch] = &[
    Fetch {
        name: "capture.req.hdr",
        args: &[ArgSpec::required("idx", ArgKind::Sint)],
        gives: Type::Str,
        needs: Needs::Request,
        doc: "The request header captured in this slot, counted from 0 (`capture request header`, `http-request capture`).",
        examples: &[Example { given: GIVEN, expr: "capture.req.hdr(0)", gives: "-" }],
        get: |args, cx| captured(&cx.stream?.captured_request, args, cx),
        each: None,
    },
    Fetch {
        name: "capture.req.method",
        args: &[],
        gives: Type::Str,
        needs: Needs::Request,
        doc: "The method of the request line as it came.",
        examples: &[Example { given: GIVEN, expr: "capture.req.method", gives: "GET" }],
        get: |_, cx| line(cx).and_then(|l| l.first().copied()).map(Value::Str),
        each: None,
    },
    Fetch {
        name: "capture.req.uri",
        args: &[],
        gives: Type::Str,
        needs: Needs::Request,
        doc: "Path and query string of the request line as it came; rules that change them are not seen.",
        examples: &[Example { given: GIVEN, expr: "capture.req.uri", gives: "/a/b?x=1&y=2" }],
        get: |_, cx| line(cx).and_then(|l| http::Target::new(l.get(1)?).pathq()).map(Value::Str),
        each: None,
    },
    Fetch {
        name: "capture.req.ver",
        args: &[],
        gives: Type::Str,
        needs: Needs::Request,
        doc: "The version of the request: `HTTP/1.0` or `HTTP/1.1`.",
        examples: &[Example { given: GIVEN, expr: "capture.req.ver", gives: "HTTP/1.1" }],
        get: |_, cx| request(cx).map(|m| version(cx, m.version())),
        each: None,
    },
    Fetch {
        name: "capture.res.hdr",
        args: &[ArgSpec::required("idx", ArgKind::Sint)],
        gives: Type::Str,
        needs: Needs::Response,
        doc: "The response header captured in this slot, counted from 0.",
        examples: &[Example { given: BOTH, expr: "capture.res.hdr(0)", gives: "-" }],
        get: |args, cx| captured(&cx.stream?.captured_response, args, cx),
        each: None,
    },
    Fetch {
        name: "capture.res.ver",
        args: &[],
        gives: Type::Str,
        needs: Needs::Request,
        doc: "The version of the server's response, `HTTP/1.0` or `HTTP/1.1`; that of the request where the proxy \
              answered by itself.",
        examples: &[Example { given: BOTH, expr: "capture.res.ver", gives: "HTTP/1.1" }],
        get: |_, cx| {
            let stream = cx.stream.filter(|s| s.has_request && (s.has_response || s.status != 0))?;
            Some(version(cx, stream.response_version))
        },
        each: None,
    },
];

fn captured<'a>(slots: &'a Captured, args: &Args, cx: &Ctx<'a>) -> Option<Value<'a>> {
    let slot = usize::try_from(args.int(0)?).ok()?;
    slots.get(slot, cx.arena).map(Value::Str)
}

/// The words of the request line as it came.
fn line<'a>(cx: &Ctx<'a>) -> Option<[&'a [u8]; 2]> {
    let mut words = cx.stream?.request_line.split(|b| *b == b' ');
    let method = words.next().filter(|m| !m.is_empty())?;
    Some([method, words.next().unwrap_or_default()])
}

fn version<'a>(cx: &Ctx<'a>, version: http::Version) -> Value<'a> {
    let [major, dot, minor] = version.text();
    Value::Str(cx.arena.alloc_slice_copy(&[b'H', b'T', b'T', b'P', b'/', major, dot, minor]))
}
