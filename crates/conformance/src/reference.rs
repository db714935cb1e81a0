//! The plain reference implementation, linked in.
//!
//! Equal digests show that two engines compute the same values, not that the values are right. The reference was written
//! from the definition and shares no code with the production engine: where their digests agree, both are right or share a
//! misunderstanding. It is slow, so it covers only the first states.

use core::fmt::Display;
use std::vec::Vec;

use tickseed_reference::reference::{
    Change as ReferenceChange, ChangedSchedule, Draw, Rules, ScheduleError, Timeline,
};

use crate::engine::{Change, Engine, Refusal, Round, Rule, Session, State};

/// The version of the definition that the reference implements.
const VERSION: u32 = 1;

/// The reference with one open session and one open draw.
#[derive(Debug)]
pub struct Reference {
    timeline: Timeline,
    /// The start and the length of a tick, without changes.
    plain: (i64, u32),
    schedule: ChangedSchedule,
    draw: Draw,
}

impl Reference {
    /// Creates a reference with an arbitrary open session.
    ///
    /// # Panics
    ///
    /// If the reference rejects inputs that are within their ranges.
    #[must_use]
    pub fn new() -> Self {
        let timeline = accepted(Timeline::new("any", Rules::default()));
        let draw = accepted(timeline.draw(0, "any"));
        Self { timeline, plain: (0, 1), schedule: accepted(ChangedSchedule::new(0, 1, &[])), draw }
    }
}

impl Default for Reference {
    fn default() -> Self {
        Self::new()
    }
}

impl Reference {
    fn with_changes(&self, changes: &[ReferenceChange]) -> Result<ChangedSchedule, ScheduleError> {
        let (start_at, tick_ms) = self.plain;
        ChangedSchedule::new(start_at, tick_ms, changes)
    }
}

impl Engine for Reference {
    fn version(&mut self) -> u32 {
        VERSION
    }

    fn open(&mut self, session: &Session) {
        let rules = accepted(Rules::new(session.min, session.max, session.rounds_per_epoch));
        self.timeline = accepted(Timeline::new(&session.seed, rules));
        self.plain = (session.start_at.cast_signed(), session.tick_ms);
        self.schedule = accepted(self.with_changes(&[]));
    }

    fn add_changes(&mut self, changes: &[Change]) -> Result<(), Refusal> {
        let changes: Vec<_> = changes
            .iter()
            .map(|change| ReferenceChange { at: change.at.cast_signed(), tick_ms: change.tick_ms })
            .collect();
        let refusal = match self.with_changes(&changes) {
            Ok(schedule) => {
                self.schedule = schedule;
                return Ok(());
            }
            Err(error) => refusal(&error),
        };
        self.schedule = accepted(self.with_changes(&changes[..usize::from(refusal.index)]));
        Err(refusal)
    }

    fn is_paused(&mut self, now: u64) -> bool {
        accepted(self.schedule.is_paused(now.cast_signed()))
    }

    fn state(&mut self, step: u64) -> State {
        let state = accepted(self.timeline.state(step));
        State { value: state.value, round: state.round, broken: state.broken }
    }

    fn next_break(&mut self, step: u64) -> u64 {
        accepted(self.timeline.next_break(step))
    }

    fn step_at(&mut self, now: u64) -> Option<u64> {
        accepted(self.schedule.step_at(now.cast_signed()))
    }

    fn time_of(&mut self, step: u64) -> Option<u64> {
        self.schedule.time_of(step).ok().map(i64::cast_unsigned)
    }

    fn round_at(&mut self, round: u64) -> Option<Round> {
        let round = self.timeline.round_at(round).ok()?;
        Some(Round { first_step: round.first_step, interval: round.interval, next_break: round.next_break })
    }

    fn draw(&mut self, step: u64, channel: &str) {
        self.draw = accepted(self.timeline.draw(step, channel));
    }

    fn word(&mut self) -> u32 {
        self.draw.word()
    }

    fn unit(&mut self) -> f64 {
        self.draw.unit()
    }

    fn below(&mut self, n: u32) -> u32 {
        accepted(self.draw.below(n))
    }

    fn shuffle(&mut self, items: &mut [u32]) {
        self.draw.shuffle(items);
    }
}

/// Converts the reference's reason for refusing a list.
fn refusal(error: &ScheduleError) -> Refusal {
    let (index, rule) = match error {
        // Only the number of changes can be outside its range: the session itself is valid.
        ScheduleError::Input(error) => (usize::try_from(error.max).unwrap_or_default(), Rule::OutOfRange),
        ScheduleError::ChangeInput { index, .. } => (*index, Rule::OutOfRange),
        ScheduleError::NotLater { index, .. } => (*index, Rule::NotLater),
        ScheduleError::NoChange { index, .. } => (*index, Rule::NoChange),
        ScheduleError::WithinTick { index, .. } => (*index, Rule::WithinTick),
    };
    Refusal { index: u16::try_from(index).unwrap_or(u16::MAX), rule }
}

/// Unwraps an answer to a question within its range.
fn accepted<T, E: Display>(result: Result<T, E>) -> T {
    match result {
        Ok(value) => value,
        Err(error) => panic!("the reference rejected an input within its range: {error}"),
    }
}
