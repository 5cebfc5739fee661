//! `roundrobin`: each server in turn, by weight.

use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use arc_swap::ArcSwap;
use std::sync::Arc;

use super::prelude::*;

pub(super) const KEYWORDS: &[Balancer] = &[Balancer {
    name: "roundrobin",
    doc: "Each server in turn, in proportion to its weight. Weights may change at run time.",
    examples: &["roundrobin"],
    parse: |_| Ok(Box::new(RoundRobin::default())),
}];

/// The order of one round, recomputed when a server changes, and where in it we are.
#[derive(Debug, Default)]
struct RoundRobin {
    round: ArcSwap<Vec<u32>>,
    next: AtomicUsize,
}

impl Balance for RoundRobin {
    fn pick(&self, pick: &Pick<'_>) -> Option<u32> {
        let round = self.round.load();
        for _ in 0..round.len() {
            let at = self.next.fetch_add(1, Relaxed) % round.len();
            let server = *round.get(at)?;
            let free = pick.backend.server(server).is_some_and(|s| !s.is_full());
            if free && pick.avoid != Some(server) {
                return Some(server);
            }
        }
        None
    }

    fn changed(&self, backend: &Backend) {
        self.round.store(Arc::new(round(backend)));
        self.next.store(0, Relaxed);
    }
}

/// One round: each server as often as its weight says (over the greatest common divisor), spread evenly.
fn round(backend: &Backend) -> Vec<u32> {
    let servers: Vec<(u32, i64)> = backend
        .eligible()
        .into_iter()
        .filter_map(|i| Some((i, i64::from(backend.server(i)?.live.weight.load(Relaxed)))))
        .collect();
    let divisor = servers.iter().fold(0, |a, (_, w)| gcd(a, *w)).max(1);
    let total: i64 = servers.iter().map(|(_, w)| w / divisor).sum();
    let mut credit = vec![0i64; servers.len()];
    let mut order = Vec::with_capacity(usize::try_from(total).unwrap_or(0));
    for _ in 0..total {
        for (c, (_, w)) in credit.iter_mut().zip(&servers) {
            *c += w / divisor;
        }
        let mut best: Option<(usize, i64)> = None;
        for (i, c) in credit.iter().enumerate() {
            if best.is_none_or(|(_, most)| *c > most) {
                best = Some((i, *c));
            }
        }
        let Some((i, _)) = best else { break };
        if let (Some(c), Some((server, _))) = (credit.get_mut(i), servers.get(i)) {
            *c -= total;
            order.push(*server);
        }
    }
    order
}

fn gcd(a: i64, b: i64) -> i64 {
    if b == 0 { a } else { gcd(b, a % b) }
}
