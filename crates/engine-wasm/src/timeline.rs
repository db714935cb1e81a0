//! Timelines for JavaScript: a seed, rules and a schedule, prepared to compute any step.
//!
//! A number, the handle, identifies a timeline from [`open_timeline`] to [`close_timeline`]. Every result is a number: -1
//! if an input is invalid, in which case [`error_part`](crate::error::error_part) returns the reason, and NaN if there is
//! no result.

use alloc::boxed::Box;

use tickseed_engine::{BreakInterval, Error, Rules, Schedule, Seed, Timeline};
use wasm_bindgen::prelude::wasm_bindgen;

use crate::globals::{Globals, globals};
use crate::numbers::{handle_to_number, step_to_number, to_integer, to_integer_or, to_number};
use crate::scheduled_timeline::ScheduledTimeline;

/// Opens a timeline with the [written](crate::text::write()) text as its seed. A rule that is NaN takes its default.
///
/// Returns the handle, or -1 if an input is out of range.
#[wasm_bindgen(js_name = openTimeline)]
#[must_use]
pub fn open_timeline(start_at: f64, tick_ms: f64, min: f64, max: f64, rounds_per_epoch: f64) -> f64 {
    let globals = &mut *globals();
    let opened = globals.open_timeline(start_at, tick_ms, || rules(min, max, rounds_per_epoch));
    globals.number_or_error(opened)
}

/// Adds a change to the schedule of a timeline, after the changes that it has. A `tick_ms` of 0 pauses the session.
///
/// Returns 0, or -1 if the change is invalid, in which case the timeline stays as it is.
#[wasm_bindgen(js_name = addChange)]
#[must_use]
pub fn add_change(timeline: usize, at: f64, tick_ms: f64) -> f64 {
    with_timeline(timeline, |timeline| timeline.add_change(at, tick_ms).map(|()| 0.0))
}

/// Closes a timeline. A later timeline may get the same handle.
#[wasm_bindgen(js_name = closeTimeline)]
pub fn close_timeline(timeline: usize) {
    globals().timelines.try_remove(timeline);
}

/// Returns the counter at a step, or -1 if the step is out of range.
#[wasm_bindgen]
#[must_use]
pub fn value(timeline: usize, step: f64) -> f64 {
    with_timeline(timeline, |timeline| Ok(timeline.state(step)?.value.into()))
}

/// Returns the number of the round that contains a step, or -1 if the step is out of range.
#[wasm_bindgen]
#[must_use]
pub fn round(timeline: usize, step: f64) -> f64 {
    with_timeline(timeline, |timeline| Ok(to_number(timeline.state(step)?.round)))
}

/// Returns the step at an instant, in milliseconds since the Unix epoch.
///
/// Returns NaN before the start, and -1 if the instant is outside the years 1970 to 9999.
#[wasm_bindgen(js_name = stepAt)]
#[must_use]
pub fn step_at(timeline: usize, now: f64) -> f64 {
    with_timeline(timeline, |timeline| timeline.step_at(now))
}

/// Returns 1 if the session is paused at an instant, in milliseconds since the Unix epoch, and 0 if it is running.
///
/// Returns -1 if the instant is outside the years 1970 to 9999.
#[wasm_bindgen(js_name = isPaused)]
#[must_use]
pub fn is_paused(timeline: usize, now: f64) -> f64 {
    with_timeline(timeline, |timeline| Ok(f64::from(u8::from(timeline.is_paused(now)?))))
}

/// Returns the instant at which a step begins, in milliseconds since the Unix epoch.
///
/// Returns -1 if the step is out of range, begins after the year 9999, or never begins because the session is paused for good
/// before.
#[wasm_bindgen(js_name = timeOf)]
#[must_use]
pub fn time_of(timeline: usize, step: f64) -> f64 {
    with_timeline(timeline, |timeline| timeline.time_of(step))
}

/// Returns one part of the round with the given number, or -1 if the round begins after the last step.
///
/// The parts are 0 the first step, 1 the interval, and 2 the step at which the next round begins.
#[wasm_bindgen(js_name = roundPart)]
#[must_use]
pub fn round_part(timeline: usize, round: f64, part: u32) -> f64 {
    with_timeline(timeline, |timeline| {
        let round = timeline.round_at(round)?;
        Ok(match part {
            0 => step_to_number(round.first_step),
            1 => round.interval.into(),
            _ => to_number(round.next_break),
        })
    })
}

/// Calls `compute` with an open timeline. Returns NaN if the handle is not open.
fn with_timeline(timeline: usize, compute: impl FnOnce(&mut ScheduledTimeline) -> Result<f64, Error>) -> f64 {
    let globals = &mut *globals();
    let Some(timeline) = globals.timelines.get_mut(timeline) else {
        return f64::NAN;
    };
    let result = compute(timeline);
    globals.number_or_error(result)
}

impl Globals {
    /// Opens a timeline with the written text as its seed. It validates the seed before it reads the rules.
    pub(crate) fn open_timeline(
        &mut self,
        start_at: f64,
        tick_ms: f64,
        rules: impl FnOnce() -> Result<Rules, Error>,
    ) -> Result<f64, Error> {
        let seed = Seed::new(&self.take_text())?;
        let rules = rules()?;
        let schedule = Schedule::new(to_integer(start_at), to_integer(tick_ms))?;
        let scheduled = ScheduledTimeline::new(Timeline::new(&seed, rules), &schedule)?;
        Ok(handle_to_number(self.timelines.insert(Box::new(scheduled))))
    }
}

fn rules(min: f64, max: f64, rounds_per_epoch: f64) -> Result<Rules, Error> {
    let default = Rules::default();
    let interval = BreakInterval::new(
        to_integer_or(min, default.break_interval().min()),
        to_integer_or(max, default.break_interval().max()),
    )?;
    Rules::new(interval, to_integer_or(rounds_per_epoch, default.rounds_per_epoch()))
}
