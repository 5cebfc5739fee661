//! A small seeded generator: the same seed gives the same cases on every machine.

/// SplitMix64 (Steele, Lea, Flood: Fast splittable pseudorandom number generators, 2014).
#[derive(Clone, Debug)]
pub(crate) struct Random {
    state: u64,
    /// Whether rules with more actions and variables are wanted (`--actions`).
    pub(crate) actions: bool,
}

impl Random {
    pub(crate) fn new(seed: u64) -> Random {
        Random { state: seed, actions: false }
    }

    /// A generator of its own for the `index`th part, so that parts do not disturb each other.
    pub(crate) fn part(&self, index: usize) -> Random {
        let mut part = Random::new(self.state ^ (index as u64).wrapping_mul(0xd6e8_feb8_6659_fd93));
        part.actions = self.actions;
        part.next();
        part
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `limit`, which is not 0.
    pub(crate) fn below(&mut self, limit: usize) -> usize {
        (self.next() % limit as u64) as usize
    }

    /// True in `percent` of a hundred cases.
    pub(crate) fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    pub(crate) fn pick<'a, T: ?Sized>(&mut self, from: &[&'a T]) -> &'a T {
        from[self.below(from.len())]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_is_a_sequence() {
        let (mut a, mut b) = (Random::new(7), Random::new(7));
        let first: Vec<u64> = (0..5).map(|_| a.next()).collect();
        assert_eq!(first, (0..5).map(|_| b.next()).collect::<Vec<_>>());
        assert_ne!(Random::new(7).part(1).next(), Random::new(7).part(2).next());
    }
}
