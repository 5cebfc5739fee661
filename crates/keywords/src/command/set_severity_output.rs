//! `set severity-output`: whether messages say how severe they are.

use state::family::Reporting;

use super::prelude::*;

pub(super) const KEYWORDS: &[Command] = &[user(
    &["set", "severity-output"],
    "set severity-output [none|number|string]",
    "set whether messages begin with their severity",
    |query, _, out| {
        let reporting = match query.word(2) {
            b"none" => Reporting::Nothing,
            b"number" => Reporting::Number,
            b"string" => Reporting::Name,
            _ => return query.refuse("one of 'none', 'number', 'string' is a required argument", out),
        };
        query.console.reporting.set(reporting);
        Answer::Done
    },
)];
