//! `option` (manual 4.2).

use std::rc::Rc;
use std::sync::Arc;

use config::vocabulary::{OPTIONS, nearest, places_of};
use config::{Diagnostic, Place, SectionKind};
use state::options::{KeepAlive, OddNames, Options, Redispatch};

use super::check;
use super::log::{LineFormat, settings};
use super::option_address::address_header;
use super::option_forwarded;
use crate::ctx::{Applied, Ctx, Directive, Line, at, word};
use crate::number::atol;

pub(super) const DIRECTIVES: &[Directive] =
    &[Directive { name: "option", sections: at::PROXY, apply: option }];

type Flag = fn(&mut Options) -> &mut bool;

/// Options that are a flag and nothing else.
const FLAGS: &[(&str, Flag)] = &[
    ("accept-unsafe-violations-in-http-request", |o| &mut o.accept_unsafe_request),
    ("accept-unsafe-violations-in-http-response", |o| &mut o.accept_unsafe_response),
    ("allbackups", |o| &mut o.all_backups),
    ("checkcache", |o| &mut o.check_cache),
    ("clitcpka", |o| &mut o.client_keepalive),
    ("contstats", |o| &mut o.count_as_it_flows),
    ("disable-h2-upgrade", |o| &mut o.no_h2_upgrade),
    ("dontlog-normal", |o| &mut o.dont_log_normal),
    ("dontlognull", |o| &mut o.dont_log_null),
    ("h1-case-adjust-bogus-client", |o| &mut o.adjust_case_client),
    ("h1-case-adjust-bogus-server", |o| &mut o.adjust_case_server),
    ("http-buffer-request", |o| &mut o.http_buffer_request),
    ("http-drop-request-trailers", |o| &mut o.drop_request_trailers),
    ("http-drop-response-trailers", |o| &mut o.drop_response_trailers),
    ("http-ignore-probes", |o| &mut o.http_ignore_probes),
    ("http-no-delay", |o| &mut o.http_no_delay),
    ("http-pretend-keepalive", |o| &mut o.pretend_keepalive),
    ("http-use-proxy-header", |o| &mut o.proxy_header),
    ("idle-close-on-response", |o| &mut o.idle_until_response),
    ("independent-streams", |o| &mut o.independent_streams),
    ("log-health-checks", |o| &mut o.log_health_checks),
    ("log-separate-errors", |o| &mut o.log_separate_errors),
    ("logasap", |o| &mut o.log_as_soon),
    ("nolinger", |o| &mut o.no_linger),
    ("persist", |o| &mut o.persist),
    ("prefer-last-server", |o| &mut o.prefer_last_server),
    ("socket-stats", |o| &mut o.socket_stats),
    ("splice-auto", |o| &mut o.splice_auto),
    ("splice-request", |o| &mut o.splice_request),
    ("splice-response", |o| &mut o.splice_response),
    ("srvtcpka", |o| &mut o.server_keepalive),
    ("tcp-smart-connect", |o| &mut o.smart_connect),
];

fn option<'a>(cx: &mut Ctx<'_, 'a>, line: Line<'a>) -> Applied {
    let name = word(line, 1);
    if name.is_empty() {
        let message = "'option' expects an option name.";
        cx.plan.remarks.push(Diagnostic::alert(line.span(), message).at(Place::ParsingTight));
        return Ok(());
    }
    let Some(places) = places_of(OPTIONS, name.as_bytes()) else {
        let near = nearest(name.as_bytes(), OPTIONS.iter().map(|o| o.name));
        let hint = near.map(|n| format!("; did you mean '{n}' maybe ?")).unwrap_or_default();
        return Err(format!("unknown option '{name}'{}", if hint.is_empty() { "." } else { &hint }));
    };
    if !places.allowed(cx.draft.kind) {
        let lacking = if cx.draft.kind == SectionKind::Backend { "frontend" } else { "backend" };
        let message = format!("'{name}' ignored because {} has no {lacking} capability.", cx.title());
        cx.warn(line, message);
        return Ok(());
    }
    let on = !line.negated() && !line.defaulted();
    if let Some((_, flag)) = FLAGS.iter().find(|(n, _)| *n == name) {
        *flag(cx.draft.options()) = on;
        return match line.word(2) {
            Some(extra) => {
                Err(format!("'option {name}' cannot handle unexpected argument '{}'.", extra.lossy()))
            }
            None => Ok(()),
        };
    }
    special(cx, line, name, on)
}

fn special<'a>(cx: &mut Ctx<'_, 'a>, line: Line<'a>, name: &str, on: bool) -> Applied {
    match name {
        "redispatch" => {
            let interval = line.word(2).map_or(-1, |_| i32::try_from(atol(word(line, 2))).unwrap_or(0));
            cx.draft.options().redispatch = Redispatch(if on { interval } else { 0 });
        }
        "abortonclose" => cx.draft.options().abort_on_close = (!line.defaulted()).then_some(on),
        "tcp-smart-accept" => cx.draft.options().smart_accept = (!line.defaulted()).then_some(on),
        "http-keep-alive" => keep_alive(cx, KeepAlive::Both, on),
        "http-server-close" => keep_alive(cx, KeepAlive::ClientOnly, on),
        "httpclose" => keep_alive(cx, KeepAlive::None, on),
        "tcpka" => {
            let options = cx.draft.options();
            (options.client_keepalive, options.server_keepalive) = (true, true);
        }
        "httplog" => match word(line, 2) {
            "" => standard(cx, line, "HAPROXY_HTTP_LOG_FMT"),
            "clf" => {
                if let Some(extra) = line.word(3) {
                    let extra = extra.lossy();
                    return Err(format!("'option httplog' cannot handle unexpected argument '{extra}'."));
                }
                standard(cx, line, "HAPROXY_HTTP_CLF_LOG_FMT");
            }
            _ => return Err("'httplog' only supports option 'clf'.".into()),
        },
        "httpslog" => standard(cx, line, "HAPROXY_HTTPS_LOG_FMT"),
        "tcplog" => match word(line, 2) {
            "" => standard(cx, line, "HAPROXY_TCP_LOG_FMT"),
            "clf" => standard(cx, line, "HAPROXY_TCP_CLF_LOG_FMT"),
            _ => return Err("'tcplog' only supports option 'clf'.".into()),
        },
        "forwardfor" => {
            let header = address_header(line, b"X-Forwarded-For")?;
            cx.draft.options().forward_for = Some(Arc::new(header));
            http_only(cx, "option forwardfor");
        }
        "originalto" => {
            let header = address_header(line, b"X-Original-To")?;
            cx.draft.options().original_to = Some(Arc::new(header));
            http_only(cx, "option originalto");
        }
        "forwarded" if !on => cx.draft.settings.forwarded = None,
        "forwarded" => {
            let spec = option_forwarded::read(cx, line)?;
            cx.draft.settings.forwarded = Some(Rc::new(spec));
            http_only(cx, "option forwarded");
        }
        _ if check::option(cx, line, name)? => {}
        _ if !on => {}
        "http-restrict-req-hdr-names" => cx.draft.options().odd_names = odd_names(line)?,
        "accept-invalid-http-request" => {
            cx.draft.options().accept_unsafe_request = true;
            renamed(cx, line, name, "accept-unsafe-violations-in-http-request");
        }
        "accept-invalid-http-response" => {
            cx.draft.options().accept_unsafe_response = true;
            renamed(cx, line, name, "accept-unsafe-violations-in-http-response");
        }
        _ => cx.not_run(line, &format!("'option {name}'")),
    }
    Ok(())
}

fn odd_names(line: Line<'_>) -> Result<OddNames, String> {
    if let Some(extra) = line.word(3) {
        return Err(format!("'option' cannot handle unexpected argument '{}'.", extra.lossy()));
    }
    let expected = "option 'http-restrict-req-hdr-names' expects 'preserve', 'reject' or 'delete' option.";
    match word(line, 2) {
        "preserve" => Ok(OddNames::Preserve),
        "delete" => Ok(OddNames::Delete),
        "reject" => Ok(OddNames::Reject),
        "" => Err(format!("missing parameter. {expected}")),
        other => Err(format!("invalid parameter '{other}'. {expected}")),
    }
}

/// Says that an option has another name now.
fn renamed<'a>(cx: &mut Ctx<'_, 'a>, line: Line<'a>, old: &str, new: &str) {
    let message = format!("option '{old}' is deprecated. please use 'option {new}' if absolutely needed.");
    cx.plan.remarks.push(Diagnostic::warning(line.span(), message).at(Place::ParsingTight));
}

/// Remembers an option that other modes have no use for.
fn http_only(cx: &mut Ctx<'_, '_>, name: &'static str) {
    let seen = &mut cx.draft.settings.http_only;
    if !seen.contains(&name) {
        seen.push(name);
    }
}

/// A predefined log line.
fn standard<'a>(cx: &mut Ctx<'_, 'a>, line: Line<'a>, variable: &'static str) {
    settings(cx).line = LineFormat::Standard(variable, line);
}

fn keep_alive(cx: &mut Ctx<'_, '_>, mode: KeepAlive, on: bool) {
    let options = cx.draft.options();
    if on {
        options.keep_alive = mode;
    } else if options.keep_alive == mode {
        options.keep_alive = KeepAlive::default();
    }
}
