//! `ChaCha8`, the one source of chance. This is the only module that knows which crate computes it.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

/// Words in one block of the keystream.
pub(crate) const WORDS_PER_BLOCK: u32 = 16;

/// Anything that yields words: a keystream, or a draw.
pub(crate) trait Words {
    /// The next word.
    fn word(&mut self) -> u32;
}

/// The keystream of one key and nonce: little-endian 32-bit words, from block 0 on.
#[derive(Clone)]
pub(crate) struct Keystream(ChaCha8Rng);

impl Keystream {
    /// The keystream of `key` and `nonce`, at block 0.
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
        /// The crate that is used and another author's agree on every key, nonce and block, and across block borders.
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
