//! `roundrobin`, `static-rr`: each server in turn, by weight.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

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

/// The order of one round, recomputed when a server changes, and where in it we are.
#[derive(Debug)]
struct RoundRobin {
    order: fn(&Backend) -> Vec<u32>,
    dynamic: bool,
    round: ArcSwap<Vec<u32>>,
    next: AtomicUsize,
}

impl RoundRobin {
    fn new(order: fn(&Backend) -> Vec<u32>, dynamic: bool) -> Self {
        Self { order, dynamic, round: ArcSwap::default(), next: AtomicUsize::new(0) }
    }
}

impl Balance for RoundRobin {
    fn pick(&self, pick: &Pick<'_>) -> Option<u32> {
        if has_line(pick) {
            return None;
        }
        let round = self.round.load();
        for _ in 0..round.len() {
            let at = self.next.fetch_add(1, Relaxed) % round.len();
            let server = *round.get(at)?;
            if is_free(pick, server) {
                return Some(server);
            }
        }
        None
    }

    fn is_dynamic(&self) -> bool {
        self.dynamic
    }

    fn changed(&self, backend: &Backend) {
        self.round.store(Arc::new((self.order)(backend)));
        self.next.store(0, Relaxed);
    }
}
