//! `enable dynamic-cookie`, `disable dynamic-cookie`, `set dynamic-cookie-key`: cookies that are made of a key and a server's
//! address (management manual 9.3).

use state::Backend;
use state::family::Edit;

use super::dynamic::edit;
use super::prelude::*;

pub(super) const KEYWORDS: &[Command] = &[
    admin(
        &["disable", "dynamic-cookie", "backend"],
        "disable dynamic-cookie backend <bk>",
        "have a backend make no cookies of its key any more",
        |query, _, out| of_backend(query, out, |query, backend| turn(query, backend, false)),
    ),
    admin(
        &["enable", "dynamic-cookie", "backend"],
        "enable dynamic-cookie backend <bk>",
        "have a backend make the cookies of its servers of its key",
        |query, _, out| of_backend(query, out, |query, backend| turn(query, backend, true)),
    ),
    admin(
        &["set", "dynamic-cookie-key", "backend"],
        "set dynamic-cookie-key backend <bk> <k>",
        "change the key that a backend makes cookies of",
        |query, _, out| of_backend(query, out, key),
    ),
];

/// Does something with the backend that the words name.
fn of_backend(
    query: &Query<'_>,
    out: &mut Vec<u8>,
    act: fn(&Query<'_>, &Backend) -> Result<(), String>,
) -> Answer {
    let name = query.text(3);
    if name.is_empty() {
        return query.refuse("A backend name is expected.", out);
    }
    let Some(backend) = backend_named(query.world, &name) else {
        return query.refuse("No such backend.", out);
    };
    match act(query, backend) {
        Ok(()) => Answer::Done,
        Err(why) => query.refuse(&why, out),
    }
}

fn turn(query: &Query<'_>, backend: &Backend, on: bool) -> Result<(), String> {
    // Without a cookie there is nothing to make.
    if backend.cookie.is_none() {
        return Ok(());
    }
    edit(query, &Edit::DynamicCookie { backend: &backend.name, on })
}

fn key(query: &Query<'_>, backend: &Backend) -> Result<(), String> {
    let key = query.text(4);
    if key.is_empty() {
        return Err("String value expected.".to_owned());
    }
    edit(query, &Edit::CookieKey { backend: &backend.name, key: &key })
}
