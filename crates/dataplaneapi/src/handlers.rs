//! Which handler an operation has. None: the operation isn't served, and is answered so by its name.

pub(crate) mod beyond;
mod configuration;
mod crt_lists;
mod docs;
mod info;
mod patterns;
mod raw;
mod reloads;
mod runtime;
mod runtime_first;
mod service_discovery;
mod sites;
mod spoe;
mod stats;
mod stick_tables;
mod storage;
mod stores;
mod transactions;

pub(crate) use info::health;
pub(crate) use runtime::{
    actions as runtime_actions, add as runtime_add_server, enable as runtime_enable_server,
};
pub(crate) use runtime_first::{Running, can as runtime_can, change as runtime_change};
pub(crate) use service_discovery::load as consuls;

use crate::answer::Answer;
use crate::app::{App, Call};

/// The answer of the operation's handler.
pub(crate) fn handle(app: &App, call: &Call<'_>) -> Option<Answer> {
    let path = call.operation.path.as_str();
    if api::field(&call.operation.answer, "ref") == "endpoints" {
        return Some(info::endpoints(path));
    }
    let Some(inside) = path.strip_prefix("/services/haproxy/") else {
        return info::handle(app, call).or_else(|| service_discovery::handle(app, call));
    };
    match inside.split('/').next()? {
        "configuration" if inside == "configuration/raw" => raw::handle(app, call),
        "configuration" => configuration::handle(app, call),
        "transactions" => transactions::handle(app, call),
        "reloads" => reloads::handle(app, call),
        "runtime" => runtime::handle(app, call),
        "storage" => storage::handle(app, call),
        "spoe" => spoe::handle(app, call),
        "sites" => sites::handle(app, call),
        "stats" => stats::handle(app, call),
        _ => None,
    }
}
