//! Exactly uniform integers and permutations (docs/engine.md, section 6).
//!
//! The algorithms are written out here because a random number library may consume other words in its next version.

use core::num::NonZeroU32;

use crate::keystream::Words;

/// Returns a number that is uniform on `0..n`.
///
/// It rejects `2^32 mod n` of the 2^32 words, so that the others divide into `n` equal parts (Lemire, "Fast random
/// integer generation in an interval", 2019).
pub(crate) fn bounded(words: &mut impl Words, n: NonZeroU32) -> u32 {
    let limit = n.get().wrapping_neg() % n;
    loop {
        let product = u64::from(words.word()) * u64::from(n.get());
        let (high, low) = halves(product);
        if low >= limit {
            return high;
        }
    }
}

/// Shuffles the items uniformly (Fisher-Yates).
///
/// `count` is the number of items. It has 32 bits, because [`bounded`] takes no larger bound.
pub(crate) fn shuffle<T>(words: &mut impl Words, items: &mut [T], count: u32) {
    for last in (1..count).rev() {
        let other = exchange(words, last);
        items.swap(last as usize, other as usize);
    }
}

/// Performs one step of [`shuffle`]: returns the index of the item to swap with the one at `last`.
pub(crate) fn exchange(words: &mut impl Words, last: u32) -> u32 {
    bounded(words, NonZeroU32::MIN.saturating_add(last))
}

/// Returns the upper and the lower 32 bits.
#[expect(clippy::cast_possible_truncation, reason = "the cast keeps the wanted half")]
const fn halves(product: u64) -> (u32, u32) {
    ((product >> 32) as u32, product as u32)
}
