//! What a server is told in front of everything else: who the client is, in a header of the PROXY protocol (manual 5.2
//! "send-proxy"). A connection so opened serves only those who would open it alike.

use std::hash::{Hash as _, Hasher as _};
use std::net::SocketAddr;

use state::server::{Port, SendProxy};
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
    let authority = proxy::Tlvs::new(&x.client.session.tlvs).find(proxy::kind::AUTHORITY);
    let id =
        send.unique_id.then(|| x.look(Side::Request, |cx| state::unique_id::get(cx).map(<[u8]>::to_vec)));
    let extra = Extra {
        custom: &custom,
        crc32c: send.crc32c,
        authority: authority.filter(|_| send.authority),
        unique_id: id.as_ref().and_then(Option::as_deref),
        ssl: send.ssl,
    };
    proxy::write_v2(ends, &extra, out);
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
    if !dial::distinguish(x, server, &mut hasher)
        && !follows_client
        && preface.is_empty()
        && server.tls.is_none()
    {
        return 0;
    }
    // What is inside of TLS stays with the thread that has the keys.
    name.hash(&mut hasher);
    preface.hash(&mut hasher);
    hasher.finish() | 1
}
