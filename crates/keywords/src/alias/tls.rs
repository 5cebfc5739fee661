//! `%sslc`, `%sslv`: the client's encryption; nothing without any.

use super::prelude::*;

pub(super) const KEYWORDS: &[Alias] = &[
    Alias {
        name: "sslc",
        doc: "The cipher in use.",
        known: Known::Response,
        write: |cx, _, out| name(cx.session.tls.as_ref().map(|tls| tls.cipher_name()), out),
    },
    Alias {
        name: "sslv",
        doc: "The version of TLS in use.",
        known: Known::Response,
        write: |cx, _, out| name(cx.session.tls.as_ref().map(|tls| tls.version_name()), out),
    },
];

/// What TLS calls it; `(NONE)` where it has come to nothing, nothing without TLS.
fn name(name: Option<Option<&str>>, out: &mut Vec<u8>) -> Written {
    match name {
        Some(name) => text(name.unwrap_or("(NONE)").as_bytes(), out),
        None => Written::Nothing,
    }
}
