//! The worked checks of docs/schedule.md, section 1, and the accessors of schedules with changes.

use tickseed_engine::{
    Change, Error, LAST_INSTANT, Rules, Schedule, Seed, Segment, State, Status, Step, Timeline, state_at,
};

type Changed = Schedule<Vec<Segment>>;

fn schedule(start_at: i64, tick_ms: u32, changes: &[(i64, u32)]) -> Result<Changed, Error> {
    let changes: Result<Vec<Change>, Error> =
        changes.iter().map(|(at, tick_ms)| Change::new(*at, *tick_ms)).collect();
    let changes = changes?;
    Schedule::new(start_at, tick_ms)?.with_changes(&changes, vec![Segment::default(); changes.len()])
}

fn step(number: u64) -> Step {
    Step::new(number).unwrap()
}

/// A pause in the middle of a tick, and a new rate where a tick begins.
fn paused_and_slowed() -> Changed {
    schedule(0, 100, &[(1_050, 0), (5_000, 100), (6_050, 50)]).unwrap()
}

#[test]
fn steps_follow_the_changes() {
    let schedule = paused_and_slowed();
    let steps = [
        (0, 0),
        (99, 0),
        (100, 1),
        (1_049, 10),
        (1_050, 10),
        (4_999, 10),
        (5_000, 10),
        (5_049, 10),
        (5_050, 11),
        (5_999, 20),
        (6_049, 20),
        (6_050, 21),
        (6_099, 21),
        (6_100, 22),
        (7_000, 40),
    ];
    for (now, expected) in steps {
        assert_eq!(schedule.step_at(now), Ok(Some(step(expected))), "at {now}");
    }
}

#[test]
fn steps_have_their_times() {
    let schedule = paused_and_slowed();
    for (number, time) in [(0, 0), (1, 100), (10, 1_000), (11, 5_050), (20, 5_950), (21, 6_050), (22, 6_100)]
    {
        assert_eq!(schedule.time_of(step(number)), Ok(time), "step {number}");
    }
}

#[test]
fn the_status_follows_the_changes() {
    let schedule = paused_and_slowed();
    for (now, expected) in [
        (1_049, Status::Running),
        (1_050, Status::Paused),
        (4_999, Status::Paused),
        (5_000, Status::Running),
        (LAST_INSTANT, Status::Running),
    ] {
        assert_eq!(schedule.status_at(now), Ok(expected), "at {now}");
    }
}

#[test]
fn segments_have_their_parts() {
    let segment = |now| paused_and_slowed().segment_at(now).unwrap().unwrap();
    let parts = |segment: Segment| {
        (segment.at(), segment.step().get(), segment.phase(), segment.tick_ms(), segment.rate())
    };
    assert_eq!(parts(segment(1_049)), (0, 0, 0, 100, 100));
    assert_eq!(parts(segment(1_050)), (1_050, 10, 50, 0, 100));
    assert_eq!(parts(segment(5_000)), (5_000, 10, 50, 100, 100));
    assert_eq!(parts(segment(LAST_INSTANT)), (6_050, 21, 0, 50, 50));
    assert_eq!(segment(1_050).status(), Status::Paused);
}

#[test]
fn a_new_rate_begins_where_a_tick_begins() {
    assert!(schedule(0, 100, &[(1_050, 0), (5_000, 100), (6_051, 50)]).is_err());
    // After a pause as well: a pause where a tick begins may end with another rate.
    assert!(schedule(0, 100, &[(1_050, 0), (5_000, 50)]).is_err());
    let schedule = schedule(0, 100, &[(1_000, 0), (5_000, 50)]).unwrap();
    assert_eq!(schedule.step_at(5_050), Ok(Some(step(11))));
}

#[test]
fn before_the_start_a_session_is_running_and_has_no_step() {
    let schedule = schedule(1_000, 100, &[(1_001, 0)]).unwrap();
    assert_eq!(schedule.step_at(999), Ok(None));
    assert_eq!(schedule.segment_at(999), Ok(None));
    assert_eq!(schedule.status_at(999), Ok(Status::Running));
    assert_eq!(schedule.status_at(1_001), Ok(Status::Paused));
    let (seed, rules) = (Seed::new("a seed").unwrap(), Rules::default());
    assert_eq!(state_at(&seed, &rules, &schedule, 999), Ok(State::BEFORE_START));
    assert_eq!(Timeline::new(&seed, rules).state_at(&schedule, 999), Ok(State::BEFORE_START));
}

#[test]
fn a_session_that_is_paused_for_good_has_a_last_step() {
    let schedule = schedule(0, 100, &[(1_050, 0)]).unwrap();
    assert_eq!(schedule.last_step(), step(10));
    assert_eq!(schedule.step_at(LAST_INSTANT), Ok(Some(step(10))));
    assert_eq!(schedule.time_of(step(10)), Ok(1_000));
    assert_eq!(schedule.time_of(step(11)), Err(Error::NotScheduled { step: 11, last: 10 }));
}

#[test]
fn the_last_change_may_be_at_the_end_of_the_year_9999() {
    let before = LAST_INSTANT - 10;
    let schedule = schedule(before, 5, &[(before + 5, 4), (LAST_INSTANT - 1, 1), (LAST_INSTANT, 0)]).unwrap();
    assert_eq!(schedule.step_at(LAST_INSTANT), Ok(Some(step(3))));
    assert_eq!(schedule.time_of(step(2)), Ok(LAST_INSTANT - 1));
    assert_eq!(schedule.time_of(step(3)), Ok(LAST_INSTANT));
    assert_eq!(schedule.status_at(LAST_INSTANT), Ok(Status::Paused));
    assert_eq!(schedule.last_step(), step(3));
}

#[test]
fn changes_are_returned_and_replaced() {
    let schedule = paused_and_slowed();
    let changes: Vec<_> = schedule.changes().map(|change| (change.at(), change.tick_ms())).collect();
    assert_eq!(changes, [(1_050, 0), (5_000, 100), (6_050, 50)]);
    assert_eq!(schedule.changes().filter(|change| change.is_pause()).count(), 1);
    assert_eq!((schedule.start_at(), schedule.tick_ms()), (0, 100));

    let one = schedule.with_changes(&[Change::pause(7).unwrap()], [Segment::default()]).unwrap();
    assert_eq!(one.changes().len(), 1);
    assert_eq!(one.step_at(7_000), Ok(Some(Step::ZERO)));
    let none = one.with_changes(&[], []).unwrap();
    assert_eq!(none, Schedule::new(0, 100).unwrap());
}

#[test]
fn a_session_may_have_256_changes() {
    // Pauses of 30 ms, 30 ms after the session has resumed: in all parts of a tick.
    let changes: Vec<(i64, u32)> =
        (1..=256_i64).map(|number| (number * 30, if number % 2 == 1 { 0 } else { 100 })).collect();
    let schedule = schedule(0, 100, &changes).unwrap();
    assert_eq!(schedule.changes().len(), 256);
    let mut passed = 0;
    for now in 0..8_000 {
        assert_eq!(schedule.step_at(now), Ok(Some(step(passed / 100))), "at {now}");
        let is_running = now >= 256 * 30 || now / 30 % 2 == 0;
        passed += u64::from(is_running);
    }
}
