//! Sessions made ready to be asked for any step, for JavaScript.
//!
//! A timeline is known by a number, its handle, from [`open_timeline`] to [`close_timeline`]. Every answer is a number: -1 if
//! the input is refused, and [`refusal`](crate::refusal::refusal) tells why; not a number if there is nothing to tell.

use alloc::boxed::Box;

use tickseed_engine::{
    BreakInterval, Error, Round, Rules, Schedule, Seed, State, Step, Timeline as EngineTimeline,
};
use wasm_bindgen::prelude::wasm_bindgen;

use crate::kept::{Kept, kept};
use crate::number::{given, handle, instant, number, whole};

/// A seed, a schedule and rules made ready.
pub(crate) struct Timeline {
    pub(crate) rounds: EngineTimeline,
    schedule: Schedule,
}

/// Opens a timeline of the seed that was written. What is not a number in the rules takes its default.
///
/// Gives the handle; refuses the first input that lies outside its range.
#[wasm_bindgen(js_name = openTimeline)]
#[must_use]
pub fn open_timeline(start_at: f64, tick_ms: f64, min: f64, max: f64, rounds_per_epoch: f64) -> f64 {
    let kept = &mut *kept();
    let opened = kept.open_timeline(start_at, tick_ms, || rules(min, max, rounds_per_epoch));
    kept.answer(opened)
}

/// Forgets a timeline; its handle may be given again.
#[wasm_bindgen(js_name = closeTimeline)]
pub fn close_timeline(timeline: usize) {
    kept().timelines.try_remove(timeline);
}

/// The counter at a step; refuses what is none.
#[wasm_bindgen]
#[must_use]
pub fn value(timeline: usize, step: f64) -> f64 {
    ask(timeline, |timeline| Ok(timeline.state(step)?.value.into()))
}

/// The number of the round that a step belongs to; refuses what is none.
#[wasm_bindgen]
#[must_use]
pub fn round(timeline: usize, step: f64) -> f64 {
    ask(timeline, |timeline| Ok(number(timeline.state(step)?.round)))
}

/// The step that runs at an instant, in milliseconds since the Unix epoch; not a number before the start. Refuses instants
/// outside the years 1970 to 9999.
#[wasm_bindgen(js_name = stepAt)]
#[must_use]
pub fn step_at(timeline: usize, now: f64) -> f64 {
    ask(timeline, |timeline| {
        Ok(timeline.schedule.step_at(whole(now))?.map_or(f64::NAN, |step| number(step.get())))
    })
}

/// The instant at which a step begins, in milliseconds since the Unix epoch; refuses those after the year 9999.
#[wasm_bindgen(js_name = timeOf)]
#[must_use]
pub fn time_of(timeline: usize, step: f64) -> f64 {
    ask(timeline, |timeline| Ok(instant(timeline.schedule.time_of(to_step(step)?)?)))
}

/// One part of the round with a number: 0 its first step, 1 how many ticks it counts before it breaks, 2 the step at which it
/// ends and the counter breaks. Refuses rounds that begin after the last step.
#[wasm_bindgen(js_name = roundPart)]
#[must_use]
pub fn round_part(timeline: usize, round: f64, part: u32) -> f64 {
    ask(timeline, |timeline| {
        let round = timeline.round_at(round)?;
        Ok(match part {
            0 => number(round.first_step.get()),
            1 => round.interval.into(),
            _ => number(round.next_break),
        })
    })
}

/// Asks an open timeline; of one that is not open there is nothing to tell.
fn ask(timeline: usize, question: impl FnOnce(&mut Timeline) -> Result<f64, Error>) -> f64 {
    let kept = &mut *kept();
    let Some(timeline) = kept.timelines.get_mut(timeline) else {
        return f64::NAN;
    };
    let answer = question(timeline);
    kept.answer(answer)
}

impl Kept {
    /// Opens a timeline of the seed that was written.
    pub(crate) fn open_timeline(
        &mut self,
        start_at: f64,
        tick_ms: f64,
        rules: impl FnOnce() -> Result<Rules, Error>,
    ) -> Result<f64, Error> {
        let seed = Seed::new(&self.take_text())?;
        let rules = rules()?;
        let schedule = Schedule::new(whole(start_at), whole(tick_ms))?;
        let timeline = Timeline { rounds: EngineTimeline::new(&seed, rules), schedule };
        Ok(handle(self.timelines.insert(Box::new(timeline))))
    }
}

impl Timeline {
    pub(crate) fn state(&mut self, step: f64) -> Result<State, Error> {
        Ok(self.rounds.state(to_step(step)?))
    }

    pub(crate) fn round_at(&mut self, round: f64) -> Result<Round, Error> {
        self.rounds.round_at(whole(round))
    }
}

pub(crate) fn to_step(step: f64) -> Result<Step, Error> {
    Step::new(whole(step))
}

fn rules(min: f64, max: f64, rounds_per_epoch: f64) -> Result<Rules, Error> {
    let default = Rules::default();
    let interval = BreakInterval::new(
        given(min, default.break_interval().min()),
        given(max, default.break_interval().max()),
    )?;
    Rules::new(interval, given(rounds_per_epoch, default.rounds_per_epoch()))
}
