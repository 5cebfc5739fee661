//! `show backend`

use super::prelude::*;

pub(super) const KEYWORDS: &[Command] = &[user(
    &["show", "backend"],
    "show backend",
    "list the backends of the running configuration",
    |query, _, out| {
        out.extend_from_slice(b"# name\n");
        for backend in &query.world.backends {
            out.extend_from_slice(backend.name.as_bytes());
            out.push(b'\n');
        }
        Answer::Done
    },
)];
