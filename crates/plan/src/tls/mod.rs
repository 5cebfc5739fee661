//! TLS in haproxy.cfg: the parameters of `bind`, `server` and `crt-list` lines, the defaults of `global`, the files they
//! name (manual 3.1, 5.1, 5.2, 12.7).
//!
//! [`spec`] reads parameters, [`ciphers`] what stands in some of them, [`files`] and [`list`] the files; [`bind`] and
//! [`server`] make of it what runs.

pub(crate) mod bind;
pub(crate) mod ciphers;
pub(crate) mod files;
pub(crate) mod global;
pub(crate) mod list;
pub(crate) mod server;
pub(crate) mod spec;

use std::collections::HashMap;
use std::sync::Arc;

use state::tls::Certificate;

use self::spec::Spec;

/// What the whole configuration says of TLS, and what was read from files so far.
pub(crate) struct TlsPlan<'a> {
    pub(crate) ca_base: Option<&'a str>,
    pub(crate) crt_base: Option<&'a str>,
    pub(crate) key_base: Option<&'a str>,
    /// `ssl-default-bind-*`, `ssl-default-server-*`.
    pub(crate) for_binds: Spec,
    pub(crate) for_servers: Spec,
    /// `ssl-server-verify none`.
    pub(crate) trusts_servers: bool,
    /// `tune.ssl.cachesize`.
    pub(crate) sessions: usize,
    /// `tune.ssl.capture-buffer-size` is not 0.
    pub(crate) captures: bool,
    /// Certificates that could complete chains.
    pub(crate) issuers: Vec<rustls::pki_types::CertificateDer<'static>>,
    /// Certificates by the name in the configuration.
    pub(crate) certificates: HashMap<Box<str>, Arc<Certificate>>,
    /// Names that `crt-store` sections give to certificates, with the files.
    pub(crate) stored: HashMap<String, files::Parts>,
    /// What kinds of files are looked for beside a certificate (`ssl-load-extra-files`).
    pub(crate) extra: files::Extra,
}

impl Default for TlsPlan<'_> {
    fn default() -> Self {
        Self {
            ca_base: None,
            crt_base: None,
            key_base: None,
            for_binds: Spec::default(),
            for_servers: Spec::default(),
            trusts_servers: false,
            sessions: 20_000,
            captures: false,
            issuers: Vec::new(),
            certificates: HashMap::new(),
            stored: HashMap::new(),
            extra: files::Extra::default(),
        }
    }
}
