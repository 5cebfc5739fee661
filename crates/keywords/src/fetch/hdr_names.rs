//! `req.hdr_names`, `req.hdrs` and those of responses: the header block as a whole (manual 7.3.6).

use super::prelude::*;

const DELIM: &[ArgSpec] = &[ArgSpec::optional("delim", ArgKind::Str)];
const GIVEN: &str =
    "GET / HTTP/1.1\r\nhost: a.example\r\nx-n: 1\r\n\r\n---\r\nHTTP/1.1 200 OK\r\nx-r: a\r\n\r\n";

pub(super) const KEYWORDS: &[Fetch] = &[
    Fetch {
        name: "req.hdrs_bin",
        args: &[],
        gives: Type::Bin,
        needs: Needs::RequestHead,
        doc: "The request's headers for agents (SPOE): name and value of each behind their lengths, and two empty ones at the end.",
        examples: &[Example { given: GIVEN, expr: "req.hdrs_bin,length", gives: "21" }],
        get: |_, cx| Some(binary(request(cx)?, cx)),
        each: None,
    },
    Fetch {
        name: "res.hdrs_bin",
        args: &[],
        gives: Type::Bin,
        needs: Needs::ResponseHead,
        doc: "The response's headers for agents (SPOE); see `req.hdrs_bin`.",
        examples: &[Example { given: GIVEN, expr: "res.hdrs_bin,length", gives: "6" }],
        get: |_, cx| Some(binary(response(cx)?, cx)),
        each: None,
    },
    Fetch {
        name: "req.hdr_names",
        args: DELIM,
        gives: Type::Str,
        needs: Needs::RequestHead,
        doc: "The names of the request's headers in order, joined by `delim` (a comma if none is given).",
        examples: &[
            Example { given: GIVEN, expr: "req.hdr_names", gives: "host,x-n" },
            Example { given: GIVEN, expr: "req.hdr_names(;)", gives: "host;x-n" },
        ],
        get: |args, cx| names(request(cx)?, args, cx),
        each: None,
    },
    Fetch {
        name: "req.hdrs",
        args: &[],
        gives: Type::Bin,
        needs: Needs::RequestHead,
        doc: "The request's header block as text, the empty line at its end included.",
        examples: &[Example { given: GIVEN, expr: "req.hdrs,length", gives: "27" }],
        get: |_, cx| block(request(cx)?, cx),
        each: None,
    },
    Fetch {
        name: "res.hdr_names",
        args: DELIM,
        gives: Type::Str,
        needs: Needs::ResponseHead,
        doc: "The names of the response's headers in order; see `req.hdr_names`.",
        examples: &[Example { given: GIVEN, expr: "res.hdr_names", gives: "x-r" }],
        get: |args, cx| names(response(cx)?, args, cx),
        each: None,
    },
    Fetch {
        name: "res.hdrs",
        args: &[],
        gives: Type::Bin,
        needs: Needs::ResponseHead,
        doc: "The response's header block as text, the empty line at its end included.",
        examples: &[Example { given: GIVEN, expr: "res.hdrs,length", gives: "10" }],
        get: |_, cx| block(response(cx)?, cx),
        each: None,
    },
];

fn names<'a>(message: &'a Message, args: &Args, cx: &Ctx<'a>) -> Option<Value<'a>> {
    let mut out = bumpalo::collections::Vec::new_in(cx.arena);
    for header in message.headers() {
        if header.index > 0 {
            out.extend_from_slice(args.str(0).unwrap_or(b","));
        }
        out.extend_from_slice(header.name);
    }
    (!out.is_empty()).then(|| Value::Str(out.into_bump_slice()))
}

fn block<'a>(message: &'a Message, cx: &Ctx<'a>) -> Option<Value<'a>> {
    let mut out = bumpalo::collections::Vec::new_in(cx.arena);
    for header in message.headers() {
        for part in [header.name, b": ", header.value, b"\r\n"] {
            out.extend_from_slice(part);
        }
    }
    out.extend_from_slice(b"\r\n");
    Some(Value::Bin(out.into_bump_slice()))
}

fn binary<'a>(message: &'a Message, cx: &Ctx<'a>) -> Value<'a> {
    let mut out = bumpalo::collections::Vec::new_in(cx.arena);
    for header in message.headers() {
        for text in [header.name, header.value] {
            length(text.len() as u64, &mut out);
            out.extend_from_slice(text);
        }
    }
    out.extend_from_slice(&[0, 0]);
    Value::Bin(out.into_bump_slice())
}

/// A number as SPOE writes it: one byte below 240, else four bits there and seven in each byte that follows.
fn length(n: u64, out: &mut bumpalo::collections::Vec<'_, u8>) {
    if n < 240 {
        out.push(n as u8);
        return;
    }
    out.push((n & 15 | 240) as u8);
    let mut rest = (n - 240) >> 4;
    while rest >= 128 {
        out.push((rest & 127 | 128) as u8);
        rest = (rest - 128) >> 7;
    }
    out.push(rest as u8);
}
