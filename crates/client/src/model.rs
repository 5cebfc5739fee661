//! Where the objects of the contract stand in a configuration: which section, which lines, by what name.
//!
//! The tables are beside this file, a text with a line for each property or rule (`form.rs` says how to read
//! them). Here is which table belongs to which resource; a resource is named by its word in a path.

mod actions;
mod bind;
mod checks;
mod global;
mod http_rules;
mod lists;
mod proxy;
mod sections;
mod server;
mod spoe;
mod tcp_rules;

use std::collections::BTreeMap;
use std::sync::LazyLock;

use config::SectionKind;

use crate::form::{Form, forms};

/// A kind of section as a resource.
pub struct SectionModel {
    /// Its word in a path: `backends`.
    pub resource: &'static str,
    /// The word that opens it.
    pub word: &'static str,
    /// Its schema.
    pub schema: &'static str,
    /// Its lists: the property of the whole section that holds each, and the family.
    pub lists: &'static [(&'static str, &'static str)],
    pub(crate) header: Form,
    pub(crate) forms: Vec<Form>,
}

/// Lines of which a section has many.
pub struct Family {
    /// Its word in a path: `servers`.
    pub resource: &'static str,
    /// The schema of one.
    pub schema: &'static str,
    /// The property that names one; without one they are known by their index.
    pub key: Option<&'static str>,
    /// Whether new lines go before all others of a section that has none yet.
    pub(crate) first: bool,
    pub(crate) forms: Vec<Form>,
}

/// A text that others take in by its name.
pub(crate) fn part(name: &str) -> &'static str {
    match name {
        "server" => server::PARAMS,
        "bind" => bind::PARAMS,
        "content" => http_rules::CONTENT,
        _ => "",
    }
}

const PROXY_LISTS: &[(&str, &str)] = &[
    ("acl_list", "acls"),
    ("filter_list", "filters"),
    ("filter_sequence_list", "filter_sequences"),
    ("http_after_response_rule_list", "http_after_response_rules"),
    ("http_check_list", "http_checks"),
    ("http_error_rule_list", "http_error_rules"),
    ("http_request_rule_list", "http_request_rules"),
    ("http_response_rule_list", "http_response_rules"),
    ("log_target_list", "log_targets"),
    ("quic_initial_rule_list", "quic_initial_rules"),
    ("tcp_check_rule_list", "tcp_checks"),
    ("tcp_request_rule_list", "tcp_request_rules"),
    ("tcp_response_rule_list", "tcp_response_rules"),
    ("backend_switching_rule_list", "backend_switching_rules"),
    ("server_switching_rule_list", "server_switching_rules"),
    ("force_be_switch_list", "force_be_switches"),
    ("stick_rule_list", "stick_rules"),
    ("capture_list", "captures"),
    ("ssl_front_use_list", "ssl_front_uses"),
    ("binds", "binds"),
    ("servers", "servers"),
    ("server_templates", "server_templates"),
];

type SectionRow =
    (&'static str, SectionKind, &'static str, &'static str, &'static [(&'static str, &'static str)]);

const SECTIONS: &[SectionRow] = &[
    ("global", SectionKind::Global, "global", global::LINES, &[("log_target_list", "log_targets")]),
    ("defaults", SectionKind::Defaults, "defaults", proxy::LINES, PROXY_LISTS),
    ("frontends", SectionKind::Frontend, "frontend", proxy::LINES, PROXY_LISTS),
    ("backends", SectionKind::Backend, "backend", proxy::LINES, PROXY_LISTS),
    (
        "userlists",
        SectionKind::Userlist,
        "userlist",
        sections::USERLIST,
        &[("groups", "groups"), ("users", "users")],
    ),
    (
        "mailers_section",
        SectionKind::Mailers,
        "mailers_section",
        sections::MAILERS,
        &[("mailer_entries", "mailer_entries")],
    ),
    (
        "peer_section",
        SectionKind::Peers,
        "peer_section",
        sections::PEERS,
        &[
            ("binds", "binds"),
            ("log_target_list", "log_targets"),
            ("peer_entries", "peer_entries"),
            ("servers", "servers"),
            ("tables", "tables"),
        ],
    ),
    ("resolvers", SectionKind::Resolvers, "resolver", sections::RESOLVERS, &[("nameservers", "nameservers")]),
    ("caches", SectionKind::Cache, "cache", sections::CACHE, &[]),
    ("rings", SectionKind::Ring, "ring", sections::RING, &[("servers", "servers")]),
    ("http_errors_sections", SectionKind::HttpErrors, "http_errors_section", sections::HTTP_ERRORS, &[]),
    ("fcgi_apps", SectionKind::FcgiApp, "fcgi_app", sections::FCGI_APP, &[("acl_list", "acls")]),
    (
        "log_forwards",
        SectionKind::LogForward,
        "log_forward",
        sections::LOG_FORWARD,
        &[("binds", "binds"), ("dgram_binds", "dgram_binds"), ("log_target_list", "log_targets")],
    ),
    ("log_profiles", SectionKind::LogProfile, "log_profile", sections::LOG_PROFILE, &[]),
    ("crt_stores", SectionKind::CrtStore, "crt_store", sections::CRT_STORE, &[("crt_loads", "crt_loads")]),
    ("acme", SectionKind::Acme, "acme_provider", sections::ACME, &[]),
    (
        "healthchecks",
        SectionKind::Healthcheck,
        "healthcheck",
        sections::HEALTHCHECK,
        &[("http_check_list", "http_checks"), ("tcp_check_list", "tcp_checks")],
    ),
    ("traces", SectionKind::Traces, "traces", "", &[("entries", "entries")]),
];

type FamilyRow = (&'static str, &'static str, Option<&'static str>, &'static str);

const FAMILIES: &[FamilyRow] = &[
    ("servers", "server", Some("name"), server::SERVERS),
    ("server_templates", "server_template", Some("prefix"), server::TEMPLATES),
    ("binds", "bind", Some("name"), bind::BINDS),
    ("dgram_binds", "dgram_bind", Some("name"), bind::DGRAM_BINDS),
    ("users", "user", Some("username"), sections::USERS),
    ("groups", "group", Some("name"), sections::GROUPS),
    ("mailer_entries", "mailer_entry", Some("name"), sections::MAILER_ENTRIES),
    ("peer_entries", "peer_entry", Some("name"), sections::PEER_ENTRIES),
    ("nameservers", "nameserver", Some("name"), sections::NAMESERVERS),
    ("crt_loads", "crt_load", Some("certificate"), lists::CRT_LOADS),
    ("tables", "table", Some("name"), lists::TABLES),
    ("acls", "acl", None, lists::ACLS),
    ("backend_switching_rules", "backend_switching_rule", None, lists::BACKEND_SWITCHING),
    ("server_switching_rules", "server_switching_rule", None, lists::SERVER_SWITCHING),
    ("force_be_switches", "force_be_switch", None, lists::FORCE_BE_SWITCHES),
    ("captures", "capture", None, lists::CAPTURES),
    ("filters", "filter", None, lists::FILTERS),
    ("filter_sequences", "filter_sequence", None, lists::FILTER_SEQUENCES),
    ("log_targets", "log_target", None, lists::LOG_TARGETS),
    ("stick_rules", "stick_rule", None, lists::STICK_RULES),
    ("ssl_front_uses", "ssl_front_use", None, lists::SSL_FRONT_USES),
    ("entries", "trace_entry", None, lists::TRACES),
    ("http_error_rules", "http_error_rule", None, http_rules::ERROR_RULES),
    ("quic_initial_rules", "quic_initial_rule", None, tcp_rules::QUIC_INITIAL),
];

/// A section of a SPOE file by its word in a path: `agents`, `messages`, `groups`.
pub fn spoe_section(resource: &str) -> Option<&'static SectionModel> {
    static ALL: LazyLock<[SectionModel; 3]> = LazyLock::new(|| {
        [
            made("agents", "spoe-agent", "spoe_agent", spoe::AGENT, &[("log", "log_targets")]),
            made("messages", "spoe-message", "spoe_message", spoe::MESSAGE, &[("acl", "acls")]),
            made("groups", "spoe-group", "spoe_group", spoe::GROUP, &[]),
        ]
    });
    ALL.iter().find(|model| model.resource == resource)
}

/// A section by its word in a path.
pub fn section(resource: &str) -> Option<&'static SectionModel> {
    all_sections().iter().find(|model| model.resource == resource)
}

/// Every kind of section that there is a table for.
pub fn all_sections() -> &'static [SectionModel] {
    static ALL: LazyLock<Vec<SectionModel>> = LazyLock::new(|| SECTIONS.iter().map(section_model).collect());
    &ALL
}

impl SectionModel {
    /// Whether it is `defaults`, which may have no name, and whose place matters.
    pub(crate) fn is_defaults(&self) -> bool {
        self.word == "defaults"
    }
}

fn section_model((resource, kind, schema, text, lists): &SectionRow) -> SectionModel {
    made(resource, kind.keyword(), schema, text, lists)
}

fn made(
    resource: &'static str,
    word: &'static str,
    schema: &'static str,
    text: &str,
    lists: &'static [(&'static str, &'static str)],
) -> SectionModel {
    let from = if api::kind(schema, "from").is_some() { " [from {from\"}]" } else { "" };
    let header = match word {
        "global" | "traces" => word.to_owned(),
        "defaults" => format!("defaults [{{name\"}}]{from}"),
        _ => format!("{word} {{name\"}}{from}"),
    };
    let fitting = forms(schema, text).into_iter().filter(|form| fits(form, schema)).collect();
    let mut header = forms(schema, &header);
    SectionModel { resource, word, schema, lists, header: header.pop().unwrap_or_default(), forms: fitting }
}

/// Whether the schema has what stands in a form's fixed part.
fn fits(form: &Form, schema: &str) -> bool {
    form.paths().iter().all(|path| api::kind(schema, path).is_some() || optional(form, schema, path))
}

/// Properties that come with an address, or with parameters taken in for many schemas.
fn optional(form: &Form, schema: &str, path: &str) -> bool {
    let last = path.rsplit('.').next().unwrap_or(path);
    let first = path.split('.').next().unwrap_or(path);
    (form.lenient && api::kind(schema, first).is_some()) || matches!(last, "port" | "port-range-end")
}

/// A family by its word in a path.
pub fn family(resource: &str) -> Option<&'static Family> {
    static ALL: LazyLock<BTreeMap<&str, Family>> = LazyLock::new(|| {
        let short = FAMILIES.iter().map(|(resource, schema, key, text)| Family {
            resource,
            schema,
            key: *key,
            first: *resource == "acls",
            forms: forms(schema, text),
        });
        short.chain(rules()).map(|family| (family.resource, family)).collect()
    });
    ALL.get(resource)
}

/// The families of rules, whose lines are made of a keyword and a table that several share.
fn rules() -> Vec<Family> {
    let family = |resource, schema, text: &str| Family {
        resource,
        schema,
        key: None,
        first: false,
        forms: forms(schema, text)
            .into_iter()
            .filter(|form| known_type(form, schema) && fits(form, schema))
            .collect(),
    };
    let after = |keyword: &str, table: &str| -> String {
        table.lines().filter(|line| !line.is_empty()).map(|line| behind(keyword, line)).collect()
    };
    let shared = |table: &str, kind: &str| table.replace("@shared", &actions::SHARED.replace("KIND", kind));
    let http = shared(http_rules::RULES, "type");
    let checks = |own: &str, kind: &str| format!("{}{own}", checks::BOTH.replace("KIND", kind));
    let request = shared(tcp_rules::REQUEST, "action");
    let levels: String = ["connection", "session", "content"]
        .iter()
        .map(|level| after(&format!("tcp-request type={level}"), &request))
        .collect();
    let response = after("tcp-response type=content", &shared(tcp_rules::RESPONSE, "action"));
    vec![
        family("http_request_rules", "http_request_rule", &after("http-request", &http)),
        family("http_response_rules", "http_response_rule", &after("http-response", &http)),
        family("http_after_response_rules", "http_after_response_rule", &after("http-after-response", &http)),
        family(
            "tcp_request_rules",
            "tcp_request_rule",
            &format!("tcp-request type=inspect-delay {{timeout}}\n{levels}"),
        ),
        family(
            "tcp_response_rules",
            "tcp_response_rule",
            &format!("tcp-response type=inspect-delay {{timeout}}\n{response}"),
        ),
        family("http_checks", "http_check", &after("http-check", &checks(checks::HTTP, "type"))),
        family("tcp_checks", "tcp_check", &after("tcp-check", &checks(checks::TCP, "action"))),
    ]
}

/// A line of a table behind its keyword.
fn behind(keyword: &str, line: &str) -> String {
    format!("{keyword} {line}\n")
}

/// Whether the constants of a form are words that the schema knows.
fn known_type(form: &Form, schema: &str) -> bool {
    let properties = api::contract().schema(schema).map(|schema| &schema["properties"]);
    form.constants().all(|(name, value)| {
        let words = properties.and_then(|all| api::field(api::field(all, name), "enum").as_array());
        words.is_none_or(|words| words.iter().any(|word| word == value))
    })
}

#[cfg(test)]
#[path = "model_tests.rs"]
mod tests;
