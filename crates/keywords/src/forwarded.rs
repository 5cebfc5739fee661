//! The header `forwarded` that a server gets (`option forwarded`, manual 4.2; RFC 7239).

use std::net::IpAddr;

use http::Message;
use sample::Value;
use state::expr::Ctx;
use state::forwarded::{Forwarded, Node, Origin};
use state::{Endpoint, Expr};

use crate::convert::rfc7239;

const NAME: &[u8] = b"forwarded";
const UNKNOWN: &[u8] = b"unknown";

/// Appends what the request is to say: `proto=http;for=192.0.2.1`.
pub fn write(forwarded: &Forwarded, cx: &Ctx<'_>, out: &mut Vec<u8>) {
    let begun = out.len();
    let begin = |name: &[u8], out: &mut Vec<u8>| {
        if out.len() > begun {
            out.push(b';');
        }
        out.extend_from_slice(name);
        out.push(b'=');
    };
    if let Some(tls) = &forwarded.proto {
        begin(b"proto", out);
        let tls = matches!(tls.eval(cx), Some(Value::Bool(true)));
        out.extend_from_slice(if tls { b"https" } else { b"http" });
    }
    if let Some(origin) = &forwarded.host {
        begin(b"host", out);
        out.push(b'"');
        host(origin, cx, out);
        out.push(b'"');
    }
    if let Some(node) = &forwarded.by {
        begin(b"by", out);
        end(node, cx.destination(), cx, out);
    }
    if let Some(node) = &forwarded.client {
        begin(b"for", out);
        end(node, Some(cx.source()), cx, out);
    }
}

/// Adds a value to what the request says already, if all of that is valid, and as a line of its own otherwise: a
/// reader that gives up at the first mistake still finds it there.
///
/// # Errors
/// When the head is full.
pub fn add(message: &mut Message, value: &mut Vec<u8>) -> Result<(), http::Full> {
    let elements = || message.iterate(NAME).flat_map(|line| line.value.split(|b| *b == b','));
    let valid = elements().all(|element| rfc7239::is_valid(element.trim_ascii()));
    let last = message.iterate(NAME).next_back().map(|line| (line.index, line.value));
    let Some((index, before)) = last.filter(|_| valid) else { return message.add_header(NAME, value) };
    let own = value.len();
    value.extend_from_slice(before);
    value.push(b',');
    value.rotate_left(own);
    message.replace_value(index, value)
}

/// The host, or nothing where that is none.
fn host(origin: &Origin, cx: &Ctx<'_>, out: &mut Vec<u8>) {
    let host = match origin {
        Origin::Request => cx.stream.and_then(|s| s.request.find(http::Known::Host)),
        Origin::Expr(expr) => text(expr, cx),
    };
    out.extend_from_slice(host.filter(|host| rfc7239::is_host(host)).unwrap_or_default());
}

/// One end: in quotes where it has, or might have had, a port, or is an address of version 6.
fn end(node: &Node, own: Option<Endpoint>, cx: &Ctx<'_>, out: &mut Vec<u8>) {
    let begun = out.len();
    name(&node.name, own, cx, out);
    let quoted = node.port.is_some() || out.get(begun) == Some(&b'[');
    if let Some(origin) = &node.port {
        port(origin, own, cx, out);
    }
    if quoted {
        out.push(b'"');
        out.insert(begun, b'"');
    }
}

fn name(origin: &Origin, own: Option<Endpoint>, cx: &Ctx<'_>, out: &mut Vec<u8>) {
    let address = match origin {
        Origin::Request => own.and_then(|own| own.ip()),
        Origin::Expr(expr) => match expr.eval(cx) {
            Some(Value::Ipv4(ip)) => Some(ip.into()),
            Some(Value::Ipv6(ip)) => Some(ip.into()),
            Some(value) => return named(sample::cast::text(value, cx.arena), out),
            None => None,
        },
    };
    match address {
        Some(IpAddr::V4(ip)) => push(format_args!("{ip}"), out),
        Some(IpAddr::V6(ip)) => push(format_args!("[{ip}]"), out),
        None => out.extend_from_slice(UNKNOWN),
    }
}

fn named(text: &[u8], out: &mut Vec<u8>) {
    if rfc7239::is_name(text) {
        out.extend_from_slice(text);
    } else {
        obfuscated(text, UNKNOWN, out);
    }
}

fn port(origin: &Origin, own: Option<Endpoint>, cx: &Ctx<'_>, out: &mut Vec<u8>) {
    let begun = out.len();
    out.push(b':');
    match origin {
        Origin::Request => {
            if let Some(Endpoint::Inet(at)) = own {
                push(format_args!("{}", at.port()), out);
            }
        }
        Origin::Expr(expr) => match text(expr, cx).unwrap_or_default() {
            text if rfc7239::is_port(text) => out.extend_from_slice(text),
            text => obfuscated(text, b"", out),
        },
    }
    if out.len() == begun + 1 {
        out.pop();
    }
}

/// Text as an identifier, or what stands for one that can't be had.
fn obfuscated(text: &[u8], otherwise: &[u8], out: &mut Vec<u8>) {
    match rfc7239::obfuscated(text).filter(|text| !text.is_empty()) {
        Some(text) => {
            out.push(b'_');
            out.extend_from_slice(text);
        }
        None => out.extend_from_slice(otherwise),
    }
}

fn text<'a>(expr: &'a Expr, cx: &Ctx<'a>) -> Option<&'a [u8]> {
    Some(sample::cast::text(expr.eval(cx)?, cx.arena))
}

fn push(text: std::fmt::Arguments<'_>, out: &mut Vec<u8>) {
    // Writing to a vector can't fail.
    let _ = std::io::Write::write_fmt(out, text);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn added(lines: &[&str]) -> Vec<String> {
        let mut message = Message::new();
        message.start_request(b"GET", b"/", http::Version::HTTP_11).unwrap();
        for line in lines {
            message.add_header(NAME, line.as_bytes()).unwrap();
        }
        add(&mut message, &mut b"for=_me".to_vec()).unwrap();
        message.iterate(NAME).map(|line| String::from_utf8(line.value.to_vec()).unwrap()).collect()
    }

    #[test]
    fn what_is_valid_is_continued() {
        assert_eq!(added(&[]), ["for=_me"]);
        assert_eq!(added(&["for=_a, by=_b"]), ["for=_a, by=_b,for=_me"]);
        assert_eq!(added(&["for=_a", "for=_b"]), ["for=_a", "for=_b,for=_me"]);
        for invalid in ["", "for=_a,", "x", "for=_a,x"] {
            assert_eq!(added(&[invalid, "for=_b"]), [invalid, "for=_b", "for=_me"]);
        }
    }

    #[test]
    fn text_becomes_the_name_of_a_node() {
        for (text, gives) in [
            ("1.2.3.4", "1.2.3.4"),
            ("[::1]", "[::1]"),
            ("::1", "unknown"),
            ("_x", "_x"),
            ("_", "__"),
            ("x-y", "_x-y"),
            ("1.2.3.4:80", "unknown"),
            ("a b", "unknown"),
            ("", "unknown"),
        ] {
            let mut out = Vec::new();
            named(text.as_bytes(), &mut out);
            assert_eq!(String::from_utf8(out).unwrap(), gives, "{text}");
        }
    }
}
