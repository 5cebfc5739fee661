//! Files of certificates: which ones belong to a name, and what is in them (manual 3.1 "crt-base", "ssl-load-extra-files",
//! 5.1 "crt"). What was read is in the store; a World that takes over with the store of another reads no file again.

use std::io;
use std::sync::Arc;

use config::Span;
use rustls::pki_types::CertificateRevocationListDer;
use rustls::pki_types::pem::PemObject as _;
use state::tls::Certificate;
use state::tls::cert::{self, Wrong};
use state::tls::list::List;
use state::tls::store::{Authorities, File, Parts, Revoked, Stored, Texts};
use state::tls::tickets::Keys;

use crate::ctx::Plan;

/// What is looked for beside a certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Extra {
    pub(crate) bundle: bool,
    pub(crate) key: bool,
    pub(crate) ocsp: bool,
    pub(crate) issuer: bool,
    pub(crate) sctl: bool,
    /// `ssl-load-extra-del-ext`: the names of the others have no `.crt` in the middle.
    pub(crate) replaces: bool,
}

impl Extra {
    pub(crate) const ALL: Self =
        Self { bundle: true, key: true, ocsp: true, issuer: true, sctl: true, replaces: false };
    pub(crate) const NONE: Self =
        Self { bundle: false, key: false, ocsp: false, issuer: false, sctl: false, replaces: false };
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
pub(crate) fn certificates(
    plan: &mut Plan<'_>,
    span: Span,
    name: &str,
) -> Result<Vec<Arc<Certificate>>, String> {
    let names = named(plan, span, name)?;
    names.iter().map(|name| used(plan, name)).collect()
}

/// The certificate of this name in the store, for one who uses it.
fn used(plan: &mut Plan<'_>, name: &str) -> Result<Arc<Certificate>, String> {
    let file = plan.tls.store.certificates.get_mut(name);
    let made = file.and_then(|file| {
        file.uses += 1;
        file.content.made.clone()
    });
    made.ok_or_else(|| {
        format!("unable to load SSL private key into SSL Context '{name}': passed a null parameter.")
    })
}

/// The names in the store of all certificates that a name on a line stands for; they are there then.
pub(crate) fn named(plan: &mut Plan<'_>, span: Span, name: &str) -> Result<Vec<Box<str>>, String> {
    let path = path(plan.tls.crt_base, name);
    for known in [name, &path] {
        if plan.tls.store.certificates.contains_key(known) {
            return Ok(vec![known.into()]);
        }
    }
    if plan.tls.sealed {
        return sealed(plan, span, &path);
    }
    if let Ok(mut names) = (plan.env.list)(&path) {
        names.retain(|name| !name.starts_with('.') && !COMPANIONS.iter().any(|end| name.ends_with(end)));
        names.sort_unstable();
        let names: Vec<Box<str>> = names.iter().map(|name| format!("{path}/{name}").into()).collect();
        for name in &names {
            one(plan, name)?;
        }
        plan.tls
            .store
            .lists
            .insert(path.as_str().into(), File::new(List::of_directory(names.iter().cloned())));
        list_is_used(plan, span, &path);
        return Ok(names);
    }
    match plan.read(&path) {
        Ok(_) => one(plan, &path).map(|()| vec![path.into()]),
        Err(error) => {
            let siblings = if plan.tls.extra.bundle { bundle(plan, &path)? } else { Vec::new() };
            if siblings.is_empty() { Err(unreadable(&path, &words(&error))) } else { Ok(siblings) }
        }
    }
}

fn unreadable(path: &str, why: &str) -> String {
    format!("unable to stat SSL certificate from file '{path}' : {why}.")
}

/// The same where nothing is read: directories and siblings as they were when they were.
fn sealed(plan: &mut Plan<'_>, span: Span, path: &str) -> Result<Vec<Box<str>>, String> {
    if let Some(list) = plan.tls.store.lists.get(path).filter(|list| list.content.directory) {
        let names = list.content.entries.iter().map(|line| line.certificate.clone()).collect();
        list_is_used(plan, span, path);
        return Ok(names);
    }
    let known: Vec<Box<str>> = BUNDLE
        .iter()
        .map(|kind| format!("{path}.{kind}"))
        .filter(|path| plan.tls.store.certificates.contains_key(path.as_str()))
        .map(Into::into)
        .collect();
    if known.is_empty() { Err(unreadable(path, "No such file or directory")) } else { Ok(known) }
}

fn bundle(plan: &mut Plan<'_>, path: &str) -> Result<Vec<Box<str>>, String> {
    let mut found = Vec::new();
    for kind in BUNDLE {
        let path = format!("{path}.{kind}");
        if plan.read(&path).is_ok() {
            one(plan, &path)?;
            found.push(path.into());
        }
    }
    Ok(found)
}

/// One certificate with what lies beside it.
fn one(plan: &mut Plan<'_>, path: &str) -> Result<(), String> {
    let extra = plan.tls.extra;
    let stem = if extra.replaces { path.strip_suffix(".crt").unwrap_or(path) } else { path };
    let beside = |wanted: bool, end: &str| wanted.then(|| format!("{stem}.{end}"));
    let parts = Parts {
        crt: path.to_owned(),
        key: beside(extra.key, "key"),
        ocsp: beside(extra.ocsp, "ocsp"),
        issuer: beside(extra.issuer, "issuer"),
        sctl: beside(extra.sctl, "sctl"),
    };
    load(plan, path, parts)
}

/// Reads a certificate from its files and puts it into the store under its name, if it isn't there.
fn load(plan: &mut Plan<'_>, name: &str, parts: Parts) -> Result<(), String> {
    if plan.tls.store.certificates.contains_key(name) {
        return Ok(());
    }
    let path = parts.crt.clone();
    match made(plan, name, parts) {
        Ok(Stored { made: None, .. }) => Err(sentence(&Wrong::NoKey, &path)),
        Ok(mut made) => {
            made.parts.key.get_or_insert(path);
            plan.tls.store.certificates.insert(name.into(), File::new(made));
            Ok(())
        }
        Err(wrong) => Err(wrong),
    }
}

/// The same for those that may do without a key: a `load` line's, and what tokens are verified with. Who serves with it
/// needs one. `shown`: what is told of where it comes from. `for_tokens`: tokens may be verified and decrypted with it.
pub(crate) fn load_keyless(
    plan: &mut Plan<'_>,
    name: &str,
    parts: Parts,
    shown: Parts,
    for_tokens: bool,
) -> Result<(), String> {
    if plan.tls.sealed || plan.tls.store.certificates.contains_key(name) {
        return Ok(());
    }
    let made = Stored { parts: shown, for_tokens, ..made(plan, name, parts)? };
    plan.tls.store.certificates.insert(name.into(), File::new(made));
    Ok(())
}

/// Has tokens be verified with a certificate, which is read if it isn't known. Errors: it can't be.
pub(crate) fn for_tokens(plan: &mut Plan<'_>, name: &str) -> Result<(), String> {
    if !plan.tls.sealed {
        let parts = Parts { crt: name.to_owned(), ..Parts::default() };
        load_keyless(plan, name, parts, Parts::default(), true)?;
        if let Some(file) = plan.tls.store.certificates.get_mut(name) {
            Arc::make_mut(&mut file.content).for_tokens = true;
        }
    }
    Ok(())
}

/// A certificate of its files, made only if there is a key.
fn made(plan: &Plan<'_>, name: &str, parts: Parts) -> Result<Stored, String> {
    let path = parts.crt.clone();
    let crt = plan.read(&path).map_err(|e| unreadable(&path, &words(&e)))?;
    let optional = |path: &Option<String>| {
        path.as_ref().and_then(|path| plan.read(path).ok()).map(Vec::into_boxed_slice)
    };
    let key = optional(&parts.key);
    let texts = Texts { crt: crt.into(), ocsp: optional(&parts.ocsp), issuer: optional(&parts.issuer), key };
    let parts = Parts {
        key: parts.key.filter(|_| texts.key.is_some()),
        issuer: parts.issuer.filter(|_| texts.issuer.is_some()),
        ..parts
    };
    match Stored::make(name, parts.clone(), texts.clone(), &plan.tls.store.issuers) {
        Err(Wrong::NoKey) => Ok(Stored { parts, texts, ..Stored::default() }),
        made => made.map_err(|wrong| sentence(&wrong, &path)),
    }
}

fn sentence(wrong: &Wrong, path: &str) -> String {
    match wrong {
        Wrong::Certificate(what) => format!("unable to load certificate from file '{path}': {what}."),
        Wrong::NoKey => format!("No Private Key found in '{path}' or '{path}.key'."),
        Wrong::Key(what) => format!("unable to load private key from file '{path}': {what}."),
        Wrong::Mismatch => format!("inconsistencies between private key and certificate loaded '{path}'."),
    }
}

/// Notes that a line of the configuration serves a list.
pub(crate) fn list_is_used(plan: &mut Plan<'_>, span: Span, name: &str) {
    let place = plan.place(span);
    if let Some(list) = plan.tls.store.lists.get_mut(name) {
        list.uses += 1;
        Arc::make_mut(&mut list.content).binds.push(place.into());
    }
}

/// The authorities of a `ca-file`, for one who uses them. Errors as for [`find_authorities`].
pub(crate) fn authorities(plan: &mut Plan<'_>, name: &str) -> Result<Arc<Authorities>, [String; 2]> {
    let name = find_authorities(plan, name)?;
    Ok(used_file(plan.tls.store.authorities.get_mut(&name)))
}

/// The same of a `crl-file`.
pub(crate) fn revocations(plan: &mut Plan<'_>, name: &str) -> Result<Arc<Revoked>, [String; 2]> {
    let name = find_revocations(plan, name)?;
    Ok(used_file(plan.tls.store.revocations.get_mut(&name)))
}

fn used_file<T: Default>(file: Option<&mut File<T>>) -> Arc<T> {
    file.map(|file| {
        file.uses += 1;
        Arc::clone(&file.content)
    })
    .unwrap_or_default()
}

/// Puts the authorities of a `ca-file` into the store: those of a file, of a directory, or of the system. Gives their name
/// there. Errors are HAProxy's two sentences, the first for a line of its own.
pub(crate) fn find_authorities(plan: &mut Plan<'_>, name: &str) -> Result<Box<str>, [String; 2]> {
    let path = path(plan.tls.ca_base, name);
    for known in [name, &path] {
        if plan.tls.store.authorities.contains_key(known) {
            return Ok(known.into());
        }
    }
    if plan.tls.sealed {
        return Err(no_file(&path, "No such file or directory"));
    }
    let found = if name == "@system-ca" {
        system(plan)
    } else if let Ok(names) = (plan.env.list)(&path) {
        let texts = names.iter().filter_map(|name| plan.read(&format!("{path}/{name}")).ok());
        texts.filter_map(|text| cert::certificates(&text).ok()).flatten().collect()
    } else {
        let text = plan.read(&path).map_err(|e| no_file(&path, &words(&e)))?;
        cert::certificates(&text).map_err(|_| no_file(&path, "no certificate or crl found"))?
    };
    plan.tls.store.authorities.insert(path.as_str().into(), File::new(Authorities(found)));
    Ok(path.into())
}

/// The same for the lists of a `crl-file`.
pub(crate) fn find_revocations(plan: &mut Plan<'_>, name: &str) -> Result<Box<str>, [String; 2]> {
    let path = path(plan.tls.ca_base, name);
    for known in [name, &path] {
        if plan.tls.store.revocations.contains_key(known) {
            return Ok(known.into());
        }
    }
    if plan.tls.sealed {
        return Err(no_file(&path, "No such file or directory"));
    }
    let text = plan.read(&path).map_err(|e| no_file(&path, &words(&e)))?;
    let lists: Vec<_> = CertificateRevocationListDer::pem_slice_iter(&text).filter_map(Result::ok).collect();
    if lists.is_empty() {
        return Err(no_file(&path, "no certificate or crl found"));
    }
    plan.tls.store.revocations.insert(path.as_str().into(), File::new(Revoked(lists)));
    Ok(path.into())
}

fn no_file(path: &str, why: &str) -> [String; 2] {
    [format!("Couldn't open the ca-file '{path}' ({why})."), format!("unable to load {path}")]
}

/// Where systems keep the authorities they trust.
const SYSTEM: [&str; 4] = [
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
];

fn system(plan: &Plan<'_>) -> Vec<rustls::pki_types::CertificateDer<'static>> {
    let text = SYSTEM.iter().find_map(|path| (plan.env.read_file)(path).ok());
    text.and_then(|text| cert::certificates(&text).ok()).unwrap_or_default()
}

/// The keys of a `tls-ticket-keys` file. Errors are HAProxy's sentences.
pub(crate) fn ticket_keys(plan: &mut Plan<'_>, name: &str) -> Result<Arc<Keys>, String> {
    if let Some((_, keys)) = plan.tls.store.ticket_keys.iter().find(|(file, _)| **file == *name) {
        return Ok(Arc::clone(keys));
    }
    let text = plan.read(name).map_err(|_| format!("'{name}' : unable to load ssl tickets keys file"))?;
    let keys = Keys::parse(&String::from_utf8_lossy(&text)).map_err(|why| format!("'{name}' : {why}"))?;
    let keys = Arc::new(keys);
    plan.tls.store.ticket_keys.push((name.into(), Arc::clone(&keys)));
    Ok(keys)
}
