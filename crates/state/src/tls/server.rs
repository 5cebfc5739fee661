//! TLS to a server (manual 5.2 "ssl", "sni", "check-ssl", "check-sni").

use std::fmt;
use std::sync::Arc;

use rustls::ClientConfig;
use rustls::pki_types::{CertificateDer, DnsName, ServerName};

use super::verify::{NAMELESS, Trust};
use crate::Expr;

/// How TLS is spoken to a server.
#[derive(Clone)]
pub struct ServerTls {
    /// For what clients send; none: only checks use TLS.
    pub traffic: bool,
    /// For checks.
    pub checks: bool,
    /// Whether requests may go out as early data.
    pub early: bool,
    /// Whoever names the server, and whoever doesn't.
    named: Arc<ClientConfig>,
    nameless: Arc<ClientConfig>,
    /// The name for connections of clients.
    pub sni: Option<Expr>,
    /// The name for checks.
    pub check_sni: Option<Box<str>>,
    /// Whether checks without one take the host that they ask for.
    pub check_sni_auto: bool,
    /// What checks do instead, where they negotiate another protocol (`check-alpn`).
    check: Option<[Arc<ClientConfig>; 2]>,
    /// What WebSockets do instead, where their protocol is another.
    websocket: Option<[Arc<ClientConfig>; 2]>,
    made_of: Ingredients,
}

/// What decides how TLS is spoken.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ingredients {
    /// What the line says.
    pub words: String,
    /// The certificate that is presented, with its chain.
    pub presented: Vec<CertificateDer<'static>>,
    pub trust: Option<Trust>,
}

impl fmt::Debug for ServerTls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServerTls").field("traffic", &self.traffic).finish_non_exhaustive()
    }
}

impl PartialEq for ServerTls {
    fn eq(&self, other: &Self) -> bool {
        self.is_like(other)
    }
}

impl Eq for ServerTls {}

impl ServerTls {
    /// `check_alpn`: the protocols that checks offer, if others.
    pub fn new(config: ClientConfig, check_alpn: Option<Vec<Vec<u8>>>, made_of: Ingredients) -> Self {
        let check = check_alpn.map(|alpn| {
            let mut config = config.clone();
            config.alpn_protocols = alpn;
            pair(config)
        });
        let [named, nameless] = pair(config);
        Self {
            traffic: true,
            checks: true,
            early: false,
            named,
            nameless,
            sni: None,
            check_sni: None,
            check_sni_auto: true,
            check,
            websocket: None,
            made_of,
        }
    }

    /// Whether connections made with one serve as connections made with the other.
    pub fn is_like(&self, other: &Self) -> bool {
        self.traffic == other.traffic && self.made_of == other.made_of
    }

    /// Goes on with the sessions of another that [is like it](Self::is_like).
    pub fn continue_from(&mut self, other: &Self) {
        self.named = Arc::clone(&other.named);
        self.nameless = Arc::clone(&other.nameless);
    }

    /// Whether this is among the protocols that are offered.
    pub fn offers(&self, protocol: &[u8]) -> bool {
        self.named.alpn_protocols.iter().any(|name| name == protocol)
    }

    /// Has connections for WebSockets offer this protocol alone, where protocols are negotiated at all.
    pub fn offer_for_websockets(&mut self, protocol: &[u8]) {
        if !self.named.alpn_protocols.is_empty() {
            let mut config = (*self.named).clone();
            config.alpn_protocols = vec![protocol.to_vec()];
            self.websocket = Some(pair(config));
        }
    }

    /// The configuration and the name for rustls, for a connection that names the server so. What can't be a name
    /// isn't sent.
    pub fn config(&self, name: Option<&str>, websocket: bool) -> (Arc<ClientConfig>, ServerName<'static>) {
        match self.websocket.as_ref().filter(|_| websocket) {
            Some([named, nameless]) => pick(named, nameless, name),
            None => pick(&self.named, &self.nameless, name),
        }
    }

    /// The same for a check that offers these protocols, if not those of the server's line.
    pub fn check_config(
        &self,
        name: Option<&str>,
        alpn: Option<&[Vec<u8>]>,
    ) -> (Arc<ClientConfig>, ServerName<'static>) {
        if let Some(alpn) = alpn {
            let (config, name) = pick(&self.named, &self.nameless, name);
            let mut config = ClientConfig::clone(&config);
            config.alpn_protocols = alpn.to_vec();
            return (Arc::new(config), name);
        }
        match &self.check {
            Some([named, nameless]) => pick(named, nameless, name),
            None => pick(&self.named, &self.nameless, name),
        }
    }
}

fn pair(config: ClientConfig) -> [Arc<ClientConfig>; 2] {
    let mut nameless = config.clone();
    nameless.enable_sni = false;
    [Arc::new(config), Arc::new(nameless)]
}

fn pick(
    named: &Arc<ClientConfig>,
    nameless: &Arc<ClientConfig>,
    name: Option<&str>,
) -> (Arc<ClientConfig>, ServerName<'static>) {
    let known = name.and_then(|name| DnsName::try_from(name.to_owned()).ok());
    match known {
        Some(name) => (Arc::clone(named), ServerName::DnsName(name)),
        None => (Arc::clone(nameless), placeholder()),
    }
}

fn placeholder() -> ServerName<'static> {
    ServerName::try_from(NAMELESS).unwrap_or(ServerName::IpAddress(std::net::Ipv4Addr::UNSPECIFIED.into()))
}
