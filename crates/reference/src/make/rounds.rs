//! Cases: rounds by number.

use super::inputs::{DEFAULT_RULES, DEFAULT_SEED, RULES, seeds, timeline};
use super::pseudo_random::PseudoRandom;
use super::repeats::without_repeats;
use crate::vectors::{RoundCase, Rules};

const PSEUDO_RANDOM_CASES: usize = 80;

pub(super) fn cases() -> Vec<RoundCase> {
    let mut cases: Vec<RoundCase> = RULES.into_iter().flat_map(of_rules).collect();
    cases.extend(of_every_seed());
    cases.extend(pseudo_random());
    without_repeats(cases)
}

fn case(why: impl Into<String>, seed: &str, rules: Rules, round: u64) -> RoundCase {
    let found = timeline(seed, &rules).round_at(round).expect("a round chosen within its range");
    RoundCase {
        why: why.into(),
        seed: seed.to_owned(),
        rules,
        round,
        first_step: found.first_step,
        interval: found.interval,
        next_break: found.next_break,
    }
}

/// Covers the rounds at the borders of epochs, the first whose number exceeds 32 bits if there is one, and the last round.
fn of_rules(rules: Rules) -> Vec<RoundCase> {
    let k = u64::from(rules.rounds_per_epoch);
    let last = timeline(DEFAULT_SEED, &rules).last_round();
    let rounds = [
        ("first round of all", 0),
        ("second round", 1),
        ("last round of epoch 0", k - 1),
        ("first round of epoch 1", k),
        ("second round of epoch 1", k + 1),
        ("last round of epoch 999", 1000 * k - 1),
        ("round 2^32 - 1", (1 << 32) - 1),
        ("round 2^32", 1 << 32),
        ("the round of the last step", last),
    ];
    rounds
        .into_iter()
        .filter(|(_, round)| *round <= last)
        .map(|(why, round)| case(why, DEFAULT_SEED, rules, round))
        .collect()
}

fn of_every_seed() -> Vec<RoundCase> {
    seeds()
        .into_iter()
        .map(|seed| case(format!("seed: {}", seed.why), &seed.text, DEFAULT_RULES, 63))
        .collect()
}

fn pseudo_random() -> Vec<RoundCase> {
    let mut random = PseudoRandom::new("rounds");
    (0..PSEUDO_RANDOM_CASES)
        .map(|_| {
            let (seed, rules) = (random.seed(), random.rules());
            let round = random.of_any_size_up_to(timeline(&seed, &rules).last_round());
            case("pseudo-random", &seed, rules, round)
        })
        .collect()
}
