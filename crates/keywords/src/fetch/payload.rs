//! `req.len`, `req.payload` and their kin, `wait_end`: the bytes that came, as they came (manual 7.3.5). For the `content`
//! rules of TCP proxies: where HTTP is read there are no raw bytes, and only lengths are found.

use state::stream::Body;

use super::prelude::*;

const PART: &[ArgSpec] =
    &[ArgSpec::required("offset", ArgKind::Sint), ArgSpec::required("length", ArgKind::Sint)];
const PREFIXED: &[ArgSpec] = &[
    ArgSpec::required("offset1", ArgKind::Sint),
    ArgSpec::required("length", ArgKind::Sint),
    ArgSpec::optional("offset2", ArgKind::Str),
];

/// Whose bytes.
#[derive(Clone, Copy)]
enum Of {
    Request,
    Response,
    /// Those of the side that the rule set works on.
    Either,
}

impl Of {
    const fn needs(self) -> Needs {
        match self {
            Self::Request => Needs::RequestBuffer,
            Self::Response => Needs::ResponseBuffer,
            Self::Either => Needs::EitherBuffer,
        }
    }
}

const RAW: &str = "raw:PUSH\x05hello";

const fn length(name: &'static str, response: bool, examples: &'static [Example]) -> Fetch {
    Fetch {
        name,
        args: &[],
        gives: Type::Sint,
        needs: if response { Needs::ResponseBuffer } else { Needs::RequestBuffer },
        doc: "How many bytes stand in the buffer. While more may come, a condition that this doesn't meet waits.",
        examples,
        get: if response {
            |_, cx| i64::try_from(open(body(cx, true)?).buffered).ok().map(Value::Sint)
        } else {
            |_, cx| i64::try_from(open(body(cx, false)?).buffered).ok().map(Value::Sint)
        },
        each: None,
    }
}

const fn part(name: &'static str, of: Of, examples: &'static [Example]) -> Fetch {
    Fetch {
        name,
        args: PART,
        gives: Type::Bin,
        needs: of.needs(),
        doc: "`length` bytes from `offset` on; all from there on where the length is 0. Nothing where HTTP is read.",
        examples,
        get: match of {
            Of::Request => |args, cx| slice(body(cx, false)?, args.int(0)?, args.int(1)?),
            Of::Response => |args, cx| slice(body(cx, true)?, args.int(0)?, args.int(1)?),
            Of::Either => |args, cx| slice(body(cx, responding(cx))?, args.int(0)?, args.int(1)?),
        },
        each: None,
    }
}

const fn prefixed(name: &'static str, of: Of, examples: &'static [Example]) -> Fetch {
    Fetch {
        name,
        args: PREFIXED,
        gives: Type::Bin,
        needs: of.needs(),
        doc: "As many bytes as the number of `length` bytes at `offset1` says, from `offset2` on (`+` and `-` count from \
              behind the number), or from behind the number.",
        examples,
        get: match of {
            Of::Request => |args, cx| by_prefix(body(cx, false)?, args),
            Of::Response => |args, cx| by_prefix(body(cx, true)?, args),
            Of::Either => |args, cx| by_prefix(body(cx, responding(cx))?, args),
        },
        each: None,
    }
}

/// The same of each direction: bytes at a position, bytes behind their length.
macro_rules! piece {
    ($name:literal $of:ident) => {
        part(
            $name,
            Of::$of,
            &[
                Example { given: RAW, expr: concat!($name, "(0,4)"), gives: "PUSH" },
                Example { given: RAW, expr: concat!($name, "(5,0)"), gives: "hello" },
                Example { given: RAW, expr: concat!($name, "(8,9)"), gives: "-" },
            ],
        )
    };
}
macro_rules! sized {
    ($name:literal $of:ident) => {
        prefixed(
            $name,
            Of::$of,
            &[
                Example { given: RAW, expr: concat!($name, "(4,1)"), gives: "hello" },
                Example { given: RAW, expr: concat!($name, "(4,1,+9)"), gives: "-" },
            ],
        )
    };
}

pub(super) const KEYWORDS: &[Fetch] = &[
    length("req.len", false, &[Example { given: RAW, expr: "req.len", gives: "10" }]),
    length("req_len", false, &[Example { given: RAW, expr: "req_len", gives: "10" }]),
    length("res.len", true, &[Example { given: RAW, expr: "res.len", gives: "10" }]),
    piece!("payload" Either),
    piece!("req.payload" Request),
    piece!("res.payload" Response),
    sized!("payload_lv" Either),
    sized!("req.payload_lv" Request),
    sized!("res.payload_lv" Response),
    Fetch {
        name: "wait_end",
        args: &[],
        gives: Type::Bool,
        needs: Needs::Inspection,
        doc: "True when no more bytes will be waited for: the `inspect-delay` of the rule set is over, or the peer has ended.",
        examples: &[Example { given: "GET / HTTP/1.1\r\n\r\n", expr: "wait_end", gives: "1" }],
        get: |_, cx| {
            let waits = body(cx, cx.side == Side::Response).is_some_and(|body| open(body).more);
            (!waits).then_some(Value::Bool(true))
        },
        each: None,
    },
];

fn responding(cx: &Ctx<'_>) -> bool {
    cx.side == Side::Response
}

fn body<'a>(cx: &Ctx<'a>, response: bool) -> Option<&'a Body> {
    cx.stream.map(|s| if response { &s.response_body } else { &s.request_body })
}

/// The bytes that came of the side that the rule set works on, where they are not read as HTTP; more could change what is
/// found in them.
pub(super) fn raw<'a>(cx: &Ctx<'a>) -> Option<&'a [u8]> {
    let body = body(cx, responding(cx)).filter(|body| body.raw)?;
    Some(&open(body).content)
}

/// Notes that more bytes could change what is found.
fn open(body: &Body) -> &Body {
    body.undecided.set(body.undecided.get() | body.more);
    body
}

fn slice(body: &Body, offset: i64, length: i64) -> Option<Value<'_>> {
    let offset = usize::try_from(offset).ok()?;
    let length = usize::try_from(length).ok()?;
    let bytes = body.content.as_slice();
    if !body.raw {
        return None;
    }
    let found = match length {
        0 => open(body).content.get(offset..).filter(|rest| !rest.is_empty()),
        _ => bytes.get(offset..offset.checked_add(length)?),
    };
    if found.is_none() {
        open(body);
    }
    found.map(Value::Bin)
}

fn by_prefix<'a>(body: &'a Body, args: &Args) -> Option<Value<'a>> {
    let at = usize::try_from(args.int(0)?).ok()?;
    let width = usize::try_from(args.int(1)?).ok()?;
    let behind = at.checked_add(width)?;
    if !body.raw {
        return None;
    }
    let Some(digits) = body.content.get(at..behind) else {
        open(body);
        return None;
    };
    let length =
        digits.iter().try_fold(0usize, |sum, byte| sum.checked_mul(256)?.checked_add(usize::from(*byte)))?;
    let start = match args.str(2).and_then(|text| std::str::from_utf8(text).ok()) {
        None => behind,
        Some(text) if text.starts_with(['+', '-']) => behind.checked_add_signed(text.parse().ok()?)?,
        Some(text) => text.parse().ok()?,
    };
    let found = body.content.get(start..start.checked_add(length)?).filter(|found| !found.is_empty());
    if found.is_none() {
        open(body);
    }
    found.map(Value::Bin)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn raw(content: &[u8], more: bool) -> Body {
        Body { content: content.to_vec(), raw: true, more, ..Body::default() }
    }

    #[test]
    fn parts_are_found_or_awaited() {
        let part = |body: &Body, offset, length| {
            slice(body, offset, length).and_then(|v| v.bytes().map(<[u8]>::to_vec))
        };
        let body = raw(b"hello", true);
        assert_eq!(part(&body, 1, 3).unwrap(), b"ell");
        assert!(!body.undecided.get());
        assert_eq!(part(&body, 2, 0).unwrap(), b"llo");
        assert!(body.undecided.replace(false));
        assert!(part(&body, 3, 3).is_none() && body.undecided.get());
        let body = raw(b"hello", false);
        assert!(part(&body, 3, 3).is_none() && !body.undecided.get());
        assert!(part(&Body::default(), 0, 0).is_none() && part(&body, -1, 2).is_none());
    }
}
