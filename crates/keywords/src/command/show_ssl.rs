//! `show ssl sni`, `show ssl providers`, `show ssl jwt`: what TLS is served with (management manual 9.3).

use state::Frontend;
use state::tls::bind::Entry;
use state::tls::cert::Kind;
use state::tls::x509;

use super::prelude::*;

#[rustfmt::skip]
pub(super) const KEYWORDS: &[Command] = &[
    user(&["show", "ssl", "providers"], "show ssl providers", "show loaded SSL providers", |q, _, out| {
        q.plain("Loaded providers : \n\t- aws-lc", out)
    }),
    user(&["show", "ssl", "sni"], "show ssl sni [-f <frontend>] [-A]", "display the list of SNI and their corresponding filename",
        |q, _, out| sni(q, out)),
];

/// What is asked for.
#[derive(Default)]
struct Wanted {
    frontend: Option<String>,
    /// Only certificates whose time is over.
    over: bool,
    /// Seconds from now at which that is judged.
    ahead_s: i64,
}

fn wanted(query: &Query<'_>) -> Result<Wanted, String> {
    let mut wanted = Wanted::default();
    let mut at = 3;
    while !query.word(at).is_empty() {
        let value = query.text(at + 1);
        match query.word(at) {
            b"-f" if query.world.frontends.iter().any(|f| *f.name == *value) => {
                wanted.frontend = Some(value.into_owned());
                at += 1;
            }
            b"-f" if value.is_empty() => return Err("'-f' requires a frontend name!".to_owned()),
            b"-f" => return Err("Couldn't find the specified frontend!".to_owned()),
            b"-A" => wanted.over = true,
            b"-t" if value.is_empty() => return Err("'-t' requires an offset argument!".to_owned()),
            b"-t" => {
                wanted.ahead_s =
                    seconds(&value).map_err(|c| format!("'-t {value}' : unexpected character '{c}'"))?;
                at += 1;
            }
            _ => {
                let why = "Invalid parameters, 'show ssl sni' only supports '-f', '-A' or '-t' options!";
                return Err(why.to_owned());
            }
        }
        at += 1;
    }
    Ok(wanted)
}

/// `30d`: a number of seconds, or of what a letter says. Errors: the character that is neither.
fn seconds(text: &str) -> Result<i64, char> {
    let (digits, unit) = text.split_at(text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len()));
    let factor = match unit {
        "" | "s" => 1,
        "m" => 60,
        "h" => 3600,
        "d" => 86_400,
        other => return Err(other.chars().next().unwrap_or(' ')),
    };
    Ok(digits.parse::<i64>().unwrap_or(i64::MAX).saturating_mul(factor))
}

fn sni(query: &Query<'_>, out: &mut Vec<u8>) -> Answer {
    let wanted = match wanted(query) {
        Ok(wanted) => wanted,
        Err(why) => return query.refuse(&why, out),
    };
    out.extend_from_slice(b"# Frontend/Bind\tSNI\tNegative Filter\tType\tFilename\tNotAfter\tNotBefore\n");
    let until_s = i64::try_from(query.wall_us / 1_000_000).unwrap_or(i64::MAX).saturating_add(wanted.ahead_s);
    let of_name = |f: &&Frontend| wanted.frontend.as_ref().is_none_or(|name| *f.name == **name);
    for frontend in query.world.frontends.iter().filter(of_name) {
        let mut before = None;
        for served in frontend.binds.iter().filter_map(|bind| bind.tls.as_ref()) {
            // The addresses of one line serve the same.
            if before.replace(served).is_some_and(|before| before == served) {
                continue;
            }
            for (name, entry) in served.table.load().by_name() {
                if !wanted.over || x509::is_over(entry.certificate.leaf(), until_s) {
                    out.extend_from_slice(row(&frontend.name, &served.place, &name, entry).as_bytes());
                }
            }
        }
    }
    Answer::Done
}

fn row(frontend: &str, place: &str, name: &str, entry: &Entry) -> String {
    let mut not: String = entry.except.iter().rev().map(|name| format!("!{name} ")).collect();
    if not.is_empty() || !name.starts_with('*') {
        not = "-".to_owned();
    }
    let kind = match entry.certificate.kind {
        Kind::Rsa => "rsa",
        _ => "ecdsa",
    };
    let (from, until) = x509::dates(entry.certificate.leaf()).unwrap_or_default();
    format!("{frontend}/{place}\t{name}\t{not}\t{kind}\t{}\t{until}\t{from}\n", entry.certificate.file)
}
