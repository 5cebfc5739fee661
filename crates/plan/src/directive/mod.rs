//! Directives that Sluice runs, a file an idea, named as the user writes it. To add one: a file with a `DIRECTIVES`
//! table, and its line in the list. What no table has is said to be known and not run.

use std::collections::HashMap;
use std::sync::LazyLock;

use crate::ctx::Directive;

mod acl;
mod backend;
mod balance;
pub(crate) mod bind;
mod capture;
pub(crate) mod check;
pub(crate) mod compression;
pub(crate) mod cookie;
mod cpu_map;
pub(crate) mod email_alert;
pub(crate) mod errorfile;
mod filter;
mod guid;
mod h1_case_adjust;
mod http_err_codes;
mod http_reuse;
mod http_send_name_header;
mod id;
mod keepalive;
mod limits;
pub(crate) mod log;
mod max_keep_alive_queue;
mod mode;
mod monitor;
mod needed;
mod option;
mod option_address;
pub(crate) mod option_forwarded;
mod order;
mod persist;
mod process;
pub(crate) mod proto;
mod rate_limit;
mod retry_on;
pub(crate) mod rules;
pub(crate) mod server;
mod server_load;
pub(crate) mod server_param;
pub(crate) mod server_proxy;
pub(crate) mod server_resolve;
pub(crate) mod server_state;
mod server_watch;
mod set_var;
mod source;
pub(crate) mod stats;
mod stats_socket;
mod stick;
pub(crate) mod stick_table;
mod timeout;
mod tune;
mod tune_h2;
mod unique_id;

/// Every directive, a file a line.
static ALL: &[&[Directive]] = &[
    acl::DIRECTIVES,
    backend::DIRECTIVES,
    balance::DIRECTIVES,
    bind::DIRECTIVES,
    capture::DIRECTIVES,
    check::DIRECTIVES,
    cookie::DIRECTIVES,
    compression::DIRECTIVES,
    cpu_map::DIRECTIVES,
    email_alert::DIRECTIVES,
    errorfile::DIRECTIVES,
    filter::DIRECTIVES,
    guid::DIRECTIVES,
    h1_case_adjust::DIRECTIVES,
    http_err_codes::DIRECTIVES,
    http_reuse::DIRECTIVES,
    max_keep_alive_queue::DIRECTIVES,
    http_send_name_header::DIRECTIVES,
    id::DIRECTIVES,
    keepalive::DIRECTIVES,
    limits::DIRECTIVES,
    log::DIRECTIVES,
    mode::DIRECTIVES,
    monitor::DIRECTIVES,
    needed::DIRECTIVES,
    option::DIRECTIVES,
    persist::DIRECTIVES,
    process::DIRECTIVES,
    rate_limit::DIRECTIVES,
    retry_on::DIRECTIVES,
    rules::DIRECTIVES,
    server::DIRECTIVES,
    server_state::DIRECTIVES,
    set_var::DIRECTIVES,
    source::DIRECTIVES,
    stats::DIRECTIVES,
    stats_socket::DIRECTIVES,
    stick::DIRECTIVES,
    stick_table::DIRECTIVES,
    timeout::DIRECTIVES,
    tune::DIRECTIVES,
    tune_h2::DIRECTIVES,
    unique_id::DIRECTIVES,
    crate::tls::global::DIRECTIVES,
];

static BY_NAME: LazyLock<HashMap<&'static str, Vec<&'static Directive>>> = LazyLock::new(|| {
    let mut by_name: HashMap<_, Vec<_>> = HashMap::new();
    for directive in ALL.iter().flat_map(|file| file.iter()) {
        by_name.entry(directive.name).or_default().push(directive);
    }
    by_name
});

/// The directive of this name in a kind of section, by its bit of [`crate::ctx::at`].
pub(crate) fn find(name: &str, section: u8) -> Option<&'static Directive> {
    BY_NAME.get(name)?.iter().find(|d| d.sections & section != 0).copied()
}
