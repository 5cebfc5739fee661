//! Lists of certificates: those of the running process, and the entries of stored ones.

use client::{Error, Runtime};
use serde_json::{Value, json};

use super::runtime::missing;
use super::storage::after;
use crate::answer::Answer;
use crate::app::{App, Call};
use crate::multipart::file_name;

pub(super) fn running(runtime: &Runtime, call: &Call<'_>) -> Option<Result<Answer, Error>> {
    let name = call.request.query("name").unwrap_or_default();
    let entries = call.operation.path.ends_with("/entries");
    Some(match (call.operation.method.as_str(), entries) {
        ("GET", false) => runtime.command("show ssl crt-list").map(|text| {
            let files = text.lines().filter(|line| !line.is_empty());
            Answer::json(200, files.map(|file| json!({ "file": file })).collect())
        }),
        ("GET", true) => runtime
            .command(&format!("show ssl crt-list -n {name}"))
            .map_err(missing)
            .map(|text| Answer::json(200, text.lines().filter_map(shown_entry).collect())),
        ("POST", true) => add(runtime, name, &call.body).map(|()| Answer::json(201, call.body.clone())),
        ("DELETE", true) => {
            let file = call.request.query("cert_file").unwrap_or_default();
            let line = call.request.query("line_number").map(|line| format!(":{line}")).unwrap_or_default();
            let command = format!("del ssl crt-list {name} {file}{line}");
            runtime.command(&command).map_err(missing).map(|_| Answer::empty(204))
        }
        _ => return None,
    })
}

/// `file:line [options] filters`, as the process shows it.
fn shown_entry(line: &str) -> Option<Value> {
    let (place, rest) = line.split_once(' ').unwrap_or((line, ""));
    let (file, number) = place.rsplit_once(':')?;
    let mut entry = entry_of(file, rest);
    api::put(&mut entry, "line_number", json!(number.parse::<i64>().ok()?));
    Some(entry)
}

fn entry_of(file: &str, rest: &str) -> Value {
    let mut entry = json!({ "file": file });
    let mut rest = rest.trim();
    if let Some((options, tail)) = rest.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        if !options.trim().is_empty() {
            api::put(&mut entry, "ssl_bind_config", json!(options.trim()));
        }
        rest = tail.trim();
    }
    if !rest.is_empty() {
        api::put(&mut entry, "sni_filter", rest.split_whitespace().collect());
    }
    entry
}

/// An entry as a list's line.
fn line_of(entry: &Value) -> Result<String, Error> {
    let mut line = entry["file"].as_str().unwrap_or_default().to_owned();
    if let Some(options) = entry["ssl_bind_config"].as_str().filter(|options| !options.is_empty()) {
        line.push_str(&format!(" [{options}]"));
    }
    for filter in entry["sni_filter"].as_array().into_iter().flatten().filter_map(Value::as_str) {
        line.push_str(&format!(" {filter}"));
    }
    if line.trim().is_empty() || line.contains(['\n', '\r', '\0', '#']) {
        return Err(Error::new(client::Kind::Schema, "the entry isn't a line of a list"));
    }
    Ok(line)
}

/// Adds an entry; one with options is a payload.
fn add(runtime: &Runtime, list: &str, entry: &Value) -> Result<(), Error> {
    let line = line_of(entry)?;
    let plain = entry["file"].as_str() == Some(line.as_str());
    let outcome = if plain {
        runtime.command(&format!("add ssl crt-list {list} {line}"))
    } else {
        runtime.command_with(&format!("add ssl crt-list {list}"), &line)
    };
    outcome.map_err(missing).map(|_| ())
}

/// `storage/ssl_crt_lists/{name}/entries`: in the file, and in the process if it will.
pub(super) fn stored_entries(app: &App, call: &Call<'_>) -> Option<Answer> {
    let name = file_name(call.value("name"));
    let path = app.settings.certificates.join(&name);
    if name.is_empty() || !path.is_file() {
        return Some(Answer::failure(404, format!("file {name} doesn't exist in dataplaneapi storage")));
    }
    let text = match client::read_file(&path) {
        Ok(text) => String::from_utf8_lossy(&text).into_owned(),
        Err(error) => return Some(error.into()),
    };
    let outcome = match call.operation.method.as_str() {
        "GET" => Ok(Answer::json(200, stored(&text).into_iter().map(|(_, entry)| entry).collect())),
        "POST" => add_stored(app, call, &path, &text),
        "DELETE" => delete_stored(app, call, &path, &text),
        _ => return None,
    };
    Some(outcome.unwrap_or_else(Answer::from))
}

/// The entries of a file, each with the index of its line.
fn stored(text: &str) -> Vec<(usize, Value)> {
    let lines =
        text.lines().enumerate().map(|(at, line)| (at, line.split('#').next().unwrap_or_default().trim()));
    lines
        .filter(|(_, line)| !line.is_empty())
        .map(|(at, line)| {
            let (file, rest) = line.split_once(' ').unwrap_or((line, ""));
            let mut entry = entry_of(file, rest);
            api::put(&mut entry, "line_number", json!(at + 1));
            (at, entry)
        })
        .collect()
}

fn add_stored(app: &App, call: &Call<'_>, path: &std::path::Path, text: &str) -> Result<Answer, Error> {
    let line = line_of(&call.body)?;
    let feed = if text.is_empty() || text.ends_with('\n') { "" } else { "\n" };
    client::write_file(path, format!("{text}{feed}{line}\n").as_bytes())?;
    let running = app.runtime().filter(|_| !call.request.asks("force_reload"));
    let list = path.display().to_string();
    let taken = running.is_some_and(|runtime| app.told(add(&runtime, &list, &call.body)));
    let body = Some(call.body.clone());
    Ok(if taken { crate::change::with_body(201, body) } else { after(app, call, 201, body) })
}

fn delete_stored(app: &App, call: &Call<'_>, path: &std::path::Path, text: &str) -> Result<Answer, Error> {
    let file = call.request.query("certificate").unwrap_or_default();
    let number = call.request.query("line_number").and_then(|line| line.parse::<usize>().ok());
    let fits =
        |(at, entry): &(usize, Value)| entry["file"] == file && number.is_none_or(|number| number == at + 1);
    let found = stored(text).into_iter().find(fits);
    let (at, _) = found.ok_or_else(|| Error::not_found(format!("{file} isn't in {}", path.display())))?;
    let kept: String =
        text.split_inclusive('\n').enumerate().filter(|(line, _)| *line != at).map(|(_, l)| l).collect();
    client::write_file(path, kept.as_bytes())?;
    let line = number.map(|number| format!(":{number}")).unwrap_or_default();
    let command = format!("del ssl crt-list {} {file}{line}", path.display());
    let running = app.runtime().filter(|_| !call.request.asks("force_reload"));
    let gone = running.is_some_and(|runtime| app.told(runtime.command(&command)));
    // As the original: deleted is deleted, even if it takes a reload until the process knows.
    let later = |answer: Answer| if call.improved { answer } else { Answer { status: 204, ..answer } };
    Ok(if gone { Answer::empty(204) } else { later(after(app, call, 204, None)) })
}
