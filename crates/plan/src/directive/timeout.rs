//! `timeout` (manual 4.2).

use state::options::Timeouts;

use crate::ctx::{Applied, Ctx, Directive, Line, at, kind_name, word};
use crate::number::time_ms;
use config::SectionKind;

pub(super) const DIRECTIVES: &[Directive] =
    &[Directive { name: "timeout", sections: at::PROXY, apply: timeout }];

/// The side a timeout belongs to.
#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    Front,
    Back,
    Both,
}

type Slot = fn(&mut Timeouts) -> &mut Option<u32>;

const TIMEOUTS: &[(&str, End, Slot)] = &[
    ("check", End::Back, |t| &mut t.check),
    ("client", End::Front, |t| &mut t.client),
    ("client-fin", End::Front, |t| &mut t.client_fin),
    ("client-hs", End::Front, |t| &mut t.client_hs),
    ("connect", End::Back, |t| &mut t.connect),
    ("http-keep-alive", End::Both, |t| &mut t.http_keep_alive),
    ("http-request", End::Both, |t| &mut t.http_request),
    ("queue", End::Back, |t| &mut t.queue),
    ("server", End::Back, |t| &mut t.server),
    ("server-fin", End::Back, |t| &mut t.server_fin),
    ("tarpit", End::Both, |t| &mut t.tarpit),
    ("tunnel", End::Both, |t| &mut t.tunnel),
];

fn timeout<'a>(cx: &mut Ctx<'_, 'a>, line: Line<'a>) -> Applied {
    let name = word(line, 1);
    let Some((name, end, slot)) = TIMEOUTS.iter().find(|(n, ..)| *n == name) else {
        if name == "handshake" {
            cx.not_run(line, &format!("'timeout {name}'"));
            return Ok(());
        }
        return Err(format!(
            "'timeout' supports 'client', 'server', 'connect', 'check', 'queue', 'handshake', \
             'http-keep-alive', 'http-request', 'tunnel', 'tarpit', 'client-fin' and 'server-fin' (got '{name}')"
        ));
    };
    let text = word(line, 2);
    if text.is_empty() {
        return Err(format!("'timeout {name}' expects an integer value (in milliseconds)"));
    }
    let value = time_ms(text).map_err(|e| e.explain(text, &format!("timeout {name}")))?;
    if let Some(extra) = line.word(3) {
        let extra = extra.lossy();
        return Err(format!("'timeout {name}' : unexpected extra argument '{extra}' after value '{text}'."));
    }
    let (kind, title) = (cx.draft.kind, cx.title());
    let lacking = match (kind, end) {
        (SectionKind::Backend, End::Front) => Some("frontend"),
        (SectionKind::Frontend, End::Back) => Some("backend"),
        _ => None,
    };
    if let Some(lacking) = lacking {
        let message = format!("'timeout {name}' will be ignored because {title} has no {lacking} capability");
        cx.warn(line, message);
        return Ok(());
    }
    if cx.draft.own_timeouts.contains(name) {
        cx.warn(line, format!("overwriting 'timeout {name}' which was already specified"));
    }
    cx.draft.own_timeouts.push(name);
    if value > 0 && value < 100 && text.bytes().all(|b| b.is_ascii_digit()) && *name != "check" {
        let section = kind_name(kind);
        let message = format!(
            "'timeout {name} {text}' in {section} '{}' is suspiciously small for a value in milliseconds. Please use \
             an explicit unit ('{text}ms') if that was the intent.",
            cx.draft.name
        );
        cx.warn(line, message);
    }
    *slot(&mut cx.draft.settings.timeouts) = (value > 0).then_some(value);
    Ok(())
}
