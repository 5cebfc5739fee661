//! Servers and backends that come and go while the process runs (management manual 9.3 "add server", "del server",
//! "add backend", "del backend"). Who changes the configuration does the work; here is what may be asked of it, and the
//! answers.

use std::sync::atomic::Ordering::Relaxed;

use state::family::Edit;
use state::turn::Seat;
use state::{Backend, World};

use super::prelude::*;
use super::removable::{self, Blocked};

pub(super) const KEYWORDS: &[Command] = &[
    admin(
        &["add", "backend"],
        "add backend <backend>",
        "create a backend from a defaults section; it begins unpublished",
        |query, _, out| answer(query, add_backend(query), out),
    ),
    admin(
        &["add", "server"],
        "add server <bk>/<srv>",
        "create a server; it begins in maintenance",
        |query, _, out| answer(query, add_server(query), out),
    ),
    admin(
        &["del", "backend"],
        "del backend <backend>",
        "delete a backend that is unpublished and has no servers",
        |query, _, out| answer(query, del_backend(query), out),
    ),
    admin(
        &["del", "server"],
        "del server <bk>/<srv>",
        "delete a server that is in maintenance",
        |query, _, out| answer(query, del_server(query), out),
    ),
];

/// What is done, or why not.
type Done = Result<&'static str, String>;

fn answer(query: &Query<'_>, done: Done, out: &mut Vec<u8>) -> Answer {
    match done {
        Ok(text) => query.inform(text, out),
        Err(why) => query.refuse(&why, out),
    }
}

/// Has the configuration change.
pub(super) fn edit(query: &Query<'_>, edit: &Edit<'_>) -> Result<(), String> {
    match query.changes {
        Some(changes) => changes.edit(edit),
        None => Err("This process cannot change its configuration.".to_owned()),
    }
}

/// What only the lines of a configuration may say of a server.
const NOT_DYNAMIC: [&[u8]; 7] = [
    b"enabled",
    b"init-addr",
    b"resolvers",
    b"resolve-net",
    b"resolve-opts",
    b"resolve-prefer",
    b"no-verifyhost",
];

fn add_server(query: &Query<'_>) -> Done {
    let text = query.text(2);
    let Some((backend, name)) = text.split_once('/').filter(|(_, name)| !name.is_empty()) else {
        return Err("Require 'backend/server'.".to_owned());
    };
    let backend = backend_named(query.world, backend).ok_or("No such backend.")?;
    if !backend.balance.is_dynamic() {
        let name = &backend.name;
        return Err(format!(
            "Backend does not support dynamic servers : backend '{name}' uses a non dynamic load balancing method."
        ));
    }
    if backend.servers.iter().any(|server| *server.name == *name) {
        return Err("Already exists a server with the same name in backend.".to_owned());
    }
    let words = query.words.get(3..).unwrap_or_default();
    if words.is_empty() {
        return Err("'server' expects <name> and <addr>[:<port>] as arguments.".to_owned());
    }
    if let Some(word) = words.iter().skip(1).find(|word| NOT_DYNAMIC.contains(word)) {
        return Err(format!("'{}' option is not accepted for dynamic server", String::from_utf8_lossy(word)));
    }
    unique(query.world, backend, words)?;
    followed(query, words)?;
    let added = edit(query, &Edit::AddServer { backend: &backend.name, name, words });
    added.map_err(|why| match why.contains("MUX protocol") && why.contains("is not usable for server") {
        true => "MUX protocol is not usable for server.".to_owned(),
        false => why,
    })?;
    Ok("New server registered.")
}

/// Whether the server that is to be followed may be: one that came while the process ran may not.
fn followed(query: &Query<'_>, words: &[&[u8]]) -> Result<(), String> {
    let at = words.iter().position(|word| *word == b"track");
    let Some(name) = at.and_then(|at| words.get(at + 1)) else { return Ok(()) };
    let name = String::from_utf8_lossy(name);
    match seat_named(query, &name) {
        Ok(seat) if seat.server.live.born.load(Relaxed) > 0 => {
            Err(format!("unable to use {name} for tracking as it is a dynamic server."))
        }
        _ => Ok(()),
    }
}

/// Whether nobody has the `id` and the `guid` that the words give.
fn unique(world: &World, backend: &Backend, words: &[&[u8]]) -> Result<(), String> {
    let value = |keyword: &[u8]| {
        let at = words.iter().position(|word| *word == keyword)?;
        std::str::from_utf8(words.get(at + 1)?).ok()
    };
    let id: Option<u32> = value(b"id").and_then(|id| id.parse().ok());
    if let Some(other) = backend.servers.iter().find(|server| id == Some(server.id)) {
        return Err(format!("'id' : custom id {} already used ('server {}').", other.id, other.name));
    }
    let Some(guid) = value(b"guid") else { return Ok(()) };
    let mut all = world.backends.iter().flat_map(|b| b.servers.iter().map(move |s| (b, s)));
    match all.find(|(_, server)| server.guid.as_deref() == Some(guid)) {
        Some((b, s)) => Err(format!("'guid': duplicate entry with server {}/{}.", b.name, s.name)),
        None => Ok(()),
    }
}

fn del_server(query: &Query<'_>) -> Done {
    let Seat { backend, server, .. } =
        removable::server(query, &query.text(2)).map_err(|blocked| told(query, blocked))?;
    let gone = Edit::RemoveServer { backend: &backend.name, name: &server.name };
    edit(query, &gone).map_err(|_| removable::REFERENCED.to_owned())?;
    Ok("Server deleted.")
}

/// Why a server stays: what points to it comes before what state it is in.
fn told(query: &Query<'_>, blocked: Blocked) -> String {
    let pointed_to = || {
        let seat = seat(query, 2).ok()?;
        let gone = Edit::RemoveServer { backend: &seat.backend.name, name: &seat.server.name };
        Some(query.changes?.could(&gone).is_err())
    };
    match blocked {
        Blocked::Always(removable::RUNNING) if pointed_to() == Some(true) => removable::REFERENCED.to_owned(),
        blocked => why(blocked),
    }
}

fn why(blocked: Blocked) -> String {
    match blocked {
        Blocked::Always(why) | Blocked::For(why) => why.to_owned(),
    }
}

const ADD: &str = "Usage: add backend <name> from <defproxy>.";
const ADD_MORE: &str = "Usage: add backend <name> from <defproxy> [mode <px_mode>] [guid <val>].";

fn add_backend(query: &Query<'_>) -> Done {
    let (name, from) = (query.text(2), query.text(4));
    if name.is_empty() {
        return Err("Require backend name.".to_owned());
    }
    if let Some(c) = name.chars().find(|c| !c.is_ascii_alphanumeric() && !"_:.-".contains(*c)) {
        return Err(format!("Invalid character '{c}' in backend name."));
    }
    if query.word(3) != b"from" || from.is_empty() {
        return Err(ADD.to_owned());
    }
    let (mut mode, mut guid) = (None, None);
    for pair in query.words.get(5..).unwrap_or_default().chunks(2) {
        match pair {
            [b"mode", value] => mode = Some(String::from_utf8_lossy(value)),
            [b"guid", value] => guid = Some(String::from_utf8_lossy(value)),
            _ => return Err(ADD_MORE.to_owned()),
        }
    }
    let Some(changes) = query.changes else {
        return Err("This process cannot change its configuration.".into());
    };
    let Some(defaults) = changes.defaults().into_iter().find(|d| d.name == *from) else {
        return Err(format!("Cannot find default proxy '{from}'."));
    };
    match mode.as_deref() {
        None if !defaults.has_mode => {
            return Err(format!(
                "Mode is required as '{from}' default proxy does not explicitly defines it."
            ));
        }
        None | Some("tcp" | "http") => {}
        Some("log" | "spop" | "haterm") => {
            return Err("Dynamic backends are compatible with only TCP or HTTP mode.".to_owned());
        }
        Some(_) => return Err("Unknown proxy mode.".to_owned()),
    }
    if let Some(kind) = kind(query.world, &name) {
        return Err(format!(
            "Error during backend creation : name is already used by other proxy '{kind} {name}'."
        ));
    }
    changes.edit(&Edit::AddBackend {
        name: &name,
        from: &from,
        mode: mode.as_deref(),
        guid: guid.as_deref(),
    })?;
    Ok("New backend registered.")
}

/// Which kind of proxy has this name.
fn kind(world: &World, name: &str) -> Option<&'static str> {
    let front = world.frontends.iter().any(|f| *f.name == *name);
    let back = world.backends.iter().any(|b| *b.name == *name);
    match (front, back) {
        (true, true) => Some("listen"),
        (true, false) => Some("frontend"),
        (false, true) => Some("backend"),
        (false, false) => None,
    }
}

fn del_backend(query: &Query<'_>) -> Done {
    let name = query.text(2);
    let gone = |backend: &Backend| edit(query, &Edit::RemoveBackend { name: &backend.name });
    let backend = removable::backend(query, &name).map_err(why)?;
    gone(backend).map_err(|_| removable::PROXY_REFERENCED.to_owned())?;
    Ok("Backend deleted.")
}
