//! The errors in the file against a list made by hand from section 1 of `docs/engine.md`.

use tickseed_reference::load;
use tickseed_reference::reference::{Rules, Schedule, Timeline};
use tickseed_reference::vectors::InvalidCase;

const LATEST_INSTANT: i64 = 253_402_300_799_999;

/// Field, least and greatest allowed value, invalid value.
const EXPECTED: [(&str, i64, i64, i64); 30] = [
    ("seed", 1, 128, 0),
    ("seed", 1, 128, 129),
    ("break_interval.min", 1, 1_000_000, 0),
    ("break_interval.min", 1, 1_000_000, 1_000_001),
    ("break_interval.max", 1, 1_000_000, 0),
    ("break_interval.max", 1, 1_000_000, 1_000_001),
    ("break_interval.max", 300, 1_000_000, 299),
    ("break_interval.max", 2, 1_000_000, 1),
    ("rounds_per_epoch", 2, 256, 0),
    ("rounds_per_epoch", 2, 256, 1),
    ("rounds_per_epoch", 2, 256, 3),
    ("rounds_per_epoch", 2, 256, 255),
    ("rounds_per_epoch", 2, 256, 257),
    ("rounds_per_epoch", 2, 256, 258),
    ("start_at", 0, LATEST_INSTANT, -1),
    ("start_at", 0, LATEST_INSTANT, LATEST_INSTANT + 1),
    ("tick_ms", 1, 86_400_000, 0),
    ("tick_ms", 1, 86_400_000, 86_400_001),
    ("now", 0, LATEST_INSTANT, -1),
    ("now", 0, LATEST_INSTANT, LATEST_INSTANT + 1),
    ("step", 0, 253_402_300_799_999, 253_402_300_800_000),
    ("step", 0, 253_402_300_799_999, 1 << 53),
    ("channel", 1, 64, 0),
    ("channel", 1, 64, 65),
    ("n", 1, 4_294_967_295, 0),
    // (253 402 300 799 999 - start_at) / tick_ms
    ("step", 0, 251_702_300_799, 251_702_300_800),
    ("step", 0, 2_913_221, 253_402_300_799_999),
    ("step", 0, 0, 1),
    // If all intervals are equal: 253 402 300 800 000 / (1 + interval)
    ("round", 0, 126_701_150_400_000, 126_701_150_400_001),
    ("round", 0, 253_402_047, 253_402_048),
];

fn error_of(case: &InvalidCase) -> (&str, i64, i64, i64) {
    let error = &case.error;
    (&error.field, error.min, error.max, error.value)
}

#[test]
fn the_file_has_both_ends_of_every_range() {
    let cases = load().invalid;
    for expected in EXPECTED {
        assert!(cases.iter().any(|case| error_of(case) == expected), "no case for {expected:?}");
    }
}

#[test]
fn the_kind_is_the_field_and_only_rounds_per_epoch_must_be_even() {
    for case in load().invalid {
        assert_eq!(case.kind, case.error.field);
        assert_eq!(case.error.even, case.kind == "rounds_per_epoch", "{}", case.why);
    }
}

#[test]
fn texts_are_measured_in_bytes() {
    let cases = load().invalid;
    let few_characters = |kind, text: fn(&InvalidCase) -> &str, limit| {
        cases
            .iter()
            .any(|case| case.kind == kind && !text(case).is_empty() && text(case).chars().count() < limit)
    };
    assert!(few_characters("seed", |case| &case.input.seed, 128));
    assert!(few_characters("channel", |case| &case.input.channel, 64));
}

#[test]
fn both_ends_of_every_range_are_valid() {
    for (min, max, k) in [(1, 1, 2), (1, 1_000_000, 256), (1_000_000, 1_000_000, 254)] {
        let rules = Rules::new(min, max, k).expect("rules at the ends of their ranges");
        for seed in ["s".to_owned(), "s".repeat(128), "\u{1f3b2}".repeat(32)] {
            let timeline = Timeline::new(&seed, rules).expect("a seed at the ends of its range");
            for channel in ["c".to_owned(), "c".repeat(64), "\u{1f3b2}".repeat(16)] {
                let mut draw = timeline.draw(253_402_300_799_999, &channel).expect("a channel at the ends");
                assert_eq!(draw.below(1), Ok(0));
                assert!(draw.below(4_294_967_295).is_ok());
            }
        }
    }
    for (start_at, tick_ms) in [(0, 1), (0, 86_400_000), (LATEST_INSTANT, 1)] {
        let schedule = Schedule::new(start_at, tick_ms).expect("a schedule at the ends of its ranges");
        assert!(schedule.step_at(0).is_ok());
        assert!(schedule.step_at(LATEST_INSTANT).is_ok());
    }
}

#[test]
fn a_round_after_the_last_step_gives_an_error() {
    let timeline = Timeline::new("s", Rules::default()).expect("valid inputs");
    let last = timeline.last_round();
    assert!(timeline.round_at(last).is_ok());
    for round in [last + 1, u64::MAX] {
        let error = timeline.round_at(round).expect_err("a round that no step reaches");
        assert_eq!((error.field, error.min, error.max), ("round", 0, i128::from(last)));
    }
}

#[test]
fn an_error_names_the_field_the_range_and_the_value() {
    let tick = Schedule::new(0, 0).expect_err("a tick of 0 ms");
    assert_eq!(tick.to_string(), "tick_ms must be from 1 to 86400000, not 0");
    let odd = Rules::new(1, 2, 3).expect_err("an odd number of rounds");
    assert_eq!(odd.to_string(), "rounds_per_epoch must be an even number from 2 to 256, not 3");
}
