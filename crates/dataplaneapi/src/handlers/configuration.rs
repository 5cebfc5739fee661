//! Sections, their named children, and their lists with an index: all operations below `configuration/` that
//! the model has a table for.

use client::{Error, Family, Found, Kind, SectionModel};
use config::Document;
use serde_json::{Value, json};

use crate::answer::Answer;
use crate::app::{App, Call};
use crate::change::{Took, answered, at_once, base, change, document, put, with_body};
use crate::handlers::{Running, runtime_add_server, runtime_can, runtime_change, runtime_enable_server};

/// What a path names.
enum Target {
    /// Sections of a kind, or one of them.
    Section(&'static SectionModel, Option<String>),
    /// Lines of a section, or one of them.
    Row(&'static SectionModel, String, &'static Family, Option<String>),
}

/// Children whose section stands in the query: their word, the parameter, the section's word.
const IN_QUERY: &[(&str, &str, &str)] = &[
    ("users", "userlist", "userlists"),
    ("groups", "userlist", "userlists"),
    ("mailer_entries", "mailers_section", "mailers_section"),
    ("peer_entries", "peer_section", "peer_section"),
    ("nameservers", "resolver", "resolvers"),
];

pub(super) fn handle(app: &App, call: &Call<'_>) -> Option<Answer> {
    if call.operation.path.ends_with("/configuration/version") {
        return Some(Answer::json(200, json!(app.store().version(call.request.query("transaction_id")))));
    }
    let target = match target(call)? {
        Ok(target) => target,
        Err(error) => return Some(error.into()),
    };
    Some(match (call.operation.method.as_str(), &target) {
        ("GET", _) => read(app, call, &target).map_or_else(Answer::from, |value| Answer::json(200, value)),
        ("POST", Target::Row(model, parent, family, None))
            if model.resource == "backends" && family.resource == "servers" =>
        {
            add_server(app, call, &target, parent)
        }
        ("POST", _) => change(app, call, 201, Some(call.body.clone()), |d| create(d, call, &target)),
        ("PUT", _) => update(app, call, &target),
        ("DELETE", _) => change(app, call, 204, None, |d| delete(d, call, &target)),
        _ => return None,
    })
}

/// Changes an object; where the running process can do so too, nothing is reloaded.
fn update(app: &App, call: &Call<'_>, target: &Target) -> Answer {
    let echo = || Some(call.body.clone());
    let running = match target {
        Target::Section(model, Some(name)) if model.resource == "frontends" => Running::Frontend(name),
        Target::Row(model, backend, family, Some(name))
            if model.resource == "backends" && family.resource == "servers" =>
        {
            Running::Server(backend, name)
        }
        Target::Row(model, _, family, Some(_))
            if model.resource == "backends" && family.resource == "server_templates" =>
        {
            Running::Nothing
        }
        _ => return change(app, call, 200, echo(), |d| replace(d, call, target)),
    };
    if !direct(call) {
        return change(app, call, 200, echo(), |d| replace(d, call, target));
    }
    let outcome = read(app, call, target).and_then(|old| {
        let took = put(app, &base(call)?, |d| replace(d, call, target))?;
        Ok((old, read(app, call, target)?, took))
    });
    match outcome {
        Err(error) => error.into(),
        Ok((old, new, Took::Reload)) if runtime_change(app, &running, &old, &new) => with_body(200, echo()),
        Ok((old, new, Took::Applied(said))) if runtime_can(&running, &old, &new) => {
            at_once(app, &said, 200, echo())
        }
        Ok((_, _, took)) => answered(app, call, took, 200, echo()),
    }
}

/// Whether a change is made at once, and left to the running process if it will.
fn direct(call: &Call<'_>) -> bool {
    call.request.query("transaction_id").is_none()
        && !call.request.asks("force_reload")
        && !call.request.asks("dry_run")
}

/// A server goes to the running process as well; if it takes it, nothing has to be reloaded.
fn add_server(app: &App, call: &Call<'_>, target: &Target, backend: &str) -> Answer {
    if !direct(call) || !plain_servers(app, backend) {
        return change(app, call, 201, Some(call.body.clone()), |d| create(d, call, target));
    }
    let took = match base(call).and_then(|base| put(app, &base, |d| create(d, call, target))) {
        Ok(took) => took,
        Err(error) => return error.into(),
    };
    let name = api::text(&call.body, "name");
    let told = |how: &str| app.log(&format!("backend {backend}: server {name} {how}"));
    if let Took::Applied(said) = &took {
        told("added through runtime");
        return at_once(app, said, 201, Some(call.body.clone()));
    }
    match runtime_add(app, backend, &call.body) {
        Ok(()) => {
            told("added through runtime");
            with_body(201, Some(call.body.clone()))
        }
        Err(error) => {
            told(&format!("not added through runtime: {error}"));
            answered(app, call, took, 201, Some(call.body.clone()))
        }
    }
}

/// Adds a server to the running process. The original leaves it in maintenance, whatever the file says.
fn runtime_add(app: &App, backend: &str, server: &Value) -> Result<(), Error> {
    let runtime = app.runtime().ok_or_else(|| Error::invalid("no runtime socket is configured"))?;
    runtime_add_server(&runtime, backend, server)?;
    if app.settings.improved { runtime_enable_server(&runtime, backend, server) } else { Ok(()) }
}

/// Whether no `default-server` of the backend or its defaults says more about a server than its line.
fn plain_servers(app: &App, backend: &str) -> bool {
    let Ok(document) = app.store().document(None) else { return false };
    ["backends", "defaults"].iter().filter_map(|resource| client::section(resource)).all(|model| {
        client::sections(&document, model)
            .iter()
            .filter(|found| model.resource == "defaults" || found.name == backend)
            .all(|found| {
                api::field(&client::read_section(&document, model, found, false), "default_server").is_null()
            })
    })
}

fn target(call: &Call<'_>) -> Option<Result<Target, Error>> {
    let path = call.operation.path.strip_prefix("/services/haproxy/configuration/")?;
    let mut parts: Vec<&str> = path.split('/').collect();
    if let Some(first) = parts.first_mut().filter(|first| **first == "peers") {
        *first = "peer_section";
    }
    let value = |part: &str| call.value(part.trim_matches(['{', '}'])).to_owned();
    if let Some((word, parameter, section)) = IN_QUERY.iter().find(|(word, ..)| parts.first() == Some(word)) {
        let (model, family) = (client::section(section)?, client::family(word)?);
        let Some(parent) = call.request.query(parameter) else {
            return Some(Err(Error::new(Kind::Schema, format!("{parameter} in query is required"))));
        };
        return Some(Ok(Target::Row(model, parent.to_owned(), family, parts.get(1).map(|part| value(part)))));
    }
    Some(Ok(match parts.as_slice() {
        [section] => Target::Section(client::section(section)?, None),
        ["global" | "traces", family] => {
            Target::Row(client::section(parts.first()?)?, String::new(), client::family(family)?, None)
        }
        ["global", family, index] => Target::Row(
            client::section("global")?,
            String::new(),
            client::family(family)?,
            Some(value(index)),
        ),
        [section, name] => Target::Section(client::section(section)?, Some(value(name))),
        [section, parent, family] => {
            Target::Row(client::section(section)?, value(parent), client::family(family)?, None)
        }
        [section, parent, family, one] => {
            Target::Row(client::section(section)?, value(parent), client::family(family)?, Some(value(one)))
        }
        _ => return None,
    }))
}

fn full(call: &Call<'_>) -> bool {
    call.request.asks("full_section")
}

/// Whether there is one section of the kind, without a name.
fn single(model: &SectionModel) -> bool {
    matches!(model.resource, "global" | "traces")
}

fn read(app: &App, call: &Call<'_>, target: &Target) -> Result<Value, Error> {
    let document = document(app, call)?;
    match target {
        Target::Section(model, None) if !single(model) => {
            let all = client::sections(&document, model);
            Ok(all.iter().map(|found| client::read_section(&document, model, found, full(call))).collect())
        }
        Target::Section(model, name) => {
            let found = client::find_section(&document, model, name.as_deref().unwrap_or_default())?;
            Ok(client::read_section(&document, model, &found, full(call) || model.resource == "traces"))
        }
        Target::Row(model, name, family, one) => {
            let found = parent(&document, call, model, name, family, one.as_ref())?;
            match one {
                None => {
                    let rows = client::rows(&document, &found, family).into_iter();
                    Ok(rows.map(|row| shown(call, family, row.value)).collect())
                }
                Some(one) => row(&document, &found, family, one).map(|row| shown(call, family, row.value)),
            }
        }
    }
}

/// A row as the original tells it: its error rules always say what type the content is of.
fn shown(call: &Call<'_>, family: &Family, mut value: Value) -> Value {
    if !call.improved
        && family.resource == "http_error_rules"
        && api::field(&value, "return_content_type").is_null()
    {
        api::put(&mut value, "return_content_type", json!(""));
    }
    value
}

fn row(document: &Document, found: &Found, family: &Family, one: &str) -> Result<client::Row, Error> {
    match family.key {
        Some(_) => client::find_row(document, found, family, one),
        None => client::row_at(document, found, family, index(one)?),
    }
}

fn index(text: &str) -> Result<usize, Error> {
    text.parse().map_err(|_| Error::new(Kind::Schema, format!("index {text} is no number")))
}

/// The section that lines are in. Whether its absence is a fault of the request (400) or of the object that is
/// asked for (404) is as the original has it, which differs from one list to the other.
fn parent(
    document: &Document,
    call: &Call<'_>,
    model: &SectionModel,
    name: &str,
    family: &Family,
    one: Option<&String>,
) -> Result<Found, Error> {
    client::find_section(document, model, name).map_err(|error| {
        let method = call.operation.method.as_str();
        let at_fault = match (family.resource, method) {
            ("captures", _) => method == "DELETE",
            ("groups", "GET") => one.is_some(),
            ("groups", "POST") => false,
            _ if family.key.is_some() => method == "POST",
            _ => one.is_some(),
        };
        let at_fault = at_fault && !call.improved;
        if at_fault && error.kind == Kind::NotFound { Error::invalid(error.message) } else { error }
    })
}

fn create(document: &mut Document, call: &Call<'_>, target: &Target) -> Result<(), Error> {
    match target {
        Target::Section(model, _) => {
            let full = full(call) || model.resource == "traces";
            client::create_section(document, model, &call.body, full)
        }
        Target::Row(model, name, family, one) => {
            let found = parent(document, call, model, name, family, one.as_ref())?;
            match (one, family.key) {
                (Some(one), None) => client::insert_row(document, &found, family, index(one)?, &call.body),
                (_, Some(_)) => client::create_row(document, &found, family, &call.body),
                (None, None) => {
                    let end = client::rows(document, &found, family).len();
                    client::insert_row(document, &found, family, end, &call.body)
                }
            }
        }
    }
}

fn replace(document: &mut Document, call: &Call<'_>, target: &Target) -> Result<(), Error> {
    match target {
        Target::Section(model, name) => {
            let name = name.as_deref().unwrap_or(api::text(&call.body, "name")).to_owned();
            let other = !api::text(&call.body, "name").is_empty() && api::text(&call.body, "name") != name;
            if other && matches!(model.resource, "fcgi_apps" | "http_errors_sections") {
                return Err(Error::conflict(format!(
                    "the name of {} {name} cannot be changed",
                    model.resource
                )));
            }
            let found = client::find_section(document, model, &name)?;
            let full = full(call) || model.resource == "traces";
            client::replace_section(
                document,
                model,
                &found,
                &named(&call.body, "name", &name, single(model)),
                full,
            )
        }
        Target::Row(model, name, family, one) => {
            let found = parent(document, call, model, name, family, one.as_ref())?;
            match one {
                None => {
                    let values = call.body.as_array().cloned().unwrap_or_default();
                    client::replace_rows(document, &found, family, &values)
                }
                Some(one) => {
                    let row = row(document, &found, family, one)?;
                    let value = match family.key {
                        Some(key) => named(&call.body, key, one, false),
                        None => call.body.clone(),
                    };
                    client::replace_row(document, family, &row, &value)
                }
            }
        }
    }
}

/// The object of a body with the name of the path, if it has none of its own.
fn named(body: &Value, key: &str, name: &str, nameless: bool) -> Value {
    let mut value = body.clone();
    if let Some(map) = value.as_object_mut().filter(|_| !nameless) {
        map.entry(key).or_insert_with(|| json!(name));
    }
    value
}

fn delete(document: &mut Document, call: &Call<'_>, target: &Target) -> Result<(), Error> {
    match target {
        Target::Section(model, name) => {
            let found = client::find_section(document, model, name.as_deref().unwrap_or_default())?;
            client::delete_section(document, &found);
            Ok(())
        }
        Target::Row(model, name, family, one) => {
            let found = parent(document, call, model, name, family, one.as_ref())?;
            let row = match one {
                Some(one) => row(document, &found, family, one)?,
                None => same_row(document, &found, family, &call.body)?,
            };
            client::delete_row(document, &row);
            Ok(())
        }
    }
}

/// The line that says the same as a body: entries that have neither a name nor an index.
fn same_row(document: &Document, found: &Found, family: &Family, body: &Value) -> Result<client::Row, Error> {
    let same = |row: &client::Row| row.value == *body;
    client::rows(document, found, family)
        .into_iter()
        .find(same)
        .ok_or_else(|| Error::not_found("no such entry"))
}
