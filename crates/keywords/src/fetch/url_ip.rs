//! `url_ip`, `url_port`: the address in an absolute target (manual 7.3.6).

use super::prelude::*;

const GIVEN: &str = "GET http://192.0.2.9:8080/a HTTP/1.1\r\nhost: 192.0.2.9:8080\r\n\r\n";

pub(super) const KEYWORDS: &[Fetch] = &[
    Fetch {
        name: "url_ip",
        args: &[],
        gives: Type::Ipv4,
        needs: Needs::RequestHead,
        doc: "The IPv4 address in an absolute target.",
        examples: &[Example { given: GIVEN, expr: "url_ip", gives: "192.0.2.9" }],
        get: |_, cx| {
            let (host, _) = host(cx)?;
            address(host).filter(|v| matches!(v, Value::Ipv4(_)))
        },
        each: None,
    },
    Fetch {
        name: "url_port",
        args: &[],
        gives: Type::Sint,
        needs: Needs::RequestHead,
        doc: "The port of the address in an absolute target; 80 if it has none, 443 in one of `https`.",
        examples: &[
            Example { given: GIVEN, expr: "url_port", gives: "8080" },
            Example {
                given: "GET http://192.0.2.9/a HTTP/1.1\r\nhost: 192.0.2.9\r\n\r\n",
                expr: "url_port",
                gives: "80",
            },
        ],
        get: |_, cx| {
            let (host, port) = host(cx)?;
            address(host)?;
            let secure = request(cx)?.target_bytes().starts_with(b"https://");
            Some(Value::Sint(port.map_or(if secure { 443 } else { 80 }, sample::cast::integer)))
        },
        each: None,
    },
];

/// Host and port of an absolute target.
fn host<'a>(cx: &Ctx<'a>) -> Option<(&'a [u8], Option<&'a [u8]>)> {
    let authority = request(cx)?.authority()?;
    Some(match memchr::memrchr(b':', authority) {
        Some(at) => (authority.get(..at)?, authority.get(at + 1..)),
        None => (authority, None),
    })
}
