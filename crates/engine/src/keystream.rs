//! `ChaCha8`, the only source of randomness. No other module knows which crate implements it.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

/// The size of a block of the keystream.
pub(crate) const BLOCK_BYTES: usize = 64;
/// The number of words in a block.
const BLOCK_WORDS: u128 = 16;
/// How much of the keystream the library computes at a time: four blocks.
const CHUNK_BYTES: usize = 4 * BLOCK_BYTES;

/// A source of random words: a keystream or a draw.
pub(crate) trait Words {
    /// Returns the next word.
    fn word(&mut self) -> u32;
}

/// Returns the word that begins after so many bytes, and moves past it, or returns `None` if there is none.
#[inline]
pub(crate) fn next_word(bytes: &[u8], used: &mut usize) -> Option<u32> {
    let word = bytes.get(*used..)?.first_chunk()?;
    *used += size_of::<u32>();
    Some(u32::from_le_bytes(*word))
}

/// The keystream of a key and a nonce from block 0, as little-endian 32-bit words.
#[derive(Clone)]
pub(crate) struct Keystream {
    generator: ChaCha8Rng,
    /// What has been computed. The generator has a buffer too, but taking words from this one is faster.
    chunk: [u8; CHUNK_BYTES],
    /// How many bytes of it are used.
    used: usize,
}

impl Keystream {
    /// Creates the keystream of `key` and `nonce`, positioned at block 0.
    pub(crate) fn new(key: &[u8; 32], nonce: u64) -> Self {
        Self { generator: generator(key, nonce), chunk: [0; CHUNK_BYTES], used: CHUNK_BYTES }
    }
}

impl Words for Keystream {
    #[inline]
    fn word(&mut self) -> u32 {
        loop {
            if let Some(word) = next_word(&self.chunk, &mut self.used) {
                return word;
            }
            refill(&mut self.chunk, &mut self.generator);
            self.used = 0;
        }
    }
}

/// Apart from [`Keystream::word`], and without its count, which therefore stays in a register.
#[cold]
#[inline(never)]
fn refill(chunk: &mut [u8; CHUNK_BYTES], generator: &mut ChaCha8Rng) {
    generator.fill_bytes(chunk);
}

fn generator(key: &[u8; 32], nonce: u64) -> ChaCha8Rng {
    let mut generator = ChaCha8Rng::from_seed(*key);
    generator.set_stream(nonce);
    generator
}

/// Returns the first bytes of a block of the keystream of `key` and `nonce`, at most a whole block.
///
/// The library computes four blocks at a time. Here the compiler sees that three of them are not used, and leaves them out.
#[inline(never)]
pub(crate) fn block<const N: usize>(key: &[u8; 32], nonce: u64, number: u64) -> [u8; N] {
    let mut generator = generator(key, nonce);
    generator.set_word_pos(u128::from(number) * BLOCK_WORDS);
    let mut bytes = [0; N];
    generator.fill_bytes(&mut bytes);
    bytes
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
