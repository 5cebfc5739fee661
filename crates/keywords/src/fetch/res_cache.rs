//! `res.cache_hit`, `res.cache_name`: whether the answer came out of a cache (manual 7.3.6).

use super::prelude::*;

const GIVEN: &str = "GET / HTTP/1.0\r\n\r\n---\r\nHTTP/1.1 200 OK\r\n\r\n";

pub(super) const KEYWORDS: &[Fetch] = &[
    Fetch {
        name: "res.cache_hit",
        args: &[],
        gives: Type::Bool,
        needs: Needs::Server,
        doc: "Whether the answer is one that a cache had.",
        examples: &[Example { given: GIVEN, expr: "res.cache_hit", gives: "0" }],
        get: |_, cx| cx.stream.map(|s| Value::Bool(s.cached.is_some())),
        each: None,
    },
    Fetch {
        name: "res.cache_name",
        args: &[],
        gives: Type::Str,
        needs: Needs::Server,
        doc: "The name of the cache that had the answer.",
        examples: &[Example { given: GIVEN, expr: "res.cache_name", gives: "-" }],
        get: |_, cx| {
            let stream = cx.stream.filter(|s| s.cached.is_some())?;
            cx.world.cache(stream.cache?).map(|cache| Value::Str(cache.name.as_bytes()))
        },
        each: None,
    },
];
