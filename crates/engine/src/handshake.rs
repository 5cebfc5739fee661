//! The TLS handshake of a client's connection, between the rules of the connection and those of the session (manual 5.1
//! "ssl"). Knows what a failure is called in logs; not how TLS works.

use std::sync::Arc;

use net::tls;
use rustls::server::ClientHello;
use rustls::{Error, InvalidMessage, PeerIncompatible};
use state::counters::Block;
use state::fault::Fault;
use state::termination::{Cause, Phase};
use state::tls::verify::Clients;
use state::tls::{Known, Served};
use state::{Frontend, World};

use crate::exchange::{Exchange, Stop, deadline};
use crate::failure::Failure;
use crate::preamble;
use crate::session::Client;
use crate::worker::Worker;

/// Does it, if there is to be one; false if the connection is not to be served.
pub async fn take(worker: &Worker, world: &World, frontend: &Frontend, client: &mut Client) -> bool {
    let bind = usize::try_from(client.session.bind).ok().and_then(|at| frontend.binds.get(at));
    let Some(served) = bind.and_then(|bind| bind.tls.as_ref()) else { return true };
    let timeouts = &frontend.timeouts;
    let until = deadline(timeouts.client_hs.or(timeouts.client));
    let begun = client.buffer.take();
    let mut known = Box::new(Known::default());
    let outcome = {
        let begun = begun.as_ref().map(crate::buffer::Buffer::data).unwrap_or_default();
        let pick = |hello: &ClientHello<'_>| choose(served, &mut known, hello);
        tls::accept(&client.sock, begun, served.capture, until, pick).await
    };
    client.sock.with_tls(|connection| known.learn(connection));
    known.early = outcome.is_ok() && !known.complete;
    // There is no early data without a session.
    known.resumed |= known.early;
    let outcome = match outcome {
        // Streams can't tell whether what they carry came early.
        Ok(()) if known.early && known.alpn.as_deref() == Some(b"h2") => {
            let outcome = tls::complete(&client.sock, until).await;
            client.sock.with_tls(|connection| known.learn(connection));
            outcome
        }
        outcome => outcome,
    };
    known.hello = client.sock.client_hello().map(Into::into);
    if let Some(block) = frontend.live.counters.of(worker.number) {
        count(block, outcome.is_ok(), known.resumed);
    }
    let Err(broken) = outcome else {
        client.session.handshake_ns = net::now().as_nanos();
        client.session.tls = Some(known);
        return true;
    };
    let (fault, error) = explain(&broken, known.hello.as_deref());
    known.error = error.map(|(number, words)| (number, words.into()));
    client.session.tls = Some(known);
    preamble::refuse(worker, world, frontend, client, fault);
    false
}

/// Brings what is known of a handshake up to date that early data ran ahead of.
pub fn look(client: &mut Client) {
    if let Some(known) = client.session.tls.as_mut().filter(|known| known.runs_ahead()) {
        client.sock.with_tls(|connection| known.learn(connection));
    }
}

/// Waits for the rest of a handshake that early data ran ahead of.
pub async fn complete(x: &mut Exchange<'_>) -> Result<(), Stop> {
    let timeouts = &x.frontend.timeouts;
    let until = deadline(timeouts.client_hs.or(timeouts.client));
    let outcome = tls::complete(&x.client.sock, until).await;
    look(x.client);
    match outcome {
        Ok(()) => Ok(()),
        Err(tls::Fault::Timeout) => Err(Failure::new(Cause::CLIENT_TIMEOUT, Phase::REQUEST, 408).into()),
        Err(_) => Err(Failure::silent(Cause::CLIENT, Phase::REQUEST).into()),
    }
}

/// Does one where nobody asks how it went; false if the connection is of no use.
pub async fn simple(sock: &net::Sock, served: &Served, until: net::Time) -> bool {
    let pick = |hello: &ClientHello<'_>| choose(served, &mut Known::default(), hello);
    tls::accept(sock, &[], false, until, pick).await.is_ok()
}

/// Counts a handshake.
pub fn count(block: &Block, complete: bool, resumed: bool) {
    if !complete {
        return block.handshakes.failed.add(1);
    }
    block.handshakes.complete.add(1);
    block.handshakes.resumed.add(u64::from(resumed));
}

fn choose(served: &Served, known: &mut Known, hello: &ClientHello<'_>) -> Option<Arc<rustls::ServerConfig>> {
    known.sni = hello.server_name().map(Into::into);
    let entry = served.choose(hello)?;
    let config = entry.config_for(hello);
    known.served = Some(entry);
    Some(config)
}

/// OpenSSL's number for its part that speaks TLS, to which the number of a reason is added.
const LIBRARY: u32 = 20 << 23;
/// What alerts of the peer are added to.
const ALERTS: u32 = 1000;

/// What OpenSSL calls an error, so far as there is such a thing: number and words.
pub fn reason(error: &Error, hello: Option<&[u8]>) -> Option<(u32, String)> {
    let (reason, words) = match error {
        Error::InvalidMessage(
            InvalidMessage::InvalidContentType | InvalidMessage::UnknownProtocolVersion,
        ) if hello.is_some_and(is_http) => (156, "http request"),
        Error::InvalidMessage(
            InvalidMessage::InvalidContentType | InvalidMessage::UnknownProtocolVersion,
        ) => (267, "wrong version number"),
        Error::InvalidMessage(_) => (159, "length mismatch"),
        Error::PeerIncompatible(
            PeerIncompatible::NoCipherSuitesInCommon
            | PeerIncompatible::NoKxGroupsInCommon
            | PeerIncompatible::NoSignatureSchemesInCommon
            | PeerIncompatible::NoEcPointFormatsInCommon
            | PeerIncompatible::EcPointsExtensionRequired
            | PeerIncompatible::NamedGroupsExtensionRequired,
        ) => (193, "no shared cipher"),
        Error::PeerIncompatible(_) => (258, "unsupported protocol"),
        Error::NoCertificatesPresented => (199, "peer did not return a certificate"),
        Error::InvalidCertificate(_) => (134, "certificate verify failed"),
        Error::NoApplicationProtocol => (235, "no application protocol"),
        Error::InappropriateMessage { .. } | Error::InappropriateHandshakeMessage { .. } => {
            (244, "unexpected message")
        }
        Error::DecryptError => (281, "decryption failed or bad record mac"),
        Error::PeerSentOversizedRecord => (198, "packet length too long"),
        Error::AlertReceived(alert) => {
            let number = u32::from(u8::from(*alert));
            return Some((LIBRARY | (ALERTS + number), format!("tlsv1 alert {}", spelled(*alert))));
        }
        _ => return None,
    };
    Some((LIBRARY | reason, words.to_owned()))
}

/// `UnknownCa` as `unknown ca`.
fn spelled(alert: rustls::AlertDescription) -> String {
    let mut words = match alert {
        rustls::AlertDescription::UnknownCA => "UnknownCa".to_owned(),
        other => format!("{other:?}"),
    };
    while let Some(at) = words.find(|c: char| c.is_ascii_uppercase()) {
        let small = words.get(at..=at).unwrap_or_default().to_ascii_lowercase();
        words.replace_range(at..=at, &if at == 0 { small } else { format!(" {small}") });
    }
    words
}

fn is_http(bytes: &[u8]) -> bool {
    const METHODS: [&[u8]; 8] =
        [b"GET ", b"POST ", b"HEAD ", b"PUT ", b"DELETE ", b"OPTIONS ", b"CONNECT ", b"TRACE "];
    METHODS.iter().any(|method| bytes.starts_with(method))
}

fn explain(broken: &tls::Fault, hello: Option<&[u8]>) -> (Fault, Option<(u32, String)>) {
    match broken {
        tls::Fault::Empty | tls::Fault::Closed => (Fault::TlsEmpty, None),
        tls::Fault::Timeout => (Fault::TlsTimeout, None),
        tls::Fault::Broken(_) => (Fault::TlsAbort, None),
        tls::Fault::Unwanted => (Fault::TlsHandshake, Some((LIBRARY | 234, "callback failed".to_owned()))),
        tls::Fault::Tls(error) => {
            let fault = match error {
                Error::InvalidCertificate(error) if Clients::meaning(error) == 2 => Fault::TlsAuthority,
                Error::InvalidCertificate(_) => Fault::TlsCertificate,
                _ => Fault::TlsHandshake,
            };
            (fault, reason(error, hello))
        }
    }
}
