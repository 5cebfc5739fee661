//! `trace`, `show trace`: following what happens inside (management manual 9.3). Sluice has no sources of traces: the lists
//! are empty, and every name is one that doesn't exist. `explain` tells what becomes of a request.

use super::prelude::*;

pub(super) const KEYWORDS: &[Command] = &[
    user(&["show", "trace"], "show trace [<source>]", "show live tracing state", |query, _, out| {
        if !query.word(2).is_empty() {
            return query.refuse("No such trace source", out);
        }
        query.plain("Supported trace sources and states (.=stopped, w=waiting, R=running) :", out)
    }),
    operator(
        &["trace"],
        "trace [<module>|0] [cmd [args...]]",
        "manage live tracing (empty to list, 0 to stop all)",
        |query, _, out| match query.word(1) {
            b"" => {
                let _ = query
                    .plain("Supported trace sources and states (.=stopped, w=waiting, R=running) :", out);
                query.plain(" [.] 0          : not a source, will immediately stop all traces", out)
            }
            b"0" => query.plain("All traces now stopped", out),
            _ => query.refuse(&format!("No such trace source '{}'", query.text(1)), out),
        },
    ),
];
