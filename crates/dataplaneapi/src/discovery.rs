//! Service discovery: servers of backends as a Consul knows them.
//!
//! Each service has a backend, `consul-backend-<address>-<port>-<service>`, with slots: servers that are in use,
//! and spare ones that are disabled. What comes and goes takes and frees slots, so that the number of servers
//! changes rarely. A service that is gone keeps its backend, with all slots free; a Consul that is paused or
//! doesn't answer changes nothing.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::sync::Arc;
use std::time::{Duration, Instant};

use client::{Base, Error};
use config::Document;
use regex::Regex;
use serde_json::{Value, json};

use crate::app::App;
use crate::change::{Took, put};

/// How long a Consul may take.
const PATIENCE: Duration = Duration::from_secs(10);
/// The longest answer that is read, and the most services and servers that are heeded.
const MOST: u64 = 64 << 20;
const MOST_SLOTS: usize = 4096;

/// An address and a port.
type Place = (String, u16);

/// Asks each Consul in its turn, as long as the process runs.
pub(crate) fn run(app: &Arc<App>) {
    let mut due: BTreeMap<String, Instant> = BTreeMap::new();
    loop {
        std::thread::sleep(Duration::from_millis(500));
        for (id, consul) in app.consuls() {
            let now = Instant::now();
            if api::field(&consul, "enabled") != true || due.get(&id).is_some_and(|due| *due > now) {
                continue;
            }
            let pause = api::field(&consul, "retry_timeout").as_u64().unwrap_or(10).clamp(1, 86_400);
            due.insert(id, now + Duration::from_secs(pause));
            if let Err(message) = follow(app, &consul) {
                app.log(&format!("consul {}: {message}", api::text(&consul, "address")));
            }
        }
    }
}

/// Brings the configuration to what a Consul says.
fn follow(app: &App, consul: &Value) -> Result<(), String> {
    let services = services(consul)?;
    let edit = |document: &mut Document| apply(document, consul, &services);
    let told = |error: Error| error.message;
    let old = app.store().document(None).map_err(told)?;
    let mut new = Document::clone(&old);
    edit(&mut new).map_err(told)?;
    if client::same_words(&old, &new) {
        return Ok(());
    }
    if matches!(put(app, &Base::Any, edit).map_err(told)?, Took::Reload) {
        app.agent.request();
    }
    Ok(())
}

/// The places of each service that is wanted.
fn services(consul: &Value) -> Result<BTreeMap<String, Vec<Place>>, String> {
    let pattern = match api::text(consul, "service_name_regexp") {
        "" => None,
        text => Some(Regex::new(text).map_err(|error| error.to_string())?),
    };
    let listed = |list: &str, name: &str| {
        api::field(consul, list)
            .as_array()
            .filter(|all| !all.is_empty())
            .map(|all| all.iter().any(|one| one == name))
    };
    let wanted = |name: &&String| {
        listed("service_allowlist", name).unwrap_or(true)
            && !listed("service_denylist", name).unwrap_or(false)
            && pattern.as_ref().is_none_or(|pattern| pattern.is_match(name))
            && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'))
    };
    let all = get(consul, "/v1/catalog/services")?;
    let names: Vec<String> =
        all.as_object().map(|all| all.keys().filter(wanted).cloned().collect()).unwrap_or_default();
    let mut found = BTreeMap::new();
    for name in names.into_iter().take(MOST_SLOTS) {
        let instances = get(consul, &format!("/v1/health/service/{name}"))?;
        let instances = instances.as_array().into_iter().flatten().filter(|one| healthy(consul, one));
        found.insert(name, instances.filter_map(place).take(MOST_SLOTS).collect());
    }
    Ok(found)
}

/// By `health_check_policy`.
fn healthy(consul: &Value, instance: &Value) -> bool {
    let checks = api::field(instance, "Checks").as_array().map(Vec::as_slice).unwrap_or_default();
    let passing = checks.iter().filter(|check| api::text(check, "Status") == "passing").count();
    match api::text(consul, "health_check_policy") {
        "any" => passing > 0,
        "all" => passing == checks.len(),
        "min" => passing as u64 >= api::field(consul, "health_check_policy_min").as_u64().unwrap_or(1),
        _ => true,
    }
}

fn place(instance: &Value) -> Option<Place> {
    let service = api::field(instance, "Service");
    let own = api::text(service, "Address");
    let address = if own.is_empty() { api::text(api::field(instance, "Node"), "Address") } else { own };
    let port = u16::try_from(api::field(service, "Port").as_u64()?).ok()?;
    let fine = !address.is_empty()
        && address.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | ':' | '-'));
    (fine && port > 0).then(|| (address.to_owned(), port))
}

/// Makes the backends say what the services are.
fn apply(
    document: &mut Document,
    consul: &Value,
    services: &BTreeMap<String, Vec<Place>>,
) -> Result<(), Error> {
    let lost = || Error::invalid("no table of backends");
    let (model, family) =
        (client::section("backends").ok_or_else(lost)?, client::family("servers").ok_or_else(lost)?);
    let prefix = format!("consul-backend-{}-{}-", api::text(consul, "address"), api::field(consul, "port"));
    for service in services.keys() {
        let name = format!("{prefix}{service}");
        if client::find_section(document, model, &name).is_err() {
            let mut backend = json!({ "name": name });
            if !api::text(consul, "defaults").is_empty() {
                api::put(&mut backend, "from", api::field(consul, "defaults").clone());
            }
            client::create_section(document, model, &backend, false)?;
        }
    }
    for found in client::sections(document, model) {
        let Some(service) = found.name.strip_prefix(&prefix) else { continue };
        let none = Vec::new();
        let places = services.get(service).unwrap_or(&none);
        let found = client::find_section(document, model, &found.name)?;
        let rows: Vec<Value> =
            client::rows(document, &found, family).into_iter().map(|row| row.value).collect();
        client::replace_rows(document, &found, family, &slots(consul, service, rows, places))?;
    }
    Ok(())
}

/// The servers of a backend: those that stay keep their slots, new ones take free slots or further ones.
fn slots(consul: &Value, service: &str, mut rows: Vec<Value>, places: &[Place]) -> Vec<Value> {
    let at = |row: &Value| {
        let port = api::field(row, "port").as_u64().and_then(|port| u16::try_from(port).ok()).unwrap_or(0);
        (api::text(row, "address").to_owned(), port)
    };
    let in_use = |row: &Value| api::field(row, "maintenance") != "enabled";
    for row in rows.iter_mut().filter(|row| in_use(row) && !places.contains(&at(row))) {
        free(row);
    }
    let mut coming: Vec<&Place> = places.iter().collect();
    coming.retain(|place| !rows.iter().any(|row| in_use(row) && at(row) == **place));
    let wanted = size(consul, places.len()).max(rows.len());
    while rows.len() < wanted {
        let mut row = json!({ "name": slot_name(service, rows.len()) });
        free(&mut row);
        rows.push(row);
    }
    let mut coming = coming.into_iter();
    for row in rows.iter_mut().filter(|row| !in_use(row)) {
        let Some((address, port)) = coming.next() else { break };
        api::put(row, "address", json!(address));
        api::put(row, "port", json!(port));
        api::put(row, "check", json!("enabled"));
        api::put(row, "maintenance", Value::Null);
    }
    rows
}

fn free(row: &mut Value) {
    for (name, value) in [
        ("address", json!("127.0.0.1")),
        ("port", json!(80)),
        ("weight", json!(128)),
        ("check", Value::Null),
        ("maintenance", json!("enabled")),
    ] {
        api::put(row, name, value);
    }
}

/// A name for a slot, the same each time.
fn slot_name(service: &str, index: usize) -> String {
    let sum = client::md5_hex(format!("{service}/{index}").as_bytes());
    format!("SRV_{}", sum.get(..8).unwrap_or_default())
}

/// How many slots there are for so many servers: `server_slots_base`, then more in steps.
fn size(consul: &Value, count: usize) -> usize {
    let number = |name: &str| {
        api::field(consul, name).as_u64().and_then(|n| usize::try_from(n).ok()).filter(|n| *n > 0)
    };
    let mut size = number("server_slots_base").unwrap_or(10).min(MOST_SLOTS);
    while size < count.min(MOST_SLOTS) {
        size = match api::text(consul, "server_slots_growth_type") {
            "linear" => size + number("server_slots_growth_increment").unwrap_or(10),
            _ => size * 2,
        };
    }
    size
}

/// What a Consul answers.
fn get(consul: &Value, path: &str) -> Result<Value, String> {
    let address = api::text(consul, "address");
    let port = api::field(consul, "port").as_u64().and_then(|port| u16::try_from(port).ok()).unwrap_or(8500);
    let mut head = format!("GET {path} HTTP/1.0\r\nHost: {address}:{port}\r\nAccept: application/json\r\n");
    for (name, property) in [("X-Consul-Token", "token"), ("X-Consul-Namespace", "namespace")] {
        let value = api::text(consul, property);
        if !value.is_empty() && !value.contains(char::is_control) {
            head += &format!("{name}: {value}\r\n");
        }
    }
    let text = ask(address, port, &format!("{head}\r\n")).map_err(|error| error.to_string())?;
    let (head, body) = text.split_once("\r\n\r\n").ok_or("not an answer of HTTP")?;
    let status = head.split(' ').nth(1).unwrap_or_default();
    if status != "200" {
        return Err(format!("{path}: {status} {}", body.trim()));
    }
    serde_json::from_str(body).map_err(|error| format!("{path}: {error}"))
}

fn ask(address: &str, port: u16, request: &str) -> std::io::Result<String> {
    let place = (address, port).to_socket_addrs()?.next().ok_or(std::io::ErrorKind::NotFound)?;
    let mut stream = TcpStream::connect_timeout(&place, PATIENCE)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    stream.write_all(request.as_bytes())?;
    let mut answer = Vec::new();
    stream.take(MOST).read_to_end(&mut answer)?;
    Ok(String::from_utf8_lossy(&answer).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slots_are_taken_and_freed() {
        let consul = json!({ "server_slots_base": 2, "server_slots_growth_type": "linear", "server_slots_growth_increment": 1 });
        let places: Vec<Place> = (1..=3).map(|n| (format!("10.0.0.{n}"), 80)).collect();
        let used = |rows: &[Value]| -> Vec<String> {
            rows.iter()
                .map(|row| {
                    if row["maintenance"] == "enabled" {
                        "-".into()
                    } else {
                        api::text(row, "address").to_owned()
                    }
                })
                .collect()
        };
        let rows = slots(&consul, "s", Vec::new(), &places);
        assert_eq!(used(&rows), ["10.0.0.1", "10.0.0.2", "10.0.0.3"]);
        let rows = slots(&consul, "s", rows, &places[1..2]);
        assert_eq!(used(&rows), ["-", "10.0.0.2", "-"]);
        let rows = slots(&consul, "s", rows, &[("10.0.0.9".into(), 1), places[1].clone()]);
        assert_eq!(used(&rows), ["10.0.0.9", "10.0.0.2", "-"]);
        assert_eq!(size(&json!({}), 11), 20);
        let checks = json!({ "Checks": [{ "Status": "passing" }, { "Status": "critical" }] });
        let policy = |policy: &str| {
            healthy(&json!({ "health_check_policy": policy, "health_check_policy_min": 1 }), &checks)
        };
        assert!(policy("none") && policy("any") && !policy("all") && policy("min"));
    }
}
