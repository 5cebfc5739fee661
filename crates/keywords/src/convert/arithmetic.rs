//! `add`, `sub`, `mul`, `div`, `mod`, `neg`, `and`, `or`, `xor`, `cpl`: integers (manual 7.3.1). What would overflow stays at
//! the largest or smallest integer.

use super::prelude::*;

pub(super) const KEYWORDS: &[Converter] = &[
    Converter {
        name: "add",
        args: &[ArgSpec::required("value", ArgKind::IntOrVar)],
        takes: Type::Sint,
        gives: Type::Sint,
        doc: "The input plus an integer or a variable.",
        examples: &[
            Example { given: "", expr: "int(40),add(2)", gives: "42" },
            Example { given: "", expr: "int(9223372036854775807),add(1)", gives: "9223372036854775807" },
            Example { given: "", expr: "int(1),add(txn.nope)", gives: "-" },
        ],
        run: |args, value, cx| with(args, value, cx, i64::saturating_add),
    },
    Converter {
        name: "and",
        args: &[ArgSpec::required("value", ArgKind::IntOrVar)],
        takes: Type::Sint,
        gives: Type::Sint,
        doc: "The bits that the input and an integer or a variable have in common.",
        examples: &[Example { given: "", expr: "int(12),and(10)", gives: "8" }],
        run: |args, value, cx| with(args, value, cx, |a, b| a & b),
    },
    Converter {
        name: "cpl",
        args: &[],
        takes: Type::Sint,
        gives: Type::Sint,
        doc: "The input with every bit changed.",
        examples: &[Example { given: "", expr: "int(5),cpl", gives: "-6" }],
        run: |_, value, _| Some(Value::Sint(!int(value)?)),
    },
    Converter {
        name: "div",
        args: &[ArgSpec::required("value", ArgKind::IntOrVar)],
        takes: Type::Sint,
        gives: Type::Sint,
        doc: "The input divided by an integer or a variable; the largest integer when that is 0.",
        examples: &[
            Example { given: "", expr: "int(42),div(5)", gives: "8" },
            Example { given: "", expr: "int(-42),div(5)", gives: "-8" },
            Example { given: "", expr: "int(42),div(0)", gives: "9223372036854775807" },
        ],
        run: |args, value, cx| with(args, value, cx, |a, b| a.checked_div(b).unwrap_or(i64::MAX)),
    },
    Converter {
        name: "mod",
        args: &[ArgSpec::required("value", ArgKind::IntOrVar)],
        takes: Type::Sint,
        gives: Type::Sint,
        doc: "What is left when the input is divided by an integer or a variable; 0 when that is 0.",
        examples: &[
            Example { given: "", expr: "int(42),mod(5)", gives: "2" },
            Example { given: "", expr: "int(42),mod(0)", gives: "0" },
        ],
        run: |args, value, cx| with(args, value, cx, |a, b| a.checked_rem(b).unwrap_or(0)),
    },
    Converter {
        name: "mul",
        args: &[ArgSpec::required("value", ArgKind::IntOrVar)],
        takes: Type::Sint,
        gives: Type::Sint,
        doc: "The input times an integer or a variable.",
        examples: &[
            Example { given: "", expr: "int(6),mul(7)", gives: "42" },
            Example { given: "", expr: "int(-9223372036854775807),mul(3)", gives: "-9223372036854775808" },
        ],
        run: |args, value, cx| with(args, value, cx, i64::saturating_mul),
    },
    Converter {
        name: "neg",
        args: &[],
        takes: Type::Sint,
        gives: Type::Sint,
        doc: "The input with the other sign.",
        examples: &[Example { given: "", expr: "int(42),neg", gives: "-42" }],
        run: |_, value, _| Some(Value::Sint(int(value)?.saturating_neg())),
    },
    Converter {
        name: "or",
        args: &[ArgSpec::required("value", ArgKind::IntOrVar)],
        takes: Type::Sint,
        gives: Type::Sint,
        doc: "The bits that the input or an integer or a variable has.",
        examples: &[Example { given: "", expr: "int(12),or(3)", gives: "15" }],
        run: |args, value, cx| with(args, value, cx, |a, b| a | b),
    },
    Converter {
        name: "sub",
        args: &[ArgSpec::required("value", ArgKind::IntOrVar)],
        takes: Type::Sint,
        gives: Type::Sint,
        doc: "The input minus an integer or a variable.",
        examples: &[Example { given: "", expr: "int(40),sub(2)", gives: "38" }],
        run: |args, value, cx| with(args, value, cx, i64::saturating_sub),
    },
    Converter {
        name: "xor",
        args: &[ArgSpec::required("value", ArgKind::IntOrVar)],
        takes: Type::Sint,
        gives: Type::Sint,
        doc: "The bits in which the input and an integer or a variable differ.",
        examples: &[Example { given: "", expr: "int(12),xor(10)", gives: "6" }],
        run: |args, value, cx| with(args, value, cx, |a, b| a ^ b),
    },
];

fn int(value: Value<'_>) -> Option<i64> {
    match value {
        Value::Sint(n) => Some(n),
        _ => None,
    }
}

/// The operation on the input and the argument; none if that is a variable that is not set.
fn with<'a>(
    args: &Args,
    value: Value<'a>,
    cx: &Ctx<'a>,
    operation: fn(i64, i64) -> i64,
) -> Option<Value<'a>> {
    Some(Value::Sint(operation(int(value)?, operand(args, 0, cx)?)))
}
