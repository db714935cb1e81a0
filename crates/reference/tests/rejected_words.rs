//! `bounded` rejects so few words that a port without rejection would pass nearly every case. The file has some epochs only for
//! their rejected words; these tests check that they have them.

use tickseed_reference::load;
use tickseed_reference::reference::chacha8_block;
use tickseed_reference::vectors::EpochCase;

/// Counts the words that the pairs and the shuffle of an epoch reject.
fn rejected(case: &EpochCase) -> (usize, usize) {
    let interval = case.rules.break_interval;
    let choices = u64::from(interval.max - interval.min + 1);
    let k = u64::from(case.rules.rounds_per_epoch);
    let mut words = words(&secret(case)).into_iter();
    let in_pairs = (0..k / 2).map(|_| rejected_by_bounded(&mut words, choices)).sum();
    let in_shuffle = (2..=k).rev().map(|n| rejected_by_bounded(&mut words, n)).sum();
    (in_pairs, in_shuffle)
}

fn rejected_by_bounded(words: &mut impl Iterator<Item = u32>, n: u64) -> usize {
    let limit = ((1 << 32) - n) % n;
    words.take_while(|word| u64::from(*word) * n % (1 << 32) < limit).count()
}

fn words(secret: &[u8; 32]) -> Vec<u32> {
    (0..64).flat_map(|block| chacha8_block(secret, 0, block)).collect()
}

fn secret(case: &EpochCase) -> [u8; 32] {
    let mut secret = [0; 32];
    for (index, byte) in secret.iter_mut().enumerate() {
        *byte = u8::from_str_radix(&case.secret[2 * index..2 * index + 2], 16).expect("two digits");
    }
    secret
}

#[test]
fn the_file_has_epochs_with_rejected_words() {
    let counts: Vec<(usize, usize)> = load().epochs.iter().map(rejected).collect();
    assert!(counts.iter().any(|(pairs, shuffle)| *pairs > 0 && *shuffle == 0), "none in pairs");
    assert!(counts.iter().any(|(pairs, shuffle)| *pairs == 0 && *shuffle > 0), "none in a shuffle");
}

/// This n rejects almost half of all words, so 8 values without a rejection are rare.
#[test]
fn the_file_has_draws_with_rejected_words() {
    let n = 2_147_483_649;
    let rejected = load().draws.into_iter().filter(|case| {
        let mut words = case.words.iter().copied();
        (0..8).any(|_| rejected_by_bounded(&mut words, n) > 0)
    });
    assert!(rejected.count() > 100);
}
