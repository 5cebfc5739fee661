//! The numbers of proxies, listeners and servers, as statistics show them. Automatic ones count on by one for each
//! object and step over those given with `id` anywhere in the configuration.

use std::collections::{HashMap, HashSet};

use config::{Diagnostic, Place};

use super::Seat;
use crate::ctx::{Plan, kind_name};
use crate::draft::Draft;

/// Gives every proxy its id and its positions, every listener and every server its id.
pub(super) fn seats(plan: &mut Plan<'_>, drafts: &mut [Draft<'_>]) -> Vec<Seat> {
    let taken = given(plan, drafts);
    // HAProxy has never given 1 by itself.
    let mut next = 2;
    let (mut frontend, mut backend) = (0, 0);
    let mut seats = Vec::with_capacity(drafts.len());
    for draft in drafts {
        let id = match draft.id {
            Some((id, _)) => id,
            None => {
                next = free(next, |id| taken.contains_key(&id));
                next += 1;
                next - 1
            }
        };
        let mut seat = Seat { id, frontend: None, backend: None };
        if draft.kind.has_frontend() {
            seat.frontend = Some(frontend);
            frontend += 1;
        }
        if draft.kind.has_backend() {
            seat.backend = Some(backend);
            backend += 1;
        }
        seats.push(seat);
        number_binds(draft);
        number_servers(plan, draft);
    }
    seats
}

/// The ids that proxies were given, by the position of the first one that has it.
fn given(plan: &mut Plan<'_>, drafts: &[Draft<'_>]) -> HashMap<u32, usize> {
    let mut taken: HashMap<u32, usize> = HashMap::new();
    for (position, draft) in drafts.iter().enumerate() {
        let Some((id, span)) = draft.id else { continue };
        let first = *taken.entry(id).or_insert(position);
        if let Some(other) = drafts.get(first).filter(|_| first != position) {
            let place = plan.place(other.span);
            let message = format!(
                "{} {} reuses same custom id as {} {} (declared at {place}).",
                kind_name(draft.kind),
                draft.name,
                kind_name(other.kind),
                other.name
            );
            plan.remarks.push(Diagnostic::alert(span, message).at(Place::ParsingTight));
        }
    }
    taken
}

fn free(from: u32, taken: impl Fn(u32) -> bool) -> u32 {
    (from..).find(|id| !taken(*id)).unwrap_or(u32::MAX)
}

fn number_binds(draft: &mut Draft<'_>) {
    let taken: HashSet<u32> = draft.binds.iter().map(|(b, _)| b.id).filter(|id| *id > 0).collect();
    let mut next = 1;
    for (bind, _) in &mut draft.binds {
        if bind.id == 0 {
            next = free(next, |id| taken.contains(&id));
            bind.id = next;
        }
        next += 1;
    }
}

fn number_servers(plan: &mut Plan<'_>, draft: &mut Draft<'_>) {
    let mut taken: HashMap<u32, usize> = HashMap::new();
    for (position, server) in draft.servers.iter().enumerate().filter(|(_, s)| s.id > 0) {
        let first = *taken.entry(server.id).or_insert(position);
        if first == position {
            continue;
        }
        let (Some(other), Some(span)) = (draft.servers.get(first), draft.server_spans.get(position)) else {
            continue;
        };
        let place = draft.server_spans.get(first).map(|s| plan.place(*s)).unwrap_or_default();
        let message = format!(
            "'server {}/{}' : 'id' : custom id {} already used at {place} ('server {}').",
            draft.name, server.name, server.id, other.name
        );
        plan.remarks.push(Diagnostic::alert(*span, message).at(Place::Bracket));
    }
    let mut next = 1;
    for server in &mut draft.servers {
        if server.id == 0 {
            next = free(next, |id| taken.contains_key(&id));
            server.id = next;
        }
        next += 1;
    }
}
