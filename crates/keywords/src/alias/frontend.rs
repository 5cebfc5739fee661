//! `%f`, `%ft`, `%lc`, `%H`, `%OG`, `%pid`, `%rt`: the frontend, the process, and the line itself.

use std::sync::atomic::Ordering::Relaxed;

use super::prelude::*;

pub(super) const KEYWORDS: &[Alias] = &[
    Alias {
        name: "H",
        doc: "The machine's name.",
        known: Known::Response,
        write: |cx, _, out| text(cx.world.global.hostname.as_bytes(), out),
    },
    Alias { name: "f", doc: "The frontend's name.", known: Known::Response, write: name },
    Alias {
        name: "ft",
        doc: "The frontend's name, with `~` behind it when the client's connection is encrypted.",
        known: Known::Response,
        write: |cx, flags, out| {
            let written = name(cx, flags, out);
            if cx.session.tls.is_some() {
                out.push(b'~');
            }
            written
        },
    },
    Alias {
        name: "lc",
        doc: "How many log lines the frontend wrote before.",
        known: Known::Response,
        write: |cx, _, out| {
            number(cx.world.frontend(cx.session.frontend).map_or(0, |f| f.live.logged.load(Relaxed)), out)
        },
    },
    Alias {
        name: "OG",
        doc: "Why and when the line is made: `txn_close`, `sess_error`, `http-req`.",
        known: Known::Always,
        write: |cx, _, out| text(cx.session.log_origin.name().as_bytes(), out),
    },
    Alias {
        name: "pid",
        doc: "The number of the process.",
        known: Known::Response,
        write: |cx, flags, out| hexadecimal_or(u64::from(cx.world.global.pid), 4, flags, out),
    },
    Alias {
        name: "rt",
        doc: "The number of the stream.",
        known: Known::Request,
        write: |cx, flags, out| {
            hexadecimal_or(cx.stream.map_or(0, |s| s.number & 0xffff_ffff), 4, flags, out)
        },
    },
];

fn name(cx: &Ctx<'_>, _: Flags, out: &mut Vec<u8>) -> Written {
    text(cx.world.frontend(cx.session.frontend).map_or(b"", |f| f.name.as_bytes()), out)
}
