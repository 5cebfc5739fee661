//! `path`, `pathq`, `query`, `url`: parts of the request's target (manual 7.3.6).

use super::prelude::*;

const GIVEN: &str = "GET http://example.com/a/b?x=1&y=2 HTTP/1.1\r\nhost: example.com\r\n\r\n";

pub(super) const KEYWORDS: &[Fetch] = &[
    Fetch {
        name: "path",
        args: &[],
        gives: Type::Str,
        needs: Needs::RequestHead,
        doc: "The path of the request: from the first slash to the question mark, which is left out.",
        examples: &[
            Example { given: GIVEN, expr: "path", gives: "/a/b" },
            Example { given: "OPTIONS http://example.com HTTP/1.1\r\n\r\n", expr: "path", gives: "-" },
        ],
        get: |_, cx| request(cx)?.path().map(Value::Str),
        each: None,
    },
    Fetch {
        name: "pathq",
        args: &[],
        gives: Type::Str,
        needs: Needs::RequestHead,
        doc: "The path with the query string.",
        examples: &[Example { given: GIVEN, expr: "pathq", gives: "/a/b?x=1&y=2" }],
        get: |_, cx| request(cx)?.pathq().map(Value::Str),
        each: None,
    },
    Fetch {
        name: "query",
        args: &[ArgSpec::optional(
            "options",
            ArgKind::OneOf(&["with_qm"], "supported options are: 'with_qm'"),
        )],
        gives: Type::Str,
        needs: Needs::RequestHead,
        doc: "What follows the question mark, or with `with_qm` from it on; none without one.",
        examples: &[
            Example { given: GIVEN, expr: "query", gives: "x=1&y=2" },
            Example { given: GIVEN, expr: "query(with_qm)", gives: "?x=1&y=2" },
            Example { given: "GET /a HTTP/1.1\r\n\r\n", expr: "query", gives: "-" },
        ],
        get: |args, cx| {
            let target = request(cx)?.target();
            let range = target.query_range()?;
            let mark = usize::from(args.str(0).is_some());
            target.as_bytes().get(range.start - mark..range.end).map(Value::Str)
        },
        each: None,
    },
    Fetch {
        name: "url",
        args: &[],
        gives: Type::Str,
        needs: Needs::RequestHead,
        doc: "The request's target as the client sent it.",
        examples: &[Example { given: GIVEN, expr: "url", gives: "http://example.com/a/b?x=1&y=2" }],
        get: |_, cx| request(cx).map(|m| Value::Str(m.target_bytes())),
        each: None,
    },
];
