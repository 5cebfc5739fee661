//! What webpki doesn't do: certificates of version 1 (no extensions, as many a private authority makes them), and
//! revocation lists of either version. The cryptography is aws-lc-rs'; what is here is which names must meet.

use std::collections::HashSet;

use rustls::client::danger::HandshakeSignatureValid;
use rustls::crypto::{
    WebPkiSupportedAlgorithms, verify_tls12_signature, verify_tls13_signature,
    verify_tls13_signature_with_raw_key,
};
use rustls::pki_types::{CertificateDer, SubjectPublicKeyInfoDer};
use rustls::{CertificateError, DigitallySignedStruct, Error, PeerMisbehaved};
use x509_parser::prelude::{FromDer as _, X509Certificate};
use x509_parser::revocation_list::CertificateRevocationList;

use super::x509::{self, significant};

/// Whether webpki leaves it to us.
pub fn is_old(der: &[u8]) -> bool {
    x509::version(der).is_some_and(|version| version < 3)
}

fn parse(der: &[u8]) -> Result<X509Certificate<'_>, CertificateError> {
    X509Certificate::from_der(der)
        .map(|(_, certificate)| certificate)
        .map_err(|_| CertificateError::BadEncoding)
}

fn in_time(certificate: &X509Certificate<'_>, now_s: i64) -> Result<(), CertificateError> {
    let span = certificate.validity();
    match () {
        () if now_s < span.not_before.timestamp() => Err(CertificateError::NotValidYet),
        () if now_s > span.not_after.timestamp() => Err(CertificateError::Expired),
        () => Ok(()),
    }
}

/// Whether one of `authorities` itself has signed an old certificate, and both are valid. There are no intermediate ones
/// for these: nothing in them could say what they may sign.
pub fn verify_old(
    leaf: &[u8],
    authorities: &[CertificateDer<'static>],
    now_s: i64,
) -> Result<(), CertificateError> {
    let leaf = parse(leaf)?;
    let signed_by = |der: &CertificateDer<'_>| {
        let authority = parse(der).ok()?;
        let named = authority.subject().as_raw() == leaf.issuer().as_raw();
        let may = authority.is_ca() || authority.version().0 < 2;
        let signed = named && may && leaf.verify_signature(Some(authority.public_key())).is_ok();
        signed.then(|| in_time(&authority, now_s))
    };
    match authorities.iter().find_map(signed_by) {
        None => Err(CertificateError::UnknownIssuer),
        Some(Err(error)) => Err(error),
        Some(Ok(())) => in_time(&leaf, now_s),
    }
}

/// Whether the handshake was signed with the key of the certificate.
pub fn signed12(
    message: &[u8],
    certificate: &CertificateDer<'_>,
    signature: &DigitallySignedStruct,
    algorithms: &WebPkiSupportedAlgorithms,
) -> Result<HandshakeSignatureValid, Error> {
    if !is_old(certificate) {
        return verify_tls12_signature(message, certificate, signature, algorithms);
    }
    let parsed = parse(certificate)?;
    let key = &parsed.public_key().subject_public_key.data;
    let of_scheme = algorithms.mapping.iter().find(|(scheme, _)| *scheme == signature.scheme);
    let (_, candidates) = of_scheme.ok_or(PeerMisbehaved::SignedHandshakeWithUnadvertisedSigScheme)?;
    let fits = candidates.iter().any(|algorithm| {
        // A key of another kind can't be read as one of this.
        algorithm.verify_signature(key, message, signature.signature()).is_ok()
    });
    if fits { Ok(HandshakeSignatureValid::assertion()) } else { Err(CertificateError::BadSignature.into()) }
}

/// The same for TLS 1.3.
pub fn signed13(
    message: &[u8],
    certificate: &CertificateDer<'_>,
    signature: &DigitallySignedStruct,
    algorithms: &WebPkiSupportedAlgorithms,
) -> Result<HandshakeSignatureValid, Error> {
    if !is_old(certificate) {
        return verify_tls13_signature(message, certificate, signature, algorithms);
    }
    let parsed = parse(certificate)?;
    let key = SubjectPublicKeyInfoDer::from(parsed.public_key().raw);
    verify_tls13_signature_with_raw_key(message, &key, signature, algorithms)
}

/// What one authority has taken back.
struct List {
    issuer: Box<[u8]>,
    serials: HashSet<Box<[u8]>>,
    /// Seconds since 1970.
    until_s: Option<i64>,
    der: Box<[u8]>,
    /// Whether its signature is known to be good.
    trusted: bool,
}

/// What all known authorities have taken back.
#[derive(Default)]
pub struct Revocations(Vec<List>);

impl Revocations {
    /// Reads the lists; those that can't be read are an error.
    pub fn read<'l>(
        lists: impl Iterator<Item = &'l [u8]>,
        authorities: &[CertificateDer<'static>],
    ) -> Result<Self, String> {
        let mut all = Self::default();
        for der in lists {
            let (_, list) = CertificateRevocationList::from_der(der).map_err(|e| e.to_string())?;
            let serials =
                list.iter_revoked_certificates().map(|one| significant(one.raw_serial()).into()).collect();
            all.0.push(List {
                issuer: list.issuer().as_raw().into(),
                serials,
                until_s: list.next_update().map(|time| time.timestamp()),
                der: der.into(),
                trusted: is_signed(&list, authorities),
            });
        }
        Ok(all)
    }

    /// Whether nothing in a chain was taken back. As OpenSSL has it, each certificate's issuer must have published a list
    /// if there are any at all.
    pub fn check(
        &self,
        leaf: &CertificateDer<'_>,
        rest: &[CertificateDer<'_>],
        now_s: i64,
    ) -> Result<(), CertificateError> {
        if self.0.is_empty() {
            return Ok(());
        }
        for der in std::iter::once(leaf).chain(rest) {
            let certificate = parse(der)?;
            if certificate.issuer().as_raw() == certificate.subject().as_raw() {
                continue;
            }
            let mut lists = self.0.iter().filter(|list| *list.issuer == *certificate.issuer().as_raw());
            let good = |list: &&List| list.trusted || is_signed_late(list, rest);
            let list = lists.find(good).ok_or(CertificateError::UnknownRevocationStatus)?;
            if list.serials.contains(significant(certificate.raw_serial())) {
                return Err(CertificateError::Revoked);
            }
            if list.until_s.is_some_and(|until| now_s > until) {
                return Err(CertificateError::ExpiredRevocationList);
            }
        }
        Ok(())
    }
}

fn is_signed(list: &CertificateRevocationList<'_>, by: &[CertificateDer<'_>]) -> bool {
    by.iter().any(|der| {
        parse(der).is_ok_and(|authority| {
            authority.subject().as_raw() == list.issuer().as_raw()
                && list.verify_signature(authority.public_key()).is_ok()
        })
    })
}

/// The list of an authority that only the peer's chain shows; that chain has been verified by then.
fn is_signed_late(list: &List, chain: &[CertificateDer<'_>]) -> bool {
    CertificateRevocationList::from_der(&list.der).is_ok_and(|(_, parsed)| is_signed(&parsed, chain))
}
