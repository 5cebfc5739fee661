//! `req.cook`, `res.cook`, their short names and their `_cnt`, `_val`, `_names` forms: cookies (manual 7.3.6).

use http::cookie::{request_cookies, response_cookies};
use sample::Bump;
use sample::cast::integer;

use super::prelude::*;

const NAME: &[ArgSpec] = &[ArgSpec::optional("name", ArgKind::Str)];
const GIVEN: &str = "GET / HTTP/1.1\r\ncookie: a=1; b=22; a=x\r\ncookie: c=\r\n\r\n---\r\nHTTP/1.1 200 OK\r\nset-cookie: s=9; path=/\r\nset-cookie: t=z\r\n\r\n";

pub(super) const KEYWORDS: &[Fetch] = &[
    Fetch {
        name: "cookie",
        args: NAME,
        gives: Type::Str,
        needs: Needs::EitherHead,
        doc: "The value of a cookie of the message at work: see `req.cook` and `res.cook`.",
        examples: &[Example { given: GIVEN, expr: "cookie(b)", gives: "22" }],
        get: |args, cx| value(head(cx)?, args, cx.side),
        each: None,
    },
    Fetch {
        name: "cook",
        args: NAME,
        gives: Type::Str,
        needs: Needs::RequestHead,
        doc: "The value of a cookie of the request; the last one of that name, or without a name the first of all. An ACL looks at every cookie of the name.",
        examples: &[
            Example { given: GIVEN, expr: "cook(b)", gives: "22" },
            Example { given: GIVEN, expr: "cook(nope)", gives: "-" },
        ],
        get: |args, cx| value(request(cx)?, args, Side::Request),
        each: Some(|args, cx, visit| values(request(cx), args, Side::Request, visit)),
    },
    Fetch {
        name: "cook_cnt",
        args: NAME,
        gives: Type::Sint,
        needs: Needs::RequestHead,
        doc: "How many cookies of this name the request has; all of them without a name.",
        examples: &[
            Example { given: GIVEN, expr: "cook_cnt(a)", gives: "2" },
            Example { given: GIVEN, expr: "cook_cnt", gives: "4" },
        ],
        get: |args, cx| Some(count(request(cx)?, args, Side::Request)),
        each: None,
    },
    Fetch {
        name: "cook_val",
        args: NAME,
        gives: Type::Sint,
        needs: Needs::RequestHead,
        doc: "A cookie's value of the request as an integer.",
        examples: &[Example { given: GIVEN, expr: "cook_val(b)", gives: "22" }],
        get: |args, cx| number(value(request(cx)?, args, Side::Request)?),
        each: Some(|args, cx, visit| numbers(request(cx), args, Side::Request, visit)),
    },
    Fetch {
        name: "req.cook",
        args: NAME,
        gives: Type::Str,
        needs: Needs::RequestHead,
        doc: "The value of a cookie of the request; the last one of that name, or without a name the first of all. An ACL looks at every cookie of the name.",
        examples: &[
            Example { given: GIVEN, expr: "req.cook(b)", gives: "22" },
            Example { given: GIVEN, expr: "req.cook(a)", gives: "x" },
            Example { given: GIVEN, expr: "req.cook", gives: "1" },
            Example { given: GIVEN, expr: "req.cook(nope)", gives: "-" },
        ],
        get: |args, cx| value(request(cx)?, args, Side::Request),
        each: Some(|args, cx, visit| values(request(cx), args, Side::Request, visit)),
    },
    Fetch {
        name: "req.cook_cnt",
        args: NAME,
        gives: Type::Sint,
        needs: Needs::RequestHead,
        doc: "How many cookies of this name the request has; all of them without a name.",
        examples: &[
            Example { given: GIVEN, expr: "req.cook_cnt(a)", gives: "2" },
            Example { given: GIVEN, expr: "req.cook_cnt", gives: "4" },
        ],
        get: |args, cx| Some(count(request(cx)?, args, Side::Request)),
        each: None,
    },
    Fetch {
        name: "req.cook_names",
        args: &[ArgSpec::optional("delim", ArgKind::Str)],
        gives: Type::Str,
        needs: Needs::RequestHead,
        doc: "The names of the cookies of the request, joined by `delim` (a comma if none is given).",
        examples: &[Example { given: GIVEN, expr: "req.cook_names", gives: "a,b,a,c" }],
        get: |args, cx| names(request(cx)?, args, Side::Request, cx.arena),
        each: None,
    },
    Fetch {
        name: "req.cook_val",
        args: NAME,
        gives: Type::Sint,
        needs: Needs::RequestHead,
        doc: "A cookie's value of the request as an integer.",
        examples: &[Example { given: GIVEN, expr: "req.cook_val(b)", gives: "22" }],
        get: |args, cx| number(value(request(cx)?, args, Side::Request)?),
        each: Some(|args, cx, visit| numbers(request(cx), args, Side::Request, visit)),
    },
    Fetch {
        name: "res.cook",
        args: NAME,
        gives: Type::Str,
        needs: Needs::ResponseHead,
        doc: "The value of a cookie of the response; the last one of that name, or without a name the first of all. An ACL looks at every cookie of the name.",
        examples: &[
            Example { given: GIVEN, expr: "res.cook(s)", gives: "9" },
            Example { given: GIVEN, expr: "res.cook(nope)", gives: "-" },
        ],
        get: |args, cx| value(response(cx)?, args, Side::Response),
        each: Some(|args, cx, visit| values(response(cx), args, Side::Response, visit)),
    },
    Fetch {
        name: "res.cook_cnt",
        args: NAME,
        gives: Type::Sint,
        needs: Needs::ResponseHead,
        doc: "How many cookies of this name the response has; all of them without a name.",
        examples: &[
            Example { given: GIVEN, expr: "res.cook_cnt(s)", gives: "1" },
            Example { given: GIVEN, expr: "res.cook_cnt", gives: "2" },
        ],
        get: |args, cx| Some(count(response(cx)?, args, Side::Response)),
        each: None,
    },
    Fetch {
        name: "res.cook_names",
        args: &[ArgSpec::optional("delim", ArgKind::Str)],
        gives: Type::Str,
        needs: Needs::ResponseHead,
        doc: "The names of the cookies of the response, joined by `delim` (a comma if none is given).",
        examples: &[Example { given: GIVEN, expr: "res.cook_names", gives: "s,t" }],
        get: |args, cx| names(response(cx)?, args, Side::Response, cx.arena),
        each: None,
    },
    Fetch {
        name: "res.cook_val",
        args: NAME,
        gives: Type::Sint,
        needs: Needs::ResponseHead,
        doc: "A cookie's value of the response as an integer.",
        examples: &[Example { given: GIVEN, expr: "res.cook_val(s)", gives: "9" }],
        get: |args, cx| number(value(response(cx)?, args, Side::Response)?),
        each: Some(|args, cx, visit| numbers(response(cx), args, Side::Response, visit)),
    },
    Fetch {
        name: "scook",
        args: NAME,
        gives: Type::Str,
        needs: Needs::ResponseHead,
        doc: "The value of a cookie of the response; the last one of that name, or without a name the first of all. An ACL looks at every cookie of the name.",
        examples: &[
            Example { given: GIVEN, expr: "scook(s)", gives: "9" },
            Example { given: GIVEN, expr: "scook(nope)", gives: "-" },
        ],
        get: |args, cx| value(response(cx)?, args, Side::Response),
        each: Some(|args, cx, visit| values(response(cx), args, Side::Response, visit)),
    },
    Fetch {
        name: "scook_cnt",
        args: NAME,
        gives: Type::Sint,
        needs: Needs::ResponseHead,
        doc: "How many cookies of this name the response has; all of them without a name.",
        examples: &[
            Example { given: GIVEN, expr: "scook_cnt(s)", gives: "1" },
            Example { given: GIVEN, expr: "scook_cnt", gives: "2" },
        ],
        get: |args, cx| Some(count(response(cx)?, args, Side::Response)),
        each: None,
    },
    Fetch {
        name: "scook_val",
        args: NAME,
        gives: Type::Sint,
        needs: Needs::ResponseHead,
        doc: "A cookie's value of the response as an integer.",
        examples: &[Example { given: GIVEN, expr: "scook_val(s)", gives: "9" }],
        get: |args, cx| number(value(response(cx)?, args, Side::Response)?),
        each: Some(|args, cx, visit| numbers(response(cx), args, Side::Response, visit)),
    },
];

/// Calls `visit` with each cookie's name and value, in order, until it breaks.
fn each<'a>(
    message: &'a Message,
    side: Side,
    visit: &mut dyn FnMut(&'a [u8], &'a [u8]) -> ControlFlow<()>,
) -> ControlFlow<()> {
    match side {
        Side::Request => request_cookies(message).try_for_each(|c| visit(c.name, c.value)),
        Side::Response => response_cookies(message).try_for_each(|c| visit(c.name, c.value)),
    }
}

fn value<'a>(message: &'a Message, args: &Args, side: Side) -> Option<Value<'a>> {
    let mut found = None;
    let _ = each(message, side, &mut |name, value| match args.str(0) {
        Some(want) if want != name => ControlFlow::Continue(()),
        Some(_) => {
            found = Some(Value::Str(value));
            ControlFlow::Continue(())
        }
        None => {
            found = Some(Value::Str(value));
            ControlFlow::Break(())
        }
    });
    found
}

fn values<'a>(message: Option<&'a Message>, args: &'a Args, side: Side, visit: Visit<'_, 'a>) {
    let Some(message) = message else { return };
    let _ = each(message, side, &mut |name, value| match args.str(0) {
        Some(want) if want != name => ControlFlow::Continue(()),
        _ => visit(Value::Str(value)),
    });
}

fn numbers<'a>(message: Option<&'a Message>, args: &'a Args, side: Side, visit: Visit<'_, 'a>) {
    values(message, args, side, &mut |v| number(v).map_or(ControlFlow::Continue(()), &mut *visit));
}

fn number(value: Value<'_>) -> Option<Value<'_>> {
    value.bytes().map(|b| Value::Sint(integer(b)))
}

fn count<'a>(message: &'a Message, args: &Args, side: Side) -> Value<'a> {
    let mut total = 0u32;
    let _ = each(message, side, &mut |name, _| {
        total = total.saturating_add(u32::from(args.str(0).is_none_or(|want| want == name)));
        ControlFlow::Continue(())
    });
    int(total)
}

fn names<'a>(message: &'a Message, args: &Args, side: Side, arena: &'a Bump) -> Option<Value<'a>> {
    let mut out = bumpalo::collections::Vec::new_in(arena);
    let _ = each(message, side, &mut |name, _| {
        if !out.is_empty() {
            out.extend_from_slice(args.str(0).unwrap_or(b","));
        }
        out.extend_from_slice(name);
        ControlFlow::Continue(())
    });
    (!out.is_empty()).then(|| Value::Str(out.into_bump_slice()))
}
