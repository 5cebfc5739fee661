//! `base64`, `b64dec`, `ub64enc`, `ub64dec`: base 64 (manual 7.3.1, RFC 4648).

use base64::Engine;
use base64::alphabet;
use base64::engine::general_purpose::{NO_PAD, PAD};
use base64::engine::{GeneralPurpose, GeneralPurposeConfig};

use super::prelude::*;

const STANDARD: GeneralPurpose = lenient(&alphabet::STANDARD, PAD);
const URL_SAFE_NO_PAD: GeneralPurpose = lenient(&alphabet::URL_SAFE, NO_PAD);

/// Bits of the last digit that no byte has room for are passed over, as HAProxy does.
const fn lenient(alphabet: &alphabet::Alphabet, config: GeneralPurposeConfig) -> GeneralPurpose {
    GeneralPurpose::new(alphabet, config.with_decode_allow_trailing_bits(true))
}

pub(super) const KEYWORDS: &[Converter] = &[
    Converter {
        name: "b64dec",
        args: &[],
        takes: Type::Str,
        gives: Type::Bin,
        doc: "The bytes that base 64 text stands for; none if it is no such text.",
        examples: &[
            Example { given: "", expr: "str(YWI=),b64dec", gives: "ab" },
            Example { given: "", expr: "str(!),b64dec", gives: "-" },
        ],
        run: |_, value, cx| decoded(value, cx, &STANDARD),
    },
    Converter {
        name: "base64",
        args: &[],
        takes: Type::Bin,
        gives: Type::Str,
        doc: "The bytes in base 64.",
        examples: &[Example { given: "", expr: "str(ab),base64", gives: "YWI=" }],
        run: |_, value, cx| encoded(value, cx, &STANDARD),
    },
    Converter {
        name: "ub64dec",
        args: &[],
        takes: Type::Str,
        gives: Type::Bin,
        doc: "The bytes that base 64 text in its form for URLs stands for.",
        examples: &[
            Example { given: "", expr: "str(_-8),ub64dec,hex", gives: "FFEF" },
            Example { given: "", expr: "str(255),ub64dec,hex", gives: "DB9E" },
        ],
        run: |_, value, cx| decoded(value, cx, &URL_SAFE_NO_PAD),
    },
    Converter {
        name: "ub64enc",
        args: &[],
        takes: Type::Bin,
        gives: Type::Str,
        doc: "The bytes in base 64 in its form for URLs, without padding.",
        examples: &[Example { given: "", expr: "bin(ffef),ub64enc", gives: "_-8" }],
        run: |_, value, cx| encoded(value, cx, &URL_SAFE_NO_PAD),
    },
];

fn encoded<'a>(value: Value<'a>, cx: &Ctx<'a>, engine: &GeneralPurpose) -> Option<Value<'a>> {
    let bytes = value.bytes()?;
    let out = cx.arena.alloc_slice_fill_copy(bytes.len().div_ceil(3) * 4, 0);
    let used = engine.encode_slice(bytes, out).ok()?;
    out.get(..used).map(Value::Str)
}

fn decoded<'a>(value: Value<'a>, cx: &Ctx<'a>, engine: &GeneralPurpose) -> Option<Value<'a>> {
    let text = value.bytes()?;
    let out = cx.arena.alloc_slice_fill_copy(text.len() / 4 * 3 + 3, 0);
    let used = engine.decode_slice(text, out).ok()?;
    out.get(..used).map(Value::Bin)
}
