//! Names that must exist: backends that rules send to, servers that rules name; and servers named twice.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use super::{Remarks, proxy_type};
use crate::diagnostic::{Place, Severity};
use crate::loaded::{Directive, Section, Word};
use crate::parse::MAX_DIAGNOSTICS;
use crate::section::SectionKind;
use crate::vocabulary::nearest;

pub(super) fn check(remarks: &mut Remarks<'_>) {
    let loaded = remarks.loaded;
    let backends: HashSet<&[u8]> = loaded
        .sections()
        .filter(|section| section.kind().has_backend())
        .filter_map(|section| section.name_word())
        .map(|name| name.bytes())
        .collect();
    // One server table for the run: cleared, not freed, between sections.
    let mut servers = HashMap::new();
    let mut defaults: HashMap<usize, Directive<'_>> = HashMap::new();
    for (index, (section, source)) in loaded.sections().zip(loaded.inheritance()).enumerate() {
        if !section.kind().is_proxy() {
            continue;
        }
        let own = section.directives().rfind(|d| d.keyword_bytes() == b"default_backend");
        let inherited = source.and_then(|source| defaults.get(&source).copied());
        if section.kind() == SectionKind::Defaults {
            defaults.extend(own.or(inherited).map(|target| (index, target)));
            continue;
        }
        if let (None, true, Some(target)) = (own, section.kind().has_frontend(), inherited) {
            backend(remarks, section, target, false, &backends);
        }
        servers.clear();
        for directive in section.directives() {
            if remarks.found.len() > MAX_DIAGNOSTICS {
                return;
            }
            match directive.keyword_bytes() {
                b"use_backend" => backend(remarks, section, directive, true, &backends),
                // Of several the last one counts.
                b"default_backend" if own.is_some_and(|own| own.span() == directive.span()) => {
                    backend(remarks, section, directive, false, &backends);
                }
                b"server" => declare(remarks, section, directive, &mut servers),
                b"server-template" => templates(directive, &mut servers),
                _ => {}
            }
        }
        for directive in section.directives().filter(|d| d.keyword_bytes() == b"use-server") {
            use_server(remarks, section, directive, &servers);
        }
    }
}

fn backend<'a>(
    remarks: &mut Remarks<'a>,
    section: Section<'a>,
    directive: Directive<'a>,
    conditional: bool,
    backends: &HashSet<&[u8]>,
) {
    let keyword = directive.keyword();
    let Some(target) = directive.word(1) else {
        remarks.alert(directive.span(), format!("'{keyword}' expects a backend name."));
        return;
    };
    if conditional && let Some(word) = directive.word(2).filter(|word| !word.is("if") && !word.is("unless")) {
        let message = format!(
            "unexpected keyword '{}' after switching rule, only 'if' and 'unless' are allowed.",
            word.lossy()
        );
        remarks.alert(word.span(), message);
    }
    // A name with a format in it is known only when a request is there.
    let dynamic = conditional && target.bytes().contains(&b'%');
    if dynamic || backends.contains(target.bytes()) {
        return;
    }
    let (owner, name) = (section.name().unwrap_or_default(), target.lossy());
    let message = format!("Proxy '{owner}': unable to find required {keyword}: '{name}'.");
    let near = nearest(target.bytes(), backends.iter().filter_map(|name| std::str::from_utf8(name).ok()));
    let help = near.map(|near| format!("there is a backend '{near}'"));
    remarks.add(Severity::Alert, target.span(), Place::Bare, message).help = help;
}

fn declare<'a>(
    remarks: &mut Remarks<'a>,
    section: Section<'a>,
    directive: Directive<'a>,
    servers: &mut HashMap<Cow<'a, [u8]>, Word<'a>>,
) {
    let Some(name) = directive.word(1) else { return };
    let Some(first) = servers.insert(Cow::Borrowed(name.bytes()), name) else { return };
    let (owner, text) = (section.name().unwrap_or_default(), name.lossy());
    let line = first.span().line;
    let message = format!(
        "'server {owner}/{text}' : another server named '{text}' was already defined at line {line}, please use a \
         distinct name."
    );
    remarks.add(Severity::Alert, name.span(), Place::Bracket, message);
}

/// The most servers one template makes for this check; larger numbers are for others to refuse.
const MAX_TEMPLATE: u32 = 10_000;

/// `server-template <prefix> <count or range> ...` declares a server for each number.
fn templates<'a>(directive: Directive<'a>, servers: &mut HashMap<Cow<'a, [u8]>, Word<'a>>) {
    let (Some(prefix), Some(range)) = (directive.word(1), directive.word(2)) else { return };
    let numbers = range.str().unwrap_or_default();
    let (low, high) = numbers.split_once('-').unwrap_or(("1", numbers));
    let (Ok(low), Ok(high)) = (low.parse::<u32>(), high.parse::<u32>()) else { return };
    for number in low..=high.min(low.saturating_add(MAX_TEMPLATE)) {
        let name = [prefix.bytes(), number.to_string().as_bytes()].concat();
        servers.entry(Cow::Owned(name)).or_insert(prefix);
    }
}

fn use_server<'a>(
    remarks: &mut Remarks<'a>,
    section: Section<'a>,
    directive: Directive<'a>,
    servers: &HashMap<Cow<'a, [u8]>, Word<'a>>,
) {
    let Some(target) = directive.word(1) else {
        remarks.alert(directive.span(), "'use-server' expects a server name.".to_owned());
        return;
    };
    if target.bytes().contains(&b'%') || servers.contains_key(target.bytes()) {
        return;
    }
    let (kind, owner) = (proxy_type(section.kind()), section.name().unwrap_or_default());
    let message = format!(
        "{kind} '{owner}' : unable to find server '{}' referenced in a 'use-server' rule.",
        target.lossy()
    );
    let near = nearest(target.bytes(), servers.keys().filter_map(|name| std::str::from_utf8(name).ok()));
    let help = near.map(|near| format!("there is a server '{near}'"));
    remarks.add(Severity::Alert, target.span(), Place::Bare, message).help = help;
}
