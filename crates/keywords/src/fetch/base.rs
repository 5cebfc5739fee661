//! `base`, `url32` and their kin: host and path together, and hashes to key tables with (manual 7.3.6).

use std::net::IpAddr;

use http::Known;

use super::prelude::*;

const GIVEN: &str = "GET /a/b?x=1&y=2 HTTP/1.1\r\nhost: example.com\r\n\r\n";

pub(super) const KEYWORDS: &[Fetch] = &[
    Fetch {
        name: "base",
        args: &[],
        gives: Type::Str,
        needs: Needs::RequestHead,
        doc: "The first host header followed by the path, without the query string.",
        examples: &[
            Example { given: GIVEN, expr: "base", gives: "example.com/a/b" },
            Example {
                given: "GET http://h:8080/p HTTP/1.1\r\nhost: h:8080\r\n\r\n",
                expr: "base",
                gives: "h:8080/p",
            },
        ],
        get: |_, cx| base(cx, false).map(Value::Str),
        each: None,
    },
    Fetch {
        name: "base32",
        args: &[],
        gives: Type::Sint,
        needs: Needs::RequestHead,
        doc: "A hash of `base` in 32 bits, of nothing where that has nothing.",
        examples: &[
            Example { given: GIVEN, expr: "base32", gives: "2306047707" },
            Example {
                given: "PATCH * HTTP/1.1\r\nhost:\r\n\r\n",
                expr: "base32,hex",
                gives: "00000000AB4ED927",
            },
        ],
        get: |_, cx| address(cx).map(|text| int(avalanche(sdbm(text)))),
        each: None,
    },
    Fetch {
        name: "base32+src",
        args: &[],
        gives: Type::Bin,
        needs: Needs::RequestHead,
        doc: "`base32` followed by the client's address, as bytes.",
        examples: &[Example { given: GIVEN, expr: "base32+src,hex", gives: "89737EDBC0000201" }],
        get: |_, cx| with_source(avalanche(sdbm(address(cx)?)), cx),
        each: None,
    },
    Fetch {
        name: "baseq",
        args: &[],
        gives: Type::Str,
        needs: Needs::RequestHead,
        doc: "The first host header followed by path and query string.",
        examples: &[Example { given: GIVEN, expr: "baseq", gives: "example.com/a/b?x=1&y=2" }],
        get: |_, cx| base(cx, true).map(Value::Str),
        each: None,
    },
    Fetch {
        name: "url32",
        args: &[],
        gives: Type::Sint,
        needs: Needs::RequestHead,
        doc: "A hash in 32 bits of the first host header and the whole target.",
        examples: &[Example { given: GIVEN, expr: "url32", gives: "2628088832" }],
        get: |_, cx| whole(cx).map(|text| int(avalanche(sdbm(text)))),
        each: None,
    },
    Fetch {
        name: "url32+src",
        args: &[],
        gives: Type::Bin,
        needs: Needs::RequestHead,
        doc: "`url32` followed by the client's address, as bytes.",
        examples: &[Example { given: GIVEN, expr: "url32+src,hex", gives: "9CA57400C0000201" }],
        get: |_, cx| with_source(avalanche(sdbm(whole(cx)?)), cx),
        each: None,
    },
];

fn base<'a>(cx: &Ctx<'a>, query: bool) -> Option<&'a [u8]> {
    let text = if query { whole(cx) } else { address(cx) };
    text.filter(|text| !text.is_empty())
}

fn address<'a>(cx: &Ctx<'a>) -> Option<&'a [u8]> {
    let message = request(cx)?;
    let host = message.line_at(Known::Host, 1).unwrap_or_default();
    Some(joined(&[host, message.path().unwrap_or_default()], cx.arena))
}

fn whole<'a>(cx: &Ctx<'a>) -> Option<&'a [u8]> {
    let message = request(cx)?;
    let host = message.line_at(Known::Host, 1).unwrap_or_default();
    Some(joined(&[host, message.pathq().unwrap_or_default()], cx.arena))
}

fn with_source<'a>(hash: u32, cx: &Ctx<'a>) -> Option<Value<'a>> {
    let head = hash.to_be_bytes();
    Some(Value::Bin(match cx.source().ip()? {
        IpAddr::V4(a) => joined(&[&head, &a.octets()], cx.arena),
        IpAddr::V6(a) => joined(&[&head, &a.octets()], cx.arena),
    }))
}
