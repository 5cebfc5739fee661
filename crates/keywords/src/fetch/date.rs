//! `date`, `date_us`, `accept_date`, `request_date`: points in time (manual 7.3.2, 7.3.3).

use super::prelude::*;

const UNITS: ArgKind = ArgKind::OneOf(&["s", "ms", "us"], "expects 's', 'ms' or 'us', got '{}'");
const GIVEN: &str = "GET / HTTP/1.1\r\n\r\n";

pub(super) const KEYWORDS: &[Fetch] = &[
    Fetch {
        name: "accept_date",
        args: &[ArgSpec::optional("unit", UNITS)],
        gives: Type::Sint,
        needs: Needs::Client,
        doc: "When the connection was accepted, since 1970, in seconds or the unit given.",
        examples: &[
            Example { given: GIVEN, expr: "accept_date", gives: "1700000000" },
            Example { given: GIVEN, expr: "accept_date(ms)", gives: "1700000000123" },
        ],
        get: |args, cx| in_unit(cx.session.accepted_wall_us, args.str(0)),
        each: None,
    },
    Fetch {
        name: "date",
        args: &[ArgSpec::optional("offset", ArgKind::Sint), ArgSpec::optional("unit", UNITS)],
        gives: Type::Sint,
        needs: Needs::Constant,
        doc: "The time since 1970 in seconds or the unit given, plus an offset in that unit.",
        examples: &[
            Example { given: "", expr: "date(),sub(1700000001)", gives: "0" },
            Example { given: "", expr: "date(-1),sub(1700000001)", gives: "-1" },
            Example { given: "", expr: "date(5,ms),sub(1700000001000)", gives: "129" },
        ],
        get: |args, cx| match in_unit(cx.wall_us, args.str(1))? {
            Value::Sint(n) => Some(Value::Sint(n.saturating_add(args.int(0).unwrap_or(0)))),
            _ => None,
        },
        each: None,
    },
    Fetch {
        name: "date_us",
        args: &[],
        gives: Type::Sint,
        needs: Needs::Constant,
        doc: "The microseconds of the current second.",
        examples: &[Example { given: "", expr: "date_us", gives: "124000" }],
        get: |_, cx| i64::try_from(cx.wall_us % 1_000_000).ok().map(Value::Sint),
        each: None,
    },
    Fetch {
        name: "request_date",
        args: &[ArgSpec::optional("unit", UNITS)],
        gives: Type::Sint,
        needs: Needs::Request,
        doc: "When the first byte of the request came, since 1970, in seconds or the unit given.",
        examples: &[Example { given: GIVEN, expr: "request_date(ms)", gives: "1700000000323" }],
        get: |args, cx| in_unit(crate::timing::request_wall_us(cx)?, args.str(0)),
        each: None,
    },
];

fn in_unit<'a>(wall_us: u64, unit: Option<&[u8]>) -> Option<Value<'a>> {
    let divisor = match unit {
        Some(b"us") => 1,
        Some(b"ms") => 1000,
        _ => 1_000_000,
    };
    i64::try_from(wall_us / divisor).ok().map(Value::Sint)
}
