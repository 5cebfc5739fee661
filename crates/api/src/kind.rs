//! What a property of a schema is, in the few shapes that matter to those who write it as a word.

use serde_json::Value;

use crate::contract::contract;

/// The shape of a property.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A whole number.
    Integer,
    /// A time; the number is of this unit (`ms`, `s`).
    Time(&'static str),
    /// A size in bytes.
    Size,
    /// True or false.
    Bool,
    /// The words `enabled` and `disabled`, or one of them.
    Switch,
    /// Any other text.
    Text,
    /// Several of a kind.
    List(Box<Kind>),
    /// An object: its properties have shapes of their own.
    Object,
}

/// The shape of a property of a schema; `path` has a dot before each nested name, and `[]` isn't written.
pub fn kind(schema: &str, path: &str) -> Option<Kind> {
    let contract = contract();
    let mut at = contract.schema(schema)?;
    for name in path.split('.') {
        at = contract.resolve(at);
        if at["items"].is_object() {
            at = contract.resolve(&at["items"]);
        }
        at = at["properties"].get(name)?;
    }
    Some(shape(contract.resolve(at)))
}

fn shape(schema: &Value) -> Kind {
    if schema["items"].is_object() {
        return Kind::List(Box::new(shape(contract().resolve(&schema["items"]))));
    }
    match schema["type"].as_str() {
        Some("integer") if schema["x-duration"] == true => {
            Kind::Time(if schema["x-default-unit"] == "s" { "s" } else { "ms" })
        }
        Some("integer") if schema["x-size"] == true => Kind::Size,
        Some("integer") => Kind::Integer,
        Some("boolean") => Kind::Bool,
        Some("string") => {
            let words = schema["enum"].as_array();
            let switch =
                |w: &Vec<Value>| !w.is_empty() && w.iter().all(|w| w == "enabled" || w == "disabled");
            if words.is_some_and(switch) { Kind::Switch } else { Kind::Text }
        }
        _ => Kind::Object,
    }
}

/// The names of a schema's properties.
pub fn properties(schema: &str) -> impl Iterator<Item = &'static str> {
    let found = contract().schema(schema).and_then(|s| s["properties"].as_object());
    found.into_iter().flatten().map(|(name, _)| name.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shapes_of_properties() {
        for (schema, path, expected) in [
            ("server", "weight", Kind::Integer),
            ("server", "inter", Kind::Time("ms")),
            ("server", "check", Kind::Switch),
            ("bind", "ssl", Kind::Bool),
            ("backend", "forwardfor.except", Kind::Text),
            ("backend", "error_files.code", Kind::Integer),
            ("backend", "compression.types", Kind::List(Box::new(Kind::Text))),
            ("backend", "stick_table.size", Kind::Size),
        ] {
            assert_eq!(kind(schema, path), Some(expected), "{schema} {path}");
        }
        assert_eq!(kind("server", "nope"), None);
    }
}
