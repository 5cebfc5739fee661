//! `concat`, `add_item`: more text behind the input (manual 7.3.1).

use super::prelude::*;

const ARGS: &[ArgSpec] = &[
    ArgSpec::optional("start", ArgKind::Str),
    ArgSpec::optional("var", REGISTERED),
    ArgSpec::optional("end", ArgKind::Str),
];

/// A variable or nothing, where something else may follow.
const ADDED: ArgKind = ArgKind::Own(&Own {
    kind: "string",
    absent: false,
    read: |written, reading| match written.text {
        "" => Ok(Arg::Str(Box::default())),
        name => {
            let failed = |_| format!("failed to register variable name '{name}'");
            Ok(Arg::Var(reading.var(name).map_err(failed)?))
        }
    },
});
const SUFFIX: ArgKind = ArgKind::Own(&Own {
    kind: "string",
    absent: true,
    read: |written, _| match (written.text, written.before.get(1)) {
        ("", Some(Some(Arg::Str(_)))) => Err("one of the optional arguments has to be nonempty".into()),
        (text, _) => Ok(Arg::Str(sample::text::boxed(text))),
    },
});

pub(super) const KEYWORDS: &[Converter] = &[
    Converter {
        name: "add_item",
        args: &[
            ArgSpec::required("delim", ArgKind::Str),
            ArgSpec::required("var", ADDED),
            ArgSpec::optional("suff", SUFFIX),
        ],
        takes: Type::Str,
        gives: Type::Str,
        doc: "The input, a delimiter, a variable and a suffix; the delimiter only between two things that are there.",
        examples: &[
            Example { given: "", expr: "str(a),add_item(-,,b)", gives: "a-b" },
            Example { given: "", expr: "str(),add_item(-,,b)", gives: "b" },
            Example { given: "", expr: "str(a),add_item(-,txn.nope)", gives: "a" },
        ],
        run: |args, value, cx| {
            let (input, var, suffix) = (value.bytes()?, variable(args, cx), args.str(2).unwrap_or_default());
            let more = !var.is_empty() || !suffix.is_empty();
            let delim = if input.is_empty() || !more { b"" } else { args.str(0).unwrap_or_default() };
            Some(Value::Str(joined(&[input, delim, var, suffix], cx.arena)))
        },
    },
    Converter {
        name: "concat",
        args: ARGS,
        takes: Type::Str,
        gives: Type::Str,
        doc: "The input followed by a text, a variable and another text, each of which may be left out.",
        examples: &[
            Example { given: "", expr: "str(a),concat(-,,b)", gives: "a-b" },
            Example { given: "", expr: "str(a),concat(<,txn.nope,>)", gives: "a<>" },
            Example { given: "", expr: "str(a),concat(z)", gives: "az" },
        ],
        run: |args, value, cx| {
            let (start, end) = (args.str(0).unwrap_or_default(), args.str(2).unwrap_or_default());
            Some(Value::Str(joined(&[value.bytes()?, start, variable(args, cx), end], cx.arena)))
        },
    },
];

/// The text of the variable among the arguments; nothing if it is not set.
fn variable<'a>(args: &Args, cx: &Ctx<'a>) -> &'a [u8] {
    let value = args.var(1).and_then(|v| crate::fetch::var::lookup(v, cx));
    value.map_or(b"", |v| sample::cast::text(v, cx.arena))
}
