//! `json_query`: a value out of a JSON text (manual 7.3.1).

use wire::json::{self, Found};

use super::prelude::*;

/// The integers that every implementation of JSON gets right.
const MOST: u64 = (1 << 53) - 1;

pub(super) const PATH: ArgKind = ArgKind::Own(&Own {
    kind: "string",
    absent: false,
    read: |written, _| match written.text {
        "" => Err("json_path must not be empty".into()),
        text => Ok(Arg::Str(sample::text::boxed(text))),
    },
});
pub(super) const OUTPUT: ArgKind = ArgKind::OneOf(&["int"], "output_type only supports \"int\" as argument");

pub(super) const KEYWORDS: &[Converter] = &[Converter {
    name: "json_query",
    args: &[ArgSpec::required("json_path", PATH), ArgSpec::optional("output_type", OUTPUT)],
    takes: Type::Str,
    gives: Type::Any,
    doc: "The value at a path (`$.a.b[0]`; a backslash in front of a dot that is part of a name) of a JSON text: a string \
          with its escapes resolved, a boolean, an array as it is written, a number as text with six digits or, with `int`, \
          as an integer. None for objects, for `null`, and for characters above U+00FF in escapes. What stands \
          behind the value is not looked at.",
    examples: &[
        Example { given: "", expr: "str('{\"a\":{\"b\":\"x\"}}'),json_query('$.a.b')", gives: "x" },
        Example { given: "", expr: "str('{\"a\":[4,5]}'),json_query('$.a[1]',int),add(1)", gives: "6" },
        Example { given: "", expr: "str('{\"a\":[4,5]}'),json_query('$.a')", gives: "[4,5]" },
        Example { given: "", expr: "str('{\"a\":1234567.5}'),json_query('$.a')", gives: "1.23457e+06" },
        Example { given: "", expr: "str('{\"a\":false}'),json_query('$.a')", gives: "0" },
        Example { given: "", expr: "str('{\"a\":{}}'),json_query('$.a')", gives: "-" },
    ],
    run: |args, value, cx| query(value.bytes()?, args.str(0)?, args.str(1).is_some(), cx),
}];

/// The value at a path, as a sample.
pub(super) fn query<'a>(text: &'a [u8], path: &[u8], as_int: bool, cx: &Ctx<'a>) -> Option<Value<'a>> {
    Some(match json::find(text, path)? {
        Found::Text(inside) if memchr::memchr(b'\\', inside).is_none() => Value::Str(inside),
        Found::Text(inside) => {
            let mut out = bumpalo::collections::Vec::with_capacity_in(inside.len(), cx.arena);
            json::unescape(inside, &mut out)?;
            Value::Str(out.into_bump_slice())
        }
        Found::Number(digits) if as_int => {
            let n = integer(digits);
            Value::Sint(Some(n).filter(|n| n.unsigned_abs() <= MOST)?)
        }
        Found::Number(digits) => Value::Str(shown(digits, cx)),
        Found::Bool(value) => Value::Bool(value),
        Found::Array(whole) => Value::Str(whole),
        Found::Null | Found::Object(_) => return None,
    })
}

/// A number with six significant digits, as `%g` of C shows it.
fn shown<'a>(digits: &[u8], cx: &Ctx<'a>) -> &'a [u8] {
    let number = std::str::from_utf8(digits).ok().and_then(parsed).unwrap_or(0.0);
    if !number.is_finite() {
        return if number < 0.0 { b"-inf" } else { b"inf" };
    }
    let scientific = bumpalo::format!(in cx.arena, "{:.5e}", number).into_bump_str();
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    let text = if (-4..6).contains(&exponent) {
        let places = usize::try_from(5 - exponent).unwrap_or(0);
        let fixed = bumpalo::format!(in cx.arena, "{:.*}", places, number).into_bump_str();
        trimmed(fixed)
    } else {
        let (mantissa, sign) = (trimmed(mantissa), if exponent < 0 { '-' } else { '+' });
        let exponent = exponent.unsigned_abs();
        bumpalo::format!(in cx.arena, "{}e{}{:02}", mantissa, sign, exponent).into_bump_str()
    };
    text.as_bytes()
}

/// The number, as far as it is one: a last `e` without digits is none.
fn parsed(text: &str) -> Option<f64> {
    text.parse().ok().or_else(|| text.split(['e', 'E']).next()?.parse().ok())
}

/// Without zeros at the end of what is behind the point.
fn trimmed(number: &str) -> &str {
    if number.contains('.') { number.trim_end_matches('0').trim_end_matches('.') } else { number }
}
