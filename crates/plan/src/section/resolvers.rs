//! `resolvers`: name servers and how they are asked (manual 5.3.2).

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use config::Section;
use state::resolvers::{Hold, NameServer, Resolvers};

use crate::address::{self, Address, Host, Ports};
use crate::ctx::{Line, Plan, word};
use crate::number::{atol, time_ms};

/// The system's own list of name servers.
const SYSTEM: &str = "/etc/resolv.conf";
const PORT: u16 = 53;

/// Reads one.
pub(super) fn read<'a>(plan: &mut Plan<'a>, section: Section<'a>) {
    let mut resolvers = named(section.name().unwrap_or_default());
    for line in section.directives() {
        if plan.remarks.is_wrong(line.span()) {
            continue;
        }
        let read = match line.keyword() {
            "nameserver" => server(plan, line, &mut resolvers),
            "parse-resolv-conf" => system(plan, line, &mut resolvers),
            _ => setting(line, &mut resolvers),
        };
        if let Err(message) = read {
            plan.remarks.alert(line.span(), message);
        }
    }
    if resolvers.servers.is_empty() && !plan.remarks.is_wrong(section.span()) {
        let message = format!("resolvers '{}' has no nameservers configured!", resolvers.name);
        plan.remarks.warn(section.span(), message);
    }
    plan.resolvers.push(Arc::new(resolvers));
}

/// The section that is there where none has its name: the system's own name servers, if they are known (manual 5.3.2).
pub(super) fn add_default(plan: &mut Plan<'_>) {
    if plan.resolvers.iter().any(|resolvers| &*resolvers.name == DEFAULT) {
        return;
    }
    let mut resolvers = named(DEFAULT);
    let content = (plan.env.read_file)(SYSTEM).unwrap_or_default();
    add_system(&content, &mut resolvers);
    if !resolvers.servers.is_empty() {
        plan.resolvers.push(Arc::new(resolvers));
    }
}

const DEFAULT: &str = "default";

fn named(name: &str) -> Resolvers {
    Resolvers {
        name: name.into(),
        servers: Vec::new(),
        payload: 512,
        retries: 3,
        retry_ms: 1000,
        resolve_ms: 1000,
        hold: Hold::default(),
    }
}

/// `nameserver <name> <address>:<port>`.
fn server<'a>(plan: &mut Plan<'a>, line: Line<'a>, resolvers: &mut Resolvers) -> Result<(), String> {
    let (name, text) = (word(line, 1), word(line, 2));
    if name.is_empty() || text.is_empty() {
        return Err("'nameserver' expects <name> and <addr>[:<port>] as arguments.".to_owned());
    }
    if resolvers.servers.iter().any(|server| &*server.name == name) {
        return Err(format!("nameserver '{name}' has same name as another nameserver."));
    }
    let title = format!("'nameserver {name}'");
    let stream = ["tcp@", "tcp4@", "tcp6@"].iter().any(|prefix| text.starts_with(prefix));
    let Some(address) = endpoint(plan, text).map_err(|message| format!("{title} : {message}"))? else {
        plan.remarks.not_run(line.span(), &format!("'nameserver' with the address '{text}'"));
        return Ok(());
    };
    if stream && !word(line, 3).is_empty() {
        plan.remarks.not_run(line.span(), &format!("'{}' on a 'nameserver' line", word(line, 3)));
    }
    resolvers.servers.push(NameServer { name: name.into(), address, stream, asked: Arc::default() });
    Ok(())
}

/// Where a server is; none for a form that is not run.
fn endpoint(plan: &mut Plan<'_>, text: &str) -> Result<Option<SocketAddr>, String> {
    let (host, ports) = match address::parse(text, plan.loaded.env())? {
        Address::Inet { host, ports, multipath: false, .. } => (host, ports),
        _ => return Ok(None),
    };
    let Ports::One(port @ 1..) = ports else {
        return Err(format!("missing port specification in '{text}'"));
    };
    let ip = match host {
        Host::Ip(ip) => ip,
        Host::Any(_) => return Ok(None),
        Host::Name(name, family) => {
            let found = plan.resolve(&name).iter().copied().find(|ip| family.holds(*ip));
            found.ok_or_else(|| format!("invalid address: '{name}' in '{text}'"))?
        }
    };
    Ok(Some(SocketAddr::new(ip, port)))
}

/// `parse-resolv-conf`: the servers that the system asks.
fn system<'a>(plan: &mut Plan<'a>, line: Line<'a>, resolvers: &mut Resolvers) -> Result<(), String> {
    let Ok(content) = (plan.env.read_file)(SYSTEM) else {
        plan.remarks.warn(line.span(), format!("failed to open {SYSTEM}."));
        return Ok(());
    };
    add_system(&content, resolvers);
    Ok(())
}

fn add_system(content: &[u8], resolvers: &mut Resolvers) {
    for text in String::from_utf8_lossy(content).lines() {
        let mut words = text.split_ascii_whitespace();
        let (Some("nameserver"), Some(address)) = (words.next(), words.next()) else { continue };
        let Ok(ip) = address.parse::<IpAddr>() else { continue };
        let known = resolvers.servers.iter().any(|server| &*server.name == address);
        if !known {
            let address = SocketAddr::new(ip, PORT);
            let (name, asked) = (ip.to_string().into(), Arc::default());
            resolvers.servers.push(NameServer { name, address, stream: false, asked });
        }
    }
}

fn setting(line: Line<'_>, resolvers: &mut Resolvers) -> Result<(), String> {
    let (keyword, text) = (line.keyword(), word(line, 1));
    match keyword {
        "accepted_payload_size" | "resolve_retries" if text.is_empty() => {
            return Err(format!("'{keyword}' expects <nb> as argument."));
        }
        "accepted_payload_size" => {
            let size = u16::try_from(atol(text)).ok().filter(|size| *size >= 12);
            resolvers.payload = size.ok_or_else(|| {
                format!("'{keyword}' must be between 12 and 65535 inclusive (was {}).", atol(text))
            })?;
        }
        "resolve_retries" => resolvers.retries = u32::try_from(atol(text)).unwrap_or(0),
        "hold" => {
            let time = word(line, 2);
            if time.is_empty() {
                return Err("'hold' expects an <event> and a <time> as arguments.".to_owned());
            }
            let ms = time_ms(time).map_err(|e| e.explain(time, "hold"))?;
            let hold = &mut resolvers.hold;
            match text {
                "valid" => hold.valid = ms,
                "nx" => hold.nx = ms,
                "refused" => hold.refused = ms,
                "timeout" => hold.timeout = ms,
                "other" => hold.other = ms,
                "obsolete" => hold.obsolete = ms,
                other => {
                    let events = "'nx', 'timeout', 'valid', 'obsolete' or 'other'";
                    return Err(format!("'hold' unknown <event>: '{other}', expects either {events}."));
                }
            }
        }
        "timeout" => {
            if !matches!(text, "retry" | "resolve") {
                let expects = "expects 'retry' or 'resolve' and <time> as arguments got";
                return Err(format!("'timeout' {expects} '{text}'."));
            }
            let time = word(line, 2);
            if time.is_empty() {
                return Err(format!("'timeout {text}' expects <time> as argument."));
            }
            let ms = time_ms(time).map_err(|e| e.explain(time, &format!("timeout {text}")))?;
            match text {
                "retry" => resolvers.retry_ms = ms,
                _ => resolvers.resolve_ms = ms,
            }
        }
        _ => {}
    }
    Ok(())
}
