//! The words of HAProxy 3.5's language: which exist, where, and how many words follow them.
//!
//! Tables of names, nothing else: what a word does, and whether this program runs it, is for others to know.
//! [`known`] asks, [`nearest`] finds what was probably meant, [`split_params`] cuts `bind` and `server` lines.

pub mod action_table;
pub mod directive;
pub(crate) mod missing;
mod nearest;
mod param_table;
mod params;
mod proxy;
mod proxy_table;
mod removed;

use std::fmt::Write as _;

pub use nearest::nearest;
pub use param_table::{BIND, CRT_LIST, LOAD, SERVER};
pub use params::{Arity, Param, ParamUse, Params, split_params};
pub use proxy::{Proxy, places_of};
pub use proxy_table::{
    CAPTURE, DEFAULTABLE_OPTIONS, DIRECTIVES, EMAIL_ALERT, HTTP_CHECK, NEGATABLE_OPTIONS, OPTIONS, STATS,
    STICK, TCP_CHECK, TCP_REQUEST, TCP_RESPONSE, TIMEOUTS,
};
pub use removed::{Removed, removed};

use crate::section::SectionKind;

/// Modes of a proxy (`mode`).
pub const MODES: &[&str] = &["haterm", "http", "log", "spop", "tcp"];

/// Algorithms of `balance` (manual 4.2), without their arguments in parentheses.
pub const BALANCE: &[&str] = &[
    "first",
    "hash",
    "hdr",
    "leastconn",
    "log-hash",
    "random",
    "rdp-cookie",
    "roundrobin",
    "source",
    "static-rr",
    "sticky",
    "uri",
    "url_param",
];

/// Whether a section knows a directive by its first word.
pub fn known(kind: SectionKind, word: &[u8]) -> bool {
    if kind.is_proxy() {
        return places_of(DIRECTIVES, word).is_some();
    }
    contains(directives(kind), word)
}

/// The first words of a section's directives, sorted. Empty for the four proxy sections, which share
/// [`DIRECTIVES`].
pub fn directives(kind: SectionKind) -> &'static [&'static str] {
    match kind {
        SectionKind::Acme => directive::ACME,
        SectionKind::Cache => directive::CACHE,
        SectionKind::CrtStore => directive::CRT_STORE,
        SectionKind::FcgiApp => directive::FCGI_APP,
        SectionKind::Global => directive::GLOBAL,
        SectionKind::Healthcheck => directive::HEALTHCHECK,
        SectionKind::HttpErrors => directive::HTTP_ERRORS,
        SectionKind::LogForward => directive::LOG_FORWARD,
        SectionKind::LogProfile => directive::LOG_PROFILE,
        SectionKind::Mailers => directive::MAILERS,
        SectionKind::Peers => directive::PEERS,
        SectionKind::Resolvers => directive::RESOLVERS,
        SectionKind::Ring => directive::RING,
        SectionKind::Traces => directive::TRACES,
        SectionKind::Userlist => directive::USERLIST,
        SectionKind::Backend | SectionKind::Defaults | SectionKind::Frontend | SectionKind::Listen => &[],
    }
}

/// The names a section's directives may start with, whatever its kind.
pub fn names(kind: SectionKind) -> Box<dyn Iterator<Item = &'static str>> {
    if kind.is_proxy() {
        Box::new(DIRECTIVES.iter().map(|row| row.name))
    } else {
        Box::new(directives(kind).iter().copied())
    }
}

/// The actions of a rule set, by the word or words that introduce its rules; `None` if it is none.
pub fn actions(rules: &str) -> Option<&'static [&'static str]> {
    Some(match rules {
        "http-after-response" => action_table::HTTP_AFTER_RESPONSE,
        "http-request" => action_table::HTTP_REQUEST,
        "http-response" => action_table::HTTP_RESPONSE,
        "quic-initial" => action_table::QUIC_INITIAL,
        "tcp-request connection" => action_table::TCP_REQUEST_CONNECTION,
        "tcp-request content" => action_table::TCP_REQUEST_CONTENT,
        "tcp-request session" => action_table::TCP_REQUEST_SESSION,
        "tcp-response content" => action_table::TCP_RESPONSE_CONTENT,
        _ => return None,
    })
}

/// Whether a rule set has an action, named as the user writes it: `set-var(txn.x)`, `track-sc1`, `deny`.
///
/// Actions that scripts register start with `lua.` and can't be known here; they count as known.
pub fn action_known(actions: &[&str], word: &[u8]) -> bool {
    if word.starts_with(b"lua.") {
        return true;
    }
    actions.iter().any(|name| match name.strip_suffix('*') {
        None => name.as_bytes() == word,
        Some(stem) => word.strip_prefix(stem.as_bytes()).is_some_and(|rest| {
            rest.first().is_none_or(|&b| b == b'(' || (stem == "track-sc" && b.is_ascii_digit()))
        }),
    })
}

/// What `-dKcfg` prints: every directive, parameter, option and action by section.
pub fn dump() -> String {
    let mut out = String::from("# List of registered configuration keywords:\n");
    for kind in [SectionKind::Global, SectionKind::Listen] {
        let _ = writeln!(out, "{kind}");
        for name in names(kind) {
            let _ = writeln!(out, "\t{name}");
        }
    }
    for (line, params) in [("bind <addr>", BIND), ("server <name> <addr>", SERVER)] {
        for param in params {
            let _ = writeln!(out, "\t{line} {}{}", param.name, param.arity.suffix());
        }
    }
    for option in OPTIONS {
        let _ = writeln!(out, "\toption {} [ {}]", option.name, option.ends());
    }
    for rules in RULE_SETS {
        for action in actions(rules).unwrap_or_default() {
            let _ = writeln!(out, "\t{rules} {action}");
        }
    }
    let others = SectionKind::ALL.into_iter().filter(|kind| !kind.is_proxy() && *kind != SectionKind::Global);
    for kind in others {
        let _ = writeln!(out, "{kind}");
        for name in directives(kind) {
            let _ = writeln!(out, "\t{name}");
        }
    }
    let _ = writeln!(out, "crt-list");
    for param in CRT_LIST {
        let _ = writeln!(out, "\t{}{}", param.name, param.arity.suffix());
    }
    out
}

/// The words that introduce rules, in the order a connection meets them.
pub const RULE_SETS: &[&str] = &[
    "quic-initial",
    "tcp-request connection",
    "tcp-request session",
    "tcp-request content",
    "tcp-response content",
    "http-request",
    "http-response",
    "http-after-response",
];

fn contains(names: &[&str], word: &[u8]) -> bool {
    names.binary_search_by(|name| name.as_bytes().cmp(word)).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_are_sorted() {
        for kind in SectionKind::ALL {
            assert!(directives(kind).is_sorted(), "{kind}");
        }
        for table in [DIRECTIVES, OPTIONS, TIMEOUTS, STATS, HTTP_CHECK, TCP_CHECK] {
            assert!(table.iter().map(|row| row.name).is_sorted());
        }
        for table in [BIND, SERVER, CRT_LIST, LOAD] {
            assert!(table.iter().map(|row| row.name).is_sorted());
        }
    }

    #[test]
    fn words_are_known_where_they_belong() {
        assert!(known(SectionKind::Global, b"maxconn"));
        assert!(known(SectionKind::Backend, b"server"));
        assert!(!known(SectionKind::Global, b"server"));
        assert!(!known(SectionKind::Cache, b"maxconn"));
        let actions = actions("http-request").unwrap();
        for word in ["deny", "set-var(txn.x)", "set-var", "track-sc12", "lua.mine", "sc-inc-gpc0(1)"] {
            assert!(action_known(actions, word.as_bytes()), "{word}");
        }
        for word in ["dny", "set-varx", "track-scx", "deny(x)"] {
            assert!(!action_known(actions, word.as_bytes()), "{word}");
        }
    }

    #[test]
    fn the_dump_has_every_family() {
        let text = dump();
        for line in [
            "\ttune.bufsize\n",
            "\tbind <addr> ssl\n",
            "\tserver <name> <addr> inter +1\n",
            "\toption httplog [ FE ]\n",
            "\thttp-request set-var*\n",
            "\ttotal-max-size\n",
        ] {
            assert!(text.contains(line), "{line}");
        }
    }
}
