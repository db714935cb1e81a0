//! Exactly uniform integers and permutations (docs/engine.md, section 6).
//!
//! The algorithms are written out here because a random number library may consume other words in its next version.

use core::num::NonZeroU32;

use crate::keystream::Words;

/// Returns a number that is uniform on `0..n`.
///
/// It rejects `2^32 mod n` of the 2^32 words, so that the others divide into `n` equal parts (Lemire, "Fast random
/// integer generation in an interval", 2019). The limit is below `n`, so the slow division is needed only for a word that may
/// fall short of it: one in `2^32 / n`.
#[inline]
pub(crate) fn bounded(words: &mut impl Words, n: NonZeroU32) -> u32 {
    let (high, low) = multiplied(words.word(), n);
    if low >= n.get() { high } else { bounded_near_limit(words, n, (high, low)) }
}

/// Rejects words below the limit, beginning with one whose product is known.
#[cold]
fn bounded_near_limit(words: &mut impl Words, n: NonZeroU32, (mut high, mut low): (u32, u32)) -> u32 {
    let limit = n.get().wrapping_neg() % n;
    while low < limit {
        (high, low) = multiplied(words.word(), n);
    }
    high
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

/// Returns the upper and the lower 32 bits of a product.
#[expect(clippy::cast_possible_truncation, reason = "the cast keeps the wanted half")]
fn multiplied(word: u32, n: NonZeroU32) -> (u32, u32) {
    let product = u64::from(word) * u64::from(n.get());
    ((product >> 32) as u32, product as u32)
}
