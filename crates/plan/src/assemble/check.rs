//! What can only be judged when all proxies are known, in HAProxy's words.

use std::collections::HashMap;

use config::{Diagnostic, Place, SectionKind};
use state::family::RuleSet;
use state::options::Mode;

use crate::ctx::{Plan, kind_name};
use crate::draft::Draft;

/// Two proxies of one name.
pub(super) fn names(plan: &mut Plan<'_>, drafts: &[Draft<'_>]) {
    let mut seen: HashMap<&str, usize> = HashMap::with_capacity(drafts.len());
    for (position, draft) in drafts.iter().enumerate() {
        let first = *seen.entry(draft.name).or_insert(position);
        let Some(other) = drafts.get(first).filter(|_| first != position) else { continue };
        let place = plan.place(other.span);
        let message = format!(
            "{} '{}' has the same name as {} '{}' declared at {place}. This is no longer supported as of 3.3. Please \
             rename one or the other.",
            kind_name(draft.kind),
            draft.name,
            kind_name(other.kind),
            other.name
        );
        plan.remarks.push(Diagnostic::alert(draft.span, message).at(Place::ParsingCapital));
    }
}

/// What may be inherited from a `defaults` section with rules.
pub(super) fn inheritance(plan: &mut Plan<'_>, drafts: &[Draft<'_>]) {
    // By the section's line: whether a frontend, whether a backend inherits from it.
    let mut used: HashMap<(u16, u32), (bool, bool)> = HashMap::new();
    for draft in drafts {
        let Some(defaults) = draft.rules_of_defaults() else { continue };
        let place = plan.place(defaults.span);
        let has = |sets: &[RuleSet]| defaults.rules.iter().any(|r| sets.contains(&r.set));
        let sides = used.entry((defaults.span.file.0, defaults.span.line)).or_default();
        match draft.kind {
            SectionKind::Frontend => sides.0 = true,
            _ => sides.1 = true,
        }
        let message = match draft.kind {
            SectionKind::Listen => {
                "a listen section cannot inherit from a defaults section defining TCP/HTTP rules.".to_owned()
            }
            SectionKind::Backend if has(&[RuleSet::TcpRequestConnection, RuleSet::TcpRequestSession]) => {
                format!(
                    "a backend section cannot inherit from a defaults section defining 'tcp-request connection' or \
                 'tcp-request session' rules (defaults section at {place})."
                )
            }
            SectionKind::Frontend if has(&[RuleSet::TcpResponseContent]) => format!(
                "a frontend section cannot inherit from a defaults section defining 'tcp-response content' rules \
                 (defaults section at {place})."
            ),
            _ if *sides == (true, true) => format!(
                "frontends and backends cannot inherit from the same defaults section if it defines TCP/HTTP rules \
                 (defaults section at {place})."
            ),
            _ => continue,
        };
        plan.remarks.push(Diagnostic::alert(draft.span, message).at(Place::ParsingTight));
    }
}

/// Whether a frontend can be reached, and what it says that its mode has no use for. One that `upgrades` leads to an
/// HTTP backend from TCP.
pub(super) fn usable(plan: &mut Plan<'_>, draft: &Draft<'_>, upgrades: bool) {
    if draft.settings.disabled {
        return;
    }
    let title = format!("{} '{}'", kind_name(draft.kind), draft.name);
    if draft.kind.has_frontend() && draft.binds.is_empty() {
        plan.remarks.warn_bare(format!(
            "{title} has no 'bind' directive. Please declare it as a backend if this was intended."
        ));
    }
    let log = &draft.settings.log;
    let formatted = !matches!(log.line, crate::directive::log::LineFormat::Short);
    let own = draft.defaults.as_ref().is_none_or(|d| !std::rc::Rc::ptr_eq(&d.settings.log, log));
    if draft.kind.has_frontend() && formatted && own && log.loggers.is_empty() {
        plan.remarks.warn_bare(format!("log format ignored for {title} since it has no log address."));
    }
    if draft.settings.mode == Mode::Http || upgrades {
        return;
    }
    if draft.settings.monitor_uri.is_some() && draft.kind.has_frontend() {
        plan.remarks
            .warn_bare(format!("'monitor-uri' statement ignored for {title} as it requires HTTP mode."));
    }
    if draft.captures.cookie.is_some() {
        plan.remarks.warn_bare(format!("'capture' statement ignored for {title} as it requires HTTP mode."));
    }
    if draft.settings.stats.enabled {
        plan.remarks.warn_bare(format!("'stats' statement ignored for {title} as it requires HTTP mode."));
    }
    for (set, word) in [
        (RuleSet::HttpRequest, "http-request"),
        (RuleSet::HttpResponse, "http-response"),
        (RuleSet::HttpAfterResponse, "http-after-response"),
    ] {
        if draft.rules.iter().any(|r| r.set == set && r.action == 1) {
            plan.remarks.warn_bare(format!("'{word}' rules ignored for {title} as they require HTTP mode."));
        }
    }
    if draft.has_redirect {
        plan.remarks.warn_bare(format!("'redirect' rules ignored for {title} as they require HTTP mode."));
    }
    for what in &draft.settings.http_only {
        plan.remarks.warn_bare(format!("'{what}' ignored for {title} as it requires HTTP mode."));
    }
}

/// Timeouts that a proxy can't do without.
pub(super) fn timeouts(plan: &mut Plan<'_>, draft: &Draft<'_>) {
    let timeouts = &draft.settings.timeouts;
    let front = draft.kind.has_frontend() && timeouts.client.is_none();
    let back = !draft.servers.is_empty() && (timeouts.connect.is_none() || timeouts.server.is_none());
    if draft.settings.disabled || !(front || back) || matches!(draft.settings.mode, Mode::Log | Mode::Spop) {
        return;
    }
    plan.remarks.warn_bare(format!(
        "missing timeouts for {} '{}'.\n   | While not properly invalid, you will certainly encounter various \
         problems\n   | with such a configuration. To fix this, please ensure that all following\n   | timeouts are \
         set to a non-zero value: 'client', 'connect', 'server'.",
        kind_name(draft.kind),
        draft.name
    ));
}

/// What HAProxy says at the very end.
pub(super) fn say_late(plan: &mut Plan<'_>) {
    for message in std::mem::take(&mut plan.late) {
        plan.remarks.alert_bare(message);
    }
    let unresolved = std::mem::take(&mut plan.unresolved);
    let fails = !unresolved.is_empty() && !plan.env.skip_unresolved;
    for message in unresolved {
        match fails {
            true => plan.remarks.alert_bare(format!("{message}.")),
            false => plan.remarks.notice_bare(format!("{message}, disabling server.")),
        }
    }
    if fails {
        plan.remarks.alert_bare("Failed to initialize server(s) addr.");
    }
}
