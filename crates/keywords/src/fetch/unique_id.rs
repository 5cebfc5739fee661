//! `unique-id`: the id of a request (manual 7.3.3).

use super::prelude::*;

pub(super) const KEYWORDS: &[Fetch] = &[Fetch {
    name: "unique-id",
    args: &[],
    gives: Type::Str,
    needs: Needs::Constant,
    doc: "The id that `unique-id-format` makes, the same for all of a stream. None where the frontend has no such format.",
    examples: &[Example { given: "GET / HTTP/1.1\r\n\r\n", expr: "unique-id", gives: "-" }],
    get: |_, cx| state::unique_id::get(cx).map(Value::Str),
    each: None,
}];
