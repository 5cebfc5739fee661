//! `req.hdr_ip`, `res.hdr_ip`, `hdr_ip`, `shdr_ip`: addresses in headers (manual 7.3.6).

use super::hdr::{ARGS, value, values};
use super::prelude::*;

const GIVEN: &str = "GET / HTTP/1.1\r\nhost: a.example\r\nx-forwarded-for: 10.0.0.1, 2001:db8::1\r\nx-ip: 192.0.2.7:80\r\nx-bad: nope\r\n\r\n---\r\nHTTP/1.1 200 OK\r\nx-ip: [2001:db8::2]\r\n\r\n";

pub(super) const KEYWORDS: &[Fetch] = &[
    Fetch {
        name: "hdr_ip",
        args: ARGS,
        gives: Type::Addr,
        needs: Needs::RequestHead,
        doc: "A value of a header of the request as an address; a port behind it is left out. Without `occ`, an ACL looks at each value and anything else gets the last.",
        examples: &[Example { given: GIVEN, expr: "hdr_ip(x-ip)", gives: "192.0.2.7" }],
        get: |args, cx| at(value(request(cx)?, args)?),
        each: Some(|args, cx, visit| each(request(cx), args, visit)),
    },
    Fetch {
        name: "req.hdr_ip",
        args: ARGS,
        gives: Type::Addr,
        needs: Needs::RequestHead,
        doc: "A value of a header of the request as an address; a port behind it is left out. Without `occ`, an ACL looks at each value and anything else gets the last.",
        examples: &[
            Example { given: GIVEN, expr: "req.hdr_ip(x-forwarded-for)", gives: "2001:db8::1" },
            Example { given: GIVEN, expr: "req.hdr_ip(x-forwarded-for,1)", gives: "10.0.0.1" },
            Example { given: GIVEN, expr: "req.hdr_ip(x-bad)", gives: "-" },
        ],
        get: |args, cx| at(value(request(cx)?, args)?),
        each: Some(|args, cx, visit| each(request(cx), args, visit)),
    },
    Fetch {
        name: "res.hdr_ip",
        args: ARGS,
        gives: Type::Addr,
        needs: Needs::ResponseHead,
        doc: "A value of a header of the response as an address; a port behind it is left out. Without `occ`, an ACL looks at each value and anything else gets the last.",
        examples: &[Example { given: GIVEN, expr: "res.hdr_ip(x-ip)", gives: "2001:db8::2" }],
        get: |args, cx| at(value(response(cx)?, args)?),
        each: Some(|args, cx, visit| each(response(cx), args, visit)),
    },
    Fetch {
        name: "shdr_ip",
        args: ARGS,
        gives: Type::Addr,
        needs: Needs::ResponseHead,
        doc: "A value of a header of the response as an address; a port behind it is left out. Without `occ`, an ACL looks at each value and anything else gets the last.",
        examples: &[Example { given: GIVEN, expr: "shdr_ip(x-ip)", gives: "2001:db8::2" }],
        get: |args, cx| at(value(response(cx)?, args)?),
        each: Some(|args, cx, visit| each(response(cx), args, visit)),
    },
];

fn each<'a>(message: Option<&'a Message>, args: &'a Args, visit: Visit<'_, 'a>) {
    values(message, args, &mut |v| at(v).map_or(ControlFlow::Continue(()), &mut *visit));
}

/// The address at the front of a value: `a.b.c.d`, `a.b.c.d:port`, IPv6, `[IPv6]`. HAProxy reads no port behind
/// brackets.
fn at(value: Value<'_>) -> Option<Value<'_>> {
    let text = value.bytes()?;
    if let Some(bracketed) = text.strip_prefix(b"[") {
        return address(bracketed.strip_suffix(b"]")?);
    }
    if let Some(found) = address(text) {
        return Some(found);
    }
    let colon = memchr::memchr(b':', text)?;
    let port = text.get(colon + 1..)?;
    let number = !port.is_empty() && port.iter().all(u8::is_ascii_digit);
    if number { address(text.get(..colon)?) } else { None }
}
