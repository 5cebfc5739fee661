//! Which objects differ between two texts, whatever their lines look like.
//!
//! Sections and named lines are compared by name, lists with an index as a whole up to what they begin and end
//! with alike. What no table knows is compared as text: it is one change more, without an object.

use std::collections::BTreeMap;

use config::Document;
use serde_json::{Map, Value};

use crate::model::{SectionModel, all_sections, family};
use crate::rows;
use crate::section::{Found, find_all, lists_of, read_section};

/// A difference.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    /// The object as a path: `backends/b/servers/s1`, `frontends/f/http_request_rules/2`; empty: other lines.
    pub object: String,
    /// The object before; null if it is new.
    pub old: Value,
    /// The object now; null if it is gone.
    pub new: Value,
}

impl Change {
    /// `added`, `removed` or `changed`.
    pub fn kind(&self) -> &'static str {
        match (self.old.is_null(), self.new.is_null()) {
            (true, false) => "added",
            (false, true) => "removed",
            _ => "changed",
        }
    }

    /// The properties that differ, of an object that stays.
    pub fn properties(&self) -> Vec<String> {
        let (Some(old), Some(new)) = (self.old.as_object(), self.new.as_object()) else { return Vec::new() };
        let mut names: Vec<&String> = old.keys().chain(new.keys()).collect();
        names.sort();
        names.dedup();
        names.into_iter().filter(|name| old.get(*name) != new.get(*name)).cloned().collect()
    }
}

/// The differences, section by section.
pub fn diff(old: &Document, new: &Document) -> Vec<Change> {
    let mut changes = Vec::new();
    for model in all_sections() {
        let (before, after) = (by_name(old, model), by_name(new, model));
        for (name, found) in &before {
            match after.get(name) {
                Some(now) => compare(model, (old, found), (new, now), &mut changes),
                None => changes.push(Change {
                    object: path(model, name),
                    old: read_section(old, model, found, true),
                    new: Value::Null,
                }),
            }
        }
        for (name, found) in after.iter().filter(|(name, _)| !before.contains_key(*name)) {
            let object = read_section(new, model, found, true);
            changes.push(Change { object: path(model, name), old: Value::Null, new: object });
        }
    }
    if changes.is_empty() && !same_words(old, new) {
        changes.push(Change { object: String::new(), old: Value::Null, new: Value::Null });
    }
    changes
}

/// Whether two texts differ in comments and blanks only.
pub fn same_words(old: &Document, new: &Document) -> bool {
    words(old) == words(new)
}

/// All words that aren't comments.
fn words(document: &Document) -> Vec<Vec<&[u8]>> {
    (0..document.len()).map(|line| document.raw_words(line)).filter(|words| !words.is_empty()).collect()
}

fn path(model: &SectionModel, name: &str) -> String {
    format!("{}/{name}", model.resource).trim_end_matches('/').to_owned()
}

fn by_name(document: &Document, model: &SectionModel) -> BTreeMap<String, Found> {
    find_all(document, model).into_iter().map(|found| (found.name.clone(), found)).collect()
}

/// A section that stays: its own properties, then its lists.
fn compare(
    model: &SectionModel,
    (old, before): (&Document, &Found),
    (new, after): (&Document, &Found),
    changes: &mut Vec<Change>,
) {
    let object = path(model, &before.name);
    let (was, is) = (read_section(old, model, before, false), read_section(new, model, after, false));
    if was != is {
        changes.push(Change { object: object.clone(), old: was, new: is });
    }
    for (_, resource) in lists_of(model) {
        let Some(family) = family(resource) else { continue };
        let rows = |document, found| -> Vec<Value> {
            rows::list(document, found, family).into_iter().map(|row| row.value).collect()
        };
        let (was, is) = (rows(old, before), rows(new, after));
        let object = format!("{object}/{resource}");
        match family.key {
            Some(key) => compare_named(&object, &named(was, key), &named(is, key), changes),
            None => compare_list(&object, &was, &is, changes),
        }
    }
}

fn named(values: Vec<Value>, key: &str) -> Map<String, Value> {
    values.into_iter().map(|value| (api::text(&value, key).to_owned(), value)).collect()
}

fn compare_named(
    object: &str,
    old: &Map<String, Value>,
    new: &Map<String, Value>,
    changes: &mut Vec<Change>,
) {
    let value = |map: &Map<String, Value>, name: &String| map.get(name).cloned().unwrap_or_default();
    let names = old.keys().chain(new.keys().filter(|name| !old.contains_key(*name)));
    for name in names.filter(|name| old.get(*name) != new.get(*name)) {
        let object = format!("{object}/{name}");
        changes.push(Change { object, old: value(old, name), new: value(new, name) });
    }
}

/// What lists begin and end with alike stays; between that, entries are changed in turn, then added or removed.
fn compare_list(object: &str, old: &[Value], new: &[Value], changes: &mut Vec<Change>) {
    let start = old.iter().zip(new).take_while(|(old, new)| old == new).count();
    let rest = old.iter().rev().zip(new.iter().rev());
    let most = old.len().min(new.len()) - start;
    let end = rest.take_while(|(old, new)| old == new).count().min(most);
    let middle = |list: &[Value]| list.get(start..list.len() - end).unwrap_or_default().to_vec();
    let (old, new) = (middle(old), middle(new));
    for index in 0..old.len().max(new.len()) {
        let value = |list: &[Value]| list.get(index).cloned().unwrap_or_default();
        let object = format!("{object}/{}", start + index);
        changes.push(Change { object, old: value(&old), new: value(&new) });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(old: &str, new: &str) -> Vec<String> {
        let changes = diff(&Document::parse(old), &Document::parse(new));
        let line = |change: &Change| {
            format!("{} {} {}", change.kind(), change.object, change.properties().join(",")).trim().to_owned()
        };
        changes.iter().map(line).collect()
    }

    #[test]
    fn objects_are_told() {
        let old = "backend b\n mode http\n server s 1.2.3.4:1 weight 1\n server t 1.2.3.4:2\n\
                   frontend f\n http-request deny if A\n http-request deny if B\n http-request deny if C\n";
        let new = "backend b # same\n    mode http\n server s 1.2.3.4:1 weight 2\n server u 1.2.3.4:2\n\
                   frontend f\n http-request deny if A\n http-request deny if C\nbackend n\n";
        assert_eq!(
            told(old, new),
            [
                "removed frontends/f/http_request_rules/1",
                "changed backends/b/servers/s weight",
                "removed backends/b/servers/t",
                "added backends/b/servers/u",
                "added backends/n",
            ]
        );
        assert!(told(old, &old.replace(" mode", "\tmode")).is_empty());
        assert_eq!(told("global\n unknown 1\n", "global\n unknown 2\n"), ["changed"]);
        assert_eq!(told("global\n maxconn 1\n", "global\n maxconn 2\n").len(), 1);
    }
}
