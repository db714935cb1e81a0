//! `SplitMix64`: a few lines in any language, and good enough for choosing questions.

/// Steele, Lea and Flood, "Fast splittable pseudorandom number generators", 2014.
#[derive(Debug, Clone)]
pub(super) struct Random(u64);

impl Random {
    pub(super) const fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(super) const fn word(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Returns a number below `n`: the high 32 bits of the upper half of a word times `n`.
    pub(super) const fn below(&mut self, n: u32) -> u32 {
        (((self.word() >> 32) * n as u64) >> 32) as u32
    }

    /// Returns a number from 0 to `last`: the remainder of a word. `last` must be below 2^64 - 1.
    pub(super) const fn up_to(&mut self, last: u64) -> u64 {
        self.word() % (last + 1)
    }

    /// Returns a number from 0 to `last`, with all magnitudes about equally likely.
    pub(super) fn of_any_size(&mut self, last: u64) -> u64 {
        let bits = self.below(last.checked_ilog2().unwrap_or(0) + 1);
        self.up_to(last >> bits)
    }

    /// Does the same for 32 bits.
    #[expect(clippy::cast_possible_truncation, reason = "at most `last`")]
    pub(super) fn of_any_size_u32(&mut self, last: u32) -> u32 {
        self.of_any_size(last.into()) as u32
    }

    /// Returns one of the items.
    #[expect(clippy::cast_possible_truncation, reason = "lists here have a few entries")]
    pub(super) const fn one_of<T: Copy>(&mut self, items: &[T]) -> T {
        items[self.below(items.len() as u32) as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The published first outputs for this seed.
    #[test]
    fn words_are_those_of_splitmix64() {
        let mut random = Random::new(1_234_567);
        assert_eq!([random.word(), random.word()], [6_457_827_717_110_365_317, 3_203_168_211_198_807_973]);
    }

    #[test]
    fn numbers_stay_within_their_range_and_reach_both_ends() {
        let mut random = Random::new(0);
        for last in [0_u8, 1, 2, 6, 7, 8] {
            let mut seen = [false; 256];
            for _ in 0..1000 {
                let number = u8::try_from(random.up_to(last.into())).expect("at most `last`");
                seen[usize::from(number)] = true;
                assert!(random.of_any_size(last.into()) <= last.into());
            }
            assert!(seen[..=usize::from(last)].iter().all(|seen| *seen), "{last}");
            assert!(!seen[usize::from(last) + 1..].iter().any(|seen| *seen), "{last}");
        }
    }
}
