//! `publish backend`, `unpublish backend`: whether rules of other proxies may lead to a backend (manual 4.2
//! "be-unpublished").

use std::sync::atomic::Ordering::Relaxed;

use super::prelude::*;

pub(super) const KEYWORDS: &[Command] = &[
    admin(
        &["publish", "backend"],
        "publish backend <backend>",
        "mark backend as ready for traffic",
        |query, _, out| publish(query, true, out),
    ),
    admin(
        &["unpublish", "backend"],
        "unpublish backend <backend>",
        "remove backend for traffic processing",
        |query, _, out| publish(query, false, out),
    ),
];

fn publish(query: &Query<'_>, published: bool, out: &mut Vec<u8>) -> Answer {
    let position = query.world.backend_names.get(&*query.text(2));
    let Some(backend) = position.and_then(|at| query.world.backend(*at)) else {
        return query.refuse("No such backend.", out);
    };
    if backend.disabled {
        return query.refuse("No effect on a disabled backend.", out);
    }
    backend.live.unpublished.store(!published, Relaxed);
    query.inform(if published { "Backend published." } else { "Backend unpublished." }, out)
}
