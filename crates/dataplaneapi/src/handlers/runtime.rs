//! The running process: servers, maps, ACLs, stick tables, certificates, by its socket.

use client::{Error, Kind, Runtime};
use serde_json::{Map, Value, json};

use crate::answer::Answer;
use crate::app::{App, Call};

pub(super) fn handle(app: &App, call: &Call<'_>) -> Option<Answer> {
    let path = call.operation.path.strip_prefix("/services/haproxy/runtime/")?;
    let Some(runtime) = app.runtime() else {
        return Some(Answer::failure(500, "no runtime socket is configured"));
    };
    let outcome = match path.split('/').next()? {
        "info" => info(&runtime),
        "backends" => servers(&runtime, call)?,
        "maps" => super::patterns::maps(app, &runtime, call)?,
        "acls" => super::patterns::acls(&runtime, call)?,
        "ssl_certs" | "ssl_ca_files" | "ssl_crl_files" => super::stores::handle(&runtime, call)?,
        "ssl_crt_lists" => super::crt_lists::running(&runtime, call)?,
        "stick_tables" => super::stick_tables::handle(app, &runtime, call)?,
        "acme" => acme(&runtime, call)?,
        _ => return None,
    };
    Some(outcome.unwrap_or_else(Answer::from))
}

/// `Name: value` lines with the contract's names.
fn info(runtime: &Runtime) -> Result<Answer, Error> {
    let text = runtime.command("show info")?;
    let known: Vec<&str> = api::properties("process_info_item").collect();
    let letters = |name: &str| name.to_lowercase().replace(['_', '-'], "");
    let mut info = Map::new();
    for (name, value) in text.lines().filter_map(|line| line.split_once(": ")) {
        let Some(property) = known.iter().find(|property| letters(property) == letters(name)) else {
            continue;
        };
        let number = value
            .parse::<i64>()
            .ok()
            .filter(|_| api::kind("process_info_item", property) != Some(api::Kind::Text));
        info.insert((*property).to_owned(), number.map_or_else(|| json!(value), |number| json!(number)));
    }
    Ok(Answer::json(200, json!({ "info": info, "runtimeAPI": runtime.socket.display().to_string() })))
}

/// The columns of `acme status`.
const ACME: &[&str] = &[
    "certificate",
    "acme_section",
    "state",
    "expiry_date",
    "expiries_in",
    "scheduled_renewal",
    "renewal_in",
];

fn acme(runtime: &Runtime, call: &Call<'_>) -> Option<Result<Answer, Error>> {
    Some(match call.operation.method.as_str() {
        "GET" => runtime.command("acme status").map(|text| {
            let rows = text.lines().filter(|line| !line.starts_with('#') && line.contains('\t'));
            let entry = |row: &str| -> Map<String, Value> {
                ACME.iter().map(|name| (*name).to_owned()).zip(row.split('\t').map(Value::from)).collect()
            };
            Answer::json(200, rows.map(|row| Value::Object(entry(row))).collect())
        }),
        "PUT" => {
            let name = call.request.query("certificate").unwrap_or_default();
            let told = runtime.command(&format!("acme renew {name}")).map_err(missing);
            told.and_then(|text| {
                if text.is_empty() { Ok(Answer::empty(200)) } else { Err(missing(Error::invalid(text))) }
            })
        }
        _ => return None,
    })
}

fn servers(runtime: &Runtime, call: &Call<'_>) -> Option<Result<Answer, Error>> {
    let backend = call.value("parent_name");
    let name = call.path.get("name").map(String::as_str);
    Some(match (call.operation.method.as_str(), name) {
        ("GET", None) => states(runtime, backend).map(|all| Answer::json(200, Value::Array(all))),
        ("GET", Some(name)) => state(runtime, backend, name).map(|one| Answer::json(200, one)),
        ("POST", None) => add(runtime, backend, &call.body).map(|()| Answer::json(201, call.body.clone())),
        ("PUT", Some(name)) => set(runtime, backend, name, &call.body)
            .and_then(|()| state(runtime, backend, name))
            .map(|one| Answer::json(200, one)),
        ("DELETE", Some(name)) => remove(runtime, backend, name).map(|()| Answer::empty(204)),
        _ => return None,
    })
}

/// `show servers state`: each column by its name in the header.
fn states(runtime: &Runtime, backend: &str) -> Result<Vec<Value>, Error> {
    let text = runtime.command(&format!("show servers state {backend}")).map_err(missing)?;
    if text.starts_with("Can't find") {
        return Err(Error::not_found(text));
    }
    let mut lines = text.lines().skip_while(|line| !line.starts_with("# "));
    let names: Vec<&str> = lines.next().unwrap_or_default().trim_start_matches("# ").split(' ').collect();
    let rows = lines.filter(|line| !line.is_empty());
    Ok(rows
        .map(|row| names.iter().copied().zip(row.split(' ')).collect::<std::collections::BTreeMap<_, _>>())
        .map(|row| server_of(&row))
        .collect())
}

fn server_of(row: &std::collections::BTreeMap<&str, &str>) -> Value {
    let text = |name: &str| row.get(name).copied().filter(|text| *text != "-").unwrap_or_default();
    let number = |name: &str| text(name).parse::<i64>().unwrap_or_default();
    let admin = number("srv_admin_state");
    let admin_state = if admin & 0x23 != 0 {
        "maint"
    } else if admin & 0x18 != 0 {
        "drain"
    } else {
        "ready"
    };
    let operational = match number("srv_op_state") {
        0 => "down",
        3 => "stopping",
        _ => "up",
    };
    json!({
        "address": text("srv_addr"), "admin_state": admin_state, "agent_addr": text("srv_agent_addr"),
        "agent_port": number("srv_agent_port"), "agent_state": number("srv_agent_state"),
        "backend_forced_id": number("bk_f_forced_id"), "backend_id": number("be_id"),
        "backend_name": text("be_name"), "check_addr": text("srv_check_addr"),
        "check_health": number("srv_check_health"), "check_port": number("srv_check_port"),
        "check_result": number("srv_check_result"), "check_state": number("srv_check_state"),
        "check_status": number("srv_check_status"), "forced_id": number("srv_f_forced_id"),
        "fqdn": text("srv_fqdn"), "id": text("srv_id"), "iweight": number("srv_iweight"),
        "last_time_change": number("srv_time_since_last_change"), "name": text("srv_name"),
        "operational_state": operational, "port": number("srv_port"), "srvrecord": text("srvrecord"),
        "use_ssl": number("srv_use_ssl") == 1, "uweight": number("srv_uweight"), "weight": number("srv_uweight"),
    })
}

fn state(runtime: &Runtime, backend: &str, name: &str) -> Result<Value, Error> {
    let all = states(runtime, backend)?;
    let found = all.into_iter().find(|server| server["name"] == name || server["id"] == name);
    found.ok_or_else(|| Error::not_found(format!("server {name} does not exist in backend {backend}")))
}

/// Adds a server with the parameters of a configuration's line; those that are off aren't said.
pub(crate) fn add(runtime: &Runtime, backend: &str, server: &Value) -> Result<(), Error> {
    let mut server = server.clone();
    if let Some(map) = server.as_object_mut() {
        map.retain(|_, value| value != "disabled" && *value != json!(false) && !value.is_null());
        map.remove("metadata");
        // How a name is resolved says nothing of a server that has an address.
        if !map.contains_key("resolvers") {
            map.retain(|name, _| {
                !matches!(name.as_str(), "resolve-net" | "resolve_opts" | "resolve-prefer" | "init-addr")
            });
        }
    }
    let family = client::family("servers").ok_or_else(|| Error::invalid("no table of servers"))?;
    let line = client::line_of(family, &server)?;
    let rest = line.split_once(' ').and_then(|(_, rest)| rest.split_once(' ')).map_or("", |(_, rest)| rest);
    let name = api::text(&server, "name");
    runtime.command(&format!("add server {backend}/{name} {rest}")).map_err(missing)?;
    Ok(())
}

/// Makes a server that was added at run time what its line says: ready, checked, its agent asked.
pub(crate) fn enable(runtime: &Runtime, backend: &str, server: &Value) -> Result<(), Error> {
    let name = api::text(server, "name");
    let on = |property: &str| api::field(server, property) == "enabled";
    for (wanted, command) in [
        (on("check"), "enable health"),
        (on("agent-check"), "enable agent"),
        (!on("maintenance"), "enable server"),
    ] {
        if wanted {
            runtime.command(&format!("{command} {backend}/{name}"))?;
        }
    }
    Ok(())
}

fn set(runtime: &Runtime, backend: &str, name: &str, wanted: &Value) -> Result<(), Error> {
    state(runtime, backend, name)?;
    let command =
        |what: String| runtime.command(&format!("set server {backend}/{name} {what}")).map_err(missing);
    if let Some(admin) = wanted["admin_state"].as_str() {
        command(format!("state {admin}"))?;
    }
    if let Some(health) = wanted["operational_state"].as_str() {
        command(format!("health {health}"))?;
    }
    if let Some(weight) = wanted["weight"].as_i64() {
        command(format!("weight {weight}"))?;
    }
    match (wanted["address"].as_str(), wanted["port"].as_i64()) {
        (Some(address), Some(port)) => command(format!("addr {address} port {port}"))?,
        (Some(address), None) => command(format!("addr {address}"))?,
        _ => String::new(),
    };
    Ok(())
}

fn remove(runtime: &Runtime, backend: &str, name: &str) -> Result<(), Error> {
    runtime.command(&format!("set server {backend}/{name} state maint")).map_err(missing)?;
    runtime.command(&format!("del server {backend}/{name}")).map_err(missing)?;
    Ok(())
}

/// The proxy's sentences about what isn't there, and what is there already.
pub(crate) fn missing(error: Error) -> Error {
    let says = |text: &str| error.message.contains(text);
    if says("Not found")
        || says("No such")
        || says("Can't find")
        || says("Unknown")
        || says("does not exist")
        || says("doesn't exist")
    {
        Error::new(Kind::NotFound, error.message)
    } else if says("Already exists") || says("already exists") {
        Error::new(Kind::Conflict, error.message)
    } else {
        error
    }
}

/// The actions of a raw write's header: names with their words, separated by semicolons.
pub(crate) fn actions(app: &App, text: &str) -> Result<(), Error> {
    let Some(runtime) = app.runtime() else { return Err(Error::invalid("no runtime socket is configured")) };
    for action in text.split(';') {
        let words: Vec<&str> = action.split_whitespace().collect();
        let command = match words.as_slice() {
            ["SetFrontendMaxConn", f, n] => format!("set maxconn frontend {f} {n}"),
            ["SetServerWeight", b, s, w] => format!("set server {b}/{s} weight {w}"),
            ["SetServerCheckPort", b, s, p] => format!("set server {b}/{s} check-port {p}"),
            ["SetServerAddr", b, s, ip, port] => format!("set server {b}/{s} addr {ip} port {port}"),
            ["SetServerState", b, s, state] => format!("set server {b}/{s} state {state}"),
            ["EnableAgentCheck", b, s] => format!("enable agent {b}/{s}"),
            ["DisableAgentCheck", b, s] => format!("disable agent {b}/{s}"),
            ["SetServerAgentAddr", b, s, a] => format!("set server {b}/{s} agent-addr {a}"),
            ["SetServerAgentSend", b, s, x] => format!("set server {b}/{s} agent-send {x}"),
            // As the original: names that it doesn't know do nothing.
            _ => continue,
        };
        runtime.command(&command)?;
    }
    Ok(())
}
