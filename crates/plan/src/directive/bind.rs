//! `bind` (manual 4.2, 5.1): one listener for each address. `stats socket` takes the same parameters.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;

use config::SectionKind;
use config::vocabulary::{BIND, ParamUse, split_params};
use state::frontend::{Bind, BindAddress, Proto, UnixOwner};
use state::link::Threads;
use state::options::Mode;

use super::guid;
use super::proto::{self, Spoken};
use crate::address::{self, Address, Family, Host, Ports};
use crate::ctx::{Applied, Ctx, Directive, Line, Plan, at, word};
use crate::number::{atol, count, time_ms};
use crate::tls::bind::{BindSpec, look, serve};

pub(super) const DIRECTIVES: &[Directive] = &[Directive { name: "bind", sections: at::PROXY, apply: bind }];

fn bind<'a>(cx: &mut Ctx<'_, 'a>, line: Line<'a>) -> Applied {
    if cx.lacks_frontend(line, "bind", "") {
        return Ok(());
    }
    if cx.draft.kind == SectionKind::Defaults {
        return Err("'bind' not allowed in 'defaults' section.".into());
    }
    let text = word(line, 1);
    if text.is_empty() {
        return Err(
            "'bind' expects {<path>|[addr1]:port1[-end1]}{,[addr]:port[-end]}... as arguments.".into()
        );
    }
    let title = format!("'bind {text}' in section '{}'", cx.draft.kind.keyword());
    let Parameters { bind: template, tls, level, .. } = parameters(cx.plan, line, 2, &title)?;
    if let Some(level) = level.filter(|level| !matches!(*level, "user" | "operator" | "admin")) {
        return Err(format!(
            "{title} : 'level' only supports 'user', 'operator', and 'admin' (got '{level}')"
        ));
    }
    if template.id != 0 {
        let taken = cx.draft.binds.iter().find(|(bind, _)| bind.id == template.id);
        if let Some((_, span)) = taken {
            let place = cx.plan.place(*span);
            let other = cx.plan.loaded.source_line(*span);
            let other = String::from_utf8_lossy(other);
            let other: Vec<&str> = other.split_whitespace().take(2).collect();
            let (id, other) = (template.id, other.join(" "));
            return Err(format!("{title} : 'id' : custom id {id} already used at {place} ('{other}')"));
        }
    }
    let first = cx.draft.binds.len();
    for (number, (address, multipath)) in addresses(cx.plan, line, text, "bind")?.into_iter().enumerate() {
        let guid = template.guid.as_ref().map(|prefix| format!("{prefix}-{number}"));
        if let Some(guid) = &guid {
            guid::take(cx.plan, guid, &title).map_err(|wrong| format!("{title} : 'guid-prefix': {wrong}"))?;
        }
        let guid = guid.map(Into::into);
        cx.draft.binds.push((Bind { address, multipath, guid, ..template.clone() }, line.span()));
    }
    if tls.ssl {
        cx.draft.bind_tls.push((first..cx.draft.binds.len(), tls, text));
    }
    let mut words = line.words();
    words.nth(1);
    let proto = split_params(words, BIND).filter(|used| used.name() == "proto").last();
    if let Some(protocol) = proto.and_then(|used| proto::read(used.value()?.str()?).ok()) {
        proto::say(cx.plan, line, protocol);
        let who = format!("'bind {text}'");
        cx.draft.spoken.push(Spoken { by_server: false, who, protocol, span: line.span() });
    }
    Ok(())
}

/// The addresses of a `bind` word, and which of them are for multipath TCP. Those of a form that is not run are left
/// out, and starting is refused for them.
pub(crate) fn addresses<'a>(
    plan: &mut Plan<'a>,
    line: Line<'a>,
    text: &str,
    directive: &str,
) -> Result<Vec<(BindAddress, bool)>, String> {
    let mut found = Vec::new();
    for part in text.split(',') {
        let parsed = address::parse(part, plan.loaded.env()).map_err(|e| format!("'{directive}' : {e}"))?;
        match parsed {
            Address::Inet { datagram: true, .. } | Address::Unix { datagram: true, .. } => {
                return Err(format!("'{directive}' : dgram-type address not acceptable in '{part}'"));
            }
            Address::Inet { host, ports, multipath, .. } => {
                let ip = local(plan, host, part).map_err(|e| format!("'{directive}' : {e}"))?;
                let (low, high) = match ports {
                    Ports::One(port) if port > 0 => (port, port),
                    Ports::Range(low, high) if low > 0 => (low, high),
                    Ports::Offset(_) => {
                        return Err(format!("'{directive}' : port offset not permitted here in '{part}'"));
                    }
                    _ => return Err(format!("'{directive}' : missing port specification in '{part}'")),
                };
                let at = |port| BindAddress::Inet(SocketAddr::new(ip, port));
                found.extend((low..=high).map(|port| (at(port), multipath)));
            }
            Address::Unix { path, .. } => found.push((BindAddress::Unix(path.into()), false)),
            Address::Abstract(name) => found.push((BindAddress::Abstract(name.into()), false)),
            Address::Fd(fd) => found.push((BindAddress::Fd(fd), false)),
            Address::NotRun(prefix) => {
                plan.remarks.unserved(line.span(), &format!("'{directive}' on a '{prefix}' address"));
            }
        }
    }
    Ok(found)
}

fn local(plan: &Plan<'_>, host: Host, text: &str) -> Result<IpAddr, String> {
    Ok(match host {
        Host::Any(Family::V6) => Ipv6Addr::UNSPECIFIED.into(),
        Host::Any(_) => Ipv4Addr::UNSPECIFIED.into(),
        Host::Ip(ip) => ip,
        Host::Name(name, family) => (plan.env.resolve)(&name)
            .into_iter()
            .find(|ip| family.holds(*ip))
            .ok_or_else(|| format!("invalid address: '{name}' in '{text}'"))?,
    })
}

/// What the parameters of a line say.
pub(crate) struct Parameters<'a> {
    /// Without an address.
    pub(crate) bind: Bind,
    /// The words after `level` and `severity-output`.
    pub(crate) level: Option<&'a str>,
    pub(crate) severity: Option<&'a str>,
    /// `expose-fd listeners`
    pub(crate) exposes: bool,
    pub(crate) tls: BindSpec,
}

impl<'a> Parameters<'a> {
    /// Makes what is served over TLS, where that needs nothing of a proxy. `who`: as messages name it, and the address.
    /// Errors: said already, but for the last sentence.
    pub(crate) fn serve(
        &mut self,
        plan: &mut Plan<'_>,
        line: Line<'_>,
        who: (&str, &str),
    ) -> Result<(), String> {
        if !self.tls.ssl {
            return Ok(());
        }
        match serve(plan, &self.tls, Mode::Tcp, line.span(), who) {
            Ok(served) => self.bind.tls = Some(Arc::new(served)),
            Err(mut messages) => {
                let last = messages.pop().unwrap_or_default();
                messages.into_iter().for_each(|message| plan.remarks.alert_bare(message));
                return Err(last);
            }
        }
        Ok(())
    }
}

/// Reads the parameters at position `from` on.
pub(crate) fn parameters<'a>(
    plan: &mut Plan<'a>,
    line: Line<'a>,
    from: usize,
    title: &str,
) -> Result<Parameters<'a>, String> {
    let mut bind = empty();
    let mut tls = BindSpec::default();
    let (mut level, mut severity) = (None, None);
    let mut exposes = false;
    let mut words = line.words();
    if from > 0 {
        words.nth(from - 1);
    }
    for used in split_params(words, BIND) {
        let Some(param) = used.param else {
            return Err(format!("{title}: unknown keyword '{}'.", used.word.lossy()));
        };
        if used.truncated && param.name == "tcp-md5sig" {
            return Err(format!("{title} : 'tcp-md5sig' : missing TCP MD5 signature password"));
        }
        if used.truncated && param.name == "severity-output" {
            return Err(format!("{title} : ''severity-output' : missing severity format'"));
        }
        if used.truncated && param.name == "expose-fd" {
            return Err(format!("{title} : ''expose-fd' : missing fd type'"));
        }
        if used.truncated {
            return Err(format!("{title} : '{}' : missing value", param.name));
        }
        let value = used.value().and_then(|w| w.str()).unwrap_or_default();
        if param.name == "level" {
            level = Some(value);
            continue;
        }
        if param.name == "severity-output" {
            severity = Some(value);
            continue;
        }
        if param.name == "expose-fd" {
            exposes |= value == "listeners";
            if !exposes {
                return Err(format!("{title} : ''expose-fd' only supports 'listeners' (got '{value}')'"));
            }
            continue;
        }
        if tls.take(plan, line, &used, value).map_err(|e| format!("{title} : {e}"))? {
            continue;
        }
        set(plan, line, &mut bind, &used, value).map_err(|e| format!("{title} : '{}' : {e}", param.name))?;
    }
    look(plan, &tls.spec).map_err(|e| format!("{title} : {e}"))?;
    Ok(Parameters { bind, level, severity, exposes, tls })
}

fn set<'a>(
    plan: &mut Plan<'a>,
    line: Line<'a>,
    bind: &mut Bind,
    used: &ParamUse<'a>,
    value: &str,
) -> Result<(), String> {
    let id_of = |found: Option<u32>, what: &str| found.ok_or_else(|| format!("'{value}' unknown {what}."));
    match used.name() {
        "name" => bind.name = Some(value.into()),
        "id" => {
            bind.id =
                u32::try_from(atol(value)).ok().filter(|id| *id > 0).ok_or("custom id has to be > 0")?;
        }
        "maxconn" => bind.maxconn = count(value),
        "backlog" => bind.backlog = Some(count(value)),
        "interface" => bind.interface = Some(value.into()),
        "transparent" => bind.transparent = true,
        "accept-proxy" => bind.accept_proxy = true,
        "accept-netscaler-cip" => {
            let magic = u32::try_from(atol(value)).ok().filter(|magic| *magic > 0);
            bind.netscaler = magic.ok_or("'accept-netscaler-cip' : expects a number greater than 0.")?;
        }
        "defer-accept" => bind.defer_accept = true,
        "tfo" => bind.tfo = true,
        "v4v6" => (bind.v4v6, bind.v6only) = (true, false),
        "v6only" => (bind.v6only, bind.v4v6) = (true, false),
        "mss" => {
            let mss = i32::try_from(atol(value)).ok().filter(|m| *m != 0 && m.abs() <= 65_535);
            bind.mss = Some(mss.ok_or("expects an MSS with and absolute value between 1 and 65535")?);
        }
        "mode" => {
            let mode = u32::from_str_radix(value, 8);
            bind.unix.mode = Some(
                mode.map_err(|_| format!("missing or invalid mode '{value}' (octal integer expected)"))?,
            );
        }
        "uid" => bind.unix.uid = Some(count(value)),
        "gid" => bind.unix.gid = Some(count(value)),
        "user" => bind.unix.uid = Some(id_of((plan.env.user)(value), "user")?),
        "group" => bind.unix.gid = Some(id_of((plan.env.group)(value), "group")?),
        // Taken note of for the proxy, whose mode decides.
        "guid-prefix" => bind.guid = Some(value.into()),
        "proto" => bind.proto = proto::spoken(proto::read(value)?),
        "cc" => bind.congestion = Some(value.into()),
        "namespace" => bind.namespace = Some(value.into()),
        "tcp-md5sig" => bind.md5 = Some(md5_password(value)?.into()),
        "shards" => bind.shards = Some(shards(value)?),
        "thread" => bind.threads = threads(value)?,
        "tcp-ut" => {
            let expected = "expects a positive delay in milliseconds";
            bind.user_timeout_ms = Some(time_ms(value).map_err(|_| expected.to_owned())?);
        }
        "tcp-ss" => {
            let mode = value.parse().ok().filter(|mode| *mode <= 2);
            bind.save_syn =
                mode.ok_or("'tcp-ss' : TCP Save SYN option expects an integer argument from 0 to 2")?;
        }
        "nice" if !(-1024..=1024).contains(&atol(value)) => {
            return Err(format!("invalid value {}, allowed range is -1024..1024", atol(value)));
        }
        _ => not_run(plan, line, used),
    }
    Ok(())
}

/// A password of `tcp-md5sig`. Errors: HAProxy's sentence about one that is too long for the kernel.
pub(crate) fn md5_password(value: &str) -> Result<&str, String> {
    const MAX: usize = 80;
    match value.len() > MAX {
        true => Err(format!("password too long (at most {MAX} characters expected)")),
        false => Ok(value),
    }
}

/// How many sockets: the largest number for one a thread.
fn shards(value: &str) -> Result<u16, String> {
    match (value, u16::try_from(atol(value))) {
        ("by-thread", _) => Ok(u16::MAX),
        // There is one group of threads.
        ("by-group", _) => Ok(1),
        (_, Ok(n @ 1..=1024)) => Ok(n),
        _ => Err(format!("invalid value {}, allowed range is 1..1024 or 'by-thread'", atol(value))),
    }
}

/// `1-4,odd`, or `1/1-4` with the number of the thread's group in front.
fn threads(value: &str) -> Result<Threads, String> {
    let mut ranges = Vec::new();
    for part in value.split(',') {
        let (group, set) = part.split_once('/').map_or((None, part), |(group, set)| (Some(group), set));
        let number = |what: &str, text: &str| {
            text.parse::<u16>().ok().filter(|n| (1..=1024).contains(n)).ok_or_else(|| {
                format!(
                    "invalid {what} thread number '{text}', permitted range is 1..1024, or 'all', 'odd', 'even'."
                )
            })
        };
        let range = match set {
            "all" => (1, 1024, 1),
            "odd" => (1, 1024, 2),
            "even" => (2, 1024, 2),
            _ => match set.split_once('-') {
                None => (number("first", set)?, number("first", set)?, 1),
                Some((first, last)) => (
                    if first.is_empty() { 1 } else { number("first", first)? },
                    if last.is_empty() { 1024 } else { number("last", last)? },
                    1,
                ),
            },
        };
        // Of other groups than the first there are no threads.
        ranges.push(if group.is_none_or(|group| group == "1") { range } else { (1024, 1024, 1) });
    }
    Ok(Threads(ranges))
}

/// What is known and left out: clients are served as they would be, only less tuned.
fn not_run<'a>(plan: &mut Plan<'a>, line: Line<'a>, used: &ParamUse<'a>) {
    plan.remarks.not_run(line.span(), &format!("'{}' on a '{}' line", used.name(), line.keyword()));
}

pub(crate) fn empty() -> Bind {
    Bind {
        address: BindAddress::Fd(-1),
        multipath: false,
        name: None,
        id: 0,
        guid: None,
        maxconn: 0,
        backlog: None,
        v6only: false,
        v4v6: false,
        transparent: false,
        interface: None,
        defer_accept: false,
        quickack_off: false,
        accept_proxy: false,
        netscaler: 0,
        proto: Proto::Any,
        tfo: false,
        mss: None,
        user_timeout_ms: None,
        save_syn: 0,
        congestion: None,
        namespace: None,
        md5: None,
        threads: Threads::default(),
        shards: None,
        unix: UnixOwner::default(),
        tls: None,
    }
}
