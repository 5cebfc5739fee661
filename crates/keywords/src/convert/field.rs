//! `field`, `word`, `param`: parts of a text between delimiters (manual 7.3.1).

use super::prelude::*;

const ARGS: &[ArgSpec] = &[
    ArgSpec::required("index", INDEX),
    ArgSpec::required("delimiters", DELIMITERS),
    ArgSpec::optional("count", ArgKind::Sint),
];
const INDEX: ArgKind = ArgKind::Own(&Own {
    kind: "integer",
    absent: false,
    read: |written, _| match written.text.parse() {
        Ok(0) => Err("Unexpected value 0 for index".into()),
        Ok(n) => Ok(Arg::Sint(n)),
        Err(_) => Err(Unread::Form),
    },
});
const DELIMITERS: ArgKind = ArgKind::Own(&Own {
    kind: "string",
    absent: false,
    read: |written, _| match written.text {
        "" => Err("Empty separators list".into()),
        text => Ok(Arg::Str(sample::text::boxed(text))),
    },
});

pub(super) const KEYWORDS: &[Converter] = &[
    Converter {
        name: "field",
        args: ARGS,
        takes: Type::Str,
        gives: Type::Str,
        doc: "The part at this index, counted from 1 or, from the end, from -1, between any of the delimiters; or so many parts, 0 for all that follow.",
        examples: &[
            Example { given: "", expr: "str(f1_f2_f3__f5),field(4,_)", gives: "" },
            Example { given: "", expr: "str(f1_f2_f3__f5),field(5,_)", gives: "f5" },
            Example { given: "", expr: "str(f1_f2_f3__f5),field(2,_,0)", gives: "f2_f3__f5" },
            Example { given: "", expr: "str(f1_f2_f3__f5),field(2,_,2)", gives: "f2_f3" },
            Example { given: "", expr: "str(f1_f2_f3__f5),field(-2,_,3)", gives: "f2_f3_" },
            Example { given: "", expr: "str(f1_f2_f3__f5),field(-3,_,0)", gives: "f1_f2_f3" },
            Example { given: "", expr: "str(f1_f2),field(3,_)", gives: "-" },
        ],
        run: |args, value, cx| field(args, value.bytes()?, cx),
    },
    Converter {
        name: "param",
        args: &[ArgSpec::required("name", ArgKind::Str), ArgSpec::optional("delim", ArgKind::Str)],
        takes: Type::Str,
        gives: Type::Str,
        doc: "The value of the first parameter of this name in a query string or the like; `delim` is `&` if none is given.",
        examples: &[
            Example { given: "", expr: "str(a=b&c=d&a=r),param(a)", gives: "b" },
            Example { given: "", expr: "str(a&b=c),param(a)", gives: "" },
            Example { given: "", expr: "str(a=1;b=2;c=4),param(b,;)", gives: "2" },
            Example { given: "", expr: "str(a=1),param(z)", gives: "-" },
        ],
        run: |args, value, _| {
            let name = args.str(0).unwrap_or_default();
            let delim = match args.str(1).unwrap_or(b"&") {
                [b'0', b'x' | b'X', hex @ ..] => {
                    u8::from_str_radix(std::str::from_utf8(hex).ok()?, 16).ok()?
                }
                [one, ..] => *one,
                [] => b'&',
            };
            value.bytes()?.split(|b| *b == delim).find_map(|pair| match pair.strip_prefix(name)? {
                [] => Some(Value::Str(b"")),
                [b'=', rest @ ..] => Some(Value::Str(rest)),
                _ => None,
            })
        },
    },
    Converter {
        name: "word",
        args: ARGS,
        takes: Type::Str,
        gives: Type::Str,
        doc: "Like `field`, but several delimiters in a row count as one, and none at the ends counts.",
        examples: &[
            Example { given: "", expr: "str(f1_f2_f3__f5),word(4,_)", gives: "f5" },
            Example { given: "", expr: "str(f1_f2_f3__f5),word(5,_)", gives: "-" },
            Example { given: "", expr: "str(f1_f2_f3__f5),word(3,_,0)", gives: "f3__f5" },
            Example { given: "", expr: "str(f1_f2_f3__f5),word(3,_,1)", gives: "f3" },
            Example { given: "", expr: "str(f1_f2_f3__f5),word(-2,_,2)", gives: "f2_f3" },
            Example { given: "", expr: "str(f1_f2_f3__f5),word(-3,_,0)", gives: "f1_f2" },
            Example { given: "", expr: "str(__f1_f2),word(1,_)", gives: "f1" },
        ],
        run: |args, value, cx| word(args, value.bytes()?, cx),
    },
];

type Span = std::ops::Range<usize>;

fn field<'a>(args: &Args, text: &'a [u8], cx: &Ctx<'a>) -> Option<Value<'a>> {
    let delimiters = args.str(1).unwrap_or_default();
    let mut start = 0;
    let mut done = false;
    let spans = std::iter::from_fn(|| {
        if done {
            return None;
        }
        let rest = text.get(start..)?;
        let len = rest.iter().position(|b| delimiters.contains(b));
        let span = start..start + len.unwrap_or(rest.len());
        done = len.is_none();
        start = span.end + 1;
        Some(span)
    });
    chosen(args, text, spans, cx)
}

fn word<'a>(args: &Args, text: &'a [u8], cx: &Ctx<'a>) -> Option<Value<'a>> {
    let delimiters = args.str(1).unwrap_or_default();
    let mut at = 0;
    let spans = std::iter::from_fn(|| {
        let rest = text.get(at..)?;
        let start = at + rest.iter().position(|b| !delimiters.contains(b))?;
        let rest = text.get(start..)?;
        let end = start + rest.iter().position(|b| delimiters.contains(b)).unwrap_or(rest.len());
        at = end;
        Some(start..end)
    });
    chosen(args, text, spans, cx)
}

/// From the first to the last of the chosen parts, with what stands between them.
fn chosen<'a>(
    args: &Args,
    text: &'a [u8],
    mut spans: impl Iterator<Item = Span>,
    cx: &Ctx<'a>,
) -> Option<Value<'a>> {
    let index = args.int(0)?;
    // How many parts besides the first one; none: all there are. More than there are reach to the text's edge.
    let more = usize::try_from(args.int(2).unwrap_or(1)).unwrap_or(1).checked_sub(1);
    let wanted = usize::try_from(index.unsigned_abs()).ok()?.checked_sub(1)?;
    let span = if index > 0 {
        let first = spans.nth(wanted)?;
        let end = match more {
            Some(0) => first.end,
            Some(more) => spans.nth(more - 1).map_or(text.len(), |last| last.end),
            None => text.len(),
        };
        first.start..end
    } else {
        let mut all = bumpalo::collections::Vec::new_in(cx.arena);
        all.extend(spans);
        let last = all.len().checked_sub(wanted + 1)?;
        let first = more.and_then(|more| last.checked_sub(more));
        first.map_or(Some(0), |i| all.get(i).map(|s| s.start))?..all.get(last)?.end
    };
    text.get(span).map(Value::Str)
}
