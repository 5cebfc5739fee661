//! Which Consuls are followed. They are kept in `<dataplane_storage_dir>/service_discovery/consul.json`.

use std::collections::BTreeMap;
use std::path::PathBuf;

use client::Error;
use serde_json::{Value, json};

use crate::answer::Answer;
use crate::app::{App, Call};
use crate::settings::Settings;

fn file(settings: &Settings) -> PathBuf {
    settings.storage.join("service_discovery/consul.json")
}

/// Those that an earlier process kept.
pub(crate) fn load(settings: &Settings) -> BTreeMap<String, Value> {
    let text = std::fs::read(file(settings)).unwrap_or_default();
    let all: Vec<Value> = serde_json::from_slice(&text).unwrap_or_default();
    all.into_iter().map(|one| (api::text(&one, "id").to_owned(), one)).collect()
}

pub(super) fn handle(app: &App, call: &Call<'_>) -> Option<Answer> {
    if !call.operation.path.starts_with("/service_discovery/consul") {
        return None;
    }
    let id = call.path.get("id").map(String::as_str);
    let outcome = match (call.operation.method.as_str(), id) {
        ("GET", None) => Ok(Answer::json(200, app.consuls().into_values().collect())),
        ("GET", Some(id)) => {
            app.consuls().remove(id).ok_or_else(|| missing(id)).map(|one| Answer::json(200, one))
        }
        ("POST", None) => create(app, &call.body),
        ("PUT", Some(id)) => replace(app, id, &call.body),
        ("DELETE", Some(id)) => change(app, |all| all.remove(id).map(drop).ok_or_else(|| missing(id)))
            .map(|()| Answer::empty(204)),
        _ => return None,
    };
    Some(outcome.unwrap_or_else(Answer::from))
}

fn missing(id: &str) -> Error {
    Error::not_found(format!("consul {id} does not exist"))
}

fn create(app: &App, body: &Value) -> Result<Answer, Error> {
    let mut one = checked(body)?;
    if api::text(&one, "id").is_empty() {
        api::put(&mut one, "id", json!(client::random_id()?));
    }
    let id = api::text(&one, "id").to_owned();
    change(app, |all| match all.insert(id.clone(), one.clone()) {
        None => Ok(()),
        Some(_) => Err(Error::conflict(format!("consul {id} already exists"))),
    })?;
    Ok(Answer::json(201, one))
}

fn replace(app: &App, id: &str, body: &Value) -> Result<Answer, Error> {
    let mut one = checked(body)?;
    api::put(&mut one, "id", json!(id));
    change(app, |all| all.insert(id.to_owned(), one.clone()).map(drop).ok_or_else(|| missing(id)))?;
    Ok(Answer::json(200, one))
}

/// With the defaults of the contract.
fn checked(body: &Value) -> Result<Value, Error> {
    let mut one = body.clone();
    if api::text(&one, "mode") == "https" {
        return Err(Error::new(client::Kind::NotServed, "mode https isn't served: only http"));
    }
    regex::Regex::new(api::text(&one, "service_name_regexp"))
        .map_err(|error| Error::invalid(format!("service_name_regexp: {error}")))?;
    for (name, value) in [
        ("mode", json!("http")),
        ("health_check_policy", json!("none")),
        ("server_slots_base", json!(10)),
        ("server_slots_growth_type", json!("exponential")),
    ] {
        if api::field(&one, name).is_null() {
            api::put(&mut one, name, value);
        }
    }
    Ok(one)
}

/// Changes what is kept; nothing is changed if it can't be kept.
fn change(
    app: &App,
    edit: impl FnOnce(&mut BTreeMap<String, Value>) -> Result<(), Error>,
) -> Result<(), Error> {
    let mut kept = app.kept_consuls();
    let mut all = kept.clone();
    edit(&mut all)?;
    let path = file(&app.settings);
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(|e| Error::system("cannot create the storage", &e))?;
    }
    let list: Vec<&Value> = all.values().collect();
    client::write_file(&path, json!(list).to_string().as_bytes())?;
    *kept = all;
    Ok(())
}
