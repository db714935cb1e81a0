//! A timeline together with its schedule.

use alloc::vec::Vec;

use tickseed_engine::{Change, Error, Round, Schedule, Segment, State, Status, Timeline};

use crate::numbers::{instant_to_number, step_to_number, to_integer, to_step};

/// A seed, rules and a schedule, prepared to compute any step or instant from JavaScript numbers.
pub(crate) struct ScheduledTimeline {
    pub(crate) timeline: Timeline,
    schedule: Schedule<Vec<Segment>>,
}

impl ScheduledTimeline {
    /// Prepares a schedule without changes.
    pub(crate) fn new(timeline: Timeline, schedule: &Schedule) -> Result<Self, Error> {
        Ok(Self { timeline, schedule: schedule.with_changes(&[], Vec::new())? })
    }

    /// Adds a change after the others.
    pub(crate) fn add_change(&mut self, at: f64, tick_ms: f64) -> Result<(), Error> {
        self.schedule.add_change(Change::new(to_integer(at), to_integer(tick_ms))?)
    }

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

    pub(crate) fn is_paused(&self, now: f64) -> Result<bool, Error> {
        Ok(self.schedule.status_at(to_integer(now))? == Status::Paused)
    }

    pub(crate) fn time_of(&self, step: f64) -> Result<f64, Error> {
        Ok(instant_to_number(self.schedule.time_of(to_step(step)?)?))
    }
}
