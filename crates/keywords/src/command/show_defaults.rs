//! `show defaults`, `show default-server`: what new backends and servers can take their settings from.

use state::family::Changes;

use super::prelude::*;

pub(super) const KEYWORDS: &[Command] = &[
    user(
        &["show", "default-server"],
        "show default-server [<backend>]",
        "list the settings for servers (all or of a single backend)",
        |query, _, out| {
            let only = query.text(2);
            if !only.is_empty() && backend_named(query.world, &only).is_none() {
                return query.refuse("Can't find backend.", out);
            }
            let all = query.changes.map(<dyn Changes>::default_servers).unwrap_or_default();
            for defaults in all.iter().filter(|d| only.is_empty() || d.backend == *only) {
                query.plain(&format!("* {}", defaults.backend), out);
                for name in &defaults.named {
                    query.plain(&format!("  {}/{name}", defaults.backend), out);
                }
            }
            Answer::Done
        },
    ),
    user(&["show", "defaults"], "show defaults", "list the defaults sections", |query, _, out| {
        for defaults in query.changes.map(<dyn Changes>::defaults).unwrap_or_default() {
            query.plain(&defaults.name, out);
        }
        Answer::Done
    }),
];
