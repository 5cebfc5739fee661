//! `roundrobin`, `static-rr`: each server in turn, by weight.

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use arc_swap::ArcSwap;

use super::order::{map, round};
use super::prelude::*;

pub(super) const KEYWORDS: &[Balancer] = &[
    Balancer {
        name: "roundrobin",
        doc: "Each server in turn, in proportion to its weight. Weights may change at run time.",
        examples: &["roundrobin"],
        parse: |_| Ok(Box::new(RoundRobin::new(round, true))),
    },
    Balancer {
        name: "static-rr",
        doc: "Each server in turn, in proportion to its weight, in the order of the map that hashes use.",
        examples: &["static-rr"],
        parse: |_| Ok(Box::new(RoundRobin::new(map, false))),
    },
];

/// The order of one round, recomputed when a server changes. Where in it we are is the backend's to know, which outlives
/// changes of the configuration.
#[derive(Debug)]
struct RoundRobin {
    order: fn(&Backend) -> Vec<u32>,
    dynamic: bool,
    round: ArcSwap<Vec<u32>>,
}

impl RoundRobin {
    fn new(order: fn(&Backend) -> Vec<u32>, dynamic: bool) -> Self {
        Self { order, dynamic, round: ArcSwap::default() }
    }
}

impl Balance for RoundRobin {
    fn pick(&self, pick: &Pick<'_>) -> Option<u32> {
        if has_line(pick) {
            return None;
        }
        let (round, live) = (self.round.load(), &pick.backend.live);
        for _ in 0..round.len() {
            let at = live.turn.fetch_add(1, Relaxed) % round.len();
            let server = *round.get(at)?;
            if is_free(pick, server) {
                let uid = pick.backend.server(server)?.live.uid;
                live.last_turn.store(uid.wrapping_add(1), Relaxed);
                return Some(server);
            }
        }
        None
    }

    fn is_dynamic(&self) -> bool {
        self.dynamic
    }

    fn changed(&self, backend: &Backend) {
        let round = (self.order)(backend);
        let turn = resume(&round, backend);
        self.round.store(Arc::new(round));
        backend.live.turn.store(turn, Relaxed);
    }
}

/// Where a round goes on: behind the server whose turn was last, as close to where we were as it stands; if it has no
/// turn any more, with the one declared behind it.
fn resume(round: &[u32], backend: &Backend) -> usize {
    let last = backend.live.last_turn.load(Relaxed);
    let is_last = |server: &u32| backend.server(*server).is_some_and(|s| s.live.uid.wrapping_add(1) == last);
    let turn = backend.live.turn.load(Relaxed).checked_rem(round.len()).unwrap_or(0);
    if last == 0 {
        return turn;
    }
    let before = turn.checked_sub(1).unwrap_or_else(|| round.len().saturating_sub(1));
    let (first, rest) = round.split_at_checked(before).unwrap_or_default();
    if let Some(at) = rest.iter().position(is_last) {
        return before + at + 1;
    }
    if let Some(at) = first.iter().position(is_last) {
        return at + 1;
    }
    let declared = (0u32..).zip(&backend.servers).find(|(at, _)| is_last(at)).map(|(at, _)| at);
    declared.map_or(turn, |last| round.iter().position(|server| *server > last).unwrap_or(0))
}
