//! Values for a person or a program to read.

use serde_json::Value;
use yaml_rust2::{Yaml, YamlEmitter};

use crate::args::Format;

/// How many columns a table has at most.
const COLUMNS: usize = 9;
/// How long a cell may be.
const WIDTH: usize = 40;

/// Writes a value.
pub(crate) fn print(value: &Value, format: Format) {
    write(text(value, format).as_bytes());
}

/// Writes to standard output; that nobody reads on is no failure.
pub(crate) fn write(bytes: &[u8]) {
    let _ = std::io::Write::write_all(&mut std::io::stdout(), bytes);
}

pub(crate) fn text(value: &Value, format: Format) -> String {
    match format {
        Format::Json => format!("{value:#}\n"),
        Format::Yaml => yaml(value),
        Format::Table => table(value),
    }
}

fn yaml(value: &Value) -> String {
    let mut text = String::new();
    // Writing to memory doesn't fail.
    let _ = YamlEmitter::new(&mut text).dump(&as_yaml(value));
    text.trim_start_matches("---\n").to_owned() + "\n"
}

fn as_yaml(value: &Value) -> Yaml {
    match value {
        Value::Null => Yaml::Null,
        Value::Bool(yes) => Yaml::Boolean(*yes),
        Value::Number(number) => match number.as_i64() {
            Some(number) => Yaml::Integer(number),
            None => Yaml::Real(number.to_string()),
        },
        Value::String(text) => Yaml::String(text.clone()),
        Value::Array(items) => Yaml::Array(items.iter().map(as_yaml).collect()),
        Value::Object(entries) => Yaml::Hash(
            entries.iter().map(|(key, value)| (Yaml::String(key.clone()), as_yaml(value))).collect(),
        ),
    }
}

fn table(value: &Value) -> String {
    match value {
        Value::Array(items) if items.iter().all(Value::is_object) && !items.is_empty() => rows(items),
        Value::Array(items) => items.iter().map(|item| cell(item) + "\n").collect(),
        Value::Object(entries) => {
            let rows: Vec<Vec<String>> =
                entries.iter().map(|(key, value)| vec![key.clone(), whole_cell(value)]).collect();
            aligned(&rows)
        }
        Value::Null => String::new(),
        other => cell(other) + "\n",
    }
}

/// The name first, then the properties that most of them have and that are short.
fn rows(items: &[Value]) -> String {
    let count = |name: &str| items.iter().filter(|item| item.get(name).is_some_and(is_plain)).count();
    let mut names: Vec<&str> = Vec::new();
    for name in items.iter().filter_map(Value::as_object).flat_map(|entries| entries.keys()) {
        if !names.contains(&name.as_str()) && count(name) > 0 {
            names.push(name);
        }
    }
    let key = |name: &str| !matches!(name, "name" | "id" | "prefix" | "username" | "storage_name" | "object");
    names.sort_by_key(|name| (key(name), std::cmp::Reverse(count(name))));
    names.truncate(COLUMNS);
    let head = names.iter().map(|name| name.to_uppercase()).collect();
    let row = |item: &Value| names.iter().map(|name| item.get(*name).map(cell).unwrap_or_default()).collect();
    let rows: Vec<Vec<String>> = [head].into_iter().chain(items.iter().map(row)).collect();
    aligned(&rows)
}

fn is_plain(value: &Value) -> bool {
    !value.is_object() && !value.is_array() && !value.is_null()
}

fn cell(value: &Value) -> String {
    let text = whole_cell(value);
    if text.chars().count() <= WIDTH { text } else { text.chars().take(WIDTH - 1).chain(['…']).collect() }
}

/// Text as one line; control characters would lead a terminal astray.
fn whole_cell(value: &Value) -> String {
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    };
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

fn aligned(rows: &[Vec<String>]) -> String {
    let width =
        |column: usize| rows.iter().filter_map(|row| row.get(column)).map(|c| c.chars().count()).max();
    let line = |row: &Vec<String>| {
        let cells = row.iter().enumerate();
        let text: String =
            cells.map(|(at, cell)| format!("{cell:<width$}  ", width = width(at).unwrap_or(0))).collect();
        text.trim_end().to_owned() + "\n"
    };
    rows.iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn tables_and_yaml() {
        let servers = json!([{ "port": 80, "name": "s1", "x": {} }, { "port": 8080, "name": "long\u{1b}", "check": "enabled" }]);
        let wanted = "NAME   PORT  CHECK\ns1     80\nlong   8080  enabled\n";
        assert_eq!(text(&servers, Format::Table), wanted);
        assert_eq!(text(&json!({ "a": [1], "b": "c" }), Format::Table), "a  [1]\nb  c\n");
        assert_eq!(text(&json!({ "a": { "b": 1 } }), Format::Yaml), "a:\n  b: 1\n");
        assert_eq!(crate::object::parse(&text(&servers, Format::Yaml)).unwrap(), servers);
        assert_eq!(text(&json!(7), Format::Table), "7\n");
    }
}
