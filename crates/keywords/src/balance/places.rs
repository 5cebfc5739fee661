//! From a number to a server: a place in a map, or the closest point on a ring. Holds no keyword itself.

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use arc_swap::ArcSwap;

use super::order::{map, ring};
use super::prelude::*;
use super::settings::{Affinity, Settings};
use super::share::Shares;

/// Where numbers lead, recomputed when a server changes.
#[derive(Debug)]
pub(super) struct Places {
    consistent: bool,
    factor: u32,
    affinity: Affinity,
    table: ArcSwap<Table>,
}

#[derive(Debug, Default)]
struct Table {
    /// Positions of servers, in the order of the map or of the ring.
    places: Vec<u32>,
    /// The points on the ring that the places are at; empty for a map.
    points: Vec<u32>,
    shares: Shares,
}

impl Places {
    pub(super) fn new(settings: &Settings) -> Self {
        Self {
            consistent: settings.consistent,
            factor: settings.factor,
            affinity: settings.affinity,
            table: ArcSwap::default(),
        }
    }

    pub(super) fn changed(&self, backend: &Backend) {
        let (points, places) =
            if self.consistent { ring(backend).into_iter().unzip() } else { (Vec::new(), map(backend)) };
        let shares = Shares::of(backend, self.factor);
        self.table.store(Arc::new(Table { places, points, shares }));
    }

    /// The server of a number. It may be full: its queue is waited in then, since another one would not know the key;
    /// unless the configuration prefers another one.
    pub(super) fn at(&self, pick: &Pick<'_>, hash: u32) -> Option<u32> {
        let table = self.table.load();
        let count = table.places.len();
        if table.points.is_empty() {
            let place = usize::try_from(hash).ok()?.checked_rem(count)?;
            return table.places.get(place).copied();
        }
        let first = closest(&table.points, hash)?;
        let mut last = None;
        // Neighbours often belong to one server.
        for place in (0..count).filter_map(|n| table.places.get((first + n) % count).copied()) {
            if last == Some(place) {
                continue;
            }
            if self.takes(pick, &table, place) {
                return Some(place);
            }
            last = Some(place);
        }
        last
    }

    fn takes(&self, pick: &Pick<'_>, table: &Table, position: u32) -> bool {
        let Some(server) = pick.backend.server(position) else { return false };
        let full = match self.affinity {
            Affinity::Always => false,
            Affinity::Maxconn => server.is_full(pick.backend),
            Affinity::Maxqueue => server.is_queue_full(),
        };
        pick.avoid != Some(position) && !full && table.shares.allow(pick.backend, position)
    }

    /// The next server in turn that has a free place.
    pub(super) fn next(&self, pick: &Pick<'_>) -> Option<u32> {
        let table = self.table.load();
        let count = table.places.len();
        let turn = &pick.backend.live.turn;
        (0..count)
            .filter_map(|_| table.places.get(turn.fetch_add(1, Relaxed) % count).copied())
            .find(|server| is_free(pick, *server))
    }
}

/// The place whose point is nearest to `hash` on the ring; of two that are equally near, the one before it.
fn closest(points: &[u32], hash: u32) -> Option<usize> {
    let last = points.len().checked_sub(1)?;
    let after = points.partition_point(|point| *point < hash);
    let after = if after > last { 0 } else { after };
    let before = after.checked_sub(1).unwrap_or(last);
    let ahead = points.get(after)?.wrapping_sub(hash);
    let behind = hash.wrapping_sub(*points.get(before)?);
    Some(if ahead < behind { after } else { before })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_closest_point_of_a_ring() {
        let points = [100, 200, 200, 1000];
        let at = |hash| closest(&points, hash);
        assert_eq!([at(100), at(149), at(150), at(151)], [Some(0), Some(0), Some(0), Some(1)]);
        assert_eq!([at(200), at(201), at(600), at(601)], [Some(1), Some(2), Some(2), Some(3)]);
        assert_eq!([at(1001), at(u32::MAX), at(0)], [Some(3), Some(0), Some(0)]);
        assert_eq!((closest(&[], 1), closest(&[7], 1)), (None, Some(0)));
    }
}
