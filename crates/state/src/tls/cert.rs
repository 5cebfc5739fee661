//! A certificate with its chain and its key, read from the text of files.

use std::fmt;
use std::sync::Arc;

use rustls::crypto::aws_lc_rs::sign::any_supported_type;
use rustls::pki_types::pem::{self, PemObject as _};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::{CertifiedKey, Signer, SigningKey};
use rustls::{SignatureAlgorithm, SignatureScheme};

use super::x509;

/// What can be wrong with the files of a certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wrong {
    /// No certificate is in it, with what the reader stumbled on.
    Certificate(&'static str),
    NoKey,
    /// The key is there, and of no use.
    Key(String),
    Mismatch,
}

/// The kinds of keys that clients tell apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Ecdsa,
    Rsa,
    Other,
}

/// A certificate that can be served or presented.
pub struct Certificate {
    /// The name it has in the configuration.
    pub file: Box<str>,
    pub key: Arc<CertifiedKey>,
    pub kind: Kind,
    /// The names it is for, lower case; `*.` in front of those for a whole domain.
    pub names: Box<[Box<str>]>,
}

impl fmt::Debug for Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Certificate").field("file", &self.file).finish_non_exhaustive()
    }
}

impl Certificate {
    /// Reads it. `key`: the text of a file of its own for the key, looked into when `pem` holds none; `ocsp`: a
    /// response to be stapled; `issuers`: certificates that complete the chain where `pem` has only one.
    pub fn read(
        file: &str,
        pem: &[u8],
        key: Option<&[u8]>,
        ocsp: Option<Vec<u8>>,
        issuers: &[CertificateDer<'static>],
    ) -> Result<Self, Wrong> {
        let mut chain = certificates(pem)?;
        let own = key_in(pem).or_else(|| key_in(key?)).ok_or(Wrong::NoKey)?;
        let key = any_supported_type(&own).map_err(|e| Wrong::Key(e.to_string()))?;
        if chain.len() == 1 {
            complete(&mut chain, issuers);
        }
        let mut certified = CertifiedKey::new(chain, key);
        if matches!(
            certified.keys_match(),
            Err(rustls::Error::InconsistentKeys(rustls::InconsistentKeys::KeyMismatch))
        ) {
            return Err(Wrong::Mismatch);
        }
        certified.ocsp = ocsp;
        Ok(Self::of(file, certified))
    }

    fn of(file: &str, key: CertifiedKey) -> Self {
        let kind = match key.key.algorithm() {
            SignatureAlgorithm::RSA => Kind::Rsa,
            SignatureAlgorithm::ECDSA => Kind::Ecdsa,
            _ => Kind::Other,
        };
        let names = key.cert.first().map(|leaf| x509::names(leaf)).unwrap_or_default();
        Self { file: file.into(), key: Arc::new(key), kind, names: names.into() }
    }

    /// What signs with it, with nothing but these if that is limited.
    pub fn signing_with(&self, schemes: Option<Vec<SignatureScheme>>) -> Arc<CertifiedKey> {
        let Some(schemes) = schemes else { return Arc::clone(&self.key) };
        let mut limited = CertifiedKey::clone(&self.key);
        limited.key = Arc::new(Limited { key: Arc::clone(&self.key.key), schemes });
        Arc::new(limited)
    }

    /// The certificate itself, without its chain.
    pub fn leaf(&self) -> &[u8] {
        self.key.cert.first().map(|leaf| &**leaf).unwrap_or_default()
    }
}

/// A key that signs in some ways only.
#[derive(Debug)]
struct Limited {
    key: Arc<dyn SigningKey>,
    schemes: Vec<SignatureScheme>,
}

impl SigningKey for Limited {
    fn choose_scheme(&self, offered: &[SignatureScheme]) -> Option<Box<dyn Signer>> {
        let both: Vec<_> = self.schemes.iter().copied().filter(|scheme| offered.contains(scheme)).collect();
        self.key.choose_scheme(&both)
    }

    fn algorithm(&self) -> SignatureAlgorithm {
        self.key.algorithm()
    }
}

/// All certificates of a text.
pub fn certificates(pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, Wrong> {
    let mut found = Vec::new();
    for one in CertificateDer::pem_slice_iter(pem) {
        match one {
            Ok(certificate) => found.push(certificate),
            Err(pem::Error::MissingSectionEnd { .. }) => return Err(Wrong::Certificate("bad end line")),
            Err(pem::Error::Base64Decode(_)) => return Err(Wrong::Certificate("bad base64 decode")),
            Err(_) => return Err(Wrong::Certificate("bad start line")),
        }
    }
    if found.is_empty() { Err(Wrong::Certificate("no start line")) } else { Ok(found) }
}

/// Whether a private key is in a text.
pub fn has_key(pem: &[u8]) -> bool {
    key_in(pem).is_some_and(|key| any_supported_type(&key).is_ok())
}

const KEY: &str = "PRIVATE KEY-----";

/// A text without its private keys.
pub fn without_key(pem: &[u8]) -> Vec<u8> {
    split_keys(pem).1
}

/// The private keys of a text as they stand there, if there are any.
pub fn keys(pem: &[u8]) -> Option<Vec<u8>> {
    Some(split_keys(pem).0).filter(|keys| !keys.is_empty())
}

fn split_keys(pem: &[u8]) -> (Vec<u8>, Vec<u8>) {
    let (mut keys, mut rest) = (Vec::new(), Vec::new());
    let mut inside = false;
    for line in pem.split_inclusive(|b| *b == b'\n') {
        let text = String::from_utf8_lossy(line);
        let marks = text.trim_end().ends_with(KEY);
        inside |= marks && text.starts_with("-----BEGIN");
        let part = if inside { &mut keys } else { &mut rest };
        part.extend_from_slice(line);
        inside &= !(marks && text.starts_with("-----END"));
    }
    (keys, rest)
}

pub(super) fn key_in(pem: &[u8]) -> Option<PrivateKeyDer<'static>> {
    PrivateKeyDer::from_pem_slice(pem).ok()
}

/// Adds the issuers of the last certificate, as far as they are known, without the root.
fn complete(chain: &mut Vec<CertificateDer<'static>>, issuers: &[CertificateDer<'static>]) {
    while chain.len() < 10 {
        let Some(issuer) = chain.last().and_then(|last| x509::issuer(last)) else { return };
        let next = issuers.iter().find(|candidate| x509::subject(candidate).as_deref() == Some(&*issuer));
        match next {
            Some(next) if x509::issuer(next).as_deref() != Some(&*issuer) => chain.push(next.clone()),
            _ => return,
        }
    }
}
