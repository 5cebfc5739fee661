//! Sites: a frontend with the backends that it leads to, seen as one object.
//!
//! A farm is a backend that the frontend names: by `default_backend`, or by a `use_backend` line with its
//! condition. Lines that lead to no backend of the file (names made at run time) are none, and are left alone.

use client::{Error, Kind};
use config::Document;
use serde_json::{Map, Value, json};

use crate::answer::Answer;
use crate::app::{App, Call};
use crate::change::{change, document};

/// What a service and its frontend have in common.
const SERVICE: &[&str] = &["mode", "maxconn", "http_connection_mode"];
/// What a farm and its backend have in common.
const FARM: &[&str] = &["mode", "balance", "forwardfor"];

pub(super) fn handle(app: &App, call: &Call<'_>) -> Option<Answer> {
    let name = call.path.get("name").map(String::as_str);
    let echo = || Some(call.body.clone());
    Some(match (call.operation.method.as_str(), name) {
        ("GET", None) => read(app, call, all),
        ("GET", Some(name)) => read(app, call, |document| site(document, name)),
        ("POST", None) => change(app, call, 201, echo(), |document| create(document, &call.body)),
        ("PUT", Some(name)) => change(app, call, 200, echo(), |document| replace(document, name, &call.body)),
        ("DELETE", Some(name)) => change(app, call, 204, None, |document| delete(document, name)),
        _ => return None,
    })
}

fn read(app: &App, call: &Call<'_>, what: impl FnOnce(&Document) -> Result<Value, Error>) -> Answer {
    let outcome = document(app, call).and_then(|document| what(&document));
    outcome.map_or_else(Answer::from, |value| Answer::json(200, value))
}

fn all(document: &Document) -> Result<Value, Error> {
    let model = model("frontends")?;
    client::sections(document, model).iter().map(|found| site(document, &found.name)).collect()
}

fn site(document: &Document, name: &str) -> Result<Value, Error> {
    let frontend = get(document, "frontends", name)?;
    let mut service = some_of(&frontend, SERVICE);
    let listeners: Vec<Value> = entries(api::field(&frontend, "binds"));
    if !listeners.is_empty() {
        service.insert("listeners".into(), json!(listeners));
    }
    let mut farms = Vec::new();
    for (farm, way) in farms_of(document, &frontend) {
        let backend = get(document, "backends", &farm)?;
        let mut object = some_of(&backend, FARM);
        object.insert("name".into(), json!(farm));
        let servers = entries(api::field(&backend, "servers"));
        if !servers.is_empty() {
            object.insert("servers".into(), json!(servers));
        }
        object.extend(way);
        farms.push(Value::Object(object));
    }
    Ok(json!({ "name": name, "service": service, "farms": farms }))
}

/// The names of a frontend's farms, and how it leads there.
fn farms_of(document: &Document, frontend: &Value) -> Vec<(String, Map<String, Value>)> {
    let rules = entries(api::field(frontend, "backend_switching_rule_list")).into_iter().map(|rule| {
        let mut way = some_of(&rule, &["cond", "cond_test"]);
        way.insert("use_as".into(), json!("conditional"));
        (api::text(&rule, "name").to_owned(), way)
    });
    let default = api::field(frontend, "default_backend")
        .as_str()
        .map(|name| (name.to_owned(), Map::from_iter([("use_as".to_owned(), json!("default"))])));
    rules.chain(default).filter(|(name, _)| get(document, "backends", name).is_ok()).collect()
}

fn create(document: &mut Document, site: &Value) -> Result<(), Error> {
    for farm in entries(api::field(site, "farms")) {
        client::create_section(document, model("backends")?, &backend(json!({}), &farm), true)?;
    }
    let made = frontend(document, json!({ "name": api::field(site, "name") }), site);
    client::create_section(document, model("frontends")?, &made, true)
}

fn replace(document: &mut Document, name: &str, site: &Value) -> Result<(), Error> {
    let old = get(document, "frontends", name)?;
    let before = farms_of(document, &old);
    let farms = entries(api::field(site, "farms"));
    for farm in &farms {
        let name = api::text(farm, "name");
        match get(document, "backends", name) {
            Ok(old) => put(document, "backends", name, &backend(old, farm))?,
            Err(error) if error.kind == Kind::NotFound => {
                client::create_section(document, model("backends")?, &backend(json!({}), farm), true)?;
            }
            Err(error) => return Err(error),
        }
    }
    let made = frontend(document, old, site);
    put(document, "frontends", name, &made)?;
    let gone = before.into_iter().map(|(name, _)| name);
    remove_unused(document, gone.filter(|name| farms.iter().all(|farm| api::text(farm, "name") != name)))
}

fn delete(document: &mut Document, name: &str) -> Result<(), Error> {
    let farms = farms_of(document, &get(document, "frontends", name)?);
    let found = client::find_section(document, model("frontends")?, name)?;
    client::delete_section(document, &found);
    remove_unused(document, farms.into_iter().map(|(name, _)| name))
}

/// Removes backends to which no frontend leads any more.
fn remove_unused(document: &mut Document, names: impl Iterator<Item = String>) -> Result<(), Error> {
    for name in names {
        let mut used = false;
        for found in client::sections(document, model("frontends")?) {
            let frontend = get(document, "frontends", &found.name)?;
            used |= farms_of(document, &frontend).iter().any(|(farm, _)| *farm == name);
        }
        if let Ok(found) = client::find_section(document, model("backends")?, &name).map_err(drop)
            && !used
        {
            client::delete_section(document, &found);
        }
    }
    Ok(())
}

/// A frontend that says what the site says, and what it said of other things.
fn frontend(document: &Document, mut old: Value, site: &Value) -> Value {
    let service = api::field(site, "service");
    for property in SERVICE {
        api::put(&mut old, property, api::field(service, property).clone());
    }
    api::put(&mut old, "binds", by_name(api::field(service, "listeners")));
    let farms = entries(api::field(site, "farms"));
    let default = farms.iter().find(|farm| api::field(farm, "use_as") == "default");
    api::put(
        &mut old,
        "default_backend",
        default.map_or(Value::Null, |farm| api::field(farm, "name").clone()),
    );
    let others = entries(api::field(&old, "backend_switching_rule_list"));
    let others =
        others.into_iter().filter(|rule| get(document, "backends", api::text(rule, "name")).is_err());
    let rules = farms.iter().filter(|farm| api::field(farm, "use_as") == "conditional");
    let rules = rules.map(|farm| Value::Object(some_of(farm, &["name", "cond", "cond_test"])));
    api::put(&mut old, "backend_switching_rule_list", rules.chain(others).collect());
    old
}

fn backend(mut old: Value, farm: &Value) -> Value {
    api::put(&mut old, "name", api::field(farm, "name").clone());
    for property in FARM {
        api::put(&mut old, property, api::field(farm, property).clone());
    }
    api::put(&mut old, "servers", by_name(api::field(farm, "servers")));
    old
}

fn model(resource: &str) -> Result<&'static client::SectionModel, Error> {
    client::section(resource).ok_or_else(|| Error::invalid(format!("no table of {resource}")))
}

fn get(document: &Document, resource: &str, name: &str) -> Result<Value, Error> {
    let model = model(resource)?;
    let found = client::find_section(document, model, name)?;
    Ok(client::read_section(document, model, &found, true))
}

fn put(document: &mut Document, resource: &str, name: &str, object: &Value) -> Result<(), Error> {
    let model = model(resource)?;
    let found = client::find_section(document, model, name)?;
    client::replace_section(document, model, &found, object, true)
}

fn some_of(object: &Value, names: &[&str]) -> Map<String, Value> {
    let has = |name: &&&str| !api::field(object, name).is_null();
    names.iter().filter(has).map(|name| ((*name).to_owned(), object[*name].clone())).collect()
}

/// The entries of a list, or of an object that has them by name.
fn entries(value: &Value) -> Vec<Value> {
    match value {
        Value::Array(items) => items.clone(),
        Value::Object(items) => items.values().cloned().collect(),
        _ => Vec::new(),
    }
}

fn by_name(list: &Value) -> Value {
    let name = |entry: &Value| match api::field(entry, "name").as_str() {
        Some(name) => name.to_owned(),
        None => format!("{}:{}", api::text(entry, "address"), api::field(entry, "port")),
    };
    entries(list).into_iter().map(|entry| (name(&entry), entry)).collect::<Map<_, _>>().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "frontend a\n\tmode http\n\tbind :80 name x\n\tuse_backend %[var(txn.b)]\n\tuse_backend b if { path /b }\n\tdefault_backend c\n\
                        \nbackend b\n\tserver s 1.2.3.4:1\n\nbackend c # kept\n\nfrontend other\n\tdefault_backend c\n";

    #[test]
    fn a_site_is_a_frontend_with_its_backends() {
        let mut document = Document::parse(TEXT);
        let one = site(&document, "a").unwrap();
        assert_eq!(
            one["service"],
            json!({ "mode": "http", "listeners": [{ "address": "", "port": 80, "name": "x" }] })
        );
        assert_eq!(one["farms"][0]["cond_test"], "{ path /b }");
        assert_eq!(one["farms"][1], json!({ "name": "c", "use_as": "default" }));
        assert_eq!(all(&document).unwrap().as_array().unwrap().len(), 2);

        let mut changed = one.clone();
        changed["farms"] = json!([{ "name": "d", "use_as": "default", "mode": "http", "servers": [{ "name": "s", "address": "5.6.7.8" }] }]);
        replace(&mut document, "a", &changed).unwrap();
        let text = String::from_utf8(document.print()).unwrap();
        assert!(text.contains("frontend a\n\tmode http\n\tbind :80 name x\n\tuse_backend %[var(txn.b)]\n\tdefault_backend d\n"), "{text}");
        assert!(!text.contains("backend b\n") && text.contains("backend c # kept\n"), "{text}");
        assert_eq!(site(&document, "a").unwrap()["farms"], changed["farms"]);
        assert_eq!(create(&mut document, &changed).unwrap_err().kind, Kind::Conflict);
        delete(&mut document, "a").unwrap();
        assert_eq!(document.print(), b"backend c # kept\n\nfrontend other\n\tdefault_backend c\n\n");
    }
}
