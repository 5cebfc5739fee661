//! `… ssl crl-file`: revocation lists, as they are and how to change them while traffic runs (management manual 9.3).

use rustls::pki_types::CertificateRevocationListDer;
use rustls::pki_types::pem::PemObject as _;
use state::tls::store::Revoked;
use state::tls::x509;

use super::prelude::*;
use super::ssl_ca_file::indexed;
use super::transaction::{Done, Kind, answer};

#[rustfmt::skip]
pub(super) const KEYWORDS: &[Command] = &[
    admin(&["abort", "ssl", "crl-file"], "abort ssl crl-file <crlfile>", "abort a transaction for a CRL file",
        |q, _, out| answer(q, FILES.abort(q), out)),
    admin(&["commit", "ssl", "crl-file"], "commit ssl crl-file <crlfile>", "commit a CRL file", |q, _, out| answer(q, commit(q), out)),
    admin(&["del", "ssl", "crl-file"], "del ssl crl-file <crlfile>", "delete an unused CRL file", |q, _, out| answer(q, FILES.delete(q), out)),
    admin(&["new", "ssl", "crl-file"], "new ssl crl-file <crlfile>", "create a new CRL file to be used in a crt-list",
        |q, _, out| answer(q, FILES.create(q), out)),
    admin(&["set", "ssl", "crl-file"], "set ssl crl-file <crlfile> <payload>", "replace a CRL file", |q, _, out| answer(q, set(q), out)),
    operator(&["show", "ssl", "crl-file"], "show ssl crl-file [<crlfile[:<index>>]]",
        "display the SSL CRL files used in memory, or the details of a <crlfile>, or a single CRL of index <index> of CRL \
         file <crlfile>", |q, _, out| show(q, out)),
];

const FILES: Kind<Revoked> = Kind {
    word: "crl-file",
    name: "CRL file",
    title: "CRL file",
    created: "New CRL file created",
    transaction: ("transaction", "CRL"),
    is_held: |_| false,
    files: |store| &store.revocations,
    files_mut: |store| &mut store.revocations,
    pending: |transactions| &mut transactions.revocations,
};

fn set(query: &Query<'_>) -> Done {
    let name = query.text(3);
    let Some(payload) = query.payload.filter(|_| !name.is_empty()) else {
        return Err("'set ssl crl-file' expects a filename and CRLs as a payload".to_owned());
    };
    let cannot = |why: &str| format!("{why}\nCan't update {name}!");
    FILES.only(query, &name, "set").map_err(|why| cannot(&why))?;
    if !query.world.tls.revocations.contains_key(&*name) {
        return Err(cannot("Can't replace a CRL file which is not referenced by the configuration!"));
    }
    let lists = CertificateRevocationListDer::pem_slice_iter(payload).filter_map(Result::ok);
    let readable: Vec<_> = lists.filter(|list| x509::revocations(list).is_some()).collect();
    if readable.is_empty() {
        return Err(cannot("Invalid payload"));
    }
    Ok(FILES.begin(query, &name, Revoked(readable)))
}

fn commit(query: &Query<'_>) -> Done {
    if query.word(3).is_empty() {
        // HAProxy names the other kind of file.
        return Err("'commit ssl ca-file' expects a filename".to_owned());
    }
    FILES.commit(query, |_, _, pending| Ok(pending.clone()))
}

fn show(query: &Query<'_>, out: &mut Vec<u8>) -> Answer {
    let text = query.text(3);
    if text.is_empty() {
        return FILES.list(query, |_| String::new(), out);
    }
    let (name, index) = indexed(&text);
    let shown = FILES.show(query, name, |content, status| details(name, content, status, index));
    match shown {
        Some(text) => out.extend_from_slice(text.as_bytes()),
        None => return query.refuse("Can't display the CRL file : Not found!", out),
    }
    Answer::Done
}

fn details(name: &str, content: &Revoked, status: &str, index: Option<usize>) -> String {
    let status = if content.0.is_empty() && status != "Uncommitted" { "Empty" } else { status };
    let mut text = format!("Filename: {name}\nStatus: {status}\n");
    for (number, der) in
        (1..).zip(&content.0).filter(|(number, _)| index.is_none_or(|index| index == *number))
    {
        text.push_str(&format!(" \nCertificate Revocation List #{number}:\n"));
        text.push_str(&x509::revocations(der).unwrap_or_default());
    }
    text
}
