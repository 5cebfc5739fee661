//! `ssl_fc…`, `ssl_bc…`: whether a connection is encrypted, and what TLS says of it (manual 7.3.4). A connection that is
//! not encrypted has no other TLS property.

use state::tls::Known;

use super::prelude::*;

const GIVEN: &str = "GET / HTTP/1.1\r\n\r\n---\r\nHTTP/1.1 200 OK\r\n\r\n";

/// What is known of the client's connection.
pub(super) fn front<'a>(cx: &Ctx<'a>) -> Option<&'a Known> {
    cx.session.tls.as_deref()
}

/// What is known of the server's.
pub(super) fn back<'a>(cx: &Ctx<'a>) -> Option<&'a Known> {
    cx.stream?.link.tls.as_deref()
}

type Get = for<'a> fn(&Args, &Ctx<'a>) -> Option<Value<'a>>;

const fn client(
    name: &'static str,
    gives: Type,
    doc: &'static str,
    examples: &'static [Example],
    get: Get,
) -> Fetch {
    Fetch { name, args: &[], gives, needs: Needs::Session, doc, examples, get, each: None }
}

const fn server(
    name: &'static str,
    gives: Type,
    doc: &'static str,
    examples: &'static [Example],
    get: Get,
) -> Fetch {
    Fetch { name, args: &[], gives, needs: Needs::ServerConnection, doc, examples, get, each: None }
}

/// A text that is there as long as the connection.
fn text(text: Option<&str>) -> Option<Value<'_>> {
    text.map(|text| Value::Str(text.as_bytes()))
}

fn group(known: &Known) -> Option<&'static str> {
    use rustls::NamedGroup;
    Some(match known.group? {
        NamedGroup::X25519 => "X25519",
        NamedGroup::secp256r1 => "prime256v1",
        NamedGroup::secp384r1 => "secp384r1",
        NamedGroup::X25519MLKEM768 => "X25519MLKEM768",
        _ => return None,
    })
}

fn error(known: Option<&Known>) -> Option<Value<'_>> {
    Some(int(known?.error.as_ref().map_or(0, |(number, _)| *number)))
}

fn error_words<'a>(known: Option<&'a Known>, cx: &Ctx<'a>) -> Option<Value<'a>> {
    let (number, words) = known?.error.as_ref()?;
    Some(Value::Str(cx.arena.alloc_str(&format!("error:{number:08X}:SSL routines::{words}")).as_bytes()))
}

pub(super) const KEYWORDS: &[Fetch] = &[
    server(
        "ssl_bc",
        Type::Bool,
        "Whether the server's connection is encrypted.",
        &[Example { given: GIVEN, expr: "ssl_bc", gives: "0" }],
        |_, cx| cx.stream.map(|s| Value::Bool(s.link.tls.is_some())),
    ),
    server(
        "ssl_bc_alg_keysize",
        Type::Sint,
        "Bits of the key of the cipher in use to the server.",
        &[Example { given: GIVEN, expr: "ssl_bc_alg_keysize", gives: "-" }],
        |_, cx| back(cx)?.key_bits().map(Value::Sint),
    ),
    server(
        "ssl_bc_alpn",
        Type::Str,
        "The protocol that was negotiated with the server.",
        &[Example { given: GIVEN, expr: "ssl_bc_alpn", gives: "-" }],
        |_, cx| back(cx)?.alpn.as_deref().map(Value::Str),
    ),
    server(
        "ssl_bc_cipher",
        Type::Str,
        "The name of the cipher in use to the server.",
        &[Example { given: GIVEN, expr: "ssl_bc_cipher", gives: "-" }],
        |_, cx| text(back(cx)?.cipher_name()),
    ),
    server(
        "ssl_bc_curve",
        Type::Str,
        "The name of the group that the keys to the server were agreed on with.",
        &[Example { given: GIVEN, expr: "ssl_bc_curve", gives: "-" }],
        |_, cx| text(group(back(cx)?)),
    ),
    server(
        "ssl_bc_err",
        Type::Sint,
        "The number of what went wrong with the server's handshake.",
        &[Example { given: GIVEN, expr: "ssl_bc_err", gives: "-" }],
        |_, cx| error(back(cx)),
    ),
    server(
        "ssl_bc_err_str",
        Type::Str,
        "What went wrong with the server's handshake, in words.",
        &[Example { given: GIVEN, expr: "ssl_bc_err_str", gives: "-" }],
        |_, cx| error_words(back(cx), cx),
    ),
    server(
        "ssl_bc_is_resumed",
        Type::Bool,
        "Whether a session with the server was resumed.",
        &[Example { given: GIVEN, expr: "ssl_bc_is_resumed", gives: "0" }],
        |_, cx| Some(Value::Bool(back(cx).is_some_and(|known| known.resumed))),
    ),
    server(
        "ssl_bc_protocol",
        Type::Str,
        "The version of TLS in use to the server.",
        &[Example { given: GIVEN, expr: "ssl_bc_protocol", gives: "-" }],
        |_, cx| text(back(cx)?.version_name()),
    ),
    server(
        "ssl_bc_sni",
        Type::Str,
        "The name that the server was asked for by.",
        &[Example { given: GIVEN, expr: "ssl_bc_sni", gives: "-" }],
        |_, cx| text(back(cx)?.sni.as_deref()),
    ),
    server(
        "ssl_bc_use_keysize",
        Type::Sint,
        "Bits of the key of the cipher in use to the server that are of use.",
        &[Example { given: GIVEN, expr: "ssl_bc_use_keysize", gives: "-" }],
        |_, cx| back(cx)?.key_bits().map(Value::Sint),
    ),
    client(
        "ssl_fc",
        Type::Bool,
        "Whether the client's connection is encrypted.",
        &[Example { given: GIVEN, expr: "ssl_fc", gives: "0" }],
        |_, cx| Some(Value::Bool(front(cx).is_some())),
    ),
    client(
        "ssl_fc_alg_keysize",
        Type::Sint,
        "Bits of the key of the cipher in use.",
        &[Example { given: GIVEN, expr: "ssl_fc_alg_keysize", gives: "-" }],
        |_, cx| front(cx)?.key_bits().map(Value::Sint),
    ),
    client(
        "ssl_fc_alpn",
        Type::Str,
        "The protocol that was negotiated.",
        &[Example { given: GIVEN, expr: "ssl_fc_alpn", gives: "-" }],
        |_, cx| front(cx)?.alpn.as_deref().map(Value::Str),
    ),
    client(
        "ssl_fc_cipher",
        Type::Str,
        "The name of the cipher in use.",
        &[Example { given: GIVEN, expr: "ssl_fc_cipher", gives: "-" }],
        |_, cx| text(front(cx)?.cipher_name()),
    ),
    client(
        "ssl_fc_crtname",
        Type::Str,
        "The name, in the configuration, of the certificate that was served.",
        &[Example { given: GIVEN, expr: "ssl_fc_crtname", gives: "-" }],
        |_, cx| text(Some(&front(cx)?.served.as_ref()?.certificate.file)),
    ),
    client(
        "ssl_fc_curve",
        Type::Str,
        "The name of the group that the keys were agreed on with.",
        &[Example { given: GIVEN, expr: "ssl_fc_curve", gives: "-" }],
        |_, cx| text(group(front(cx)?)),
    ),
    client(
        "ssl_fc_err",
        Type::Sint,
        "The number of what went wrong with the client's handshake.",
        &[Example { given: GIVEN, expr: "ssl_fc_err", gives: "-" }],
        |_, cx| error(front(cx)),
    ),
    client(
        "ssl_fc_err_str",
        Type::Str,
        "What went wrong with the client's handshake, in words.",
        &[Example { given: GIVEN, expr: "ssl_fc_err_str", gives: "-" }],
        |_, cx| error_words(front(cx), cx),
    ),
    client(
        "ssl_fc_has_crt",
        Type::Bool,
        "Whether the client sent a certificate in this very handshake.",
        &[Example { given: GIVEN, expr: "ssl_fc_has_crt", gives: "-" }],
        |_, cx| front(cx).map(|known| Value::Bool(!known.peer.is_empty() && !known.resumed)),
    ),
    client(
        "ssl_fc_has_early",
        Type::Bool,
        "Whether something came before the handshake was complete and still is in use. Nothing is taken so early.",
        &[Example { given: GIVEN, expr: "ssl_fc_has_early", gives: "0" }],
        |_, cx| Some(Value::Bool(front(cx).is_some_and(|known| known.early))),
    ),
    client(
        "ssl_fc_has_sni",
        Type::Bool,
        "Whether the client named the server it wants.",
        &[Example { given: GIVEN, expr: "ssl_fc_has_sni", gives: "0" }],
        |_, cx| Some(Value::Bool(front(cx).is_some_and(|known| known.sni.is_some()))),
    ),
    client(
        "ssl_fc_is_resumed",
        Type::Bool,
        "Whether the client resumed a session.",
        &[Example { given: GIVEN, expr: "ssl_fc_is_resumed", gives: "0" }],
        |_, cx| Some(Value::Bool(front(cx).is_some_and(|known| known.resumed))),
    ),
    client(
        "ssl_fc_protocol",
        Type::Str,
        "The version of TLS in use.",
        &[Example { given: GIVEN, expr: "ssl_fc_protocol", gives: "-" }],
        |_, cx| text(front(cx)?.version_name()),
    ),
    client(
        "ssl_fc_sni",
        Type::Str,
        "The server's name the client asked for.",
        &[Example { given: GIVEN, expr: "ssl_fc_sni", gives: "-" }],
        |_, cx| text(front(cx)?.sni.as_deref()),
    ),
    client(
        "ssl_fc_use_keysize",
        Type::Sint,
        "Bits of the key of the cipher in use that are of use.",
        &[Example { given: GIVEN, expr: "ssl_fc_use_keysize", gives: "-" }],
        |_, cx| front(cx)?.key_bits().map(Value::Sint),
    ),
];
