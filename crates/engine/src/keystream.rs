//! `ChaCha8`, the only source of randomness. No other module knows which crate implements it.

use rand_chacha::rand_core::block::Generator;
use rand_chacha::rand_core::{Rng, SeedableRng};
use rand_chacha::{ChaCha8Core, ChaCha8Rng};

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

    /// Fills `bytes` with the next words, the low byte of each first.
    pub(crate) fn fill(&mut self, bytes: &mut [u8; 32]) {
        self.0.fill_bytes(bytes);
    }
}

impl Words for Keystream {
    fn word(&mut self) -> u32 {
        self.0.next_u32()
    }
}

/// The keystream of a key and the nonce 0, for whoever takes many words one after another.
///
/// A [`Keystream`] keeps its place in memory, so each word has to wait for the one before. The place in a sequence can stay in a
/// register.
pub(crate) struct Sequence {
    generator: ChaCha8Core,
    words: [u32; WORDS_AT_ONCE],
    /// The index of the next word, or [`WORDS_AT_ONCE`] if none is left.
    next: usize,
}

/// The number of words that the generator makes at once: four blocks.
const WORDS_AT_ONCE: usize = 4 * WORDS_PER_BLOCK as usize;

impl Sequence {
    /// Creates the sequence, positioned at its first word.
    pub(crate) fn new(key: &[u8; 32]) -> Self {
        Self { generator: ChaCha8Core::from_seed(*key), words: [0; WORDS_AT_ONCE], next: WORDS_AT_ONCE }
    }
}

impl Words for Sequence {
    #[inline]
    fn word(&mut self) -> u32 {
        if self.next == WORDS_AT_ONCE {
            generate(&mut self.generator, &mut self.words);
            self.next = 0;
        }
        let word = self.words[self.next];
        self.next += 1;
        word
    }
}

/// Kept apart from the loops that take the words, which leave it too few registers.
#[inline(never)]
fn generate(generator: &mut ChaCha8Core, words: &mut [u32; WORDS_AT_ONCE]) {
    generator.generate(words);
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

        #[test]
        fn a_sequence_is_the_keystream_with_nonce_0(key in any::<[u8; 32]>()) {
            let (mut sequence, mut oracle) = (Sequence::new(&key), Oracle::from_seed(key));
            for _ in 0..3 * WORDS_AT_ONCE {
                prop_assert_eq!(sequence.word(), oracle.next_u32());
            }
        }
    }
}
