//! Latencies counted in buckets: fixed memory, a relative error below two per cent.

use std::time::Duration;

/// Buckets to each doubling.
const STEPS: usize = 64;
/// Doublings from 1 ns to beyond an hour.
const DOUBLINGS: usize = 44;

/// A histogram of durations.
#[derive(Clone, Debug)]
pub struct Histogram {
    counts: Vec<u64>,
    total: u64,
}

impl Default for Histogram {
    fn default() -> Histogram {
        Histogram { counts: vec![0; STEPS * DOUBLINGS], total: 0 }
    }
}

impl Histogram {
    /// Counts one duration.
    pub fn add(&mut self, duration: Duration) {
        let nanos = u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX);
        self.counts[bucket(nanos)] += 1;
        self.total += 1;
    }

    /// Counts what another one counted.
    pub fn merge(&mut self, other: &Histogram) {
        for (here, there) in self.counts.iter_mut().zip(&other.counts) {
            *here += there;
        }
        self.total += other.total;
    }

    /// How many were counted.
    #[must_use]
    pub fn len(&self) -> u64 {
        self.total
    }

    /// Whether nothing was counted.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.total == 0
    }

    /// The duration below which `share` (0 to 1) of all lie; zero when empty.
    #[must_use]
    pub fn quantile(&self, share: f64) -> Duration {
        let wanted = (self.total as f64 * share).ceil().max(1.0) as u64;
        let mut seen = 0;
        for (index, count) in self.counts.iter().enumerate() {
            seen += count;
            if seen >= wanted {
                return Duration::from_nanos(lower_bound(index));
            }
        }
        Duration::ZERO
    }
}

/// Below `STEPS` a bucket is one nanosecond wide, above it a 64th of its doubling.
fn bucket(nanos: u64) -> usize {
    let nanos = nanos.max(1);
    let doubling = nanos.ilog2() as usize;
    let base = STEPS.ilog2() as usize;
    if doubling < base {
        return nanos as usize;
    }
    let step = (nanos >> (doubling - base)) as usize - STEPS;
    ((doubling - base + 1) * STEPS + step).min(STEPS * DOUBLINGS - 1)
}

fn lower_bound(index: usize) -> u64 {
    let (doubling, step) = (index / STEPS, index % STEPS);
    match doubling {
        0 => step as u64,
        _ => ((STEPS + step) as u64) << (doubling - 1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_lie_within_two_per_cent() {
        let mut histogram = Histogram::default();
        for micros in 1..=1000 {
            histogram.add(Duration::from_micros(micros));
        }
        for (share, micros) in [(0.5, 500.0), (0.99, 990.0), (1.0, 1000.0)] {
            let got = histogram.quantile(share).as_nanos() as f64 / 1000.0;
            assert!((got / micros - 1.0).abs() < 0.02, "{share}: {got}");
        }
    }

    #[test]
    fn bounds_and_buckets_agree() {
        for index in 1..STEPS * DOUBLINGS - 1 {
            assert_eq!(bucket(lower_bound(index)), index);
        }
    }
}
