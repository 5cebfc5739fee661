//! `%ci`, `%cp`, `%fi`, `%fp`: both ends of the client's connection.

use super::prelude::*;

pub(super) const KEYWORDS: &[Alias] = &[
    Alias {
        name: "ci",
        doc: "The client's address; `unix` for a unix socket.",
        known: Known::Response,
        write: |cx, flags, out| address(Some(cx.source()), flags, out),
    },
    Alias {
        name: "cp",
        doc: "The client's port.",
        known: Known::Response,
        write: |cx, flags, out| port(Some(cx.source()), flags, out),
    },
    Alias {
        name: "fi",
        doc: "The address the client connected to.",
        known: Known::Response,
        write: |cx, flags, out| address(cx.destination(), flags, out),
    },
    Alias {
        name: "fp",
        doc: "The port the client connected to.",
        known: Known::Response,
        write: |cx, flags, out| port(cx.destination(), flags, out),
    },
];
