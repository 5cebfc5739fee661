//! `req.rdp_cookie`, `req.rdp_cookie_cnt`: the cookie of a remote desktop's first packet (manual 7.3.5).

use wire::rdp::{self, Found};

use super::prelude::*;

const GIVEN: &str = "GET / HTTP/1.1\r\n\r\n";
const NAME: &[ArgSpec] = &[ArgSpec::optional("name", ArgKind::Str)];

const fn fetch(
    name: &'static str,
    gives: Type,
    doc: &'static str,
    examples: &'static [Example],
    get: state::family::Get,
) -> Fetch {
    Fetch { name, args: NAME, gives, needs: Needs::RequestBuffer, doc, examples, get, each: None }
}

pub(super) const KEYWORDS: &[Fetch] = &[
    fetch(
        "rdp_cookie",
        Type::Str,
        "See `req.rdp_cookie`.",
        &[Example { given: GIVEN, expr: "rdp_cookie", gives: "-" }],
        value,
    ),
    fetch(
        "rdp_cookie_cnt",
        Type::Sint,
        "See `req.rdp_cookie_cnt`.",
        &[Example { given: GIVEN, expr: "rdp_cookie_cnt", gives: "0" }],
        count,
    ),
    fetch(
        "req.rdp_cookie",
        Type::Str,
        "The value of the cookie of this name, whatever its case, in the first packet of an RDP connection; of any name \
         without one.",
        &[Example { given: GIVEN, expr: "req.rdp_cookie(mstshash)", gives: "-" }],
        value,
    ),
    fetch(
        "req.rdp_cookie_cnt",
        Type::Sint,
        "Whether the first packet of an RDP connection has a cookie of this name, 1 or 0; nothing while that is undecided.",
        &[Example { given: GIVEN, expr: "req.rdp_cookie_cnt", gives: "0" }],
        count,
    ),
];

fn look<'a>(args: &Args, cx: &Ctx<'a>) -> Option<Found<'a>> {
    let body = cx.stream.map(|s| &s.request_body).filter(|body| body.raw)?;
    let found = rdp::cookie(&body.content, args.str(0).filter(|name| !name.is_empty()));
    if found == Found::Undecided {
        body.undecided.set(body.undecided.get() | body.more);
    }
    Some(found)
}

fn value<'a>(args: &'a Args, cx: &Ctx<'a>) -> Option<Value<'a>> {
    match look(args, cx)? {
        Found::Value(value) => Some(Value::Str(value)),
        Found::Nothing | Found::Undecided => None,
    }
}

fn count<'a>(args: &'a Args, cx: &Ctx<'a>) -> Option<Value<'a>> {
    match look(args, cx) {
        Some(Found::Value(_)) => Some(int(1u32)),
        Some(Found::Nothing) | None => Some(int(0u32)),
        Some(Found::Undecided) => None,
    }
}
