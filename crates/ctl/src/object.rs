//! Objects from files and from the command line.

use std::io::Read as _;
use std::path::Path;

use serde_json::{Map, Value, json};
use yaml_rust2::{Yaml, YamlLoader};

/// The text of a file; of standard input for `-`.
pub(crate) fn text(path: &Path) -> Result<String, String> {
    let mut text = String::new();
    let outcome = if path == Path::new("-") {
        std::io::stdin().read_to_string(&mut text).map(|_| text)
    } else {
        std::fs::read_to_string(path)
    };
    outcome.map_err(|error| format!("cannot read {}: {error}", path.display()))
}

/// A text of JSON or YAML as a value.
pub(crate) fn parse(text: &str) -> Result<Value, String> {
    if let Ok(value) = serde_json::from_str(text) {
        return Ok(value);
    }
    let documents = YamlLoader::load_from_str(text).map_err(|error| error.to_string())?;
    of_yaml(documents.first().unwrap_or(&Yaml::Null))
}

fn of_yaml(yaml: &Yaml) -> Result<Value, String> {
    Ok(match yaml {
        Yaml::Null | Yaml::BadValue => Value::Null,
        Yaml::Boolean(yes) => json!(yes),
        Yaml::Integer(number) => json!(number),
        Yaml::Real(text) => text.parse::<f64>().map_or_else(|_| json!(text), |number| json!(number)),
        Yaml::String(text) => json!(text),
        Yaml::Array(items) => Value::Array(items.iter().map(of_yaml).collect::<Result<_, _>>()?),
        Yaml::Hash(entries) => {
            let mut object = Map::new();
            for (key, value) in entries {
                let key = key.as_str().map(str::to_owned).or_else(|| key.as_i64().map(|n| n.to_string()));
                object.insert(key.ok_or("a key that is no word")?, of_yaml(value)?);
            }
            Value::Object(object)
        }
        Yaml::Alias(_) => return Err("aliases aren't understood".to_owned()),
    })
}

/// Sets properties by `key=value`. A value is what JSON makes of it, and text otherwise; `key=` takes it away.
pub(crate) fn set_pairs(object: &mut Value, pairs: &[String]) -> Result<(), String> {
    for pair in pairs {
        let (key, text) = pair.split_once('=').ok_or_else(|| format!("{pair}: expected key=value"))?;
        let value = if text.is_empty() {
            Value::Null
        } else {
            serde_json::from_str(text).unwrap_or_else(|_| json!(text))
        };
        set(object, key, value).ok_or_else(|| format!("{key} leads into something that is no object"))?;
    }
    Ok(())
}

fn set(object: &mut Value, key: &str, value: Value) -> Option<()> {
    if object.is_null() {
        *object = json!({});
    }
    let entries = object.as_object_mut()?;
    match key.split_once('.') {
        Some((first, rest)) => set(entries.entry(first).or_insert(Value::Null), rest, value),
        None if value.is_null() => {
            entries.remove(key);
            Some(())
        }
        None => {
            entries.insert(key.to_owned(), value);
            Some(())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn objects_come_from_texts_and_pairs() {
        let mut object = parse("name: a\nport: 80\nlist: [{x: true}]\n").unwrap();
        assert_eq!(object, json!({ "name": "a", "port": 80, "list": [{ "x": true }] }));
        assert_eq!(parse("{\"a\":1}").unwrap(), json!({ "a": 1 }));
        let pairs = ["port=", "balance.algorithm=first", "id=7", "name=7a"].map(str::to_owned);
        set_pairs(&mut object, &pairs).unwrap();
        let wanted =
            json!({ "name": "7a", "list": [{ "x": true }], "balance": { "algorithm": "first" }, "id": 7 });
        assert_eq!(object, wanted);
        assert!(set_pairs(&mut object, &["x".to_owned()]).is_err());
        assert!(set_pairs(&mut object, &["name.x=1".to_owned()]).is_err());
    }
}
