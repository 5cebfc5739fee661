//! `rfc7239_is_valid`, `rfc7239_field`, `rfc7239_n2nn`, `rfc7239_n2np`, `rfc7239_nn`, `rfc7239_np`: the header `forwarded`
//! (manual 7.3.1, RFC 7239).

use std::net::{Ipv4Addr, Ipv6Addr};

use super::prelude::*;

const NAMES: [&[u8]; 4] = [b"proto", b"host", b"for", b"by"];

pub(super) const KEYWORDS: &[Converter] = &[
    Converter {
        name: "rfc7239_field",
        args: &[ArgSpec::required("field", ArgKind::Str)],
        takes: Type::Str,
        gives: Type::Str,
        doc: "The value of `proto`, `host`, `for` or `by` in a value of `forwarded`, without its quotes. None if the header \
              is not valid.",
        examples: &[
            Example {
                given: "",
                expr: "str('proto=https;host=\"a:80\"'),rfc7239_field(host)",
                gives: "a:80",
            },
            Example { given: "", expr: "str('proto=https;host=a'),rfc7239_field(for)", gives: "-" },
            Example { given: "", expr: "str('proto=bad;host=a'),rfc7239_field(host)", gives: "-" },
        ],
        run: |args, value, _| {
            let wanted = NAMES.iter().position(|name| args.str(0) == Some(name))?;
            fields(value.bytes()?)?.get(wanted).copied()?.map(Value::Str)
        },
    },
    Converter {
        name: "rfc7239_is_valid",
        args: &[],
        takes: Type::Str,
        gives: Type::Bool,
        doc: "Whether the input is one valid element of the header `forwarded`, with no other parameters than `proto`, \
              `host`, `for` and `by`.",
        examples: &[
            Example { given: "", expr: "str('for=127.0.0.1;proto=http'),rfc7239_is_valid", gives: "1" },
            Example { given: "", expr: "str('for=\"[::1]:_p\"'),rfc7239_is_valid", gives: "1" },
            Example { given: "", expr: "str('for=[::1]'),rfc7239_is_valid", gives: "0" },
            Example { given: "", expr: "str('for=1.2.3.4;for=1.2.3.4'),rfc7239_is_valid", gives: "0" },
            Example { given: "", expr: "str('proto=custom'),rfc7239_is_valid", gives: "0" },
        ],
        run: |_, value, _| Some(Value::Bool(fields(value.bytes()?).is_some())),
    },
    Converter {
        name: "rfc7239_n2nn",
        args: &[],
        takes: Type::Str,
        gives: Type::Any,
        doc: "The name in a node of `for` or `by`: an address, `unknown`, or an identifier that begins with `_`.",
        examples: &[
            Example { given: "", expr: "str(127.0.0.1:9999),rfc7239_n2nn", gives: "127.0.0.1" },
            Example { given: "", expr: "str([::1]:9998),rfc7239_n2nn", gives: "::1" },
            Example { given: "", expr: "str(_name:_port),rfc7239_n2nn", gives: "_name" },
            Example { given: "", expr: "str(1.2.3.4:x),rfc7239_n2nn", gives: "-" },
        ],
        run: |_, value, _| Some(node(value.bytes()?)?.name),
    },
    Converter {
        name: "rfc7239_n2np",
        args: &[],
        takes: Type::Str,
        gives: Type::Any,
        doc: "The port in a node of `for` or `by`: a number, or an identifier that begins with `_`.",
        examples: &[
            Example { given: "", expr: "str(127.0.0.1:9999),rfc7239_n2np", gives: "9999" },
            Example { given: "", expr: "str(_name:_port),rfc7239_n2np", gives: "_port" },
            Example { given: "", expr: "str(127.0.0.1),rfc7239_n2np", gives: "-" },
        ],
        run: |_, value, _| node(value.bytes()?)?.port,
    },
    Converter {
        name: "rfc7239_nn",
        args: &[],
        takes: Type::Any,
        gives: Type::Str,
        doc: "An address as the name of a node; other text as an identifier, with `_` in front; `unknown` for an empty one.",
        examples: &[
            Example { given: "", expr: "ipv6(::1),rfc7239_nn", gives: "[::1]" },
            Example { given: "", expr: "str(test),rfc7239_nn", gives: "_test" },
            Example { given: "", expr: "str(),rfc7239_nn", gives: "unknown" },
            Example { given: "", expr: "str('a b'),rfc7239_nn", gives: "-" },
        ],
        run: |_, value, cx| {
            let text = sample::cast::text(value, cx.arena);
            Some(Value::Str(match value {
                Value::Ipv4(_) => text,
                Value::Ipv6(_) => joined(&[b"[", text, b"]"], cx.arena),
                _ if text.is_empty() => b"unknown",
                _ => joined(&[b"_", obfuscated(text)?], cx.arena),
            }))
        },
    },
    Converter {
        name: "rfc7239_np",
        args: &[],
        takes: Type::Any,
        gives: Type::Str,
        doc: "A number as the port of a node; other text, which may not be empty, as an identifier, with `_` in front.",
        examples: &[
            Example { given: "", expr: "int(12),rfc7239_np", gives: "12" },
            Example { given: "", expr: "str(test),rfc7239_np", gives: "_test" },
            Example { given: "", expr: "str(),rfc7239_np", gives: "-" },
        ],
        run: |_, value, cx| {
            if let Value::Sint(n) = value {
                return Some(Value::Str(sample::cast::text(Value::Sint(n & 0xffff_ffff), cx.arena)));
            }
            let text = sample::cast::text(value, cx.arena);
            let name = obfuscated(text).filter(|name| !name.is_empty())?;
            Some(Value::Str(joined(&[b"_", name], cx.arena)))
        },
    },
];

/// Whether this is one valid element of the header.
pub(crate) fn is_valid(element: &[u8]) -> bool {
    fields(element).is_some()
}

/// Whether this is a host with or without a port.
pub(crate) fn is_host(text: &[u8]) -> bool {
    host(text)
}

/// Whether this is the name of a node and nothing else.
pub(crate) fn is_name(text: &[u8]) -> bool {
    node(text).is_some_and(|node| node.port.is_none() && node.rest.is_empty())
}

/// Whether this is the port of a node.
pub(crate) fn is_port(text: &[u8]) -> bool {
    let port = if text.first() == Some(&b'_') { identifier(text) } else { number(text) };
    port.is_some_and(|(_, rest)| rest.is_empty())
}

/// The values of a header in the order of [`NAMES`]; none if it is not valid.
fn fields(header: &[u8]) -> Option<[Option<&[u8]>; 4]> {
    let mut found = [None; 4];
    let mut rest = header;
    loop {
        let (name, after) = rest.split_at_checked(memchr::memchr(b'=', rest)?)?;
        let field = NAMES.iter().position(|n| *n == name)?;
        let (value, after) = parameter(field, after.get(1..)?)?;
        let slot = found.get_mut(field).filter(|slot| slot.is_none())?;
        *slot = Some(value);
        match after.split_first() {
            None => return Some(found),
            Some((b';', after)) => rest = after,
            Some(_) => return None,
        }
    }
}

/// A valid value at the front of `text`, without quotes, and what follows it.
fn parameter(field: usize, text: &[u8]) -> Option<(&[u8], &[u8])> {
    let (value, rest) = match text.strip_prefix(b"\"") {
        // Only what must be quoted is worth it, and nothing that must be escaped is valid.
        Some(_) if field == 0 => return None,
        Some(inside) => {
            let end = memchr::memchr(b'"', inside)?;
            (inside.get(..end)?, inside.get(end + 1..)?)
        }
        None => {
            let end = memchr::memchr(b';', text).unwrap_or(text.len());
            let (value, rest) = text.split_at_checked(end)?;
            let token = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_');
            if value.is_empty() || !value.iter().all(token) {
                return None;
            }
            (value, rest)
        }
    };
    let valid = match field {
        0 => matches!(value, b"http" | b"https"),
        1 => host(value),
        _ => node(value).is_some_and(|node| node.rest.is_empty()),
    };
    valid.then_some((value, rest))
}

/// A host's name or address, and a port. A hyphen is none of the characters that HAProxy takes here.
fn host(text: &[u8]) -> bool {
    let behind = match text.strip_prefix(b"[") {
        Some(_) => bracketed(text).map(|(_, rest)| rest),
        None => {
            let letter = |b: &u8| b.is_ascii_alphanumeric() || *b == b'.';
            let end = text.iter().position(|b| !letter(b)).unwrap_or(text.len());
            text.get(end..)
        }
    };
    match behind {
        Some([]) => true,
        Some(behind) => behind.strip_prefix(b":").and_then(number).is_some_and(|(_, rest)| rest.is_empty()),
        None => false,
    }
}

/// A node (RFC 7239 section 6) at the front of a text.
struct Node<'a> {
    name: Value<'a>,
    port: Option<Value<'a>>,
    rest: &'a [u8],
}

fn node(text: &[u8]) -> Option<Node<'_>> {
    let (name, rest) = match text.first()? {
        b'[' => bracketed(text).map(|(address, rest)| (Value::Ipv6(address), rest))?,
        b'_' => identifier(text)?,
        b'u' => (Value::Str(b"unknown"), text.strip_prefix(b"unknown")?),
        _ => {
            let end = text.iter().position(|b| !b.is_ascii_digit() && *b != b'.').unwrap_or(text.len());
            let (address, rest) = text.split_at_checked(end)?;
            let address: Ipv4Addr = std::str::from_utf8(address).ok()?.parse().ok()?;
            (Value::Ipv4(address), rest)
        }
    };
    let Some(port) = rest.strip_prefix(b":") else { return Some(Node { name, port: None, rest }) };
    let (port, rest) = match port.first()? {
        b'_' => identifier(port)?,
        _ => number(port)?,
    };
    Some(Node { name, port: Some(port), rest })
}

/// An IPv6 address in brackets, and what follows them.
fn bracketed(text: &[u8]) -> Option<(Ipv6Addr, &[u8])> {
    let inside = text.strip_prefix(b"[")?;
    let end = memchr::memchr(b']', inside)?;
    let (address, rest) = inside.split_at_checked(end)?;
    let plain = address.iter().all(|b| b.is_ascii_hexdigit() || *b == b':');
    let address = std::str::from_utf8(address).ok().filter(|_| plain)?.parse().ok()?;
    Some((address, rest.get(1..)?))
}

/// `_` and at least one character, and what follows them.
fn identifier(text: &[u8]) -> Option<(Value<'_>, &[u8])> {
    let end = text.iter().position(|b| !obfuscating(b)).unwrap_or(text.len());
    let (name, rest) = text.split_at_checked(end).filter(|(name, _)| name.len() > 1)?;
    Some((Value::Str(name), rest))
}

/// A port from 1 on in at most five digits behind zeros, and what follows it.
fn number(text: &[u8]) -> Option<(Value<'_>, &[u8])> {
    let end = text.iter().position(|b| !b.is_ascii_digit()).unwrap_or(text.len());
    let (digits, rest) = text.split_at_checked(end)?;
    let port: u16 = std::str::from_utf8(digits).ok()?.parse().ok().filter(|port| *port > 0)?;
    Some((Value::Sint(port.into()), rest))
}

/// The text, if it may be part of an identifier.
pub(crate) fn obfuscated(text: &[u8]) -> Option<&[u8]> {
    text.iter().all(obfuscating).then_some(text)
}

fn obfuscating(byte: &u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-')
}
