//! `%ci`, `%cp`: the client's address and port.

use std::io::Write;

use super::prelude::*;

pub(super) const KEYWORDS: &[Alias] = &[
    Alias {
        name: "ci",
        doc: "The client's address; `unix` for a unix socket.",
        at_end: false,
        write: |cx, out| match write!(out, "{}", cx.session.source) {
            Ok(()) => Written::Plain,
            Err(_) => Written::Nothing,
        },
    },
    Alias {
        name: "cp",
        doc: "The client's port.",
        at_end: false,
        write: |cx, out| {
            sample::cast::write_int(i64::from(cx.session.source.port()), out);
            Written::Plain
        },
    },
];
