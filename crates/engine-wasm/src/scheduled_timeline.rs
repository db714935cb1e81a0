//! A timeline together with its schedule.

use tickseed_engine::{Error, Round, Schedule, State, Timeline};

use crate::numbers::{instant_to_number, step_to_number, to_integer, to_step};

/// A seed, rules and a schedule, prepared to compute any step or instant from JavaScript numbers.
pub(crate) struct ScheduledTimeline {
    pub(crate) timeline: Timeline,
    pub(crate) schedule: Schedule,
}

impl ScheduledTimeline {
    pub(crate) fn state(&mut self, step: f64) -> Result<State, Error> {
        Ok(self.timeline.state(to_step(step)?))
    }

    pub(crate) fn round_at(&mut self, round: f64) -> Result<Round, Error> {
        self.timeline.round_at(to_integer(round))
    }

    /// Returns the step at `now`, or NaN before the start.
    pub(crate) fn step_at(&self, now: f64) -> Result<f64, Error> {
        Ok(self.schedule.step_at(to_integer(now))?.map_or(f64::NAN, step_to_number))
    }

    pub(crate) fn time_of(&self, step: f64) -> Result<f64, Error> {
        Ok(instant_to_number(self.schedule.time_of(to_step(step)?)?))
    }
}
