//! `method`: the request's method (manual 7.3.6).

use super::prelude::*;

pub(super) const KEYWORDS: &[Fetch] = &[Fetch {
    name: "method",
    args: &[],
    gives: Type::Meth,
    needs: Needs::Request,
    doc: "The request's method. An ACL compares it exactly; several may be listed.",
    examples: &[Example { given: "PATCH /a HTTP/1.1\r\n\r\n", expr: "method", gives: "PATCH" }],
    get: |_, cx| request(cx).map(|m| Value::Meth(m.method_bytes())),
    each: None,
}];
