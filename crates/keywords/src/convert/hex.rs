//! `hex`, `be2hex`, `hex2i`, `be2dec`, `le2dec`, `base2`, `htonl`: bytes and numbers as digits (manual 7.3.1).

use super::prelude::*;

const DECIMAL: &[ArgSpec] = &[
    ArgSpec::required("separator", ArgKind::Str),
    ArgSpec::optional("chunk_size", NUMBER_SIZE),
    ArgSpec::optional("truncate", TRUNCATE),
];
const HEX: &[ArgSpec] = &[
    ArgSpec::optional("separator", ArgKind::Str),
    ArgSpec::optional("chunk_size", TEXT_SIZE),
    ArgSpec::optional("truncate", TRUNCATE),
];
const NUMBER_SIZE: ArgKind = ArgKind::Own(&Own {
    kind: "integer",
    absent: true,
    read: |written, _| match whole(written)? {
        n @ 1..=8 => Ok(Arg::Sint(n)),
        n => Err(format!("chunk_size out of [1..8] range ({n})").into()),
    },
});
const TEXT_SIZE: ArgKind = ArgKind::Own(&Own {
    kind: "integer",
    absent: false,
    read: |written, _| match whole(written)? {
        n @ ..=0 => Err(format!("chunk_size needs to be positive ({n})").into()),
        n => Ok(Arg::Sint(n)),
    },
});
const TRUNCATE: ArgKind = ArgKind::Own(&Own {
    kind: "integer",
    absent: false,
    read: |written, _| match whole(written)? {
        n @ (0 | 1) => Ok(Arg::Sint(n)),
        n => Err(format!("Unsupported truncate value ({n})").into()),
    },
});

pub(super) const KEYWORDS: &[Converter] = &[
    Converter {
        name: "base2",
        args: &[],
        takes: Type::Bin,
        gives: Type::Str,
        doc: "Eight binary digits a byte.",
        examples: &[Example { given: "", expr: "bin(05ff),base2", gives: "0000010111111111" }],
        run: |_, value, cx| {
            let bytes = value.bytes()?;
            let digit = |i: usize| bytes.get(i / 8).map_or(b'0', |b| b'0' + (b >> (7 - i % 8) & 1));
            Some(Value::Str(cx.arena.alloc_slice_fill_with(bytes.len() * 8, digit)))
        },
    },
    Converter {
        name: "be2dec",
        args: DECIMAL,
        takes: Type::Bin,
        gives: Type::Str,
        doc: "Each chunk of bytes, the most significant first, as a decimal number. With `truncate`, an incomplete last one is left out.",
        examples: &[
            Example { given: "", expr: "bin(01020304050607),be2dec(:,2)", gives: "258:772:1286:7" },
            Example { given: "", expr: "bin(01020304050607),be2dec(-,2,1)", gives: "258-772-1286" },
            Example { given: "", expr: "bin(7f000001),be2dec(.,1)", gives: "127.0.0.1" },
        ],
        run: |args, value, cx| decimal(args, value, cx, false),
    },
    Converter {
        name: "be2hex",
        args: HEX,
        takes: Type::Bin,
        gives: Type::Str,
        doc: "Two hexadecimal digits a byte, with a separator after each chunk.",
        examples: &[
            Example { given: "", expr: "bin(01020304050607),be2hex", gives: "01020304050607" },
            Example { given: "", expr: "bin(01020304050607),be2hex(:,2)", gives: "0102:0304:0506:07" },
            Example { given: "", expr: "bin(01020304050607),be2hex(--,2,1)", gives: "0102--0304--0506" },
            Example { given: "", expr: "bin(0102030405060708),be2hex(,3,1)", gives: "010203040506" },
        ],
        run: |args, value, cx| hexadecimal(args, value, cx),
    },
    Converter {
        name: "hex",
        args: &[],
        takes: Type::Bin,
        gives: Type::Str,
        doc: "Two hexadecimal digits a byte.",
        examples: &[Example { given: "", expr: "str(Az),hex", gives: "417A" }],
        run: |args, value, cx| hexadecimal(args, value, cx),
    },
    Converter {
        name: "hex2i",
        args: &[],
        takes: Type::Str,
        gives: Type::Sint,
        doc: "The number in hexadecimal digits.",
        examples: &[
            Example { given: "", expr: "str(ff),hex2i", gives: "255" },
            Example { given: "", expr: "str(zz),hex2i", gives: "-" },
        ],
        run: |_, value, _| number(value.bytes()?),
    },
    Converter {
        name: "htonl",
        args: &[],
        takes: Type::Sint,
        gives: Type::Bin,
        doc: "The integer as four bytes, the most significant first.",
        examples: &[Example { given: "", expr: "int(258),htonl,hex", gives: "00000102" }],
        run: |_, value, cx| match value {
            Value::Sint(n) => {
                Some(Value::Bin(cx.arena.alloc_slice_copy(&((n & 0xffff_ffff) as u32).to_be_bytes())))
            }
            _ => None,
        },
    },
    Converter {
        name: "le2dec",
        args: DECIMAL,
        takes: Type::Bin,
        gives: Type::Str,
        doc: "Like `be2dec`, with the least significant byte of each chunk first.",
        examples: &[Example { given: "", expr: "bin(01020304050607),le2dec(:,2)", gives: "513:1027:1541:7" }],
        run: |args, value, cx| decimal(args, value, cx, true),
    },
];

fn whole(written: &Written<'_>) -> Result<i64, Unread> {
    match written.text {
        "" => Ok(0),
        text => text.parse().map_err(|_| Unread::Form),
    }
}

/// The number in hexadecimal digits, of which only the last sixteen count.
fn number<'a>(digits: &[u8]) -> Option<Value<'a>> {
    let digits = digits.iter().map(|b| char::from(*b).to_digit(16));
    let number = digits.into_iter().try_fold(0u64, |n, d| Some(n << 4 | u64::from(d?)))?;
    Some(Value::Sint(number as i64))
}

/// The chunks of the input that the arguments ask for.
fn chunks<'a>(args: &Args, bytes: &'a [u8], default: usize) -> impl Iterator<Item = &'a [u8]> {
    let size = args.int(1).and_then(|n| usize::try_from(n).ok()).filter(|n| *n > 0).unwrap_or(default);
    let whole = args.int(2).unwrap_or(0) != 0;
    bytes.chunks(size.max(1)).filter(move |chunk| !whole || chunk.len() == size)
}

fn hexadecimal<'a>(args: &Args, value: Value<'a>, cx: &Ctx<'a>) -> Option<Value<'a>> {
    let bytes = value.bytes()?;
    let digit = |n: u8| if n < 10 { b'0' + n } else { b'A' + n - 10 };
    let mut out = bumpalo::collections::Vec::with_capacity_in(bytes.len() * 2, cx.arena);
    for (i, chunk) in chunks(args, bytes, bytes.len()).enumerate() {
        if i > 0 {
            out.extend_from_slice(args.str(0).unwrap_or_default());
        }
        for b in chunk {
            out.extend_from_slice(&[digit(b >> 4), digit(b & 15)]);
        }
    }
    Some(Value::Str(out.into_bump_slice()))
}

fn decimal<'a>(args: &Args, value: Value<'a>, cx: &Ctx<'a>, little: bool) -> Option<Value<'a>> {
    let mut out = bumpalo::collections::Vec::new_in(cx.arena);
    for (i, chunk) in chunks(args, value.bytes()?, 1).enumerate() {
        if i > 0 {
            out.extend_from_slice(args.str(0).unwrap_or_default());
        }
        let number = if little {
            chunk.iter().rev().fold(0, |n, b| n << 8 | u64::from(*b))
        } else {
            chunk.iter().fold(0, |n, b| n << 8 | u64::from(*b))
        };
        out.extend_from_slice(http::reply::decimal(number, &mut [0; 20]));
    }
    Some(Value::Str(out.into_bump_slice()))
}
