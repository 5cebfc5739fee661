//! What is known of one TLS connection, for rules and logs.

use std::sync::Arc;

use rustls::pki_types::CertificateDer;
use rustls::{CipherSuite, Connection, HandshakeKind, NamedGroup, ProtocolVersion};

use super::bind::Entry;

/// One connection's TLS.
#[derive(Clone, Debug, Default)]
pub struct Known {
    /// Whether the handshake came to its end.
    pub complete: bool,
    pub version: Option<ProtocolVersion>,
    pub cipher: Option<CipherSuite>,
    pub group: Option<NamedGroup>,
    /// The name that the client asked for.
    pub sni: Option<Box<str>>,
    pub alpn: Option<Box<[u8]>>,
    pub resumed: bool,
    /// The peer's chain, its own certificate first.
    pub peer: Vec<CertificateDer<'static>>,
    /// The certificate that was served, and on which terms.
    pub served: Option<Arc<Entry>>,
    /// The certificate that was presented to a server.
    pub presented: Option<CertificateDer<'static>>,
    /// The client's first message as it came, where it is kept.
    pub hello: Option<Box<[u8]>>,
    /// Number and words of what went wrong.
    pub error: Option<(u32, Box<str>)>,
    /// Whether early data came.
    pub early: bool,
}

impl Known {
    /// Takes over what the connection itself knows.
    pub fn learn(&mut self, connection: &Connection) {
        self.complete = !connection.is_handshaking();
        self.version = connection.protocol_version();
        self.cipher = connection.negotiated_cipher_suite().map(|suite| suite.suite());
        self.group = connection.negotiated_key_exchange_group().map(rustls::crypto::SupportedKxGroup::name);
        self.alpn = connection.alpn_protocol().map(Into::into);
        self.resumed = self.early || connection.handshake_kind() == Some(HandshakeKind::Resumed);
        self.peer = connection.peer_certificates().unwrap_or_default().to_vec();
    }

    /// Whether early data is in use while the handshake is still under way.
    pub fn runs_ahead(&self) -> bool {
        self.early && !self.complete
    }

    /// The version as logs write it.
    pub fn version_name(&self) -> Option<&'static str> {
        Some(match self.version? {
            ProtocolVersion::TLSv1_2 => "TLSv1.2",
            ProtocolVersion::TLSv1_3 => "TLSv1.3",
            _ => return None,
        })
    }

    /// The cipher as OpenSSL names it.
    pub fn cipher_name(&self) -> Option<&'static str> {
        cipher(self.cipher?).map(|(name, _)| name)
    }

    /// Bits of the cipher's key.
    pub fn key_bits(&self) -> Option<i64> {
        cipher(self.cipher?).map(|(_, bits)| bits)
    }
}

/// OpenSSL's name of a cipher and the bits of its key.
pub fn cipher(suite: CipherSuite) -> Option<(&'static str, i64)> {
    Some(match suite {
        CipherSuite::TLS13_AES_256_GCM_SHA384 => ("TLS_AES_256_GCM_SHA384", 256),
        CipherSuite::TLS13_AES_128_GCM_SHA256 => ("TLS_AES_128_GCM_SHA256", 128),
        CipherSuite::TLS13_CHACHA20_POLY1305_SHA256 => ("TLS_CHACHA20_POLY1305_SHA256", 256),
        CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384 => ("ECDHE-ECDSA-AES256-GCM-SHA384", 256),
        CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256 => ("ECDHE-ECDSA-AES128-GCM-SHA256", 128),
        CipherSuite::TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256 => ("ECDHE-ECDSA-CHACHA20-POLY1305", 256),
        CipherSuite::TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384 => ("ECDHE-RSA-AES256-GCM-SHA384", 256),
        CipherSuite::TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256 => ("ECDHE-RSA-AES128-GCM-SHA256", 128),
        CipherSuite::TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256 => ("ECDHE-RSA-CHACHA20-POLY1305", 256),
        _ => return None,
    })
}
