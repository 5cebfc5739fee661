//! `%ST`, `%ts`, `%tsc`: how the stream ended (manual 8.5).

use super::prelude::*;

pub(super) const KEYWORDS: &[Alias] = &[
    Alias {
        name: "ST",
        doc: "The status the client was answered with; -1 when there was none.",
        at_end: false,
        write: |cx, _, out| {
            sample::cast::write_int(
                cx.stream.filter(|s| s.status > 0).map_or(-1, |s| i64::from(s.status)),
                out,
            );
            Written::Plain
        },
    },
    Alias {
        name: "ts",
        doc: "Two letters: what ended the stream, and where it was then.",
        at_end: true,
        write: |cx, _, out| letters(cx, out, false),
    },
    Alias {
        name: "tsc",
        doc: "The letters of `%ts`, and two of persistence by cookie.",
        at_end: true,
        write: |cx, _, out| letters(cx, out, true),
    },
];

fn letters(cx: &Ctx<'_>, out: &mut Vec<u8>, cookie: bool) -> Written {
    let Some(stream) = cx.stream else { return Written::Nothing };
    out.extend_from_slice(&[stream.termination.cause.0, stream.termination.phase.0]);
    if cookie {
        let own = cx.world.frontend(cx.session.frontend).and_then(|f| f.back);
        let backend = stream.backend.or(own).filter(|_| stream.has_request).and_then(|b| cx.world.backend(b));
        let reported = backend.and_then(|b| b.cookie.as_ref()).is_some_and(|c| c.is_reported());
        out.extend_from_slice(if reported { &stream.cookie_state } else { b"--" });
    }
    Written::Plain
}
