//! The parameters about TLS that `bind`, `server` and `crt-list` lines have in common, as written.

use config::vocabulary::ParamUse;
use rustls::SupportedProtocolVersion;
use rustls::version::{TLS12, TLS13};
use state::tls::verdict::{self, Ignored};

use crate::ctx::Line;

/// Versions, in order; the first ones are not spoken any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Version {
    Ssl3,
    Tls10,
    Tls11,
    Tls12,
    Tls13,
}

impl Version {
    pub(crate) fn read(text: &str) -> Option<Self> {
        Some(match text {
            "SSLv3" => Self::Ssl3,
            "TLSv1.0" => Self::Tls10,
            "TLSv1.1" => Self::Tls11,
            "TLSv1.2" => Self::Tls12,
            "TLSv1.3" => Self::Tls13,
            _ => return None,
        })
    }
}

/// What is asked of a peer's certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verify {
    None,
    Optional,
    Required,
}

/// Whose parameters they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    Bind,
    Server,
}

/// The parameters; none: not given here.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Spec {
    pub(crate) min: Option<Version>,
    pub(crate) max: Option<Version>,
    /// `no-tlsv12` and its kin, a bit for each.
    pub(crate) without: u8,
    pub(crate) ciphers: Option<Box<str>>,
    pub(crate) suites: Option<Box<str>>,
    pub(crate) curves: Option<Box<str>>,
    /// What the peer may sign with: `sigalgs` of a server, `client-sigalgs` of a bind.
    pub(crate) peer_schemes: Option<Box<str>>,
    /// What is signed with here: `sigalgs` of a bind, `client-sigalgs` of a server.
    pub(crate) own_schemes: Option<Box<str>>,
    pub(crate) alpn: Option<Vec<Vec<u8>>>,
    pub(crate) verify: Option<Verify>,
    pub(crate) ca_file: Option<Box<str>>,
    pub(crate) ca_verify_file: Option<Box<str>>,
    pub(crate) crl_file: Option<Box<str>>,
    pub(crate) ignored: [Ignored; 2],
    pub(crate) no_tickets: Option<bool>,
    /// The file of keys for them.
    pub(crate) ticket_keys: Option<Box<str>>,
    /// `allow-0rtt`.
    pub(crate) early: bool,
    pub(crate) no_ca_names: bool,
    pub(crate) strict_sni: Option<bool>,
    pub(crate) client_order: bool,
}

impl Spec {
    /// What isn't given here is as in `other`.
    pub(crate) fn or(mut self, other: &Self) -> Self {
        let versions = self.min.is_some() || self.max.is_some() || self.without != 0;
        if !versions {
            (self.min, self.max, self.without) = (other.min, other.max, other.without);
        }
        self.ciphers = self.ciphers.or_else(|| other.ciphers.clone());
        self.suites = self.suites.or_else(|| other.suites.clone());
        self.peer_schemes = self.peer_schemes.or_else(|| other.peer_schemes.clone());
        self.own_schemes = self.own_schemes.or_else(|| other.own_schemes.clone());
        self.curves = self.curves.or_else(|| other.curves.clone());
        self.alpn = self.alpn.or_else(|| other.alpn.clone());
        self.verify = self.verify.or(other.verify);
        self.ca_file = self.ca_file.or_else(|| other.ca_file.clone());
        self.ca_verify_file = self.ca_verify_file.or_else(|| other.ca_verify_file.clone());
        self.crl_file = self.crl_file.or_else(|| other.crl_file.clone());
        if self.ignored == <[Ignored; 2]>::default() {
            self.ignored = other.ignored;
        }
        self.no_tickets = self.no_tickets.or(other.no_tickets);
        self.ticket_keys = self.ticket_keys.or_else(|| other.ticket_keys.clone());
        self.strict_sni = self.strict_sni.or(other.strict_sni);
        self.client_order |= other.client_order;
        self.no_ca_names |= other.no_ca_names;
        self.early |= other.early;
        self
    }

    /// Takes a parameter; false if it is none of these. Errors: HAProxy's words, without the title.
    pub(crate) fn take(&mut self, line: Line<'_>, used: &ParamUse<'_>, value: &str) -> Result<bool, String> {
        let side = match line.keyword() {
            "server" | "server-template" | "default-server" => Side::Server,
            _ => Side::Bind,
        };
        self.word(side, used.name(), value)
    }

    /// The same by name and value alone.
    pub(crate) fn word(&mut self, side: Side, name: &str, value: &str) -> Result<bool, String> {
        match name {
            "sigalgs" | "client-sigalgs" => {
                let of_servers = name == "sigalgs";
                let schemes = match of_servers == (side == Side::Bind) {
                    true => &mut self.own_schemes,
                    false => &mut self.peer_schemes,
                };
                *schemes = Some(value.into());
            }
            "ssl-min-ver" => self.min = Some(version(value)?),
            "ssl-max-ver" => self.max = Some(version(value)?),
            "force-sslv3" => self.force(Version::Ssl3),
            "force-tlsv10" => self.force(Version::Tls10),
            "force-tlsv11" => self.force(Version::Tls11),
            "force-tlsv12" => self.force(Version::Tls12),
            "force-tlsv13" => self.force(Version::Tls13),
            "no-sslv3" => self.without |= 1 << Version::Ssl3 as u8,
            "no-tlsv10" => self.without |= 1 << Version::Tls10 as u8,
            "no-tlsv11" => self.without |= 1 << Version::Tls11 as u8,
            "no-tlsv12" => self.without |= 1 << Version::Tls12 as u8,
            "no-tlsv13" => self.without |= 1 << Version::Tls13 as u8,
            "ciphers" => self.ciphers = Some(value.into()),
            "ciphersuites" => self.suites = Some(value.into()),
            "curves" | "ecdhe" => self.curves = Some(value.into()),
            "alpn" => self.alpn = Some(protocols(value)?),
            "no-alpn" => self.alpn = Some(Vec::new()),
            "verify" => self.verify = Some(verify(value)?),
            "ca-file" => self.ca_file = Some(value.into()),
            "ca-verify-file" => self.ca_verify_file = Some(value.into()),
            "crl-file" => self.crl_file = Some(value.into()),
            "crt-ignore-err" => self.ignored[0] = ignored(value)?,
            "ca-ignore-err" => self.ignored[1] = ignored(value)?,
            "no-tls-tickets" => self.no_tickets = Some(true),
            "tls-tickets" => self.no_tickets = Some(false),
            "tls-ticket-keys" => self.ticket_keys = Some(value.into()),
            "no-ca-names" => self.no_ca_names = true,
            "allow-0rtt" => self.early = true,
            "strict-sni" => self.strict_sni = Some(true),
            "no-strict-sni" => self.strict_sni = Some(false),
            "prefer-client-ciphers" => self.client_order = true,
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn force(&mut self, version: Version) {
        (self.min, self.max) = (Some(version), Some(version));
    }

    /// The versions to speak.
    pub(crate) fn versions(&self) -> Vec<&'static SupportedProtocolVersion> {
        let [min, max] = [self.min.unwrap_or(Version::Tls12), self.max.unwrap_or(Version::Tls13)];
        let has =
            |version: Version| (min..=max).contains(&version) && self.without & (1 << version as u8) == 0;
        let all = [(Version::Tls13, &TLS13), (Version::Tls12, &TLS12)];
        all.into_iter().filter(|(version, _)| has(*version)).map(|(_, run)| run).collect()
    }

    /// The sentence about versions that are asked for and not spoken any more, if there is reason for it.
    pub(crate) fn outdated(&self) -> Option<&'static str> {
        let old = |version: Option<Version>| version.is_some_and(|v| v < Version::Tls12);
        match (old(self.min), old(self.max)) {
            (_, true) => Some("versions of TLS before 1.2 are not spoken: nobody can connect"),
            (true, _) => Some("versions of TLS before 1.2 are not spoken: the oldest is 1.2"),
            _ => None,
        }
    }
}

fn version(value: &str) -> Result<Version, String> {
    Version::read(value).ok_or_else(|| format!("'{value}' : unknown ssl/tls version"))
}

fn verify(value: &str) -> Result<Verify, String> {
    match value {
        "none" => Ok(Verify::None),
        "optional" => Ok(Verify::Optional),
        "required" => Ok(Verify::Required),
        _ => Err(format!(
            "'verify' : unknown verify method '{value}', only 'none', 'optional', and 'required' are supported"
        )),
    }
}

/// Protocols in the order of the list.
fn protocols(value: &str) -> Result<Vec<Vec<u8>>, String> {
    let mut found = Vec::new();
    for name in value.split(',') {
        if name.len() > 255 {
            return Err("'alpn' : protocol name too long".to_owned());
        }
        if !name.is_empty() {
            found.push(name.as_bytes().to_vec());
        }
    }
    Ok(found)
}

fn ignored(value: &str) -> Result<Ignored, String> {
    if value == "all" {
        return Ok(Ignored::ALL);
    }
    let mut found = Ignored::default();
    for name in value.split(',') {
        let number = verdict::number(name)
            .ok_or_else(|| format!("error constant '{name}' unknown in error IDs list '{value}'"))?;
        found.add(number);
    }
    Ok(found)
}
