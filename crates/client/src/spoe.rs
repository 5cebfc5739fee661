//! SPOE files: scopes (`[name]`), and the agents, messages and groups in them, as objects.
//!
//! The lines before the first scope belong to none. It is `section.rs` that reads and edits the sections; here
//! is where they are.

use std::ops::Range;

use config::{Document, unquote};
use serde_json::Value;

use crate::error::{Error, Kind};
use crate::model::SectionModel;
use crate::section::{Found, create_at};

/// The scopes of a file, with their brackets, in order.
pub fn scopes(document: &Document) -> Vec<String> {
    heads(document).into_iter().map(|(name, _)| name).collect()
}

/// Adds an empty scope, `[name]`.
pub fn create_scope(document: &mut Document, name: &str) -> Result<(), Error> {
    if !is_scope(name.as_bytes()) || name.contains(|c: char| c.is_control() || c.is_whitespace()) {
        return Err(Error::new(Kind::Schema, format!("{name} is no scope: expected [name]")));
    }
    if lines_of(document, name).is_ok() {
        return Err(Error::conflict(format!("scope {name} already exists")));
    }
    let end = document.len();
    document.insert(end, &[name.as_bytes()]);
    Ok(())
}

/// Removes a scope with all that is in it.
pub fn delete_scope(document: &mut Document, name: &str) -> Result<(), Error> {
    let lines = lines_of(document, name)?;
    document.delete(lines);
    Ok(())
}

/// A scope's sections of a kind.
pub fn sections(document: &Document, scope: &str, model: &SectionModel) -> Result<Vec<Found>, Error> {
    let lines = lines_of(document, scope)?;
    let starts: Vec<usize> = lines.clone().skip(1).filter(|line| word(document, *line).is_some()).collect();
    let ends = starts.iter().skip(1).copied().chain([lines.end]);
    let all = starts.iter().zip(ends).filter(|(at, _)| word(document, **at) == Some(model.word));
    Ok(all.map(|(at, end)| Found { name: name_at(document, *at), header: *at, lines: *at..end }).collect())
}

/// One of them by its name.
pub fn find(document: &Document, scope: &str, model: &SectionModel, name: &str) -> Result<Found, Error> {
    let found = sections(document, scope, model)?.into_iter().find(|found| found.name == name);
    found.ok_or_else(|| Error::not_found(format!("{} {name} does not exist in {scope}", model.word)))
}

/// Makes a section at the end of a scope.
pub fn create(
    document: &mut Document,
    scope: &str,
    model: &SectionModel,
    object: &Value,
) -> Result<(), Error> {
    let name = api::text(object, "name");
    let lines = lines_of(document, scope)?;
    if find(document, scope, model, name).is_ok() {
        return Err(Error::conflict(format!("{} {name} already exists in {scope}", model.word)));
    }
    let blank = |line: usize| document.raw_words(line).is_empty();
    let last = lines.clone().rev().find(|line| !blank(*line)).unwrap_or(lines.start);
    let at = if last > lines.start {
        document.insert_blank(last + 1);
        last + 2
    } else {
        last + 1
    };
    create_at(document, model, at, object, true)
}

/// The lines of a scope, its own first.
fn lines_of(document: &Document, scope: &str) -> Result<Range<usize>, Error> {
    let found = heads(document).into_iter().find(|(name, _)| name == scope);
    found.map(|(_, lines)| lines).ok_or_else(|| Error::not_found(format!("scope {scope} does not exist")))
}

fn heads(document: &Document) -> Vec<(String, Range<usize>)> {
    let mut found: Vec<(String, Range<usize>)> = Vec::new();
    for line in 0..document.len() {
        let words = document.raw_words(line);
        let Some(first) = words.first().filter(|first| is_scope(first)) else { continue };
        if let Some((_, last)) = found.last_mut() {
            last.end = line;
        }
        found.push((String::from_utf8_lossy(first).into_owned(), line..document.len()));
    }
    found
}

fn is_scope(word: &[u8]) -> bool {
    word.len() > 2 && word.starts_with(b"[") && word.ends_with(b"]")
}

/// The word that opens a section, if the line is a section's first.
fn word(document: &Document, line: usize) -> Option<&'static str> {
    let words = document.raw_words(line);
    ["spoe-agent", "spoe-message", "spoe-group"]
        .into_iter()
        .find(|word| words.first() == Some(&word.as_bytes()))
}

fn name_at(document: &Document, line: usize) -> String {
    let words = document.raw_words(line);
    words.get(1).map(|word| String::from_utf8_lossy(&unquote(word)).into_owned()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::model::spoe_section;
    use crate::section::{read_section, replace};

    const TEXT: &str = "# head\n[one]\nspoe-agent a\n    messages m n # both\n    log global\n    no option async\n\n\
                        spoe-message m\n    args ip=src\n    event on-client-session if { src 1.2.3.4 }\n\n[two]\nspoe-group g\n";

    #[test]
    fn sections_stand_in_their_scopes() {
        let mut document = Document::parse(TEXT);
        assert_eq!(scopes(&document), ["[one]", "[two]"]);
        let (agents, messages) = (spoe_section("agents").unwrap(), spoe_section("messages").unwrap());
        let agent = find(&document, "[one]", agents, "a").unwrap();
        let object = read_section(&document, agents, &agent, true);
        let wanted =
            json!({ "name": "a", "messages": "m n", "async": "disabled", "log": [{ "global": true }] });
        assert_eq!(object, wanted);
        assert!(find(&document, "[two]", agents, "a").is_err());
        assert_eq!(create(&mut document, "[one]", agents, &object).unwrap_err().kind, Kind::Conflict);

        let message =
            json!({ "name": "x", "args": "a=src", "acl": [{ "acl_name": "q", "criterion": "src" }] });
        create(&mut document, "[one]", messages, &message).unwrap();
        let found = find(&document, "[one]", messages, "x").unwrap();
        assert_eq!(read_section(&document, messages, &found, true), message);
        let agent = find(&document, "[one]", agents, "a").unwrap();
        let changed = json!({ "name": "a", "messages": "m", "async": "enabled" });
        replace(&mut document, agents, &agent, &changed, true).unwrap();
        let text = String::from_utf8(document.print()).unwrap();
        assert!(text.contains("spoe-agent a\n    messages m # both\n    option async\n\n"), "{text}");
        assert!(text.ends_with("[two]\nspoe-group g\n"), "{text}");

        create_scope(&mut document, "[three]").unwrap();
        delete_scope(&mut document, "[one]").unwrap();
        assert_eq!(document.print(), b"# head\n[two]\nspoe-group g\n[three]\n");
        for name in ["three", "[]", "[a b]", "[a]\n[b]"] {
            assert!(create_scope(&mut document, name).is_err(), "{name}");
        }
    }
}
