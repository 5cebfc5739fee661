//! The words of a section's lines: that they exist, may stand there, and the families that follow some.

use super::{Remarks, hint, params, proxy_type};
use crate::diagnostic::{Place, Severity};
use crate::loaded::{Directive, Section};
use crate::parse::MAX_DIAGNOSTICS;
use crate::section::SectionKind;
use crate::vocabulary::{self, Proxy, nearest, places_of, removed};
use crate::words::MAX_WORDS;

pub(super) fn check<'a>(remarks: &mut Remarks<'a>, section: Section<'a>) {
    prefix(remarks, section.header());
    let refused = super::header::is_refused(section);
    for directive in section.directives() {
        if remarks.found.len() > MAX_DIAGNOSTICS {
            return;
        }
        if refused {
            remarks.alert(directive.full_span(), "'listen' or 'defaults' expected.".to_owned());
            continue;
        }
        prefix(remarks, directive);
        if directive.is_empty() || empty_argument(remarks, directive) {
            continue;
        }
        if section.kind().is_proxy() {
            proxy(remarks, section, directive);
        } else {
            other(remarks, section, directive);
        }
    }
}

/// Directives that take `no`; `option` decides for itself.
const NEGATABLE: [&[u8]; 7] = [
    b"option",
    b"log",
    b"busy-polling",
    b"set-dumpable",
    b"strict-limits",
    b"insecure-fork-wanted",
    b"numa-cpu-mapping",
];

fn prefix(remarks: &mut Remarks<'_>, directive: Directive<'_>) {
    let prefixed = directive.negated() || directive.defaulted();
    if prefixed && !NEGATABLE.contains(&directive.keyword_bytes()) {
        let message = "negation/default currently supported only for options, log, busy-polling, set-dumpable, \
                       strict-limits, insecure-fork-wanted and numa-cpu-mapping.";
        remarks.tight(directive.full_span(), message.to_owned());
    }
}

/// An empty word ends what HAProxy sees of a line, so it refuses it. True if there was one.
fn empty_argument(remarks: &mut Remarks<'_>, directive: Directive<'_>) -> bool {
    let found = directive.args().enumerate().find(|(_, word)| word.bytes().is_empty());
    let Some((index, word)) = found.filter(|(index, _)| *index < MAX_WORDS) else { return false };
    let span = word.span();
    let offset = (span.column + span.length).saturating_sub(1) as usize;
    let quotation = crate::diagnostic::quotation(remarks.loaded.source_line(span), offset.saturating_sub(1));
    let message = format!(
        "argument number {} at position {offset} is empty and marks the end of the argument list:{quotation}\n\
         Aborting to prevent all subsequent arguments from being silently ignored. If this is caused by an \
         environment variable expansion, please have a look at section 2.3 of the configuration manual to find \
         solutions to address this.",
        index + 1
    );
    remarks.tight(span, message);
    true
}

/// A line of any section but the proxy ones.
fn other<'a>(remarks: &mut Remarks<'a>, section: Section<'a>, directive: Directive<'a>) {
    use SectionKind as K;
    let (kind, word) = (section.kind(), directive.keyword_bytes());
    if vocabulary::known(kind, word) {
        match kind {
            K::Global => global(remarks, directive),
            K::Peers | K::Ring | K::LogForward => params::check(remarks, section, directive),
            K::CrtStore => params::load(remarks, directive),
            K::Healthcheck => families(remarks, section, directive),
            _ => {}
        }
        return;
    }
    if kind == K::Global && gone(remarks, true, directive) {
        return;
    }
    let text = String::from_utf8_lossy(word);
    let near = nearest(word, vocabulary::names(kind));
    let span = directive.span();
    let (place, message) = match kind {
        K::Global => {
            let near = near.or_else(|| nearest(word, ["unix-bind"]));
            (Place::Parsing, format!("unknown keyword '{text}' in '{kind}' section{}", hint(near)))
        }
        K::Ring => (Place::Parsing, format!("unknown statement '{text}'.")),
        K::LogForward | K::LogProfile => {
            (Place::Parsing, format!("unknown keyword '{text}' in {kind} section."))
        }
        K::FcgiApp | K::Userlist => {
            (Place::ParsingTight, format!("unknown keyword '{text}' in '{kind}' section"))
        }
        _ => (Place::Parsing, format!("unknown keyword '{text}' in '{kind}' section")),
    };
    let diagnostic = remarks.add(Severity::Alert, span, place, message);
    if kind != K::Global {
        diagnostic.help = near.map(|name| format!("did you mean '{name}'?"));
    }
}

/// What HAProxy says of a word it once knew. True if it was one.
fn gone(remarks: &mut Remarks<'_>, global: bool, directive: Directive<'_>) -> bool {
    let argument = directive.text(1);
    let Some(row) = removed(global, directive.keyword_bytes(), argument) else { return false };
    let message = row.message.replacen("{}", &String::from_utf8_lossy(argument), 1);
    let message = message.trim_end_matches('\n').to_owned();
    remarks.add(Severity::Alert, directive.full_span(), row.place, message);
    true
}

/// Global directives that must be asked for.
const EXPERIMENTAL: [&str; 3] = ["force-cfg-parser-pause", "tune.fd.edge-triggered", "tune.fd.tables"];

fn global<'a>(remarks: &mut Remarks<'a>, directive: Directive<'a>) {
    let keyword = directive.keyword();
    if gone(remarks, true, directive) {
        return;
    }
    match keyword {
        "setenv" | "presetenv" => environment(remarks, directive),
        "unsetenv" if directive.len() < 2 => {
            let message = "'unsetenv' expects at least one variable name.\n".to_owned();
            remarks.alert(directive.span(), message);
        }
        "stats" if directive.text(1) == b"socket" => params::stats_socket(remarks, directive),
        _ if EXPERIMENTAL.contains(&keyword) && !remarks.experimental => {
            let message = format!(
                "'{keyword}' directive is experimental, must be allowed via a global \
                 'expose-experimental-directives'"
            );
            remarks.alert(directive.span(), message);
        }
        _ => {}
    }
}

fn environment(remarks: &mut Remarks<'_>, directive: Directive<'_>) {
    let keyword = directive.keyword();
    match (directive.word(1), directive.word(2)) {
        (None, _) => {
            let message = format!("'{keyword}' expects environment variable name.\n.");
            remarks.alert(directive.span(), message);
        }
        (Some(name), None) => {
            let message =
                format!("'{keyword}' expects environment variable value for '{}'.\n.", name.lossy());
            remarks.alert(name.span(), message);
        }
        (Some(name), Some(_)) if name.bytes().contains(&b'=') => {
            let message = format!("'{keyword}' failed on variable '{}' : Invalid argument.\n", name.lossy());
            remarks.alert(name.span(), message);
        }
        _ => remarks.too_many(directive, 3),
    }
}

/// A line of `defaults`, `frontend`, `listen` or `backend`.
fn proxy<'a>(remarks: &mut Remarks<'a>, section: Section<'a>, directive: Directive<'a>) {
    let (kind, word) = (section.kind(), directive.keyword_bytes());
    let known = places_of(vocabulary::DIRECTIVES, word);
    // A known word may have a gone one behind it; looking costs, so only where there are such.
    let family = known.is_none_or(|row| matches!(row.name, "mode" | "option" | "timeout"));
    if family && gone(remarks, false, directive) {
        return;
    }
    let Some(row) = known else {
        let text = String::from_utf8_lossy(word);
        let near = nearest(word, vocabulary::names(kind));
        let message = format!("unknown keyword '{text}' in '{kind}' section{}", hint(near));
        remarks.alert(directive.span(), message);
        return;
    };
    if place(remarks, section, directive, row) {
        families(remarks, section, directive);
        params::check(remarks, section, directive);
    }
}

/// Whether the directive may stand in this section. Says so if not; true if it is worth a closer look.
fn place(remarks: &mut Remarks<'_>, section: Section<'_>, directive: Directive<'_>, row: &Proxy) -> bool {
    let kind = section.kind();
    if kind == SectionKind::Defaults {
        return in_defaults(remarks, section, directive, row);
    }
    if row.allowed(kind) || kind == SectionKind::Listen {
        return true;
    }
    let keyword = directive.keyword();
    let name = section.name().unwrap_or_default();
    let span = directive.span();
    let (missing, instead) =
        if kind == SectionKind::Frontend { ("backend", "maxconn") } else { ("frontend", "fullconn") };
    match keyword {
        "server" | "server-template" | "default-server" => {
            let at = remarks.at(span);
            let message = format!(
                "parsing [{at}] : '{keyword}' not allowed because {kind} '{name}' has no {missing} capability."
            );
            remarks.add(Severity::Alert, span, Place::Bracket, message);
        }
        "declare" => {
            remarks.alert(span, "'declare' only available in frontend or listen section".to_owned());
        }
        "log-format" | "log-format-sd" | "error-log-format" => {
            remarks.warning(span, format!("{kind} '{name}' : '{keyword}' directive is ignored in backends."));
        }
        "rate-limit"
        | "max-keep-alive-queue"
        | "log-steps"
        | "clitcpka-cnt"
        | "clitcpka-idle"
        | "clitcpka-intvl"
        | "srvtcpka-cnt"
        | "srvtcpka-idle"
        | "srvtcpka-intvl" => {
            let what = if keyword == "rate-limit" { "rate-limit sessions" } else { keyword };
            let message =
                format!("{what} will be ignored because {kind} '{name}' has no {missing} capability");
            remarks.warning(span, message);
        }
        "be-unpublished" | "force-be-switch" => {
            remarks.alert(span, format!("'{keyword}' only available in {missing} or listen section."));
        }
        "hash-preserve-affinity" | "retry-on" | "use-fcgi-app" => {
            remarks.alert(span, format!("'{keyword}' only available in {missing} or listen section"));
        }
        "tcp-response" => return true,
        "unique-id-header"
        | "quic-initial"
        | "ssl-f-use"
        | "external-check"
        | "hash-balance-factor"
        | "persist" => {}
        _ => {
            let maybe = match keyword {
                "maxconn" | "fullconn" => format!(" Maybe you want '{instead}' instead ?"),
                _ => String::new(),
            };
            let message =
                format!("'{keyword}' ignored because {kind} '{name}' has no {missing} capability.{maybe}");
            remarks.warning(span, message);
        }
    }
    false
}

fn in_defaults(
    remarks: &mut Remarks<'_>,
    section: Section<'_>,
    directive: Directive<'_>,
    row: &Proxy,
) -> bool {
    let keyword = directive.keyword();
    let second = String::from_utf8_lossy(directive.text(1));
    let span = directive.span();
    if row.needs_named_defaults() && section.name_word().is_none() {
        let message = match keyword {
            "tcp-response" if matches!(&*second, "content" | "inspect-delay") => format!(
                "{keyword} {second} is only allowed in 'backend' sections or 'defaults' section with a name"
            ),
            "tcp-request" | "tcp-response" => {
                format!("{keyword} {second} is not allowed in anonymous 'defaults' sections")
            }
            _ => format!("'{keyword}' not allowed in anonymous 'defaults' section."),
        };
        remarks.alert(span, message).help = Some("give the defaults section a name".to_owned());
        return false;
    }
    if row.allowed(SectionKind::Defaults) && keyword != "stats" && keyword != "capture" {
        return true;
    }
    let at = remarks.at(span);
    let (place, message) = match (keyword, &*second) {
        ("stats", "admin") => {
            (Place::ParsingTight, "'stats admin' not allowed in 'defaults' section.".to_owned())
        }
        ("stats", "http-request") => {
            (Place::ParsingTight, "'stats' not allowed in 'defaults' section.".to_owned())
        }
        ("stats", _) => return true,
        ("capture", "cookie" | "request" | "response") => {
            (Place::Parsing, format!("'capture {second}' not allowed in 'defaults' section."))
        }
        ("capture", _) => return true,
        ("server" | "server-template", _) => {
            (Place::Bracket, format!("'{keyword}' not allowed in 'defaults' section."))
        }
        ("id" | "description", _) => {
            (Place::ParsingTight, format!("'{keyword}' not allowed in 'defaults' section."))
        }
        ("stick-table", _) => {
            (Place::Parsing, "'stick-table' is not supported in 'defaults' section.".to_owned())
        }
        ("declare", _) => (Place::Parsing, "'declare' not available in default section".to_owned()),
        ("filter" | "filter-sequence", _) => {
            (Place::Parsing, format!("parsing [{at}] : {keyword} is not allowed in a 'default' section."))
        }
        ("use-fcgi-app", _) => {
            (Place::Parsing, "'use-fcgi-app' only available in backend or listen section".to_owned())
        }
        ("ssl-f-use", _) => return true,
        _ => (Place::Parsing, format!("'{keyword}' not allowed in 'defaults' section.")),
    };
    remarks.add(Severity::Alert, span, place, message);
    false
}

/// The word after a directive that is a family: `option`, `timeout`, `http-request` and their like.
fn families<'a>(remarks: &mut Remarks<'a>, section: Section<'a>, directive: Directive<'a>) {
    match directive.keyword() {
        "option" => option(remarks, section, directive),
        "timeout" => timeout(remarks, section, directive),
        "mode" => mode(remarks, directive),
        "balance" => balance(remarks, directive),
        "stats" => stats(remarks, directive),
        "http-check" | "tcp-check" => health_check(remarks, directive),
        "http-request" | "http-response" | "http-after-response" => http_rules(remarks, directive),
        "tcp-request" | "tcp-response" => tcp_rules(remarks, section, directive),
        "email-alert" => {
            let word = directive.text(1);
            if !word.is_empty() && places_of(vocabulary::EMAIL_ALERT, word).is_none() {
                let message = format!("email-alert: unknown argument '{}'.", String::from_utf8_lossy(word));
                remarks.alert(directive.span(), message);
            }
        }
        "capture" if places_of(vocabulary::CAPTURE, directive.text(1)).is_none() => {
            let message = "'capture' expects 'cookie' or 'request header' or 'response header'.".to_owned();
            remarks.alert(directive.full_span(), message);
        }
        _ => {}
    }
}

fn option<'a>(remarks: &mut Remarks<'a>, section: Section<'a>, directive: Directive<'a>) {
    let Some(word) = directive.word(1) else {
        remarks.tight(directive.span(), "'option' expects an option name.".to_owned());
        return;
    };
    let text = word.lossy();
    let listed = |names: &[&str]| names.iter().any(|name| word.is(name));
    let refused = directive.negated() && !listed(vocabulary::NEGATABLE_OPTIONS)
        || directive.defaulted() && !listed(vocabulary::DEFAULTABLE_OPTIONS);
    if refused {
        remarks.tight(word.span(), format!("negation/default is not supported for option '{text}'."));
        return;
    }
    let Some(row) = places_of(vocabulary::OPTIONS, word.bytes()) else {
        let near = nearest(word.bytes(), vocabulary::OPTIONS.iter().map(|row| row.name));
        let end = near.map_or_else(|| ".".to_owned(), |_| hint(near));
        remarks.alert(word.span(), format!("unknown option '{text}'{end}"));
        return;
    };
    let (kind, name) = (section.kind(), section.name().unwrap_or_default());
    if row.allowed(kind) || matches!(kind, SectionKind::Listen | SectionKind::Defaults) {
        return;
    }
    let message = match (kind, row.name) {
        (SectionKind::Frontend, "forwarded") if directive.negated() => return,
        (SectionKind::Frontend, "external-check") => return,
        (SectionKind::Frontend, "forwarded") => {
            format!("'option {text}' ignored because {kind} '{name}' has no backend capability.")
        }
        (SectionKind::Backend, "tcplog" | "httplog" | "httpslog") => {
            format!("{kind} '{name}' : 'option {text}' directive is ignored in backends.")
        }
        (SectionKind::Backend, _) => {
            format!("'{text}' ignored because {kind} '{name}' has no frontend capability.")
        }
        _ => format!("'{text}' ignored because {kind} '{name}' has no backend capability."),
    };
    remarks.warning(word.span(), message);
}

fn timeout<'a>(remarks: &mut Remarks<'a>, section: Section<'a>, directive: Directive<'a>) {
    let word = directive.text(1);
    let span = directive.word(1).map_or(directive.span(), |word| word.span());
    let text = String::from_utf8_lossy(word);
    let Some(row) = places_of(vocabulary::TIMEOUTS, word) else {
        let message = format!(
            "'timeout' supports 'client', 'server', 'connect', 'check', 'queue', 'handshake', 'http-keep-alive', \
             'http-request', 'tunnel', 'tarpit', 'client-fin' and 'server-fin' (got '{text}')"
        );
        let near = nearest(word, vocabulary::TIMEOUTS.iter().map(|row| row.name));
        remarks.alert(span, message).help = near.map(|name| format!("did you mean '{name}'?"));
        return;
    };
    let (kind, name) = (section.kind(), section.name().unwrap_or_default());
    if !row.allowed(kind) && matches!(kind, SectionKind::Frontend | SectionKind::Backend) {
        let missing = if kind == SectionKind::Frontend { "backend" } else { "frontend" };
        let message =
            format!("'timeout {text}' will be ignored because {kind} '{name}' has no {missing} capability");
        remarks.warning(span, message);
    }
}

fn mode(remarks: &mut Remarks<'_>, directive: Directive<'_>) {
    let Some(word) = directive.word(1) else { return };
    if !vocabulary::MODES.iter().any(|name| word.is(name)) {
        let near = nearest(word.bytes(), vocabulary::MODES.iter().copied());
        let message = format!("unknown proxy mode '{}'.", word.lossy());
        remarks.alert(word.span(), message).help = near.map(|name| format!("did you mean '{name}'?"));
    }
}

fn balance(remarks: &mut Remarks<'_>, directive: Directive<'_>) {
    let Some(word) = directive.word(1) else { return };
    let stem = word.bytes().split(|&b| b == b'(').next().unwrap_or_default();
    if !vocabulary::BALANCE.iter().any(|name| name.as_bytes() == stem) {
        let message = "balance only supports 'roundrobin', 'static-rr', 'leastconn', 'source', 'uri', 'url_param', \
                       'hash', 'hdr(name)', 'rdp-cookie(name)', 'log-hash' and 'sticky' options.";
        let near = nearest(stem, vocabulary::BALANCE.iter().copied());
        remarks.alert(word.span(), message.to_owned()).help =
            near.map(|name| format!("did you mean '{name}'?"));
    }
}

fn stats(remarks: &mut Remarks<'_>, directive: Directive<'_>) {
    const EXPECTS: &str = "expects 'admin', 'uri', 'realm', 'auth', 'scope', 'enable', 'hide-version', 'show-node', \
                           'show-desc' , 'show-legends' or 'show-version'.";
    match directive.word(1) {
        None => {
            remarks.tight(directive.span(), format!("missing keyword in 'stats', {EXPECTS}"));
        }
        Some(word) if places_of(vocabulary::STATS, word.bytes()).is_none() => {
            let message = format!("unknown stats parameter '{}', {EXPECTS}", word.lossy());
            let near = nearest(word.bytes(), vocabulary::STATS.iter().map(|row| row.name));
            remarks.tight(word.span(), message).help = near.map(|name| format!("did you mean '{name}'?"));
        }
        Some(_) => {}
    }
}

fn health_check(remarks: &mut Remarks<'_>, directive: Directive<'_>) {
    let keyword = directive.keyword();
    let (table, only) = if keyword == "http-check" {
        (vocabulary::HTTP_CHECK, "'disable-on-404', 'send-state', 'comment', 'connect', 'send', 'expect'")
    } else {
        (vocabulary::TCP_CHECK, "'comment', 'connect', 'send', 'send-binary', 'expect'")
    };
    let word = directive.text(1);
    let stem = word.split(|&b| b == b'(').next().unwrap_or_default();
    if places_of(table, stem).is_none() {
        let got = String::from_utf8_lossy(word);
        let got = if got.is_empty() { String::new() } else { format!(" but got '{got}'") };
        let message =
            format!("'{keyword}' only supports {only}, 'set-var-fmt(*)', 'set-var(*)', 'unset-var(*)'.{got}");
        let near = nearest(stem, table.iter().map(|row| row.name));
        remarks.alert(directive.full_span(), message).help =
            near.map(|name| format!("did you mean '{name}'?"));
    }
}

fn http_rules(remarks: &mut Remarks<'_>, directive: Directive<'_>) {
    let keyword = directive.keyword();
    let Some(actions) = vocabulary::actions(keyword) else { return };
    let word = directive.text(1);
    if vocabulary::action_known(actions, word) {
        if word == b"normalize-uri" && !remarks.experimental {
            let message = "'normalize-uri' action is experimental, must be allowed via a global \
                           'expose-experimental-directives'";
            remarks.alert(directive.full_span(), message.to_owned());
        }
        return;
    }
    let (expects, text) = (list(actions), String::from_utf8_lossy(word));
    let near = nearest_action(word, actions);
    let end = match near {
        Some(name) => format!(". Did you mean '{name}' maybe ?"),
        None if word.is_empty() => " (missing argument).".to_owned(),
        None => ".".to_owned(),
    };
    let span = directive.word(1).map_or(directive.span(), |word| word.span());
    remarks.tight(span, format!("'{keyword}' expects {expects}, but got '{text}'{end}"));
}

fn tcp_rules<'a>(remarks: &mut Remarks<'a>, section: Section<'a>, directive: Directive<'a>) {
    let (keyword, kind) = (directive.keyword(), section.kind());
    let name = section.name().unwrap_or_default();
    let whose = match kind {
        SectionKind::Defaults if keyword == "tcp-request" => "defaults section".to_owned(),
        _ => format!("{} '{name}'", proxy_type(kind)),
    };
    let Some(second) = directive.word(1) else {
        remarks.alert(directive.span(), format!("missing argument for '{keyword}' in {whose}"));
        return;
    };
    let rules = format!("{keyword} {}", second.lossy());
    let sided = match rules.as_str() {
        "tcp-request connection" | "tcp-request session" if kind == SectionKind::Backend => {
            Some(format!("{rules} is not allowed because {kind} {name} is not a frontend"))
        }
        "tcp-response content" | "tcp-response inspect-delay" if kind == SectionKind::Frontend => {
            Some(format!("{rules} is only allowed in 'backend' sections or 'defaults' section with a name"))
        }
        "tcp-request inspect-delay" | "tcp-response inspect-delay" => return,
        _ => None,
    };
    if let Some(message) = sided {
        remarks.alert(directive.full_span(), message);
        return;
    }
    let Some(actions) = vocabulary::actions(&rules) else {
        let expects = if keyword == "tcp-request" {
            "'inspect-delay', 'connection', or 'content'"
        } else {
            "'inspect-delay' or 'content'"
        };
        let message = format!("'{keyword}' expects {expects} in {whose} (got '{}')", second.lossy());
        remarks.alert(second.span(), message);
        return;
    };
    let word = directive.text(2);
    if word == b"attach-srv" && rules == "tcp-request session" && !remarks.experimental {
        let at = remarks.at(directive.span());
        let message = format!(
            "parsing [{at}] : 'attach-srv' action is experimental, must be allowed via a global \
             'expose-experimental-directives'"
        );
        remarks.alert(directive.full_span(), message);
    }
    if !vocabulary::action_known(actions, word) {
        let (expects, text) = (list(actions), String::from_utf8_lossy(word));
        let near = nearest_action(word, actions);
        let near = near.map_or_else(String::new, |name| format!(" Did you mean '{name}' maybe ?"));
        let span = directive.word(2).map_or(directive.full_span(), |word| word.span());
        remarks.alert(span, format!("'{rules}' expects {expects} in {whose} (got '{text}').{near}"));
    }
}

/// The action nearest to a word, whatever its argument in parentheses.
fn nearest_action(word: &[u8], actions: &[&'static str]) -> Option<&'static str> {
    let stem = word.split(|&b| b == b'(').next().unwrap_or_default();
    nearest(stem, actions.iter().copied())
}

/// Names in quotes, those with an argument marked as HAProxy marks them.
fn list(names: &[&str]) -> String {
    let quoted: Vec<String> = names
        .iter()
        .map(|name| match name.strip_suffix('*') {
            Some(stem) => format!("'{stem}(*)'"),
            None => format!("'{name}'"),
        })
        .collect();
    quoted.join(", ")
}
