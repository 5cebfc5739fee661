//! `show version`

use super::prelude::*;

pub(super) const KEYWORDS: &[Command] = &[Command {
    words: &["show", "version"],
    usage: "show version",
    doc: "show the version of the running process",
    level: Level::User,
    gate: Gate::Open,
    run: |query, _, out| query.inform(&query.about.version, out),
}];
