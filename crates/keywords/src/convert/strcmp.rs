//! `strcmp`, `secure_memcmp`, `length`: comparing and measuring (manual 7.3.1).

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
        name: "strcmp",
        args: &[ArgSpec::required("var", ArgKind::Var)],
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
