//! The TLS of a `server` line: its parameters and what is made of them (manual 5.2).

use std::sync::Arc;

use config::Span;
use config::vocabulary::ParamUse;
use rustls::ClientConfig;
use rustls::client::{Resumption, Tls12Resumption};
use state::tls::ServerTls;
use state::tls::server::Ingredients;
use state::tls::verify::{Servers, Trust};

use super::bind::{provider, schemes};
use super::files;
use super::spec::{Side, Spec, Verify};
use crate::ctx::{Line, Plan};

/// How many servers' names have their sessions kept, for one line.
const SESSIONS: usize = 256;

/// What a line says of TLS.
#[derive(Clone, Debug, Default)]
pub(crate) struct ServerTlsSpec<'a> {
    pub(crate) ssl: bool,
    /// `ssl` was said, if not here: it can be switched on.
    pub(crate) has_ssl: bool,
    /// `no-ssl`.
    pub(crate) no_ssl: bool,
    pub(crate) check_ssl: Option<bool>,
    pub(crate) spec: Spec,
    pub(crate) crt: Option<&'a str>,
    pub(crate) sni: Option<&'a str>,
    /// `no-sni-auto`: without `sni` no name is sent.
    pub(crate) no_auto_sni: bool,
    pub(crate) check_sni: Option<&'a str>,
    /// `no-check-sni-auto`.
    pub(crate) no_check_auto_sni: bool,
    pub(crate) verify_host: Option<&'a str>,
    pub(crate) check_alpn: Option<Vec<Vec<u8>>>,
    pub(crate) no_reuse: bool,
}

impl<'a> ServerTlsSpec<'a> {
    /// Takes a parameter; false if it is not about TLS. Errors: HAProxy's words behind the title.
    pub(crate) fn take(
        &mut self,
        line: Line<'a>,
        used: &ParamUse<'a>,
        value: &'a str,
    ) -> Result<bool, String> {
        let name = used.name();
        match name {
            "ssl" => (self.ssl, self.has_ssl, self.no_ssl) = (true, true, false),
            "no-ssl" => (self.ssl, self.no_ssl) = (false, true),
            "check-ssl" => self.check_ssl = Some(true),
            "no-check-ssl" => self.check_ssl = Some(false),
            "crt" => self.crt = Some(value),
            "sni" => self.sni = Some(value),
            "sni-auto" => self.no_auto_sni = false,
            "no-sni-auto" => self.no_auto_sni = true,
            "check-sni-auto" => self.no_check_auto_sni = false,
            "no-check-sni-auto" => self.no_check_auto_sni = true,
            "check-sni" => self.check_sni = Some(value),
            "verifyhost" => self.verify_host = Some(value),
            "check-alpn" => {
                let mut spec = Spec::default();
                spec.word(Side::Server, "alpn", value)?;
                self.check_alpn = spec.alpn;
            }
            "ssl-reuse" => self.no_reuse = false,
            "no-ssl-reuse" => self.no_reuse = true,
            "verify" if !matches!(value, "none" | "required") => {
                return Err(format!(
                    "'verify' : unknown verify method '{value}', only 'none' and 'required' are supported"
                ));
            }
            _ => return self.spec.take(line, used, value).map_err(|e| named(name, e)),
        }
        Ok(true)
    }
}

fn named(name: &str, error: String) -> String {
    if error.starts_with('\'') { error } else { format!("'{name}' : {error}") }
}

/// Makes it; none without TLS. `elsewhere`: whether checks go to another port or address. Errors are sentences behind
/// the server's title.
pub(crate) fn make(
    plan: &mut Plan<'_>,
    server: &ServerTlsSpec<'_>,
    elsewhere: bool,
    span: Span,
) -> Result<Option<ServerTls>, String> {
    let checks = server.check_ssl.unwrap_or(server.ssl && !elsewhere);
    known(plan, &server.spec)?;
    if !server.ssl && !checks && !server.has_ssl {
        return Ok(None);
    }
    let spec = server.spec.clone().or(&plan.tls.preset(Side::Server, span));
    if let Some(what) = spec.outdated() {
        plan.remarks.warn(span, format!("{what}."));
    }
    let provider = provider(plan, &spec, span).map_err(|e| format!("{}.", e.join(" ")))?;
    let mut versions = spec.versions();
    versions.retain(|version| provider.cipher_suites.iter().any(|suite| suite.version() == *version));
    if versions.is_empty() {
        return Err("no version of TLS is left.".to_owned());
    }
    let trust = trust(plan, &spec)?;
    let host = server.verify_host.map(|host| host.to_ascii_lowercase().into());
    let mut verifier = Servers::new(trust.as_ref(), host, &provider)?;
    let mut schemes = |list: &Option<Box<str>>| {
        schemes(plan, list.as_deref(), span).map_err(|e| format!("{}.", e.join(" ")))
    };
    verifier.schemes = schemes(&spec.peer_schemes)?;
    let own_schemes = schemes(&spec.own_schemes)?;
    let builder = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&versions)
        .map_err(|e| e.to_string())?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier));
    let mut made_of = Ingredients { words: format!("{server:?} {spec:?}"), presented: Vec::new(), trust };
    let mut config = match server.crt {
        None => builder.with_no_client_auth(),
        Some(name) => {
            let certificate = files::certificates(plan, span, name)?.into_iter().next();
            let certificate = certificate.ok_or_else(|| format!("no certificate in '{name}'."))?;
            made_of.presented = certificate.key.cert.clone();
            builder.with_client_cert_resolver(Arc::new(Presents(certificate.signing_with(own_schemes))))
        }
    };
    config.alpn_protocols = spec.alpn.clone().unwrap_or_default();
    config.enable_early_data = spec.early;
    config.resumption = match (server.no_reuse, spec.no_tickets) {
        (true, _) => Resumption::disabled(),
        (false, Some(true)) => {
            Resumption::in_memory_sessions(SESSIONS).tls12_resumption(Tls12Resumption::SessionIdOnly)
        }
        _ => Resumption::in_memory_sessions(SESSIONS),
    };
    let mut made = ServerTls::new(config, server.check_alpn.clone(), made_of);
    made.traffic = server.ssl;
    made.early = spec.early;
    made.checks = checks;
    made.check_sni = server.check_sni.map(Into::into);
    made.check_sni_auto = !server.no_check_auto_sni;
    Ok(Some(made))
}

/// Reads the files that a line names, whether anything is judged by them or not. Errors are sentences as those of [`make`].
pub(crate) fn known(plan: &mut Plan<'_>, spec: &Spec) -> Result<(), String> {
    if let Some(file) = spec.ca_file.as_deref() {
        files::find_authorities(plan, file).map_err(|words| unreadable("ca-file", words))?;
    }
    if let Some(file) = spec.crl_file.as_deref() {
        files::find_revocations(plan, file).map_err(|words| unreadable("crl-file", words))?;
    }
    Ok(())
}

fn unreadable(what: &str, [first, second]: [String; 2]) -> String {
    format!("{first} '{what}' : {second}.")
}

fn trust(plan: &mut Plan<'_>, spec: &Spec) -> Result<Option<Trust>, String> {
    let verifies = match spec.verify {
        Some(Verify::None) => false,
        Some(_) => true,
        None => !plan.tls.trusts_servers && !plan.env.trust_servers,
    };
    if !verifies {
        return Ok(None);
    }
    let Some(file) = spec.ca_file.as_deref() else {
        return Err("verify is enabled by default but no CA file specified. If you're running on a LAN where you're \
                    certain to trust the server's certificate, please set an explicit 'verify none' statement on the \
                    'server' line, or use 'ssl-server-verify none' in the global section to disable server-side \
                    verifications by default."
            .to_owned());
    };
    let authorities = files::authorities(plan, file).map_err(|w| unreadable("ca-file", w))?.0.clone();
    let revoked = match spec.crl_file.as_deref() {
        Some(file) => files::revocations(plan, file).map_err(|w| unreadable("crl-file", w))?.0.clone(),
        None => Vec::new(),
    };
    Ok(Some(Trust { authorities, revoked, told: None }))
}

/// Shows its certificate to every server that asks.
#[derive(Debug)]
struct Presents(Arc<rustls::sign::CertifiedKey>);

impl rustls::client::ResolvesClientCert for Presents {
    fn resolve(&self, _: &[&[u8]], _: &[rustls::SignatureScheme]) -> Option<Arc<rustls::sign::CertifiedKey>> {
        Some(Arc::clone(&self.0))
    }

    fn has_certs(&self) -> bool {
        true
    }
}
