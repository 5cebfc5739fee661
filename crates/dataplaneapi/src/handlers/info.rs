//! What this process is, how the proxy does, what is served: `/info`, `/health`, `/specification`, discovery.

use std::collections::BTreeSet;
use std::process::Command;

use serde_json::{Map, Value, json};

use crate::answer::Answer;
use crate::app::{App, Call};

pub(super) fn handle(app: &App, call: &Call<'_>) -> Option<Answer> {
    Some(match call.operation.path.as_str() {
        "/info" => Answer::json(200, info(app)),
        "/health" => Answer::json(200, json!({ "haproxy": health(app) })),
        "/specification" => Answer::json(200, specification(true)),
        "/specification_openapiv3" => Answer::json(200, specification(false)),
        _ => return None,
    })
}

fn info(app: &App) -> Value {
    json!({
        "api": { "version": concat!("v3.4.0 sluice-", env!("CARGO_PKG_VERSION")) },
        "system": { "hostname": hostname(), "time": now(), "uptime": app.started.elapsed().as_secs() },
    })
}

fn hostname() -> String {
    std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default().trim().to_owned()
}

fn now() -> u64 {
    std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).map_or(0, |time| time.as_secs())
}

/// By the status command; without one, by the runtime socket.
pub(crate) fn health(app: &App) -> &'static str {
    if let Some(command) = &app.settings.status_command {
        let mut words = command.split_whitespace();
        let status = words.next().and_then(|program| Command::new(program).args(words).status().ok());
        return match status {
            Some(status) if status.success() => "up",
            Some(_) => "down",
            None => "unknown",
        };
    }
    match app.runtime() {
        Some(runtime) if runtime.command("show info").is_ok() => "up",
        Some(_) => "down",
        None => "unknown",
    }
}

/// What the contract has one step below a path.
pub(super) fn endpoints(path: &str) -> Answer {
    let base = path.trim_end_matches('/');
    let below = api::contract().operations.iter().filter_map(|operation| {
        let rest = operation.path.strip_prefix(base)?.strip_prefix('/')?;
        rest.split('/').next().filter(|name| !name.is_empty() && !name.starts_with('{'))
    });
    let names: BTreeSet<&str> = below.collect();
    let entry = |name| json!({ "title": name, "url": format!("/v3{base}/{name}") });
    Answer::json(200, names.into_iter().map(entry).collect())
}

/// The contract as an OpenAPI document: what is served from, so that it can't differ from what is served.
fn specification(swagger: bool) -> Value {
    let contract = api::contract();
    let mut paths: Map<String, Value> = Map::new();
    let place = if swagger { "#/definitions/" } else { "#/components/schemas/" };
    for operation in &contract.operations {
        let mut parameters: Vec<Value> =
            operation.parameters.iter().map(|p| parameter(p, swagger, place)).collect();
        let told = |status: &String| (status.clone(), json!({ "description": status }));
        let responses: Map<String, Value> = operation.statuses.iter().map(told).collect();
        let mut entry = json!({ "operationId": operation.id, "responses": responses });
        if let Some(body) = &operation.body {
            let schema = referring(&body.schema, place);
            if swagger {
                parameters.push(
                    json!({ "in": "body", "name": "data", "required": body.required, "schema": schema }),
                );
            } else {
                let content = json!({ body.media.as_str(): { "schema": schema } });
                api::put(&mut entry, "requestBody", json!({ "required": body.required, "content": content }));
            }
        }
        api::put(&mut entry, "parameters", json!(parameters));
        let methods = paths.entry(&operation.path).or_insert_with(|| json!({}));
        api::put(methods, &operation.method.to_lowercase(), entry);
    }
    let schemas: Map<String, Value> =
        contract.schemas.iter().map(|(name, schema)| (name.clone(), referring(schema, place))).collect();
    let info = json!({ "title": "Data Plane API", "version": "3.4" });
    if swagger {
        json!({ "swagger": "2.0", "info": info, "basePath": "/v3", "paths": paths, "definitions": schemas })
    } else {
        let servers = json!([{ "url": "/v3" }]);
        json!({ "openapi": "3.0.1", "info": info, "servers": servers, "paths": paths, "components": { "schemas": schemas } })
    }
}

fn parameter(parameter: &api::Parameter, swagger: bool, place: &str) -> Value {
    let mut value = json!({ "in": parameter.place, "name": parameter.name, "required": parameter.required });
    let schema = referring(&parameter.schema, place);
    match (swagger, schema) {
        (true, Value::Object(schema)) => {
            if let Some(entries) = value.as_object_mut() {
                entries.extend(schema);
            }
        }
        (_, schema) => api::put(&mut value, "schema", schema),
    }
    value
}

/// A schema with references in the document's way.
fn referring(schema: &Value, place: &str) -> Value {
    match schema {
        Value::Object(entries) => match entries.get("ref").and_then(Value::as_str) {
            Some(name) => json!({ "$ref": format!("{place}{name}") }),
            None => entries
                .iter()
                .map(|(key, value)| (key.clone(), referring(value, place)))
                .collect::<Map<_, _>>()
                .into(),
        },
        Value::Array(items) => items.iter().map(|item| referring(item, place)).collect(),
        other => other.clone(),
    }
}
