//! `proto` of `bind` and `server` lines (manual 5.1, 5.2): which protocol is spoken whatever was negotiated: a version of
//! HTTP in HTTP proxies, none in TCP ones; the others are not run.

use config::Span;
use state::Server;
use state::frontend::Proto;
use state::options::Mode;

use crate::ctx::{Line, Plan, kind_name};
use crate::draft::Draft;

/// Names that exist.
const KNOWN: &[&str] = &["fcgi", "h1", "h2", "none", "spop"];

/// A `proto`, to be judged when the proxy's mode is known.
#[derive(Clone, Debug)]
pub(crate) struct Spoken {
    pub(crate) by_server: bool,
    /// `'bind :80'` or `server 's'`.
    pub(crate) who: String,
    pub(crate) protocol: &'static str,
    pub(crate) span: Span,
}

/// The name as it is in the list. Errors: HAProxy's sentence about one that isn't.
pub(crate) fn read(name: &str) -> Result<&'static str, String> {
    let known = KNOWN.iter().find(|known| **known == name);
    known.copied().ok_or_else(|| format!(" unknown MUX protocol '{name}'"))
}

/// The version of HTTP that a name stands for.
pub(crate) fn spoken(name: &str) -> Proto {
    match name {
        "h1" => Proto::Http1,
        "h2" => Proto::Http2,
        "none" => Proto::Raw,
        _ => Proto::Any,
    }
}

/// What connections for WebSockets negotiate, where that is something else (`ws`).
pub(crate) fn of_websockets(server: &mut Server) {
    let spoken = server.spoken(true);
    let Some(tls) = &mut server.tls else { return };
    match spoken {
        Proto::Http1 => tls.offer_for_websockets(b"http/1.1"),
        Proto::Http2 => tls.offer_for_websockets(b"h2"),
        Proto::Any | Proto::Raw => {}
    }
}

/// Says of a line that its protocol is not run, if so.
pub(crate) fn say<'a>(plan: &mut Plan<'a>, line: Line<'a>, protocol: &str) {
    let runs = matches!(protocol, "h1" | "h2" | "none");
    if !runs {
        plan.remarks.unserved(line.span(), &format!("'proto {protocol}' on a '{}' line", line.keyword()));
    }
}

/// Alerts about protocols that the proxy's mode has no use for: those of its addresses, then those of its servers.
pub(crate) fn judge(plan: &mut Plan<'_>, draft: &Draft<'_>) {
    if draft.settings.disabled {
        return;
    }
    let fits = |spoken: &Spoken| match (draft.settings.mode, spoken.protocol) {
        (Mode::Http, "h1" | "h2") | (Mode::Tcp, "none") | (Mode::Spop, "spop") => true,
        (Mode::Http, "fcgi") => spoken.by_server,
        _ => false,
    };
    let (title, name) = (kind_name(draft.kind), draft.name);
    for by_server in [false, true] {
        for spoken in draft.spoken.iter().filter(|s| s.by_server == by_server && !fits(s)) {
            let place = plan.place(spoken.span);
            let Spoken { who, protocol, .. } = spoken;
            plan.late.push(format!(
                "{title} '{name}' : MUX protocol '{protocol}' is not usable for {who} at [{place}]."
            ));
        }
    }
}
