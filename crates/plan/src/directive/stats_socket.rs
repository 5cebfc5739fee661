//! `stats socket`, `stats timeout` of `global` (manual 3.1).

use state::family::Reporting;
use state::world::{Level, StatsSocket};

use super::bind::{addresses, parameters};
use crate::ctx::{Applied, Ctx, Directive, Line, at, word};
use crate::number::{TimeError, atol, time_ms};

pub(super) const DIRECTIVES: &[Directive] =
    &[Directive { name: "stats", sections: at::GLOBAL, apply: global }];

fn global<'a>(cx: &mut Ctx<'_, 'a>, line: Line<'a>) -> Applied {
    match word(line, 1) {
        "socket" => socket(cx, line),
        "timeout" => {
            let text = word(line, 2);
            if text.is_empty() {
                return Err("'stats timeout' expects a positive value".into());
            }
            cx.plan.global.stats_timeout_ms = time_ms(text).map_err(|e| match e {
                TimeError::Unexpected(c) => format!("'stats timeout' : unexpected character '{c}'"),
                TimeError::Overflow => e.explain(text, "stats timeout"),
            })?;
            Ok(())
        }
        "maxconn" => {
            let most = u32::try_from(atol(word(line, 2))).ok().filter(|most| *most > 0);
            cx.plan.global.stats_maxconn = most.ok_or("'stats maxconn' expects a positive value")?;
            Ok(())
        }
        other => {
            cx.not_run(line, &format!("'stats {other}'"));
            Ok(())
        }
    }
}

fn socket<'a>(cx: &mut Ctx<'_, 'a>, line: Line<'a>) -> Applied {
    let text = word(line, 2);
    if text.is_empty() {
        return Err("'stats socket' in global section expects an address or a path to a UNIX socket".into());
    }
    let title = "'stats socket'";
    let mut found = parameters(cx.plan, line, 3, title)?;
    found.serve(cx.plan, line, ("GLOBAL", text))?;
    let (template, level, severity, exposes) = (found.bind, found.level, found.severity, found.exposes);
    let reporting = match severity {
        None | Some("none") => Reporting::Nothing,
        Some("number") => Reporting::Number,
        Some("string") => Reporting::Name,
        Some(other) => {
            return Err(format!(
                "{title} : ''severity-output' only supports 'none', 'number', and 'string' (got '{other}')'"
            ));
        }
    };
    let level = match level {
        None | Some("operator") => Level::Operator,
        Some("user") => Level::User,
        Some("admin") => Level::Admin,
        Some(other) => {
            return Err(format!(
                "{title} : ''level' only supports 'user', 'operator', and 'admin' (got '{other}')'"
            ));
        }
    };
    for (address, multipath) in addresses(cx.plan, line, text, "stats socket")? {
        let mut bind = template.clone();
        (bind.address, bind.multipath) = (address, multipath);
        cx.plan.global.stats_sockets.push(StatsSocket { bind, level, reporting, exposes });
    }
    Ok(())
}
