//! What part of a backend's load each server may have (manual 4.2 "hash-balance-factor"). Holds no keyword itself.

use super::order::weighted;
use super::prelude::*;

/// Where the load is limited, the part of it that each eligible server may have.
#[derive(Debug, Default)]
pub(super) struct Shares {
    /// The most of the average load a server may have, in percent; 0: no limit.
    factor: u32,
    parts: Vec<Part>,
}

/// A server's part of a whole: its weight, between the sum of the weights before it and that of all.
#[derive(Clone, Copy, Debug)]
struct Part {
    server: u32,
    before: u64,
    weight: u64,
    total: u64,
}

impl Shares {
    pub(super) fn of(backend: &Backend, factor: u32) -> Self {
        if factor == 0 {
            return Self::default();
        }
        let servers = weighted(backend);
        let total = servers.iter().map(|(_, weight)| weight).sum::<u64>().max(1);
        let mut before = 0;
        let part = |(server, weight)| {
            let part = Part { server, before, weight, total };
            before += weight;
            part
        };
        Self { factor, parts: servers.into_iter().map(part).collect() }
    }

    /// Whether one more stream leaves the server within its part.
    pub(super) fn allow(&self, backend: &Backend, position: u32) -> bool {
        let Some(part) = self.parts.iter().find(|part| part.server == position) else { return true };
        let streams = |s: &state::Server| u64::from(s.live.sessions.now());
        let all: u64 = backend.servers.iter().map(streams).sum();
        let allowed = ((all + 1) * u64::from(self.factor)).div_ceil(100);
        backend.server(position).is_none_or(|server| streams(server) < part.share(allowed).max(1))
    }
}

impl Part {
    /// Its part of `whole`, in whole numbers whose sum over all servers is `whole`.
    const fn share(&self, whole: u64) -> u64 {
        (self.before + self.weight) * whole / self.total - self.before * whole / self.total
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_whole_and_complete() {
        let parts =
            [(0, 1), (1, 2), (3, 5)].map(|(before, weight)| Part { server: 0, before, weight, total: 8 });
        for whole in 0..40 {
            let shares = parts.map(|part| part.share(whole));
            assert_eq!(shares.iter().sum::<u64>(), whole);
            assert!(shares[2] >= whole * 5 / 8);
        }
    }
}
