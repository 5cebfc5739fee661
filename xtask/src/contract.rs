//! `crates/api/src/contract.json`, made from the published specification of the Data Plane API.
//!
//! Kept: schemas (types, enumerations, patterns, limits, units, what is required) and operations (method, path,
//! parameters, body, statuses). Left out: all prose. One line a schema and one an operation, so that a new
//! edition of the specification shows as the lines it changes. `--check` tells whether the committed file is
//! what the specification gives.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};
use serde_json::{Map, Value, json};
use yaml_rust2::{Yaml, YamlLoader};

use crate::args::Args;
use crate::root;

/// What is kept of a schema, by its name there and here.
const KEPT: &[(&str, &str)] = &[
    ("type", "type"),
    ("enum", "enum"),
    ("pattern", "pattern"),
    ("minimum", "minimum"),
    ("maximum", "maximum"),
    ("minLength", "minLength"),
    ("minItems", "minItems"),
    ("maxItems", "maxItems"),
    ("nullable", "nullable"),
    ("required", "required"),
    ("readOnly", "readOnly"),
    ("default", "default"),
    ("x-default-unit", "x-default-unit"),
    ("x-duration", "x-duration"),
    ("x-size", "x-size"),
];

pub(crate) fn run(mut args: Args) -> Result<()> {
    let from: String = args.value("--from")?.context("--from FILE: the specification (OpenAPI 3, YAML)")?;
    let check = args.flag("--check");
    args.end()?;
    let text = fs::read_to_string(&from).with_context(|| format!("reading {from}"))?;
    let made = make(&text)?;
    let path = root::root().join("crates/api/src/contract.json");
    if check && fs::read_to_string(&path).unwrap_or_default() != made {
        bail!("{} isn't what {from} gives", path.display());
    }
    if !check {
        write(&path, &made)?;
    }
    Ok(())
}

fn write(path: &Path, text: &str) -> Result<()> {
    fs::write(path, text).with_context(|| format!("writing {}", path.display()))
}

fn make(text: &str) -> Result<String> {
    let documents = YamlLoader::load_from_str(text)?;
    let spec = plain(documents.first().context("an empty specification")?);
    let schemas = spec["components"]["schemas"].as_object().context("components.schemas")?;
    let mut out = String::from("{\"schemas\":{\n");
    let rows: Vec<String> =
        schemas.iter().map(|(name, s)| format!("{}:{}", json!(name), schema(s, &spec))).collect();
    out.push_str(&rows.join(",\n"));
    out.push_str("\n},\"operations\":[\n");
    let mut rows = Vec::new();
    for (path, methods) in spec["paths"].as_object().context("paths")? {
        for (method, operation) in methods.as_object().into_iter().flatten() {
            rows.push(operation_row(path, method, operation, &spec).to_string());
        }
    }
    out.push_str(&rows.join(",\n"));
    out.push_str("\n]}\n");
    Ok(out)
}

/// A schema with `allOf` merged into it and only what is kept.
fn schema(full: &Value, spec: &Value) -> Value {
    if let Some(name) = full["$ref"].as_str() {
        return json!({ "ref": last(name) });
    }
    let mut kept = Map::new();
    for part in full["allOf"].as_array().into_iter().flatten() {
        merge(&mut kept, schema(&resolved(part, spec), spec));
    }
    for (theirs, ours) in KEPT {
        let flag = *theirs == "required" && full[*theirs].is_boolean();
        if !flag && !full[*theirs].is_null() {
            merge(&mut kept, json!({ *ours: full[*theirs] }));
        }
    }
    if let Some(properties) = full["properties"].as_object() {
        let properties: Map<_, _> =
            properties.iter().map(|(name, p)| (name.clone(), schema(p, spec))).collect();
        merge(&mut kept, json!({ "properties": properties }));
    }
    for nested in ["items", "additionalProperties"] {
        if full[nested].is_object() {
            kept.insert(nested.to_owned(), schema(&full[nested], spec));
        }
    }
    Value::Object(kept)
}

/// Adds what `more` says: lists grow, objects take each other's entries.
fn merge(into: &mut Map<String, Value>, more: Value) {
    let Value::Object(more) = more else { return };
    for (key, value) in more {
        match (into.get_mut(&key), value) {
            (Some(Value::Object(old)), Value::Object(new)) => old.extend(new),
            (Some(Value::Array(old)), Value::Array(new)) if key == "required" => old.extend(new),
            (_, value) => {
                into.insert(key, value);
            }
        }
    }
}

fn operation_row(path: &str, method: &str, operation: &Value, spec: &Value) -> Value {
    let parameters: Vec<Value> = operation["parameters"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|p| json!([p["in"], p["name"], p["required"] == true, schema(&p["schema"], spec)]))
        .collect();
    let body = operation["requestBody"]["content"].as_object().and_then(|content| {
        let (kind, body) = content.iter().next()?;
        let required = operation["requestBody"]["required"] == true;
        Some(json!([kind, schema(&body["schema"], spec), required]))
    });
    let statuses: Vec<&str> =
        operation["responses"].as_object().into_iter().flatten().map(|(code, _)| code.as_str()).collect();
    let answer = answer_of(operation, spec);
    json!({
        "method": method.to_uppercase(), "path": path, "id": operation["operationId"], "parameters": parameters,
        "body": body, "answer": answer, "statuses": statuses,
    })
}

/// The schema of what a successful answer holds.
fn answer_of(operation: &Value, spec: &Value) -> Value {
    ["200", "201", "202"]
        .iter()
        .filter_map(|code| operation["responses"][*code]["content"].as_object()?.values().next())
        .map(|body| schema(&body["schema"], spec))
        .next()
        .unwrap_or(Value::Null)
}

fn resolved(part: &Value, spec: &Value) -> Value {
    match part["$ref"].as_str() {
        Some(name) => spec["components"]["schemas"][last(name)].clone(),
        None => part.clone(),
    }
}

fn last(reference: &str) -> &str {
    reference.rsplit('/').next().unwrap_or(reference)
}

/// YAML as JSON.
fn plain(yaml: &Yaml) -> Value {
    match yaml {
        Yaml::Integer(number) => json!(number),
        Yaml::Real(text) => text.parse::<f64>().map_or(Value::Null, |number| json!(number)),
        Yaml::String(text) => json!(text),
        Yaml::Boolean(yes) => json!(yes),
        Yaml::Array(list) => list.iter().map(plain).collect(),
        Yaml::Hash(entries) => entries
            .iter()
            .filter_map(|(key, value)| match plain(key) {
                Value::String(key) => Some((key, plain(value))),
                Value::Null => None,
                key => Some((key.to_string(), plain(value))),
            })
            .collect(),
        Yaml::Alias(_) | Yaml::Null | Yaml::BadValue => Value::Null,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_merged_and_prose_is_left_out() {
        let text = "components:\n  schemas:\n    a:\n      description: x\n      allOf:\n        - $ref: '#/components/schemas/b'\n\
                    \x20       - required: [name]\n          properties: {name: {type: string, description: y}}\n\
                    \x20   b:\n      required: [id]\n      properties: {id: {type: integer, maximum: 3}}\npaths: {}\n";
        let made: Value = serde_json::from_str(&make(text).unwrap()).unwrap();
        assert_eq!(
            made["schemas"]["a"],
            json!({ "required": ["id", "name"], "properties":
                { "id": { "type": "integer", "maximum": 3 }, "name": { "type": "string" } } })
        );
    }
}
