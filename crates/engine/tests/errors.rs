//! Invalid inputs give an error that names the field, the allowed range and the value.

use tickseed_engine::{
    BreakInterval, Change, ChangeRule, Channel, Error, Field, LAST_INSTANT, Rules, Schedule, Seed, Segment,
    Step, Timeline,
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
        (message(Change::new(-1, 5)), "schedule.at must be from 0 to 253402300799999, got -1"),
        (
            message(Change::pause(LAST_INSTANT + 1)),
            "schedule.at must be from 0 to 253402300799999, got 253402300800000",
        ),
        (message(Change::new(5, -1)), "schedule.tick_ms must be from 0 to 86400000, got -1"),
        (message(Change::new(5, 86_400_001)), "schedule.tick_ms must be from 0 to 86400000, got 86400001"),
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

fn with_changes(changes: &[(i64, u32)]) -> Result<Schedule<Vec<Segment>>, Error> {
    let changes: Vec<Change> = changes.iter().map(|(at, tick)| Change::new(*at, *tick).unwrap()).collect();
    Schedule::new(1_000, 100).unwrap().with_changes(&changes, vec![Segment::default(); changes.len()])
}

#[test]
fn messages_name_the_change_and_its_rule() {
    let cases: [(&[(i64, u32)], &str); 8] = [
        (&[(1_000, 0)], "schedule[0].at must be after 1000, got 1000"),
        (&[(999, 0)], "schedule[0].at must be after 1000, got 999"),
        (&[(1_050, 0), (1_050, 100)], "schedule[1].at must be after 1050, got 1050"),
        (&[(1_050, 0), (1_060, 0)], "schedule[1] must not pause a session that is paused already"),
        (&[(1_100, 100)], "schedule[0].tick_ms must differ from the one before, got 100"),
        (
            &[(1_050, 0), (1_060, 100), (1_070, 100)],
            "schedule[2].tick_ms must differ from the one before, got 100",
        ),
        (
            &[(1_050, 0), (5_000, 100), (6_051, 50)],
            "schedule[2].at must be where a tick begins, got 1 ms after the beginning of a tick of 100 ms",
        ),
        (
            &[(1_050, 0), (5_000, 99)],
            "schedule[1].at must be where a tick begins, got 50 ms after the beginning of a tick of 100 ms",
        ),
    ];
    for (changes, expected) in cases {
        assert_eq!(message(with_changes(changes)), expected);
        assert_eq!(with_changes(changes).unwrap_err().field(), Field::Schedule);
    }
}

#[test]
fn the_first_rule_that_a_change_breaks_is_reported() {
    let rule = |changes: &[(i64, u32)]| match with_changes(changes) {
        Err(Error::InvalidChange { index, rule }) => (index, rule),
        other => panic!("one change is invalid: {other:?}"),
    };
    // Neither later, nor a change.
    assert_eq!(rule(&[(1_000, 100)]), (0, ChangeRule::NotLater { previous: 1_000, at: 1_000 }));
    // Within a tick, and invalid changes after it.
    let within_tick = ChangeRule::WithinTick { phase: 50, rate: 100 };
    assert_eq!(rule(&[(1_050, 99), (1_050, 99)]), (0, within_tick));
}

#[test]
fn more_changes_or_less_storage_than_allowed_give_an_error() {
    let tick_ms = |number: i64| if number % 2 == 1 { 0 } else { 100 };
    let changes: Vec<(i64, u32)> = (1..=257).map(|number| (1_000 + number, tick_ms(number))).collect();
    assert!(with_changes(&changes[..256]).is_ok());
    let error = with_changes(&changes).unwrap_err();
    assert_eq!(error.to_string(), "schedule must have at most 256 changes, got 257");
    assert_eq!(error.field(), Field::Schedule);

    let pause_and_resume = [Change::pause(2_000).unwrap(), Change::new(3_000, 100).unwrap()];
    let plain = Schedule::new(1_000, 100).unwrap();
    for (places, expected) in [
        (0, "segments must have 2 places, one for each change, got 0"),
        (3, "segments must have 2 places, one for each change, got 3"),
    ] {
        assert_eq!(
            message(plain.with_changes(&pause_and_resume, vec![Segment::default(); places])),
            expected
        );
    }
}

#[test]
fn a_step_after_a_pause_for_good_is_not_scheduled() {
    let paused = with_changes(&[(1_250, 0)]).unwrap();
    let error = paused.time_of(Step::new(3).unwrap()).unwrap_err();
    assert_eq!(error.to_string(), "step 3 is not scheduled: the session is paused for good at step 2");
    assert_eq!(error.field(), Field::Step);
}

#[test]
fn a_step_after_the_last_instant_has_no_time_after_a_change() {
    let slow = with_changes(&[(1_200, 86_400_000)]).unwrap();
    let last = slow.last_step().get();
    let expected = format!("step must be from 0 to {last}, got {}", last + 1);
    assert_eq!(message(slow.time_of(Step::new(last + 1).unwrap())), expected);
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
