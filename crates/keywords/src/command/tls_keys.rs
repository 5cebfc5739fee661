//! `show tls-keys`, `set ssl tls-key`: the keys that seal the sessions which clients keep (management manual 9.3).

use std::sync::Arc;

use state::tls::tickets::Keys;

use super::prelude::*;
use super::ssl_cert::decoded;

pub(super) const KEYWORDS: &[Command] = &[
    admin(
        &["set", "ssl", "tls-key"],
        "set ssl tls-key [id|file] <key>",
        "set the next TLS key for the <id> or <file> listener to <key>",
        |query, _, out| set(query, out),
    ),
    admin(
        &["show", "tls-keys"],
        "show tls-keys [id|*]",
        "show tls keys references or dump tls ticket keys when id specified",
        |query, _, out| show(query, out),
    ),
];

/// The file that a word names, by its path or by its number behind a `#`; and that number.
fn named<'w>(query: &Query<'w>, word: &str) -> Option<(usize, &'w str, &'w Arc<Keys>)> {
    let number = numbered(word).and_then(|number| usize::try_from(number).ok());
    let mut all = all(query);
    all.find(|(id, file, _)| number.map_or(*file == word, |number| *id == number))
}

/// All files, the one that was named last in front.
fn all<'w>(query: &Query<'w>) -> impl Iterator<Item = (usize, &'w str, &'w Arc<Keys>)> {
    let files = query.world.tls.ticket_keys.iter().rev();
    files.enumerate().map(|(id, (file, keys))| (id, &**file, keys))
}

fn show(query: &Query<'_>, out: &mut Vec<u8>) -> Answer {
    let word = query.text(2);
    let wanted: Vec<_> = match &*word {
        "" => {
            out.extend_from_slice(b"# id (file)\n");
            for (id, file, _) in all(query) {
                out.extend_from_slice(format!("{id} ({file})\n").as_bytes());
            }
            return Answer::Done;
        }
        "*" => all(query).collect(),
        word => named(query, word).into_iter().collect(),
    };
    if wanted.is_empty() && word != "*" {
        return query.refuse("'show tls-keys' unable to locate referenced filename", out);
    }
    out.extend_from_slice(b"# id secret\n");
    for (id, file, keys) in wanted {
        out.extend_from_slice(format!("# {id} ({file})\n").as_bytes());
        for (number, key) in keys.texts().iter().enumerate() {
            out.extend_from_slice(format!("{id}.{number} {key}\n").as_bytes());
        }
    }
    Answer::Done
}

fn set(query: &Query<'_>, out: &mut Vec<u8>) -> Answer {
    let (file, key) = (query.text(3), query.word(4));
    if file.is_empty() || key.is_empty() {
        let why = "'set ssl tls-key' expects a filename and the new TLS key in base64 encoding.";
        return query.refuse(why, out);
    }
    let Some((_, _, keys)) = named(query, &file) else {
        return query.refuse("'set ssl tls-key' unable to locate referenced filename", out);
    };
    let Some(bytes) = decoded(key) else {
        return query.refuse("'set ssl tls-key' received invalid base64 encoded TLS key.", out);
    };
    match keys.push(&bytes) {
        true => query.inform("TLS ticket key updated!", out),
        false => query.refuse("'set ssl tls-key' received a key of wrong size.", out),
    }
}
