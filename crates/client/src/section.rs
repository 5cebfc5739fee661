//! Sections of a document as objects: listed, read, made, changed, removed; a change touches the lines whose
//! properties it changes.

use std::collections::BTreeSet;

use config::{Document, SectionText};
use serde_json::{Map, Value, json};

use crate::error::{Error, Kind};
use crate::form::{Form, Line, Written, get, present, read, write};
use crate::model::{SectionModel, family};
use crate::rows;

/// A section that was found: where it is, and the name it has for clients.
#[derive(Clone, Debug)]
pub struct Found {
    /// Its name; sections without one are numbered.
    pub name: String,
    /// Its header's line.
    pub header: usize,
    /// Its lines, header first.
    pub lines: std::ops::Range<usize>,
}

/// The sections of a kind, in order. `defaults` without a name are called `unnamed_defaults_1` and so on.
pub fn find_all(document: &Document, model: &SectionModel) -> Vec<Found> {
    let mut unnamed = 0;
    of_kind(document, model)
        .map(|section| {
            let name = name_of(section, model).map(|name| String::from_utf8_lossy(name).into_owned());
            let name = name.unwrap_or_else(|| {
                unnamed += 1;
                if model.is_defaults() { format!("{UNNAMED}{unnamed}") } else { String::new() }
            });
            Found { name, header: section.lines.start, lines: section.lines.clone() }
        })
        .collect()
}

/// What sections without a name are called, with a number.
const UNNAMED: &str = "unnamed_defaults_";

fn of_kind<'a>(document: &'a Document, model: &'a SectionModel) -> impl Iterator<Item = &'a SectionText> {
    document.known_sections().iter().filter(|section| section.kind.keyword() == model.word)
}

fn name_of<'a>(section: &'a SectionText, model: &SectionModel) -> Option<&'a [u8]> {
    section.name.as_deref().filter(|name| *name != b"from" || !model.is_defaults())
}

/// One by its name; the first of its kind if the kind has no names.
pub fn find(document: &Document, model: &SectionModel, name: &str) -> Result<Found, Error> {
    let missing =
        || Error::not_found(format!("section {} {name} does not exist", model.word).trim_end().to_owned());
    if matches!(model.word, "global" | "traces") || name.is_empty() || name.starts_with(UNNAMED) {
        let nameless = matches!(model.word, "global" | "traces");
        return find_all(document, model)
            .into_iter()
            .find(|f| nameless || f.name == name)
            .ok_or_else(missing);
    }
    let section = of_kind(document, model).find(|section| name_of(section, model) == Some(name.as_bytes()));
    let found = |section: &SectionText| Found {
        name: name.to_owned(),
        header: section.lines.start,
        lines: section.lines.clone(),
    };
    section.map(found).ok_or_else(missing)
}

/// A section as an object; with its lists if `full`.
pub fn read_section(document: &Document, model: &SectionModel, found: &Found, full: bool) -> Value {
    let mut object = json!({});
    for (line, form) in assigned(document, model, found) {
        let Some((value, _)) = Line::of(document, line).and_then(|line| read(form, &line)) else { continue };
        add(&mut object, form, value);
    }
    if !found.name.is_empty() {
        crate::form::set(&mut object, "name", json!(found.name));
    }
    if full {
        add_lists(document, model, found, &mut object);
    }
    object
}

fn add(object: &mut Value, form: &Form, value: Value) {
    match &form.each {
        Some(list) => {
            let mut entries = get(object, list).cloned().unwrap_or_else(|| json!([]));
            if let Some(entries) = entries.as_array_mut() {
                entries.push(value);
            }
            crate::form::set(object, list, entries);
        }
        None => merge(object, value),
    }
}

fn merge(into: &mut Value, more: Value) {
    match (into, more) {
        (Value::Object(into), Value::Object(more)) => {
            for (key, value) in more {
                merge(into.entry(key).or_insert(Value::Null), value);
            }
        }
        (into, more) => *into = more,
    }
}

fn add_lists(document: &Document, model: &SectionModel, found: &Found, object: &mut Value) {
    for (property, resource) in lists_of(model) {
        let Some(family) = family(resource) else { continue };
        let values: Vec<Value> =
            rows::list(document, found, family).into_iter().map(|row| row.value).collect();
        if values.is_empty() {
            continue;
        }
        let value = match family.key {
            Some(key) => {
                let name = |value: &Value| value[key].as_str().unwrap_or_default().to_owned();
                Value::Object(values.into_iter().map(|value| (name(&value), value)).collect::<Map<_, _>>())
            }
            None => Value::Array(values),
        };
        crate::form::set(object, property, value);
    }
}

/// The lists that this section's schema has.
pub(crate) fn lists_of(model: &SectionModel) -> impl Iterator<Item = (&'static str, &'static str)> + '_ {
    let has = |property: &str| api::properties(model.schema).any(|name| name == property);
    model.lists.iter().copied().filter(move |(property, _)| has(property))
}

/// The lines of a section that one of its forms reads, with that form.
fn assigned<'a>(document: &Document, model: &'a SectionModel, found: &Found) -> Vec<(usize, &'a Form)> {
    let lines = [(found.header, vec![&model.header])].into_iter();
    let body = found.lines.clone().skip(1).map(|line| (line, model.forms.iter().collect()));
    lines
        .chain(body)
        .filter_map(|(at, forms): (usize, Vec<&Form>)| {
            let line = Line::of(document, at)?;
            forms
                .into_iter()
                .find(|form| form.may_read(&line) && read(form, &line).is_some())
                .map(|form| (at, form))
        })
        .collect()
}

/// Makes a section.
pub fn create(
    document: &mut Document,
    model: &SectionModel,
    object: &Value,
    full: bool,
) -> Result<(), Error> {
    let name = object["name"].as_str().unwrap_or_default().to_owned();
    if find(document, model, &name).is_ok() {
        return Err(Error::conflict(format!("section {} {name} already exists", model.word)));
    }
    let at = place(document, model, api::text(object, "from"));
    create_at(document, model, at, object, full)
}

/// Makes a section whose header is the line `at`.
pub(crate) fn create_at(
    document: &mut Document,
    model: &SectionModel,
    at: usize,
    object: &Value,
    full: bool,
) -> Result<(), Error> {
    let header = write(&model.header, object)?
        .ok_or_else(|| Error::new(Kind::Schema, format!("a {} needs a name", model.word)))?;
    let words: Vec<&[u8]> = header.words.iter().map(Vec::as_slice).collect();
    document.insert(at, &words);
    if at + 1 < document.len() {
        document.insert_blank(at + 1);
    }
    let name = api::text(object, "name").to_owned();
    replace(document, model, &Found { name, header: at, lines: at..at + 1 }, object, full)
}

/// Where a new section goes: at the end, with a blank line before it. A new `defaults` goes before another one
/// if it can, behind the one that it builds on, so that sections that name none keep theirs.
fn place(document: &mut Document, model: &SectionModel, from: &str) -> usize {
    if model.is_defaults() {
        let sections = document.sections();
        let of_kind = |section: &SectionText| section.kind.keyword() == model.word;
        let base = sections.iter().position(|s| of_kind(s) && s.name.as_deref() == Some(from.as_bytes()));
        let first = base.map_or(0, |base| base + 1);
        let next = match base {
            Some(_) => sections.get(first).filter(|section| of_kind(section)),
            None => sections.iter().find(|section| of_kind(section)),
        };
        if let Some(next) = next {
            return next.lines.start;
        }
    }
    let last = document.line_text(document.len().wrapping_sub(1)).unwrap_or_default();
    if !document.is_empty() && !last.trim_ascii().is_empty() {
        document.insert_blank(document.len());
    }
    document.len()
}

/// Removes a section.
pub fn delete(document: &mut Document, found: &Found) {
    let mut lines = found.lines.clone();
    let blank = |line: Option<&[u8]>| line.is_some_and(|text| text.trim_ascii().is_empty());
    if blank(document.line_text(lines.end))
        && (lines.start == 0 || blank(document.line_text(lines.start - 1)))
    {
        lines.end += 1;
    }
    document.delete(lines);
}

enum Edit {
    Set(usize, Vec<Vec<u8>>),
    Delete(usize),
    Insert(usize, Vec<Vec<u8>>),
}

/// Makes a section say what the object says.
pub fn replace(
    document: &mut Document,
    model: &SectionModel,
    found: &Found,
    object: &Value,
    full: bool,
) -> Result<(), Error> {
    let object = &without_virtual_name(document, found, object);
    let have = assigned(document, model, found);
    let end = have.iter().map(|(line, _)| line + 1).max().unwrap_or(found.header + 1);
    let (mut used, mut taken) = (BTreeSet::new(), BTreeSet::new());
    let mut edits = Vec::new();
    for form in [&model.header].into_iter().chain(&model.forms) {
        let lines: Vec<usize> =
            have.iter().filter(|(_, of)| std::ptr::eq(*of, form)).map(|(line, _)| *line).collect();
        let wanted = wanted(form, object, &used, &mut taken)?;
        used.extend(wanted.iter().flat_map(|written| written.used.clone()));
        // A header that nothing is said of stays as it is: without it the section is another's.
        if !(wanted.is_empty() && std::ptr::eq(form, &model.header)) {
            edit_lines(document, form, &lines, &wanted, end, &mut edits);
        }
    }
    check_used(model, object, &used)?;
    check_entries(model, object, &taken)?;
    let before = document.len();
    carry_out(document, edits);
    if full { apply_lists(document, model, grown(found, document, before), object) } else { Ok(()) }
}

/// A number for a section without a name isn't a name to write.
fn without_virtual_name(document: &Document, found: &Found, object: &Value) -> Value {
    let mut object = object.clone();
    let words = document.raw_words(found.header);
    let nameless = words.get(1).is_none_or(|word| *word == b"from");
    if nameless && api::field(&object, "name") == &found.name {
        object.as_object_mut().map(|map| map.remove("name"));
    }
    object
}

/// The lines that a form makes of an object. What a form before it has written isn't written twice.
/// `taken` are the entries of lists that have a line.
fn wanted(
    form: &Form,
    object: &Value,
    used: &BTreeSet<String>,
    taken: &mut BTreeSet<(String, usize)>,
) -> Result<Vec<Written>, Error> {
    let Some(list) = &form.each else {
        let fresh = form.paths().is_empty() || form.paths().iter().any(|path| !used.contains(path));
        let written = if fresh { write(form, object)? } else { None };
        return Ok(written
            .filter(|w| w.used.is_empty() || w.used.iter().any(|p| !used.contains(p)))
            .into_iter()
            .collect());
    };
    let mut all = Vec::new();
    for (index, entry) in get(object, list).and_then(Value::as_array).into_iter().flatten().enumerate() {
        let place = (list.clone(), index);
        if taken.contains(&place) {
            continue;
        }
        if let Some(mut written) = write(form, entry)? {
            taken.insert(place);
            written.used = BTreeSet::from([list.clone()]);
            all.push(written);
        }
    }
    Ok(all)
}

fn edit_lines(
    document: &Document,
    form: &Form,
    lines: &[usize],
    wanted: &[Written],
    end: usize,
    edits: &mut Vec<Edit>,
) {
    // Where a line that stands once is written twice, the last one counts.
    let skip = if form.each.is_none() && !wanted.is_empty() { lines.len().saturating_sub(1) } else { 0 };
    let (early, kept) = lines.split_at(skip.min(lines.len()));
    edits.extend(early.iter().map(|line| Edit::Delete(*line)));
    for index in 0..kept.len().max(wanted.len()) {
        match (kept.get(index), wanted.get(index)) {
            (Some(line), Some(written)) => {
                edits.extend(
                    rows::changed(document, form, *line, written).map(|words| Edit::Set(*line, words)),
                );
            }
            (Some(line), None) => edits.push(Edit::Delete(*line)),
            (None, Some(written)) => {
                let at = kept.last().map_or(end, |line| line + 1);
                edits.push(Edit::Insert(at, written.words.clone()));
            }
            (None, None) => {}
        }
    }
}

/// What nothing was written for, would be lost.
fn check_used(model: &SectionModel, object: &Value, used: &BTreeSet<String>) -> Result<(), Error> {
    let lists: Vec<&str> = model.lists.iter().map(|(property, _)| *property).collect();
    let forms: Vec<&Form> = model.forms.iter().chain([&model.header]).collect();
    unwritten(object, "", used, &|path| lists.contains(&path) || path == "name")
        .map_or(Ok(()), |path| Err(lost(&path, &forms)))
}

/// An entry that no form can write would be lost as well.
fn check_entries(
    model: &SectionModel,
    object: &Value,
    taken: &BTreeSet<(String, usize)>,
) -> Result<(), Error> {
    for list in model.forms.iter().filter_map(|form| form.each.as_ref()) {
        let entries = get(object, list).and_then(Value::as_array).map_or(0, Vec::len);
        if let Some(index) = (0..entries).find(|index| !taken.contains(&(list.clone(), *index))) {
            return Err(Error::invalid(format!("{list}.{index} lacks a property that it needs")));
        }
    }
    Ok(())
}

/// The error for a property that stands in no line.
pub(crate) fn lost(path: &str, forms: &[&Form]) -> Error {
    if forms.iter().any(|form| form.paths().iter().any(|p| p == path || path.starts_with(&format!("{p}.")))) {
        return Error::new(
            Kind::Schema,
            format!("{path} can't stand here with the other properties as they are"),
        );
    }
    Error::new(Kind::NotServed, format!("{path} isn't served"))
}

/// The first property that says something and that nobody has written. Unknown to the schema doesn't count:
/// the caller has looked at that.
pub(crate) fn unwritten(
    value: &Value,
    path: &str,
    used: &BTreeSet<String>,
    skip: &dyn Fn(&str) -> bool,
) -> Option<String> {
    let Value::Object(entries) = value else {
        let off = matches!(value, Value::Bool(false)) || value == "disabled";
        return (present(value) && !off && !used.contains(path)).then(|| path.to_owned());
    };
    entries.iter().find_map(|(name, value)| {
        let inside = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
        if skip(&inside) || used.contains(&inside) { None } else { unwritten(value, &inside, used, skip) }
    })
}

fn carry_out(document: &mut Document, mut edits: Vec<Edit>) {
    let line = |edit: &Edit| match edit {
        Edit::Set(line, _) | Edit::Delete(line) | Edit::Insert(line, _) => *line,
    };
    // From below, so that numbers of lines stay true; what is inserted at one line keeps its order.
    edits.reverse();
    edits.sort_by_key(|edit| std::cmp::Reverse((line(edit), !matches!(edit, Edit::Insert(..)))));
    for edit in edits {
        match edit {
            Edit::Set(line, words) => {
                document.set_words(line, &words.iter().map(Vec::as_slice).collect::<Vec<_>>());
            }
            Edit::Delete(line) => document.delete(line..line + 1),
            Edit::Insert(line, words) => {
                document.insert(line, &words.iter().map(Vec::as_slice).collect::<Vec<_>>());
            }
        }
    }
}

fn apply_lists(
    document: &mut Document,
    model: &SectionModel,
    mut found: Found,
    object: &Value,
) -> Result<(), Error> {
    for (property, resource) in lists_of(model) {
        let Some(family) = family(resource) else { continue };
        let entries: Vec<Value> = match &object[property] {
            Value::Array(entries) => entries.clone(),
            Value::Object(entries) => entries.values().cloned().collect(),
            _ => Vec::new(),
        };
        let before = document.len();
        rows::replace_all(document, &found, family, &entries)?;
        found = grown(&found, document, before);
    }
    Ok(())
}

/// A section after lines were added to it or taken from it: the document had `before` lines.
fn grown(found: &Found, document: &Document, before: usize) -> Found {
    let end = (found.lines.end + document.len()).saturating_sub(before);
    Found { lines: found.lines.start..end.max(found.header + 1), ..found.clone() }
}
