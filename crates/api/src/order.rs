//! The order of an object's properties, as the schema has them: what clients are used to see.

use serde_json::{Map, Value};

use crate::contract::contract;
use crate::field::field;

/// A value with its properties in the schema's order; those that the schema hasn't come last.
pub fn ordered(schema: &Value, value: Value) -> Value {
    let schema = contract().resolve(schema);
    match value {
        Value::Array(items) => items.into_iter().map(|item| ordered(&schema["items"], item)).collect(),
        Value::Object(mut entries) => {
            let mut sorted = Map::new();
            // The headers of an answer stand before it, wherever there are any.
            if let Some(value) = entries.remove("return_hdrs") {
                let headers = ordered(field(field(schema, "properties"), "return_hdrs"), value);
                sorted.insert("return_hdrs".to_owned(), headers);
            }
            for (name, property) in schema["properties"].as_object().into_iter().flatten() {
                if let Some(value) = entries.remove(name) {
                    sorted.insert(name.clone(), ordered(property, value));
                }
            }
            let rest = &schema["additionalProperties"];
            sorted.extend(entries.into_iter().map(|(name, value)| (name, ordered(rest, value))));
            Value::Object(sorted)
        }
        other => other,
    }
}

/// What the original says of an object that it was given: in the schema's order, without what the schema
/// hasn't and without what is null, empty or false, unless it is required.
pub fn echoed(schema: &Value, value: Value) -> Value {
    let schema = contract().resolve(schema);
    match value {
        Value::Array(items) => items.into_iter().map(|item| echoed(&schema["items"], item)).collect(),
        Value::Object(mut entries) if schema["properties"].is_object() => {
            let required =
                |name: &str| schema["required"].as_array().is_some_and(|all| all.iter().any(|r| r == name));
            let said = |value: &Value| !(value.is_null() || *value == false || value == "");
            let properties = schema["properties"].as_object().into_iter().flatten();
            properties
                .filter_map(|(name, property)| Some((name, property, entries.remove(name)?)))
                .filter(|(name, _, value)| said(value) || required(name))
                .map(|(name, property, value)| (name.clone(), echoed(property, value)))
                .collect::<Map<_, _>>()
                .into()
        }
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn parameters_come_before_the_name() {
        let server = json!({ "name": "a", "weight": 1, "address": "b", "check": "enabled" });
        let schema = json!({ "ref": "server" });
        let text = r#"{"check":"enabled","weight":1,"address":"b","name":"a"}"#;
        assert_eq!(ordered(&schema, server.clone()).to_string(), text);
        let mut sloppy = server;
        sloppy["more"] = json!(1);
        sloppy["strict-maxconn"] = json!(false);
        assert_eq!(echoed(&schema, sloppy).to_string(), text);
    }
}
