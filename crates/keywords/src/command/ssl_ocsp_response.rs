//! `set ssl ocsp-response`, `show ssl ocsp-response`: what is stapled to handshakes (management manual 9.3).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use state::family::Edit;
use state::tls::ocsp;
use state::tls::store::{Store, Stored};

use super::dynamic::edit;
use super::prelude::*;
use super::ssl_cert::{decoded, hex};
use super::transaction::{Done, answer};

pub(super) const KEYWORDS: &[Command] = &[
    admin(
        &["set", "ssl", "ocsp-response"],
        "set ssl ocsp-response <resp|payload>",
        "update a certificate's OCSP Response from a base64-encode DER",
        |query, _, out| answer(query, set(query), out),
    ),
    admin(
        &["show", "ssl", "ocsp-response"],
        "show ssl ocsp-response [[text|base64] id]",
        "display the IDs of the OCSP responses used in memory, or the details of a single OCSP response (in text or \
              base64 format)",
        |query, _, out| show(query, out),
    ),
];

/// Names a certificate that has a response.
fn key(stored: &Stored) -> Option<Vec<u8>> {
    stored.texts.ocsp.as_ref()?;
    ocsp::key(stored.chain().first()?, &stored.issuer()?)
}

fn set(query: &Query<'_>) -> Done {
    let given = query.payload.unwrap_or_else(|| query.word(3));
    if given.is_empty() {
        return Err("'set ssl ocsp-response' expects response in base64 encoding.".to_owned());
    }
    let Some(der) = decoded(given) else {
        return Err("'set ssl ocsp-response' received invalid base64 encoded response.".to_owned());
    };
    let response = ocsp::parse(&der).ok_or("Unable to parse OCSP response.")?;
    let [single] = response.singles.as_slice() else {
        return Err("OCSP response ignored because contains multiple single responses.".to_owned());
    };
    let now_s = i64::try_from(query.wall_us / 1_000_000).unwrap_or(i64::MAX);
    if single.next_update.is_some_and(|next| next.timestamp() < now_s) {
        return Err("OCSP single response: no longer valid.".to_owned());
    }
    let mut store = Store::clone(&query.world.tls);
    let mut any = false;
    for (name, file) in &mut store.certificates {
        if key(&file.content).as_deref() != Some(&*single.id.der) {
            continue;
        }
        let mut texts = file.content.texts.clone();
        texts.ocsp = Some(der.clone().into());
        let made = Stored::make(name, file.content.parts.clone(), texts, &store.issuers);
        file.content = made.map_err(|_| "OCSP response can't be used.")?.into();
        any = true;
    }
    if !any {
        return Err("OCSP response: Certificate ID does not match any certificate or issuer.".to_owned());
    }
    edit(query, &Edit::TlsFiles(&store))?;
    Ok("OCSP Response updated!".to_owned())
}

fn show(query: &Query<'_>, out: &mut Vec<u8>) -> Answer {
    let (base64, at) = match query.word(3) {
        b"" => return all(query, out),
        b"base64" => (true, 4),
        b"text" => (false, 4),
        _ => (false, 3),
    };
    let id = query.text(at);
    if id.is_empty() {
        return query.refuse("'show ssl ocsp-response [text|base64]' expects a valid certid.", out);
    }
    let mut files = query.world.tls.certificates.iter();
    let found = files.find(|(name, file)| {
        ***name == *id && file.content.texts.ocsp.is_some()
            || key(&file.content).is_some_and(|key| hex(&key).eq_ignore_ascii_case(&id))
    });
    let Some(der) = found.and_then(|(_, file)| file.content.texts.ocsp.as_deref()) else {
        return query.refuse("'show ssl ocsp-response' expects a valid certid or certificate path.", out);
    };
    let text = if base64 { Some(format!("{}\n", STANDARD.encode(der))) } else { ocsp::text(der) };
    out.extend_from_slice(text.unwrap_or_default().as_bytes());
    Answer::Done
}

/// Which certificates have one.
fn all(query: &Query<'_>, out: &mut Vec<u8>) -> Answer {
    out.extend_from_slice(b"# Certificate IDs\n");
    let mut seen: Vec<Vec<u8>> = Vec::new();
    for (name, file) in &query.world.tls.certificates {
        let Some(key) = key(&file.content).filter(|key| !seen.contains(key)) else { continue };
        let Some(id) = ocsp::Id::parse(&key) else { continue };
        let text =
            format!("Certificate ID key : {}\nCertificate path : {name}\n Certificate ID:\n", hex(&key));
        out.extend_from_slice(text.as_bytes());
        out.extend_from_slice(id.text("   ").as_bytes());
        seen.push(key);
    }
    Answer::Done
}
