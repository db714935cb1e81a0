//! `ChaCha8`, the only source of randomness. No other module knows which crate implements it.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

/// The number of words in a block of the keystream.
pub(crate) const WORDS_PER_BLOCK: u32 = 16;

/// A source of random words: a keystream or a draw.
pub(crate) trait Words {
    /// Returns the next word.
    fn word(&mut self) -> u32;
}

/// The keystream of a key and a nonce, as little-endian 32-bit words.
#[derive(Clone)]
pub(crate) struct Keystream(ChaCha8Rng);

impl Keystream {
    /// Creates the keystream of `key` and `nonce`, positioned at block 0.
    pub(crate) fn new(key: &[u8; 32], nonce: u64) -> Self {
        let mut stream = ChaCha8Rng::from_seed(*key);
        stream.set_stream(nonce);
        Self(stream)
    }

    /// Moves to the first word of `block`.
    pub(crate) fn seek(&mut self, block: u64) {
        self.0.set_word_pos(u128::from(block) * u128::from(WORDS_PER_BLOCK));
    }
}

impl Words for Keystream {
    fn word(&mut self) -> u32 {
        self.0.next_u32()
    }
}

#[cfg(test)]
mod tests {
    use chacha20::ChaCha8Rng as Oracle;
    use chacha20::rand_core::{Rng as _, SeedableRng as _};
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// An independent implementation agrees for every key, nonce and block, and across block boundaries.
        #[test]
        fn another_chacha8_agrees(key in any::<[u8; 32]>(), nonce in any::<u64>(), block in any::<u64>()) {
            let mut stream = Keystream::new(&key, nonce);
            stream.seek(block);
            let mut oracle = Oracle::from_seed(key);
            oracle.set_stream(nonce);
            oracle.set_word_pos(u128::from(block) * 16);
            for _ in 0..100 {
                prop_assert_eq!(stream.word(), oracle.next_u32());
            }
        }
    }
}
