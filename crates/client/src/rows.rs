//! Lines of which a section has many, as objects: listed, added, changed, removed, by name or by index.
//!
//! A line that none of the family's forms reads isn't an object: it stays as it is and has no index.

use config::Document;
use serde_json::{Value, json};

use crate::error::Error;
use crate::form::{Form, Line, Written, read, set, write};
use crate::model::Family;
use crate::section::{Found, lost, unwritten};

/// A line and what it says.
#[derive(Clone, Debug)]
pub struct Row {
    /// Its line.
    pub line: usize,
    /// The object.
    pub value: Value,
}

/// A family's lines in a section.
pub fn list(document: &Document, found: &Found, family: &Family) -> Vec<Row> {
    let row = |line| {
        let (_, mut value) = read_line(document, family, line)?;
        name_it(&mut value, family);
        Some(Row { line, value })
    };
    found.lines.clone().skip(1).filter_map(row).collect()
}

fn read_line<'a>(document: &Document, family: &'a Family, line: usize) -> Option<(&'a Form, Value)> {
    let words = Line::of(document, line)?;
    let reads =
        |form: &'a Form| form.may_read(&words).then(|| read(form, &words))?.map(|(value, _)| (form, value));
    family.forms.iter().find_map(reads)
}

/// Addresses that are listened on without a name are known by what they are.
fn name_it(value: &mut Value, family: &Family) {
    let Some(key) = family.key.filter(|key| value[*key].is_null()) else { return };
    let address = value["address"].as_str().unwrap_or_default();
    let name = match value["port"].as_i64() {
        Some(port) => format!("{address}:{port}"),
        None => address.to_owned(),
    };
    set(value, key, json!(name));
}

/// One by its name.
pub fn find(document: &Document, found: &Found, family: &Family, name: &str) -> Result<Row, Error> {
    let key = family.key.unwrap_or("name");
    list(document, found, family)
        .into_iter()
        .find(|row| api::field(&row.value, key) == name)
        .ok_or_else(|| Error::not_found(format!("{} {name} does not exist in {}", family.schema, found.name)))
}

/// One by its index.
pub fn at(document: &Document, found: &Found, family: &Family, index: usize) -> Result<Row, Error> {
    list(document, found, family).into_iter().nth(index).ok_or_else(|| {
        Error::not_found(format!("{} with index {index} does not exist in {}", family.schema, found.name))
    })
}

/// Adds one that is known by its name.
pub fn create(document: &mut Document, found: &Found, family: &Family, value: &Value) -> Result<(), Error> {
    let name = family.key.and_then(|key| value[key].as_str()).unwrap_or_default();
    if find(document, found, family, name).is_ok() {
        return Err(Error::conflict(format!("{} {name} already exists in {}", family.schema, found.name)));
    }
    let count = list(document, found, family).len();
    insert(document, found, family, count, value)
}

/// Adds one before the one at `index`, or at the end.
pub fn insert(
    document: &mut Document,
    found: &Found,
    family: &Family,
    index: usize,
    value: &Value,
) -> Result<(), Error> {
    let rows = list(document, found, family);
    if index > rows.len() {
        return Err(Error::invalid(format!("index {index} is out of range: there are {}", rows.len())));
    }
    let (_, written) = written(family, value)?;
    let line = match (rows.get(index), rows.last()) {
        (Some(row), _) => row.line,
        (None, Some(last)) => last.line + 1,
        (None, None) if family.first => found.header + 1,
        (None, None) => end_of(document, found),
    };
    document.insert(line, &written.words.iter().map(Vec::as_slice).collect::<Vec<_>>());
    Ok(())
}

/// After the last line of a section that isn't blank, a comment or the end of a condition's block.
fn end_of(document: &Document, found: &Found) -> usize {
    let last = found.lines.clone().rev().find(|line| !document.raw_words(*line).is_empty());
    last.map_or(found.lines.end, |line| line + 1)
}

/// Makes a row's line say what the object says.
pub fn replace(document: &mut Document, family: &Family, row: &Row, value: &Value) -> Result<(), Error> {
    let (form, written) = written(family, value)?;
    if let Some(words) = changed(document, form, row.line, &written) {
        document.set_words(row.line, &words.iter().map(Vec::as_slice).collect::<Vec<_>>());
    }
    Ok(())
}

/// Removes a row.
pub fn delete(document: &mut Document, row: &Row) {
    document.delete(row.line..row.line + 1);
}

/// Makes a family's lines say what the objects say, in their order. Lines that say it already stay.
pub fn replace_all(
    document: &mut Document,
    found: &Found,
    family: &Family,
    values: &[Value],
) -> Result<(), Error> {
    let all: Vec<_> = values.iter().map(|value| written(family, value)).collect::<Result<_, _>>()?;
    let rows = list(document, found, family);
    for (row, (form, written)) in rows.iter().zip(&all) {
        if let Some(words) = changed(document, form, row.line, written) {
            document.set_words(row.line, &words.iter().map(Vec::as_slice).collect::<Vec<_>>());
        }
    }
    for row in rows.iter().skip(all.len()).rev() {
        delete(document, row);
    }
    for (offset, value) in values.iter().enumerate().skip(rows.len()) {
        let lines = found.lines.start..found.lines.end + offset - rows.len();
        insert(document, &Found { lines, ..found.clone() }, family, offset, value)?;
    }
    Ok(())
}

/// The line for an object, by the first form that can say all of it.
fn written<'a>(family: &'a Family, value: &Value) -> Result<(&'a Form, Written), Error> {
    let forms: Vec<&Form> = family.forms.iter().collect();
    let mut missing = None;
    for form in &family.forms {
        let Some(written) = write(form, value)? else { continue };
        let known = |path: &str| api::kind(family.schema, path).is_none() && !path.contains('.');
        match unwritten(value, "", &written.used, &known) {
            None => return Ok((form, written)),
            Some(path) => missing = missing.or(Some(path)),
        }
    }
    match missing {
        Some(path) => Err(lost(&path, &forms)),
        None => {
            let what = value["type"].as_str().or(value["action"].as_str()).unwrap_or_default();
            Err(Error::invalid(format!("{} {what} lacks a property that it needs", family.schema)))
        }
    }
}

/// The words to write if a line doesn't say the same already. Words that the form passes over are kept.
pub(crate) fn changed(
    document: &Document,
    form: &Form,
    line: usize,
    written: &Written,
) -> Option<Vec<Vec<u8>>> {
    let new = Line::parse(&written.words.join(&b' ')).and_then(|line| read(form, &line));
    let old = Line::of(document, line).and_then(|line| read(form, &line));
    match (old, new) {
        (Some((old, _)), Some((new, _))) if old == new => None,
        (Some((_, extra)), _) => Some([written.words.as_slice(), extra.as_slice()].concat()),
        _ => Some(written.words.clone()),
    }
}

/// The line that says an object.
pub fn line_of(family: &Family, value: &Value) -> Result<String, Error> {
    let (_, written) = written(family, value)?;
    Ok(String::from_utf8_lossy(&written.words.join(&b' ')).into_owned())
}
