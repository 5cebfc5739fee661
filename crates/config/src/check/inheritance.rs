//! Who may inherit from a `defaults` section that holds TCP or HTTP rules (manual 4, "defaults").

use std::collections::HashMap;

use super::Remarks;
use crate::loaded::{Section, Span};
use crate::section::SectionKind;

/// What a `defaults` section holds, and who used it so far.
#[derive(Clone, Copy, Default)]
struct Rules {
    span: Span,
    any: bool,
    /// `tcp-request connection` or `tcp-request session`.
    early: bool,
    /// `tcp-response content`.
    response: bool,
    frontend: bool,
    backend: bool,
}

pub(super) fn check(remarks: &mut Remarks<'_>) {
    let loaded = remarks.loaded;
    let mut all: HashMap<usize, Rules> = HashMap::new();
    for (index, (section, source)) in loaded.sections().zip(loaded.inheritance()).enumerate() {
        let rules = source.and_then(|source| all.get_mut(&source));
        if let Some((message, at)) = rules.and_then(|rules| inherit(section, rules)) {
            let end = at.map_or_else(String::new, |at| format!(" (defaults section at {})", remarks.at(at)));
            remarks.tight(section.span(), format!("{message}{end}."));
        }
        // Without a name it may not hold rules at all, which is said elsewhere.
        if section.kind() == SectionKind::Defaults && section.name_word().is_some() {
            all.insert(index, rules_of(section));
        }
    }
}

/// The complaint about a section that inherits these rules, and the place to point to.
fn inherit(section: Section<'_>, rules: &mut Rules) -> Option<(&'static str, Option<Span>)> {
    let at = Some(rules.span);
    if !rules.any {
        return None;
    }
    match section.kind() {
        SectionKind::Defaults => {
            return Some((
                "a defaults section cannot inherit from a defaults section defining TCP/HTTP rules",
                at,
            ));
        }
        SectionKind::Listen => {
            return Some((
                "a listen section cannot inherit from a defaults section defining TCP/HTTP rules",
                None,
            ));
        }
        SectionKind::Backend if rules.early => {
            return Some((
                "a backend section cannot inherit from a defaults section defining 'tcp-request connection' or \
                 'tcp-request session' rules",
                at,
            ));
        }
        SectionKind::Frontend if rules.response => {
            return Some((
                "a frontend section cannot inherit from a defaults section defining 'tcp-response content' rules",
                at,
            ));
        }
        SectionKind::Backend => rules.backend = true,
        _ => rules.frontend = true,
    }
    (rules.frontend && rules.backend).then_some((
        "frontends and backends cannot inherit from the same defaults section if it defines TCP/HTTP rules",
        at,
    ))
}

fn rules_of(section: Section<'_>) -> Rules {
    let mut rules = Rules { span: section.span(), ..Rules::default() };
    for directive in section.directives() {
        match (directive.keyword_bytes(), directive.text(1)) {
            (b"http-request" | b"http-response" | b"http-after-response" | b"quic-initial", _) => {
                rules.any = true;
            }
            (b"tcp-request", b"connection" | b"session") => (rules.any, rules.early) = (true, true),
            (b"tcp-request", b"content") => rules.any = true,
            (b"tcp-response", b"content") => (rules.any, rules.response) = (true, true),
            _ => {}
        }
    }
    rules
}
