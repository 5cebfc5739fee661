//! `distcc_param`, `distcc_body`: messages of the distributed compiler (manual 7.3.5). Such a message is a row of tokens of
//! four characters, each with a number of eight hexadecimal digits; for some of them the number is the length of a body
//! that follows.

use super::prelude::*;

const TOKEN: ArgKind = ArgKind::Own(&sample::Own {
    kind: "string",
    absent: true,
    read: |written, _| match written.text.len() {
        4 => Ok(sample::Arg::Str(sample::text::boxed(written.text))),
        _ => Err("token name must be exactly 4 characters".into()),
    },
});
const ARGS: &[ArgSpec] = &[ArgSpec::required("token", TOKEN), ArgSpec::optional("occ", ArgKind::Sint)];

/// Tokens whose number is not a length.
const BARE: &[&[u8]] = &[b"DIST", b"ARGC", b"NFIL", b"STAT", b"DONE"];
const HEAD: usize = 12;

const GIVEN: &str = "raw:DIST00000001ARGC00000002ARGV00000002ccARGV00000002-cDOTI00000005hello";

pub(super) const KEYWORDS: &[Fetch] = &[
    Fetch {
        name: "distcc_body",
        args: ARGS,
        gives: Type::Bin,
        needs: Needs::EitherBuffer,
        doc: "The body of a token, the first of its name or the one counted from 1; what has come of it.",
        examples: &[
            Example { given: GIVEN, expr: "distcc_body(ARGV)", gives: "cc" },
            Example { given: GIVEN, expr: "distcc_body(ARGV,2)", gives: "-c" },
            Example { given: GIVEN, expr: "distcc_body(ARGC)", gives: "-" },
        ],
        get: |args, cx| find(args, cx)?.body.map(Value::Bin),
        each: None,
    },
    Fetch {
        name: "distcc_param",
        args: ARGS,
        gives: Type::Sint,
        needs: Needs::EitherBuffer,
        doc: "The number of a token, the first of its name or the one counted from 1. A condition that asks for it waits until \
              it has come; its body need not.",
        examples: &[
            Example { given: GIVEN, expr: "distcc_param(DOTI)", gives: "5" },
            Example { given: GIVEN, expr: "distcc_param(ARGV,3)", gives: "-" },
        ],
        get: |args, cx| find(args, cx).map(|token| int(token.number)),
        each: None,
    },
];

/// One token.
struct Token<'a> {
    name: &'a [u8],
    number: u32,
    body: Option<&'a [u8]>,
}

/// The token that the arguments name.
fn find<'a>(args: &Args, cx: &Ctx<'a>) -> Option<Token<'a>> {
    let mut rest = super::payload::raw(cx)?;
    let mut ahead = args.int(1).unwrap_or(0).max(1);
    while let Some((token, after)) = token(rest) {
        if Some(token.name) == args.str(0) {
            ahead -= 1;
            if ahead == 0 {
                return Some(token);
            }
        }
        rest = after?;
    }
    None
}

/// The first token and what follows it, if that has come.
fn token(bytes: &[u8]) -> Option<(Token<'_>, Option<&[u8]>)> {
    let (name, rest) = bytes.split_at_checked(4)?;
    let digits = bytes.get(4..HEAD)?;
    if !digits.iter().all(u8::is_ascii_hexdigit) {
        return None;
    }
    let number = u32::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?;
    let content = rest.get(HEAD - 4..)?;
    if BARE.contains(&name) {
        return Some((Token { name, number, body: None }, Some(content)));
    }
    let length = usize::try_from(number).ok()?;
    let body = content.get(..length.min(content.len()))?;
    Some((Token { name, number, body: Some(body) }, content.get(length..)))
}
