//! `leastconn`, `first`, `random`: by how busy servers are.

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use arc_swap::ArcSwap;
use state::Server;

use super::order::weighted;
use super::prelude::*;
use super::settings::Settings;
use super::share::Shares;

pub(super) const KEYWORDS: &[Balancer] = &[
    Balancer {
        name: "first",
        doc: "The server with the lowest `id` that is not full.",
        examples: &["first"],
        parse: |_| Ok(Box::new(First::default())),
    },
    Balancer {
        name: "leastconn",
        doc: "The server with the fewest streams for its weight; equals take turns.",
        examples: &["leastconn"],
        parse: |_| Ok(Box::new(LeastConn::default())),
    },
    Balancer {
        name: "random",
        doc: "The less busy one of two servers, or of as many as the argument says, drawn at random by weight.",
        examples: &["random", "random(3)"],
        parse: |p| {
            // What keys are hashed with doesn't matter to who draws lots.
            let factor = Settings::read(&mut p.words).map_or(0, |settings| settings.factor);
            let draws = p.inside.map_or(Ok(2), |text| {
                let number = text.parse().ok().filter(|n: &u32| *n > 0);
                number.ok_or("balance random : number of draws must be at least 1.")
            })?;
            Ok(Box::new(Random { draws, factor, urn: ArcSwap::default() }))
        },
    },
];

/// Whether `a` is less busy than `b` for its weight.
fn less_busy(a: &Server, b: &Server) -> bool {
    let load = |s: &Server| u64::from(s.live.sessions.now()) + u64::from(s.live.queued.now());
    let weight = |s: &Server| u64::from(s.share());
    load(a) * weight(b) < load(b) * weight(a)
}

/// Whether it may be chosen to serve a stream, or to have it wait where `maxqueue` allows for that.
fn may_join(pick: &Pick<'_>, position: u32, server: &Server) -> bool {
    is_free(pick, position) || (pick.avoid != Some(position) && server.has_queue_room())
}

#[derive(Debug, Default)]
struct LeastConn {
    servers: ArcSwap<Vec<u32>>,
}

impl Balance for LeastConn {
    fn pick(&self, pick: &Pick<'_>) -> Option<u32> {
        let servers = self.servers.load();
        // Where to begin, so that equals take turns.
        let start = pick.backend.live.turn.fetch_add(1, Relaxed).checked_rem(servers.len())?;
        let (before, after) = servers.split_at_checked(start)?;
        let mut best: Option<(u32, &Server)> = None;
        for position in after.iter().chain(before) {
            let Some(server) = pick.backend.server(*position).filter(|s| may_join(pick, *position, s)) else {
                continue;
            };
            if best.is_none_or(|(_, b)| less_busy(server, b)) {
                best = Some((*position, server));
            }
        }
        best.map(|(position, _)| position)
    }

    fn changed(&self, backend: &Backend) {
        self.servers.store(Arc::new(backend.eligible()));
    }
}

#[derive(Debug, Default)]
struct First {
    servers: ArcSwap<Vec<u32>>,
}

impl Balance for First {
    fn pick(&self, pick: &Pick<'_>) -> Option<u32> {
        if has_line(pick) {
            return None;
        }
        self.servers.load().iter().copied().find(|position| is_free(pick, *position))
    }

    fn changed(&self, backend: &Backend) {
        let mut servers = backend.eligible();
        servers.sort_by_key(|i| backend.server(*i).map_or(u32::MAX, |s| s.id));
        self.servers.store(Arc::new(servers));
    }
}

#[derive(Debug)]
struct Random {
    draws: u32,
    /// `hash-balance-factor`.
    factor: u32,
    urn: ArcSwap<Urn>,
}

/// What lots are drawn from.
#[derive(Debug, Default)]
struct Urn {
    /// Positions, and the sum of weights up to and with each.
    servers: Vec<(u32, u64)>,
    shares: Shares,
}

impl Balance for Random {
    fn pick(&self, pick: &Pick<'_>) -> Option<u32> {
        let urn = self.urn.load();
        let servers = &urn.servers;
        let may = |position: &u32| is_free(pick, *position) && urn.shares.allow(pick.backend, *position);
        let total = servers.last()?.1;
        let mut random = pick.random;
        let mut best: Option<(u32, &Server)> = None;
        for _ in 0..self.draws {
            // A new number from the one given: splitmix64.
            random = random.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mixed = (random ^ (random >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            let point = (mixed ^ (mixed >> 27)).checked_rem(total)?;
            let position = servers.get(servers.partition_point(|(_, sum)| *sum <= point))?.0;
            let Some(server) = pick.backend.server(position).filter(|_| may(&position)) else {
                continue;
            };
            if best.is_none_or(|(_, b)| less_busy(server, b)) {
                best = Some((position, server));
            }
        }
        let any = || servers.iter().map(|(position, _)| *position).find(may);
        best.map(|(position, _)| position).or_else(any)
    }

    fn changed(&self, backend: &Backend) {
        let mut sum = 0;
        let servers = weighted(backend).into_iter().map(|(position, weight)| {
            sum += weight;
            (position, sum)
        });
        let servers = servers.collect();
        self.urn.store(Arc::new(Urn { servers, shares: Shares::of(backend, self.factor) }));
    }
}
