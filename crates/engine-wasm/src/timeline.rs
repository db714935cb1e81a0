//! A session made ready to be asked for any step, for JavaScript.

use tickseed_engine::{
    BreakInterval, Channel, Error, Round, Rules, Schedule, Seed, State, Step, Timeline as EngineTimeline,
};
use wasm_bindgen::prelude::wasm_bindgen;

use crate::draw::Draw;
use crate::error::InputError;
use crate::number::{instant, number, whole};

/// Stands for an error where throwing would cost more than the answer: a function that can throw returns several
/// values, which slows every call of it, and these are called once a tick and object.
const REFUSED: f64 = -1.0;

/// A seed, a schedule and rules made ready to be asked for any step, in any order.
#[wasm_bindgen]
#[derive(Debug, Clone)]
pub struct Timeline {
    timeline: EngineTimeline,
    schedule: Schedule,
}

#[wasm_bindgen]
impl Timeline {
    /// Takes the inputs of a session. What is left out of the rules takes its default.
    ///
    /// # Errors
    ///
    /// For the first input that lies outside its range.
    #[wasm_bindgen(constructor)]
    pub fn new(
        seed: &str,
        start_at: f64,
        tick_ms: f64,
        break_interval_min: Option<f64>,
        break_interval_max: Option<f64>,
        rounds_per_epoch: Option<f64>,
    ) -> Result<Self, InputError> {
        let seed = Seed::new(seed)?;
        let rules = rules(break_interval_min, break_interval_max, rounds_per_epoch)?;
        let schedule = Schedule::new(whole(start_at), whole(tick_ms))?;
        Ok(Self::with_rules(&seed, schedule, rules))
    }

    /// The counter at `step`; -1 if the step is refused, and [`Timeline::check_step`] tells why.
    pub fn value(&mut self, step: f64) -> f64 {
        self.state(step).map_or(REFUSED, |state| state.value.into())
    }

    /// The number of the round that `step` belongs to; -1 if the step is refused, and [`Timeline::check_step`] tells why.
    pub fn round(&mut self, step: f64) -> f64 {
        self.state(step).map_or(REFUSED, |state| number(state.round))
    }

    /// The next step after `step` at which the counter breaks; -1 if the step is refused, and [`Timeline::check_step`]
    /// tells why.
    #[wasm_bindgen(js_name = nextBreak)]
    pub fn next_break(&mut self, step: f64) -> f64 {
        to_step(step).map_or(REFUSED, |step| number(self.timeline.next_break(step)))
    }

    /// Throws if `step` is refused.
    ///
    /// # Errors
    ///
    /// For `step`, unless it lies in 0 to [`Step::MAX`].
    #[wasm_bindgen(js_name = checkStep)]
    pub fn check_step(step: f64) -> Result<(), InputError> {
        to_step(step)?;
        Ok(())
    }

    /// The step that runs at `now`, in milliseconds since the Unix epoch; nothing before the start.
    ///
    /// # Errors
    ///
    /// For `now`, unless it lies in the years 1970 to 9999.
    #[wasm_bindgen(js_name = stepAt)]
    pub fn step_at(&self, now: f64) -> Result<Option<f64>, InputError> {
        Ok(self.schedule.step_at(whole(now))?.map(|step| number(step.get())))
    }

    /// The instant at which `step` begins, in milliseconds since the Unix epoch.
    ///
    /// # Errors
    ///
    /// For `step`, if it is negative or begins after the year 9999.
    #[wasm_bindgen(js_name = timeOf)]
    pub fn time_of(&self, step: f64) -> Result<f64, InputError> {
        Ok(instant(self.schedule.time_of(to_step(step)?)?))
    }

    /// The first step of the round with number `round`.
    ///
    /// # Errors
    ///
    /// For `round`, if it is negative or begins after the last step.
    #[wasm_bindgen(js_name = firstStepOf)]
    pub fn first_step_of(&mut self, round: f64) -> Result<f64, InputError> {
        Ok(number(self.round_at(round)?.first_step.get()))
    }

    /// How many ticks the round with number `round` counts before it breaks.
    ///
    /// # Errors
    ///
    /// For `round`, if it is negative or begins after the last step.
    #[wasm_bindgen(js_name = intervalOf)]
    pub fn interval_of(&mut self, round: f64) -> Result<u32, InputError> {
        Ok(self.round_at(round)?.interval)
    }

    /// The step at which the round with number `round` ends and the counter breaks.
    ///
    /// # Errors
    ///
    /// For `round`, if it is negative or begins after the last step.
    #[wasm_bindgen(js_name = breakAfter)]
    pub fn break_after(&mut self, round: f64) -> Result<f64, InputError> {
        Ok(number(self.round_at(round)?.next_break))
    }

    /// The draw of `step` on the channel of that name, at its first word.
    ///
    /// # Errors
    ///
    /// For `step`, unless it lies in 0 to [`Step::MAX`]; for `channel`, unless it is 1 to 64 bytes of UTF-8.
    pub fn draw(&mut self, step: f64, channel: &str) -> Result<Draw, InputError> {
        Ok(Draw::new(self.timeline.draw(to_step(step)?, Channel::new(channel)?)))
    }
}

impl Timeline {
    pub(crate) fn with_rules(seed: &Seed, schedule: Schedule, rules: Rules) -> Self {
        Self { timeline: EngineTimeline::new(seed, rules), schedule }
    }

    pub(crate) fn state(&mut self, step: f64) -> Result<State, Error> {
        Ok(self.timeline.state(to_step(step)?))
    }

    pub(crate) fn round_at(&mut self, round: f64) -> Result<Round, Error> {
        self.timeline.round_at(whole(round))
    }
}

fn to_step(step: f64) -> Result<Step, Error> {
    Step::new(whole(step))
}

fn rules(min: Option<f64>, max: Option<f64>, rounds_per_epoch: Option<f64>) -> Result<Rules, Error> {
    let default = Rules::default();
    let interval = BreakInterval::new(
        min.map_or(default.break_interval().min().into(), whole),
        max.map_or(default.break_interval().max().into(), whole),
    )?;
    Rules::new(interval, rounds_per_epoch.map_or(default.rounds_per_epoch().into(), whole))
}
