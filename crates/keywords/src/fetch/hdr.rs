//! `req.hdr`, `res.hdr`, `hdr` and their `fhdr`, `_cnt`, `_val` forms: header values (manual 7.3.6).

use sample::cast::integer;

use super::prelude::*;

const NAME: &[ArgSpec] = &[ArgSpec::optional("name", ArgKind::Str)];
pub(super) const ARGS: &[ArgSpec] =
    &[ArgSpec::optional("name", ArgKind::Str), ArgSpec::optional("occ", ArgKind::Sint)];
const GIVEN: &str = "GET / HTTP/1.1\r\nhost: a.example\r\nx-n: 1, 22\r\nx-n: 333\r\n\r\n---\r\nHTTP/1.1 200 OK\r\nx-r: a,b\r\n\r\n";

/// A fetch that tells of a header in one of the forms: a value among others, a whole line, how many there are of each, a
/// value as a number.
macro_rules! header {
    ($name:literal $needs:ident $message:ident value $doc:expr, $examples:expr) => {
        header!($name $needs $doc, $examples, ARGS, Str, |args, cx| value($message(cx)?, args),
            Some(|args, cx, visit| values($message(cx), args, visit)))
    };
    ($name:literal $needs:ident $message:ident line $doc:expr, $examples:expr) => {
        header!($name $needs $doc, $examples, ARGS, Str, |args, cx| line($message(cx)?, args),
            Some(|args, cx, visit| lines($message(cx), args, visit)))
    };
    ($name:literal $needs:ident $message:ident number $doc:expr, $examples:expr) => {
        header!($name $needs $doc, $examples, ARGS, Sint, |args, cx| number(value($message(cx)?, args)?),
            Some(|args, cx, visit| numbers($message(cx), args, visit)))
    };
    ($name:literal $needs:ident $message:ident count $doc:expr, $examples:expr) => {
        header!($name $needs $doc, $examples, NAME, Sint, |args, cx| count($message(cx)?, args), None)
    };
    ($name:literal $needs:ident $message:ident line_count $doc:expr, $examples:expr) => {
        header!($name $needs $doc, $examples, NAME, Sint, |args, cx| line_count($message(cx)?, args), None)
    };
    ($name:literal $needs:ident $doc:expr, $examples:expr, $args:expr, $gives:ident, $get:expr, $each:expr) => {
        Fetch {
            name: $name,
            args: $args,
            gives: Type::$gives,
            needs: Needs::$needs,
            doc: $doc,
            examples: $examples,
            get: $get,
            each: $each,
        }
    };
}

const fn example(expr: &'static str, gives: &'static str) -> Example {
    Example { given: GIVEN, expr, gives }
}

/// One whose value is a number.
const fn aged(expr: &'static str) -> Example {
    Example { given: "GET / HTTP/1.1\r\n\r\n---\r\nHTTP/1.1 200 OK\r\nage: 7\r\n\r\n", expr, gives: "7" }
}

pub(super) const KEYWORDS: &[Fetch] = &[
    header!("hdr" EitherHead head value "`req.hdr` in request rules, `res.hdr` in response rules.",
        &[example("hdr(host)", "a.example")]),
    header!("req.hdr" RequestHead request value
    "One comma-separated value of a request header. Without `occ`, an ACL looks at each value and anything \
     else gets the last; 1 is the first, -1 the last.",
    &[
        example("req.hdr(x-n)", "333"),
        example("req.hdr(x-n,2)", "22"),
        example("req.hdr(X-N,-3)", "1"),
        example("req.hdr(nope)", "-"),
    ]),
    header!("res.hdr" ResponseHead response value
        "One comma-separated value of a response header; see `req.hdr`.",
        &[example("res.hdr(x-r)", "b")]),
    header!("shdr" ResponseHead response value "See `res.hdr`.", &[example("shdr(x-r)", "b")]),
    header!("req.fhdr" RequestHead request line
        "The whole value of a request header line, commas included; see `req.hdr` for `occ`.",
        &[example("req.fhdr(x-n,1)", "1, 22")]),
    header!("res.fhdr" ResponseHead response line
        "The whole value of a response header line; see `req.fhdr`.",
        &[example("res.fhdr(x-r)", "a,b")]),
    header!("hdr_cnt" RequestHead request count "See `req.hdr_cnt`.", &[example("hdr_cnt(x-n)", "3")]),
    header!("req.hdr_cnt" RequestHead request count
        "How many comma-separated values a request header has over all its lines.",
        &[example("req.hdr_cnt(x-n)", "3"), example("req.hdr_cnt(nope)", "0")]),
    header!("res.hdr_cnt" ResponseHead response count
        "How many comma-separated values a response header has over all its lines.",
        &[example("res.hdr_cnt(x-r)", "2")]),
    header!("shdr_cnt" ResponseHead response count "See `res.hdr_cnt`.", &[example("shdr_cnt(x-r)", "2")]),
    header!("req.fhdr_cnt" RequestHead request line_count
        "How many lines of this name the request has; all lines without a name.",
        &[example("req.fhdr_cnt(x-n)", "2"), example("req.fhdr_cnt", "3")]),
    header!("res.fhdr_cnt" ResponseHead response line_count
        "How many lines of this name the response has; all lines without a name.",
        &[example("res.fhdr_cnt(x-r)", "1")]),
    header!("hdr_val" RequestHead request number "See `req.hdr_val`.", &[example("hdr_val(x-n)", "333")]),
    header!("req.hdr_val" RequestHead request number
        "A request header's value as an integer; see `req.hdr` for `occ`.",
        &[example("req.hdr_val(x-n,2)", "22")]),
    header!("res.hdr_val" ResponseHead response number
        "A response header's value as an integer; see `req.hdr` for `occ`.",
        &[aged("res.hdr_val(age)")]),
    header!("shdr_val" ResponseHead response number "See `res.hdr_val`.", &[aged("shdr_val(age)")]),
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
