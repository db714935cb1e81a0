//! `SplitMix64`: a few lines in any language, and good enough to choose questions with.

/// Steele, Lea and Flood, "Fast splittable pseudorandom number generators", 2014.
#[derive(Debug, Clone)]
pub(crate) struct Random(u64);

impl Random {
    pub(crate) const fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(crate) const fn word(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `n`: the upper half of the word times `n`, without its lower 32 bits.
    pub(crate) const fn below(&mut self, n: u32) -> u32 {
        (((self.word() >> 32) * n as u64) >> 32) as u32
    }

    /// A number from 0 to `last`, which is below 2^64 - 1: the word's remainder.
    pub(crate) const fn up_to(&mut self, last: u64) -> u64 {
        self.word() % (last + 1)
    }

    /// A number from 0 to `last`, small and large magnitudes alike.
    pub(crate) fn of_any_size(&mut self, last: u64) -> u64 {
        let bits = self.below(last.checked_ilog2().unwrap_or(0) + 1);
        self.up_to(last >> bits)
    }

    /// The same for 32 bits.
    #[expect(clippy::cast_possible_truncation, reason = "not above last")]
    pub(crate) fn of_any_size_u32(&mut self, last: u32) -> u32 {
        self.of_any_size(last.into()) as u32
    }

    /// One of some.
    #[expect(clippy::cast_possible_truncation, reason = "lists here have a few entries")]
    pub(crate) const fn one_of<T: Copy>(&mut self, some: &[T]) -> T {
        some[self.below(some.len() as u32) as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The numbers that `SplitMix64` is known by.
    #[test]
    fn it_is_splitmix64() {
        let mut random = Random::new(1_234_567);
        assert_eq!([random.word(), random.word()], [6_457_827_717_110_365_317, 3_203_168_211_198_807_973]);
    }

    #[test]
    fn numbers_stay_in_their_range_and_reach_its_ends() {
        let mut random = Random::new(0);
        for last in [0_u8, 1, 2, 6, 7, 8] {
            let mut seen = [false; 256];
            for _ in 0..1000 {
                let number = u8::try_from(random.up_to(last.into())).expect("not above last");
                seen[usize::from(number)] = true;
                assert!(random.of_any_size(last.into()) <= last.into());
            }
            assert!(seen[..=usize::from(last)].iter().all(|seen| *seen), "{last}");
            assert!(!seen[usize::from(last) + 1..].iter().any(|seen| *seen), "{last}");
        }
    }
}
