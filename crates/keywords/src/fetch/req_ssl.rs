//! `req.ssl_sni`, `req.ssl_hello_type`, `req.ssl_ver`, `req.ssl_alpn`: the ClientHello of a connection that is passed on as it
//! is (manual 7.3.5).

use wire::tls_hello::{self, Client, Hello};

use super::prelude::*;

const GIVEN: &str = "GET / HTTP/1.1\r\n\r\n";

const fn fetch(
    name: &'static str,
    gives: Type,
    doc: &'static str,
    examples: &'static [Example],
    get: state::family::Get,
) -> Fetch {
    Fetch { name, args: &[], gives, needs: Needs::RequestBuffer, doc, examples, get, each: None }
}

pub(super) const KEYWORDS: &[Fetch] = &[
    Fetch {
        name: "req.ssl_alpn",
        args: &[],
        gives: Type::Str,
        needs: Needs::RequestBuffer,
        doc: "The protocol the client would like best. An ACL looks at every one that it offers.",
        examples: &[Example { given: GIVEN, expr: "req.ssl_alpn", gives: "-" }],
        get: |_, cx| protocols(client(cx)?.alpn?).next(),
        each: Some(|_, cx, visit| {
            let list = client(cx).and_then(|client| client.alpn).unwrap_or_default();
            let _ = protocols(list).try_for_each(visit);
        }),
    },
    fetch(
        "req.ssl_cipherlist",
        Type::Bin,
        "The ciphers the client offers, two bytes each.",
        &[Example { given: GIVEN, expr: "req.ssl_cipherlist", gives: "-" }],
        |_, cx| Some(Value::Bin(client(cx)?.ciphers())),
    ),
    fetch(
        "req.ssl_hello_type",
        Type::Sint,
        "The type of the handshake message: 1 for a ClientHello, 0 for none.",
        &[Example { given: GIVEN, expr: "req.ssl_hello_type", gives: "-" }],
        hello_type,
    ),
    fetch(
        "req.ssl_keyshare_groups",
        Type::Bin,
        "The groups the client sends keys for, two bytes each.",
        &[Example { given: GIVEN, expr: "req.ssl_keyshare_groups", gives: "-" }],
        |_, cx| Some(Value::Bin(cx.arena.alloc_slice_copy(&client(cx)?.key_shares()?))),
    ),
    fetch(
        "req.ssl_sigalgs",
        Type::Bin,
        "The signatures the client can check, two bytes each.",
        &[Example { given: GIVEN, expr: "req.ssl_sigalgs", gives: "-" }],
        |_, cx| client(cx)?.signatures().map(Value::Bin),
    ),
    fetch(
        "req.ssl_sni",
        Type::Str,
        "The server's name that the client asks for.",
        &[Example { given: GIVEN, expr: "req.ssl_sni", gives: "-" }],
        sni,
    ),
    fetch(
        "req.ssl_supported_groups",
        Type::Bin,
        "The groups the client offers, two bytes each.",
        &[Example { given: GIVEN, expr: "req.ssl_supported_groups", gives: "-" }],
        |_, cx| client(cx)?.groups().map(Value::Bin),
    ),
    fetch(
        "req.ssl_ver",
        Type::Sint,
        "The highest version the client offers, times 65536: 3.3 is TLS 1.2.",
        &[Example { given: GIVEN, expr: "req.ssl_ver", gives: "-" }],
        version,
    ),
    fetch(
        "req_ssl_hello_type",
        Type::Sint,
        "See `req.ssl_hello_type`.",
        &[Example { given: GIVEN, expr: "req_ssl_hello_type", gives: "-" }],
        hello_type,
    ),
    fetch(
        "req_ssl_sni",
        Type::Str,
        "See `req.ssl_sni`.",
        &[Example { given: GIVEN, expr: "req_ssl_sni", gives: "-" }],
        sni,
    ),
    fetch(
        "req_ssl_ver",
        Type::Sint,
        "See `req.ssl_ver`.",
        &[Example { given: GIVEN, expr: "req_ssl_ver", gives: "-" }],
        version,
    ),
];

fn hello<'a>(cx: &Ctx<'a>) -> Option<Hello<'a>> {
    let body = &cx.stream?.request_body;
    let hello = tls_hello::read(&body.content);
    if hello == Hello::Partial && body.more {
        body.undecided.set(true);
    }
    Some(hello)
}

fn client<'a>(cx: &Ctx<'a>) -> Option<Client<'a>> {
    match hello(cx)? {
        Hello::Client(client) => Some(client),
        Hello::Partial | Hello::None | Hello::Other(_) => None,
    }
}

fn hello_type<'a>(_: &'a Args, cx: &Ctx<'a>) -> Option<Value<'a>> {
    if !cx.stream?.request_body.raw {
        return None;
    }
    match hello(cx)? {
        Hello::Partial if cx.stream?.request_body.more => None,
        Hello::Client(_) => Some(Value::Sint(1)),
        Hello::Other(kind) => Some(int(kind)),
        Hello::Partial | Hello::None => Some(Value::Sint(0)),
    }
}

fn sni<'a>(_: &'a Args, cx: &Ctx<'a>) -> Option<Value<'a>> {
    client(cx)?.name.map(Value::Str)
}

fn version<'a>(_: &'a Args, cx: &Ctx<'a>) -> Option<Value<'a>> {
    let version = client(cx)?.version;
    Some(Value::Sint(i64::from(version >> 8) << 16 | i64::from(version & 0xff)))
}

/// The names in a list of protocols, up to where it is broken.
fn protocols<'a>(mut list: &'a [u8]) -> impl Iterator<Item = Value<'a>> {
    std::iter::from_fn(move || {
        let (len, rest) = list.split_first()?;
        let (protocol, after) = rest.split_at_checked(usize::from(*len))?;
        list = after;
        Some(Value::Str(protocol))
    })
}
