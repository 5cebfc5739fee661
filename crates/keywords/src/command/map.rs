//! `show`, `get`, `add`, `set`, `del`, `clear`, `prepare` and `commit` of maps and ACLs (management manual 9.3): the lists of
//! patterns, as they are and how to change them while traffic runs.

use std::sync::Arc;

use sample::pattern::{PatternError, Snapshot, Which};
use sample::{Bump, MatchKind, Value, cast};
use state::Reference;
use state::reference::Comparison;

use super::prelude::*;

/// So much of a long list is given at once, bytes.
const PIECE: usize = 16 << 10;

#[rustfmt::skip]
pub(super) const KEYWORDS: &[Command] = &[
    admin(&["add", "acl"], "add acl [@<ver>] <acl> <pattern>", "add an acl entry", |q, _, out| add(q, &ACL, out)),
    admin(&["add", "map"], "add map [@<ver>] <map> <key> <val>",
        "add a map entry (payload supported instead of key/val)", |q, _, out| add(q, &MAP, out)),
    admin(&["clear", "acl"], "clear acl [@<ver>] <acl>", "clear the contents of this acl", |q, _, out| clear(q, &ACL, out)),
    admin(&["clear", "map"], "clear map [@<ver>] <map>", "clear the contents of this map", |q, _, out| clear(q, &MAP, out)),
    admin(&["commit", "acl"], "commit acl @<ver> <acl>", "commit the ACL at this version", |q, _, out| commit(q, &ACL, out)),
    admin(&["commit", "map"], "commit map @<ver> <map>", "commit the map at this version", |q, _, out| commit(q, &MAP, out)),
    admin(&["del", "acl"], "del acl <acl> [<key>|#<ref>]", "delete acl entries matching <key>", |q, _, out| del(q, &ACL, out)),
    admin(&["del", "map"], "del map <map> [<key>|#<ref>]", "delete map entries matching <key>", |q, _, out| del(q, &MAP, out)),
    admin(&["get", "acl"], "get acl <acl> <value>",
        "report the patterns matching a sample for an ACL", |q, _, out| get(q, &ACL, out)),
    admin(&["get", "map"], "get map <map> <value>",
        "report the keys and values matching a sample for a map", |q, _, out| get(q, &MAP, out)),
    admin(&["prepare", "acl"], "prepare acl <acl>", "prepare a new version for atomic ACL replacement", |q, _, out| prepare(q, &ACL, out)),
    admin(&["prepare", "map"], "prepare map <map>", "prepare a new version for atomic map replacement", |q, _, out| prepare(q, &MAP, out)),
    admin(&["set", "map"], "set map <map> [<key>|#<ref>] <value>", "modify a map entry", |q, _, out| set(q, out)),
    admin(&["show", "acl"], "show acl [@<ver>] [acl]", "report available acls or dump an acl's contents", |q, from, out| show(q, from, &ACL, out)),
    admin(&["show", "map"], "show map [@<ver>] [map]", "report available maps or dump a map's contents", |q, from, out| show(q, from, &MAP, out)),
];

/// Which of the two a command is about.
struct Side {
    /// In sentences.
    name: &'static str,
    unknown: &'static str,
    has: fn(&Reference) -> bool,
}

const ACL: Side = Side {
    name: "ACL",
    unknown: "Unknown ACL identifier. Please use #<id> or <file>.",
    has: Reference::is_acl,
};
const MAP: Side = Side {
    name: "map",
    unknown: "Unknown map identifier. Please use #<id> or <file>.",
    has: Reference::is_map,
};

/// The list that a word names, of whichever side.
fn named<'q>(query: &Query<'q>, word: &[u8]) -> Option<&'q Arc<Reference>> {
    let word = std::str::from_utf8(word).ok()?;
    let lists = &query.world.references;
    match word.strip_prefix('#') {
        // As HAProxy reads numbers, nothing is 0.
        Some("") => lists.by_number(0),
        Some(number) => lists.by_number(number.parse().ok()?),
        None => lists.by_name(word),
    }
}

/// A version in front of a list's name, and how many words that is.
fn version(query: &Query<'_>) -> (Option<u32>, usize) {
    match query.word(2).strip_prefix(b"@") {
        Some(text) => (Some(u32::try_from(number(text).0).unwrap_or(u32::MAX)), 1),
        None => (None, 0),
    }
}

fn refused(query: &Query<'_>, result: Result<(), PatternError>, out: &mut Vec<u8>) -> Answer {
    match result {
        Ok(()) => Answer::Done,
        Err(error) => query.refuse(&format!("{}.", error.0), out),
    }
}

fn show(query: &Query<'_>, from: u64, side: &Side, out: &mut Vec<u8>) -> Answer {
    let (version, skip) = version(query);
    let word = query.word(2 + skip);
    if word.is_empty() {
        return all(query, side, out);
    }
    let Some(list) = named(query, word).filter(|list| (side.has)(list)) else {
        return query.refuse(side.unknown, out);
    };
    match version {
        None => entries(list, &list.now(), from, out),
        Some(version) => match list.version(version) {
            Some(snapshot) => entries(list, &snapshot, from, out),
            None => Answer::Done,
        },
    }
}

/// What lists there are.
fn all(query: &Query<'_>, side: &Side, out: &mut Vec<u8>) -> Answer {
    out.extend_from_slice(b"# id (file) description\n");
    let mut lists: Vec<&Arc<Reference>> =
        query.world.references.iter().filter(|list| (side.has)(list)).collect();
    lists.sort_by_key(|list| list.number());
    for list in lists {
        let about = list.summary();
        let line = format!(
            "{} ({}) {}. curr_ver={} next_ver={} entry_cnt={}\n",
            list.number(),
            list.name,
            about.description,
            about.current,
            about.newest,
            about.entries
        );
        out.extend_from_slice(line.as_bytes());
    }
    Answer::Done
}

/// The entries from the place `from` on.
fn entries(list: &Reference, snapshot: &Snapshot, from: u64, out: &mut Vec<u8>) -> Answer {
    let mut next = from;
    while let Some(entry) = snapshot.next(next) {
        if out.len() > PIECE {
            return Answer::More(next);
        }
        out.extend_from_slice(format!("{:#010x} ", entry.order).as_bytes());
        out.extend_from_slice(entry.key);
        if list.is_map() {
            out.push(b' ');
            out.extend_from_slice(entry.value);
        }
        out.push(b'\n');
        next = entry.order + 1;
    }
    Answer::Done
}

fn get(query: &Query<'_>, side: &Side, out: &mut Vec<u8>) -> Answer {
    let (list, sample) = (query.word(2), query.word(3));
    if list.is_empty() || sample.is_empty() {
        return query.refuse(&format!("Missing {} identifier and/or key.", side.name), out);
    }
    let Some(list) = named(query, list).filter(|list| (side.has)(list)) else {
        return query.refuse(side.unknown, out);
    };
    for way in list.comparisons() {
        compared(list, &way, sample, side, out);
    }
    Answer::Done
}

/// One line: what a way of comparing the list finds.
fn compared(list: &Reference, way: &Comparison, sample: &[u8], side: &Side, out: &mut Vec<u8>) {
    let arena = Bump::new();
    let now = list.now();
    let found = now.find(way.view, Value::Str(sample), &arena);
    let is_map = side.name == MAP.name;
    let case = if way.view.fold { "insensitive" } else { "sensitive" };
    let hit = if is_map { "found" } else { "match" };
    let answer = if found.is_some() { "yes" } else { "no" };
    let kind = way.view.kind.name();
    out.extend_from_slice(format!("type={kind}, case={case}, {hit}={answer}").as_bytes());
    if let Some(found) = found {
        let tree = !way.view.fold && matches!(way.view.kind, MatchKind::Str | MatchKind::Beg | MatchKind::Ip);
        out.extend_from_slice(if tree { b", idx=tree" } else { b", idx=list" });
        out.extend_from_slice(if is_map { b", key=\"" } else { b", pattern=\"" });
        out.extend_from_slice(found.key);
        out.push(b'"');
        if let Some(value) = way.output.read(found.value).filter(|_| is_map) {
            out.extend_from_slice(b", value=\"");
            out.extend_from_slice(cast::text(value, &arena));
            out.extend_from_slice(format!("\", type=\"{}\"", value.kind().name()).as_bytes());
        }
    }
    out.push(b'\n');
}

fn add(query: &Query<'_>, side: &Side, out: &mut Vec<u8>) -> Answer {
    let (version, skip) = version(query);
    let (list, key, value) = (query.word(2 + skip), query.word(3 + skip), query.word(4 + skip));
    let is_map = side.name == MAP.name;
    let complete = match (is_map, query.payload) {
        (false, _) => !key.is_empty(),
        (true, None) => !value.is_empty(),
        (true, Some(_)) => !list.is_empty(),
    };
    if !complete {
        return query.refuse(
            if is_map {
                "'add map' expects three parameters (map identifier, key and value) or one parameter (map identifier) \
                 and a payload"
            } else {
                "'add acl' expects two parameters: ACL identifier and pattern."
            },
            out,
        );
    }
    let Some(list) = named(query, list) else { return query.refuse(side.unknown, out) };
    if !is_map && list.is_map() {
        let why = "This ACL is shared with a map containing samples. You must use the command 'add map' to add values.";
        return query.refuse(why, out);
    }
    if !(side.has)(list) {
        return query.refuse(side.unknown, out);
    }
    match query.payload.filter(|_| is_map) {
        None => put(query, list, version, key, value, out),
        Some(payload) => add_lines(query, list, version, payload, out),
    }
}

/// Adds each line of a payload: a key, and the rest of the line as its value.
fn add_lines(
    query: &Query<'_>,
    list: &Reference,
    version: Option<u32>,
    payload: &[u8],
    out: &mut Vec<u8>,
) -> Answer {
    for line in payload.split(|b| *b == b'\n').map(<[u8]>::trim_ascii).filter(|line| !line.is_empty()) {
        let end = line.iter().position(|b| matches!(b, b' ' | b'\t')).unwrap_or(line.len());
        let (key, value) = line.split_at(end);
        if value.is_empty() {
            let key = String::from_utf8_lossy(key);
            return query.refuse(&format!("Missing value for key '{key}'."), out);
        }
        let before = out.len();
        put(query, list, version, key, value.trim_ascii_start(), out);
        if out.len() > before {
            break;
        }
    }
    Answer::Done
}

fn put(
    query: &Query<'_>,
    list: &Reference,
    version: Option<u32>,
    key: &[u8],
    value: &[u8],
    out: &mut Vec<u8>,
) -> Answer {
    let current = list.summary();
    let result = match version.filter(|v| *v != current.current) {
        None => Some(list.add(key, value)),
        Some(version) => list.add_to(version, key, value),
    };
    match result {
        Some(result) => refused(query, result, out),
        None => query.refuse("Version number in the future, please use 'prepare map' before.", out),
    }
}

/// The entries that a word names: by their key, or one by its reference behind `#`.
fn which(word: &[u8]) -> Option<Which<'_>> {
    let Some(reference) = word.strip_prefix(b"#") else { return Some(Which::Key(word)) };
    let digits = std::str::from_utf8(reference).ok()?;
    let digits = digits.strip_prefix("0x").unwrap_or(digits);
    u64::from_str_radix(digits, 16).ok().map(Which::Order)
}

fn set(query: &Query<'_>, out: &mut Vec<u8>) -> Answer {
    let (list, key, value) = (query.word(2), query.word(3), query.word(4));
    if list.is_empty() || key.is_empty() || value.is_empty() {
        return query.refuse("'set map' expects three parameters: map identifier, key and value.", out);
    }
    let Some(list) = named(query, list).filter(|list| list.is_map()) else {
        return query.refuse(MAP.unknown, out);
    };
    let Some(which) = which(key) else {
        return query.refuse("Malformed identifier. Please use #<id> or <file>.", out);
    };
    match (list.set(which, value), which) {
        (Ok(0), Which::Key(_)) => query.refuse("entry not found.", out),
        (Ok(0), Which::Order(_)) => query.refuse("key or pattern not found.", out),
        (Ok(_), _) => Answer::Done,
        (Err(error), _) => refused(query, Err(error), out),
    }
}

fn del(query: &Query<'_>, side: &Side, out: &mut Vec<u8>) -> Answer {
    let (list, key) = (query.word(2), query.word(3));
    if list.is_empty() || key.is_empty() {
        let why = format!("This command expects two parameters: {} identifier and key.", side.name);
        return query.refuse(&why, out);
    }
    let Some(list) = named(query, list).filter(|list| (side.has)(list)) else {
        return query.refuse(side.unknown, out);
    };
    let Some(which) = which(key) else {
        return query.refuse("Malformed identifier. Please use #<id> or <file>.", out);
    };
    if list.remove(which) == 0 { query.refuse("Key not found.", out) } else { Answer::Done }
}

fn clear(query: &Query<'_>, side: &Side, out: &mut Vec<u8>) -> Answer {
    let (version, skip) = version(query);
    match list_of(query, 2 + skip, side) {
        Err(why) => query.refuse(&why, out),
        Ok(list) => {
            match version.filter(|v| *v != list.summary().current) {
                None => list.clear(),
                Some(version) => {
                    list.clear_version(version);
                }
            }
            Answer::Done
        }
    }
}

fn prepare(query: &Query<'_>, side: &Side, out: &mut Vec<u8>) -> Answer {
    if query.word(2).is_empty() {
        return query.refuse(side.unknown, out);
    }
    match list_of(query, 2, side) {
        Err(why) => query.refuse(&why, out),
        Ok(list) => query.inform(&format!("New version created: {}", list.prepare()), out),
    }
}

fn commit(query: &Query<'_>, side: &Side, out: &mut Vec<u8>) -> Answer {
    let (Some(version), skip) = version(query) else { return query.refuse("Missing version number.", out) };
    match list_of(query, 2 + skip, side) {
        Err(why) => query.refuse(&why, out),
        Ok(list) if list.commit(version) => Answer::Done,
        Ok(_) => query.refuse("Version number out of range.", out),
    }
}

/// The list that the word at this position names, or what to say.
fn list_of<'q>(query: &Query<'q>, position: usize, side: &Side) -> Result<&'q Arc<Reference>, String> {
    let word = query.word(position);
    if word.is_empty() {
        return Err(format!("Missing {} identifier.", side.name));
    }
    named(query, word).filter(|list| (side.has)(list)).ok_or_else(|| side.unknown.to_owned())
}
