//! `… ssl ca-file`: files of authorities, as they are and how to change them while traffic runs (management manual 9.3).

use state::tls::cert;
use state::tls::store::Authorities;

use super::prelude::*;
use super::ssl_cert::certificate;
use super::transaction::{Done, Kind, answer};

#[rustfmt::skip]
pub(super) const KEYWORDS: &[Command] = &[
    admin(&["abort", "ssl", "ca-file"], "abort ssl ca-file <cafile>", "abort a transaction for a CA file",
        |q, _, out| answer(q, FILES.abort(q), out)),
    admin(&["add", "ssl", "ca-file"], "add ssl ca-file <cafile> <payload>", "add a certificate into the CA file",
        |q, _, out| answer(q, set(q, true), out)),
    admin(&["commit", "ssl", "ca-file"], "commit ssl ca-file <cafile>", "commit a CA file", |q, _, out| answer(q, commit(q), out)),
    admin(&["del", "ssl", "ca-file"], "del ssl ca-file <cafile>", "delete an unused CA file", |q, _, out| answer(q, FILES.delete(q), out)),
    admin(&["new", "ssl", "ca-file"], "new ssl ca-file <cafile>", "create a new CA file to be used in a crt-list",
        |q, _, out| answer(q, FILES.create(q), out)),
    admin(&["set", "ssl", "ca-file"], "set ssl ca-file <cafile> <payload>", "replace a CA file", |q, _, out| answer(q, set(q, false), out)),
    operator(&["show", "ssl", "ca-file"], "show ssl ca-file [<cafile>[:<index>]]",
        "display the SSL CA files used in memory, or the details of a <cafile>, or a single certificate of index <index> \
         of a CA file <cafile>", |q, _, out| show(q, out)),
];

const FILES: Kind<Authorities> = Kind {
    word: "ca-file",
    name: "CA file",
    title: "CA file",
    created: "New CA file created",
    transaction: ("transaction", "CA"),
    is_held: |_| false,
    files: |store| &store.authorities,
    files_mut: |store| &mut store.authorities,
    pending: |transactions| &mut transactions.authorities,
};

/// `more`: what is given is added to what is there.
fn set(query: &Query<'_>, more: bool) -> Done {
    let name = query.text(3);
    let Some(payload) = query.payload.filter(|_| !name.is_empty()) else {
        return Err("'set ssl ca-file' expects a filename and CAs as a payload".to_owned());
    };
    let cannot = |why: &str| format!("{why}\nCan't update {name}!");
    FILES.only(query, &name, "set").map_err(|why| cannot(&why))?;
    let Some(before) = query.world.tls.authorities.get(&*name) else {
        return Err(cannot("Can't replace a CA file which is not referenced by the configuration!"));
    };
    let given = cert::certificates(payload).map_err(|_| cannot("Invalid payload"))?;
    let mut content = Authorities::default();
    if more {
        let pending = FILES.show(query, &format!("*{name}"), |pending, _| pending.clone());
        content = pending.unwrap_or_else(|| Authorities::clone(&before.content));
    }
    content.0.extend(given);
    Ok(FILES.begin(query, &name, content))
}

fn commit(query: &Query<'_>) -> Done {
    if query.word(3).is_empty() {
        return Err("'commit ssl ca-file' expects a filename".to_owned());
    }
    FILES.commit(query, |_, _, pending| Ok(pending.clone()))
}

/// A name, and the number of what is wanted of the file, counted from 1.
pub(super) fn indexed(text: &str) -> (&str, Option<usize>) {
    match text.rsplit_once(':') {
        Some((name, index)) if index.bytes().all(|b| b.is_ascii_digit()) => (name, index.parse().ok()),
        _ => (text, None),
    }
}

fn show(query: &Query<'_>, out: &mut Vec<u8>) -> Answer {
    let text = query.text(3);
    if text.is_empty() {
        return FILES.list(query, |content| format!(" - {} certificate(s)", content.0.len()), out);
    }
    let (name, index) = indexed(&text);
    let shown = FILES.show(query, name, |content, status| details(name, content, status, index));
    match shown {
        Some(text) => out.extend_from_slice(text.as_bytes()),
        None => return query.refuse("Can't display the CA file : Not found!", out),
    }
    Answer::Done
}

fn details(name: &str, content: &Authorities, status: &str, index: Option<usize>) -> String {
    let wanted = (1..).zip(&content.0).filter(|(number, _)| index.is_none_or(|index| index == *number));
    let mut text = String::new();
    for (number, der) in wanted {
        if text.is_empty() {
            text = format!("Filename: {name}\nStatus: {status}\n");
        }
        text.push_str(&format!(" \nCertificate #{number}:\n"));
        certificate(der, &mut |title, value| text.push_str(&format!("{title}: {value}\n")));
    }
    text
}
