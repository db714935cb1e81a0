//! Invalid lists: one for each rule and each end of a range.

use super::forms;
use super::lists::{List, list};
use crate::reference::{ChangedSchedule, InputError, LATEST_INSTANT, ScheduleError};
use crate::vectors::{Refusal, RefusedCase};

pub(super) fn cases() -> Vec<RefusedCase> {
    let mut lists = out_of_range();
    lists.extend(not_later());
    lists.extend(no_change());
    lists.extend(within_tick());
    lists.extend(several_mistakes());
    lists.iter().map(case).collect()
}

fn case(List { why, start_at, tick_ms, changes }: &List) -> RefusedCase {
    let error = ChangedSchedule::new(*start_at, *tick_ms, changes).expect_err("an invalid list");
    RefusedCase {
        why: (*why).to_owned(),
        start_at: *start_at,
        tick_ms: *tick_ms,
        changes: forms(changes),
        error: refusal(&error),
    }
}

fn refusal(error: &ScheduleError) -> Refusal {
    let place = |index: &usize| u16::try_from(*index).expect("at most 256");
    match error {
        ScheduleError::Input(error) => out_of_range_by(error, None),
        ScheduleError::ChangeInput { index, error } => out_of_range_by(error, Some(place(index))),
        ScheduleError::NotLater { index, previous, at } => {
            Refusal::NotLater { index: place(index), previous: *previous, at: *at }
        }
        ScheduleError::NoChange { index, tick_ms } => {
            Refusal::NoChange { index: place(index), tick_ms: *tick_ms }
        }
        ScheduleError::WithinTick { index, phase, rate } => {
            Refusal::WithinTick { index: place(index), phase: *phase, rate: *rate }
        }
    }
}

fn out_of_range_by(error: &InputError, index: Option<u16>) -> Refusal {
    let number = |number| i64::try_from(number).expect("the cases stay within i64");
    Refusal::OutOfRange {
        index,
        field: error.field.to_owned(),
        min: number(error.min),
        max: number(error.max),
        value: number(error.value),
    }
}

fn out_of_range() -> Vec<List> {
    let too_many: Vec<_> = (1..=257).map(|at| (at, if at % 2 == 1 { 0 } else { 100 })).collect();
    vec![
        list("257 changes", 0, 100, &too_many),
        list("a change 1 ms before 1970", 0, 100, &[(-1, 0)]),
        list("a change 1 ms after 9999", 0, 100, &[(LATEST_INSTANT + 1, 0)]),
        list("the second change 1 ms after 9999", 0, 100, &[(50, 0), (LATEST_INSTANT + 1, 100)]),
        list("a tick 1 ms above a day", 0, 100, &[(100, 86_400_001)]),
        list("a tick of 2^32 - 1 ms", 0, 100, &[(100, u32::MAX)]),
    ]
}

fn not_later() -> Vec<List> {
    vec![
        list("a change at the start", 1_000, 100, &[(1_000, 0)]),
        list("a change 1 ms before the start", 1_000, 100, &[(999, 0)]),
        list("a change after a start at the last instant", LATEST_INSTANT, 100, &[(LATEST_INSTANT, 0)]),
        list("two changes at one instant", 0, 100, &[(50, 0), (50, 100)]),
        list("a change 1 ms before the one before", 0, 100, &[(50, 0), (49, 100)]),
    ]
}

fn no_change() -> Vec<List> {
    vec![
        list("the rate of the start", 0, 100, &[(100, 100)]),
        list("a pause in a pause", 0, 100, &[(50, 0), (60, 0)]),
        list("a resumption without a pause", 0, 100, &[(50, 0), (60, 100), (70, 100)]),
        list("the same rate again", 0, 100, &[(100, 50), (200, 50)]),
    ]
}

fn within_tick() -> Vec<List> {
    vec![
        list("the check of docs/schedule.md", 0, 100, &[(1_050, 0), (5_000, 100), (6_051, 50)]),
        list("a new rate 1 ms after a tick begins", 0, 100, &[(101, 50)]),
        list("a new rate 1 ms before a tick begins", 0, 100, &[(199, 50)]),
        list("a new rate after a pause within a tick", 0, 100, &[(150, 0), (1_000, 50)]),
        list("1 ms before a tick of a day ends", 0, 86_400_000, &[(86_399_999, 1)]),
        list("a new rate, then within its tick", 0, 100, &[(200, 30), (229, 100)]),
    ]
}

/// The first rule that a change breaks is reported, of the first change that breaks one.
fn several_mistakes() -> Vec<List> {
    vec![
        list("not later, and no change", 1_000, 100, &[(1_000, 100)]),
        list("not later, and within a tick", 0, 100, &[(150, 0), (150, 7)]),
        list("the second and the third change are invalid", 0, 100, &[(150, 0), (151, 0), (151, 0)]),
    ]
}
