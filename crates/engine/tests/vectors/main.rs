//! The engine passes every case of `vectors/v1.json` and `vectors/schedule-v1.json`, which the plain reference generated.

mod schedule;

use chacha20::ChaCha8Rng;
use chacha20::rand_core::{Rng as _, SeedableRng as _};
use tickseed_engine::{
    BreakInterval, Channel, Draw, ENGINE_VERSION, Error, Round, Rules, Schedule, Seed, State, Step, Timeline,
    state_at,
};
use tickseed_reference::{load, vectors};

fn rules(case: &vectors::Rules) -> Result<Rules, Error> {
    let interval = BreakInterval::new(case.break_interval.min, case.break_interval.max)?;
    Rules::new(interval, case.rounds_per_epoch)
}

fn timeline(seed: &str, case: &vectors::Rules) -> Timeline {
    Timeline::new(&Seed::new(seed).unwrap(), rules(case).unwrap())
}

fn step(number: u64) -> Step {
    Step::new(number).unwrap()
}

fn state(case: &vectors::State) -> State {
    State { step: step(case.step), value: case.value, round: case.round, broken: case.broken }
}

#[test]
fn the_vectors_match_this_engine_version() {
    assert_eq!(load().engine_version, ENGINE_VERSION);
}

/// Checks all cases by three routes: on a fresh timeline each, in order on one timeline per seed and rules, and on that
/// timeline again in random order, where cases repeat.
fn by_three_routes<Case: Clone>(
    cases: &[Case],
    timeline_of: impl Fn(&Case) -> (String, vectors::Rules),
    place: impl Fn(&Case) -> u64,
    check: impl Fn(&mut Timeline, &Case),
) {
    for case in cases {
        let (seed, rules) = timeline_of(case);
        check(&mut timeline(&seed, &rules), case);
    }
    let mut groups: Vec<((String, vectors::Rules), Vec<Case>)> = Vec::new();
    for case in cases {
        let key = timeline_of(case);
        match groups.iter_mut().find(|(known, _)| *known == key) {
            Some((_, group)) => group.push(case.clone()),
            None => groups.push((key, vec![case.clone()])),
        }
    }
    let mut random = ChaCha8Rng::from_seed([7; 32]);
    for ((seed, rules), mut group) in groups {
        let mut timeline = timeline(&seed, &rules);
        group.sort_by_key(&place);
        for case in &group {
            check(&mut timeline, case);
        }
        for _ in 0..group.len() * 4 {
            check(&mut timeline, &group[random.next_u32() as usize % group.len()]);
        }
    }
}

#[test]
fn states_at_an_instant() {
    let cases = load().states_at;
    let schedule = |case: &vectors::StateAtCase| Schedule::new(case.start_at, case.tick_ms).unwrap();
    for case in &cases {
        let seed = Seed::new(&case.seed).unwrap();
        let found = state_at(&seed, &rules(&case.rules).unwrap(), &schedule(case), case.now);
        assert_eq!(found, Ok(state(&case.state)), "{case:?}");
    }
    by_three_routes(
        &cases,
        |case| (case.seed.clone(), case.rules),
        |case| case.state.step,
        |timeline, case| {
            assert_eq!(timeline.state_at(&schedule(case), case.now), Ok(state(&case.state)), "{case:?}");
        },
    );
}

#[test]
fn states_of_steps() {
    by_three_routes(
        &load().states,
        |case| (case.seed.clone(), case.rules),
        |case| case.step,
        |timeline, case| {
            assert_eq!(timeline.state(step(case.step)), state(&case.state), "{case:?}");
            assert_eq!(timeline.next_break(step(case.step)), case.next_break, "{case:?}");
        },
    );
}

#[test]
fn times_of_steps() {
    for case in load().times {
        let schedule = Schedule::new(case.start_at, case.tick_ms).unwrap();
        assert_eq!(schedule.time_of(step(case.step)), Ok(case.time), "{case:?}");
        assert_eq!(schedule.step_at(case.time), Ok(Some(step(case.step))), "{case:?}");
    }
}

#[test]
fn rounds_by_number() {
    by_three_routes(
        &load().rounds,
        |case| (case.seed.clone(), case.rules),
        |case| case.round,
        |timeline, case| {
            let expected = Round {
                round: case.round,
                first_step: step(case.first_step),
                interval: case.interval,
                next_break: case.next_break,
            };
            assert_eq!(timeline.round_at(case.round), Ok(expected), "{case:?}");
            assert_eq!(timeline.round_of(step(case.first_step)), expected, "{case:?}");
        },
    );
}

#[test]
fn intervals_of_epochs() {
    by_three_routes(
        &load().epochs,
        |case| (case.seed.clone(), case.rules),
        |case| case.epoch,
        |timeline, case| {
            assert_eq!(u64::from(timeline.rules().epoch_length()), case.length);
            let first = case.epoch * u64::from(case.rules.rounds_per_epoch);
            // `round_at` rejects the rounds of the last epoch that begin after the last step.
            let last = timeline.round_of(Step::MAX).round;
            for (round, interval) in (first..=last).zip(&case.intervals) {
                assert_eq!(timeline.round_at(round).unwrap().interval, *interval, "{case:?}");
            }
            assert!(first <= last);
        },
    );
}

#[test]
fn draws() {
    by_three_routes(&load().draws, |case| (case.seed.clone(), case.rules), |case| case.step, check_draws);
}

fn check_draws(timeline: &mut Timeline, case: &vectors::DrawCase) {
    let channel = Channel::new(&case.channel).unwrap();
    let mut fresh = || timeline.draw(step(case.step), channel);

    let mut draw = fresh();
    assert!(case.words.iter().all(|word| draw.word() == *word), "{case:?}");
    let mut draw = fresh();
    assert!(case.units.iter().all(|unit| numerator(draw.unit()) == *unit), "{case:?}");
    for below in &case.below {
        let mut draw = fresh();
        assert!(below.values.iter().all(|value| draw.below(below.n) == Ok(*value)), "{case:?}");
    }
    let mut deck: Vec<u32> = (0..52).collect();
    let mut draw = fresh();
    draw.shuffle(&mut deck).unwrap();
    assert_eq!(deck, case.shuffle_52, "{case:?}");
    assert_eq!(draw.word(), case.word_after_shuffle, "{case:?}");
    in_turn(&mut fresh(), &case.in_turn);
}

fn in_turn(draw: &mut Draw, expected: &vectors::InTurn) {
    assert_eq!(draw.word(), expected.first_word);
    assert_eq!(draw.below(1), Ok(expected.below_1));
    assert_eq!(numerator(draw.unit()), expected.unit);
    assert_eq!(draw.below(6), Ok(expected.below_6));
    assert_eq!(draw.word(), expected.last_word);
}

/// Returns `unit * 2^53`, which is an integer.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "exact: an integer below 2^53")]
fn numerator(unit: f64) -> u64 {
    (unit * 9_007_199_254_740_992.0) as u64
}

#[test]
fn invalid_inputs() {
    for case in load().invalid {
        let error = use_every_input(&case.input).expect_err("one input is invalid");
        let expected = (case.error.field.as_str(), case.error.min, case.error.max, case.error.value);
        assert_eq!(parts(error), expected, "{case:?}");
    }
}

/// Passes every input to the engine and returns the error of the invalid one.
fn use_every_input(input: &vectors::InvalidInput) -> Result<(), Error> {
    let mut timeline = Timeline::new(&Seed::new(&input.seed)?, rules(&input.rules)?);
    let schedule = Schedule::new(input.start_at, input.tick_ms)?;
    schedule.step_at(input.now)?;
    schedule.time_of(Step::new(input.step)?)?;
    let mut draw = timeline.draw(Step::new(input.step)?, Channel::new(&input.channel)?);
    draw.below(input.n)?;
    input.round.map(|round| timeline.round_at(round)).transpose()?;
    Ok(())
}

/// Returns the field, the smallest and the largest allowed value, and the rejected value.
fn parts(error: Error) -> (&'static str, i64, i64, i64) {
    let (min, max, value) = match error {
        Error::OutOfRange { min, max, value, .. } => (min, max, value),
        Error::NotEven { min, max, value, .. } | Error::Length { min, max, value, .. } => {
            (min, max, value.into())
        }
        other => panic!("the vectors have no case for this error: {other}"),
    };
    let narrow = |number: i128| i64::try_from(number).unwrap();
    (error.field().as_str(), narrow(min.into()), narrow(max.into()), narrow(value))
}
