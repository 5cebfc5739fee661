//! `set server`: what an administrator changes of a server (management manual 9.3).

use std::net::{IpAddr, SocketAddr};
use std::sync::PoisonError;
use std::sync::atomic::Ordering::Relaxed;

use state::adjust::Aim;
use state::administer::{self, Order};
use state::family::{Chore, Edit};
use state::server::{Address, Check, Port, admin};
use state::turn::Seat;

use super::prelude::*;
use super::{dynamic, removable};

pub(super) const KEYWORDS: &[Command] = &[Command {
    words: &["set", "server"],
    usage: "set server <bk>/<srv> [opts]",
    doc: "change a server's state, weight, address or checks",
    level: Level::Admin,
    gate: Gate::Open,
    run,
}];

const USAGE: &str = "usage: set server <backend>/<server> addr | agent | agent-addr | agent-port | agent-send | \
                     check-addr | check-port | fqdn | health | name | ssl | state | weight";
const NO_AGENT: &str = "agent checks are not enabled on this server";
const NO_CHECK: &str = "health checks are not enabled on this server";

fn run(query: &Query<'_>, _: u64, out: &mut Vec<u8>) -> Answer {
    let seat = match seat(query, 2) {
        Ok(seat) => seat,
        Err(why) => return query.refuse(why, out),
    };
    let said = match query.word(3) {
        b"weight" => weight(query, seat, 4),
        b"state" => state(query, seat),
        b"health" => health(query, seat),
        b"agent" => agent(query, seat),
        b"addr" => return address(query, seat, out),
        b"fqdn" => return fqdn(query, seat, out),
        b"agent-addr" => aim_agent(query, seat),
        b"agent-port" => agent_port(query, seat),
        b"agent-send" => agent_text(query, seat),
        b"check-addr" => aim_check(query, seat),
        b"check-port" => check_port(query, seat),
        b"ssl" => return tls(query, seat, out),
        b"name" => return rename(query, seat, out),
        _ => Err(Said::Error(USAGE)),
    };
    match said {
        Ok(()) => Answer::Done,
        Err(Said::Error(why)) => query.refuse(why, out),
        Err(Said::Warning(why)) => query.warn(why, out),
        Err(Said::Invalid(text)) => query.warn(&format!("invalid addr '{text}'"), out),
    }
}

/// Has TLS spoken with the server, or not, from the next connection on.
fn tls(query: &Query<'_>, seat: Seat<'_>, out: &mut Vec<u8>) -> Answer {
    let on = match query.word(4) {
        b"on" => true,
        b"off" => false,
        _ => return query.refuse("'set server <srv> ssl' expects 'on' or 'off'.", out),
    };
    if seat.server.tls.is_none() {
        let why = "'set server <srv> ssl' cannot be set.  default-server should define ssl settings";
        return query.refuse(why, out);
    }
    seat.server.live.tls.set(on);
    query.inform("server ssl setting updated.", out);
    Answer::Then(Chore::CloseIdle(seat.server.live.uid))
}

/// Why nothing was done.
pub(super) enum Said {
    Error(&'static str),
    Warning(&'static str),
    /// This is no address.
    Invalid(String),
}

/// Gives the server the weight of this word.
pub(super) fn weight(query: &Query<'_>, seat: Seat<'_>, at: usize) -> Result<(), Said> {
    match query.word(at) {
        b"" => Err(Said::Error("Require <weight> or <weight%>.")),
        _ => administer::weigh(seat, &query.text(at)).map_err(Said::Error),
    }
}

fn state(query: &Query<'_>, seat: Seat<'_>) -> Result<(), Said> {
    let order = match query.word(4) {
        b"ready" => Order::Ready,
        b"drain" => Order::Drain,
        b"maint" => Order::Maintain,
        _ => return Err(Said::Error("'set server <srv> state' expects 'ready', 'drain' and 'maint'.")),
    };
    administer::apply(seat, order, "CLI");
    Ok(())
}

fn health(query: &Query<'_>, seat: Seat<'_>) -> Result<(), Said> {
    if seat.server.track.is_some() {
        return Err(Said::Error("cannot change health on a tracking server."));
    }
    let order = match query.word(4) {
        b"up" => Order::ForceUp,
        b"stopping" => Order::ForceStopping,
        b"down" => Order::ForceDown,
        _ => return Err(Said::Error("'set server <srv> health' expects 'up', 'stopping', or 'down'.")),
    };
    administer::apply(seat, order, "CLI");
    Ok(())
}

fn agent(query: &Query<'_>, seat: Seat<'_>) -> Result<(), Said> {
    if seat.server.agent.is_none() {
        return Err(Said::Error("agent checks are not enabled on this server."));
    }
    let up = match query.word(4) {
        b"up" => true,
        b"down" => false,
        _ => return Err(Said::Error("'set server <srv> agent' expects 'up' or 'down'.")),
    };
    administer::force_agent(seat, up, "CLI");
    Ok(())
}

/// The check, or the agent, whose place is to be changed.
fn checked(check: Option<&Check>, why: &'static str) -> Result<(), Said> {
    check.map(|_| ()).ok_or(Said::Warning(why))
}

fn aim_agent(query: &Query<'_>, seat: Seat<'_>) -> Result<(), Said> {
    checked(seat.server.agent.as_deref(), NO_AGENT)?;
    let missing = "set server <b>/<s> agent-addr requires an address and optionally a port.";
    aim(query, &seat.server.live.agent_aim, missing)
}

fn aim_check(query: &Query<'_>, seat: Seat<'_>) -> Result<(), Said> {
    checked(seat.server.check.as_deref(), NO_CHECK)?;
    let missing = "set server <b>/<s> check-addr requires an address and optionally a port.";
    aim(query, &seat.server.live.check_aim, missing)
}

/// An address, and a port if one is given.
fn aim(query: &Query<'_>, aim: &Aim, missing: &'static str) -> Result<(), Said> {
    if query.word(4).is_empty() {
        return Err(Said::Error(missing));
    }
    let text = query.text(4);
    let ip: IpAddr = text.parse().map_err(|_| Said::Invalid(text.into_owned()))?;
    let port = if query.word(5) == b"port" { Some(port(query.word(6))?) } else { None };
    aim.ip.set(Some(SocketAddr::new(ip, 0)));
    if let Some(port) = port {
        aim.port.set(u32::from(port));
    }
    Ok(())
}

fn port(word: &[u8]) -> Result<u16, Said> {
    match number(word) {
        (n, true) => u16::try_from(n).map_err(|_| Said::Warning("provided port is invalid")),
        _ => Err(Said::Warning("provided port is not an integer")),
    }
}

fn check_port(query: &Query<'_>, seat: Seat<'_>) -> Result<(), Said> {
    if query.word(4).is_empty() {
        return Err(Said::Error("set server <b>/<s> check-port requires a port."));
    }
    checked(seat.server.check.as_deref(), NO_CHECK)?;
    seat.server.live.check_aim.port.set(u32::from(port(query.word(4))?));
    Ok(())
}

fn agent_port(query: &Query<'_>, seat: Seat<'_>) -> Result<(), Said> {
    if query.word(4).is_empty() {
        return Err(Said::Error("set server <b>/<s> agent-port requires a port."));
    }
    checked(seat.server.agent.as_deref(), NO_AGENT)?;
    seat.server.live.agent_aim.port.set(u32::from(port(query.word(4))?));
    Ok(())
}

fn agent_text(query: &Query<'_>, seat: Seat<'_>) -> Result<(), Said> {
    if seat.server.agent.is_none() {
        return Err(Said::Error("agent checks are not enabled on this server."));
    }
    let text = &seat.server.live.agent_aim.text;
    *text.lock().unwrap_or_else(PoisonError::into_inner) = Some(query.word(4).into());
    Ok(())
}

fn fqdn(query: &Query<'_>, seat: Seat<'_>, out: &mut Vec<u8>) -> Answer {
    let (server, name) = (seat.server, query.text(4));
    let why = match server.resolve.as_deref() {
        _ if name.is_empty() => "set server <b>/<s> fqdn requires a FQDN.",
        None => "set server <b>/<s> fqdn failed because no resolution is configured.",
        Some(resolve) if resolve.service.is_some() => {
            "set server <b>/<s> fqdn failed because SRV resolution is configured."
        }
        Some(_) => "",
    };
    if !why.is_empty() {
        return query.refuse(why, out);
    }
    let before = server.fqdn();
    if server.is_at(&name) {
        return Answer::Done;
    }
    *server.live.named.lock().unwrap_or_else(PoisonError::into_inner) = Some((*name).into());
    server.live.admin.fetch_or(admin::RENAMED, Relaxed);
    let before = before.as_deref().unwrap_or("(null)");
    let text = format!(
        "{}/{} changed its FQDN from {before} to {name} by 'stats socket command'",
        seat.backend.name, server.name
    );
    query.warn(&text, out);
    Answer::Then(Chore::Names)
}

fn rename(query: &Query<'_>, seat: Seat<'_>, out: &mut Vec<u8>) -> Answer {
    let (backend, server, to) = (seat.backend, seat.server, query.text(4));
    let fits = |c: char| c.is_ascii_alphanumeric() || "_:.-".contains(c);
    if to.is_empty() {
        return query.refuse("set server <b>/<s> name requires a new name.", out);
    }
    if !server.in_maintenance() {
        let why = "Server must be in maintenance mode to be renamed (set server <b>/<s> state maint).";
        return query.refuse(why, out);
    }
    if !to.chars().all(fits) {
        return query.refuse("Server name contains invalid characters.", out);
    }
    if *server.name == *to {
        return query.inform("Server name updated.", out);
    }
    if backend.servers.iter().any(|other| *other.name == *to) {
        return query.refuse("A server with the same name already exists in this backend.", out);
    }
    let renamed = Edit::RenameServer { backend: &backend.name, name: &server.name, to: &to };
    // A name that rules or other servers refer to can't go.
    if removable::is_named(backend, server) || dynamic::edit(query, &renamed).is_err() {
        let why =
            "Cannot rename: server's name is statically referenced (use-server, track, or sample argument).";
        return query.refuse(why, out);
    }
    query.inform("Server name updated.", out)
}

/// What follows `addr`: an address, and a port if one is given.
fn address(query: &Query<'_>, seat: Seat<'_>, out: &mut Vec<u8>) -> Answer {
    if query.word(4).is_empty() {
        return query.refuse("set server <b>/<s> addr requires an address and optionally a port.", out);
    }
    let text = query.text(4);
    let Ok(ip) = text.parse::<IpAddr>() else {
        return query.warn(&format!("Invalid addr '{text}'"), out);
    };
    let before = match *seat.server.address() {
        Address::Inet(at) => Some(at),
        Address::Unix(_) | Address::Unresolved(_) => {
            let why =
                "Update for the current server address family is only supported through configuration file.";
            return query.warn(why, out);
        }
    };
    let asked = match query.word(5) {
        b"port" => match new_port(query.word(6), seat) {
            Ok(port) => Some(port),
            Err(why) => return query.warn(&why, out),
        },
        _ => None,
    };
    let said = change(seat, before, ip, asked);
    let words = if said.is_empty() {
        "nothing changed".to_owned()
    } else {
        format!("{said} by 'stats socket command'")
    };
    query.warn(&words, out);
    if said.is_empty() { Answer::Done } else { Answer::Then(Chore::CloseIdle(seat.server.live.uid)) }
}

/// The port that the word gives; more than a port can be loses what is too much.
fn new_port(word: &[u8], seat: Seat<'_>) -> Result<u16, String> {
    let digits = word.strip_prefix(b"+").or_else(|| word.strip_prefix(b"-"));
    if !digits.unwrap_or(word).first().is_some_and(u8::is_ascii_digit) {
        return Err(format!("problem converting port '{}' to an int", String::from_utf8_lossy(word)));
    }
    if digits.is_some() {
        let server = &seat.server.name;
        return Err(format!(
            "ports that follow the client's are not changed at run time: server {server} keeps its port"
        ));
    }
    Ok(u16::try_from(number(word).0 & 0xffff).unwrap_or(0))
}

/// Moves the server, and tells what that changes.
fn change(seat: Seat<'_>, before: Option<SocketAddr>, ip: IpAddr, port: Option<u16>) -> String {
    let server = seat.server;
    let old_ip = before.map_or(String::new(), |at| at.ip().to_string());
    let mut said = String::new();
    if before.map(|at| at.ip()) != Some(ip) {
        said = format!("IP changed from '{old_ip}' to '{ip}'");
    }
    let old_port = before.map_or(0, |at| at.port());
    let mapped = match server.port() {
        Port::Mapped(offset) => Some(offset),
        Port::Fixed => None,
    };
    if let Some(port) = port.filter(|port| *port != old_port || mapped.is_some()) {
        let old = mapped.map_or_else(|| old_port.to_string(), |offset| format!("{offset:+}"));
        let comma = if said.is_empty() { "" } else { ", " };
        said.push_str(&format!("{comma}port changed from '{old}' to '{port}'"));
    }
    if !said.is_empty() {
        server.live.moved.set(Some(SocketAddr::new(ip, port.unwrap_or(old_port))));
        seat.backend.changed(seat.now_ns);
    }
    said
}
