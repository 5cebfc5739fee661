//! `%r`, `%HM`, `%HU` and their kin: the request line as it came. `<BADREQ>` when it was not valid.

use http::Target;

use super::prelude::*;

pub(super) const KEYWORDS: &[Alias] = &[
    Alias {
        name: "HM",
        doc: "The method.",
        known: Known::Request,
        write: |cx, _, out| part(cx, out, |l| Some(l.method)),
    },
    Alias {
        name: "HP",
        doc: "The target without its query string.",
        known: Known::Request,
        write: |cx, _, out| part(cx, out, |l| l.target.split(|b| *b == b'?').next()),
    },
    Alias {
        name: "HPO",
        doc: "The path: the target without scheme, host and query string.",
        known: Known::Request,
        write: |cx, _, out| part(cx, out, |l| Target::new(l.target).path()),
    },
    Alias {
        name: "HQ",
        doc: "The query string with its question mark.",
        known: Known::Request,
        write: |cx, _, out| part(cx, out, |l| l.target.get(memchr::memchr(b'?', l.target)?..)),
    },
    Alias {
        name: "HU",
        doc: "The target.",
        known: Known::Request,
        write: |cx, _, out| part(cx, out, |l| Some(l.target)),
    },
    Alias {
        name: "HV",
        doc: "The version: `HTTP/1.1`.",
        known: Known::Request,
        write: |cx, _, out| part(cx, out, |l| Some(l.version)),
    },
    Alias {
        name: "r",
        doc: "The whole request line.",
        known: Known::Request,
        write: |cx, _, out| match cx.stream {
            Some(stream) if !stream.request_line.is_empty() => text(&stream.request_line, out),
            _ => text(BAD, out),
        },
    },
];

const BAD: &[u8] = b"<BADREQ>";

/// The words of a request line.
struct Line<'a> {
    method: &'a [u8],
    target: &'a [u8],
    version: &'a [u8],
}

fn part(cx: &Ctx<'_>, out: &mut Vec<u8>, get: for<'l> fn(&Line<'l>) -> Option<&'l [u8]>) -> Written {
    let Some(line) = cx.stream.and_then(|s| line(&s.request_line)) else { return text(BAD, out) };
    match get(&line) {
        Some(found) => text(found, out),
        // Without a query string nothing shows, not even a dash.
        None => Written::Encoded,
    }
}

fn line(bytes: &[u8]) -> Option<Line<'_>> {
    let mut words = bytes.split(|b| *b == b' ').filter(|w| !w.is_empty());
    let method = words.next()?;
    Some(Line { method, target: words.next()?, version: words.next().unwrap_or(b"HTTP/0.9") })
}
