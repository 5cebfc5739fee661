//! `method`: the request's method (manual 7.3.6).

use super::prelude::*;

pub(super) const KEYWORDS: &[Fetch] = &[Fetch {
    name: "method",
    args: &[],
    gives: Type::Meth,
    needs: Needs::Request,
    doc: "The request's method as it came. An ACL compares it exactly; several may be listed.",
    examples: &[Example { given: "PATCH /a HTTP/1.1\r\n\r\n", expr: "method", gives: "PATCH" }],
    get: |_, cx| {
        let (stream, request) = (cx.stream?, request(cx)?);
        // Rules that change the method are not seen, unless it was one that has no meaning.
        let came = stream.request_line.split(|b| *b == b' ').next();
        let came = came.filter(|m| !m.is_empty() && http::Method::of(m) != http::Method::Other);
        Some(Value::Meth(came.unwrap_or(request.method_bytes())))
    },
    each: None,
}];
