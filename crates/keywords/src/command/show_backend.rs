//! `show backend`

use super::prelude::*;

pub(super) const KEYWORDS: &[Command] = &[Command {
    words: &["show", "backend"],
    usage: "show backend",
    doc: "list the backends of the running configuration",
    level: Level::User,
    gate: Gate::Open,
    run: |query, _, out| {
        out.extend_from_slice(b"# name\n");
        for backend in &query.world.backends {
            out.extend_from_slice(backend.name.as_bytes());
            out.push(b'\n');
        }
        Answer::Done
    },
}];
