//! The cases of `vectors/schedule-v1.json`.

use tickseed_engine::{
    Change, ChangeRule, ENGINE_VERSION, Error, Field, Rules, Schedule, Seed, Segment, State, Status, Step,
    Timeline,
};
use tickseed_reference::load_schedules;
use tickseed_reference::vectors::{ChangeForm, Refusal, ScheduleCase, StepAnswer};

fn schedule(start_at: i64, tick_ms: u32, changes: &[ChangeForm]) -> Result<Schedule<Vec<Segment>>, Error> {
    let changes: Result<Vec<Change>, Error> =
        changes.iter().map(|change| Change::new(change.at, change.tick_ms)).collect();
    let changes = changes?;
    Schedule::new(start_at, tick_ms)?.with_changes(&changes, vec![Segment::default(); changes.len()])
}

/// A schedule that was built one change at a time, and what became of the last change.
type Grown = (Schedule<Vec<Segment>>, Result<(), Error>);

/// Builds the same schedule one change at a time, up to the first that is invalid.
fn grown(start_at: i64, tick_ms: u32, changes: &[ChangeForm]) -> Result<Grown, Error> {
    let mut schedule = Schedule::new(start_at, tick_ms)?.with_changes(&[], Vec::new())?;
    for change in changes {
        let added = Change::new(change.at, change.tick_ms).and_then(|change| schedule.add_change(change));
        if added.is_err() {
            return Ok((schedule, added));
        }
    }
    Ok((schedule, Ok(())))
}

fn valid(case: &ScheduleCase) -> Schedule<Vec<Segment>> {
    schedule(case.start_at, case.tick_ms, &case.changes).unwrap()
}

#[test]
fn the_vectors_match_this_engine_version() {
    assert_eq!(load_schedules().engine_version, ENGINE_VERSION);
}

#[test]
fn instants() {
    for case in load_schedules().schedules {
        let schedule = valid(&case);
        for answer in &case.instants {
            let (step, status) = (schedule.step_at(answer.now), schedule.status_at(answer.now));
            assert_eq!(step.unwrap().map(Step::get), answer.step, "{}: {answer:?}", case.why);
            assert_eq!(status.unwrap() == Status::Paused, answer.paused, "{}: {answer:?}", case.why);
        }
    }
}

#[test]
fn instants_on_one_timeline_in_several_orders() {
    let mut timeline = Timeline::new(&Seed::new("a seed").unwrap(), Rules::default());
    for case in load_schedules().schedules {
        let schedule = valid(&case);
        let count = case.instants.len();
        let forward = 0..count;
        let backward = (0..count).rev();
        let by_leaps = (0..count).map(|number| number * 7 % count);
        for index in forward.chain(backward).chain(by_leaps) {
            let answer = &case.instants[index];
            let expected =
                answer.step.map_or(State::BEFORE_START, |step| timeline.state(Step::new(step).unwrap()));
            assert_eq!(timeline.state_at(&schedule, answer.now), Ok(expected), "{}: {answer:?}", case.why);
        }
    }
}

#[test]
fn steps() {
    for case in load_schedules().schedules {
        let schedule = valid(&case);
        for answer in &case.steps {
            let time = schedule.time_of(Step::new(answer.step).unwrap());
            assert_eq!(time, expected_time(answer), "{}: {answer:?}", case.why);
        }
    }
}

fn expected_time(answer: &StepAnswer) -> Result<i64, Error> {
    let last = answer.last.unwrap_or_default();
    match answer.never.as_deref() {
        None => Ok(answer.time.unwrap()),
        Some("paused") => Err(Error::NotScheduled { step: answer.step, last }),
        Some("year_9999") => {
            Err(Error::OutOfRange { field: Field::Step, min: 0, max: last, value: answer.step.into() })
        }
        Some(other) => panic!("an unknown reason: {other}"),
    }
}

#[test]
fn changes_one_at_a_time() {
    for case in load_schedules().schedules {
        let (grown, added) = grown(case.start_at, case.tick_ms, &case.changes).unwrap();
        assert_eq!((grown, added), (valid(&case), Ok(())), "{}", case.why);
    }
    for case in load_schedules().refused {
        let (grown, added) = grown(case.start_at, case.tick_ms, &case.changes).unwrap();
        assert_eq!(refusal(added.unwrap_err(), &case.error), case.error, "{}", case.why);
        let kept = &case.changes[..grown.changes().len()];
        assert_eq!(Ok(grown), schedule(case.start_at, case.tick_ms, kept), "{}", case.why);
    }
}

#[test]
fn refused_lists() {
    for case in load_schedules().refused {
        let error = schedule(case.start_at, case.tick_ms, &case.changes).unwrap_err();
        assert_eq!(refusal(error, &case.error), case.error, "{}", case.why);
    }
}

/// Returns an error in the form of the vectors. `Change::new` does not know the place of its change, so that is taken from the
/// expected one.
fn refusal(error: Error, expected: &Refusal) -> Refusal {
    match error {
        Error::OutOfRange { field, min, max, value } => {
            let index = if let Refusal::OutOfRange { index, .. } = expected { *index } else { None };
            let number = |number: i128| i64::try_from(number).unwrap();
            let (min, max, value) = (number(min.into()), number(max.into()), number(value));
            Refusal::OutOfRange { index, field: field.to_string(), min, max, value }
        }
        Error::InvalidChange { index, rule } => match rule {
            ChangeRule::NotLater { previous, at } => Refusal::NotLater { index, previous, at },
            ChangeRule::NoChange { tick_ms } => Refusal::NoChange { index, tick_ms },
            ChangeRule::WithinTick { phase, rate } => Refusal::WithinTick { index, phase, rate },
            other => panic!("the vectors have no case for this rule: {other:?}"),
        },
        other => panic!("the vectors have no case for this error: {other}"),
    }
}
