//! Makes the cases of `vectors/schedule-v1.json`.

mod about;
mod lists;
mod refused;

use std::collections::BTreeSet;

use super::ENGINE_VERSION;
use super::repeats::without_repeats;
use crate::reference::{Change, ChangedSchedule, LAST_STEP, LATEST_INSTANT, TimeError};
use crate::vectors::{ChangeForm, InstantAnswer, ScheduleCase, ScheduleVectors, StepAnswer};
use lists::List;

/// Makes all cases of `vectors/schedule-v1.json`.
#[must_use]
pub fn make_schedule_vectors() -> ScheduleVectors {
    ScheduleVectors {
        about: about::about(),
        engine_version: ENGINE_VERSION,
        schedules: without_repeats(lists::lists().iter().map(case).collect()),
        refused: without_repeats(refused::cases()),
    }
}

/// Of a long list, the changes at both ends and a few in the middle are enough.
const CHANGES_ASKED_ABOUT: usize = 12;

fn case(list: &List) -> ScheduleCase {
    let schedule = ChangedSchedule::new(list.start_at, list.tick_ms, &list.changes).expect("a valid list");
    let instants = instants(list);
    let steps = steps(&schedule, &instants);
    ScheduleCase {
        why: list.why.to_owned(),
        start_at: list.start_at,
        tick_ms: list.tick_ms,
        changes: forms(&list.changes),
        instants: instants.into_iter().map(|now| instant_answer(&schedule, now)).collect(),
        steps: steps.into_iter().map(|step| step_answer(&schedule, step)).collect(),
    }
}

fn forms(changes: &[Change]) -> Vec<ChangeForm> {
    changes.iter().map(|Change { at, tick_ms }| ChangeForm { at: *at, tick_ms: *tick_ms }).collect()
}

/// Returns the instants around the start, around changes and one tick after them, and at both ends.
fn instants(list: &List) -> BTreeSet<i64> {
    let start = Change { at: list.start_at, tick_ms: list.tick_ms };
    let apart = list.changes.len().div_ceil(CHANGES_ASKED_ABOUT).max(1);
    let some = list.changes.iter().step_by(apart).chain(list.changes.last());
    some.chain([&start])
        .flat_map(|Change { at, tick_ms }| {
            let tick = i64::from(*tick_ms);
            [at - 1, *at, at + 1, at + tick - 1, at + tick, at + 12 * tick]
        })
        .chain([0, LATEST_INSTANT - 1, LATEST_INSTANT])
        .filter(|now| (0..=LATEST_INSTANT).contains(now))
        .collect()
}

/// Returns the steps at instants, the ones after them, and the steps around the last one that begins.
fn steps(schedule: &ChangedSchedule, instants: &BTreeSet<i64>) -> BTreeSet<u64> {
    let at = instants.iter().filter_map(|now| schedule.step_at(*now).expect("within its range"));
    let last = schedule.last_step();
    at.flat_map(|step| [step, step + 1])
        .chain([0, last, last + 1, LAST_STEP])
        .filter(|step| *step <= LAST_STEP)
        .collect()
}

fn instant_answer(schedule: &ChangedSchedule, now: i64) -> InstantAnswer {
    InstantAnswer {
        now,
        step: schedule.step_at(now).expect("within its range"),
        paused: schedule.is_paused(now).expect("within its range"),
    }
}

fn step_answer(schedule: &ChangedSchedule, step: u64) -> StepAnswer {
    let (time, never, last) = match schedule.time_of(step) {
        Ok(time) => (Some(time), None, None),
        Err(TimeError::NotScheduled { last, .. }) => (None, Some("paused".to_owned()), Some(last)),
        Err(TimeError::Input(error)) => {
            let last = u64::try_from(error.max).expect("a step");
            (None, Some("year_9999".to_owned()), Some(last))
        }
    };
    StepAnswer { step, time, never, last }
}
