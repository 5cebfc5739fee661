//! `req.cook`, `res.cook`, their short names and their `_cnt`, `_val`, `_names` forms: cookies (manual 7.3.6).

use http::cookie::{request_cookies, response_cookies};
use sample::Bump;
use sample::cast::integer;

use super::prelude::*;

const NAME: &[ArgSpec] = &[ArgSpec::optional("name", ArgKind::Str)];
const GIVEN: &str = "GET / HTTP/1.1\r\ncookie: a=1; b=22; a=x\r\ncookie: c=\r\n\r\n---\r\nHTTP/1.1 200 OK\r\nset-cookie: s=9; path=/\r\nset-cookie: t=z\r\n\r\n";

/// The forms in which a cookie is asked for, under names that begin with the first: its value, how many there are, its value
/// as a number. For examples: a cookie and its value, another and how often it is there, how many there are.
macro_rules! forms {
    (
        $name:literal $needs:ident $message:ident $side:ident $whose:literal
        ($one:literal $value:literal, $twice:literal $count:literal, $all:literal)
    ) => {
        [
            Fetch {
                name: $name,
                args: NAME,
                gives: Type::Str,
                needs: Needs::$needs,
                doc: concat!(
                    "The value of a cookie of the ",
                    $whose,
                    "; the last one of that name, or without a name the first of ",
                    "all. An ACL looks at every cookie of the name."
                ),
                examples: &[
                    Example { given: GIVEN, expr: concat!($name, "(", $one, ")"), gives: $value },
                    Example { given: GIVEN, expr: concat!($name, "(nope)"), gives: "-" },
                ],
                get: |args, cx| value($message(cx)?, args, Side::$side),
                each: Some(|args, cx, visit| values($message(cx), args, Side::$side, visit)),
            },
            Fetch {
                name: concat!($name, "_cnt"),
                args: NAME,
                gives: Type::Sint,
                needs: Needs::$needs,
                doc: concat!(
                    "How many cookies of this name the ",
                    $whose,
                    " has; all of them without a name."
                ),
                examples: &[
                    Example { given: GIVEN, expr: concat!($name, "_cnt(", $twice, ")"), gives: $count },
                    Example { given: GIVEN, expr: concat!($name, "_cnt"), gives: $all },
                ],
                get: |args, cx| Some(count($message(cx)?, args, Side::$side)),
                each: None,
            },
            Fetch {
                name: concat!($name, "_val"),
                args: NAME,
                gives: Type::Sint,
                needs: Needs::$needs,
                doc: concat!("A cookie's value of the ", $whose, " as an integer."),
                examples: &[Example {
                    given: GIVEN,
                    expr: concat!($name, "_val(", $one, ")"),
                    gives: $value,
                }],
                get: |args, cx| number(value($message(cx)?, args, Side::$side)?),
                each: Some(|args, cx, visit| numbers($message(cx), args, Side::$side, visit)),
            },
        ]
    };
}

/// The names of all cookies.
macro_rules! names {
    ($name:literal $needs:ident $message:ident $side:ident $whose:literal $gives:literal) => {
        Fetch {
            name: $name,
            args: &[ArgSpec::optional("delim", ArgKind::Str)],
            gives: Type::Str,
            needs: Needs::$needs,
            doc: concat!(
                "The names of the cookies of the ",
                $whose,
                ", joined by `delim` (a comma if none is given)."
            ),
            examples: &[Example { given: GIVEN, expr: $name, gives: $gives }],
            get: |args, cx| names($message(cx)?, args, Side::$side, cx.arena),
            each: None,
        }
    };
}

pub(super) const COOK: &[Fetch] =
    &forms!("cook" RequestHead request Request "request" ("b" "22", "a" "2", "4"));
pub(super) const REQUEST: &[Fetch] =
    &forms!("req.cook" RequestHead request Request "request" ("b" "22", "a" "2", "4"));
pub(super) const RESPONSE: &[Fetch] =
    &forms!("res.cook" ResponseHead response Response "response" ("s" "9", "s" "1", "2"));
pub(super) const SCOOK: &[Fetch] =
    &forms!("scook" ResponseHead response Response "response" ("s" "9", "s" "1", "2"));

pub(super) const KEYWORDS: &[Fetch] = &[
    Fetch {
        name: "cookie",
        args: NAME,
        gives: Type::Str,
        needs: Needs::EitherHead,
        doc: "The value of a cookie of the message at work: see `req.cook` and `res.cook`.",
        examples: &[
            Example { given: GIVEN, expr: "cookie(b)", gives: "22" },
            Example { given: GIVEN, expr: "cookie(a)", gives: "x" },
            Example { given: GIVEN, expr: "cookie", gives: "1" },
        ],
        get: |args, cx| value(head(cx)?, args, cx.side),
        each: None,
    },
    names!("req.cook_names" RequestHead request Request "request" "a,b,a,c"),
    names!("res.cook_names" ResponseHead response Response "response" "s,t"),
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
