//! The file contains the cases it promises, judged by their data and not by their `why`.

use tickseed_reference::vectors::{DrawCase, EpochCase, Rules, StateCase};
use tickseed_reference::{VECTORS_V1, Vectors, load};

const LAST_STEP: u64 = 253_402_300_799_999;
const LATEST_INSTANT: i64 = 253_402_300_799_999;
const BYTES_AT_MOST: usize = 1_500_000;
const CASES_AT_LEAST: usize = 1000;

/// Least interval, greatest interval and K: the ends of the ranges, the defaults and small rules.
const CHOSEN_RULES: [(u32, u32, u32); 10] = [
    (1, 1, 2),
    (1, 1, 256),
    (1, 1_000_000, 2),
    (1, 1_000_000, 256),
    (1_000_000, 1_000_000, 2),
    (1_000_000, 1_000_000, 256),
    (7, 7, 64),
    (100, 300, 4),
    (100, 300, 64),
    (3, 10, 4),
];

fn rules_as_numbers(rules: &Rules) -> (u32, u32, u32) {
    (rules.break_interval.min, rules.break_interval.max, rules.rounds_per_epoch)
}

/// Computes section 4 again, so that the test does not rely on the code it tests.
fn epoch_length(rules: &Rules) -> u64 {
    let pair = u64::from(rules.break_interval.min) + u64::from(rules.break_interval.max);
    let rounds = u64::from(rules.rounds_per_epoch);
    rounds + rounds / 2 * pair
}

fn all_rules(vectors: &Vectors) -> [Vec<Rules>; 5] {
    [
        vectors.states_at.iter().map(|case| case.rules).collect(),
        vectors.states.iter().map(|case| case.rules).collect(),
        vectors.rounds.iter().map(|case| case.rules).collect(),
        vectors.epochs.iter().map(|case| case.rules).collect(),
        vectors.draws.iter().map(|case| case.rules).collect(),
    ]
}

/// Returns whether a step has the wanted epoch and offset.
fn has_position(steps: &[(Rules, u64)], wanted: impl Fn(u64, u64) -> bool) -> bool {
    steps.iter().any(|(rules, step)| {
        let length = epoch_length(rules);
        wanted((step + 1) / length, (step + 1) % length)
    })
}

#[test]
fn the_file_has_enough_cases_and_a_reasonable_size() {
    let cases: usize = load().counts().iter().map(|(_, cases)| cases).sum();
    assert!(cases >= CASES_AT_LEAST, "{cases} cases");
    assert!(VECTORS_V1.len() <= BYTES_AT_MOST, "{} bytes", VECTORS_V1.len());
    assert_eq!(load().engine_version, 1);
}

#[test]
fn every_kind_of_case_has_rules_at_the_ends_of_their_ranges() {
    for rules in all_rules(&load()) {
        for k in [2, 4, 64, 254, 256] {
            assert!(rules.iter().any(|rules| rules.rounds_per_epoch == k), "K = {k}");
        }
        for interval in [(1, 1), (7, 7), (1_000_000, 1_000_000), (1, 1_000_000), (100, 300)] {
            let (min, max) = interval;
            let matches = |rules: &Rules| (rules.break_interval.min, rules.break_interval.max) == (min, max);
            assert!(rules.iter().any(matches), "{interval:?}");
        }
    }
}

#[test]
fn there_are_seeds_of_every_kind() {
    let vectors = load();
    let states: Vec<&str> = vectors.states.iter().map(|case| case.seed.as_str()).collect();
    let epochs: Vec<&str> = vectors.epochs.iter().map(|case| case.seed.as_str()).collect();
    let draws: Vec<&str> = vectors.draws.iter().map(|case| case.seed.as_str()).collect();
    for seeds in [states, epochs, draws] {
        assert_texts_of_every_kind(&seeds, 128);
    }
}

#[test]
fn there_are_channels_of_every_kind() {
    let vectors = load();
    let channels: Vec<&str> = vectors.draws.iter().map(|case| case.channel.as_str()).collect();
    assert_texts_of_every_kind(&channels, 64);
}

fn assert_texts_of_every_kind(texts: &[&str], longest: usize) {
    for bytes in [1, longest] {
        assert!(texts.iter().any(|text| text.len() == bytes), "no text of {bytes} bytes");
    }
    for bytes in 2..=4 {
        let long = |text: &&str| {
            text.len() == longest && text.chars().any(|character| character.len_utf8() == bytes)
        };
        assert!(texts.iter().any(long), "no text of the greatest length has characters of {bytes} bytes");
    }
    for text in ["caf\u{e9}", "cafe\u{301}", "\u{2028}\u{2029}", "\u{feff}dice", " dice ", "dice\0dice"] {
        assert!(texts.contains(&text), "{text:?}");
    }
}

#[test]
fn composed_and_decomposed_texts_give_different_answers() {
    let vectors = load();
    let of_seed = |seed| vectors.epochs.iter().find(|case| case.seed == seed).expect("the file has the seed");
    let (composed, decomposed): (&EpochCase, &EpochCase) = (of_seed("caf\u{e9}"), of_seed("cafe\u{301}"));
    assert_eq!((composed.rules, composed.epoch), (decomposed.rules, decomposed.epoch));
    assert_ne!(composed.root, decomposed.root);
    let of_channel =
        |name| vectors.draws.iter().find(|case| case.channel == name).expect("the file has the channel");
    let (composed, decomposed): (&DrawCase, &DrawCase) = (of_channel("caf\u{e9}"), of_channel("cafe\u{301}"));
    assert_eq!((composed.step, &composed.seed), (decomposed.step, &decomposed.seed));
    assert_ne!(composed.words, decomposed.words);
}

#[test]
fn there_are_steps_on_both_sides_of_epoch_borders() {
    let vectors = load();
    let draws: Vec<_> = vectors.draws.iter().map(|case| (case.rules, case.step)).collect();
    for rules in CHOSEN_RULES {
        let of_rules = |case: &&StateCase| rules_as_numbers(&case.rules) == rules;
        let states: Vec<_> =
            vectors.states.iter().filter(of_rules).map(|case| (case.rules, case.step)).collect();
        let last_offset = epoch_length(&states[0].0) - 1;
        for border in [(0, last_offset), (1, 0), (1, 1), (999, last_offset), (1000, 0), (1000, 1)] {
            assert!(
                has_position(&states, |epoch, offset| (epoch, offset) == border),
                "{rules:?}, {border:?}"
            );
        }
    }
    for offset in [0, 1, 12_863, 256_000_255] {
        assert!(has_position(&draws, |_, t| t == offset), "a draw at offset {offset}");
    }
    assert!(has_position(&draws, |epoch, offset| epoch > 1 << 32 && offset == 0));
}

#[test]
fn there_are_the_states_of_section_9_and_every_part_of_a_round() {
    let states = load().states;
    let section_9 = |case: &&StateCase| {
        case.seed == "550e8400-e29b-41d4-a716-446655440000" && case.rules.break_interval.max == 300
    };
    for (step, value, round) in [(0, 1, 0), (12_863, 0, 64), (1_000_000, 108, 4975)] {
        let matches = |case: &StateCase| {
            (case.state.step, case.state.value, case.state.round) == (step, value, round)
                && case.rules.rounds_per_epoch == 64
        };
        assert!(states.iter().filter(section_9).any(matches), "step {step}");
    }
    let long_rounds = |case: &&StateCase| case.rules.break_interval.min > 1;
    assert!(states.iter().filter(long_rounds).any(|case| case.state.broken));
    assert!(states.iter().filter(long_rounds).any(|case| case.state.value == 1 && case.step > 0));
    assert!(states.iter().filter(long_rounds).any(|case| case.next_break == case.step + 1));
}

#[test]
fn there_are_far_steps_and_rounds() {
    let vectors = load();
    for step in [(1 << 32) - 1, 1 << 32, (1 << 32) + 1, LAST_STEP - 1, LAST_STEP] {
        assert!(vectors.states.iter().any(|case| case.step == step), "step {step}");
    }
    assert!(vectors.draws.iter().any(|case| case.step == LAST_STEP));
    assert!(vectors.states.iter().any(|case| case.next_break > LAST_STEP));
    assert!(vectors.states_at.iter().any(|case| case.state.step == LAST_STEP));
    for round in [0, 1, (1 << 32) - 1, 1 << 32] {
        assert!(vectors.rounds.iter().any(|case| case.round == round), "round {round}");
    }
    for past_k in [-1, 0, 1] {
        let matches = |round: u64, k: u32| round.cast_signed() == i64::from(k) + past_k;
        assert!(vectors.rounds.iter().any(|case| matches(case.round, case.rules.rounds_per_epoch)));
    }
    assert!(vectors.epochs.iter().any(|case| case.epoch >= 1 << 32));
}

#[test]
fn there_are_instants_around_the_start_and_at_the_ends() {
    let vectors = load();
    for distance in [-1, 0, 1] {
        assert!(vectors.states_at.iter().any(|case| case.now - case.start_at == distance), "{distance} ms");
    }
    let last_of_tick = |now: i64, start_at: i64, tick_ms: u32| (now - start_at + 1) % i64::from(tick_ms) == 0;
    assert!(vectors.states_at.iter().any(|case| {
        case.tick_ms > 1 && case.now > case.start_at && last_of_tick(case.now, case.start_at, case.tick_ms)
    }));
    for instant in [0, LATEST_INSTANT] {
        assert!(vectors.states_at.iter().any(|case| case.start_at == instant));
        assert!(vectors.states_at.iter().any(|case| case.now == instant));
        assert!(vectors.times.iter().any(|case| case.time == instant));
    }
    for tick_ms in [1, 86_400_000] {
        assert!(vectors.states_at.iter().any(|case| case.tick_ms == tick_ms));
        assert!(vectors.times.iter().any(|case| case.tick_ms == tick_ms));
    }
    assert!(vectors.times.iter().all(|case| (0..=LATEST_INSTANT).contains(&case.time)));
    assert!(vectors.times.iter().any(|case| case.step > 1 << 32));
}

#[test]
fn every_draw_has_complete_fields() {
    for case in load().draws {
        assert_eq!((case.words.len(), case.units.len()), (40, 4));
        let n: Vec<u32> = case.below.iter().map(|below| below.n).collect();
        assert_eq!(n, [1, 6, 2_147_483_648, 2_147_483_649, 4_294_967_295]);
        assert!(case.below.iter().all(|below| below.values.len() == 8));
        assert!(case.below.iter().all(|below| below.values.iter().all(|value| *value < below.n)));
        let mut cards = case.shuffle_52;
        cards.sort_unstable();
        assert!(cards.into_iter().eq(0..52));
    }
}
