//! `show version`

use super::prelude::*;

pub(super) const KEYWORDS: &[Command] = &[user(
    &["show", "version"],
    "show version",
    "show the version of the running process",
    |query, _, out| query.inform(&query.about.version, out),
)];
