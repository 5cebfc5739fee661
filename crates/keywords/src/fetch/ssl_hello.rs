//! What a client said first, on a connection whose TLS ends here (manual 7.3.4): lists of what it offers, from which
//! fingerprints are made. It is kept where `tune.ssl.capture-buffer-size` is above 0.

use wire::tls_hello::{self, Client, Hello};

use super::prelude::*;
use super::ssl::front;

const GIVEN: &str = "GET / HTTP/1.1\r\n\r\n---\r\nHTTP/1.1 200 OK\r\n\r\n";

/// 1 leaves out values that mean nothing (RFC 8701).
const FILTER: &[ArgSpec] = &[ArgSpec::optional("filter", ArgKind::Sint)];

macro_rules! fetch {
    ($name:literal, $args:expr, $gives:expr, $doc:literal, $get:expr) => {
        Fetch {
            name: $name,
            args: $args,
            gives: $gives,
            needs: Needs::Session,
            doc: $doc,
            examples: &[Example { given: GIVEN, expr: $name, gives: "-" }],
            get: $get,
            each: None,
        }
    };
}

pub(super) const KEYWORDS: &[Fetch] = &[
    fetch!("ssl_fc_cipherlist_bin", FILTER, Type::Bin, "The ciphers that the client offers.", |args, cx| {
        list(args, cx, Client::ciphers)
    }),
    fetch!("ssl_fc_cipherlist_hex", FILTER, Type::Str, "The same, in hexadecimal digits.", |args, cx| {
        let bytes = wanted(args, client(cx)?.ciphers());
        let digits: String = bytes.iter().map(|b| format!("{b:02X}")).collect();
        Some(Value::Str(cx.arena.alloc_slice_copy(digits.as_bytes())))
    }),
    fetch!("ssl_fc_cipherlist_xxh", &[], Type::Sint, "The same, as a number: their XXH64.", |_, cx| {
        let hash = twox_hash::XxHash64::oneshot(0, client(cx)?.ciphers());
        Some(Value::Sint(i64::from_ne_bytes(hash.to_ne_bytes())))
    }),
    fetch!("ssl_fc_ecformats_bin", &[], Type::Bin, "How the client can read points of curves.", |_, cx| {
        client(cx)?.point_formats().map(Value::Bin)
    }),
    fetch!("ssl_fc_eclist_bin", FILTER, Type::Bin, "The groups that the client offers.", |args, cx| list(
        args,
        cx,
        |client| client.groups().unwrap_or_default()
    )),
    fetch!(
        "ssl_fc_extlist_bin",
        FILTER,
        Type::Bin,
        "The kinds of extensions that the client sent.",
        |args, cx| {
            let kinds: Vec<u8> = client(cx)?.extensions().flat_map(|(kind, _)| kind.to_be_bytes()).collect();
            Some(Value::Bin(cx.arena.alloc_slice_copy(&wanted(args, &kinds))))
        }
    ),
    fetch!(
        "ssl_fc_protocol_hello_id",
        &[],
        Type::Sint,
        "The version in front of what the client said.",
        |_, cx| { Some(int(client(cx)?.legacy_version)) }
    ),
    fetch!(
        "ssl_fc_sigalgs_bin",
        FILTER,
        Type::Bin,
        "The signatures that the client can check.",
        |args, cx| list(args, cx, |client| client.signatures().unwrap_or_default())
    ),
    fetch!(
        "ssl_fc_supported_versions_bin",
        FILTER,
        Type::Bin,
        "The versions that the client offers.",
        |args, cx| { list(args, cx, |client| client.versions().unwrap_or_default()) }
    ),
];

fn client<'a>(cx: &Ctx<'a>) -> Option<Client<'a>> {
    match tls_hello::read(front(cx)?.hello.as_deref()?) {
        Hello::Client(client) => Some(client),
        Hello::Partial | Hello::None | Hello::Other(_) => None,
    }
}

fn list<'a>(args: &Args, cx: &Ctx<'a>, of: fn(&Client<'a>) -> &'a [u8]) -> Option<Value<'a>> {
    let bytes = wanted(args, of(&client(cx)?));
    (!bytes.is_empty()).then(|| Value::Bin(cx.arena.alloc_slice_copy(&bytes)))
}

/// Of a list of numbers of two bytes those that are asked for.
fn wanted(args: &Args, bytes: &[u8]) -> Vec<u8> {
    let all = args.int(0).unwrap_or(0) == 0;
    let pairs = bytes.as_chunks::<2>().0.iter();
    pairs.filter(|pair| all || !tls_hello::is_grease(**pair)).flatten().copied().collect()
}
