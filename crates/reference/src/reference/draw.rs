//! Section 7, draws: shared dice that belong to a step and a channel.

use super::inputs::{InputError, check_below_n};
use super::keys::channel_nonce;
use super::words::Words;

const TWO_TO_THE_26: f64 = 67_108_864.0;
const TWO_TO_THE_53: f64 = 9_007_199_254_740_992.0;

/// The words of one step and channel, from word 0. Draws with the same inputs give the same values.
#[derive(Clone, Debug)]
pub struct Draw {
    words: Words,
}

impl Draw {
    /// `offset` is the offset of the step's position in the epoch with this secret.
    pub(super) fn new(epoch_secret: [u8; 32], offset: u64, channel: &str) -> Self {
        let nonce = channel_nonce(channel);
        Self { words: Words { key: epoch_secret, nonce, first_block: offset, block_step: 1 << 32, taken: 0 } }
    }

    /// Takes the next word.
    pub fn word(&mut self) -> u32 {
        self.words.next_word()
    }

    /// Returns the numerator over 2^53 of the next `unit()`: `a * 2^26 + b`. Takes two words.
    pub fn unit_numerator(&mut self) -> u64 {
        let (a, b) = self.unit_halves();
        u64::from(a) * (1 << 26) + u64::from(b)
    }

    /// Returns the next value in `[0, 1)`: `(a * 2^26 + b) / 2^53`. Every operation is exact in a double.
    pub fn unit(&mut self) -> f64 {
        let (a, b) = self.unit_halves();
        (f64::from(a) * TWO_TO_THE_26 + f64::from(b)) / TWO_TO_THE_53
    }

    /// Returns 27 bits of one word and 26 bits of the next.
    fn unit_halves(&mut self) -> (u32, u32) {
        let a = self.word() >> 5;
        let b = self.word() >> 6;
        (a, b)
    }

    /// Returns the next value in `[0, n)`, exactly uniform. Takes one word, or more if words are rejected.
    ///
    /// # Errors
    ///
    /// `n` is 0; the range is 1 to 4 294 967 295.
    pub fn below(&mut self, n: u32) -> Result<u32, InputError> {
        check_below_n(n)?;
        Ok(self.words.bounded(n))
    }

    /// Shuffles the values. Every order is equally likely.
    pub fn shuffle<T>(&mut self, values: &mut [T]) {
        self.words.shuffle(values);
    }
}
