//! On which terms TLS is spoken: versions, ciphers, groups, protocols, what is asked of clients.

use std::fmt;
use std::sync::Arc;

use rustls::crypto::CryptoProvider;
use rustls::server::{ClientHello, ProducesTickets, ResolvesServerCert, StoresServerSessions};
use rustls::sign::CertifiedKey;
use rustls::{ServerConfig, SignatureScheme, SupportedProtocolVersion};

use super::cert::Certificate;
use super::verify::Clients;

/// The terms for clients. Certificates with the same ones share sessions.
pub struct Terms {
    pub provider: Arc<CryptoProvider>,
    pub versions: Vec<&'static SupportedProtocolVersion>,
    /// Protocols to choose from, the best first.
    pub alpn: Vec<Vec<u8>>,
    /// What is asked of clients' certificates, if they are asked for.
    pub clients: Option<Arc<Clients>>,
    /// What is signed with, if that is limited.
    pub schemes: Option<Vec<SignatureScheme>>,
    pub sessions: Arc<dyn StoresServerSessions>,
    /// None: sessions are kept here instead of with the clients.
    pub tickets: Option<Arc<dyn ProducesTickets>>,
    /// Whether the client's order of ciphers counts.
    pub client_order: bool,
    /// Bytes taken before the handshake is complete.
    pub early_data: u32,
    pub key_log: Option<Arc<dyn rustls::KeyLog>>,
}

impl fmt::Debug for Terms {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Terms").field("versions", &self.versions).finish_non_exhaustive()
    }
}

impl Terms {
    /// The configuration that serves one certificate.
    pub fn config(&self, certificate: &Certificate) -> Result<Arc<ServerConfig>, rustls::Error> {
        let builder = ServerConfig::builder_with_provider(Arc::clone(&self.provider))
            .with_protocol_versions(&self.versions)?;
        let builder = match &self.clients {
            Some(clients) => builder.with_client_cert_verifier(Arc::clone(clients) as _),
            None => builder.with_no_client_auth(),
        };
        let mut config =
            builder.with_cert_resolver(Arc::new(Always(certificate.signing_with(self.schemes.clone()))));
        config.alpn_protocols = self.alpn.clone();
        config.session_storage = Arc::clone(&self.sessions);
        if let Some(tickets) = &self.tickets {
            config.ticketer = Arc::clone(tickets);
        }
        config.ignore_client_order = !self.client_order;
        config.max_early_data_size = self.early_data;
        // Who takes requests before the handshake is over answers them as well.
        config.send_half_rtt_data = self.early_data > 0;
        if let Some(log) = &self.key_log {
            config.key_log = Arc::clone(log);
        }
        Ok(Arc::new(config))
    }
}

/// One certificate for everybody: which one was chosen before.
#[derive(Debug)]
struct Always(Arc<CertifiedKey>);

impl ResolvesServerCert for Always {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.0))
    }
}
