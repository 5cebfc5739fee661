//! `… ssl crt-list`: which certificates lists and directories hold, and how to change that while traffic runs (management
//! manual 9.3).

use std::sync::Arc;

use state::family::Edit;
use state::tls::Store;
use state::tls::list::{Line, List};

use super::dynamic::edit;
use super::prelude::*;
use super::transaction::{Done, answer};

#[rustfmt::skip]
pub(super) const KEYWORDS: &[Command] = &[
    admin(&["add", "ssl", "crt-list"], "add ssl crt-list <list> <cert> [opts]*", "add to crt-list file <list> a line <cert> or a payload",
        |q, _, out| answer(q, add(q), out)),
    admin(&["del", "ssl", "crt-list"], "del ssl crt-list <list> <cert[:line]>", "delete a line <cert> from crt-list file <list>",
        |q, _, out| answer(q, del(q), out)),
    admin(&["show", "ssl", "crt-list"], "show ssl crt-list [-n] [<list>]", "show the list of crt-lists or the content of a crt-list file <list>",
        |q, _, out| show(q, out)),
];

/// The list that a word names, whatever slashes it ends with.
fn named<'w>(query: &Query<'w>, word: &str) -> Option<(String, &'w Arc<List>)> {
    let name = word.trim_end_matches('/');
    let file = query.world.tls.lists.get(name)?;
    Some((name.to_owned(), &file.content))
}

fn show(query: &Query<'_>, out: &mut Vec<u8>) -> Answer {
    let numbered = query.word(3) == b"-n";
    let word = query.text(if numbered { 4 } else { 3 });
    if word.is_empty() {
        for name in query.world.tls.lists.keys() {
            out.extend_from_slice(format!("{name}\n").as_bytes());
        }
        return Answer::Done;
    }
    let Some((name, list)) = named(query, &word) else {
        return query.refuse("didn't find the specified filename", out);
    };
    out.extend_from_slice(format!("# {name}\n").as_bytes());
    for line in &list.entries {
        line.show(numbered, out);
    }
    Answer::Done
}

fn add(query: &Query<'_>) -> Done {
    let (list, word) = (query.text(3), query.text(4));
    let payload = query.payload.map(|text| String::from_utf8_lossy(text).trim_end().to_owned());
    let text = payload.unwrap_or_else(|| (*word).to_owned());
    if list.is_empty() || text.trim().is_empty() {
        return Err("'add ssl crtlist' expects a filename and a certificate name".to_owned());
    }
    let cannot = |why: String| format!("Can't edit the crt-list: {why}");
    let Some((name, before)) = named(query, &list) else {
        return Err(cannot(format!("crt-list '{list}' does not exist!")));
    };
    if text.contains('\n') {
        return Err(cannot("only one line of payload is supported!".to_owned()));
    }
    let number = before.last + 1;
    let parsed = Line::parse(&text, number).map_err(|why| cannot(format!("parsing [CLI:1]: {why}")))?;
    let Some(line) = parsed else {
        return Err("'add ssl crtlist' expects a filename and a certificate name".to_owned());
    };
    let line = of_store(query, line).map_err(cannot)?;
    if before.directory && !(line.parameters.is_empty() && line.filters.is_empty()) {
        return Err(cannot("this is a directory, SSL configuration and filters are not allowed".to_owned()));
    }
    let certificate = line.certificate.clone();
    let mut after = List::clone(before);
    after.last = number;
    after.entries.push(line);
    replace(query, &name, after).map_err(|why| {
        // What is wrong is said of the list as a file; the line is none of it yet.
        let why = why.rsplit_once("'crt-list' : ").map_or(why.as_str(), |(_, why)| why);
        cannot(why.replace(&format!("[{name}:{number}]"), "[CLI:1]"))
    })?;
    Ok(format!("Inserting certificate '{certificate}' in crt-list '{name}'.\nSuccess!"))
}

/// The line with the name that the store has for its certificate. Errors: there is no such certificate.
fn of_store(query: &Query<'_>, mut line: Line) -> Result<Line, String> {
    let files = &query.world.tls.certificates;
    let Some(file) = files.get(&line.certificate) else {
        return Err(format!("certificate '{}' does not exist!", line.certificate));
    };
    match file.content.made {
        None => Err(format!("certificate '{}' is empty!", line.certificate)),
        Some(_) => {
            line.certificate = line.certificate.clone();
            Ok(line)
        }
    }
}

fn del(query: &Query<'_>) -> Done {
    let (list, word) = (query.text(3), query.text(4));
    if list.is_empty() || word.is_empty() {
        return Err("'del ssl crtlist' expects a filename and a certificate name".to_owned());
    }
    let cannot = |why: String| format!("Can't delete the entry: {why}");
    let Some((name, before)) = named(query, &list) else {
        return Err(cannot(format!("crt-list '{list}' does not exist!")));
    };
    let (certificate, number) = match word.rsplit_once(':') {
        Some((certificate, number)) => (certificate, number.parse::<u32>().ok()),
        None => (&*word, None),
    };
    if !query.world.tls.certificates.contains_key(certificate) {
        return Err(cannot(format!("certificate '{certificate}' does not exist!")));
    }
    let at = position(before, certificate, number).map_err(cannot)?;
    if let Some(binds) = as_default(query, before, at) {
        return Err(cannot(format!(
            "certificate '{certificate}' cannot be deleted, it is used as default certificate by the following \
             frontends:\n{binds}"
        )));
    }
    let mut after = List::clone(before);
    after.entries.remove(at);
    replace(query, &name, after).map_err(cannot)?;
    Ok(format!("Entry '{certificate}' deleted in crtlist '{name}'!"))
}

/// The entry that a certificate and maybe the number of its line name. Errors: there are several, or none.
fn position(list: &List, certificate: &str, number: Option<u32>) -> Result<usize, String> {
    let of_name = |line: &&Line| *line.certificate == *certificate;
    let numbers: Vec<String> =
        list.entries.iter().filter(of_name).map(|line| line.number.to_string()).collect();
    let all = numbers.join(", ");
    if numbers.is_empty() {
        return Err(format!("certificate '{certificate}' does not exist in the crt-list!"));
    }
    if number.is_none() && numbers.len() > 1 {
        return Err(format!(
            "found the certificate '{certificate}' in several entries, please specify a line number preceded by colons \
             ({all})!"
        ));
    }
    let at = list.entries.iter().position(|line| of_name(&line) && number.is_none_or(|n| n == line.number));
    at.ok_or_else(|| {
        format!(
            "found a certificate '{certificate}' but the line number is incorrect, please specify a correct line \
             number preceded by colons ({all})!"
        )
    })
}

/// The lines of the configuration that serve this entry of the list to everybody who names no other: it can't be taken
/// from them.
fn as_default(query: &Query<'_>, list: &List, at: usize) -> Option<String> {
    if at != 0 {
        return None;
    }
    let strict = |place: &str| {
        let mut served =
            query.world.frontends.iter().flat_map(|f| &f.binds).filter_map(|bind| bind.tls.as_ref());
        served.any(|served| *served.place == *place && served.strict)
    };
    let places: Vec<String> =
        list.binds.iter().filter(|place| !strict(place)).map(|place| format!("\t- {place}")).collect();
    (!places.is_empty()).then(|| places.join("\n"))
}

/// Has another list take the place of one.
fn replace(query: &Query<'_>, name: &str, list: List) -> Result<(), String> {
    let mut store = Store::clone(&query.world.tls);
    if let Some(file) = store.lists.get_mut(name) {
        file.content = Arc::new(list);
    }
    edit(query, &Edit::TlsFiles(&store))
}
