//! The words of a `ChaCha8` keystream in order, with `bounded` and the shuffle of section 6.

use super::chacha8::chacha8_block;

/// An endless sequence of u32 words. Words 16 i to 16 i + 15 are those of block `first_block + i * block_step`.
#[derive(Clone, Debug)]
pub(super) struct Words {
    pub(super) key: [u8; 32],
    pub(super) nonce: u64,
    pub(super) first_block: u64,
    pub(super) block_step: u64,
    /// The number of words taken so far, which is also the number of the next one.
    pub(super) taken: u64,
}

impl Words {
    /// Takes the next word. It computes the full block for every word, which is slow but needs no buffer.
    pub(super) fn next_word(&mut self) -> u32 {
        let (i, index) = (self.taken / 16, self.taken % 16);
        // After 2^36 words of a draw the block number wraps around at 2^64.
        let block_number = self.first_block.wrapping_add(i.wrapping_mul(self.block_step));
        self.taken += 1;
        let block = chacha8_block(&self.key, self.nonce, block_number);
        block[usize::try_from(index).expect("below 16")]
    }

    /// Returns a number in `[0, n)`, exactly uniform. Takes one word, or more if words are rejected, even for n = 1.
    pub(super) fn bounded(&mut self, n: u32) -> u32 {
        assert!(n >= 1, "bounded(0) has no possible value");
        let n = u64::from(n);
        let two_to_the_32 = 1_u64 << 32;
        let limit = (two_to_the_32 - n) % n;
        loop {
            let m = u64::from(self.next_word()) * n;
            if m % two_to_the_32 >= limit {
                return (m >> 32) as u32;
            }
        }
    }

    /// Shuffles by Fisher-Yates, from the last index down to 1.
    pub(super) fn shuffle<T>(&mut self, values: &mut [T]) {
        for i in (1..values.len()).rev() {
            let choices = u32::try_from(i + 1).expect("no list here is as long as 2^32");
            let j = self.bounded(choices);
            values.swap(i, usize::try_from(j).expect("j <= i"));
        }
    }
}
