//! Whether a peer's certificate will do: that of a client (manual 5.1 "verify"), that of a server (5.2 "verify").

use std::fmt;
use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::{CertificateDer, CertificateRevocationListDer, ServerName, UnixTime};
use rustls::server::WebPkiClientVerifier;
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::{
    CertificateError, DigitallySignedStruct, DistinguishedName, Error, RootCertStore, SignatureScheme,
};

use super::plain::{self, Revocations};
use super::verdict::{self, Ignored};
use super::x509;

/// Certificates of authorities, and what they have taken back.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Trust {
    pub authorities: Vec<CertificateDer<'static>>,
    pub revoked: Vec<CertificateRevocationListDer<'static>>,
    /// Those of the authorities that clients are told of, if not all (`ca-file` beside `ca-verify-file`).
    pub told: Option<Vec<CertificateDer<'static>>>,
}

impl Trust {
    fn roots(&self) -> RootCertStore {
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(self.authorities.iter().cloned());
        roots
    }

    fn revocations(&self) -> Result<Revocations, String> {
        Revocations::read(self.revoked.iter().map(|list| &**list), &self.authorities)
    }
}

fn seconds(now: UnixTime) -> i64 {
    i64::try_from(now.as_secs()).unwrap_or(i64::MAX)
}

/// A verdict: the number, and how far from the certificate itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Verdict {
    pub number: u8,
    pub depth: u8,
}

/// What clients' and servers' verifiers do alike: whether the peer has the key of its certificate.
macro_rules! judges_signatures {
    () => {
        fn verify_tls12_signature(
            &self,
            message: &[u8],
            cert: &CertificateDer<'_>,
            dss: &DigitallySignedStruct,
        ) -> Result<HandshakeSignatureValid, Error> {
            plain::signed12(message, cert, dss, &self.provider.signature_verification_algorithms)
        }

        fn verify_tls13_signature(
            &self,
            message: &[u8],
            cert: &CertificateDer<'_>,
            dss: &DigitallySignedStruct,
        ) -> Result<HandshakeSignatureValid, Error> {
            plain::signed13(message, cert, dss, &self.provider.signature_verification_algorithms)
        }
    };
}

/// How clients' certificates are judged.
pub struct Clients {
    inner: Arc<dyn ClientCertVerifier>,
    authorities: Vec<CertificateDer<'static>>,
    revoked: Revocations,
    provider: Arc<CryptoProvider>,
    /// What they may sign with, if that is limited.
    pub schemes: Option<Vec<SignatureScheme>>,
    required: bool,
    /// For the certificate itself, for those it depends on.
    ignored: [Ignored; 2],
}

impl fmt::Debug for Clients {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Clients").field("required", &self.required).finish_non_exhaustive()
    }
}

impl Clients {
    /// Errors: there is no usable authority, or a revocation list can't be read.
    pub fn new(
        trust: &Trust,
        required: bool,
        ignored: [Ignored; 2],
        provider: &Arc<CryptoProvider>,
    ) -> Result<Self, String> {
        let mut builder =
            WebPkiClientVerifier::builder_with_provider(Arc::new(trust.roots()), Arc::clone(provider))
                .allow_unauthenticated();
        if let Some(told) = &trust.told {
            let told = Trust { authorities: told.clone(), ..Trust::default() };
            builder = builder.clear_root_hint_subjects().add_root_hint_subjects(told.roots().subjects());
        }
        let inner = builder.build().map_err(|e| e.to_string())?;
        let revoked = trust.revocations()?;
        let authorities = trust.authorities.clone();
        Ok(Self {
            inner,
            authorities,
            revoked,
            provider: Arc::clone(provider),
            schemes: None,
            required,
            ignored,
        })
    }

    fn judge(
        &self,
        leaf: &CertificateDer<'_>,
        rest: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<(), Error> {
        let now_s = seconds(now);
        if plain::is_old(leaf) {
            plain::verify_old(leaf, &self.authorities, now_s)?;
        } else {
            self.inner.verify_client_cert(leaf, rest, now)?;
        }
        Ok(self.revoked.check(leaf, rest, now_s)?)
    }

    /// What is to be said of a chain that was let in.
    pub fn verdict(&self, chain: &[CertificateDer<'static>], now_s: u64) -> Verdict {
        let Some((leaf, rest)) = chain.split_first() else { return Verdict::default() };
        let now = UnixTime::since_unix_epoch(std::time::Duration::from_secs(now_s));
        match self.judge(leaf, rest, now) {
            Ok(()) => Verdict::default(),
            Err(error) => judge(&error, leaf, rest, now),
        }
    }

    /// The authority that a chain comes from.
    pub fn root(&self, chain: &[CertificateDer<'static>]) -> Option<&CertificateDer<'static>> {
        let mut last = chain.first()?;
        for _ in chain {
            let issuer = x509::issuer(last)?;
            let named =
                |one: &&CertificateDer<'static>| x509::subject(one).is_some_and(|name| name == issuer);
            if let Some(authority) = self.authorities.iter().find(named) {
                return Some(authority);
            }
            // Others that came along with the chain are passed over.
            last = chain.iter().find(named)?;
        }
        None
    }

    /// What rustls' error about a client's chain means, where the chain is no longer at hand.
    pub fn meaning(error: &CertificateError) -> u8 {
        verdict::of(error, false)
    }
}

fn judge(error: &Error, leaf: &CertificateDer<'_>, rest: &[CertificateDer<'_>], now: UnixTime) -> Verdict {
    let Error::InvalidCertificate(error) = error else { return Verdict { number: 1, depth: 0 } };
    let own = x509::issuer(leaf) == x509::subject(leaf);
    let number = verdict::of(error, own);
    let late = matches!(number, 9 | 10);
    let now_s = seconds(now);
    let depth = match number {
        _ if late && !x509::is_out_of_time(leaf, now_s) => 1,
        20 => u8::try_from(rest.len()).unwrap_or(u8::MAX),
        _ => 0,
    };
    Verdict { number, depth }
}

impl ClientCertVerifier for Clients {
    fn client_auth_mandatory(&self) -> bool {
        self.required
    }

    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        self.inner.root_hint_subjects()
    }

    fn verify_client_cert(
        &self,
        leaf: &CertificateDer<'_>,
        rest: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        let error = match self.judge(leaf, rest, now) {
            Ok(()) => return Ok(ClientCertVerified::assertion()),
            Err(error) => error,
        };
        let verdict = judge(&error, leaf, rest, now);
        let [own, others] = self.ignored;
        let ignored = if verdict.depth == 0 { own } else { others };
        if ignored.has(verdict.number) { Ok(ClientCertVerified::assertion()) } else { Err(error) }
    }

    judges_signatures!();

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.schemes.clone().unwrap_or_else(|| self.inner.supported_verify_schemes())
    }
}

/// How servers' certificates are judged.
pub struct Servers {
    /// None: anything will do.
    inner: Option<Arc<WebPkiServerVerifier>>,
    authorities: Vec<CertificateDer<'static>>,
    revoked: Revocations,
    /// The name that must stand in it where the server isn't asked for by one.
    host: Option<Box<str>>,
    /// What they may sign with, if that is limited.
    pub schemes: Option<Vec<SignatureScheme>>,
    provider: Arc<CryptoProvider>,
}

impl fmt::Debug for Servers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Servers").field("host", &self.host).finish_non_exhaustive()
    }
}

/// The name that stands for none where rustls wants one.
pub const NAMELESS: &str = "nameless.invalid";

impl Servers {
    /// Without trust nothing is verified.
    pub fn new(
        trust: Option<&Trust>,
        host: Option<Box<str>>,
        provider: &Arc<CryptoProvider>,
    ) -> Result<Self, String> {
        let inner = trust.map(|trust| {
            let roots = Arc::new(trust.roots());
            WebPkiServerVerifier::builder_with_provider(roots, Arc::clone(provider)).build()
        });
        let inner = inner.transpose().map_err(|e| e.to_string())?;
        let revoked = trust.map(Trust::revocations).transpose()?.unwrap_or_default();
        let authorities = trust.map(|trust| trust.authorities.clone()).unwrap_or_default();
        Ok(Self { inner, authorities, revoked, host, schemes: None, provider: Arc::clone(provider) })
    }

    /// Whether the names in the certificate are as they should be.
    fn names_fit(&self, leaf: &CertificateDer<'_>, asked: &ServerName<'_>) -> bool {
        let wanted = match (&self.host, asked) {
            (_, ServerName::DnsName(name)) if name.as_ref() != NAMELESS => name.as_ref(),
            (Some(host), _) => &**host,
            _ => return true,
        };
        match wanted.parse() {
            Ok(ip) => x509::addresses(leaf).contains(&ip),
            Err(_) => x509::names(leaf).iter().any(|name| x509::covers(name, wanted)),
        }
    }
}

impl ServerCertVerifier for Servers {
    fn verify_server_cert(
        &self,
        leaf: &CertificateDer<'_>,
        rest: &[CertificateDer<'_>],
        asked: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let Some(inner) = &self.inner else { return Ok(ServerCertVerified::assertion()) };
        let verified = match plain::is_old(leaf) {
            true => plain::verify_old(leaf, &self.authorities, seconds(now)).map_err(Error::from),
            false => inner.verify_server_cert(leaf, rest, asked, ocsp, now).map(|_| ()),
        };
        match verified {
            Ok(()) => {}
            // The chain is good; names are looked at below, common names among them.
            Err(Error::InvalidCertificate(
                CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
            )) => {}
            Err(error) => return Err(error),
        }
        self.revoked.check(leaf, rest, seconds(now))?;
        if self.names_fit(leaf, asked) {
            Ok(ServerCertVerified::assertion())
        } else {
            Err(Error::InvalidCertificate(CertificateError::NotValidForName))
        }
    }

    judges_signatures!();

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        let all = || self.provider.signature_verification_algorithms.supported_schemes();
        self.schemes.clone().unwrap_or_else(all)
    }
}
