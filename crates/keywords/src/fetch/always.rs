//! `always_true`, `always_false`, `bool()`, `int()`, `str()`, `bin()`, `ipv4()`, `ipv6()`, `meth()`: constants (manual 7.3.1).

use super::prelude::*;

pub(super) const KEYWORDS: &[Fetch] = &[
    Fetch {
        name: "always_false",
        args: &[],
        gives: Type::Bool,
        needs: Needs::Constant,
        doc: "Always false. Disables a rule for a while.",
        examples: &[Example { given: "", expr: "always_false", gives: "0" }],
        get: |_, _| Some(Value::Bool(false)),
        each: None,
    },
    Fetch {
        name: "always_true",
        args: &[],
        gives: Type::Bool,
        needs: Needs::Constant,
        doc: "Always true. Makes a rule unconditional.",
        examples: &[Example { given: "", expr: "always_true", gives: "1" }],
        get: |_, _| Some(Value::Bool(true)),
        each: None,
    },
    Fetch {
        name: "bin",
        args: &[ArgSpec::required("hex", ArgKind::Hex)],
        gives: Type::Bin,
        needs: Needs::Constant,
        doc: "The bytes these hexadecimal digits stand for.",
        examples: &[Example { given: "", expr: "bin(00ff41),hex", gives: "00FF41" }],
        get: |args, _| text(args).map(Value::Bin),
        each: None,
    },
    Fetch {
        name: "bool",
        args: &[ArgSpec::required(
            "bool",
            ArgKind::OneOf(&["true", "false", "1", "0"], "Expects 'true', 'false', '0' or '1'"),
        )],
        gives: Type::Bool,
        needs: Needs::Constant,
        doc: "The given boolean: `true`, `false`, `1`, `0`.",
        examples: &[
            Example { given: "", expr: "bool(true)", gives: "1" },
            Example { given: "", expr: "bool(0)", gives: "0" },
        ],
        get: |args, _| args.str(0).map(|t| Value::Bool(matches!(t, b"true" | b"1"))),
        each: None,
    },
    Fetch {
        name: "int",
        args: &[ArgSpec::required("integer", ArgKind::Sint)],
        gives: Type::Sint,
        needs: Needs::Constant,
        doc: "The given integer.",
        examples: &[Example { given: "", expr: "int(-42)", gives: "-42" }],
        get: |args, _| args.int(0).map(Value::Sint),
        each: None,
    },
    Fetch {
        name: "ipv4",
        args: &[ArgSpec::required("ipv4", ArgKind::Ipv4)],
        gives: Type::Ipv4,
        needs: Needs::Constant,
        doc: "The given IPv4 address.",
        examples: &[Example { given: "", expr: "ipv4(192.0.2.1)", gives: "192.0.2.1" }],
        get: |args, _| match args.at(0)? {
            sample::Arg::Ipv4(a) => Some(Value::Ipv4(*a)),
            _ => None,
        },
        each: None,
    },
    Fetch {
        name: "ipv6",
        args: &[ArgSpec::required("ipv6", ArgKind::Ipv6)],
        gives: Type::Ipv6,
        needs: Needs::Constant,
        doc: "The given IPv6 address.",
        examples: &[Example { given: "", expr: "ipv6(2001:db8::1)", gives: "2001:db8::1" }],
        get: |args, _| match args.at(0)? {
            sample::Arg::Ipv6(a) => Some(Value::Ipv6(*a)),
            _ => None,
        },
        each: None,
    },
    Fetch {
        name: "meth",
        args: &[ArgSpec::required("method", ArgKind::Str)],
        gives: Type::Meth,
        needs: Needs::Constant,
        doc: "The given method.",
        examples: &[Example { given: "", expr: "meth(GET)", gives: "GET" }],
        get: |args, _| text(args).map(Value::Meth),
        each: None,
    },
    Fetch {
        name: "str",
        args: &[ArgSpec::required("string", ArgKind::Str)],
        gives: Type::Str,
        needs: Needs::Constant,
        doc: "The given string.",
        examples: &[
            Example { given: "", expr: "str(abc)", gives: "abc" },
            Example { given: "", expr: "str('a, b)')", gives: "a, b)" },
        ],
        get: |args, _| text(args).map(Value::Str),
        each: None,
    },
];

/// The text in the arguments, which may be empty or left out.
fn text(args: &Args) -> Option<&[u8]> {
    match args.at(0) {
        Some(sample::Arg::Str(text)) => Some(text),
        _ => Some(b""),
    }
}
