//! `%sslc`, `%sslv`: the client's encryption; nothing without any.

use super::prelude::*;

pub(super) const KEYWORDS: &[Alias] = &[
    Alias {
        name: "sslc",
        doc: "The cipher in use.",
        known: Known::Response,
        write: |_, _, _| Written::Nothing,
    },
    Alias {
        name: "sslv",
        doc: "The version of TLS in use.",
        known: Known::Response,
        write: |_, _, _| Written::Nothing,
    },
];
