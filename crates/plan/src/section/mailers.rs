//! `mailers`: mail servers that tell people of servers going up and down (manual 12.3).

use std::net::SocketAddr;
use std::sync::Arc;

use config::Section;
use state::mail::Mailers;

use crate::address::{self, Address, Host, Ports};
use crate::ctx::{Line, Plan, word};
use crate::number::time_ms;

/// How long a mail may take where nothing is said of it, milliseconds.
const TIMEOUT_MS: u32 = 10_000;

/// Reads one.
pub(super) fn read<'a>(plan: &mut Plan<'a>, section: Section<'a>) {
    let name = section.name().unwrap_or_default();
    let mut mailers = Mailers { name: name.into(), servers: Vec::new(), timeout_ms: TIMEOUT_MS };
    for line in section.directives() {
        if plan.remarks.is_wrong(line.span()) {
            continue;
        }
        let read = match line.keyword() {
            "mailer" => mailer(plan, line).map(|server| mailers.servers.push(server)),
            "timeout" => timeout(line).map(|ms| mailers.timeout_ms = ms),
            _ => Ok(()),
        };
        if let Err(message) = read {
            plan.remarks.alert(line.span(), message);
        }
    }
    plan.mailers.push(Arc::new(mailers));
}

fn mailer(plan: &mut Plan<'_>, line: Line<'_>) -> Result<SocketAddr, String> {
    let (name, text) = (word(line, 1), word(line, 2));
    if name.is_empty() || text.is_empty() {
        return Err("'mailer' expects <name> and <addr>[:<port>] as arguments.".to_owned());
    }
    let title = format!("'mailer {name}'");
    let Address::Inet { host, ports, .. } =
        address::parse(text, plan.loaded.env()).map_err(|message| format!("{title} : {message}"))?
    else {
        return Err(format!("{title} : unsupported address '{text}'"));
    };
    let Ports::One(port @ 1..) = ports else {
        return Err(format!("{title} : missing port specification in '{text}'"));
    };
    let ip = match host {
        Host::Ip(ip) => Some(ip),
        Host::Any(_) => None,
        Host::Name(name, family) => plan.resolve(&name).iter().copied().find(|ip| family.holds(*ip)),
    };
    let ip = ip.ok_or_else(|| format!("{title} : invalid address in '{text}'"))?;
    Ok(SocketAddr::new(ip, port))
}

fn timeout(line: Line<'_>) -> Result<u32, String> {
    let (what, time) = (word(line, 1), word(line, 2));
    if what != "mail" {
        return Err(format!("'timeout' expects 'mail' and <time> as arguments got '{what}'."));
    }
    if time.is_empty() {
        return Err("'timeout mail' expects <time> as argument.".to_owned());
    }
    time_ms(time).map_err(|e| e.explain(time, "timeout mail"))
}
