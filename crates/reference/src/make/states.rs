//! Cases: the state at a step.

use super::inputs::{
    DEFAULT_RULES, DEFAULT_SEED, RULES, last_epoch, rules, seeds, steps_at_epoch_border, timeline,
};
use super::pseudo_random::PseudoRandom;
use super::repeats::without_repeats;
use crate::reference::{LAST_STEP, State};
use crate::vectors::{self, Rules, StateCase};

const PSEUDO_RANDOM_CASES: usize = 120;

pub(super) fn cases() -> Vec<StateCase> {
    let mut cases = section_nine();
    cases.extend(of_every_seed());
    cases.extend(epoch_borders());
    cases.extend(rounds_from_end_to_end());
    cases.extend(far_steps());
    cases.extend(pseudo_random());
    without_repeats(cases)
}

fn case(why: impl Into<String>, seed: &str, rules: Rules, step: u64) -> StateCase {
    let timeline = timeline(seed, &rules);
    let state = timeline.state(step).expect("a step chosen within its range");
    let next_break = timeline.next_break(step).expect("a step chosen within its range");
    StateCase { why: why.into(), seed: seed.to_owned(), rules, step, state: state_of(&state), next_break }
}

pub(super) fn state_of(state: &State) -> vectors::State {
    vectors::State { step: state.step, value: state.value, round: state.round, broken: state.broken }
}

fn section_nine() -> Vec<StateCase> {
    [0, 12_863, 1_000_000]
        .map(|step| case("section 9 of docs/engine.md", DEFAULT_SEED, DEFAULT_RULES, step))
        .to_vec()
}

fn of_every_seed() -> Vec<StateCase> {
    let mut cases = Vec::new();
    for seed in seeds() {
        for step in [0, 300, 12_863, 1 << 40] {
            cases.push(case(format!("seed: {}", seed.why), &seed.text, DEFAULT_RULES, step));
        }
    }
    cases
}

fn epoch_borders() -> Vec<StateCase> {
    let mut cases = Vec::new();
    for rules in RULES {
        for epoch in [0, 1, 2, 1000, last_epoch(&rules)] {
            for (why, step) in steps_at_epoch_border(&rules, epoch) {
                cases.push(case(why, DEFAULT_SEED, rules, step));
            }
        }
    }
    cases
}

/// Covers rounds from the break that opens them to the break that ends them.
fn rounds_from_end_to_end() -> Vec<StateCase> {
    let mut cases = Vec::new();
    for rules in [DEFAULT_RULES, rules(1, 1, 2), rules(7, 7, 64), rules(3, 10, 4), rules(1, 1_000_000, 256)] {
        let k = u64::from(rules.rounds_per_epoch);
        for round in [0, 1, k - 1, k, 10 * k + 1] {
            cases.extend(round_from_end_to_end(rules, round));
        }
    }
    cases
}

fn round_from_end_to_end(rules: Rules, number: u64) -> Vec<StateCase> {
    let round = timeline(DEFAULT_SEED, &rules).round_at(number).expect("a round within the range");
    let positions = [
        ("first step", round.first_step),
        ("second step", round.first_step + 1),
        ("last step", round.next_break - 1),
        ("break after the last step", round.next_break),
    ];
    positions
        .map(|(position, step)| case(format!("round {number}: {position}"), DEFAULT_SEED, rules, step))
        .to_vec()
}

fn far_steps() -> Vec<StateCase> {
    let far = [
        ("2^31 - 1", (1 << 31) - 1),
        ("2^31", 1 << 31),
        ("2^32 - 2, position 2^32 - 1", (1 << 32) - 2),
        ("2^32 - 1, position 2^32", (1 << 32) - 1),
        ("2^32", 1 << 32),
        ("2^32 + 1", (1 << 32) + 1),
        ("2^47", 1 << 47),
        ("the last but one", LAST_STEP - 1),
        ("the last", LAST_STEP),
    ];
    let of_rules = |rules| far.map(|(why, step)| case(format!("far step: {why}"), DEFAULT_SEED, rules, step));
    RULES.into_iter().flat_map(of_rules).collect()
}

fn pseudo_random() -> Vec<StateCase> {
    let mut random = PseudoRandom::new("states");
    (0..PSEUDO_RANDOM_CASES)
        .map(|_| case("pseudo-random", &random.seed(), random.rules(), random.step()))
        .collect()
}
