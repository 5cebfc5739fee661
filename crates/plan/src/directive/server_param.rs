//! The parameters of `server` lines (manual 5.2).

use std::fmt;
use std::net::{IpAddr, SocketAddr};

use config::vocabulary::{ParamUse, SERVER, split_params};
use state::frontend::Proto;

use super::server::ServerSpec;
use super::{bind, guid, proto, server_load, server_proxy, server_watch, source};
use crate::address::{self, Address, Host, Ports};
use crate::ctx::{Line, Plan};
use crate::number::{atol, time_ms};

/// Applies the parameters at position `from` on. Errors carry the title.
pub(super) fn apply<'a>(
    plan: &mut Plan<'a>,
    line: Line<'a>,
    from: usize,
    spec: &mut ServerSpec<'a>,
    title: fmt::Arguments<'_>,
    name: Option<&str>,
) -> Result<(), String> {
    let (defaults, name) = (name.is_none(), name.unwrap_or("default-server"));
    let mut words = line.words();
    if from > 0 {
        words.nth(from - 1);
    }
    for used in split_params(words, SERVER) {
        let Some(param) = used.param else {
            return Err(format!("{title} : unknown keyword '{}'.", used.word.lossy()));
        };
        if defaults && matches!(param.name, "id" | "guid") {
            return Err(format!("'{}' option is not accepted in default-server sections", param.name));
        }
        let value = used.value().and_then(|w| w.str()).unwrap_or_default();
        let switched = switch(spec, param.name) || server_proxy::switch(&mut spec.proxy, param.name);
        if !switched {
            set(plan, line, spec, &used, value, name)
                .map_err(|e| if defaults { e } else { format!("{title} : {e}") })?;
        }
    }
    Ok(())
}

/// Parameters without a value. Whether it was one.
fn switch(spec: &mut ServerSpec<'_>, name: &str) -> bool {
    match name {
        "backup" => spec.backup = true,
        "no-backup" => spec.backup = false,
        "non-stick" => spec.non_stick = true,
        "stick" => spec.non_stick = false,
        "disabled" => spec.disabled = true,
        "enabled" => spec.disabled = false,
        "tfo" => spec.fast_open = true,
        "no-tfo" => spec.fast_open = false,
        "agent-check" => spec.watch.agent = true,
        "no-agent-check" => spec.watch.agent = false,
        "check-via-socks4" => spec.check_via_socks4 = true,
        "check" => spec.check = true,
        "no-check" => spec.check = false,
        _ => return false,
    }
    true
}

fn set<'a>(
    plan: &mut Plan<'a>,
    line: Line<'a>,
    spec: &mut ServerSpec<'a>,
    used: &ParamUse<'a>,
    value: &'a str,
    server: &str,
) -> Result<(), String> {
    let name = used.name();
    if spec.tls.take(line, used, value)? {
        return Ok(());
    }
    let set = server_load::set(spec, name, value, server)?
        || server_watch::set(plan, spec, name, value, server)?
        || spec.resolve.set(name, value)?
        || link(plan, line, spec, used, value)?;
    if set {
        return Ok(());
    }
    match name {
        "inter" => spec.pace.inter = duration(value, name, server)?.max(1),
        "fastinter" => spec.pace.fast_inter = Some(duration(value, name, server)?.max(1)),
        "downinter" => spec.pace.down_inter = Some(duration(value, name, server)?.max(1)),
        "rise" => spec.pace.rise = positive(value, name)?,
        "fall" => spec.pace.fall = positive(value, name)?,
        "port" => {
            let port = u16::try_from(atol(value)).ok();
            spec.check_port = port.ok_or_else(|| format!("'port' : invalid port '{value}'"))?.into();
            // HAProxy checks a server at its own port when this is 0.
            spec.check_port = spec.check_port.filter(|p| *p > 0);
        }
        "addr" => {
            let (ip, port) = check_address(plan, value).map_err(|e| format!("'addr' : {e}"))?;
            spec.check_address = Some(ip);
            spec.check_port = spec.check_port.or(port);
        }
        "id" => {
            spec.id = u32::try_from(atol(value)).ok().filter(|id| *id > 0).ok_or_else(|| {
                format!("'id' : invalid custom id number {} (must be a positive integer).", atol(value))
            })?;
        }
        "cookie" => spec.cookie = Some(value),
        "proxy-v2-options" => server_proxy::options(&mut spec.proxy, value)?,
        "set-proxy-v2-tlv-fmt" => server_proxy::tlv(&mut spec.proxy, used, value)?,
        "guid" => {
            guid::take(plan, value, &format!("server {server}"))
                .map_err(|wrong| format!("'guid': {wrong}."))?;
            spec.guid = Some(value);
        }
        "redir" => spec.redirect = Some(value),
        _ => not_run(plan, line, used),
    }
    Ok(())
}

/// How its connections are made. Whether it was a parameter of that.
fn link<'a>(
    plan: &mut Plan<'a>,
    line: Line<'a>,
    spec: &mut ServerSpec<'a>,
    used: &ParamUse<'a>,
    value: &'a str,
) -> Result<bool, String> {
    match used.name() {
        "source" => {
            let words: Vec<&str> = used.values.clone().map(|w| w.str().unwrap_or_default()).collect();
            spec.source = source::read(plan, &words, true)?;
        }
        "tcp-ut" => {
            let expected = "'tcp-ut' : expects a positive delay in milliseconds.";
            spec.user_timeout_ms = Some(time_ms(value).map_err(|_| expected.to_owned())?);
        }
        "proto" => spec.protocol = Some(proto::read(value).map_err(|e| format!("'proto' : {e}."))?),
        "ws" => {
            spec.websocket = match value {
                "auto" => Proto::Any,
                "h1" => Proto::Http1,
                "h2" => Proto::Http2,
                _ => return Err("'ws' has to be 'auto', 'h1' or 'h2'.".to_owned()),
            }
        }
        "check-proto" => {
            let protocol = proto::read(value).map_err(|e| format!("'check-proto' : {e}."))?;
            if !matches!(protocol, "h1" | "h2" | "none") {
                not_run(plan, line, used);
            }
            spec.check_protocol = Some(protocol);
        }
        "healthcheck" if value.is_empty() => {
            return Err("'healthcheck' expects a healthcheck name as argument..".into());
        }
        "healthcheck" => spec.healthcheck = Some(value),
        "socks4" => spec.socks4 = Some(proxy_address(plan, value)?),
        "cc" => spec.congestion = Some(value.into()),
        "namespace" => spec.namespace = Some(value.into()),
        "tcp-md5sig" if value.is_empty() => {
            return Err("'tcp-md5sig' : missing TCP MD5 signature password.".to_owned());
        }
        "tcp-md5sig" => {
            let password = bind::md5_password(value).map_err(|e| format!("'tcp-md5sig' : {e}."))?;
            spec.md5 = Some(password.into());
        }
        _ => return Ok(false),
    }
    Ok(true)
}

/// The address of a SOCKS4 proxy.
fn proxy_address(plan: &mut Plan<'_>, value: &str) -> Result<SocketAddr, String> {
    if value.is_empty() {
        return Err("'socks4' expects <addr>:<port> as argument..".into());
    }
    let (ip, port) = check_address(plan, value).map_err(|e| format!("'socks4 {value}' : {e}."))?;
    let port = port.ok_or_else(|| format!("'socks4 {value}' : missing port specification in '{value}'."))?;
    Ok(SocketAddr::new(ip, port))
}

fn duration(value: &str, name: &str, server: &str) -> Result<u32, String> {
    time_ms(value).map_err(|e| server_watch::explain(e, value, name, server))
}

fn positive(value: &str, name: &str) -> Result<u32, String> {
    u32::try_from(atol(value)).ok().filter(|n| *n > 0).ok_or_else(|| format!("'{name}' has to be > 0."))
}

/// An address that may have a port. Errors are sentences.
pub(crate) fn check_address(plan: &mut Plan<'_>, value: &str) -> Result<(IpAddr, Option<u16>), String> {
    let Address::Inet { host, ports, .. } = address::parse(value, plan.loaded.env())? else {
        return Err(format!("unsupported address '{value}'"));
    };
    let port = match ports {
        Ports::One(port) => Some(port),
        Ports::None => None,
        _ => return Err(format!("port range not permitted here in '{value}'")),
    };
    let ip = match host {
        Host::Ip(ip) => ip,
        Host::Any(_) => return Err(format!("invalid address '{value}'")),
        Host::Name(name, family) => plan
            .resolve(&name)
            .iter()
            .copied()
            .find(|ip| family.holds(*ip))
            .ok_or_else(|| format!("invalid address: '{name}' in '{value}'"))?,
    };
    Ok((ip, port))
}

fn not_run<'a>(plan: &mut Plan<'a>, line: Line<'a>, used: &ParamUse<'a>) {
    let name = used.name();
    // What switches off what is not run says nothing new.
    if matches!(name, "no-check-reuse-pool" | "no-renegotiate") {
        return;
    }
    let what = format!("'{name}' on a '{}' line", line.keyword());
    plan.remarks.not_run(line.span(), &what);
}
