//! What TLS was given as files: certificates with what lies beside them, authorities, revocation lists, `crt-list`s, each
//! by the name it has in the configuration. It is read once; what changes while the process runs (management manual 9.3
//! "set ssl cert" and its kin) is changed here, and the files themselves are never touched again.
//!
//! A store is a value: whoever changes something makes another one, which then comes into force with a World of its own.

use std::collections::BTreeMap;
use std::sync::Arc;

use rustls::pki_types::{CertificateDer, CertificateRevocationListDer, PrivateKeyDer};
use rustls::server::{ProducesTickets, StoresServerSessions};

use super::cert::{self, Certificate, Wrong};
use super::list::List;
use super::tickets::Keys;
use super::verify::Trust;

/// Everything.
#[derive(Clone, Debug, Default)]
pub struct Store {
    pub certificates: Files<Stored>,
    /// `ca-file`, `ca-verify-file`.
    pub authorities: Files<Authorities>,
    /// `crl-file`.
    pub revocations: Files<Revoked>,
    /// `crt-list`s, and directories of certificates.
    pub lists: Files<List>,
    /// `issuers-chain-path`: what completes chains.
    pub issuers: Arc<[Issuer]>,
    /// `tls-ticket-keys`, in the order of the configuration.
    pub ticket_keys: Vec<(Box<str>, Arc<Keys>)>,
    /// What sessions with clients are resumed with.
    pub sessions: Vec<(Agreement, Sessions)>,
}

/// On what terms sessions were agreed on: with others they can't be resumed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Agreement {
    /// The line of the configuration and what it says.
    pub words: String,
    /// How clients are judged, if they are.
    pub trust: Option<Trust>,
}

/// Where sessions are kept.
#[derive(Clone, Debug)]
pub struct Sessions {
    pub here: Arc<dyn StoresServerSessions>,
    /// What seals those that clients keep.
    pub tickets: Option<Arc<dyn ProducesTickets>>,
}

/// Files of one kind by name.
pub type Files<T> = BTreeMap<Box<str>, File<T>>;

/// One of them.
#[derive(Debug)]
pub struct File<T> {
    pub content: Arc<T>,
    /// How often the configuration uses it.
    pub uses: u32,
}

impl<T> Clone for File<T> {
    fn clone(&self) -> Self {
        Self { content: Arc::clone(&self.content), uses: self.uses }
    }
}

impl<T> File<T> {
    /// One that nobody uses yet.
    pub fn new(content: T) -> Self {
        Self { content: Arc::new(content), uses: 0 }
    }
}

/// A certificate that may complete chains, and the file it comes from.
#[derive(Clone, Debug)]
pub struct Issuer {
    pub file: Box<str>,
    pub certificate: CertificateDer<'static>,
}

/// Where the parts of a certificate come from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Parts {
    pub crt: String,
    /// The same as `crt` for a key that was found there.
    pub key: Option<String>,
    pub ocsp: Option<String>,
    pub issuer: Option<String>,
    pub sctl: Option<String>,
}

/// What stands in them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Texts {
    /// The certificate, its chain, maybe its key: PEM.
    pub crt: Box<[u8]>,
    /// The key, if it has a file of its own: PEM.
    pub key: Option<Box<[u8]>>,
    /// The response to be stapled: DER.
    pub ocsp: Option<Box<[u8]>>,
    /// The certificate of the issuer, for judging that response: PEM.
    pub issuer: Option<Box<[u8]>>,
}

/// A certificate and what it is made of.
#[derive(Clone, Debug, Default)]
pub struct Stored {
    pub parts: Parts,
    pub texts: Texts,
    /// None: there is nothing in it yet, or no key.
    pub made: Option<Arc<Certificate>>,
    /// `jwt on`: whether tokens may be verified and decrypted with it.
    pub for_tokens: bool,
    /// The file that its chain was completed from.
    pub completed: Option<Box<str>>,
}

impl Stored {
    /// Makes the certificate of its parts.
    pub fn make(name: &str, parts: Parts, texts: Texts, issuers: &[Issuer]) -> Result<Self, Wrong> {
        let issuer = texts.issuer.as_deref().and_then(|text| cert::certificates(text).ok());
        let own = issuer.unwrap_or_default();
        let known: Vec<_> = if own.is_empty() {
            issuers.iter().map(|issuer| issuer.certificate.clone()).collect()
        } else {
            Vec::new()
        };
        let ocsp = texts.ocsp.as_deref().map(<[u8]>::to_vec);
        let made = Certificate::read(name, &texts.crt, texts.key.as_deref(), ocsp, &known)?;
        let alone = cert::certificates(&texts.crt).is_ok_and(|all| all.len() == 1);
        let next = made.key.cert.get(1).filter(|_| alone);
        let completed = next.and_then(|next| issuers.iter().find(|issuer| issuer.certificate == *next));
        let completed = completed.map(|issuer| issuer.file.clone());
        Ok(Self { parts, texts, made: Some(Arc::new(made)), for_tokens: false, completed })
    }

    /// The certificate and its chain.
    pub fn chain(&self) -> Vec<CertificateDer<'static>> {
        match &self.made {
            Some(made) => made.key.cert.clone(),
            None => cert::certificates(&self.texts.crt).unwrap_or_default(),
        }
    }

    /// The key of the certificate, if it is there.
    pub fn private_key(&self) -> Option<PrivateKeyDer<'static>> {
        cert::key_in(&self.texts.crt).or_else(|| cert::key_in(self.texts.key.as_deref()?))
    }

    /// The certificate of its issuer, if that is known.
    pub fn issuer(&self) -> Option<CertificateDer<'static>> {
        let own =
            self.texts.issuer.as_deref().and_then(|text| cert::certificates(text).ok()?.into_iter().next());
        own.or_else(|| self.chain().get(1).cloned())
    }
}

/// Authorities that are trusted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Authorities(pub Vec<CertificateDer<'static>>);

/// Lists of what authorities have taken back.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Revoked(pub Vec<CertificateRevocationListDer<'static>>);

impl Store {
    /// The same with nobody using anything, to be counted anew.
    pub fn unused(&self) -> Self {
        let mut store = self.clone();
        store.certificates.values_mut().for_each(|file| file.uses = 0);
        store.authorities.values_mut().for_each(|file| file.uses = 0);
        store.revocations.values_mut().for_each(|file| file.uses = 0);
        store.lists.values_mut().for_each(|file| file.uses = 0);
        store
    }
}

/// The name of a file that is being changed, and what is to be in it.
pub type Pending<T> = Option<(Box<str>, T)>;

/// What is changed and not in force yet: one of each kind at a time (management manual 9.3 "set ssl cert").
#[derive(Debug, Default)]
pub struct Transactions {
    pub certificate: Pending<Stored>,
    pub authorities: Pending<Authorities>,
    pub revocations: Pending<Revoked>,
}
