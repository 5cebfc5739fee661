//! Maps and ACLs of the running process.

use client::{Error, Runtime};
use serde_json::{Value, json};

use super::runtime::missing;
use crate::answer::Answer;
use crate::app::{App, Call};

/// A map or an ACL: its number, its file, the sentence about it.
struct Listed {
    id: String,
    file: String,
    about: String,
}

fn listed(runtime: &Runtime, kind: &str) -> Result<Vec<Listed>, Error> {
    let text = runtime.command(&format!("show {kind}"))?;
    let row = |line: &str| {
        let (id, rest) = line.split_once(" (")?;
        let (file, about) = rest.split_once(") ")?;
        id.parse::<i64>().ok()?;
        Some(Listed { id: id.to_owned(), file: file.to_owned(), about: about.to_owned() })
    };
    Ok(text.lines().filter_map(row).collect())
}

/// By the number, the path, or the file's name.
fn find(runtime: &Runtime, kind: &str, name: &str) -> Result<Listed, Error> {
    let fits =
        |one: &Listed| one.id == name.trim_start_matches('#') || one.file == name || base(&one.file) == name;
    let all = listed(runtime, kind)?;
    all.into_iter().find(fits).ok_or_else(|| Error::not_found(format!("{kind} {name} does not exist")))
}

fn base(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

pub(super) fn maps(app: &App, runtime: &Runtime, call: &Call<'_>) -> Option<Result<Answer, Error>> {
    let method = call.operation.method.as_str();
    if call.operation.path.contains("/entries") {
        return map_entries(runtime, call);
    }
    let Some(name) = call.path.get("name") else {
        let all = listed(runtime, "map");
        let managed = |one: &Listed| {
            call.request.asks("include_unmanaged")
                || std::path::Path::new(&one.file).starts_with(&app.settings.maps)
        };
        return Some(
            all.map(|all| Answer::json(200, all.iter().filter(|one| managed(one)).map(map_of).collect())),
        );
    };
    Some(match method {
        "GET" => find(runtime, "map", name).map(|one| Answer::json(200, map_of(&one))),
        "DELETE" => clear(runtime, call, name),
        "PUT" => add_many(runtime, call, name),
        _ => return None,
    })
}

fn map_of(one: &Listed) -> Value {
    json!({ "description": one.about, "file": one.file, "id": one.id, "storage_name": base(&one.file) })
}

fn clear(runtime: &Runtime, call: &Call<'_>, name: &str) -> Result<Answer, Error> {
    let one = find(runtime, "map", name)?;
    runtime.command(&format!("clear map #{}", one.id))?;
    if call.request.asks("forceDelete") {
        std::fs::remove_file(&one.file).map_err(|e| Error::system("cannot remove the map's file", &e))?;
    } else if call.request.asks("force_sync") {
        client::write_file(std::path::Path::new(&one.file), b"")?;
    }
    Ok(Answer::empty(204))
}

fn add_many(runtime: &Runtime, call: &Call<'_>, name: &str) -> Result<Answer, Error> {
    let one = find(runtime, "map", name)?;
    for entry in call.body.as_array().into_iter().flatten() {
        let (key, value) =
            (entry["key"].as_str().unwrap_or_default(), entry["value"].as_str().unwrap_or_default());
        runtime.command(&format!("add map #{} {key} {value}", one.id))?;
    }
    sync(runtime, call, &one)?;
    Ok(Answer::json(201, call.body.clone()))
}

fn map_entries(runtime: &Runtime, call: &Call<'_>) -> Option<Result<Answer, Error>> {
    let name = call.value("parent_name");
    let key = call.path.get("id").map(String::as_str);
    let found = match find(runtime, "map", name) {
        Ok(found) => found,
        Err(error) => return Some(Err(error)),
    };
    Some(match (call.operation.method.as_str(), key) {
        ("GET", None) => entries(runtime, &found).map(|all| Answer::json(200, Value::Array(all))),
        ("GET", Some(key)) => entry(runtime, &found, key).map(|one| Answer::json(200, one)),
        ("POST", None) => add_entry(runtime, call, &found),
        ("PUT", Some(key)) => set_entry(runtime, call, &found, key),
        ("DELETE", Some(key)) => delete_entry(runtime, call, &found, key),
        _ => return None,
    })
}

fn entries(runtime: &Runtime, map: &Listed) -> Result<Vec<Value>, Error> {
    let text = runtime.command(&format!("show map #{}", map.id)).map_err(missing)?;
    let row = |line: &str| {
        let mut parts = line.splitn(3, ' ');
        let (id, key, value) = (parts.next()?, parts.next()?, parts.next().unwrap_or_default());
        Some(json!({ "id": id, "key": key, "value": value }))
    };
    Ok(text.lines().filter_map(row).collect())
}

fn entry(runtime: &Runtime, map: &Listed, key: &str) -> Result<Value, Error> {
    let all = entries(runtime, map)?;
    let found = all.into_iter().find(|entry| entry["key"] == key || entry["id"] == key);
    found.ok_or_else(|| Error::not_found(format!("{key} does not exist in {}", map.file)))
}

fn add_entry(runtime: &Runtime, call: &Call<'_>, map: &Listed) -> Result<Answer, Error> {
    let (key, value) = (api::text(&call.body, "key"), api::text(&call.body, "value"));
    if entry(runtime, map, key).is_ok() {
        return Err(Error::conflict(format!("{key} already exists in {}", map.file)));
    }
    runtime.command(&format!("add map #{} {key} {value}", map.id))?;
    sync(runtime, call, map)?;
    Ok(Answer::json(201, call.body.clone()))
}

fn set_entry(runtime: &Runtime, call: &Call<'_>, map: &Listed, key: &str) -> Result<Answer, Error> {
    entry(runtime, map, key)?;
    let value = api::text(&call.body, "value");
    runtime.command(&format!("set map #{} {key} {value}", map.id))?;
    sync(runtime, call, map)?;
    Ok(Answer::json(200, entry(runtime, map, key)?))
}

fn delete_entry(runtime: &Runtime, call: &Call<'_>, map: &Listed, key: &str) -> Result<Answer, Error> {
    entry(runtime, map, key)?;
    runtime.command(&format!("del map #{} {key}", map.id))?;
    sync(runtime, call, map)?;
    Ok(Answer::empty(204))
}

/// Writes the map's file from what the process has, if asked to.
fn sync(runtime: &Runtime, call: &Call<'_>, map: &Listed) -> Result<(), Error> {
    if !call.request.asks("force_sync") {
        return Ok(());
    }
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let lines = entries(runtime, map)?
        .iter()
        .map(|e| format!("{} {}\n", text(&e["key"]), text(&e["value"])))
        .collect::<String>();
    client::write_file(std::path::Path::new(&map.file), lines.as_bytes())
}

pub(super) fn acls(runtime: &Runtime, call: &Call<'_>) -> Option<Result<Answer, Error>> {
    let method = call.operation.method.as_str();
    if call.operation.path.contains("/entries") {
        return acl_entries(runtime, call);
    }
    Some(match (method, call.path.get("id")) {
        ("GET", None) => {
            listed(runtime, "acl").map(|all| Answer::json(200, all.iter().map(acl_of).collect()))
        }
        ("GET", Some(id)) => find(runtime, "acl", id).map(|one| Answer::json(200, acl_of(&one))),
        _ => return None,
    })
}

fn acl_of(one: &Listed) -> Value {
    let name = one.about.split("acl '").nth(1).and_then(|rest| rest.split('\'').next()).unwrap_or_default();
    json!({ "description": one.about, "id": one.id, "storage_name": name })
}

fn acl_entries(runtime: &Runtime, call: &Call<'_>) -> Option<Result<Answer, Error>> {
    let parent = call.value("parent_name");
    let id = call.path.get("id").map(String::as_str);
    let found = match find(runtime, "acl", parent) {
        Ok(found) => found,
        Err(error) => return Some(Err(error)),
    };
    Some(match (call.operation.method.as_str(), id) {
        ("GET", None) => values(runtime, &found).map(|all| Answer::json(200, Value::Array(all))),
        ("GET", Some(id)) => value(runtime, &found, id).map(|one| Answer::json(200, one)),
        ("POST", None) => add_value(runtime, &found, &call.body),
        ("DELETE", Some(id)) => value(runtime, &found, id)
            .and_then(|_| runtime.command(&format!("del acl #{} #{id}", found.id)))
            .map(|_| Answer::empty(204)),
        _ => return None,
    })
}

fn values(runtime: &Runtime, acl: &Listed) -> Result<Vec<Value>, Error> {
    let text = runtime.command(&format!("show acl #{}", acl.id))?;
    let row = |line: &str| line.split_once(' ').map(|(id, value)| json!({ "id": id, "value": value }));
    Ok(text.lines().filter_map(row).collect())
}

fn value(runtime: &Runtime, acl: &Listed, id: &str) -> Result<Value, Error> {
    let all = values(runtime, acl)?;
    let found = all.into_iter().find(|entry| entry["id"] == id || entry["value"] == id);
    found.ok_or_else(|| Error::not_found(format!("{id} does not exist in the ACL {}", acl.id)))
}

fn add_value(runtime: &Runtime, acl: &Listed, body: &Value) -> Result<Answer, Error> {
    let text = body["value"].as_str().unwrap_or_default();
    if value(runtime, acl, text).is_ok() {
        return Err(Error::conflict(format!("{text} already exists in the ACL {}", acl.id)));
    }
    runtime.command(&format!("add acl #{} {text}", acl.id))?;
    Ok(Answer::json(201, value(runtime, acl, text)?))
}
