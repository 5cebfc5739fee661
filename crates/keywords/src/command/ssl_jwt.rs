//! `… ssl jwt`: which certificates tokens may be verified and decrypted with (management manual 9.3).

use std::sync::Arc;

use state::tls::store::Stored;

use super::prelude::*;
use super::ssl_cert::CERTIFICATES;

#[rustfmt::skip]
pub(super) const KEYWORDS: &[Command] = &[
    admin(&["add", "ssl", "jwt"], "add ssl jwt <certfile>", "add certificate to list of certificates used for JWT validation",
        |q, _, out| change(q, "add", true, out)),
    admin(&["del", "ssl", "jwt"], "del ssl jwt <certfile>", "remove certificate from list of certificates used for JWT validation",
        |q, _, out| change(q, "del", false, out)),
    operator(&["show", "ssl", "jwt"], "show ssl jwt", "show list of certificates used for JWT validation", |q, _, out| show(q, out)),
];

fn change(query: &Query<'_>, verb: &str, for_tokens: bool, out: &mut Vec<u8>) -> Answer {
    let name = query.text(3);
    if name.is_empty() {
        return query.refuse(&format!("'{verb} ssl cert' expects a filename"), out);
    }
    let Some(found) = query.world.tls.certificates.get(&*name) else {
        return query.refuse("Can't display the certificate: Not found or the certificate is a bundle!", out);
    };
    if found.content.for_tokens == for_tokens {
        return Answer::Done;
    }
    let changed = CERTIFICATES.put(query, |files| {
        if let Some(file) = files.get_mut(&*name) {
            file.content = Arc::new(Stored { for_tokens, ..Stored::clone(&file.content) });
        }
    });
    match changed {
        Ok(()) => Answer::Done,
        Err(why) => query.refuse(&why, out),
    }
}

fn show(query: &Query<'_>, out: &mut Vec<u8>) -> Answer {
    out.extend_from_slice(b"# filename\n");
    for (name, _) in query.world.tls.certificates.iter().filter(|(_, file)| file.content.for_tokens) {
        out.extend_from_slice(format!("{name}\n").as_bytes());
    }
    Answer::Done
}
