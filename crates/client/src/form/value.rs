//! Values between JSON and the words of a line.

use api::Kind;
use serde_json::{Map, Value, json};

/// The value at a path with dots.
pub(crate) fn get<'a>(object: &'a Value, path: &str) -> Option<&'a Value> {
    path.split('.').try_fold(object, |at, name| at.get(name)).filter(|value| !value.is_null())
}

/// Whether something is there that says something: not null, not empty.
pub(crate) fn present(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::String(text) => !text.is_empty(),
        Value::Array(items) => !items.is_empty(),
        Value::Object(entries) => entries.values().any(present),
        Value::Bool(_) | Value::Number(_) => true,
    }
}

/// Puts a value at a path with dots, making the objects that it leads through.
pub(crate) fn set(object: &mut Value, path: &str, value: Value) {
    let (mut at, mut rest) = (object, path);
    while let Some((name, tail)) = rest.split_once('.') {
        let entry = as_map(at).entry(name).or_insert_with(|| json!({}));
        (at, rest) = (entry, tail);
    }
    as_map(at).insert(rest.to_owned(), value);
}

fn as_map(value: &mut Value) -> &mut Map<String, Value> {
    if !value.is_object() {
        *value = json!({});
    }
    match value {
        Value::Object(map) => map,
        _ => unreachable!("it was made one above"),
    }
}

/// A word as a value of this kind; `None` if it isn't one.
pub(crate) fn from_word(kind: &Kind, word: &str) -> Option<Value> {
    Some(match kind {
        Kind::Integer => json!(word.parse::<i64>().ok()?),
        Kind::Time(unit) => json!(time(word, unit)?),
        Kind::Size => json!(size(word)?),
        Kind::Bool => match word {
            "on" | "true" => json!(true),
            "off" | "false" => json!(false),
            _ => return None,
        },
        Kind::Switch => match word {
            "on" | "enabled" => json!("enabled"),
            "off" | "disabled" => json!("disabled"),
            _ => return None,
        },
        Kind::Text => json!(word),
        Kind::List(_) | Kind::Object => return None,
    })
}

/// A value as a word. Times in milliseconds carry no unit, others do.
pub(crate) fn to_word(kind: &Kind, value: &Value) -> Option<String> {
    Some(match (kind, value) {
        (Kind::Time("s"), Value::Number(number)) => format!("{number}s"),
        (Kind::Bool, Value::Bool(yes)) => if *yes { "on" } else { "off" }.to_owned(),
        (Kind::Switch, Value::String(text)) => if text == "enabled" { "on" } else { "off" }.to_owned(),
        (_, Value::Number(number)) => number.to_string(),
        (_, Value::String(text)) => text.clone(),
        _ => return None,
    })
}

fn split_unit(word: &str) -> Option<(i64, &str)> {
    let digits = word.find(|c: char| !c.is_ascii_digit()).unwrap_or(word.len());
    let (number, unit) = word.split_at_checked(digits)?;
    Some((number.parse().ok()?, unit))
}

/// A time as a configuration writes it, `10s`, in milliseconds.
pub fn milliseconds(word: &str) -> Option<i64> {
    time(word, "ms")
}

/// A time in `unit`, which is also what a bare number is in.
fn time(word: &str, unit: &str) -> Option<i64> {
    let (number, suffix) = split_unit(word)?;
    let suffix = if suffix.is_empty() { unit } else { suffix };
    let microseconds = match suffix {
        "us" => 1,
        "ms" => 1000,
        "s" => 1_000_000,
        "m" => 60_000_000,
        "h" => 3_600_000_000,
        "d" => 86_400_000_000,
        _ => return None,
    };
    Some(number.checked_mul(microseconds)? / if unit == "s" { 1_000_000 } else { 1000 })
}

fn size(word: &str) -> Option<i64> {
    let (number, suffix) = split_unit(word)?;
    let shift = match suffix {
        "" => 0,
        "k" | "K" => 10,
        "m" | "M" => 20,
        "g" | "G" => 30,
        _ => return None,
    };
    number.checked_mul(1 << shift)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_and_sizes() {
        for (kind, word, number) in [
            (Kind::Time("ms"), "10s", 10_000),
            (Kind::Time("ms"), "5", 5),
            (Kind::Time("s"), "2m", 120),
            (Kind::Time("s"), "2", 2),
            (Kind::Size, "1m", 1 << 20),
            (Kind::Size, "16384", 16384),
        ] {
            assert_eq!(from_word(&kind, word), Some(json!(number)), "{word}");
        }
        for (kind, word) in
            [(Kind::Time("ms"), "x"), (Kind::Time("ms"), "1y"), (Kind::Size, "9999999999999g")]
        {
            assert_eq!(from_word(&kind, word), None, "{word}");
        }
    }

    #[test]
    fn paths_with_dots() {
        let mut object = json!({});
        set(&mut object, "a.b", json!(1));
        set(&mut object, "a.c", json!(2));
        assert_eq!(object, json!({ "a": { "b": 1, "c": 2 } }));
        assert_eq!(get(&object, "a.c"), Some(&json!(2)));
        assert_eq!(get(&object, "a.x"), None);
    }
}
