//! `ssl_c_…`, `ssl_f_…`, `ssl_s_…`: what stands in the certificate of the client, in the one it was shown, in the
//! server's (manual 7.3.4).

use sha1::{Digest as _, Sha1};
use state::tls::verify::Verdict;
use state::tls::x509::{self, Party, Style};

use super::prelude::*;
use super::ssl::{back, front};

const GIVEN: &str = "GET / HTTP/1.1\r\n\r\n---\r\nHTTP/1.1 200 OK\r\n\r\n";

const DN: &[ArgSpec] = &[
    ArgSpec::optional("entry", ArgKind::Str),
    ArgSpec::optional("occ", ArgKind::Sint),
    ArgSpec::optional("format", ArgKind::Str),
];

fn of_client<'a>(cx: &Ctx<'a>) -> Option<&'a [u8]> {
    front(cx)?.peer.first().map(|leaf| &**leaf)
}

fn of_frontend<'a>(cx: &Ctx<'a>) -> Option<&'a [u8]> {
    Some(front(cx)?.served.as_ref()?.certificate.leaf())
}

fn of_server<'a>(cx: &Ctx<'a>) -> Option<&'a [u8]> {
    back(cx)?.peer.first().map(|leaf| &**leaf)
}

fn text<'a>(cx: &Ctx<'a>, text: &str) -> Value<'a> {
    Value::Str(cx.arena.alloc_slice_copy(text.as_bytes()))
}

fn bytes<'a>(cx: &Ctx<'a>, bytes: &[u8]) -> Value<'a> {
    Value::Bin(cx.arena.alloc_slice_copy(bytes))
}

fn dn<'a>(args: &Args, cx: &Ctx<'a>, der: &[u8], party: Party) -> Option<Value<'a>> {
    let style = match args.str(2) {
        None | Some(b"") => Style::Slashes,
        Some(b"rfc2253") => Style::Rfc2253,
        Some(_) => return None,
    };
    let found = match args.str(0).filter(|entry| !entry.is_empty()) {
        None => x509::name(der, party, style)?,
        Some(entry) => x509::entry(der, party, std::str::from_utf8(entry).ok()?, args.int(1).unwrap_or(0))?,
    };
    Some(text(cx, &found))
}

/// What was found wrong with the client's certificate and let pass.
fn verdict(cx: &Ctx<'_>) -> Option<Verdict> {
    let known = front(cx)?;
    let Some(clients) = known.served.as_ref().and_then(|entry| entry.terms.clients.as_ref()) else {
        return Some(Verdict::default());
    };
    Some(clients.verdict(&known.peer, cx.wall_us / 1_000_000))
}

fn chain<'a>(cx: &Ctx<'a>, chain: &[rustls::pki_types::CertificateDer<'_>]) -> Option<Value<'a>> {
    let parts: Vec<&[u8]> = chain.iter().map(|certificate| &**certificate).collect();
    (!parts.is_empty()).then(|| bytes(cx, &parts.concat()))
}

const fn fetch(
    name: &'static str,
    args: &'static [ArgSpec],
    (gives, needs): (Type, Needs),
    doc: &'static str,
    examples: &'static [Example],
    get: for<'a> fn(&Args, &Ctx<'a>) -> Option<Value<'a>>,
) -> Fetch {
    Fetch { name, args, gives, needs, doc, examples, get, each: None }
}

/// A fetch of one of the three certificates.
macro_rules! of {
    ($prefix:literal, $needs:expr, $name:literal, $args:expr, $gives:expr, $doc:literal, $get:expr) => {
        fetch(
            concat!($prefix, $name),
            $args,
            ($gives, $needs),
            $doc,
            &[Example { given: GIVEN, expr: concat!($prefix, $name), gives: "-" }],
            $get,
        )
    };
}

/// What the three have in common.
macro_rules! certificate {
    ($prefix:literal, $needs:expr, $der:path) => {
        [
            of!($prefix, $needs, "der", &[], Type::Bin, "The certificate.", |_, cx| $der(cx).map(Value::Bin)),
            of!(
                $prefix,
                $needs,
                "i_dn",
                DN,
                Type::Str,
                "The name of the certificate's issuer, or one entry of it.",
                |a, cx| { dn(a, cx, $der(cx)?, Party::Issuer) }
            ),
            of!(
                $prefix,
                $needs,
                "key_alg",
                &[],
                Type::Str,
                "What kind of key the certificate has.",
                |_, cx| { Some(text(cx, &x509::key_algorithm($der(cx)?)?)) }
            ),
            of!(
                $prefix,
                $needs,
                "notafter",
                &[],
                Type::Str,
                "Until when the certificate is valid, as `YYMMDDhhmmssZ`.",
                |_, cx| { x509::validity($der(cx)?)?.1.map(|at| text(cx, &at)) }
            ),
            of!(
                $prefix,
                $needs,
                "notbefore",
                &[],
                Type::Str,
                "From when on the certificate is valid.",
                |_, cx| { x509::validity($der(cx)?)?.0.map(|at| text(cx, &at)) }
            ),
            of!(
                $prefix,
                $needs,
                "s_dn",
                DN,
                Type::Str,
                "The name of the certificate's owner, or one entry of it.",
                |a, cx| { dn(a, cx, $der(cx)?, Party::Subject) }
            ),
            of!($prefix, $needs, "serial", &[], Type::Bin, "The certificate's serial number.", |_, cx| {
                Some(bytes(cx, &x509::serial($der(cx)?)?))
            }),
            of!($prefix, $needs, "sha1", &[], Type::Bin, "The certificate's SHA-1 fingerprint.", |_, cx| {
                Some(bytes(cx, &Sha1::digest($der(cx)?)))
            }),
            of!(
                $prefix,
                $needs,
                "sig_alg",
                &[],
                Type::Str,
                "With what the certificate is signed.",
                |_, cx| { Some(text(cx, &x509::signature_algorithm($der(cx)?)?)) }
            ),
            of!($prefix, $needs, "version", &[], Type::Sint, "The certificate's version.", |_, cx| {
                x509::version($der(cx)?).map(Value::Sint)
            }),
        ]
    };
}

pub(super) const CLIENT: &[Fetch] = &certificate!("ssl_c_", Needs::Session, of_client);
pub(super) const FRONTEND: &[Fetch] = &certificate!("ssl_f_", Needs::Session, of_frontend);
pub(super) const SERVER: &[Fetch] = &certificate!("ssl_s_", Needs::ServerConnection, of_server);

pub(super) const KEYWORDS: &[Fetch] = &[
    of!(
        "ssl_c_",
        Needs::Session,
        "ca_err",
        &[],
        Type::Sint,
        "What was wrong with the authority of the client's certificate.",
        |_, cx| { verdict(cx).map(|v| int(if v.depth > 0 { v.number } else { 0 })) }
    ),
    of!(
        "ssl_c_",
        Needs::Session,
        "ca_err_depth",
        &[],
        Type::Sint,
        "How far from the client's certificate that was.",
        |_, cx| { verdict(cx).map(|v| int(v.depth)) }
    ),
    of!(
        "ssl_c_",
        Needs::Session,
        "chain_der",
        &[],
        Type::Bin,
        "The chain that came with the client's certificate, without that one.",
        |_, cx| { chain(cx, front(cx)?.peer.get(1..)?) }
    ),
    of!(
        "ssl_c_",
        Needs::Session,
        "err",
        &[],
        Type::Sint,
        "What was wrong with the client's certificate.",
        |_, cx| { verdict(cx).map(|v| int(if v.depth == 0 { v.number } else { 0 })) }
    ),
    fetch(
        "ssl_c_policies",
        &[ArgSpec::optional("oid", ArgKind::Str)],
        (Type::Str, Needs::Session),
        "The identifiers of the policies of the client's certificate; with an argument only that one, if it is among them.",
        &[
            Example { given: GIVEN, expr: "ssl_c_policies", gives: "-" },
            Example { given: GIVEN, expr: "ssl_c_policies(0.4.0.1862.1.4)", gives: "-" },
        ],
        |args, cx| {
            let all = x509::policies(of_client(cx)?)?;
            match args.str(0) {
                None => Some(text(cx, &all.join(", "))),
                Some(wanted) => all.iter().find(|oid| oid.as_bytes() == wanted).map(|oid| text(cx, oid)),
            }
        },
    ),
    of!(
        "ssl_c_",
        Needs::Session,
        "r_dn",
        DN,
        Type::Str,
        "The name of the authority that the client's certificate comes from, or one entry of it.",
        |args, cx| {
            let known = front(cx)?;
            let clients = known.served.as_ref()?.terms.clients.as_ref()?;
            dn(args, cx, clients.root(&known.peer)?, Party::Subject)
        }
    ),
    of!(
        "ssl_c_",
        Needs::Session,
        "san",
        &[],
        Type::Str,
        "The alternative names of the client's certificate.",
        |_, cx| { Some(text(cx, &x509::alternative_names(of_client(cx)?)?)) }
    ),
    of!(
        "ssl_c_",
        Needs::Session,
        "used",
        &[],
        Type::Bool,
        "Whether the client sent a certificate, now or when the session began.",
        |_, cx| { front(cx).map(|known| Value::Bool(!known.peer.is_empty())) }
    ),
    of!(
        "ssl_c_",
        Needs::Session,
        "verify",
        &[],
        Type::Sint,
        "What came of verifying the client's certificate; 0 is good.",
        |_, cx| { verdict(cx).map(|v| int(v.number)) }
    ),
    of!(
        "ssl_s_",
        Needs::ServerConnection,
        "chain_der",
        &[],
        Type::Bin,
        "The server's certificate with its chain.",
        |_, cx| { chain(cx, &back(cx)?.peer) }
    ),
];
