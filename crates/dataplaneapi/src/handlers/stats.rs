//! Statistics of the running process, as `show stat` has them.

use std::collections::BTreeMap;

use client::{Error, Runtime};
use serde_json::{Map, Value, json};

use crate::answer::Answer;
use crate::app::{App, Call};

pub(super) fn handle(app: &App, call: &Call<'_>) -> Option<Answer> {
    if call.operation.path != "/services/haproxy/stats/native" {
        return None;
    }
    let Some(runtime) = app.runtime() else {
        return Some(Answer::failure(500, "no runtime socket is configured"));
    };
    Some(native(&runtime, call).map_or_else(
        |error| {
            let told = json!({ "error": error.message, "runtimeAPI": runtime.socket.display().to_string() });
            Answer::json(500, told)
        },
        |value| Answer::json(200, value),
    ))
}

fn native(runtime: &Runtime, call: &Call<'_>) -> Result<Value, Error> {
    let text = runtime.command("show stat")?;
    let query = |name: &str| call.request.query(name);
    let fits = |entry: &Value| {
        query("type").is_none_or(|kind| api::field(entry, "type") == kind)
            && query("name").is_none_or(|name| api::field(entry, "name") == name)
            && query("parent").is_none_or(|parent| api::field(entry, "backend_name") == parent)
    };
    let stats: Vec<Value> = entries(&text).into_iter().filter(fits).collect();
    Ok(json!({ "runtimeAPI": runtime.socket.display().to_string(), "stats": stats }))
}

/// A frontend, backend or server for each row; listeners aren't the contract's.
fn entries(text: &str) -> Vec<Value> {
    let mut lines = text.lines();
    let names: Vec<String> = fields(lines.next().unwrap_or_default().trim_start_matches("# "));
    lines.filter(|line| !line.is_empty()).filter_map(|line| entry(&names, &fields(line))).collect()
}

fn entry(names: &[String], values: &[String]) -> Option<Value> {
    let row: BTreeMap<&str, &str> =
        names.iter().map(String::as_str).zip(values.iter().map(String::as_str)).collect();
    let (proxy, service) = (*row.get("pxname")?, *row.get("svname")?);
    let mut entry = match *row.get("type")? {
        "0" => json!({ "name": proxy, "type": "frontend" }),
        "1" => json!({ "name": proxy, "type": "backend" }),
        "2" => json!({ "backend_name": proxy, "name": service, "type": "server" }),
        _ => return None,
    };
    let mut stats = Map::new();
    for property in api::properties("native_stat_stats") {
        let Some(value) = row.get(property).filter(|value| !value.is_empty()) else { continue };
        let value = match api::kind("native_stat_stats", property) {
            Some(api::Kind::Text) | None => json!(value),
            // A number that can't be one is left out, not made up.
            Some(_) => match value.parse::<i64>() {
                Ok(number) => json!(number),
                Err(_) => continue,
            },
        };
        stats.insert(property.to_owned(), value);
    }
    api::put(&mut entry, "stats", Value::Object(stats));
    Some(entry)
}

/// The fields of a line of CSV; in quotes commas count for nothing, and two quotes are one.
fn fields(line: &str) -> Vec<String> {
    let (mut all, mut field, mut quoted) = (Vec::new(), String::new(), false);
    let mut chars = line.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '"' if quoted && chars.peek() == Some(&'"') => {
                chars.next();
                field.push('"');
            }
            '"' => quoted = !quoted,
            ',' if !quoted => all.push(std::mem::take(&mut field)),
            c => field.push(c),
        }
    }
    all.push(field);
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_read_by_their_headers_names() {
        let text = "# pxname,svname,scur,type,status,last_chk,\nf,FRONTEND,3,0,OPEN,,\nf,sock-1,,3,,,\n\
                    b,s1,,2,UP,\"a, \"\"b\"\"\",\n";
        let found = entries(text);
        assert_eq!(found.len(), 2);
        assert_eq!(
            found[0],
            json!({ "name": "f", "type": "frontend", "stats": { "scur": 3, "status": "OPEN" } })
        );
        assert_eq!(found[1]["stats"]["last_chk"], "a, \"b\"");
        assert_eq!(found[1]["backend_name"], "b");
    }
}
