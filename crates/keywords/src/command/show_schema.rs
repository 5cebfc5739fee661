//! `show schema json`: what `show info json` and `show stat json` print, as a JSON schema (management manual 9.3).

use super::prelude::*;

pub(super) const KEYWORDS: &[Command] = &[user(
    &["show", "schema", "json"],
    "show schema json",
    "report schema used for stats",
    |query, _, out| query.plain(&schema(), out),
)];

/// Where a fact may come from, how it changes, and how far it reaches.
const ORIGINS: &[&str] = &["Metric", "Status", "Key", "Config", "Product", "Unknown"];
const NATURES: &[&str] = &[
    "Gauge", "Limit", "Min", "Max", "Rate", "Counter", "Duration", "Age", "Time", "Name", "Output", "Avg",
    "Unknown",
];
const SCOPES: &[&str] = &["Cluster", "Process", "Service", "System", "Unknown"];
/// Integers and their limits: no more than what JSON's readers hold exactly.
const INTEGERS: &[(&str, i64, i64)] = &[
    ("s32", -2_147_483_648, 2_147_483_647),
    ("s64", -9_007_199_254_740_991, 9_007_199_254_740_991),
    ("u32", 0, 4_294_967_295),
    ("u64", 0, 9_007_199_254_740_991),
];

fn schema() -> String {
    format!(
        r#"{{"$schema":"http://json-schema.org/draft-04/schema#","oneOf":[{},{},{}],"definitions":{{{},{},{},{}}}}}"#,
        info(),
        stat(),
        r#"{"title":"Error","type":"object","properties":{"errorStr":{"type":"string"}},"required":["errorStr"]}"#,
        r#""field":{"type":"object","pos":{"type":"integer","minimum":0},"name":{"type":"string"},"required":["pos","name"]}"#,
        r#""processNum":{"type":"integer","minimum":1}"#,
        tags(),
        typed_value(),
    )
}

fn list(words: &[&str]) -> String {
    words.iter().map(|word| format!("\"{word}\"")).collect::<Vec<_>>().join(",")
}

/// Properties that stand elsewhere in the schema, by their names here and there.
fn references(names: &[(&str, &str)]) -> String {
    let each = names.iter().map(|(name, of)| format!(r##""{name}":{{"$ref":"#/definitions/{of}"}}"##));
    each.collect::<Vec<_>>().join(",")
}

fn items(title: &str, properties: &str, required: &[&str]) -> String {
    format!(
        r#"{{"title":"{title}","type":"array","items":{{"title":"InfoItem","type":"object","properties":{{{properties}}},"required":[{}]}}}}"#,
        list(required)
    )
}

fn info() -> String {
    let names = [("field", "field"), ("processNum", "processNum"), ("tags", "tags"), ("value", "typedValue")];
    items("Info", &references(&names), &["field", "processNum", "tags", "value"])
}

fn stat() -> String {
    let names =
        [("field", "field"), ("processNum", "processNum"), ("tags", "tags"), ("typedValue", "typedValue")];
    let kinds = list(&["Frontend", "Backend", "Listener", "Server", "Unknown"]);
    let number = r#"{"type":"integer","minimum":0}"#;
    let properties =
        format!(r#""objType":{{"enum":[{kinds}]}},"proxyId":{number},"id":{number},{}"#, references(&names));
    items("Stat", &properties, &["objType", "proxyId", "id", "field", "processNum", "tags", "value"])
}

fn tags() -> String {
    let one = |name: &str, words| format!(r#""{name}":{{"type":"string","enum":[{}]}}"#, list(words));
    format!(
        r#""tags":{{"type":"object",{},{},{},"required":["origin","nature","scope"]}}"#,
        one("origin", ORIGINS),
        one("nature", NATURES),
        one("scope", SCOPES),
    )
}

fn typed_value() -> String {
    let mut kinds: Vec<(String, String)> = INTEGERS
        .iter()
        .map(|(kind, least, most)| {
            let value = format!(r#"{{"type":"integer","minimum":{least},"maximum":{most}}}"#);
            (format!("{kind}Value"), typed(kind, &value))
        })
        .collect();
    kinds.push(("strValue".to_owned(), typed("str", r#"{"type":"string"}"#)));
    let any: Vec<String> = kinds
        .iter()
        .map(|(name, _)| format!(r##"{{"$ref":"#/definitions/typedValue/definitions/{name}"}}"##))
        .collect();
    let all: Vec<String> = kinds.iter().map(|(name, schema)| format!(r#""{name}":{schema}"#)).collect();
    format!(
        r#""typedValue":{{"type":"object","oneOf":[{}],"definitions":{{{},"unknownValue":{{"properties":{{"type":{{"type":"integer","minimum":0}},"value":{{"type":"string","enum":["unknown"]}}}},"required":["type","value"]}}}}}}"#,
        any.join(","),
        all.join(","),
    )
}

/// A value of this kind.
fn typed(kind: &str, value: &str) -> String {
    format!(
        r#"{{"properties":{{"type":{{"type":"string","enum":["{kind}"]}},"value":{value}}},"required":["type","value"]}}"#
    )
}
