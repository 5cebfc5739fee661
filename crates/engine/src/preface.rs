//! What a server is told in front of everything else: who the client is, in a header of the PROXY protocol (manual 5.2
//! "send-proxy"). A connection so opened serves only those who would open it alike.

use std::hash::{Hash as _, Hasher as _};
use std::net::SocketAddr;

use sample::Type;
use sample::cast::cast;
use state::server::{Port, SendProxy, told};
use state::tls::x509::{self, Party};
use state::{Endpoint, Server, Side};
use wire::proxy::{self, Ends, Extra};

use crate::dial;
use crate::exchange::Exchange;

/// Puts into `out` what a new connection to this server begins with, nothing for most.
pub fn write(x: &Exchange<'_>, server: &Server, out: &mut Vec<u8>) {
    out.clear();
    let Some(send) = &server.send_proxy else { return };
    let ends = ends(x);
    if send.version == 1 {
        proxy::write_v1(ends, out);
    } else {
        version_2(x, send, ends, out);
    }
}

fn version_2(x: &Exchange<'_>, send: &SendProxy, ends: Option<Ends>, out: &mut Vec<u8>) {
    let values: Vec<Vec<u8>> = send.tlvs.iter().map(|(_, format)| text(x, format.as_ref())).collect();
    let custom: Vec<(u8, &[u8])> =
        send.tlvs.iter().zip(&values).map(|((kind, _), value)| (*kind, &**value)).collect();
    let session = &x.client.session;
    let named = session.tls.as_ref().and_then(|known| known.sni.as_deref()).map(str::as_bytes);
    let authority = named.or_else(|| proxy::Tlvs::new(&session.tlvs).find(proxy::kind::AUTHORITY));
    let facts = (send.ssl != 0).then(|| encryption(x, send.ssl));
    let parts: Vec<(u8, &[u8])> =
        facts.iter().flat_map(|facts| &facts.parts).map(|(kind, value)| (*kind, value.as_bytes())).collect();
    // Where no format makes one it is told as an empty one.
    let id = send
        .unique_id
        .then(|| x.look(Side::Request, |cx| state::unique_id::get(cx).unwrap_or_default().to_vec()));
    let extra = Extra {
        custom: &custom,
        crc32c: send.crc32c,
        authority: authority.filter(|_| send.authority),
        unique_id: id.as_deref(),
        ssl: facts.as_ref().map(|facts| proxy::Ssl { client: facts.client, verify: 0, parts: &parts }),
    };
    proxy::write_v2(ends, &extra, out);
}

/// What is told of the client's encryption.
#[derive(Default)]
struct Encryption {
    client: u8,
    parts: Vec<(u8, String)>,
}

/// Bits of `PP2_CLIENT_*`: TLS is spoken, with a certificate on this connection, in this session.
const SPOKEN: u8 = 1;
const SHOWN: u8 = 2;
const SHOWN_EARLIER: u8 = 4;

fn encryption(x: &Exchange<'_>, wanted: u8) -> Encryption {
    let mut facts = Encryption::default();
    let Some(known) = &x.client.session.tls else { return facts };
    facts.client = SPOKEN;
    let mut part = |bit: u8, kind: u8, value: Option<String>| {
        if let Some(value) = value.filter(|_| wanted & bit != 0) {
            facts.parts.push((kind, value));
        }
    };
    let leaf = known.peer.first();
    let served = known.served.as_ref().map(|entry| entry.certificate.leaf());
    part(told::SSL, proxy::kind::SSL_VERSION, known.version_name().map(str::to_owned));
    part(told::CN, proxy::kind::SSL_CN, leaf.and_then(|der| x509::entry(der, Party::Subject, "CN", 0)));
    part(told::KEY, proxy::kind::SSL_KEY_ALG, served.and_then(x509::key_algorithm));
    part(told::SIGNATURE, proxy::kind::SSL_SIG_ALG, served.and_then(x509::signature_algorithm));
    part(told::CIPHER, proxy::kind::SSL_CIPHER, known.cipher_name().map(str::to_owned));
    if leaf.is_some() {
        facts.client |= if known.resumed { SHOWN_EARLIER } else { SHOWN | SHOWN_EARLIER };
    }
    facts
}

fn text(x: &Exchange<'_>, format: Option<&state::Format>) -> Vec<u8> {
    let mut value = Vec::new();
    if let Some(format) = format {
        x.look(Side::Request, |cx| format.write(cx, &mut value));
    }
    value
}

/// Both ends of the client's connection, where both are addresses.
fn ends(x: &Exchange<'_>) -> Option<Ends> {
    Some((address(Some(x.source()))?, address(x.destination())?))
}

const fn address(end: Option<Endpoint>) -> Option<SocketAddr> {
    match end {
        Some(Endpoint::Inet(address)) => Some(address),
        Some(Endpoint::Unix) | None => None,
    }
}

/// What connections to this server must have in common to stand in for each other: 0 where all may.
pub fn key(x: &Exchange<'_>, server: &Server, preface: &[u8], name: Option<&str>) -> u64 {
    let mut hasher = std::hash::DefaultHasher::new();
    let follows_client = server.follows_client();
    if follows_client {
        let port = !matches!(server.port, Port::Fixed);
        address(x.destination()).map(|at| (at.ip(), if port { at.port() } else { 0 })).hash(&mut hasher);
    }
    let named = server.pool_name.as_ref().map(|expr| {
        x.look(Side::Request, |cx| Some(cast(expr.eval(cx)?, Type::Bin, cx.arena)?.bytes()?.to_vec()))
    });
    if !dial::distinguish(x, server, &mut hasher)
        && named.is_none()
        && !follows_client
        && preface.is_empty()
        && server.tls.is_none()
    {
        return 0;
    }
    // What is inside of TLS stays with the thread that has the keys.
    match named {
        Some(named) => named.hash(&mut hasher),
        None => name.hash(&mut hasher),
    }
    preface.hash(&mut hasher);
    hasher.finish() | 1
}
