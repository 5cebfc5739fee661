//! Proxies and `defaults` while their lines are read: what is inherited ([`Settings`]) and what is not ([`Draft`]).
//! Lines that refer to other proxies or need compiling are kept for `assemble`.

use std::ops::Range;
use std::rc::Rc;
use std::sync::Arc;

use config::{SectionKind, Span, Word};
use state::Server;
use state::compression::Compression;
use state::family::RuleSet;
use state::frontend::{Bind, Captures};
use state::options::{Mode, Options, Timeouts};
use state::reply::Pages;

use crate::ctx::Line;
use crate::directive::check::{CheckSettings, Flags};
use crate::directive::cookie::CookieSpec;
use crate::directive::email_alert::EmailSpec;
use crate::directive::log::LogSettings;
use crate::directive::option_forwarded::ForwardedSpec;
use crate::directive::proto::Spoken;
use crate::directive::server::ServerSpec;
use crate::directive::stats::StatsSettings;
use crate::server_state;
use crate::tls::bind::BindSpec;
use crate::tls::server::ServerTlsSpec;

/// What `defaults` hands down. Cheap to copy: the larger parts are shared until one changes.
#[derive(Clone, Default)]
pub(crate) struct Settings<'a> {
    pub(crate) mode: Mode,
    pub(crate) disabled: bool,
    pub(crate) timeouts: Timeouts,
    pub(crate) options: Arc<Options>,
    pub(crate) maxconn: Option<u32>,
    pub(crate) email: Rc<EmailSpec<'a>>,
    /// `load-server-state-from-file`.
    pub(crate) states_from: server_state::From,
    pub(crate) fullconn: Option<u32>,
    pub(crate) backlog: Option<u32>,
    pub(crate) retries: Option<u32>,
    /// `rate-limit sessions`, a second; 0: no limit.
    pub(crate) rate_limit: u32,
    pub(crate) pages: Arc<Pages>,
    /// `http-error` lines to compile, by status.
    pub(crate) replies: Vec<(u16, Line<'a>)>,
    pub(crate) log: Rc<LogSettings<'a>>,
    pub(crate) balance: Option<Line<'a>>,
    pub(crate) hash_type: Option<Line<'a>>,
    pub(crate) hash_balance_factor: Option<Line<'a>>,
    pub(crate) hash_affinity: Option<Line<'a>>,
    pub(crate) default_backend: Option<Word<'a>>,
    pub(crate) server: Rc<ServerSpec<'a>>,
    pub(crate) check: Rc<CheckSettings<'a>>,
    pub(crate) monitor_uri: Option<Word<'a>>,
    pub(crate) stats: Rc<StatsSettings<'a>>,
    pub(crate) unique_id: Option<Line<'a>>,
    pub(crate) unique_id_header: Option<Word<'a>>,
    pub(crate) source: Option<Arc<state::link::Source>>,
    pub(crate) cookie: Option<Rc<CookieSpec<'a>>>,
    pub(crate) forwarded: Option<Rc<ForwardedSpec<'a>>>,
    pub(crate) compression: Option<Rc<Compression>>,
    pub(crate) dynamic_key: Option<&'a str>,
    /// `persist rdp-cookie`: the cookie's name.
    pub(crate) rdp_cookie: Option<&'a str>,
    /// Options that only HTTP proxies have, for the remark when the mode is another.
    pub(crate) http_only: Vec<&'static str>,
}

/// A rule to compile: its set, its line, and where in it the action stands.
#[derive(Clone, Copy)]
pub(crate) struct RuleLine<'a> {
    pub(crate) set: RuleSet,
    pub(crate) line: Line<'a>,
    /// The word the action begins with.
    pub(crate) action: usize,
}

impl RuleLine<'_> {
    /// Whether it is a `redirect` line: an `http-request` rule whose first word is the action.
    pub(crate) const fn is_redirect(&self) -> bool {
        self.action == 0
    }
}

/// `set-var` or `set-var-fmt` of `global`.
#[derive(Clone, Copy)]
pub(crate) struct SetVar<'a> {
    pub(crate) line: Line<'a>,
    pub(crate) format: bool,
}

/// A proxy or a `defaults` section under construction.
pub(crate) struct Draft<'a> {
    pub(crate) kind: SectionKind,
    pub(crate) name: &'a str,
    pub(crate) span: Span,
    /// The `id` given, and where.
    pub(crate) id: Option<(u32, Span)>,
    pub(crate) settings: Settings<'a>,
    pub(crate) binds: Vec<(Bind, Span)>,
    /// What each `bind` line with `ssl` says of it: the first of its addresses and how many there are, the line's text.
    pub(crate) bind_tls: Vec<(Range<usize>, BindSpec, &'a str)>,
    /// What servers that don't speak TLS say of it.
    pub(crate) bare_servers: Vec<(usize, ServerTlsSpec<'a>, Span)>,
    pub(crate) servers: Vec<Server>,
    pub(crate) server_spans: Vec<Span>,
    /// `proto` of its addresses and servers.
    pub(crate) spoken: Vec<Spoken>,
    /// `set-proxy-v2-tlv-fmt`: the server's position, type, format, place.
    pub(crate) server_tlvs: Vec<(usize, u8, &'a str, Span)>,
    /// `resolvers` on a server: its position, the section's name.
    pub(crate) server_resolvers: Vec<(usize, &'a str)>,
    /// `healthcheck` on a server: its position, the section's name, the place.
    pub(crate) server_checks: Vec<(usize, &'a str, Span)>,
    /// `log-proto octet-count`, `log-bufsize` of each server.
    pub(crate) server_logs: Vec<(bool, Option<usize>)>,
    /// The name that a server is asked for by: its position, the expression, whether the request says it otherwise, the
    /// place.
    pub(crate) server_names: Vec<(usize, Option<&'a str>, bool, Span)>,
    /// `pool-conn-name`, by the position of the server.
    pub(crate) pool_names: Vec<(usize, &'a str, Span)>,
    /// `track` on a server: its position, whom it follows, the place.
    pub(crate) server_tracks: Vec<(usize, &'a str, Span)>,
    /// `default-server name NAME`.
    pub(crate) named_servers: Vec<(&'a str, ServerSpec<'a>)>,
    pub(crate) acls: Vec<Line<'a>>,
    pub(crate) rules: Vec<RuleLine<'a>>,
    pub(crate) use_backend: Vec<Line<'a>>,
    pub(crate) force_be_switch: Vec<Line<'a>>,
    /// `be-unpublished`.
    pub(crate) unpublished: bool,
    pub(crate) guid: Option<&'a str>,
    /// `server-state-file-name`.
    pub(crate) state_file: Option<&'a str>,
    pub(crate) use_server: Vec<Line<'a>>,
    pub(crate) monitor_fail: Vec<Line<'a>>,
    /// `force-persist`, `ignore-persist`.
    pub(crate) persist_rules: Vec<Line<'a>>,
    /// `stick on` and its kin.
    pub(crate) stick: Vec<Line<'a>>,
    pub(crate) captures: Captures,
    pub(crate) filters: Vec<Line<'a>>,
    /// `filter-sequence request`, `response`: names.
    pub(crate) filter_order: [Option<&'a str>; 2],
    /// `description`, for statistics.
    pub(crate) description: Option<String>,
    /// Whether this very section has `stats` lines: it inherits none then.
    pub(crate) own_stats: bool,
    /// Whether this very section has an option or rules about checks, and what else it says of them.
    pub(crate) own_check: bool,
    pub(crate) check_flags: Flags,
    /// `tcp-request inspect-delay`.
    pub(crate) inspect_delay: Option<u32>,
    /// `tcp-response inspect-delay`.
    pub(crate) response_delay: Option<u32>,
    /// `redirect` lines exist: they are warned about by that name in TCP mode.
    pub(crate) has_redirect: bool,
    /// Timeouts this very section has set, for the remark on repetition.
    pub(crate) own_timeouts: Vec<&'static str>,
    /// The `defaults` whose rules run before this proxy's own.
    pub(crate) defaults: Option<Rc<Draft<'a>>>,
}

impl<'a> Draft<'a> {
    pub(crate) fn new(kind: SectionKind, name: &'a str, span: Span, defaults: Option<Rc<Draft<'a>>>) -> Self {
        Self {
            kind,
            name,
            span,
            id: None,
            settings: defaults.as_ref().map(|d| d.settings.clone()).unwrap_or_default(),
            binds: Vec::new(),
            bind_tls: Vec::new(),
            bare_servers: Vec::new(),
            servers: Vec::new(),
            server_spans: Vec::new(),
            spoken: Vec::new(),
            server_tlvs: Vec::new(),
            server_resolvers: Vec::new(),
            server_checks: Vec::new(),
            server_logs: Vec::new(),
            server_names: Vec::new(),
            pool_names: Vec::new(),
            server_tracks: Vec::new(),
            named_servers: Vec::new(),
            acls: Vec::new(),
            rules: Vec::new(),
            use_backend: Vec::new(),
            force_be_switch: Vec::new(),
            unpublished: false,
            guid: None,
            state_file: None,
            use_server: Vec::new(),
            monitor_fail: Vec::new(),
            persist_rules: Vec::new(),
            stick: Vec::new(),
            captures: Captures::default(),
            filters: Vec::new(),
            filter_order: [None; 2],
            description: None,
            own_stats: false,
            own_check: false,
            check_flags: Flags::default(),
            inspect_delay: None,
            response_delay: None,
            has_redirect: false,
            own_timeouts: Vec::new(),
            defaults,
        }
    }

    /// The `defaults` it inherits from, if that has rules.
    pub(crate) fn rules_of_defaults(&self) -> Option<&Self> {
        self.defaults.as_deref().filter(|d| !d.rules.is_empty())
    }

    pub(crate) fn options(&mut self) -> &mut Options {
        Arc::make_mut(&mut self.settings.options)
    }
}
