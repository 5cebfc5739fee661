//! Actions of rules (manual 4.3, 4.4). To add one: a file named after it (dashes as underscores) with a `KEYWORDS`
//! table, and its line in the list. An action declares once in which rule sets it may stand.

use state::family::{ActionKind, RuleSet};

mod allow;
mod answer;
mod auth;
mod cache_store;
mod cache_use;
mod capture;
mod close;
mod del_header;
mod deny;
mod do_log;
mod do_resolve;
mod early_hint;
mod expect_proxy;
mod headers_bin;
mod normalize_uri;
mod pause;
mod redirect;
mod reject;
mod replace_header;
mod replace_path;
mod sc_inc_gpc;
mod send_spoe_group;
mod set_bandwidth_limit;
mod set_fc_mark;
mod set_header;
mod set_log_level;
mod set_map;
mod set_nice;
mod set_priority;
mod set_retries;
mod set_src;
mod set_status;
mod set_timeout;
mod set_uri;
mod set_var;
mod strict_mode;
mod switch_mode;
mod track_sc;
mod use_service;
mod wait_for_body;
mod wait_for_handshake;

pub use auth::gate;
pub use do_resolve::Resolved;

/// Every action, a file a line.
pub static ALL: &[&[ActionKind]] = &[
    allow::KEYWORDS,
    auth::KEYWORDS,
    cache_store::KEYWORDS,
    cache_use::KEYWORDS,
    capture::KEYWORDS,
    close::KEYWORDS,
    del_header::KEYWORDS,
    deny::KEYWORDS,
    do_log::KEYWORDS,
    do_resolve::KEYWORDS,
    early_hint::KEYWORDS,
    expect_proxy::KEYWORDS,
    headers_bin::KEYWORDS,
    normalize_uri::KEYWORDS,
    pause::KEYWORDS,
    redirect::KEYWORDS,
    reject::KEYWORDS,
    replace_header::KEYWORDS,
    replace_path::KEYWORDS,
    send_spoe_group::KEYWORDS,
    sc_inc_gpc::KEYWORDS,
    set_bandwidth_limit::KEYWORDS,
    set_fc_mark::KEYWORDS,
    set_header::KEYWORDS,
    set_log_level::KEYWORDS,
    set_nice::KEYWORDS,
    set_map::KEYWORDS,
    set_priority::KEYWORDS,
    set_retries::KEYWORDS,
    set_src::KEYWORDS,
    set_status::KEYWORDS,
    set_timeout::KEYWORDS,
    set_uri::KEYWORDS,
    set_var::KEYWORDS,
    strict_mode::KEYWORDS,
    switch_mode::KEYWORDS,
    track_sc::KEYWORDS,
    use_service::KEYWORDS,
    wait_for_body::KEYWORDS,
    wait_for_handshake::KEYWORDS,
];

/// The action of this name in this rule set. `word` may carry arguments in parentheses: `set-var(txn.x)` finds
/// `set-var`; what stood inside comes back with it, none where the parentheses are not whole. The number behind
/// `track-sc` counts as such.
pub fn find(set: RuleSet, word: &str) -> Option<(&'static ActionKind, Option<&str>)> {
    let (name, inside) = match word.split_once('(') {
        Some((name, rest)) => (name, rest.strip_suffix(')')),
        None => match word.strip_prefix("track-sc") {
            Some(number) => ("track-sc", Some(number)),
            None => (word, None),
        },
    };
    let kind = ALL.iter().flat_map(|file| file.iter()).find(|k| k.name == name && k.sets.contains(&set))?;
    (kind.parenthesised || name == word).then_some((kind, inside))
}

/// What the files of this family share.
mod prelude {
    pub(super) use state::family::{ActionKind, Parse, RuleSet};
    pub(super) use state::{Act, Action, Expr, Farewell, Format, Verdict};

    /// An action that is read, so that what is wrong with it can be said, and not run.
    #[derive(Debug)]
    pub(super) struct NotRun;

    impl Action for NotRun {
        fn run<'w>(&'w self, _: &mut Act<'w>) -> Verdict {
            Verdict::Next
        }

        fn is_run(&self) -> bool {
            false
        }
    }

    /// The rule sets that work on an HTTP message.
    pub(super) const HTTP: &[RuleSet] =
        &[RuleSet::HttpRequest, RuleSet::HttpResponse, RuleSet::HttpAfterResponse];

    /// The rule sets that run before the answer is certain.
    pub(super) const EVERYWHERE_BUT_AFTER: &[RuleSet] = &[
        RuleSet::TcpRequestConnection,
        RuleSet::TcpRequestSession,
        RuleSet::TcpRequestContent,
        RuleSet::TcpResponseContent,
        RuleSet::HttpRequest,
        RuleSet::HttpResponse,
    ];

    /// Every rule set.
    pub(super) const EVERYWHERE: &[RuleSet] = &[
        RuleSet::TcpRequestConnection,
        RuleSet::TcpRequestSession,
        RuleSet::TcpRequestContent,
        RuleSet::TcpResponseContent,
        RuleSet::HttpRequest,
        RuleSet::HttpResponse,
        RuleSet::HttpAfterResponse,
    ];
}
