//! What names in expressions and rules mean, as numbers; and servers of one name.

use std::collections::HashMap;

use config::{Diagnostic, Place};

use super::Seat;
use crate::compile::Names;
use crate::ctx::Plan;
use crate::draft::Draft;

/// Collects the names of all proxies and servers.
pub(super) fn collect(plan: &mut Plan<'_>, drafts: &[Draft<'_>], seats: &[Seat]) -> Names {
    let mut names = Names::default();
    names.base = plan.base.as_deref().map(Into::into);
    for (draft, seat) in drafts.iter().zip(seats) {
        if let Some(position) = seat.frontend {
            names.frontends.entry(draft.name.into()).or_insert(position);
        }
        if let Some(position) = seat.backend {
            names.backends.entry(draft.name.into()).or_insert(position);
            names.servers.push(servers(plan, draft));
        }
    }
    for (name, pages) in &plan.pages {
        names.http_errors.insert((*name).into(), std::sync::Arc::clone(pages));
    }
    names
}

fn servers(plan: &mut Plan<'_>, draft: &Draft<'_>) -> HashMap<Box<str>, u32> {
    let mut by_name = HashMap::with_capacity(draft.servers.len());
    for (position, server) in (0u32..).zip(&draft.servers) {
        let Some(first) = by_name.insert(server.name.clone(), position) else { continue };
        let span = |at: u32| usize::try_from(at).ok().and_then(|at| draft.server_spans.get(at)).copied();
        let (Some(here), Some(there)) = (span(position), span(first)) else { continue };
        let (_, line) = plan.loaded.location(there);
        let message = format!(
            "'server {}/{}' : another server named '{}' was already defined at line {line}, please use a distinct \
             name.",
            draft.name, server.name, server.name
        );
        plan.remarks.push(Diagnostic::alert(here, message).at(Place::Bracket));
        by_name.insert(server.name.clone(), first);
    }
    by_name
}
