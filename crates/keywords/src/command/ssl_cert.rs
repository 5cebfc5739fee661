//! `… ssl cert`: certificates, as they are and how to change them while traffic runs (management manual 9.3). A certificate
//! has parts, each of which can be given alone: `<name>.key`, `<name>.ocsp`, `<name>.issuer`.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rustls::pki_types::CertificateDer;
use sha1::{Digest as _, Sha1};
use state::tls::cert::{self, Wrong};
use state::tls::ocsp;
use state::tls::store::{Stored, Texts};
use state::tls::x509::{self, Party, Style};

use super::prelude::*;
use super::transaction::{Done, Kind, answer};

#[rustfmt::skip]
pub(super) const KEYWORDS: &[Command] = &[
    admin(&["abort", "ssl", "cert"], "abort ssl cert <certfile>", "abort a transaction for a certificate file",
        |q, _, out| answer(q, CERTIFICATES.abort(q), out)),
    admin(&["commit", "ssl", "cert"], "commit ssl cert <certfile>", "commit a certificate file", |q, _, out| answer(q, commit(q), out)),
    admin(&["del", "ssl", "cert"], "del ssl cert <certfile>", "delete an unused certificate file",
        |q, _, out| answer(q, CERTIFICATES.delete(q), out)),
    admin(&["dump", "ssl", "cert"], "dump ssl cert <certfile>", "dump the SSL certificates in PEM format", |q, _, out| dump(q, out)),
    admin(&["new", "ssl", "cert"], "new ssl cert <certfile>", "create a new certificate file to be used in a crt-list or a directory",
        |q, _, out| answer(q, CERTIFICATES.create(q), out)),
    admin(&["set", "ssl", "cert"], "set ssl cert <certfile> <payload>", "replace a certificate file", |q, _, out| answer(q, set(q), out)),
    operator(&["show", "ssl", "cert"], "show ssl cert [<certfile>]",
        "display the SSL certificates used in memory, or the details of a file", |q, _, out| show(q, out)),
];

pub(super) const CERTIFICATES: Kind<Stored> = Kind {
    word: "cert",
    name: "certificate",
    title: "Certificate",
    created: "New empty certificate store",
    transaction: ("Transaction", "certificate"),
    is_held: |stored| stored.for_tokens,
    files: |store| &store.certificates,
    files_mut: |store| &mut store.certificates,
    pending: |transactions| &mut transactions.certificate,
};

/// A part of a certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    Whole,
    Key,
    Ocsp,
    Issuer,
}

/// The ends of names that are parts.
const PARTS: [(&str, Part); 3] = [(".key", Part::Key), (".ocsp", Part::Ocsp), (".issuer", Part::Issuer)];

/// The certificate that a name is about, and which part of it.
fn part_of(name: &str, known: impl Fn(&str) -> bool) -> Option<(String, Part)> {
    if known(name) {
        return Some((name.to_owned(), Part::Whole));
    }
    let (stem, part) = PARTS.iter().find_map(|(end, part)| Some((name.strip_suffix(end)?, *part)))?;
    // With `ssl-load-extra-del-ext` the others have their names without `.crt`.
    let candidates = [stem.to_owned(), format!("{stem}.crt")];
    candidates.into_iter().find(|name| known(name)).map(|name| (name, part))
}

fn set(query: &Query<'_>) -> Done {
    let name = query.text(3);
    let Some(payload) = query.payload.filter(|_| !name.is_empty()) else {
        return Err("'set ssl cert' expects a filename and a certificate as a payload".to_owned());
    };
    let cannot = |why: String| format!("{why}\nCan't update {name}!");
    let store = &query.world.tls;
    let found = part_of(&name, |name| store.certificates.contains_key(name));
    let (certificate, part) = found.unwrap_or_else(|| ((*name).to_owned(), Part::Whole));
    CERTIFICATES.only(query, &certificate, "set").map_err(cannot)?;
    let Some(before) = store.certificates.get(&*certificate) else {
        let why = "Can't replace a certificate which is not referenced by the configuration!";
        return Err(cannot(why.to_owned()));
    };
    let mut content = CERTIFICATES
        .show(query, &format!("*{certificate}"), |pending, _| pending.clone())
        .unwrap_or_else(|| Stored::clone(&before.content));
    content.made = None;
    let given = give(&certificate, &mut content.texts, part, payload);
    given.map_err(|why| cannot(format!("{why}Can't load the payload")))?;
    Ok(CERTIFICATES.begin(query, &certificate, content))
}

/// Takes a part in. Errors: the sentence in front of HAProxy's own, with its line end.
fn give(name: &str, texts: &mut Texts, part: Part, payload: &[u8]) -> Result<(), String> {
    match part {
        Part::Whole => {
            cert::certificates(payload).map_err(|wrong| match wrong {
                Wrong::Certificate(what) => {
                    format!("unable to load certificate from file '{name}': {what}.\n")
                }
                _ => String::new(),
            })?;
            texts.crt = payload.into();
            texts.key = None;
        }
        Part::Key => {
            if !cert::has_key(payload) {
                return Err(format!("unable to load private key from file '{name}'.\n"));
            }
            texts.key = Some(payload.into());
            texts.crt = cert::without_key(&texts.crt).into();
        }
        Part::Issuer => {
            if cert::certificates(payload).is_err() {
                return Err(format!("'{name}' cannot be read or parsed'.\n"));
            }
            texts.issuer = Some(payload.into());
        }
        Part::Ocsp => texts.ocsp = Some(decoded(payload).ok_or_else(String::new)?.into()),
    }
    Ok(())
}

/// The bytes behind base64 that may be broken into lines.
pub(super) fn decoded(text: &[u8]) -> Option<Vec<u8>> {
    let text: Vec<u8> = text.iter().copied().filter(|b| !b.is_ascii_whitespace()).collect();
    STANDARD.decode(text).ok()
}

fn commit(query: &Query<'_>) -> Done {
    let name = query.text(3);
    if name.is_empty() {
        return Err("'commit ssl cert' expects a filename".to_owned());
    }
    let mut keyless = false;
    let done = CERTIFICATES.commit(query, |query, name, pending| {
        let (parts, texts) = (pending.parts.clone(), pending.texts.clone());
        match Stored::make(name, parts, texts, &query.world.tls.issuers) {
            Ok(made) => Ok(Stored { for_tokens: pending.for_tokens, ..made }),
            Err(Wrong::NoKey) => {
                keyless = true;
                Ok(pending.clone())
            }
            Err(wrong) => Err(sentence(&wrong, name)),
        }
    });
    done.map_err(|why| match keyless {
        true => format!(
            "Committing {name}\nunable to load SSL private key into SSL Context '{name}': passed a null \
             parameter.\nFailed!"
        ),
        false => why,
    })
}

fn sentence(wrong: &Wrong, name: &str) -> String {
    match wrong {
        Wrong::Mismatch => format!("inconsistencies between private key and certificate loaded '{name}'."),
        Wrong::Certificate(what) => format!("unable to load certificate from file '{name}': {what}."),
        Wrong::Key(what) => format!("unable to load private key from file '{name}': {what}."),
        Wrong::NoKey => format!("No Private Key found in '{name}'."),
    }
}

fn show(query: &Query<'_>, out: &mut Vec<u8>) -> Answer {
    let name = query.text(3);
    if name.is_empty() {
        return CERTIFICATES.list(query, |_| String::new(), out);
    }
    if let Some(of) = name.strip_suffix(".ocsp")
        && let Some(response) = CERTIFICATES.show(query, of, |stored, _| stored.texts.ocsp.clone())
    {
        out.extend_from_slice(response.and_then(|der| ocsp::text(&der)).unwrap_or_default().as_bytes());
        return Answer::Done;
    }
    let shown = CERTIFICATES.show(query, &name, |stored, status| details(&name, stored, status));
    match shown {
        Some(text) => out.extend_from_slice(text.as_bytes()),
        None => {
            return query
                .refuse("Can't display the certificate: Not found or the certificate is a bundle!", out);
        }
    }
    Answer::Done
}

fn details(name: &str, stored: &Stored, status: &str) -> String {
    let mut text = format!("Filename: {name}\n");
    let parts = &stored.parts;
    let mut line = |title: &str, value: &str| text.push_str(&format!("{title}: {value}\n"));
    if !parts.crt.is_empty() {
        line("Crt filename", &parts.crt);
    }
    let others = [
        ("Key filename", &parts.key),
        ("OCSP filename", &parts.ocsp),
        ("OCSP Issuer filename", &parts.issuer),
        ("SCTL filename", &parts.sctl),
    ];
    for (title, file) in others {
        if let Some(file) = file {
            line(title, file);
        }
    }
    line("Option", "ocsp-update off");
    line("Option", if stored.for_tokens { "jwt on" } else { "jwt off" });
    let chain = stored.chain();
    let Some((leaf, rest)) = chain.split_first() else {
        line("Status", if status == "Uncommitted" { status } else { "Empty" });
        line("OCSP Response Key", "");
        return text;
    };
    line(
        "Status",
        if stored.for_tokens && status != "Uncommitted" { "Used for JWT verification" } else { status },
    );
    certificate(leaf, &mut line);
    if let Some(file) = &stored.completed {
        line("Chain Filename", file);
    }
    for certificate in rest {
        line("Chain Subject", &x509::name(certificate, Party::Subject, Style::Slashes).unwrap_or_default());
        line("Chain Issuer", &x509::name(certificate, Party::Issuer, Style::Slashes).unwrap_or_default());
    }
    let key = stored.texts.ocsp.as_ref().and_then(|_| ocsp::key(leaf, &stored.issuer()?));
    line("OCSP Response Key", &key.map(|key| hex(&key)).unwrap_or_default());
    text
}

pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

/// What there is to say of a certificate: titles and values.
pub(super) fn certificate(der: &CertificateDer<'_>, line: &mut impl FnMut(&str, &str)) {
    let upper = |bytes: &[u8]| bytes.iter().map(|b| format!("{b:02X}")).collect::<String>();
    line("Serial", &x509::serial(der).map(|serial| upper(&serial)).unwrap_or_default());
    let (from, until) = x509::dates(der).unwrap_or_default();
    line("notBefore", &from);
    line("notAfter", &until);
    line("Subject Alternative Name", &x509::alternative_names(der).unwrap_or_default());
    line("Algorithm", &x509::key_size(der).unwrap_or_default());
    line("SHA1 FingerPrint", &upper(&Sha1::digest(der)));
    line("Subject", &x509::name(der, Party::Subject, Style::Slashes).unwrap_or_default());
    line("Issuer", &x509::name(der, Party::Issuer, Style::Slashes).unwrap_or_default());
}

fn dump(query: &Query<'_>, out: &mut Vec<u8>) -> Answer {
    let name = query.text(3);
    let dumped = CERTIFICATES.show(query, &name, |stored, _| {
        let key = stored.texts.key.as_deref().unwrap_or(&stored.texts.crt);
        let mut text = cert::keys(key).unwrap_or_default();
        for der in stored.chain() {
            text.extend_from_slice(ocsp::pem("CERTIFICATE", &STANDARD.encode(&*der)).as_bytes());
        }
        text
    });
    match dumped {
        Some(text) => {
            out.extend_from_slice(&text);
            Answer::Done
        }
        None => query.refuse("Can't display the certificate: Not found or the certificate is a bundle!", out),
    }
}
