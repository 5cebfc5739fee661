//! Files of certificates: which ones belong to a name, and what is in them (manual 3.1 "crt-base", "ssl-load-extra-files",
//! 5.1 "crt").

use std::io;
use std::sync::Arc;

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, CertificateRevocationListDer};
use state::tls::Certificate;
use state::tls::cert::{self, Wrong};

use crate::ctx::Plan;

/// The files that make a certificate.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Parts {
    pub(crate) crt: String,
    pub(crate) key: Option<String>,
    pub(crate) ocsp: Option<String>,
    pub(crate) issuer: Option<String>,
}

/// What is looked for beside a certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Extra {
    pub(crate) bundle: bool,
    pub(crate) key: bool,
    pub(crate) ocsp: bool,
    pub(crate) issuer: bool,
    /// `ssl-load-extra-del-ext`: the names of the others have no `.crt` in the middle.
    pub(crate) replaces: bool,
}

impl Default for Extra {
    fn default() -> Self {
        Self { bundle: true, key: true, ocsp: true, issuer: true, replaces: false }
    }
}

/// The ends of names that are siblings of the same certificate with other keys.
const BUNDLE: [&str; 3] = ["rsa", "dsa", "ecdsa"];
/// The ends of names in a directory that are no certificates.
const COMPANIONS: [&str; 5] = [".issuer", ".ocsp", ".sctl", ".key", ".crl"];

/// The path of a file under the directory for its kind.
pub(crate) fn path(base: Option<&str>, name: &str) -> String {
    match base {
        Some(base) if !name.starts_with(['/', '@']) => format!("{base}/{name}"),
        _ => name.to_owned(),
    }
}

/// What the system says is wrong, without its number.
pub(crate) fn words(error: &io::Error) -> String {
    let text = error.to_string();
    text.split(" (os error").next().unwrap_or_default().to_owned()
}

/// All certificates that a name on a line stands for: of a file, its siblings, a directory, a store. Errors are
/// HAProxy's sentences.
pub(crate) fn certificates(plan: &mut Plan<'_>, name: &str) -> Result<Vec<Arc<Certificate>>, String> {
    if plan.tls.stored.contains_key(name) {
        return Ok(vec![stored(plan, name)?]);
    }
    let path = path(plan.tls.crt_base, name);
    if plan.tls.stored.contains_key(&path) {
        return Ok(vec![stored(plan, &path)?]);
    }
    if let Some(have) = plan.tls.certificates.get(&*path) {
        return Ok(vec![Arc::clone(have)]);
    }
    if let Ok(mut names) = (plan.env.list)(&path) {
        names.retain(|name| !name.starts_with('.') && !COMPANIONS.iter().any(|end| name.ends_with(end)));
        names.sort_unstable();
        let mut found = Vec::new();
        for name in names {
            found.push(one(plan, &format!("{path}/{name}"))?);
        }
        return Ok(found);
    }
    match plan.read(&path) {
        Ok(_) => Ok(vec![one(plan, &path)?]),
        Err(error) => {
            let siblings = if plan.tls.extra.bundle { bundle(plan, &path)? } else { Vec::new() };
            if siblings.is_empty() {
                let why = words(&error);
                return Err(format!("unable to stat SSL certificate from file '{path}' : {why}."));
            }
            Ok(siblings)
        }
    }
}

fn bundle(plan: &mut Plan<'_>, path: &str) -> Result<Vec<Arc<Certificate>>, String> {
    let mut found = Vec::new();
    for kind in BUNDLE {
        let path = format!("{path}.{kind}");
        if plan.read(&path).is_ok() {
            found.push(one(plan, &path)?);
        }
    }
    Ok(found)
}

/// One certificate with what lies beside it.
fn one(plan: &mut Plan<'_>, path: &str) -> Result<Arc<Certificate>, String> {
    if let Some(have) = plan.tls.certificates.get(path) {
        return Ok(Arc::clone(have));
    }
    let extra = plan.tls.extra;
    let stem = if extra.replaces { path.strip_suffix(".crt").unwrap_or(path) } else { path };
    let beside = |wanted: bool, end: &str| wanted.then(|| format!("{stem}.{end}"));
    let parts = Parts {
        crt: path.to_owned(),
        key: beside(extra.key, "key"),
        ocsp: beside(extra.ocsp, "ocsp"),
        issuer: beside(extra.issuer, "issuer"),
    };
    load(plan, path, &parts)
}

fn stored(plan: &mut Plan<'_>, name: &str) -> Result<Arc<Certificate>, String> {
    if let Some(have) = plan.tls.certificates.get(name) {
        return Ok(Arc::clone(have));
    }
    let parts = plan.tls.stored.get(name).cloned().unwrap_or_default();
    load(plan, name, &parts)
}

/// Reads a certificate from its files and keeps it under its name.
pub(crate) fn load(plan: &mut Plan<'_>, name: &str, parts: &Parts) -> Result<Arc<Certificate>, String> {
    let path = &parts.crt;
    let pem = plan
        .read(path)
        .map_err(|e| format!("unable to stat SSL certificate from file '{path}' : {}.", words(&e)))?;
    let optional = |path: &Option<String>| path.as_ref().and_then(|path| plan.read(path).ok());
    let key = optional(&parts.key);
    let ocsp = optional(&parts.ocsp);
    let issuer = optional(&parts.issuer).and_then(|text| cert::certificates(&text).ok()).unwrap_or_default();
    let issuers = if issuer.is_empty() { plan.tls.issuers.clone() } else { issuer };
    let made = Certificate::read(name, &pem, key.as_deref(), ocsp, &issuers);
    let made = made.map_err(|wrong| match wrong {
        Wrong::Certificate(what) => format!("unable to load certificate from file '{path}': {what}."),
        Wrong::NoKey => {
            let key = parts.key.clone().unwrap_or_else(|| path.clone());
            format!("No Private Key found in '{key}'.")
        }
        Wrong::Key(what) => format!("unable to load private key from file '{path}': {what}."),
        Wrong::Mismatch => {
            format!("inconsistencies between private key and certificate loaded '{path}'.")
        }
    })?;
    let made = Arc::new(made);
    plan.tls.certificates.insert(name.into(), Arc::clone(&made));
    Ok(made)
}

/// The authorities of a `ca-file`: a file, a directory, or those of the system. Errors are HAProxy's two sentences, the
/// first for a line of its own.
pub(crate) fn authorities(plan: &Plan<'_>, name: &str) -> Result<Vec<CertificateDer<'static>>, [String; 2]> {
    if name == "@system-ca" {
        return Ok(system(plan));
    }
    let path = path(plan.tls.ca_base, name);
    let fail = |why: &str| {
        [format!("Couldn't open the ca-file '{path}' ({why})."), format!("unable to load {path}")]
    };
    if let Ok(names) = (plan.env.list)(&path) {
        let texts = names.iter().filter_map(|name| plan.read(&format!("{path}/{name}")).ok());
        return Ok(texts.filter_map(|text| cert::certificates(&text).ok()).flatten().collect());
    }
    let text = plan.read(&path).map_err(|e| fail(&words(&e)))?;
    cert::certificates(&text).map_err(|_| fail("no certificate or crl found"))
}

/// Where systems keep the authorities they trust.
const SYSTEM: [&str; 4] = [
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
];

fn system(plan: &Plan<'_>) -> Vec<CertificateDer<'static>> {
    let text = SYSTEM.iter().find_map(|path| (plan.env.read_file)(path).ok());
    text.and_then(|text| cert::certificates(&text).ok()).unwrap_or_default()
}

/// The lists of a `crl-file`.
pub(crate) fn revocations(
    plan: &Plan<'_>,
    name: &str,
) -> Result<Vec<CertificateRevocationListDer<'static>>, [String; 2]> {
    let path = path(plan.tls.ca_base, name);
    let fail = |why: &str| {
        [format!("Couldn't open the ca-file '{path}' ({why})."), format!("unable to load {path}")]
    };
    let text = plan.read(&path).map_err(|e| fail(&words(&e)))?;
    let lists: Vec<_> = CertificateRevocationListDer::pem_slice_iter(&text).filter_map(Result::ok).collect();
    if lists.is_empty() { Err(fail("no certificate or crl found")) } else { Ok(lists) }
}
