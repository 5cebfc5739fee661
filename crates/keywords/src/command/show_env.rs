//! `show env`: the process's environment.

use std::os::unix::ffi::OsStrExt as _;

use super::prelude::*;

pub(super) const KEYWORDS: &[Command] = &[operator(
    &["show", "env"],
    "show env [var]",
    "show the environment variables of the process",
    |query, _, out| {
        let wanted = query.word(2);
        if wanted.is_empty() {
            std::env::vars_os().for_each(|(name, value)| line(name.as_bytes(), value.as_bytes(), out));
            return Answer::Done;
        }
        match std::env::vars_os().find(|(name, _)| name.as_bytes() == wanted) {
            Some((name, value)) => {
                line(name.as_bytes(), value.as_bytes(), out);
                Answer::Done
            }
            None => query.refuse("Variable not found", out),
        }
    },
)];

fn line(name: &[u8], value: &[u8], out: &mut Vec<u8>) {
    for part in [name, b"=", value, b"\n"] {
        out.extend_from_slice(part);
    }
}
