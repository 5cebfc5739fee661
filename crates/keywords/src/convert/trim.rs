//! `ltrim`, `rtrim`, `cut_crlf`, `reverse`, `reverse_dom`, `bytes`: parts and orders of a text (manual 7.3.1).

use super::prelude::*;

const RANGE: &[ArgSpec] =
    &[ArgSpec::required("offset", ArgKind::IntOrVar), ArgSpec::optional("length", ArgKind::IntOrVar)];

pub(super) const KEYWORDS: &[Converter] = &[
    Converter {
        name: "bytes",
        args: RANGE,
        takes: Type::Bin,
        gives: Type::Bin,
        doc: "The bytes from an offset on, or so many of them. Nothing if the offset is behind the end or one of the two is negative.",
        examples: &[
            Example { given: "", expr: "str(012345),bytes(0)", gives: "012345" },
            Example { given: "", expr: "str(012345),bytes(1,3)", gives: "123" },
            Example { given: "", expr: "str(012345),bytes(9)", gives: "" },
        ],
        run: |args, value, cx| Some(Value::Bin(range(args, value.bytes()?, cx))),
    },
    Converter {
        name: "cut_crlf",
        args: &[],
        takes: Type::Str,
        gives: Type::Str,
        doc: "The text up to its first carriage return or line feed.",
        examples: &[Example { given: "", expr: "str(\"a\\nb\"),cut_crlf", gives: "a" }],
        run: |_, value, _| value.bytes()?.split(|b| matches!(b, 13 | 10)).next().map(Value::Str),
    },
    Converter {
        name: "ltrim",
        args: &[ArgSpec::required("chars", ArgKind::Str)],
        takes: Type::Str,
        gives: Type::Str,
        doc: "The text without any of these characters at its beginning.",
        examples: &[Example { given: "", expr: "str(__a_),ltrim(_)", gives: "a_" }],
        run: |args, value, _| {
            let (text, chars) = (value.bytes()?, args.str(0).unwrap_or_default());
            let skip = text.iter().take_while(|b| chars.contains(b)).count();
            text.get(skip..).map(Value::Str)
        },
    },
    Converter {
        name: "reverse",
        args: &[],
        takes: Type::Str,
        gives: Type::Str,
        doc: "The bytes in the other order.",
        examples: &[Example { given: "", expr: "str(abc),reverse", gives: "cba" }],
        run: |_, value, cx| {
            let copy = cx.arena.alloc_slice_copy(value.bytes()?);
            copy.reverse();
            Some(Value::Str(copy))
        },
    },
    Converter {
        name: "reverse_dom",
        args: &[],
        takes: Type::Str,
        gives: Type::Str,
        doc: "The labels of a host's name in the other order; none if a label is empty.",
        examples: &[
            Example { given: "", expr: "str(mail.example.com),reverse_dom", gives: "com.example.mail" },
            Example { given: "", expr: "str(example.com.),reverse_dom", gives: "com.example" },
            Example { given: "", expr: "str(a..b),reverse_dom", gives: "-" },
        ],
        run: |_, value, cx| labels(value.bytes()?, cx),
    },
    Converter {
        name: "rtrim",
        args: &[ArgSpec::required("chars", ArgKind::Str)],
        takes: Type::Str,
        gives: Type::Str,
        doc: "The text without any of these characters at its end.",
        examples: &[Example { given: "", expr: "str(_a__),rtrim(_)", gives: "_a" }],
        run: |args, value, _| {
            let (text, chars) = (value.bytes()?, args.str(0).unwrap_or_default());
            let skip = text.iter().rev().take_while(|b| chars.contains(b)).count();
            text.get(..text.len() - skip).map(Value::Str)
        },
    },
];

fn range<'a>(args: &Args, bytes: &'a [u8], cx: &Ctx<'a>) -> &'a [u8] {
    let number = |position| operand(args, position, cx).and_then(|n| usize::try_from(n).ok());
    let Some(rest) = number(0).and_then(|offset| bytes.get(offset..)) else { return b"" };
    match (args.at(1), number(1)) {
        (None, _) => rest,
        (Some(_), Some(length)) => rest.get(..length).unwrap_or(rest),
        (Some(_), None) => b"",
    }
}

fn labels<'a>(name: &'a [u8], cx: &Ctx<'a>) -> Option<Value<'a>> {
    let name = name.strip_suffix(b".").unwrap_or(name);
    let mut out = bumpalo::collections::Vec::with_capacity_in(name.len(), cx.arena);
    for label in name.rsplit(|b| *b == b'.') {
        if label.is_empty() {
            return None;
        }
        if !out.is_empty() {
            out.push(b'.');
        }
        out.extend_from_slice(label);
    }
    Some(Value::Str(out.into_bump_slice()))
}
