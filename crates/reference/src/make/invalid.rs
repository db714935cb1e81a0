//! Cases: one step past each end of every range.

use super::inputs::{DEFAULT_RULES, DEFAULT_SEED, rules, timeline};
use super::repeats::without_repeats;
use crate::reference::{self, InputError, LAST_STEP, LATEST_INSTANT, Schedule, Timeline};
use crate::vectors::{InvalidCase, InvalidError, InvalidInput, Rules};

pub(super) fn cases() -> Vec<InvalidCase> {
    let mut cases = texts();
    cases.extend(intervals());
    cases.extend(epoch_sizes());
    cases.extend(times());
    cases.extend(draws());
    cases.extend(after_the_end());
    without_repeats(cases)
}

/// Makes a case from valid inputs, one of which `spoil` makes invalid.
fn case(why: &str, spoil: impl FnOnce(&mut InvalidInput)) -> InvalidCase {
    let mut input = valid_input();
    spoil(&mut input);
    let error = first_error(&input).expect_err("an input is invalid");
    InvalidCase { why: why.to_owned(), kind: error.field.to_owned(), input, error: error_of(&error) }
}

fn valid_input() -> InvalidInput {
    InvalidInput {
        seed: DEFAULT_SEED.to_owned(),
        rules: DEFAULT_RULES,
        start_at: 1_700_000_000_000,
        tick_ms: 1000,
        now: 1_700_000_012_345,
        step: 12,
        channel: "dice".to_owned(),
        n: 6,
        round: None,
    }
}

/// Passes every input to the reference, in the order of the fields.
fn first_error(input: &InvalidInput) -> Result<(), InputError> {
    let interval = input.rules.break_interval;
    let rules = reference::Rules::new(interval.min, interval.max, input.rules.rounds_per_epoch)?;
    let timeline = Timeline::new(&input.seed, rules)?;
    let schedule = Schedule::new(input.start_at, input.tick_ms)?;
    timeline.state_at(&schedule, input.now)?;
    timeline.state(input.step)?;
    schedule.time_of(input.step)?;
    timeline.draw(input.step, &input.channel)?.below(input.n)?;
    input.round.map(|round| timeline.round_at(round)).transpose()?;
    Ok(())
}

fn error_of(error: &InputError) -> InvalidError {
    let number = |number| i64::try_from(number).expect("the cases stay within i64");
    InvalidError {
        field: error.field.to_owned(),
        min: number(error.min),
        max: number(error.max),
        value: number(error.value),
        even: error.even,
    }
}

fn texts() -> Vec<InvalidCase> {
    vec![
        case("seed: 0 bytes", |input| input.seed = String::new()),
        case("seed: 129 bytes of ASCII", |input| input.seed = "s".repeat(129)),
        case("seed: 129 bytes in 43 characters", |input| input.seed = "\u{8a9e}".repeat(43)),
        case("seed: 132 bytes in 33 characters", |input| input.seed = "\u{1f3b2}".repeat(33)),
        case("channel: 0 bytes", |input| input.channel = String::new()),
        case("channel: 65 bytes of ASCII", |input| input.channel = "c".repeat(65)),
        case("channel: 65 bytes in 22 characters", |input| {
            input.channel = format!("{}\u{e9}", "\u{8a9e}".repeat(21));
        }),
        case("channel: 68 bytes in 17 characters", |input| input.channel = "\u{1f3b2}".repeat(17)),
    ]
}

fn intervals() -> Vec<InvalidCase> {
    vec![
        case("min: 0", |input| input.rules = rules(0, 300, 64)),
        case("min: 1 000 001", |input| input.rules = rules(1_000_001, 1_000_000, 64)),
        case("max: 0", |input| input.rules = rules(1, 0, 64)),
        case("max: 1 000 001", |input| input.rules = rules(1, 1_000_001, 64)),
        case("max: 2^32 - 1", |input| input.rules = rules(1, u32::MAX, 64)),
        case("min > max", |input| input.rules = rules(300, 299, 64)),
        case("min > max", |input| input.rules = rules(2, 1, 64)),
        case("min > max", |input| input.rules = rules(1_000_000, 999_999, 64)),
    ]
}

fn epoch_sizes() -> Vec<InvalidCase> {
    let sizes = [
        ("even, below the range", 0),
        ("one below the range", 1),
        ("odd", 3),
        ("odd", 63),
        ("odd", 255),
        ("one above the range", 257),
        ("even, above the range", 258),
    ];
    sizes.map(|(why, k)| case(why, |input| input.rules.rounds_per_epoch = k)).to_vec()
}

fn times() -> Vec<InvalidCase> {
    vec![
        case("start_at: 1 ms before 1970", |input| input.start_at = -1),
        case("start_at: 1 ms after 9999", |input| input.start_at = LATEST_INSTANT + 1),
        case("tick_ms: 0", |input| input.tick_ms = 0),
        case("tick_ms: 1 ms above a day", |input| input.tick_ms = 86_400_001),
        case("now: 1 ms before 1970", |input| input.now = -1),
        case("now: 1 ms after 9999", |input| input.now = LATEST_INSTANT + 1),
        case("step: one after the last", |input| input.step = LAST_STEP + 1),
        case("step: 2^53", |input| input.step = 1 << 53),
    ]
}

fn draws() -> Vec<InvalidCase> {
    vec![case("below(0)", |input| input.n = 0)]
}

/// Steps that have a state but begin after the year 9999, and rounds that begin after the last step.
fn after_the_end() -> Vec<InvalidCase> {
    let last_step = Schedule::new(1_700_000_000_000, 1000).expect("a valid schedule").last_step();
    vec![
        case("time_of(step): begins after the year 9999", |input| input.step = last_step + 1),
        case("time_of(step): the last step of all, after ticks of a day", |input| {
            input.tick_ms = 86_400_000;
            input.step = LAST_STEP;
        }),
        case("time_of(step): step 1 after a start at the last instant", |input| {
            input.start_at = LATEST_INSTANT;
            input.step = 1;
        }),
        round_after_the_last("as short as can be", rules(1, 1, 2)),
        round_after_the_last("as long as can be", rules(1_000_000, 1_000_000, 256)),
        round_after_the_last("as usual", DEFAULT_RULES),
    ]
}

fn round_after_the_last(how_long: &str, rules: Rules) -> InvalidCase {
    let why = format!("round_at(round): one after the round of the last step, rounds {how_long}");
    case(&why, |input| {
        input.rules = rules;
        input.round = Some(timeline(&input.seed, &rules).last_round() + 1);
    })
}
