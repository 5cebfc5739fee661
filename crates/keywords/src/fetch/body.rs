//! `req.body`, `res.body` and their kin: what has come of a body (manual 7.3.6). Wait for it first: `option
//! http-buffer-request`, `wait-for-body`.

use state::stream::Body;

use super::prelude::*;

const PARAM: &[ArgSpec] = &[ArgSpec::optional("name", ArgKind::Str), ArgSpec::optional("i", ArgKind::Str)];
const GIVEN: &str = "POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 11\r\n\r\na=1&B=2&a=3";
const ANSWER: &str = "GET / HTTP/1.1\r\n\r\n---\r\nHTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhello";

pub(super) const KEYWORDS: &[Fetch] = &[
    Fetch {
        name: "req.body",
        args: &[],
        gives: Type::Bin,
        needs: Needs::RequestBody,
        doc: "What has come of the request's body, without its framing, up to the size of a buffer.",
        examples: &[Example { given: GIVEN, expr: "req.body", gives: "a=1&B=2&a=3" }],
        get: |_, cx| Some(Value::Bin(&request_body(cx)?.content)),
        each: None,
    },
    Fetch {
        name: "req.body_len",
        args: &[],
        gives: Type::Sint,
        needs: Needs::RequestBody,
        doc: "How many bytes of the request's body have come, up to the size of a buffer.",
        examples: &[Example { given: GIVEN, expr: "req.body_len", gives: "11" }],
        get: |_, cx| length(request_body(cx)?),
        each: None,
    },
    Fetch {
        name: "req.body_param",
        args: PARAM,
        gives: Type::Bin,
        needs: Needs::RequestBody,
        doc: "The value of the first parameter of this name in a body that is a form, not decoded; of the first one \
              without a name. `i` ignores the case of the name. An ACL looks at every parameter of the name.",
        examples: &[
            Example { given: GIVEN, expr: "req.body_param(a)", gives: "1" },
            Example { given: GIVEN, expr: "req.body_param(b)", gives: "-" },
            Example { given: GIVEN, expr: "req.body_param(b,i)", gives: "2" },
            Example { given: GIVEN, expr: "req.body_param()", gives: "1" },
        ],
        get: |args, cx| {
            let mut found = None;
            params(cx, args, &mut |value| {
                found = Some(value);
                ControlFlow::Break(())
            });
            found
        },
        each: Some(|args, cx, visit| params(cx, args, visit)),
    },
    Fetch {
        name: "req.body_size",
        args: &[],
        gives: Type::Sint,
        needs: Needs::RequestBody,
        doc: "The length that the request announces for its body; what has come of it where it comes in chunks.",
        examples: &[Example { given: GIVEN, expr: "req.body_size", gives: "11" }],
        get: |_, cx| size(request_body(cx)?),
        each: None,
    },
    Fetch {
        name: "res.body",
        args: &[],
        gives: Type::Bin,
        needs: Needs::ResponseBody,
        doc: "What has come of the response's body, without its framing, up to the size of a buffer.",
        examples: &[Example { given: ANSWER, expr: "res.body", gives: "hello" }],
        get: |_, cx| Some(Value::Bin(&response_body(cx)?.content)),
        each: None,
    },
    Fetch {
        name: "res.body_len",
        args: &[],
        gives: Type::Sint,
        needs: Needs::ResponseBody,
        doc: "How many bytes of the response's body have come, up to the size of a buffer.",
        examples: &[Example { given: ANSWER, expr: "res.body_len", gives: "5" }],
        get: |_, cx| length(response_body(cx)?),
        each: None,
    },
    Fetch {
        name: "res.body_size",
        args: &[],
        gives: Type::Sint,
        needs: Needs::ResponseBody,
        doc: "The length that the response announces for its body; what has come of it where it announces none.",
        examples: &[Example { given: ANSWER, expr: "res.body_size", gives: "9" }],
        get: |_, cx| size(response_body(cx)?),
        each: None,
    },
];

fn request_body<'a>(cx: &Ctx<'a>) -> Option<&'a Body> {
    cx.stream.filter(|s| s.has_request).map(|s| &s.request_body)
}

fn response_body<'a>(cx: &Ctx<'a>) -> Option<&'a Body> {
    cx.stream.filter(|s| s.has_response).map(|s| &s.response_body)
}

fn length<'a>(body: &Body) -> Option<Value<'a>> {
    i64::try_from(body.content.len()).ok().map(Value::Sint)
}

fn size<'a>(body: &Body) -> Option<Value<'a>> {
    i64::try_from(body.size).ok().map(Value::Sint)
}

fn params<'a>(cx: &Ctx<'a>, args: &'a Args, visit: Visit<'_, 'a>) {
    let Some(body) = request_body(cx) else { return };
    let fold = args.str(1).is_some();
    for pair in body.content.split(|b| matches!(b, b'&' | b';')) {
        let Some(equals) = memchr::memchr(b'=', pair) else { continue };
        let (name, value) = pair.split_at(equals);
        let wanted =
            args.str(0).is_none_or(|want| if fold { want.eq_ignore_ascii_case(name) } else { want == name });
        if wanted && visit(Value::Bin(value.get(1..).unwrap_or_default())).is_break() {
            return;
        }
    }
}
