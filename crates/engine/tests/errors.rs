//! Invalid inputs give an error that names the field, the allowed range and the value.

use tickseed_engine::{
    BreakInterval, Channel, Error, Field, LAST_INSTANT, Rules, Schedule, Seed, Step, Timeline,
};

fn message<T: std::fmt::Debug>(result: Result<T, Error>) -> String {
    result.expect_err("the input is invalid").to_string()
}

#[test]
fn messages_name_field_range_and_value() {
    let rules = |rounds| Rules::new(BreakInterval::default(), rounds);
    let cases = [
        (message(Seed::new("")), "seed must be 1 to 128 bytes of UTF-8, got 0 bytes"),
        (message(Seed::new(&"ü".repeat(65))), "seed must be 1 to 128 bytes of UTF-8, got 130 bytes"),
        (message(BreakInterval::new(0, 5)), "break_interval.min must be from 1 to 1000000, got 0"),
        (message(BreakInterval::new(6, 5)), "break_interval.max must be from 6 to 1000000, got 5"),
        (message(BreakInterval::new(-7, 5)), "break_interval.min must be from 1 to 1000000, got -7"),
        (message(rules(0)), "rounds_per_epoch must be from 2 to 256, got 0"),
        (message(rules(63)), "rounds_per_epoch must be an even number from 2 to 256, got 63"),
        (message(Schedule::new(-1, 1)), "start_at must be from 0 to 253402300799999, got -1"),
        (message(Schedule::new(0, 0)), "tick_ms must be from 1 to 86400000, got 0"),
        (
            message(Schedule::new(0, 1).unwrap().step_at(LAST_INSTANT + 1)),
            "now must be from 0 to 253402300799999, got 253402300800000",
        ),
        (message(Step::new(u64::MAX)), "step must be from 0 to 253402300799999, got 18446744073709551615"),
        (message(Step::new(-1)), "step must be from 0 to 253402300799999, got -1"),
        (message(Channel::new("")), "channel must be 1 to 64 bytes of UTF-8, got 0 bytes"),
    ];
    for (got, expected) in cases {
        assert_eq!(got, expected);
    }
}

#[test]
fn a_step_that_begins_after_the_last_instant_has_no_time() {
    let schedule = Schedule::new(LAST_INSTANT - 10, 4).unwrap();
    assert_eq!(schedule.time_of(Step::new(2).unwrap()), Ok(LAST_INSTANT - 2));
    assert_eq!(message(schedule.time_of(Step::new(3).unwrap())), "step must be from 0 to 2, got 3");
}

#[test]
fn the_last_round_contains_the_last_step() {
    let mut timeline = Timeline::new(&Seed::new("a seed").unwrap(), Rules::default());
    let last = timeline.state(Step::MAX).round;
    assert_eq!(timeline.round_at(last).unwrap().round, last);
    let error = timeline.round_at(last + 1).unwrap_err();
    assert_eq!(error.field(), Field::Round);
    assert_eq!(error.to_string(), format!("round must be from 0 to {last}, got {}", last + 1));
    assert_eq!(timeline.round_at(u64::MAX).unwrap_err().field(), Field::Round);
}

#[test]
fn an_invalid_bound_takes_no_word_from_a_draw() {
    let mut timeline = Timeline::new(&Seed::new("a seed").unwrap(), Rules::default());
    let channel = Channel::new("loot").unwrap();
    let mut draw = timeline.draw(Step::ZERO, channel);
    assert_eq!(message(draw.below(0)), "n must be from 1 to 4294967295, got 0");
    assert_eq!(draw.word(), timeline.draw(Step::ZERO, channel).word());
}

#[test]
fn debug_output_hides_keys() {
    let mut timeline = Timeline::new(&Seed::new("a seed").unwrap(), Rules::default());
    let shown = format!("{timeline:?}");
    assert_eq!(
        shown,
        "Timeline { rules: Rules { break_interval: BreakInterval { min: 100, max: 300 }, rounds_per_epoch: 64 }, \
         epoch: 0, .. }"
    );
    let draw = timeline.draw(Step::ZERO, Channel::new("loot").unwrap());
    assert_eq!(format!("{draw:?}"), "Draw { .. }");
}
