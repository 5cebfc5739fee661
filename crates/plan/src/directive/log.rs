//! `log` and what shapes its lines: `log-format`, `error-log-format`, `log-format-sd`, `log-tag` (manual 4.2, 8).

use std::rc::Rc;
use std::sync::Arc;

use config::{SectionKind, Span};
use state::log::{Destination, Header, Origin, Sampling, Target};
use state::options::Mode;
use state::ring::{Ring, RingServer, Store};

use crate::address::{self, Address, Host, Ports};
use crate::ctx::{Applied, Ctx, Directive, Line, Plan, at, no_more, word, words_from};
use crate::section::log_profile::rule_steps;
use crate::section::ring;

pub(super) const DIRECTIVES: &[Directive] = &[
    Directive { name: "log", sections: at::PROXY | at::GLOBAL, apply: line },
    Directive { name: "log-format", sections: at::PROXY, apply: |cx, line| format(cx, line, Which::Line) },
    Directive {
        name: "error-log-format",
        sections: at::PROXY,
        apply: |cx, line| format(cx, line, Which::Error),
    },
    Directive {
        name: "log-format-sd",
        sections: at::PROXY,
        apply: |cx, line| format(cx, line, Which::Structured),
    },
    Directive { name: "log-steps", sections: at::PROXY, apply: log_steps },
    Directive {
        name: "log-tag",
        sections: at::PROXY,
        apply: |cx, line| {
            let tag = word(line, 1);
            if tag.is_empty() {
                return Err("'log-tag' expects a tag for use in syslog.".into());
            }
            settings(cx).tag = Some(tag);
            no_more(line, 1)
        },
    },
];

/// What a proxy logs.
#[derive(Clone, Default)]
pub(crate) struct LogSettings<'a> {
    pub(crate) loggers: Vec<Logger>,
    pub(crate) line: LineFormat<'a>,
    pub(crate) error_line: Option<Line<'a>>,
    pub(crate) structured: Option<Line<'a>>,
    pub(crate) tag: Option<&'a str>,
    /// `log-steps`.
    pub(crate) steps: Option<Box<[Origin]>>,
}

/// One `log` line of a proxy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Logger {
    /// `log global`.
    Global,
    /// Position in `World::log_targets`.
    Own(u32),
}

/// The line's format.
#[derive(Clone, Copy, Default)]
pub(crate) enum LineFormat<'a> {
    /// Only that a connection came.
    #[default]
    Short,
    /// `option httplog` and the like, by the name of the predefined variable, and where it stands.
    Standard(&'static str, Line<'a>),
    /// `log-format`.
    Own(Line<'a>),
}

#[derive(Clone, Copy)]
enum Which {
    Line,
    Error,
    Structured,
}

/// The log settings at hand, to change.
pub(super) fn settings<'c, 'a>(cx: &'c mut Ctx<'_, 'a>) -> &'c mut LogSettings<'a> {
    Rc::make_mut(&mut cx.draft.settings.log)
}

fn format<'a>(cx: &mut Ctx<'_, 'a>, line: Line<'a>, which: Which) -> Applied {
    if word(line, 1).is_empty() {
        return Err(format!("'{}' expects an argument.", line.keyword()));
    }
    if line.word(2).is_some() {
        return Err(format!(
            "'{}' expects only one argument, don't forget to escape spaces!",
            line.keyword()
        ));
    }
    if cx.draft.kind == SectionKind::Backend {
        let message =
            format!("'{}' ignored because {} has no frontend capability.", line.keyword(), cx.title());
        cx.warn(line, message);
        return Ok(());
    }
    let settings = settings(cx);
    match which {
        Which::Line => settings.line = LineFormat::Own(line),
        Which::Error => settings.error_line = Some(line),
        Which::Structured => settings.structured = Some(line),
    }
    Ok(())
}

const EXPECTS: &str = "log : expects <address> and <facility> or global as arguments";

/// A `log` line of any section that has them.
pub(crate) fn line<'a>(cx: &mut Ctx<'_, 'a>, line: Line<'a>) -> Applied {
    let global = cx.draft.kind == SectionKind::Global;
    if line.negated() {
        if global {
            cx.plan.global_logs.clear();
        } else {
            settings(cx).loggers.clear();
        }
        return Ok(());
    }
    if word(line, 1) == "global" && line.len() == 2 {
        if global {
            return Err("log : 'global' is not supported for a global syslog server".into());
        }
        if !cx.draft.settings.log.loggers.contains(&Logger::Global) {
            settings(cx).loggers.push(Logger::Global);
        }
        return Ok(());
    }
    let home = (!global).then_some(cx.draft.name);
    let Some(target) = target(cx.plan, line, home)? else { return Ok(()) };
    let targets = &mut cx.plan.log_targets;
    let position = targets.iter().position(|t| *t == target).unwrap_or_else(|| {
        targets.push(target);
        targets.len() - 1
    });
    let position = u32::try_from(position).unwrap_or(u32::MAX);
    if global {
        cx.plan.global_logs.push(position);
    } else {
        settings(cx).loggers.push(Logger::Own(position));
    }
    Ok(())
}

/// The positions of all the targets, global ones where `log global` stands.
pub(crate) fn targets(plan: &Plan<'_>, settings: &LogSettings<'_>) -> Vec<u32> {
    let mut targets = Vec::new();
    for logger in &settings.loggers {
        match logger {
            Logger::Own(position) => targets.push(*position),
            Logger::Global => targets.extend(&plan.global_logs),
        }
    }
    targets
}

/// The target of a `log` line; none for kinds that are not run.
fn target<'a>(plan: &mut Plan<'a>, line: Line<'a>, home: Option<&str>) -> Result<Option<Target>, String> {
    let words = words_from(line, 1);
    let mut words = words.iter().copied().peekable();
    let text = words.next().filter(|t| !t.is_empty()).ok_or(EXPECTS)?;
    let mut target = Target {
        destination: Destination::Fd(-1),
        header: Header::default(),
        facility: 0,
        level_max: 7,
        level_min: 0,
        max_len: 1024,
        sampling: None,
        profile: None,
    };
    let mut header = None;
    while let Some(word) = words.peek().copied() {
        let mut value = || {
            words.next();
            words.next().unwrap_or_default()
        };
        match word {
            "len" => {
                let text = value();
                target.max_len =
                    text.parse().ok().filter(|n| (80..=65_535).contains(n)).ok_or_else(|| {
                        format!("log : invalid log length '{text}', must be between 80 and 65535")
                    })?;
            }
            "format" => {
                let text = value();
                header = Some(header_by(text).ok_or_else(|| format!("log : unknown log format '{text}'"))?);
            }
            "sample" => target.sampling = Some(sampling(value())?),
            "profile" => target.profile = Some(profile(plan, line, home, value())),
            _ => break,
        }
    }
    let facility = words.next().ok_or(EXPECTS)?;
    target.facility =
        position(&FACILITIES, facility).ok_or_else(|| format!("log : unknown log facility '{facility}'"))?;
    if let Some(level) = words.next() {
        target.level_max =
            position(&LEVELS, level).ok_or_else(|| format!("log : unknown optional log level '{level}'"))?;
    }
    if let Some(level) = words.next() {
        target.level_min = position(&LEVELS, level)
            .ok_or_else(|| format!("log : unknown optional minimum log level '{level}'"))?;
    }
    if let Some(extra) = words.next() {
        return Err(format!("log : cannot handle unexpected argument '{extra}'."));
    }
    target.header = header.unwrap_or_default();
    let Some(destination) = destination(plan, line, text, &mut target, home)? else { return Ok(None) };
    target.destination = destination;
    Ok(Some(target))
}

/// What names in a `log` line refer to must exist; that it doesn't is said when all was read.
fn missing(plan: &mut Plan<'_>, span: Span, home: Option<&str>, what: &str) {
    let (file, number) = plan.loaded.location(span);
    plan.late.push(match home {
        Some(name) => format!(
            "log directive declared in proxy section '{name}' in file '{file}' at line {number} {what}."
        ),
        None => format!("global log directive declared in file {file} at line '{number}' {what}."),
    });
}

fn profile(plan: &mut Plan<'_>, line: Line<'_>, home: Option<&str>, name: &str) -> u32 {
    let found = plan.log_profiles.iter().position(|profile| profile.name == name);
    if found.is_none() {
        let whose =
            home.map_or("global log directive".to_owned(), |name| format!("log directive of '{name}'"));
        plan.remarks.at_start(line.span(), format!("{whose} : unknown log-profile '{name}'."));
    }
    found.and_then(|at| u32::try_from(at).ok()).unwrap_or(u32::MAX)
}

/// `log-steps all`, or names with commas between them.
fn log_steps<'a>(cx: &mut Ctx<'_, 'a>, line: Line<'a>) -> Applied {
    let names = word(line, 1);
    if cx.draft.kind == SectionKind::Backend {
        return Ok(());
    }
    let all = [Origin::Accept, Origin::Request, Origin::Connect, Origin::Response, Origin::Close];
    let steps = if names.is_empty() || names == "all" {
        all.to_vec()
    } else {
        let names = names.split(',').filter(|name| !name.is_empty());
        let steps = names.map(|name| {
            Origin::of_step(name).ok_or_else(|| {
                format!(
                    "invalid log step name ({name}). Expected values are: accept, request, connect, response, close, {}",
                    rule_steps(", ")
                )
            })
        });
        steps.collect::<Result<_, _>>()?
    };
    settings(cx).steps = Some(steps.into());
    Ok(())
}

const FACILITIES: [&str; 24] = [
    "kern", "user", "mail", "daemon", "auth", "syslog", "lpr", "news", "uucp", "cron", "auth2", "ftp", "ntp",
    "audit", "alert", "cron2", "local0", "local1", "local2", "local3", "local4", "local5", "local6",
    "local7",
];

pub(crate) const LEVELS: [&str; 8] = ["emerg", "alert", "crit", "err", "warning", "notice", "info", "debug"];

fn position(names: &[&str], name: &str) -> Option<u8> {
    names.iter().position(|n| *n == name).and_then(|i| u8::try_from(i).ok())
}

pub(crate) fn header_by(name: &str) -> Option<Header> {
    Some(match name {
        "local" => Header::Local,
        "rfc3164" => Header::Rfc3164,
        "rfc5424" => Header::Rfc5424,
        "priority" => Header::Priority,
        "short" => Header::Short,
        "timed" => Header::Timed,
        "iso" => Header::Iso,
        "raw" => Header::Raw,
        _ => return None,
    })
}

/// `<ranges>:<size>`.
fn sampling(text: &str) -> Result<Sampling, String> {
    let (ranges, size_text) = text.split_once(':').unwrap_or((text, ""));
    if size_text.is_empty() {
        return Err("log : Missing sample size".to_owned());
    }
    let size: u32 = size_text
        .parse()
        .ok()
        .filter(|n| *n > 0)
        .ok_or_else(|| format!("log : wrong sample size '{size_text}' for sample range '{ranges}'"))?;
    let mut found: Vec<(u32, u32)> = Vec::new();
    for range in ranges.split(',') {
        let (low, high) = range.split_once('-').unwrap_or((range, range));
        let wrong = || format!("log : wrong sample range '{range}'");
        let (low, high): (u32, u32) = low.parse().ok().zip(high.parse().ok()).ok_or_else(wrong)?;
        if low == 0 || low > high {
            return Err(wrong());
        }
        if found.iter().any(|(from, to)| low <= *to && *from <= high) {
            return Err("log : ranges are overlapping".to_owned());
        }
        found.push((low, high));
    }
    let highest = found.iter().map(|(_, high)| *high).max().unwrap_or(0);
    if highest > size {
        return Err(format!(
            "log : sample size {size} should be greater or equal to {highest} the maximum of the high ranges limits"
        ));
    }
    Ok(Sampling { ranges: found, size })
}

fn destination<'a>(
    plan: &mut Plan<'a>,
    line: Line<'a>,
    text: &'a str,
    target: &mut Target,
    home: Option<&str>,
) -> Result<Option<Destination>, String> {
    match text {
        "stdout" => return Ok(Some(Destination::Fd(1))),
        "stderr" => return Ok(Some(Destination::Fd(2))),
        _ => {}
    }
    if let Some(name) = text.strip_prefix("ring@") {
        return Ok(ring(plan, line, name, target, home));
    }
    if let Some(name) = text.strip_prefix("backend@") {
        return Ok(Some(backend(plan, line, name, home)));
    }
    if ["tcp@", "tcp4@", "tcp6@", "uxst@", "stream+"].iter().any(|p| text.starts_with(p)) {
        return stream(plan, line, text, target);
    }
    datagram(plan, line, text)
}

/// A `ring` section, which says how its messages look.
fn ring(
    plan: &mut Plan<'_>,
    line: Line<'_>,
    name: &str,
    target: &mut Target,
    home: Option<&str>,
) -> Option<Destination> {
    let Some((position, ring)) = (0u32..).zip(&plan.rings).find(|(_, ring)| &*ring.name == name) else {
        missing(plan, line.span(), home, &format!("uses unknown ring named '{name}'"));
        return None;
    };
    target.header = ring.header;
    target.max_len = target.max_len.min(ring.max_len.saturating_add(1));
    Some(Destination::Ring(position))
}

/// A backend for logs, whose position is known once all are: until then the number of its name.
fn backend<'a>(plan: &mut Plan<'a>, line: Line<'a>, name: &'a str, home: Option<&str>) -> Destination {
    let known = plan.log_backends.iter().position(|backend| backend.name == name);
    let number = known.unwrap_or_else(|| {
        plan.log_backends.push(LogBackend { name, span: line.span(), home: home.map(Into::into) });
        plan.log_backends.len() - 1
    });
    Destination::Backend(u32::try_from(number).unwrap_or(u32::MAX))
}

/// A backend that a `log` line names.
pub(crate) struct LogBackend<'a> {
    name: &'a str,
    span: Span,
    /// The proxy whose line it is.
    home: Option<Box<str>>,
}

/// Finds the backends that `log` lines name.
pub(crate) fn find_backends(plan: &mut Plan<'_>, backends: &[state::Backend]) {
    let wanted = std::mem::take(&mut plan.log_backends);
    let mut targets = std::mem::take(&mut plan.log_targets);
    for target in &mut targets {
        let Destination::Backend(number) = &mut target.destination else { continue };
        let Some(wanted) = usize::try_from(*number).ok().and_then(|at| wanted.get(at)) else { continue };
        let found = (0u32..).zip(backends).find(|(_, b)| *b.name == *wanted.name);
        let fault = match found {
            Some((position, backend)) if backend.mode == Mode::Log => {
                *number = position;
                continue;
            }
            Some(_) => "incompatible",
            None => "unknown",
        };
        let what = format!("uses {fault} log backend '{}'", wanted.name);
        missing(plan, wanted.span, wanted.home.as_deref(), &what);
    }
    plan.log_targets = targets;
}

/// A stream address: a ring of its own stands before it.
fn stream(
    plan: &mut Plan<'_>,
    line: Line<'_>,
    text: &str,
    target: &Target,
) -> Result<Option<Destination>, String> {
    let address = ring::endpoint(plan, text).map_err(|e| format!("log : {e}"))?;
    let Some(address) = address else {
        plan.remarks.not_run(line.span(), &format!("'log' to '{text}'"));
        return Ok(None);
    };
    let server = RingServer { name: text.into(), address, octet_count: false, tls: None };
    let known = plan.rings.iter().position(|ring| ring.name.is_empty() && ring.servers.contains(&server));
    let position = known.unwrap_or_else(|| {
        plan.rings.push(Ring {
            name: Box::default(),
            description: text.into(),
            header: target.header,
            max_len: target.max_len,
            servers: vec![server],
            connect_ms: None,
            server_ms: None,
            store: Arc::new(Store::new(ring::SIZE.max(target.max_len * 4), 1)),
        });
        plan.rings.len() - 1
    });
    Ok(u32::try_from(position).ok().map(Destination::Ring))
}

fn datagram<'a>(plan: &mut Plan<'a>, line: Line<'a>, text: &str) -> Result<Option<Destination>, String> {
    let parsed = address::parse(text, plan.loaded.env()).map_err(|e| format!("log : {e}"))?;
    Ok(match parsed {
        Address::Unix { path, .. } => Some(Destination::Unix(path.into())),
        Address::Abstract(name) => Some(Destination::Unix(format!("\0{name}").into())),
        Address::Fd(fd) => Some(Destination::Fd(fd)),
        Address::NotRun(prefix) => {
            plan.remarks.not_run(line.span(), &format!("'log' to a '{prefix}' address"));
            None
        }
        Address::Inet { host, ports, .. } => {
            let port = match ports {
                Ports::None | Ports::One(0) => 514,
                Ports::One(port) => port,
                Ports::Range(..) => return Err(format!("log : port range not permitted here in '{text}'")),
                Ports::Offset(_) => return Err(format!("log : port offset not permitted here in '{text}'")),
            };
            let ip = match host {
                Host::Ip(ip) => ip,
                Host::Any(address::Family::V6) => std::net::Ipv6Addr::LOCALHOST.into(),
                Host::Any(_) => std::net::Ipv4Addr::LOCALHOST.into(),
                Host::Name(name, family) => plan
                    .resolve(&name)
                    .iter()
                    .copied()
                    .find(|ip| family.holds(*ip))
                    .ok_or_else(|| format!("log : invalid address: '{name}' in '{text}'"))?,
            };
            Some(Destination::Udp((ip, port).into()))
        }
    })
}
