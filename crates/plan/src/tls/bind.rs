//! The TLS of a `bind` line: its parameters, and what is made of them once the mode of the proxy is known.

use std::sync::Arc;

use config::Span;
use config::vocabulary::ParamUse;
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::server::ServerSessionMemoryCache;
use rustls::{SignatureScheme, SupportedCipherSuite};
use state::options::Mode;
use state::tls::store::{Agreement, Sessions};
use state::tls::verify::{Clients, Trust};
use state::tls::{Certificate, Names, Served, Table, Terms};

use super::ciphers::{self, Chosen};
use super::spec::{Side, Spec, Verify};
use super::{files, list, ocsp};
use crate::ctx::{Line, Plan};

/// A certificate as a line serves it.
#[derive(Clone, Debug)]
pub(crate) struct Piece {
    pub(crate) certificate: Arc<Certificate>,
    /// The names it is for, if not its own.
    pub(crate) filters: Vec<Box<str>>,
    /// Parameters of its own.
    pub(crate) own: Option<Spec>,
    /// What stands for the same place in the order: siblings with other kinds of keys.
    pub(crate) group: usize,
    /// `default-crt`.
    pub(crate) default: bool,
}

/// What a line says of TLS.
#[derive(Clone, Debug, Default)]
pub(crate) struct BindSpec {
    pub(crate) ssl: bool,
    pub(crate) spec: Spec,
    pub(crate) pieces: Vec<Piece>,
}

impl BindSpec {
    /// Takes a parameter; false if it is not about TLS. Errors: HAProxy's words behind the title; those in the second
    /// place come without the name of the parameter.
    pub(crate) fn take<'a>(
        &mut self,
        plan: &mut Plan<'a>,
        line: Line<'a>,
        used: &ParamUse<'a>,
        value: &'a str,
    ) -> Result<bool, String> {
        let name = used.name();
        match name {
            "ssl" => self.ssl = true,
            "crt" | "default-crt" => self.add(plan, line.span(), value, name == "default-crt")?,
            "crt-list" => {
                let first = self.pieces.len();
                let pieces = list::read(plan, line.span(), value)?;
                self.pieces.extend(pieces.into_iter().map(|mut piece| {
                    piece.group += first;
                    piece
                }));
            }
            _ => return self.spec.take(line, used, value).map_err(|e| titled(name, e)),
        }
        Ok(true)
    }

    fn add(&mut self, plan: &mut Plan<'_>, span: Span, value: &str, default: bool) -> Result<(), String> {
        let group = self.pieces.len();
        for (at, certificate) in files::certificates(plan, span, value)?.into_iter().enumerate() {
            ocsp::note(&mut plan.tls, &certificate.file, None, true).map_err(|differs| {
                let file = &certificate.file;
                format!(
                    "\n  Can't load '{file}', is already defined with incompatible parameters:\n{differs}"
                )
            })?;
            // Files of a directory stand alone, siblings together.
            let sibling = self
                .pieces
                .last()
                .is_some_and(|last| at > 0 && are_siblings(&last.certificate, &certificate));
            let group = match self.pieces.last() {
                Some(last) if sibling => last.group,
                _ => group + at,
            };
            self.pieces.push(Piece { certificate, filters: Vec::new(), own: None, group, default });
        }
        Ok(())
    }
}

fn are_siblings(one: &Certificate, other: &Certificate) -> bool {
    let stem = |c: &Certificate| c.file.rsplit_once('.').map(|(stem, _)| stem.to_owned());
    stem(one).is_some() && stem(one) == stem(other)
}

fn titled(name: &str, error: String) -> String {
    if error.starts_with('\'') { error } else { format!("'{name}' : {error}") }
}

/// Makes what a line serves. `who`: the proxy and the address, for messages. Errors are for lines of their own.
pub(crate) fn serve(
    plan: &mut Plan<'_>,
    bind: &BindSpec,
    mode: Mode,
    span: Span,
    who: (&str, &str),
) -> Result<Served, Vec<String>> {
    let place = plan.place(span);
    let at = format!("for bind '{}' at [{place}]", who.1);
    let titled = |text: String| format!("Proxy '{}': {text}", who.0);
    let spec = bind.spec.clone().or(&plan.tls.preset(Side::Bind, span));
    let strict = spec.strict_sni == Some(true);
    if bind.pieces.is_empty() && !strict {
        let what = format!("no SSL certificate specified for bind '{}' at [{place}] (use 'crt').", who.1);
        return Err(vec![titled(what)]);
    }
    let fail = |e: Vec<String>| e.into_iter().map(|e| titled(format!("{e} {at}."))).collect::<Vec<_>>();
    let name = format!("{} {}", who.0, who.1);
    let base = Arc::new(terms(plan, &spec, mode, (span, &name)).map_err(fail)?);
    let mut table = Table::default();
    // Lines with the same parameters share sessions.
    let mut made: Vec<(Spec, Arc<Terms>)> = Vec::new();
    for piece in &bind.pieces {
        let own = match &piece.own {
            Some(own) => match made.iter().find(|(of, _)| of == own) {
                Some((_, have)) => Arc::clone(have),
                None => {
                    let new =
                        Arc::new(terms(plan, &own.clone().or(&spec), mode, (span, &name)).map_err(fail)?);
                    made.push((own.clone(), Arc::clone(&new)));
                    new
                }
            },
            None => Arc::clone(&base),
        };
        let mut filters = piece.filters.clone();
        if piece.default {
            filters.extend(piece.certificate.names.iter().cloned());
            filters.push("*".into());
        }
        let added = table.add(&piece.certificate, own, Names::Filters(&filters));
        added.map_err(|e| fail(vec![e.to_string()]))?;
    }
    let first = bind.pieces.first().map(|piece| piece.group);
    table.settle(bind.pieces.iter().take_while(|piece| Some(piece.group) == first).count());
    Ok(Served::new(place.into(), table, strict, plan.tls.captures))
}

/// What a list of ciphers or groups names and is not spoken.
fn say_missing<T>(plan: &mut Plan<'_>, span: Span, what: &str, chosen: &Chosen<T>) {
    if !chosen.missing.is_empty() {
        let names = chosen.missing.join(":");
        let message = format!("{what} not spoken by this version of Sluice are left out: {names}.");
        plan.remarks.warn(span, message);
    }
}

/// Early data taken from one client: what a buffer holds.
const EARLY_DATA: u32 = 16 * 1024;

/// The signatures of a list, if there is one. Errors as for [`provider`].
pub(crate) fn schemes(
    plan: &mut Plan<'_>,
    list: Option<&str>,
    span: Span,
) -> Result<Option<Vec<SignatureScheme>>, Vec<String>> {
    let Some(list) = list else { return Ok(None) };
    let chosen = ciphers::schemes(list)
        .ok_or_else(|| vec![format!("unable to set SSL Signature Algorithm list to '{list}'")])?;
    say_missing(plan, span, "signature algorithms", &chosen);
    Ok((!chosen.run.is_empty()).then_some(chosen.run))
}

/// The provider for ciphers and groups. Errors: HAProxy's words, to be followed by the place.
pub(crate) fn provider(
    plan: &mut Plan<'_>,
    spec: &Spec,
    span: Span,
) -> Result<Arc<CryptoProvider>, Vec<String>> {
    let mut provider = aws_lc_rs::default_provider();
    let mut suites = Vec::new();
    match spec.suites.as_deref() {
        None => suites.extend(ciphers::suites().filter(|suite| suite.tls13().is_some())),
        Some(list) => {
            let chosen = ciphers::tls13(list)
                .ok_or_else(|| vec![format!("unable to set TLS 1.3 cipher suites to '{list}'")])?;
            say_missing(plan, span, "cipher suites", &chosen);
            suites.extend(chosen.run);
        }
    }
    match spec.ciphers.as_deref() {
        None => suites.extend(ciphers::suites().filter(|suite| suite.tls13().is_none())),
        Some(list) => {
            let chosen = ciphers::tls12(list)
                .ok_or_else(|| vec![format!("unable to set SSL cipher list to '{list}'")])?;
            let lost = chosen.run.is_empty() && !chosen.missing.is_empty();
            if lost
                && spec.versions().iter().all(|version| version.version == rustls::ProtocolVersion::TLSv1_2)
            {
                let message = format!(
                    "none of '{list}' is spoken by this version of Sluice: its own ciphers are used."
                );
                plan.remarks.warn(span, message);
                // Who can only do with RSA is not given anything else.
                let only_rsa = chosen.missing.iter().all(|name| matches!(name.as_str(), "kRSA" | "RSA"));
                let fits = |suite: &SupportedCipherSuite| {
                    !only_rsa || suite.suite().as_str().is_some_and(|name| name.contains("_RSA_"))
                };
                suites.extend(ciphers::suites().filter(|suite| suite.tls13().is_none() && fits(suite)));
            } else {
                say_missing(plan, span, "ciphers", &chosen);
                suites.extend(chosen.run);
            }
        }
    }
    // Suites that go with no version would be offered all the same, and take peers in.
    let versions = spec.versions();
    suites.retain(|suite| versions.iter().any(|version| version.version == suite.version().version));
    provider.cipher_suites = suites;
    if let Some(list) = spec.curves.as_deref() {
        let chosen = ciphers::groups(list)
            .ok_or_else(|| vec![format!("unable to set SSL curves list to '{list}'")])?;
        say_missing(plan, span, "curves", &chosen);
        if !chosen.run.is_empty() {
            provider.kx_groups = chosen.run;
        }
    }
    Ok(Arc::new(provider))
}

fn terms(
    plan: &mut Plan<'_>,
    spec: &Spec,
    mode: Mode,
    (span, line): (Span, &str),
) -> Result<Terms, Vec<String>> {
    if let Some(what) = spec.outdated() {
        plan.remarks.warn(span, format!("{what}."));
    }
    let provider = provider(plan, spec, span)?;
    let mut versions = spec.versions();
    versions.retain(|version| provider.cipher_suites.iter().any(|suite| suite.version() == *version));
    if versions.is_empty() {
        return Err(vec!["no version of TLS is left".to_owned()]);
    }
    let trust = trust(plan, spec)?;
    let clients = clients(plan, spec, (trust.as_ref(), &provider), span)?;
    let schemes = schemes(plan, spec.own_schemes.as_deref(), span)?;
    let alpn = spec.alpn.clone().unwrap_or_else(|| match mode {
        Mode::Http => vec![b"h2".to_vec(), b"http/1.1".to_vec()],
        _ => Vec::new(),
    });
    let sessions = sessions(plan, spec, Agreement { words: format!("{line} {spec:?}"), trust })?;
    Ok(Terms {
        provider,
        versions,
        alpn,
        clients,
        schemes,
        sessions: sessions.here,
        tickets: sessions.tickets,
        client_order: spec.client_order,
        early_data: if spec.early { EARLY_DATA } else { 0 },
        key_log: None,
    })
}

/// What sessions on these terms are resumed with: the same as before, if it is the same agreement.
fn sessions(plan: &mut Plan<'_>, spec: &Spec, agreement: Agreement) -> Result<Sessions, Vec<String>> {
    let keys = match spec.ticket_keys.as_deref() {
        Some(file) => Some(files::ticket_keys(plan, file).map_err(|why| vec![why])?),
        None => None,
    };
    let tls = &mut plan.tls;
    let same = |(have, _): &&(Agreement, Sessions)| *have == agreement;
    let known = tls.agreed.iter().find(same).or_else(|| tls.store.sessions.iter().find(same));
    let mut sessions = match known {
        Some((_, sessions)) => sessions.clone(),
        None => {
            let here = ServerSessionMemoryCache::new(tls.sessions);
            let tickets = match spec.no_tickets {
                Some(true) => None,
                // A session that clients keep themselves could be begun twice, with the same early data.
                _ if spec.early => None,
                _ => Some(aws_lc_rs::Ticketer::new().map_err(|e| vec![e.to_string()])?),
            };
            Sessions { here, tickets }
        }
    };
    if let (Some(keys), Some(tickets)) = (keys, &mut sessions.tickets) {
        *tickets = keys;
    }
    tls.agreed.push((agreement, sessions.clone()));
    Ok(sessions)
}

/// Whom clients' certificates must come from, if they are asked for.
fn trust(plan: &mut Plan<'_>, spec: &Spec) -> Result<Option<Trust>, Vec<String>> {
    if matches!(spec.verify, None | Some(Verify::None)) {
        return Ok(None);
    }
    let Some(file) = spec.ca_file.as_deref().or(spec.ca_verify_file.as_deref()) else {
        return Err(vec!["verify is enabled but no CA file specified".to_owned()]);
    };
    let whole = |[first, second]: [String; 2]| vec![first, second];
    let authorities = files::authorities(plan, file).map_err(whole)?.0.clone();
    let mut trust = Trust { authorities, ..Trust::default() };
    if let Some(more) = spec.ca_verify_file.as_deref().filter(|more| *more != file) {
        let told = trust.authorities.clone();
        trust.authorities.extend(files::authorities(plan, more).map_err(whole)?.0.iter().cloned());
        trust.told = Some(told);
    }
    if spec.no_ca_names {
        trust.told = Some(Vec::new());
    }
    if let Some(file) = spec.crl_file.as_deref() {
        trust.revoked = files::revocations(plan, file).map_err(whole)?.0.clone();
    }
    Ok(Some(trust))
}

fn clients(
    plan: &mut Plan<'_>,
    spec: &Spec,
    (trust, provider): (Option<&Trust>, &Arc<CryptoProvider>),
    span: Span,
) -> Result<Option<Arc<Clients>>, Vec<String>> {
    let Some(trust) = trust else { return Ok(None) };
    let required = spec.verify == Some(Verify::Required);
    let mut made = Clients::new(trust, required, spec.ignored, provider).map_err(|e| vec![e])?;
    made.schemes = schemes(plan, spec.peer_schemes.as_deref(), span)?;
    Ok(Some(Arc::new(made)))
}

fn unreadable(plan: &mut Plan<'_>, name: &str, [first, second]: [String; 2]) -> String {
    // What isn't read can't be unreadable: only the second sentence holds.
    if !plan.tls.sealed {
        plan.remarks.alert_bare(format!("config : {first}"));
    }
    format!("'{name}' : {second}")
}

/// Reads the files that a line names for verifying as soon as the line is read, so that what is wrong with them is said
/// at their place.
pub(crate) fn look(plan: &mut Plan<'_>, spec: &Spec) -> Result<(), String> {
    let of_authorities = [("ca-file", &spec.ca_file), ("ca-verify-file", &spec.ca_verify_file)];
    for (name, file) in of_authorities {
        if let Some(file) = file.as_deref() {
            files::find_authorities(plan, file).map_err(|words| unreadable(plan, name, words))?;
        }
    }
    if let Some(file) = spec.ticket_keys.as_deref() {
        files::ticket_keys(plan, file)?;
    }
    if let Some(file) = spec.crl_file.as_deref() {
        files::find_revocations(plan, file).map_err(|words| unreadable(plan, "crl-file", words))?;
    }
    Ok(())
}
