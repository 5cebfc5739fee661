//! `%ST`, `%ts`, `%tsc`: how the stream ended (manual 8.5).

use super::prelude::*;

pub(super) const KEYWORDS: &[Alias] = &[
    Alias {
        name: "ST",
        doc: "The status the client was answered with; -1 when there was none, 0 where there was no request.",
        known: Known::Response,
        write: |cx, _, out| {
            let status = cx.stream.map_or(0, |s| match s.status {
                0 if s.has_request => -1,
                status => i64::from(status),
            });
            sample::cast::write_int(status, out);
            Written::Plain
        },
    },
    Alias {
        name: "ts",
        doc: "Two letters: what ended the stream, and where it was then.",
        known: Known::End,
        write: |cx, _, out| letters(cx, out, false),
    },
    Alias {
        name: "tsc",
        doc: "The letters of `%ts`, and two of persistence by cookie. Unlike `%ts` it doesn't make a line wait for the end.",
        // As HAProxy has it: a line may be written before there is anything to tell.
        known: Known::Always,
        write: |cx, _, out| letters(cx, out, true),
    },
];

fn letters(cx: &Ctx<'_>, out: &mut Vec<u8>, cookie: bool) -> Written {
    // Before there is a stream, whatever ends a connection is the proxy's doing.
    let ended = cx.stream.map_or(*b"PR", |s| [s.termination.cause.0, s.termination.phase.0]);
    out.extend_from_slice(&ended);
    if cookie {
        let own = cx.world.frontend(cx.session.frontend).and_then(|f| f.back);
        let stream = cx.stream.filter(|s| s.has_request);
        let backend = stream.and_then(|s| cx.world.backend(s.backend.or(own)?));
        let reported = backend.and_then(|b| b.cookie.as_ref()).is_some_and(|c| c.is_reported());
        let state = stream.filter(|_| reported).map_or(*b"--", |s| s.cookie_state);
        out.extend_from_slice(&state);
    }
    Written::Plain
}
