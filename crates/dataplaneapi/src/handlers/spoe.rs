//! The files of SPOE filters: the files themselves, the scopes in them, agents, messages and groups, and
//! transactions of their own, each file with a version of its own.

use std::fs;

use client::{Base, Error, Kind, SectionModel, Store, spoe};
use serde_json::{Value, json};

use super::transactions::json_of;
use crate::answer::Answer;
use crate::app::{App, Call};
use crate::change::{base, reloaded};
use crate::multipart::{file_name, upload};

pub(super) fn handle(app: &App, call: &Call<'_>) -> Option<Answer> {
    let path = call.operation.path.strip_prefix("/services/haproxy/spoe/")?;
    let parts: Vec<&str> = path.split('/').collect();
    let outcome = match parts.as_slice() {
        ["spoe_files"] | ["spoe_files", _] => files(app, call)?,
        ["spoe_files", _, "transactions", ..] => transactions(app, call)?,
        ["spoe_files", _, "scopes"] | ["spoe_files", _, "scopes", _] => scopes(app, call)?,
        ["spoe_files", _, "scopes", _, kind, ..] => objects(app, call, client::spoe_section(kind)?)?,
        [_, "version"] => in_file(app, call, |store| version(store, call)),
        _ => return None,
    };
    Some(outcome.unwrap_or_else(Answer::from))
}

fn files(app: &App, call: &Call<'_>) -> Option<Result<Answer, Error>> {
    let folder = &app.settings.spoe;
    let path = call.path.get("name").map(|name| folder.join(file_name(name)));
    let existing = path.filter(|path| path.is_file() && path != folder);
    let missing = || Error::not_found(format!("file {} doesn't exist", call.value("name")));
    Some(match (call.operation.method.as_str(), call.path.contains_key("name")) {
        ("GET", false) => list(app),
        ("POST", false) => create(app, call),
        ("GET", true) => existing.ok_or_else(missing).and_then(|path| {
            let text = String::from_utf8_lossy(&client::read_file(&path)?).into_owned();
            Ok(Answer::json(200, json!({ "data": text })))
        }),
        ("DELETE", true) => existing.ok_or_else(missing).and_then(|path| {
            app.forget_spoe(&file_name(call.value("name")));
            fs::remove_file(&path).map_err(|e| Error::system("cannot remove the file", &e))?;
            Ok(Answer::empty(204))
        }),
        _ => return None,
    })
}

fn list(app: &App) -> Result<Answer, Error> {
    let entries =
        fs::read_dir(&app.settings.spoe).map_err(|e| Error::system("cannot read the SPOE folder", &e))?;
    let paths = entries.flatten().map(|entry| entry.path()).filter(|path| path.is_file());
    let mut names: Vec<String> = paths.map(|path| path.display().to_string()).collect();
    names.sort();
    Ok(Answer::json(200, json!(names)))
}

fn create(app: &App, call: &Call<'_>) -> Result<Answer, Error> {
    let kind = call.request.header("content-type").unwrap_or_default();
    let file = upload(kind, &call.request.body).filter(|file| !file.name.is_empty());
    let file = file.ok_or_else(|| Error::invalid("no file_upload in the form"))?;
    let path = app.settings.spoe.join(&file.name);
    if path.exists() {
        return Err(Error::conflict(format!("file {} already exists", file.name)));
    }
    client::write_file(&path, &file.bytes)?;
    Ok(Answer::json(201, json!(path.display().to_string())))
}

/// Works on the file that the path names.
fn in_file(
    app: &App,
    call: &Call<'_>,
    work: impl FnOnce(&mut Store) -> Result<Answer, Error>,
) -> Result<Answer, Error> {
    let name = file_name(call.value("parent_name"));
    // The original's clients expect 500 where a scope is to be made.
    let strict = !call.improved && call.operation.id == "createSpoeScope";
    let missing = |error: Error| match error.kind {
        Kind::System if !strict && !app.settings.spoe.join(&name).is_file() => {
            Error::not_found(error.message)
        }
        _ => error,
    };
    app.with_spoe(&name, work).map_err(missing)
}

fn version(store: &Store, call: &Call<'_>) -> Result<Answer, Error> {
    let transaction = call.request.query("transaction_id");
    store.document(transaction)?;
    Ok(Answer::json(200, json!(store.version(transaction))))
}

fn scopes(app: &App, call: &Call<'_>) -> Option<Result<Answer, Error>> {
    let name = call.path.get("name");
    let read = |store: &Store| -> Result<Vec<String>, Error> {
        Ok(spoe::scopes(&*store.document(call.request.query("transaction_id"))?))
    };
    Some(match (call.operation.method.as_str(), name) {
        ("GET", None) => in_file(app, call, |store| Ok(Answer::json(200, json!(read(store)?)))),
        ("GET", Some(name)) => in_file(app, call, |store| {
            let found = read(store)?.contains(name);
            if found { Ok(Answer::json(200, json!(name))) } else { Err(no_scope(name)) }
        }),
        ("POST", None) => in_file(app, call, |store| {
            let name = call.body.as_str().unwrap_or_default();
            store.change(&base(call)?, |document| spoe::create_scope(document, name))?;
            Ok(Answer::json(201, call.body.clone()))
        }),
        ("DELETE", Some(name)) => in_file(app, call, |store| {
            store.change(&base(call)?, |document| spoe::delete_scope(document, name))?;
            Ok(Answer::empty(204))
        }),
        _ => return None,
    })
}

fn no_scope(name: &str) -> Error {
    Error::not_found(format!("scope {name} does not exist"))
}

fn objects(app: &App, call: &Call<'_>, model: &SectionModel) -> Option<Result<Answer, Error>> {
    let scope = call.value("scope_name");
    let name = call.path.get("name").map(String::as_str);
    let transaction = call.request.query("transaction_id");
    Some(match (call.operation.method.as_str(), name) {
        ("GET", None) => in_file(app, call, |store| {
            let document = store.document(transaction)?;
            let all = spoe::sections(&document, scope, model)?;
            let object = |found| client::read_section(&document, model, found, true);
            Ok(Answer::json(200, all.iter().map(object).collect()))
        }),
        ("GET", Some(name)) => in_file(app, call, |store| {
            let document = store.document(transaction)?;
            let found = spoe::find(&document, scope, model, name)?;
            Ok(Answer::json(200, client::read_section(&document, model, &found, true)))
        }),
        ("POST", None) => in_file(app, call, |store| {
            store.change(&base(call)?, |document| spoe::create(document, scope, model, &call.body))?;
            Ok(Answer::json(201, call.body.clone()))
        }),
        ("PUT", Some(name)) => in_file(app, call, |store| {
            store.change(&base(call)?, |document| {
                let found = spoe::find(document, scope, model, name)?;
                client::replace_section(document, model, &found, &call.body, true)
            })?;
            Ok(Answer::json(200, call.body.clone()))
        }),
        ("DELETE", Some(name)) => in_file(app, call, |store| {
            store.change(&base(call)?, |document| {
                let found = spoe::find(document, scope, model, name)?;
                client::delete_section(document, &found);
                Ok(())
            })?;
            Ok(Answer::empty(204))
        }),
        _ => return None,
    })
}

fn transactions(app: &App, call: &Call<'_>) -> Option<Result<Answer, Error>> {
    let id = call.path.get("id").map(String::as_str);
    Some(match (call.operation.method.as_str(), id) {
        ("GET", None) => in_file(app, call, |store| {
            let wanted = call.request.query("status");
            let fitting = store.transactions().filter(|t| wanted.is_none_or(|w| t.status.name() == w));
            Ok(Answer::json(200, fitting.map(json_of).collect()))
        }),
        ("POST", None) => in_file(app, call, |store| match base(call)? {
            Base::Version(version) => Ok(Answer::json(201, json_of(&store.begin(version)?))),
            _ => Err(Error::new(Kind::Invalid, "version not specified")),
        }),
        ("GET", Some(id)) => {
            in_file(app, call, |store| Ok(Answer::json(200, json_of(store.transaction(id)?))))
        }
        ("PUT", Some(id)) => {
            let mut committed = Value::Null;
            let outcome = in_file(app, call, |store| {
                committed = json_of(&store.commit(id)?);
                Ok(Answer::empty(200))
            });
            outcome.map(|_| reloaded(app, call, 200, Some(committed)))
        }
        ("DELETE", Some(id)) => in_file(app, call, |store| {
            store.discard(id)?;
            Ok(Answer::empty(204))
        }),
        _ => return None,
    })
}
