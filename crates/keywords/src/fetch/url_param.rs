//! `url_param`, `urlp`, `urlp_val`: parameters of the query string (manual 7.3.6).

use sample::cast::integer;

use super::prelude::*;

const ARGS: &[ArgSpec] = &[
    ArgSpec::optional("name", ArgKind::Str),
    ArgSpec::optional("delim", ArgKind::Str),
    ArgSpec::optional("i", ArgKind::Str),
];
const GIVEN: &str = "GET /a?x=1&Y=2;z=3&x=4&e=&w HTTP/1.1\r\nhost: a\r\n\r\n";
const PATH: &str = "GET /a;q=7;r=8 HTTP/1.1\r\nhost: a\r\n\r\n";

pub(super) const KEYWORDS: &[Fetch] = &[
    Fetch {
        name: "url_param",
        args: ARGS,
        gives: Type::Str,
        needs: Needs::RequestHead,
        doc: "The value of the first parameter of this name in the query string, not decoded; of the first parameter without a name. `delim` is the character that begins the query string; `i` ignores the case of the name. An ACL looks at every parameter of the name.",
        examples: &[
            Example { given: GIVEN, expr: "url_param(x)", gives: "1" },
            Example { given: GIVEN, expr: "url_param(z)", gives: "3" },
            Example { given: GIVEN, expr: "url_param(y)", gives: "-" },
            Example { given: GIVEN, expr: "url_param(y,,i)", gives: "2" },
            Example { given: GIVEN, expr: "url_param(e)", gives: "" },
            Example { given: GIVEN, expr: "url_param(w)", gives: "-" },
            Example { given: GIVEN, expr: "url_param", gives: "1" },
        ],
        get: |args, cx| first(cx, args),
        each: Some(|args, cx, visit| each(cx, args, visit)),
    },
    Fetch {
        name: "urlp",
        args: ARGS,
        gives: Type::Str,
        needs: Needs::RequestHead,
        doc: "The value of the first parameter of this name in the query string, not decoded; of the first parameter without a name. `delim` is the character that begins the query string; `i` ignores the case of the name. An ACL looks at every parameter of the name.",
        examples: &[
            Example { given: GIVEN, expr: "urlp(x)", gives: "1" },
            Example { given: PATH, expr: "urlp(r,;)", gives: "8" },
        ],
        get: |args, cx| first(cx, args),
        each: Some(|args, cx, visit| each(cx, args, visit)),
    },
    Fetch {
        name: "urlp_val",
        args: ARGS,
        gives: Type::Sint,
        needs: Needs::RequestHead,
        doc: "A parameter of the query string as an integer; see `url_param`.",
        examples: &[Example { given: GIVEN, expr: "urlp_val(x)", gives: "1" }],
        get: |args, cx| number(first(cx, args)?),
        each: Some(|args, cx, visit| {
            each(cx, args, &mut |v| number(v).map_or(ControlFlow::Continue(()), &mut *visit));
        }),
    },
];

fn first<'a>(cx: &Ctx<'a>, args: &'a Args) -> Option<Value<'a>> {
    let mut found = None;
    each(cx, args, &mut |value| {
        found = Some(value);
        ControlFlow::Break(())
    });
    found
}

fn each<'a>(cx: &Ctx<'a>, args: &'a Args, visit: Visit<'_, 'a>) {
    let Some(target) = request(cx).map(Message::target_bytes) else { return };
    let begin = args.str(1).and_then(|d| d.first().copied()).unwrap_or(b'?');
    let Some(at) = memchr::memchr(begin, target) else { return };
    let fold = args.str(2).is_some();
    let query = target.get(at + 1..).unwrap_or_default();
    for pair in query.split(|b| matches!(b, b'&' | b';') || *b == begin) {
        let Some(equals) = memchr::memchr(b'=', pair) else { continue };
        let (name, value) = pair.split_at(equals);
        let wanted =
            args.str(0).is_none_or(|want| if fold { want.eq_ignore_ascii_case(name) } else { want == name });
        if wanted && visit(Value::Str(value.get(1..).unwrap_or_default())).is_break() {
            return;
        }
    }
}

fn number(value: Value<'_>) -> Option<Value<'_>> {
    value.bytes().map(|b| Value::Sint(integer(b)))
}
