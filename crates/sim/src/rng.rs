//! Pseudo-random numbers that are the same everywhere: xoshiro256** seeded by splitmix64 (Blackman and Vigna, public
//! domain). Knows nothing of what is chosen with them.

/// A stream of pseudo-random numbers.
#[derive(Clone, Debug)]
pub struct Rng([u64; 4]);

impl Rng {
    /// The stream that belongs to `seed`; any number will do.
    pub fn new(seed: u64) -> Rng {
        let mut state = seed;
        Rng([(); 4].map(|()| splitmix(&mut state)))
    }

    /// An independent stream, so that what one part draws doesn't shift what another does.
    pub fn fork(&mut self) -> Rng {
        Rng::new(self.next())
    }

    /// 64 bits.
    #[allow(clippy::should_implement_trait, reason = "an iterator would end")]
    pub fn next(&mut self) -> u64 {
        let [a, b, c, d] = &mut self.0;
        let result = b.wrapping_mul(5).rotate_left(7).wrapping_mul(9);
        let t = *b << 17;
        *c ^= *a;
        *d ^= *b;
        *b ^= *c;
        *a ^= *d;
        *c ^= t;
        *d = d.rotate_left(45);
        result
    }

    /// A number below `n`, 0 when `n` is 0. The bias of the remainder doesn't matter here.
    pub fn below(&mut self, n: u64) -> u64 {
        if n == 0 { 0 } else { self.next() % n }
    }

    /// As [`Rng::below`], for lengths.
    pub fn index(&mut self, n: usize) -> usize {
        usize::try_from(self.below(n as u64)).unwrap_or(0)
    }

    /// A number between `low` and `high`, both included.
    pub fn range(&mut self, low: u64, high: u64) -> u64 {
        low + self.below(high.saturating_sub(low) + 1)
    }

    /// As [`Rng::range`], for lengths.
    pub fn length(&mut self, low: usize, high: usize) -> usize {
        low + self.index(high.saturating_sub(low) + 1)
    }

    /// True in `of` out of 1,000 cases.
    pub fn permille(&mut self, of: u64) -> bool {
        of > 0 && self.below(1000) < of
    }

    /// One of these, each as likely.
    pub fn one<T: Copy, const N: usize>(&mut self, of: [T; N]) -> T {
        let at = self.index(N);
        let [first, ..] = &of[..] else { unreachable!("an empty choice") };
        *of.get(at).unwrap_or(first)
    }
}

/// The next number of a splitmix64 stream.
pub fn splitmix(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut z = *state;
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_the_published_generator() {
        // splitmix64's first outputs from 1234567, as published with the reference code.
        let mut state = 1_234_567;
        assert_eq!(splitmix(&mut state), 6_457_827_717_110_365_317);
        assert_eq!(splitmix(&mut state), 3_203_168_211_198_807_973);
        let mut a = Rng([1, 2, 3, 4]);
        assert_eq!([a.next(), a.next(), a.next()], [11_520, 0, 1_509_978_240]);
    }

    #[test]
    fn stays_within_bounds() {
        let mut rng = Rng::new(7);
        for _ in 0..1000 {
            assert!((3..=5).contains(&rng.range(3, 5)));
            assert!([1, 2].contains(&rng.one([1, 2])));
        }
        assert_eq!(rng.below(0), 0);
        assert!(!rng.permille(0) && rng.permille(1000));
    }
}
