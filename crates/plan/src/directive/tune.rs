//! `tune.*`, `maxpipes` and `h1-accept-payload-with-any-method` of `global` (manual 3.2).

use state::vars::Limits;
use state::world::Global;

use crate::ctx::{Applied, Ctx, Directive, Line, at, no_more, word};
use crate::number::{atol, count};

pub(super) const DIRECTIVES: &[Directive] = &[
    tune("tune.bufsize", |cx, line| {
        no_more(line, 1)?;
        let bytes = match size(line, "")? {
            0 => return Err("'tune.bufsize' expects a positive integer argument.".into()),
            2_147_483_632.. => {
                return Err("'tune.bufsize' expects a size in bytes from 0 to 2147483631.".into());
            }
            bytes => bytes,
        };
        cx.plan.global.buffer_size = bytes.clamp(1024, LARGEST);
        Ok(())
    }),
    tune("tune.bufsize.large", |cx, line| {
        no_more(line, 1)?;
        cx.plan.global.large_buffer = size(line, ".\n")?.min(LARGEST);
        Ok(())
    }),
    tune("tune.pipesize", |cx, line| {
        no_more(line, 1)?;
        cx.plan.global.pipe_size = size(line, ".")?.min(LARGEST);
        Ok(())
    }),
    tune("tune.rcvbuf.client", |cx, line| held(cx, line, |global| &mut global.client_holds.received)),
    tune("tune.rcvbuf.server", |cx, line| held(cx, line, |global| &mut global.server_holds.received)),
    tune("tune.sndbuf.client", |cx, line| held(cx, line, |global| &mut global.client_holds.sent)),
    tune("tune.sndbuf.server", |cx, line| held(cx, line, |global| &mut global.server_holds.sent)),
    tune("tune.notsent-lowat.client", |cx, line| held(cx, line, |global| &mut global.client_holds.unsent)),
    tune("tune.notsent-lowat.server", |cx, line| held(cx, line, |global| &mut global.server_holds.unsent)),
    tune("maxpipes", |cx, line| {
        no_more(line, 1)?;
        let text = word(line, 1);
        if text.is_empty() {
            return Err("'maxpipes' expects an integer argument.".into());
        }
        // 0 and what is no number leave what holds without it.
        cx.plan.global.max_pipes = Some(count(text)).filter(|n| *n > 0);
        Ok(())
    }),
    tune("tune.idle-pool.shared", |cx, line| {
        cx.plan.global.own_idle = match word(line, 1) {
            "on" | "full" => false,
            "off" => true,
            other => {
                return Err(format!(
                    "'tune.idle-pool.shared' expects 'full', 'on' or 'off' but got '{other}'."
                ));
            }
        };
        Ok(())
    }),
    tune("tune.vars.check-max-size", |_, line| var_size(line).map(|_| ())),
    tune("tune.vars.global-max-size", |cx, line| limit(cx, line, |l| &mut l.global)),
    tune("tune.vars.proc-max-size", |cx, line| limit(cx, line, |l| &mut l.proc)),
    tune("tune.vars.reqres-max-size", |cx, line| limit(cx, line, |l| &mut l.reqres)),
    tune("tune.vars.sess-max-size", |cx, line| limit(cx, line, |l| &mut l.sess)),
    tune("tune.vars.txn-max-size", |cx, line| limit(cx, line, |l| &mut l.txn)),
    tune("tune.maxrewrite", |cx, line| {
        cx.plan.global.max_rewrite = size(line, ".")?.min(LARGEST);
        Ok(())
    }),
    tune("tune.http.cookielen", |cx, line| {
        if word(line, 1).is_empty() {
            return Err("'tune.http.cookielen' expects an integer argument.".into());
        }
        cx.plan.global.cookie_len = usize::try_from(atol(word(line, 1))).unwrap_or(0);
        Ok(())
    }),
    tune("tune.http.logurilen", |cx, line| {
        if word(line, 1).is_empty() {
            return Err("'tune.http.logurilen' expects an integer argument.".into());
        }
        cx.plan.global.log_line_len = usize::try_from(atol(word(line, 1))).unwrap_or(0);
        Ok(())
    }),
    tune("tune.http.maxhdr", |cx, line| {
        let most = u16::try_from(atol(word(line, 1))).ok().filter(|n| (1..=32_767).contains(n));
        cx.plan.global.max_headers =
            most.ok_or("'tune.http.maxhdr' expects a numeric value between 1 and 32767")?;
        Ok(())
    }),
    tune("tune.stick-counters", |cx, line| {
        let text = word(line, 1);
        let number = if text.is_empty() { Ok(0) } else { text.parse::<i32>() };
        let number = number.map_err(|_| format!("tune.stick-counters: '{text}' is an invalid number"))?;
        let within = u32::try_from(number).ok().filter(|n| *n <= 100);
        cx.plan.global.stick_counters = within.ok_or_else(|| {
            format!(
                "tune.stick-counters: the number of stick-counters must be between 1 and 100 (was {number})"
            )
        })?;
        Ok(())
    }),
    tune("h1-accept-payload-with-any-method", |cx, line| {
        no_more(line, 0)?;
        cx.plan.global.accept_any_payload = true;
        Ok(())
    }),
];

/// More than this no buffer holds.
const LARGEST: u32 = 1 << 28;

/// Bounds the variables of a scope.
fn limit<'a>(cx: &mut Ctx<'_, 'a>, line: Line<'a>, which: fn(&mut Limits) -> &mut u64) -> Applied {
    *which(cx.plan.global.var_limits.get_or_insert_default()) = var_size(line)?;
    Ok(())
}

/// A size without a unit.
fn var_size(line: Line<'_>) -> Result<u64, String> {
    let text = word(line, 1);
    let digits = text.bytes().all(|b| b.is_ascii_digit());
    let found = if text.is_empty() { Some(0) } else { text.parse().ok().filter(|_| digits) };
    found.ok_or_else(|| format!("{}: '{text}' is an invalid size", line.keyword()))
}

/// What the kernel may hold of a connection.
fn held<'a>(cx: &mut Ctx<'_, 'a>, line: Line<'a>, which: fn(&mut Global) -> &mut u32) -> Applied {
    no_more(line, 1)?;
    if *which(&mut cx.plan.global) != 0 {
        cx.warn(line, format!("'{}' already specified. Continuing.", line.keyword()));
        return Ok(());
    }
    if word(line, 1).is_empty() {
        return Err(format!("'{}' expects an integer argument.", line.keyword()));
    }
    *which(&mut cx.plan.global) = size(line, "")?;
    Ok(())
}

/// The size that a line gives; `end`: how HAProxy's sentence about one that gives none ends, which differs.
fn size(line: Line<'_>, end: &str) -> Result<u32, String> {
    let text = line.word(1).map(|w| w.bytes()).unwrap_or_default();
    config::literal::size(text).map_err(|error| {
        let message = error.message(line.keyword());
        if text.is_empty() { message + end } else { message }
    })
}

const fn tune(name: &'static str, apply: for<'a> fn(&mut Ctx<'_, 'a>, Line<'a>) -> Applied) -> Directive {
    Directive { name, sections: at::GLOBAL, apply }
}
