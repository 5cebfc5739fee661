//! The order of an object's properties, as the schema has them: what clients are used to see.

use serde_json::{Map, Value};

use crate::contract::contract;

/// A value with its properties in the schema's order; those that the schema hasn't come last.
pub fn ordered(schema: &Value, value: Value) -> Value {
    let schema = contract().resolve(schema);
    match value {
        Value::Array(items) => items.into_iter().map(|item| ordered(&schema["items"], item)).collect(),
        Value::Object(mut entries) => {
            let mut sorted = Map::new();
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn parameters_come_before_the_name() {
        let server = json!({ "name": "a", "weight": 1, "address": "b", "check": "enabled" });
        let schema = json!({ "ref": "server" });
        let text = r#"{"check":"enabled","weight":1,"address":"b","name":"a"}"#;
        assert_eq!(ordered(&schema, server).to_string(), text);
    }
}
