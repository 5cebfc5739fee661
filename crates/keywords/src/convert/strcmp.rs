//! `strcmp`, `secure_memcmp`, `length`: comparing and measuring (manual 7.3.1).

use subtle::ConstantTimeEq;

use super::prelude::*;

pub(super) const KEYWORDS: &[Converter] = &[
    Converter {
        name: "length",
        args: &[],
        takes: Type::Str,
        gives: Type::Sint,
        doc: "The length in bytes.",
        examples: &[Example { given: "", expr: "str(abc),length", gives: "3" }],
        run: |_, value, _| i64::try_from(value.bytes()?.len()).ok().map(Value::Sint),
    },
    Converter {
        name: "secure_memcmp",
        args: &[ArgSpec::required("var", REGISTERED)],
        takes: Type::Bin,
        gives: Type::Bool,
        doc: "Whether the input is the same as a variable, in a time that doesn't tell where they differ. None if the variable \
              is not set.",
        examples: &[
            Example {
                given: "GET / HTTP/1.1\r\n\r\n",
                expr: "str(abc),set-var(txn.x),secure_memcmp(txn.x)",
                gives: "1",
            },
            Example { given: "", expr: "str(abc),secure_memcmp(txn.nope)", gives: "-" },
        ],
        run: |args, value, cx| {
            let secret = crate::fetch::var::lookup(args.var(0)?, cx)?;
            let secret = sample::cast(secret, Type::Bin, cx.arena)?.bytes()?;
            Some(Value::Bool(bool::from(value.bytes()?.ct_eq(secret))))
        },
    },
    Converter {
        name: "strcmp",
        args: &[ArgSpec::required("var", REGISTERED)],
        takes: Type::Str,
        gives: Type::Sint,
        doc: "How the input compares with a variable: negative, 0 or positive for less, equal, greater. None if the variable is not set.",
        examples: &[Example { given: "", expr: "str(abc),strcmp(txn.nope)", gives: "-" }],
        run: |args, value, cx| {
            let (a, b) = (value.bytes()?, other(args, cx)?);
            let common = a.len().min(b.len());
            let differ = a.iter().zip(b).find(|(x, y)| x != y);
            Some(Value::Sint(match differ {
                Some((x, y)) => i64::from(*x) - i64::from(*y),
                None if a.len() == b.len() => 0,
                None if a.len() == common => -1,
                None => 1,
            }))
        },
    },
];

/// The variable's value as text.
fn other<'a>(args: &Args, cx: &Ctx<'a>) -> Option<&'a [u8]> {
    let value = crate::fetch::var::lookup(args.var(0)?, cx)?;
    sample::cast(value, Type::Str, cx.arena)?.bytes()
}
