//! `clitcpka-*`, `srvtcpka-*` (manual 4.2): when TCP keep-alive probes go out under `option clitcpka` and `srvtcpka`.

use state::link::Probes;
use state::options::Options;

use crate::ctx::{Applied, Ctx, Directive, Line, at, word};
use crate::number::{TimeError, time_ms};

pub(super) const DIRECTIVES: &[Directive] = &[
    directive("clitcpka-cnt", |cx, line| count(cx, line, |o| &mut o.client_probes)),
    directive("clitcpka-idle", |cx, line| seconds(cx, line, |o| &mut o.client_probes)),
    directive("clitcpka-intvl", |cx, line| seconds(cx, line, |o| &mut o.client_probes)),
    directive("srvtcpka-cnt", |cx, line| count(cx, line, |o| &mut o.server_probes)),
    directive("srvtcpka-idle", |cx, line| seconds(cx, line, |o| &mut o.server_probes)),
    directive("srvtcpka-intvl", |cx, line| seconds(cx, line, |o| &mut o.server_probes)),
];

const fn directive(
    name: &'static str,
    apply: for<'a> fn(&mut Ctx<'_, 'a>, Line<'a>) -> Applied,
) -> Directive {
    Directive { name, sections: at::PROXY, apply }
}

type Slot = fn(&mut Options) -> &mut Probes;

fn misplaced<'a>(cx: &mut Ctx<'_, 'a>, line: Line<'a>) -> bool {
    let name = line.keyword();
    if name.starts_with("cli") { cx.lacks_frontend(line, name, "") } else { cx.lacks_backend(line, name) }
}

fn count<'a>(cx: &mut Ctx<'_, 'a>, line: Line<'a>, slot: Slot) -> Applied {
    if misplaced(cx, line) {
        return Ok(());
    }
    let (name, text) = (line.keyword(), word(line, 1));
    if text.is_empty() {
        return Err(format!("'{name}' expects an integer value"));
    }
    if let Some(c) = text.chars().find(|c| !c.is_ascii_digit()) {
        return Err(format!("'{name}' : unexpected character '{c}' in integer value '{text}'"));
    }
    slot(cx.draft.options()).count = text.parse().ok().filter(|n| *n > 0);
    Ok(())
}

/// A time, in seconds without a unit.
fn seconds<'a>(cx: &mut Ctx<'_, 'a>, line: Line<'a>, slot: Slot) -> Applied {
    if misplaced(cx, line) {
        return Ok(());
    }
    let (name, text) = (line.keyword(), word(line, 1));
    if text.is_empty() {
        return Err(format!("'{name}' expects an integer value (in seconds)"));
    }
    let bare = text.bytes().all(|b| b.is_ascii_digit());
    let value = time_ms(&if bare { format!("{text}s") } else { text.to_owned() }).map_err(|e| match e {
        TimeError::Unexpected(c) => format!("unexpected character '{c}' in argument to <{name}>."),
        TimeError::Overflow => format!("timer overflow in argument to <{name}>."),
    })?;
    let seconds = Some(value / 1000).filter(|n| *n > 0);
    let probes = slot(cx.draft.options());
    if name.ends_with("idle") {
        probes.idle_s = seconds;
    } else {
        probes.interval_s = seconds;
    }
    Ok(())
}
