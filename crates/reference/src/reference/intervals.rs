//! Section 6, the intervals of an epoch.

use super::inputs::Rules;
use super::words::Words;

/// Returns the K intervals of the epoch with this secret, in the order of its rounds. They follow from the secret and the rules
/// alone, without the seed and the number of the epoch.
#[must_use]
pub fn intervals_of_epoch(secret: &[u8; 32], rules: &Rules) -> Vec<u32> {
    let mut words = Words { key: *secret, nonce: 0, first_block: 0, block_step: 1, taken: 0 };
    let mut intervals = pairs(&mut words, rules);
    words.shuffle(&mut intervals);
    intervals
}

/// Draws K / 2 pairs. Each adds up to min + max, which gives every epoch the same length.
fn pairs(words: &mut Words, rules: &Rules) -> Vec<u32> {
    let (min, max) = (rules.break_interval_min(), rules.break_interval_max());
    let mut intervals = Vec::new();
    for _ in 0..rules.rounds_per_epoch() / 2 {
        let u = min + words.bounded(max - min + 1);
        intervals.push(u);
        intervals.push(min + max - u);
    }
    intervals
}
