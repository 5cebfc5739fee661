//! A value against a schema.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use regex::Regex;
use serde_json::Value;

use crate::contract::contract;

/// The first field that doesn't fit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// Where it is, with dots and indexes; empty for the value itself.
    pub path: String,
    /// What was expected there.
    pub expected: String,
    /// Whether it is of another type altogether: the original can't even read such a body.
    pub of_type: bool,
}

impl std::fmt::Display for Violation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let path = if self.path.is_empty() { "body" } else { &self.path };
        write!(f, "{path} {}", self.expected)
    }
}

/// Looks at a value and all in it. Properties that the schema hasn't are let pass, and null counts as absent:
/// clients of the original send both. What is of another type is told before all else.
pub fn validate(schema: &Value, value: &Value) -> Result<(), Violation> {
    check(schema, value, "", true).map_err(|first| mistyped(schema, value, "").unwrap_or(first))
}

/// The same of a part of a value: what is required may be missing.
pub fn validate_part(schema: &Value, value: &Value) -> Result<(), Violation> {
    check(schema, value, "", false)
}

/// The first thing that is of another type.
fn mistyped(schema: &Value, value: &Value, path: &str) -> Option<Violation> {
    let schema = contract().resolve(schema);
    if value.is_null() {
        return None;
    }
    let inside = |name: &str| if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
    check_type(schema, value, path).err().or_else(|| match value {
        Value::Array(items) => {
            let mut items = items.iter().enumerate();
            items.find_map(|(index, item)| mistyped(&schema["items"], item, &inside(&index.to_string())))
        }
        Value::Object(fields) => fields
            .iter()
            .find_map(|(name, field)| mistyped(schema["properties"].get(name)?, field, &inside(name))),
        _ => None,
    })
}

fn check(schema: &Value, value: &Value, path: &str, whole: bool) -> Result<(), Violation> {
    let schema = contract().resolve(schema);
    if value.is_null() && (!path.is_empty() || schema["nullable"] == true) {
        return Ok(());
    }
    check_type(schema, value, path)?;
    check_enum(schema, value, path)?;
    match value {
        Value::String(text) => check_text(schema, text, path),
        Value::Number(_) => check_number(schema, value, path),
        Value::Array(items) => check_items(schema, items, path, whole),
        Value::Object(_) => check_object(schema, value, path, whole),
        _ => Ok(()),
    }
}

fn violation<T>(path: &str, expected: impl Into<String>) -> Result<T, Violation> {
    Err(Violation { path: path.to_owned(), expected: expected.into(), of_type: false })
}

fn check_type(schema: &Value, value: &Value, path: &str) -> Result<(), Violation> {
    let object = schema["properties"].is_object().then_some("object");
    let expected = schema["type"].as_str().or(object).or(schema["items"].is_object().then_some("array"));
    let fits = match expected {
        Some("string") => value.is_string(),
        Some("integer") => value.is_i64() || value.is_u64(),
        Some("number") => value.is_number(),
        Some("boolean") => value.is_boolean(),
        Some("array") => value.is_array(),
        Some("object") => value.is_object(),
        _ => true,
    };
    let told = || format!("must be of type {}", expected.unwrap_or_default());
    if fits {
        Ok(())
    } else {
        violation(path, told()).map_err(|v: Violation| Violation { of_type: true, ..v })
    }
}

fn check_enum(schema: &Value, value: &Value, path: &str) -> Result<(), Violation> {
    match schema["enum"].as_array() {
        // Text that is empty is text that isn't given.
        Some(words) if !words.contains(value) && value.as_str() != Some("") => {
            let words: Vec<String> = words.iter().map(Value::to_string).collect();
            violation(path, format!("should be one of [{}]", words.join(" ")))
        }
        _ => Ok(()),
    }
}

fn check_text(schema: &Value, text: &str, path: &str) -> Result<(), Violation> {
    if let Some(least) = schema["minLength"].as_u64().filter(|least| (text.chars().count() as u64) < *least) {
        return violation(path, format!("should be at least {least} chars long"));
    }
    match schema["pattern"].as_str() {
        Some(pattern) if !text.is_empty() && !matches(pattern, text) => {
            violation(path, format!("should match '{pattern}'"))
        }
        _ => Ok(()),
    }
}

/// Patterns come from the contract alone, so that as many are kept as it has.
fn matches(pattern: &str, text: &str) -> bool {
    static KNOWN: Mutex<BTreeMap<String, Option<Regex>>> = Mutex::new(BTreeMap::new());
    let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    let compiled = known.entry(pattern.to_owned()).or_insert_with(|| Regex::new(pattern).ok());
    compiled.as_ref().is_none_or(|regex| regex.is_match(text))
}

fn check_number(schema: &Value, value: &Value, path: &str) -> Result<(), Violation> {
    let number = value.as_f64().unwrap_or_default();
    if let Some(least) = schema["minimum"].as_f64().filter(|least| number < *least) {
        return violation(path, format!("should be greater than or equal to {least}"));
    }
    match schema["maximum"].as_f64().filter(|most| number > *most) {
        Some(most) => violation(path, format!("should be less than or equal to {most}")),
        None => Ok(()),
    }
}

fn check_items(schema: &Value, items: &[Value], path: &str, whole: bool) -> Result<(), Violation> {
    for (index, item) in items.iter().enumerate() {
        let path = if path.is_empty() { index.to_string() } else { format!("{path}.{index}") };
        check(&schema["items"], item, &path, whole)?;
    }
    Ok(())
}

fn check_object(schema: &Value, value: &Value, path: &str, whole: bool) -> Result<(), Violation> {
    let inside = |name: &str| if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
    for name in schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
        if whole && (value[name].is_null() || value[name].as_str() == Some("")) {
            return violation(&inside(name), "is required");
        }
    }
    for (name, field) in value.as_object().into_iter().flatten() {
        match schema["properties"].get(name) {
            Some(schema) => check(schema, field, &inside(name), whole)?,
            None if schema["additionalProperties"].is_object() && schema["properties"].is_null() => {
                check(&schema["additionalProperties"], field, &inside(name), whole)?;
            }
            None => {}
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_field_is_named() {
        let schema = |name: &str| contract().schema(name).unwrap();
        let told = |name: &str, value: Value| validate(schema(name), &value).unwrap_err().to_string();
        assert_eq!(told("server", json!({ "name": "x" })), "address is required");
        assert_eq!(told("server", json!([])), "body must be of type object");
        assert!(told("server", json!({ "name": "a b", "address": "x" })).starts_with("name should match"));
        assert!(told("backend", json!({ "name": "b", "mode": "x" })).starts_with("mode should be one of"));
        let list = json!({ "name": "b", "error_files": [{ "code": 402, "file": "/x" }] });
        assert!(told("backend", list).starts_with("error_files.0.code should be one of"));
        let port = json!({ "name": "x", "address": "a", "port": 70000 });
        assert_eq!(told("server", port), "port should be less than or equal to 65535");
        let both = json!({ "mode": "x", "name": "b", "error_files": 1 });
        assert_eq!(told("backend", both), "error_files must be of type array");
        let fine = json!({ "name": "x", "address": "a", "port": null, "else": 1 });
        assert_eq!(validate(schema("server"), &fine), Ok(()));
    }
}
