//! `req.hdr`, `res.hdr`, `hdr` and their `fhdr`, `_cnt`, `_val` forms: header values (manual 7.3.6).

use sample::cast::integer;

use super::prelude::*;

const NAME: &[ArgSpec] = &[ArgSpec::optional("name", ArgKind::Str)];
pub(super) const ARGS: &[ArgSpec] =
    &[ArgSpec::optional("name", ArgKind::Str), ArgSpec::optional("occ", ArgKind::Sint)];
const GIVEN: &str = "GET / HTTP/1.1\r\nhost: a.example\r\nx-n: 1, 22\r\nx-n: 333\r\n\r\n---\r\nHTTP/1.1 200 OK\r\nx-r: a,b\r\n\r\n";

pub(super) const KEYWORDS: &[Fetch] = &[
    Fetch {
        name: "hdr",
        args: ARGS,
        gives: Type::Str,
        needs: Needs::EitherHead,
        doc: "`req.hdr` in request rules, `res.hdr` in response rules.",
        examples: &[Example { given: GIVEN, expr: "hdr(host)", gives: "a.example" }],
        get: |args, cx| value(head(cx)?, args),
        each: Some(|args, cx, visit| values(head(cx), args, visit)),
    },
    Fetch {
        name: "req.hdr",
        args: ARGS,
        gives: Type::Str,
        needs: Needs::RequestHead,
        doc: "One comma-separated value of a request header. Without `occ`, an ACL looks at each value and anything \
              else gets the last; 1 is the first, -1 the last.",
        examples: &[
            Example { given: GIVEN, expr: "req.hdr(x-n)", gives: "333" },
            Example { given: GIVEN, expr: "req.hdr(x-n,2)", gives: "22" },
            Example { given: GIVEN, expr: "req.hdr(X-N,-3)", gives: "1" },
            Example { given: GIVEN, expr: "req.hdr(nope)", gives: "-" },
        ],
        get: |args, cx| value(request(cx)?, args),
        each: Some(|args, cx, visit| values(request(cx), args, visit)),
    },
    Fetch {
        name: "res.hdr",
        args: ARGS,
        gives: Type::Str,
        needs: Needs::ResponseHead,
        doc: "One comma-separated value of a response header; see `req.hdr`.",
        examples: &[Example { given: GIVEN, expr: "res.hdr(x-r)", gives: "b" }],
        get: |args, cx| value(response(cx)?, args),
        each: Some(|args, cx, visit| values(response(cx), args, visit)),
    },
    Fetch {
        name: "req.fhdr",
        args: ARGS,
        gives: Type::Str,
        needs: Needs::RequestHead,
        doc: "The whole value of a request header line, commas included; see `req.hdr` for `occ`.",
        examples: &[Example { given: GIVEN, expr: "req.fhdr(x-n,1)", gives: "1, 22" }],
        get: |args, cx| line(request(cx)?, args),
        each: Some(|args, cx, visit| lines(request(cx), args, visit)),
    },
    Fetch {
        name: "res.fhdr",
        args: ARGS,
        gives: Type::Str,
        needs: Needs::ResponseHead,
        doc: "The whole value of a response header line; see `req.fhdr`.",
        examples: &[Example { given: GIVEN, expr: "res.fhdr(x-r)", gives: "a,b" }],
        get: |args, cx| line(response(cx)?, args),
        each: Some(|args, cx, visit| lines(response(cx), args, visit)),
    },
    Fetch {
        name: "hdr_cnt",
        args: NAME,
        gives: Type::Sint,
        needs: Needs::RequestHead,
        doc: "See `req.hdr_cnt`.",
        examples: &[Example { given: GIVEN, expr: "hdr_cnt(x-n)", gives: "3" }],
        get: |args, cx| count(request(cx)?, args),
        each: None,
    },
    Fetch {
        name: "req.hdr_cnt",
        args: NAME,
        gives: Type::Sint,
        needs: Needs::RequestHead,
        doc: "How many comma-separated values a request header has over all its lines.",
        examples: &[
            Example { given: GIVEN, expr: "req.hdr_cnt(x-n)", gives: "3" },
            Example { given: GIVEN, expr: "req.hdr_cnt(nope)", gives: "0" },
        ],
        get: |args, cx| count(request(cx)?, args),
        each: None,
    },
    Fetch {
        name: "res.hdr_cnt",
        args: NAME,
        gives: Type::Sint,
        needs: Needs::ResponseHead,
        doc: "How many comma-separated values a response header has over all its lines.",
        examples: &[Example { given: GIVEN, expr: "res.hdr_cnt(x-r)", gives: "2" }],
        get: |args, cx| count(response(cx)?, args),
        each: None,
    },
    Fetch {
        name: "req.fhdr_cnt",
        args: NAME,
        gives: Type::Sint,
        needs: Needs::RequestHead,
        doc: "How many lines of this name the request has; all lines without a name.",
        examples: &[
            Example { given: GIVEN, expr: "req.fhdr_cnt(x-n)", gives: "2" },
            Example { given: GIVEN, expr: "req.fhdr_cnt", gives: "3" },
        ],
        get: |args, cx| line_count(request(cx)?, args),
        each: None,
    },
    Fetch {
        name: "hdr_val",
        args: ARGS,
        gives: Type::Sint,
        needs: Needs::RequestHead,
        doc: "See `req.hdr_val`.",
        examples: &[Example { given: GIVEN, expr: "hdr_val(x-n)", gives: "333" }],
        get: |args, cx| number(value(request(cx)?, args)?),
        each: Some(|args, cx, visit| numbers(request(cx), args, visit)),
    },
    Fetch {
        name: "req.hdr_val",
        args: ARGS,
        gives: Type::Sint,
        needs: Needs::RequestHead,
        doc: "A request header's value as an integer; see `req.hdr` for `occ`.",
        examples: &[Example { given: GIVEN, expr: "req.hdr_val(x-n,2)", gives: "22" }],
        get: |args, cx| number(value(request(cx)?, args)?),
        each: Some(|args, cx, visit| numbers(request(cx), args, visit)),
    },
    Fetch {
        name: "res.hdr_val",
        args: ARGS,
        gives: Type::Sint,
        needs: Needs::ResponseHead,
        doc: "A response header's value as an integer; see `req.hdr` for `occ`.",
        examples: &[Example {
            given: "GET / HTTP/1.1\r\n\r\n---\r\nHTTP/1.1 200 OK\r\nage: 7\r\n\r\n",
            expr: "res.hdr_val(age)",
            gives: "7",
        }],
        get: |args, cx| number(value(response(cx)?, args)?),
        each: Some(|args, cx, visit| numbers(response(cx), args, visit)),
    },
    Fetch {
        name: "res.fhdr_cnt",
        args: NAME,
        gives: Type::Sint,
        needs: Needs::ResponseHead,
        doc: "How many lines of this name the response has; all lines without a name.",
        examples: &[Example { given: GIVEN, expr: "res.fhdr_cnt(x-r)", gives: "1" }],
        get: |args, cx| line_count(response(cx)?, args),
        each: None,
    },
    Fetch {
        name: "shdr",
        args: ARGS,
        gives: Type::Str,
        needs: Needs::ResponseHead,
        doc: "See `res.hdr`.",
        examples: &[Example { given: GIVEN, expr: "shdr(x-r)", gives: "b" }],
        get: |args, cx| value(response(cx)?, args),
        each: Some(|args, cx, visit| values(response(cx), args, visit)),
    },
    Fetch {
        name: "shdr_cnt",
        args: NAME,
        gives: Type::Sint,
        needs: Needs::ResponseHead,
        doc: "See `res.hdr_cnt`.",
        examples: &[Example { given: GIVEN, expr: "shdr_cnt(x-r)", gives: "2" }],
        get: |args, cx| count(response(cx)?, args),
        each: None,
    },
    Fetch {
        name: "shdr_val",
        args: ARGS,
        gives: Type::Sint,
        needs: Needs::ResponseHead,
        doc: "See `res.hdr_val`.",
        examples: &[Example {
            given: "GET / HTTP/1.1\r\n\r\n---\r\nHTTP/1.1 200 OK\r\nage: 7\r\n\r\n",
            expr: "shdr_val(age)",
            gives: "7",
        }],
        get: |args, cx| number(value(response(cx)?, args)?),
        each: Some(|args, cx, visit| numbers(response(cx), args, visit)),
    },
];

/// The occurrence asked for; -1, the last, when none is.
fn occurrence(args: &Args) -> i32 {
    args.int(1).and_then(|n| i32::try_from(n).ok()).unwrap_or(-1)
}

pub(super) fn value<'a>(message: &'a Message, args: &'a Args) -> Option<Value<'a>> {
    message.value_at(args.str(0)?, occurrence(args)).map(|part| Value::Str(part.bytes))
}

fn line<'a>(message: &'a Message, args: &'a Args) -> Option<Value<'a>> {
    message.line_at(args.str(0)?, occurrence(args)).map(whole)
}

pub(super) fn values<'a>(message: Option<&'a Message>, args: &'a Args, visit: Visit<'_, 'a>) {
    let (Some(message), Some(name)) = (message, args.str(0)) else { return };
    if args.int(1).is_some_and(|n| n != 0) {
        let _ = value(message, args).map(visit);
        return;
    }
    let _ = message.values(name).try_for_each(|part| visit(Value::Str(part.bytes)));
}

fn lines<'a>(message: Option<&'a Message>, args: &'a Args, visit: Visit<'_, 'a>) {
    let (Some(message), Some(name)) = (message, args.str(0)) else { return };
    if args.int(1).is_some_and(|n| n != 0) {
        let _ = line(message, args).map(visit);
        return;
    }
    let _ = message.iterate(name).try_for_each(|header| visit(whole(header.value)));
}

/// A line's value without the blanks around it, which rules may have put there.
fn whole(line: &[u8]) -> Value<'_> {
    Value::Str(http::header_value::trim(line))
}

fn numbers<'a>(message: Option<&'a Message>, args: &'a Args, visit: Visit<'_, 'a>) {
    values(message, args, &mut |v| match number(v) {
        Some(n) => visit(n),
        None => ControlFlow::Continue(()),
    });
}

fn number<'a>(value: Value<'a>) -> Option<Value<'a>> {
    value.bytes().map(|b| Value::Sint(integer(b)))
}

fn count<'a>(message: &'a Message, args: &Args) -> Option<Value<'a>> {
    let total = match args.str(0) {
        Some(name) => message.value_count(name),
        None => message.headers().map(|h| http::header_value::list(h.value).count()).sum(),
    };
    i64::try_from(total).ok().map(Value::Sint)
}

fn line_count<'a>(message: &'a Message, args: &Args) -> Option<Value<'a>> {
    let total = match args.str(0) {
        Some(name) => message.count(name),
        None => message.header_count(),
    };
    i64::try_from(total).ok().map(Value::Sint)
}
