//! `url_dec`, `url_enc`: percent-encoding (manual 7.3.1, RFC 3986 section 2.1).

use super::prelude::*;

pub(super) const KEYWORDS: &[Converter] = &[
    Converter {
        name: "url_dec",
        args: &[ArgSpec::optional("in_form", ArgKind::Sint)],
        takes: Type::Str,
        gives: Type::Str,
        doc: "The text with every `%XX` replaced by its byte; with `in_form`, `+` is a space from the beginning, otherwise only behind a `?`. None if a `%` is followed by something else.",
        examples: &[
            Example { given: "", expr: "str('a%20b+c'),url_dec", gives: "a b+c" },
            Example { given: "", expr: "str('a%20b+c'),url_dec(1)", gives: "a b c" },
            Example { given: "", expr: "str('a%2'),url_dec", gives: "-" },
            Example { given: "", expr: "str('a+b?c+d'),url_dec", gives: "a+b?c d" },
        ],
        run: |args, value, cx| {
            let text = value.bytes()?;
            let mut plus = args.int(0).unwrap_or(0) != 0;
            let mut out = bumpalo::collections::Vec::with_capacity_in(text.len(), cx.arena);
            let mut bytes = text.iter();
            while let Some(b) = bytes.next() {
                match b {
                    b'%' => {
                        let mut digit = || bytes.next().and_then(|d| char::from(*d).to_digit(16));
                        out.push(u8::try_from(digit()? * 16 + digit()?).ok()?);
                    }
                    b'+' if plus => out.push(b' '),
                    b => {
                        plus |= *b == b'?';
                        out.push(*b);
                    }
                }
            }
            Some(Value::Str(out.into_bump_slice()))
        },
    },
    Converter {
        name: "url_enc",
        args: &[ArgSpec::optional(
            "enc_type",
            ArgKind::OneOf(&["query"], "Unexpected encode type. Allowed value is 'query'"),
        )],
        takes: Type::Str,
        gives: Type::Str,
        doc: "The text with every byte but letters, digits and `-._~` as `%XX`.",
        examples: &[Example { given: "", expr: "str('a b/é'),url_enc", gives: "a%20b%2F%C3%A9" }],
        run: |_, value, cx| {
            let text = value.bytes()?;
            let digit = |n: u8| if n < 10 { b'0' + n } else { b'A' + n - 10 };
            let mut out = bumpalo::collections::Vec::with_capacity_in(text.len() * 3, cx.arena);
            for b in text {
                if b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_' | b'~') {
                    out.push(*b);
                } else {
                    out.extend_from_slice(&[b'%', digit(b >> 4), digit(b & 15)]);
                }
            }
            Some(Value::Str(out.into_bump_slice()))
        },
    },
];
