//! Stick tables of the running process.

use client::{Error, Kind, Runtime};
use serde_json::{Map, Value, json};

use super::runtime::missing;
use crate::answer::Answer;
use crate::app::{App, Call};

pub(super) fn handle(app: &App, runtime: &Runtime, call: &Call<'_>) -> Option<Result<Answer, Error>> {
    let entries = call.operation.path.ends_with("/entries");
    Some(match (call.operation.method.as_str(), call.path.get("name")) {
        ("GET", _) if entries => read(runtime, call).map(|all| Answer::json(200, json!(all))),
        ("POST", _) if entries => write(runtime, call).map(|()| Answer::empty(204)),
        ("GET", None) => list(app, runtime).map(|all| Answer::json(200, json!(all))),
        ("GET", Some(name)) => list(app, runtime).and_then(|all| {
            let found = all.into_iter().find(|table| api::text(table, "name") == name);
            found
                .map(|table| Answer::json(200, table))
                .ok_or_else(|| Error::not_found(format!("table {name} does not exist")))
        }),
        _ => return None,
    })
}

/// `# table: f, type: ip, size:1024, used:1`, with what the configuration says of its data.
fn list(app: &App, runtime: &Runtime) -> Result<Vec<Value>, Error> {
    let text = runtime.command("show table")?;
    let heads = text.lines().filter_map(|line| line.strip_prefix("# table: "));
    Ok(heads.map(|head| table(app, head)).collect())
}

fn table(app: &App, head: &str) -> Value {
    let mut parts = head.split(',').map(str::trim);
    let name = parts.next().unwrap_or_default();
    let mut object = json!({ "name": name });
    for (key, value) in parts.filter_map(|part| part.split_once(':')) {
        let value = value.trim();
        match (key, value.parse::<u64>()) {
            ("type", _) => api::put(&mut object, "type", json!(value)),
            ("size" | "used", Ok(number)) => api::put(&mut object, key, json!(number)),
            _ => {}
        }
    }
    let fields: Vec<Value> = stored(app, name).split(',').filter(|f| !f.is_empty()).map(field).collect();
    if !fields.is_empty() {
        api::put(&mut object, "fields", json!(fields));
    }
    object
}

/// What a table stores, by the line that declares it: a proxy's, or a `peers` section's (`section/table`).
fn stored(app: &App, name: &str) -> String {
    let Ok(document) = app.store().document(None) else { return String::new() };
    let proxy = ["frontends", "backends"].iter().find_map(|resource| {
        let model = client::section(resource)?;
        let found = client::find_section(&document, model, name).ok()?;
        let section = client::read_section(&document, model, &found, false);
        api::field(api::field(&section, "stick_table"), "store").as_str().map(str::to_owned)
    });
    let of_peers = || {
        let (section, table) = name.split_once('/')?;
        let found = client::find_section(&document, client::section("peer_section")?, section).ok()?;
        let row = client::find_row(&document, &found, client::family("tables")?, table).ok()?;
        Some(api::text(&row.value, "store").to_owned())
    };
    proxy.or_else(of_peers).unwrap_or_default()
}

/// `http_req_rate(10s)`, `gpc(2)`, `conn_cur`.
fn field(text: &str) -> Value {
    let (name, argument) = text.split_once('(').unwrap_or((text, ""));
    let argument = argument.trim_end_matches(')');
    let mut object = json!({ "field": name, "type": "counter" });
    if let Some((count, period)) = argument.split_once(',') {
        api::put(&mut object, "idx", json!(count.parse::<u64>().ok()));
        api::put(&mut object, "type", json!("rate"));
        api::put(&mut object, "period", json!(client::milliseconds(period)));
    } else if name.ends_with("_rate") {
        api::put(&mut object, "type", json!("rate"));
        api::put(&mut object, "period", json!(client::milliseconds(argument)));
    } else if !argument.is_empty() {
        api::put(&mut object, "idx", json!(argument.parse::<u64>().ok()));
    }
    object
}

fn read(runtime: &Runtime, call: &Call<'_>) -> Result<Vec<Value>, Error> {
    let mut command = format!("show table {}", call.value("parent_name"));
    if let Some(key) = call.request.query("key") {
        command += &format!(" key {key}");
    } else {
        for filter in call.request.query("filter").into_iter().flat_map(|text| text.split(',')) {
            command += &format!(" data.{}", filter.trim());
        }
    }
    let text = runtime.command(&command).map_err(missing)?;
    if !text.starts_with("# table: ") {
        return Err(missing(Error::invalid(text)));
    }
    let number = |name: &str| call.request.query(name).and_then(|text| text.parse::<usize>().ok());
    let all = text.lines().filter(|line| line.starts_with("0x")).map(entry);
    Ok(all.skip(number("offset").unwrap_or(0)).take(number("count").unwrap_or(usize::MAX)).collect())
}

/// `0x5629: key=127.0.0.1 use=0 exp=29976 shard=0 http_req_rate(10000)=1 gpc0=0`.
fn entry(line: &str) -> Value {
    let (id, rest) = line.split_once(": ").unwrap_or((line, ""));
    let mut object = Map::from_iter([("id".to_owned(), json!(id))]);
    let (key, rest) = rest.strip_prefix("key=").and_then(|r| r.split_once(" use=")).unwrap_or(("", rest));
    object.insert("key".into(), json!(key));
    let rest = format!("use={rest}");
    let known: Vec<&str> = api::properties("stick_table_entry").collect();
    for (name, value) in rest.split(' ').filter_map(|word| word.split_once('=')) {
        let name = name.split('(').next().unwrap_or(name);
        let number = value.parse::<i64>();
        match (name, number) {
            ("use", number) => object.insert("use".into(), json!(number.is_ok_and(|n| n > 0))),
            (name, Ok(number)) if known.contains(&name) => object.insert(name.to_owned(), json!(number)),
            (name, Ok(number)) => counter(&mut object, name, number),
            _ => None,
        };
    }
    Value::Object(object)
}

/// `gpc2`, `gpt0`, `gpc1_rate` of an array: the contract has room for one, the first.
fn counter(object: &mut Map<String, Value>, name: &str, value: i64) -> Option<Value> {
    let digits: String = name.chars().filter(char::is_ascii_digit).collect();
    let plain = name.replace(&digits, "");
    let index = digits.parse::<i64>().ok()?;
    let first = matches!(plain.as_str(), "gpc" | "gpt" | "gpc_rate") && !object.contains_key(&plain);
    first.then(|| object.insert(plain, json!({ "idx": index, "value": value })))?
}

fn write(runtime: &Runtime, call: &Call<'_>) -> Result<(), Error> {
    let key = api::text(&call.body, "key");
    let data = api::field(&call.body, "data_type").as_object().cloned().unwrap_or_default();
    if key.is_empty() || key.contains(char::is_whitespace) {
        return Err(Error::new(Kind::Schema, "key must be one word"));
    }
    let mut words = String::new();
    for (name, value) in &data {
        match (name.as_str(), value) {
            ("id" | "key" | "use" | "exp", _) => {}
            (name, Value::Number(number)) => words += &format!(" data.{name} {number}"),
            (name, Value::Object(one)) => {
                let index = api::field(value, "idx").as_u64().unwrap_or(0);
                let number = one.get("value").and_then(Value::as_i64).unwrap_or(0);
                words += &format!(" data.{name}[{index}] {number}");
            }
            _ => {}
        }
    }
    let table = call.value("parent_name");
    let told = runtime.command(&format!("set table {table} key {key}{words}")).map_err(missing)?;
    if told.is_empty() { Ok(()) } else { Err(missing(Error::invalid(told))) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_and_fields() {
        let line =
            "0x55: key=a b use=1 exp=29976 shard=0 conn_cur=2 http_req_rate(10000)=1 gpc0=0 gpc2=5 gpt1=4";
        let wanted = json!({
            "id": "0x55", "key": "a b", "use": true, "exp": 29976, "conn_cur": 2, "http_req_rate": 1, "gpc0": 0,
            "gpc": { "idx": 2, "value": 5 }, "gpt": { "idx": 1, "value": 4 },
        });
        assert_eq!(entry(line), wanted);
        assert_eq!(
            field("http_req_rate(10s)"),
            json!({ "field": "http_req_rate", "type": "rate", "period": 10000 })
        );
        assert_eq!(field("gpc_rate(2,5m)")["period"], 300_000);
        assert_eq!(field("gpt(3)"), json!({ "field": "gpt", "type": "counter", "idx": 3 }));
    }
}
