//! Fields of JSON objects, absent ones included.

use serde_json::Value;

/// A field; null if there is none.
pub fn field<'a>(value: &'a Value, name: &str) -> &'a Value {
    value.get(name).unwrap_or(&Value::Null)
}

/// A field's text; empty if there is none.
pub fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    field(value, name).as_str().unwrap_or_default()
}

/// Sets a field of an object.
pub fn put(value: &mut Value, name: &str, field: Value) {
    if let Some(entries) = value.as_object_mut() {
        entries.insert(name.to_owned(), field);
    }
}
