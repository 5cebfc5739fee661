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

const fn fetch(
    name: &'static str,
    (gives, needs): (Type, Needs),
    doc: &'static str,
    examples: &'static [Example],
    get: Get,
) -> Fetch {
    Fetch { name, args: &[], gives, needs, doc, examples, get, each: None }
}

/// One property of a connection: its name, its type, what it gives where nothing is encrypted, what it tells.
macro_rules! property {
    ($prefix:literal $needs:ident $name:literal $gives:ident $plain:literal $doc:expr, $get:expr) => {
        fetch(
            concat!($prefix, $name),
            (Type::$gives, Needs::$needs),
            $doc,
            &[Example { given: GIVEN, expr: concat!($prefix, $name), gives: $plain }],
            $get,
        )
    };
}

/// What both connections have.
macro_rules! both {
    ($prefix:literal $needs:ident $known:ident $peer:literal) => {
        [
            property!($prefix $needs "_alg_keysize" Sint "-"
                concat!("Bits of the key of the cipher in use to the ", $peer, "."),
                |_, cx| $known(cx)?.key_bits().map(Value::Sint)),
            property!($prefix $needs "_alpn" Str "-"
                concat!("The protocol that was negotiated with the ", $peer, "."),
                |_, cx| $known(cx)?.alpn.as_deref().map(Value::Str)),
            property!($prefix $needs "_cipher" Str "-"
                concat!("The name of the cipher in use to the ", $peer, "."),
                |_, cx| text($known(cx)?.cipher_name())),
            property!($prefix $needs "_curve" Str "-"
                concat!("The name of the group that the keys to the ", $peer, " were agreed on with."),
                |_, cx| text(group($known(cx)?))),
            property!($prefix $needs "_err" Sint "-"
                concat!("The number of what went wrong with the ", $peer, "'s handshake."),
                |_, cx| error($known(cx))),
            property!($prefix $needs "_err_str" Str "-"
                concat!("What went wrong with the ", $peer, "'s handshake, in words."),
                |_, cx| error_words($known(cx), cx)),
            property!($prefix $needs "_is_resumed" Bool "0"
                concat!("Whether a session with the ", $peer, " was resumed."),
                |_, cx| Some(Value::Bool($known(cx).is_some_and(|known| known.resumed)))),
            property!($prefix $needs "_protocol" Str "-"
                concat!("The version of TLS in use to the ", $peer, "."),
                |_, cx| text($known(cx)?.version_name())),
            property!($prefix $needs "_sni" Str "-"
                "The name that the server was asked for by.",
                |_, cx| text($known(cx)?.sni.as_deref())),
            property!($prefix $needs "_use_keysize" Sint "-"
                concat!("Bits of the key of the cipher in use to the ", $peer, " that are of use."),
                |_, cx| $known(cx)?.key_bits().map(Value::Sint)),
        ]
    };
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

/// Of the server's connection.
pub(super) const OF_SERVER: &[Fetch] = &both!("ssl_bc" ServerConnection back "server");

/// Of the client's.
pub(super) const OF_CLIENT: &[Fetch] = &both!("ssl_fc" Session front "client");

/// What only one of them has.
pub(super) const KEYWORDS: &[Fetch] = &[
    property!("ssl_bc" ServerConnection "" Bool "0" "Whether the server's connection is encrypted.",
        |_, cx| cx.stream.map(|s| Value::Bool(s.link.tls.is_some()))),
    property!("ssl_fc" Session "" Bool "0" "Whether the client's connection is encrypted.",
        |_, cx| Some(Value::Bool(front(cx).is_some()))),
    property!("ssl_fc" Session "_crtname" Str "-"
        "The name, in the configuration, of the certificate that was served.",
        |_, cx| text(Some(&front(cx)?.served.as_ref()?.certificate.file))),
    property!("ssl_fc" Session "_early_rcvd" Bool "0"
        "Whether the client sent early data, be its handshake complete or not.",
        |_, cx| Some(Value::Bool(front(cx).is_some_and(|known| known.early)))),
    property!("ssl_fc" Session "_has_crt" Bool "-"
        "Whether the client sent a certificate in this very handshake.",
        |_, cx| front(cx).map(|known| Value::Bool(!known.peer.is_empty() && !known.resumed))),
    property!("ssl_fc" Session "_has_early" Bool "0"
        "Whether early data came and the client's handshake is not complete yet.",
        |_, cx| Some(Value::Bool(front(cx).is_some_and(Known::runs_ahead)))),
    property!("ssl_fc" Session "_has_sni" Bool "0" "Whether the client named the server it wants.",
        |_, cx| Some(Value::Bool(front(cx).is_some_and(|known| known.sni.is_some())))),
];
