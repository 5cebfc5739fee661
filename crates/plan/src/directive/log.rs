//! `log` and what shapes its lines: `log-format`, `error-log-format`, `log-format-sd`, `log-tag` (manual 4.2, 8).

use std::rc::Rc;

use config::SectionKind;
use state::log::{Destination, Header, Sampling, Target};

use crate::address::{self, Address, Host, Ports};
use crate::ctx::{Applied, Ctx, Directive, Line, Plan, at, no_more, word, words_from};

pub(super) const DIRECTIVES: &[Directive] = &[
    Directive { name: "log", sections: at::PROXY | at::GLOBAL, apply: log },
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

fn log<'a>(cx: &mut Ctx<'_, 'a>, line: Line<'a>) -> Applied {
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
    let Some(target) = target(cx.plan, line)? else { return Ok(()) };
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

/// The target of a `log` line; none for kinds that are not run.
fn target<'a>(plan: &mut Plan<'a>, line: Line<'a>) -> Result<Option<Target>, String> {
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
            "profile" => {
                let name = value();
                plan.remarks.not_run(line.span(), &format!("'profile {name}' on a 'log' line"));
            }
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
    let Some(destination) = destination(plan, line, text)? else { return Ok(None) };
    target.header = header.unwrap_or_default();
    target.destination = destination;
    Ok(Some(target))
}

const FACILITIES: [&str; 24] = [
    "kern", "user", "mail", "daemon", "auth", "syslog", "lpr", "news", "uucp", "cron", "auth2", "ftp", "ntp",
    "audit", "alert", "cron2", "local0", "local1", "local2", "local3", "local4", "local5", "local6",
    "local7",
];

const LEVELS: [&str; 8] = ["emerg", "alert", "crit", "err", "warning", "notice", "info", "debug"];

fn position(names: &[&str], name: &str) -> Option<u8> {
    names.iter().position(|n| *n == name).and_then(|i| u8::try_from(i).ok())
}

fn header_by(name: &str) -> Option<Header> {
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
    let wrong = || format!("log : invalid sampling '{text}'");
    let (ranges, size) = text.split_once(':').ok_or_else(|| {
        "log : wrong sampling format: 'sample' expects '<ranges>:<sample_size>' as argument".to_owned()
    })?;
    let size: u32 = size.parse().ok().filter(|n| *n > 0).ok_or_else(wrong)?;
    let mut found = Vec::new();
    for range in ranges.split(',') {
        let (low, high) = range.split_once('-').unwrap_or((range, range));
        let (low, high): (u32, u32) = (low.parse().map_err(|_| wrong())?, high.parse().map_err(|_| wrong())?);
        if low == 0 || low > high || high > size {
            return Err(wrong());
        }
        found.push((low, high));
    }
    Ok(Sampling { ranges: found, size })
}

fn destination<'a>(plan: &mut Plan<'a>, line: Line<'a>, text: &str) -> Result<Option<Destination>, String> {
    match text {
        "stdout" => return Ok(Some(Destination::Fd(1))),
        "stderr" => return Ok(Some(Destination::Fd(2))),
        _ => {}
    }
    for prefix in ["ring@", "backend@"] {
        if text.starts_with(prefix) {
            plan.remarks.not_run(line.span(), &format!("'log {prefix}'"));
            return Ok(None);
        }
    }
    let parsed = address::parse(text, plan.loaded.env()).map_err(|e| format!("log : {e}"))?;
    let stream = ["tcp@", "tcp4@", "tcp6@", "stream+"].iter().any(|p| text.starts_with(p));
    Ok(match parsed {
        _ if stream => {
            plan.remarks.not_run(line.span(), "'log' to a stream address");
            None
        }
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
                _ => return Err(format!("log : port range not permitted here in '{text}'")),
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
