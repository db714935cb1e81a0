//! Cases: keys and intervals of epochs.

use super::hexadecimal::hexadecimal;
use super::inputs::{
    DEFAULT_SEED, RULES, WIDEST_CHOICE, last_epoch, reference_rules, rules, seeds, timeline,
};
use super::pseudo_random::PseudoRandom;
use super::repeats::without_repeats;
use crate::vectors::{EpochCase, Rules};

const PSEUDO_RANDOM_CASES: usize = 30;

/// An epoch of the default seed under `WIDEST_CHOICE` that rejects a word of the pairs, as about one epoch in 35 does. A port that
/// never rejects words passes the others.
const EPOCH_WITH_REJECTED_WORD_IN_PAIRS: u64 = 80;
/// An epoch of the default seed under `WIDEST_CHOICE` that rejects a word of the shuffle, but none of the pairs, as about one epoch
/// in 200 000 does.
const EPOCH_WITH_REJECTED_WORD_IN_SHUFFLE: u64 = 480_506;

pub(super) fn cases() -> Vec<EpochCase> {
    let mut cases: Vec<EpochCase> = RULES.into_iter().flat_map(of_rules).collect();
    cases.extend(with_rejected_words());
    cases.extend(of_every_seed());
    cases.extend(pseudo_random());
    without_repeats(cases)
}

fn case(why: impl Into<String>, seed: &str, rules: Rules, epoch: u64) -> EpochCase {
    let timeline = timeline(seed, &rules);
    EpochCase {
        why: why.into(),
        seed: seed.to_owned(),
        rules,
        epoch,
        root: hexadecimal(&timeline.root()),
        secret: hexadecimal(&timeline.epoch_secret(epoch)),
        length: reference_rules(&rules).epoch_length(),
        intervals: timeline.intervals(epoch),
    }
}

fn of_rules(rules: Rules) -> Vec<EpochCase> {
    let epochs = [
        ("first epoch", 0),
        ("second epoch", 1),
        ("epoch 1000", 1000),
        ("epoch 2^32", 1 << 32),
        ("the epoch of the last step", last_epoch(&rules)),
    ];
    epochs
        .into_iter()
        .filter(|(_, epoch)| *epoch <= last_epoch(&rules))
        .map(|(why, epoch)| case(why, DEFAULT_SEED, rules, epoch))
        .collect()
}

fn with_rejected_words() -> Vec<EpochCase> {
    vec![
        case(
            "a word of the pairs is rejected",
            DEFAULT_SEED,
            WIDEST_CHOICE,
            EPOCH_WITH_REJECTED_WORD_IN_PAIRS,
        ),
        case(
            "a word of the shuffle is rejected",
            DEFAULT_SEED,
            WIDEST_CHOICE,
            EPOCH_WITH_REJECTED_WORD_IN_SHUFFLE,
        ),
    ]
}

fn of_every_seed() -> Vec<EpochCase> {
    seeds()
        .into_iter()
        .map(|seed| case(format!("seed: {}", seed.why), &seed.text, rules(3, 10, 4), 0))
        .collect()
}

fn pseudo_random() -> Vec<EpochCase> {
    let mut random = PseudoRandom::new("epochs");
    (0..PSEUDO_RANDOM_CASES)
        .map(|_| {
            let rules = random.rules();
            let epoch = random.of_any_size_up_to(last_epoch(&rules));
            case("pseudo-random", &random.seed(), rules, epoch)
        })
        .collect()
}
