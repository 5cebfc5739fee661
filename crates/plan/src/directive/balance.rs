//! `balance`, `hash-type` (manual 4.2): the lines; their words are compiled with the backend.

use crate::ctx::{Directive, at};

pub(super) const DIRECTIVES: &[Directive] = &[
    Directive {
        name: "balance",
        sections: at::PROXY,
        apply: |cx, line| {
            if !cx.lacks_backend(line, "balance") {
                cx.draft.settings.balance = Some(line);
            }
            Ok(())
        },
    },
    Directive {
        name: "hash-type",
        sections: at::PROXY,
        apply: |cx, line| {
            if !cx.lacks_backend(line, "hash-type") {
                cx.draft.settings.hash_type = Some(line);
            }
            Ok(())
        },
    },
];
