//! Changes of the configuration that the running process can make as well, so that nothing is reloaded: a
//! frontend's `maxconn`, and what a server may be told by commands.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::app::App;

/// What of the running process a changed object is.
pub(crate) enum Running<'a> {
    Frontend(&'a str),
    /// A backend's server.
    Server(&'a str, &'a str),
    /// Something that only a reload changes.
    Nothing,
}

/// Whether the running process is now as the object says: nothing differs, or it was told all that does.
pub(crate) fn change(app: &App, running: &Running<'_>, old: &Value, new: &Value) -> bool {
    let differing = differing(old, new);
    if differing.is_empty() {
        return true;
    }
    let Some(commands) = commands(running, &differing, new) else { return false };
    let Some(runtime) = app.runtime() else { return false };
    // The first that fails leaves the rest to a reload, which brings all of it.
    commands.iter().all(|command| app.told(runtime.command(command)))
}

/// Whether a running process could be told all that differs.
pub(crate) fn can(running: &Running<'_>, old: &Value, new: &Value) -> bool {
    let differing = differing(old, new);
    differing.is_empty() || commands(running, &differing, new).is_some()
}

fn differing<'a>(old: &'a Value, new: &'a Value) -> BTreeSet<&'a str> {
    let names = [old, new].into_iter().filter_map(Value::as_object).flat_map(|object| object.keys());
    names.map(String::as_str).filter(|name| api::field(old, name) != api::field(new, name)).collect()
}

/// The commands that make all of the difference; `None` if there are none for a part of it.
fn commands(running: &Running<'_>, differing: &BTreeSet<&str>, new: &Value) -> Option<Vec<String>> {
    match running {
        Running::Nothing => None,
        Running::Frontend(name) => {
            let names = differing.iter().copied().eq(["maxconn"]);
            let most = api::field(new, "maxconn").as_u64().filter(|_| names)?;
            Some(vec![format!("set maxconn frontend {name} {most}")])
        }
        Running::Server(backend, name) => {
            let mut commands: Vec<String> = Vec::new();
            for property in differing {
                let command = server_command(&format!("{backend}/{name}"), property, new)?;
                if !commands.contains(&command) {
                    commands.push(command);
                }
            }
            Some(commands)
        }
    }
}

fn server_command(server: &str, property: &str, new: &Value) -> Option<String> {
    let value = api::field(new, property);
    Some(match property {
        "weight" => format!("set server {server} weight {}", value.as_u64()?),
        "address" | "port" => {
            let address = api::field(new, "address").as_str()?;
            let port =
                api::field(new, "port").as_u64().map(|port| format!(" port {port}")).unwrap_or_default();
            format!("set server {server} addr {address}{port}")
        }
        "maintenance" if value == "enabled" => format!("set server {server} state maint"),
        "maintenance" => format!("set server {server} state ready"),
        "agent-check" if value == "enabled" => format!("enable agent {server}"),
        "agent-check" => format!("disable agent {server}"),
        "agent-addr" => format!("set server {server} agent-addr {}", value.as_str()?),
        "agent-send" => format!("set server {server} agent-send {}", value.as_str()?),
        "health_check_port" => format!("set server {server} check-port {}", value.as_u64()?),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_a_process_can_be_told() {
        let old = json!({ "name": "s", "address": "1.2.3.4", "port": 80, "weight": 1, "check": "enabled" });
        let told = |new: Value| commands(&Running::Server("b", "s"), &differing(&old, &new), &new);
        let mut new = old.clone();
        assert_eq!(told(new.clone()), Some(vec![]));
        api::put(&mut new, "address", json!("5.6.7.8"));
        api::put(&mut new, "port", json!(81));
        api::put(&mut new, "maintenance", json!("enabled"));
        let wanted = ["set server b/s addr 5.6.7.8 port 81", "set server b/s state maint"];
        assert_eq!(told(new.clone()).unwrap(), wanted);
        api::put(&mut new, "check", Value::Null);
        assert_eq!(told(new), None);
        let (few, many) = (json!({ "maxconn": 1 }), json!({ "maxconn": 2 }));
        let told = commands(&Running::Frontend("f"), &differing(&few, &many), &many);
        assert_eq!(told.unwrap(), ["set maxconn frontend f 2"]);
    }
}
