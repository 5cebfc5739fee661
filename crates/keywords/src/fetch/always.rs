//! `always_true`, `always_false`, `bool()`, `int()`, `str()`, `bin()`: constants (manual 7.3.1).

use super::prelude::*;

pub(super) const KEYWORDS: &[Fetch] = &[
    Fetch {
        name: "always_false",
        args: &[],
        gives: Type::Bool,
        needs: Needs::Nothing,
        doc: "Always false. Disables a rule for a while.",
        examples: &[Example { given: "", expr: "always_false", gives: "0" }],
        get: |_, _| Some(Value::Bool(false)),
        each: None,
    },
    Fetch {
        name: "always_true",
        args: &[],
        gives: Type::Bool,
        needs: Needs::Nothing,
        doc: "Always true. Makes a rule unconditional.",
        examples: &[Example { given: "", expr: "always_true", gives: "1" }],
        get: |_, _| Some(Value::Bool(true)),
        each: None,
    },
    Fetch {
        name: "int",
        args: &[ArgSpec::required("integer", ArgKind::Sint)],
        gives: Type::Sint,
        needs: Needs::Nothing,
        doc: "The given integer.",
        examples: &[Example { given: "", expr: "int(-42)", gives: "-42" }],
        get: |args, _| args.int(0).map(Value::Sint),
        each: None,
    },
    Fetch {
        name: "str",
        args: &[ArgSpec::required("string", ArgKind::Str)],
        gives: Type::Str,
        needs: Needs::Nothing,
        doc: "The given string.",
        examples: &[Example { given: "", expr: "str(abc)", gives: "abc" }],
        get: |args, _| args.str(0).map(Value::Str),
        each: None,
    },
];
