//! Exactly uniform numbers and orders from words (docs/engine.md, section 6).
//!
//! These are written out here, not taken from a library of random numbers, because such a library may change which
//! words it consumes between two of its versions.

use core::num::NonZeroU32;

use crate::keystream::Words;

/// A number that is uniform on `0..n`.
///
/// Of the 2^32 words, `2^32 mod n` are refused so that the rest split into `n` equal parts (Lemire, "Fast random
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

/// Brings the items into a uniformly drawn order (Fisher-Yates).
///
/// `count` is the number of items; it is asked for as 32 bits because that is what [`bounded`] can draw from.
pub(crate) fn shuffle<T>(words: &mut impl Words, items: &mut [T], count: u32) {
    for last in (1..count).rev() {
        let other = exchange(words, last);
        items.swap(last as usize, other as usize);
    }
}

/// One step of [`shuffle`]: the place whose item changes places with the one at `last`.
pub(crate) fn exchange(words: &mut impl Words, last: u32) -> u32 {
    bounded(words, NonZeroU32::MIN.saturating_add(last))
}

/// The upper and the lower 32 bits.
#[expect(clippy::cast_possible_truncation, reason = "taking the halves apart is the point")]
const fn halves(product: u64) -> (u32, u32) {
    ((product >> 32) as u32, product as u32)
}
