//! What names in expressions and rules mean, as numbers; and servers of one name.

use std::collections::HashMap;

use config::{Diagnostic, Place};

use super::Seat;
use crate::compile::Names;
use crate::ctx::Plan;
use crate::directive::log::LineFormat;
use crate::draft::Draft;

/// Collects the names of all proxies and servers.
pub(super) fn collect(plan: &mut Plan<'_>, drafts: &[Draft<'_>], seats: &[Seat]) -> Names {
    let mut names = Names::default();
    let asked = drafts.iter().any(names_servers);
    if let Some(old) = plan.old {
        names.seed(old);
    }
    names.stick_counters = plan.global.stick_counters;
    names.base = plan.base.as_deref().map(Into::into);
    for (draft, seat) in drafts.iter().zip(seats) {
        if let Some(position) = seat.frontend {
            names.frontends.entry(draft.name.into()).or_insert(position);
        }
        if let Some(position) = seat.backend {
            names.backends.entry(draft.name.into()).or_insert(position);
            repeated(plan, draft);
            names.servers.push(if asked { servers(draft) } else { HashMap::new() });
        }
    }
    for (position, list) in (0u32..).zip(&plan.userlists) {
        names.userlists.entry(list.name.clone()).or_insert(position);
    }
    for (position, table) in (0u32..).zip(&plan.tables) {
        names.tables.insert(table.shape.name.clone(), (position, table.shape.key));
        names.table_kinds.push(table.shape.columns.iter().map(|column| column.kind).collect());
    }
    for (position, profile) in (0u32..).zip(&plan.log_profiles) {
        names.log_profiles.insert(profile.name.into(), position);
    }
    for (position, cache) in (0u32..).zip(&plan.caches) {
        names.caches.insert(cache.name.clone(), position);
    }
    for (name, file) in &plan.tls.store.certificates {
        names.certificates.known.insert(name.clone(), file.content.for_tokens);
    }
    names.rings = plan.rings.iter().map(|ring| ring.name.clone()).collect();
    names.certificates.sealed = plan.tls.sealed;
    for (position, resolvers) in (0u32..).zip(&plan.resolvers) {
        names.resolvers.entry(resolvers.name.clone()).or_insert(position);
    }
    for (name, pages) in &plan.pages {
        names.http_errors.insert((*name).into(), std::sync::Arc::clone(pages));
    }
    names
}

/// Whether a line may name a server: with `use-server`, or in a sample (`srv_conn(b/s)`), be it one of a file.
fn names_servers(draft: &Draft<'_>) -> bool {
    let log = &draft.settings.log;
    let formats = match log.line {
        LineFormat::Own(line) => Some(line),
        _ => None,
    };
    let formats =
        formats.into_iter().chain(log.error_line).chain(log.structured).chain(draft.settings.balance);
    let checks = &draft.settings.check;
    let formats =
        formats.chain(draft.settings.unique_id).chain(checks.rules.iter().copied()).chain(checks.option);
    let own =
        draft.acls.iter().chain(&draft.use_backend).chain(&draft.persist_rules).chain(&draft.stick).copied();
    let inherited =
        draft.rules_of_defaults().map(|d| d.rules.iter().map(|r| r.line).chain(d.acls.iter().copied()));
    let lines =
        draft.rules.iter().map(|r| r.line).chain(own).chain(formats).chain(inherited.into_iter().flatten());
    let mut words = lines.flat_map(|line| line.args());
    !draft.use_server.is_empty()
        || words.any(|w| w.bytes() == b"lf-file" || w.bytes().windows(3).any(|part| part == b"srv"))
}

fn servers(draft: &Draft<'_>) -> HashMap<Box<str>, u32> {
    (0u32..).zip(&draft.servers).map(|(position, server)| (server.name.clone(), position)).collect()
}

/// Says which servers have the name of another.
fn repeated(plan: &mut Plan<'_>, draft: &Draft<'_>) {
    let mut order: Vec<usize> = (0..draft.servers.len()).collect();
    let name = |at: usize| draft.servers.get(at).map_or("", |s| &*s.name);
    order.sort_by_key(|at| (name(*at), *at));
    for pair in order.chunk_by(|a, b| name(*a) == name(*b)).filter(|run| run.len() > 1) {
        let Some((first, others)) = pair.split_first() else { continue };
        let Some(there) = draft.server_spans.get(*first) else { continue };
        let (_, line) = plan.loaded.location(*there);
        for other in others {
            let Some(here) = draft.server_spans.get(*other) else { continue };
            let (proxy, name) = (draft.name, name(*other));
            let message = format!(
                "'server {proxy}/{name}' : another server named '{name}' was already defined at line {line}, please \
                 use a distinct name."
            );
            plan.remarks.push(Diagnostic::alert(*here, message).at(Place::Bracket));
        }
    }
}
