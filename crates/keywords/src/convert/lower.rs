//! `lower`, `upper`: letter case of ASCII (manual 7.3.1).

use super::prelude::*;

pub(super) const KEYWORDS: &[Converter] = &[
    Converter {
        name: "lower",
        args: &[],
        takes: Type::Str,
        gives: Type::Str,
        doc: "The string in lower case. Only ASCII letters change.",
        examples: &[Example { given: "", expr: "str(AbC-1),lower", gives: "abc-1" }],
        run: |_, value, cx| mapped(value, cx.arena, <[u8]>::make_ascii_lowercase),
    },
    Converter {
        name: "upper",
        args: &[],
        takes: Type::Str,
        gives: Type::Str,
        doc: "The string in upper case. Only ASCII letters change.",
        examples: &[Example { given: "", expr: "str(AbC-1),upper", gives: "ABC-1" }],
        run: |_, value, cx| mapped(value, cx.arena, <[u8]>::make_ascii_uppercase),
    },
];

fn mapped<'a>(value: Value<'a>, arena: &'a Bump, change: fn(&mut [u8])) -> Option<Value<'a>> {
    let copy = arena.alloc_slice_copy(value.bytes()?);
    change(copy);
    Some(Value::Str(copy))
}
