//! `utime`, `ltime` and their `ms_`, `us_` forms, `http_date`, `date`: points in time as text (manual 7.3.1).

use crate::clock;

use super::prelude::*;

const FORMAT: &[ArgSpec] =
    &[ArgSpec::required("format", ArgKind::Str), ArgSpec::optional("offset", ArgKind::Sint)];
const UNITS: ArgKind = ArgKind::OneOf(&["s", "ms", "us"], "expects 's', 'ms' or 'us', got '{}'");

pub(super) const KEYWORDS: &[Converter] = &[
    Converter {
        name: "date",
        args: &[],
        takes: Type::Str,
        gives: Type::Sint,
        doc: "The seconds since 1970 of a date as HTTP writes it.",
        examples: &[Example {
            given: "",
            expr: "str('Sun, 06 Nov 1994 08:49:37 GMT'),date",
            gives: "784111777",
        }],
        run: |_, value, _| clock::parse_http(value.bytes()?).map(Value::Sint),
    },
    Converter {
        name: "http_date",
        args: &[ArgSpec::optional("offset", ArgKind::Sint), ArgSpec::optional("unit", UNITS)],
        takes: Type::Sint,
        gives: Type::Str,
        doc: "A number of seconds, or of another unit, since 1970 as a date of an HTTP header, after adding an offset.",
        examples: &[
            Example { given: "", expr: "int(784111777),http_date", gives: "Sun, 06 Nov 1994 08:49:37 GMT" },
            Example {
                given: "",
                expr: "int(784111000),http_date(777)",
                gives: "Sun, 06 Nov 1994 08:49:37 GMT",
            },
            Example {
                given: "",
                expr: "int(784111777000),http_date(0,ms)",
                gives: "Sun, 06 Nov 1994 08:49:37.0 GMT",
            },
        ],
        run: |args, value, cx| {
            let Value::Sint(n) = value else { return None };
            let divisor = match args.str(1) {
                Some(b"us") => 1_000_000,
                Some(b"ms") => 1000,
                _ => 1,
            };
            let seconds = n.saturating_add(args.int(0).unwrap_or(0)).div_euclid(divisor);
            // HAProxy shows what is left of a finer unit behind the seconds, as a plain number.
            let rest = n.saturating_add(args.int(0).unwrap_or(0)).rem_euclid(divisor);
            let fraction = if divisor == 1 { String::new() } else { format!(".{rest}") };
            let day = clock::format(b"%a, %d %b %Y %H:%M:%S", seconds.saturating_mul(1_000_000), false)?;
            Some(Value::Str(joined(&[day.as_bytes(), fraction.as_bytes(), b" GMT"], cx.arena)))
        },
    },
    Converter {
        name: "ltime",
        args: FORMAT,
        takes: Type::Sint,
        gives: Type::Str,
        doc: "A number of seconds since 1970 as local time, by a format of strftime.",
        examples: &[Example { given: "", expr: "int(0),ltime(%%)", gives: "%" }],
        run: |args, value, cx| shown(args, value, cx, 1_000_000, true),
    },
    Converter {
        name: "ms_ltime",
        args: FORMAT,
        takes: Type::Sint,
        gives: Type::Str,
        doc: "Like `ltime` from milliseconds; `%N` gives the nanoseconds, `%3N` the milliseconds.",
        examples: &[Example { given: "", expr: "int(1234),ms_ltime(%3N)", gives: "234" }],
        run: |args, value, cx| shown(args, value, cx, 1000, true),
    },
    Converter {
        name: "ms_utime",
        args: FORMAT,
        takes: Type::Sint,
        gives: Type::Str,
        doc: "Like `utime` from milliseconds; `%N` gives the nanoseconds, `%3N` the milliseconds.",
        examples: &[Example {
            given: "",
            expr: "int(1700000000123),ms_utime('%Y/%m/%d %H:%M:%S.%3N')",
            gives: "2023/11/14 22:13:20.123",
        }],
        run: |args, value, cx| shown(args, value, cx, 1000, false),
    },
    Converter {
        name: "us_ltime",
        args: FORMAT,
        takes: Type::Sint,
        gives: Type::Str,
        doc: "Like `ltime` from microseconds; `%N` gives the nanoseconds, `%6N` the microseconds.",
        examples: &[Example { given: "", expr: "int(1234567),us_ltime(%6N)", gives: "234567" }],
        run: |args, value, cx| shown(args, value, cx, 1, true),
    },
    Converter {
        name: "us_utime",
        args: FORMAT,
        takes: Type::Sint,
        gives: Type::Str,
        doc: "Like `utime` from microseconds; `%N` gives the nanoseconds, `%6N` the microseconds.",
        examples: &[Example {
            given: "",
            expr: "int(1700000000123456),us_utime(%H:%M:%S.%6N)",
            gives: "22:13:20.123456",
        }],
        run: |args, value, cx| shown(args, value, cx, 1, false),
    },
    Converter {
        name: "utime",
        args: FORMAT,
        takes: Type::Sint,
        gives: Type::Str,
        doc: "A number of seconds since 1970 as UTC, by a format of strftime.",
        examples: &[
            Example {
                given: "",
                expr: "int(1700000000),utime('%d/%b/%Y:%H:%M:%S %z')",
                gives: "14/Nov/2023:22:13:20 +0000",
            },
            Example { given: "", expr: "int(1700000000),utime(%Y,-86400)", gives: "2023" },
        ],
        run: |args, value, cx| shown(args, value, cx, 1_000_000, false),
    },
];

fn shown<'a>(
    args: &Args,
    value: Value<'a>,
    cx: &Ctx<'a>,
    micros_a_unit: i64,
    local: bool,
) -> Option<Value<'a>> {
    let Value::Sint(n) = value else { return None };
    let micros = n.saturating_add(args.int(1).unwrap_or(0)).saturating_mul(micros_a_unit);
    let text = clock::format(args.str(0).unwrap_or_default(), micros, local)?;
    Some(Value::Str(cx.arena.alloc_slice_copy(text.as_bytes())))
}
