//! `expert-mode`, `experimental-mode`: commands that are not for everyone (management manual 9.3).

use std::cell::Cell;

use super::prelude::*;

pub(super) const KEYWORDS: &[Command] = &[
    admin(
        &["experimental-mode"],
        "",
        "allow commands that are experimental, or tell whether they are allowed",
        |query, _, out| switch(query, &query.console.experimental, "experimental-mode", out),
    ),
    admin(
        &["expert-mode"],
        "",
        "allow commands for experts, or tell whether they are allowed",
        |query, _, out| switch(query, &query.console.expert, "expert-mode", out),
    ),
];

fn switch(query: &Query<'_>, mode: &Cell<bool>, name: &str, out: &mut Vec<u8>) -> Answer {
    match query.word(1) {
        b"" => query.inform(&format!("{name} is {}", if mode.get() { "ON" } else { "OFF" }), out),
        word => {
            mode.set(word == b"on");
            Answer::Done
        }
    }
}
