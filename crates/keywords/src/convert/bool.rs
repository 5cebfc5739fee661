//! `bool`, `not`, `odd`, `even`, `iif`: yes or no (manual 7.3.1).

use super::prelude::*;

pub(super) const KEYWORDS: &[Converter] = &[
    Converter {
        name: "bool",
        args: &[],
        takes: Type::Sint,
        gives: Type::Bool,
        doc: "Whether the input is not 0.",
        examples: &[
            Example { given: "", expr: "int(5),bool", gives: "1" },
            Example { given: "", expr: "int(0),bool", gives: "0" },
        ],
        run: |_, value, _| test(value, |n| n != 0),
    },
    Converter {
        name: "even",
        args: &[],
        takes: Type::Sint,
        gives: Type::Bool,
        doc: "Whether the input is even.",
        examples: &[Example { given: "", expr: "int(4),even", gives: "1" }],
        run: |_, value, _| test(value, |n| n & 1 == 0),
    },
    Converter {
        name: "iif",
        args: &[ArgSpec::required("true", ArgKind::Str), ArgSpec::required("false", ArgKind::Str)],
        takes: Type::Bool,
        gives: Type::Str,
        doc: "One text if the input is true, another if it is not.",
        examples: &[
            Example { given: "", expr: "bool(true),iif(https,http)", gives: "https" },
            Example { given: "", expr: "bool(false),iif(https,http)", gives: "http" },
            Example { given: "", expr: "bool(false),iif(+,)", gives: "" },
        ],
        run: |args, value, _| {
            let wanted = if value == Value::Bool(true) { 0 } else { 1 };
            match args.at(wanted)? {
                Arg::Str(text) => Some(Value::Str(text)),
                _ => None,
            }
        },
    },
    Converter {
        name: "not",
        args: &[],
        takes: Type::Sint,
        gives: Type::Bool,
        doc: "Whether the input is 0.",
        examples: &[Example { given: "", expr: "int(0),not", gives: "1" }],
        run: |_, value, _| test(value, |n| n == 0),
    },
    Converter {
        name: "odd",
        args: &[],
        takes: Type::Sint,
        gives: Type::Bool,
        doc: "Whether the input is odd.",
        examples: &[Example { given: "", expr: "int(4),odd", gives: "0" }],
        run: |_, value, _| test(value, |n| n & 1 == 1),
    },
];

fn test(value: Value<'_>, holds: fn(i64) -> bool) -> Option<Value<'_>> {
    match value {
        Value::Sint(n) => Some(Value::Bool(holds(n))),
        _ => None,
    }
}
