//! `log-forward`: log messages of others, taken in and passed on (manual 12.6).

use std::sync::Arc;

use config::{Diagnostic, Place, Section};
use state::counters::Gauge;
use state::frontend::{Bind, BindAddress};
use state::log_forward::{HostPolicy, LogForward};

use crate::address::{self, Address};
use crate::ctx::{Ctx, Line, Plan, no_more, word, words_from};
use crate::directive::{bind, log};
use crate::draft::Draft;
use crate::number::{count, time_ms};

/// Streams at once, where `maxconn` says nothing.
const MAXCONN: u32 = 10;

/// Reads one.
pub(super) fn read<'a>(plan: &mut Plan<'a>, section: Section<'a>) {
    let name = section.name().unwrap_or_default();
    let mut forward = LogForward {
        name: name.into(),
        targets: Arc::default(),
        streams: Vec::new(),
        datagrams: Vec::new(),
        maxconn: MAXCONN,
        backlog: None,
        client_ms: None,
        opaque: false,
        lines: false,
        host: HostPolicy::default(),
        open: Arc::new(Gauge::default()),
    };
    let mut draft = Draft::new(section.kind(), name, section.span(), None);
    let known = plan.late.len();
    for line in section.directives() {
        if plan.remarks.is_wrong(line.span()) {
            continue;
        }
        let read = match line.keyword() {
            "log" => log::line(&mut Ctx { plan, draft: &mut draft }, line),
            "bind" => stream(plan, line, &mut forward),
            "dgram-bind" => datagram(plan, line, &mut forward),
            "option" => option(line, &mut forward),
            _ => setting(line, &mut forward),
        };
        if let Err(message) = read {
            plan.remarks.push(Diagnostic::alert(line.span(), message).at(Place::Parsing));
        }
    }
    // HAProxy starts all the same, and says nothing of a ring that isn't there.
    for message in plan.late.split_off(known) {
        plan.remarks.warn(section.span(), message);
    }
    forward.targets = log::targets(plan, &draft.settings.log).into();
    plan.log_forwards.push(forward);
}

fn setting(line: Line<'_>, forward: &mut LogForward) -> Result<(), String> {
    let text = word(line, 1);
    match line.keyword() {
        "maxconn" | "backlog" if text.is_empty() => {
            Err(format!("'{}' expects an integer argument.", line.keyword()))
        }
        "maxconn" => {
            forward.maxconn = count(text);
            Ok(())
        }
        "backlog" => {
            forward.backlog = Some(count(text)).filter(|n| *n > 0);
            Ok(())
        }
        "timeout" if text != "client" => {
            Err(format!("unknown keyword 'timeout {text}' in log-forward section."))
        }
        "timeout" => {
            let time = word(line, 2);
            if time.is_empty() {
                return Err("missing timeout client value.".to_owned());
            }
            forward.client_ms = Some(time_ms(time).map_err(|e| e.explain(time, "timeout client"))?);
            no_more(line, 2)
        }
        _ => Ok(()),
    }
}

fn option(line: Line<'_>, forward: &mut LogForward) -> Result<(), String> {
    let on = !line.negated() && !line.defaulted();
    match word(line, 1) {
        "assume-rfc6587-ntf" => forward.lines = on,
        "dont-parse-log" => forward.opaque = on,
        "host" if !on => forward.host = HostPolicy::default(),
        "host" => {
            forward.host = match word(line, 2) {
                "replace" => HostPolicy::Replace,
                "fill" => HostPolicy::Fill,
                "keep" => HostPolicy::Keep,
                "append" => HostPolicy::Append,
                _ => return Err("option 'host' expects {replace|fill|keep|append}.".to_owned()),
            };
            return no_more(line, 2);
        }
        other => return Err(format!("unknown option '{other}' in log-forward section.")),
    }
    match line.word(2) {
        Some(extra) => {
            Err(format!("'option {}' cannot handle unexpected argument '{}'.", word(line, 1), extra.lossy()))
        }
        None => Ok(()),
    }
}

fn stream<'a>(plan: &mut Plan<'a>, line: Line<'a>, forward: &mut LogForward) -> Result<(), String> {
    let text = word(line, 1);
    if text.is_empty() {
        return Err(
            "'bind' expects {<path>|[addr1]:port1[-end1]}{,[addr]:port[-end]}... as arguments.".into()
        );
    }
    let title = format!("'bind {text}' in section 'log-forward'");
    let mut found = bind::parameters(plan, line, 2, &title)?;
    found.serve(plan, line, (&forward.name, text))?;
    let template = found.bind;
    for (address, multipath) in bind::addresses(plan, line, text, "bind")? {
        forward.streams.push(Bind { address, multipath, ..template.clone() });
    }
    Ok(())
}

/// `dgram-bind`: `interface` and `transparent` count, other parameters mean nothing to datagrams.
fn datagram<'a>(plan: &mut Plan<'a>, line: Line<'a>, forward: &mut LogForward) -> Result<(), String> {
    let text = word(line, 1);
    let mut template = bind::empty();
    let words = words_from(line, 2);
    let mut words = words.iter();
    while let Some(found) = words.next() {
        match *found {
            "interface" => template.interface = words.next().map(|name| (*name).into()),
            "transparent" => template.transparent = true,
            "namespace" => {
                words.next();
                plan.remarks.unserved(line.span(), "'namespace' on a 'dgram-bind' line");
            }
            _ => {}
        }
    }
    for part in text.split(',').filter(|part| !part.is_empty()) {
        let wrong = |e: String| format!("'dgram-bind {text}' : {e}");
        match address::parse(part, plan.loaded.env()).map_err(wrong)? {
            Address::Inet { .. } => {
                let bare = part.trim_start_matches("udp@").trim_start_matches("udp");
                let bare = if bare.starts_with("4@") || bare.starts_with("6@") {
                    format!("ipv{bare}")
                } else {
                    bare.to_owned()
                };
                for (address, _) in bind::addresses(plan, line, &bare, "dgram-bind")? {
                    forward.datagrams.push(Bind { address, ..template.clone() });
                }
            }
            Address::Unix { path, .. } => {
                forward.datagrams.push(Bind { address: BindAddress::Unix(path.into()), ..template.clone() });
            }
            Address::Abstract(name) => {
                let address = BindAddress::Abstract(name.into());
                forward.datagrams.push(Bind { address, ..template.clone() });
            }
            Address::Fd(_) | Address::NotRun(_) => {
                plan.remarks.unserved(line.span(), &format!("'dgram-bind' on the address '{part}'"));
            }
        }
    }
    Ok(())
}
