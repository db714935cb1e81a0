//! Changes of a schedule, and the segments between them (docs/schedule.md, section 1).

use crate::error::{ChangeRule, Error, Field, check_range};
use crate::step::{LAST_INSTANT, Step, check_instant};

/// The longest tick, in milliseconds: one day.
pub(crate) const MAX_TICK_MS: u32 = 86_400_000;

/// Whether the steps of a schedule follow each other at an instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Status {
    /// Each step is followed by the next one, or the first has yet to begin.
    Running,
    /// The step stays as it is.
    Paused,
}

/// A change of a session's pace: from an instant on it is paused, or its ticks have another length.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Change {
    at: i64,
    tick_ms: u32,
}

impl Change {
    /// Creates a change that takes effect at `at`, in milliseconds since the Unix epoch. A `tick_ms` of 0 pauses the session.
    /// Any other resumes it, or changes the length of its ticks, in milliseconds.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfRange`] for `schedule.at` unless it is in the years 1970 to 9999 (0 to [`LAST_INSTANT`]), and for
    /// `schedule.tick_ms` unless it is from 0 to 86 400 000.
    pub fn new(at: i64, tick_ms: impl Into<i128>) -> Result<Self, Error> {
        let at = check_instant(Field::ChangeAt, at)?;
        let tick_ms = check_range(Field::ChangeTickMs, 0, MAX_TICK_MS, tick_ms.into())?;
        Ok(Self { at, tick_ms })
    }

    /// Creates a change that pauses the session at `at`, in milliseconds since the Unix epoch.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfRange`] for `schedule.at` unless it is in the years 1970 to 9999 (0 to [`LAST_INSTANT`]).
    pub fn pause(at: i64) -> Result<Self, Error> {
        Self::new(at, 0)
    }

    /// Returns the instant at which the change takes effect, in milliseconds since the Unix epoch.
    #[must_use]
    pub const fn at(self) -> i64 {
        self.at
    }

    /// Returns the length of a tick from then on, in milliseconds. It is 0 for a pause.
    #[must_use]
    pub const fn tick_ms(self) -> u32 {
        self.tick_ms
    }

    /// Returns whether the change pauses the session.
    #[must_use]
    pub const fn is_pause(self) -> bool {
        self.tick_ms == 0
    }
}

/// A part of a schedule without changes in between: it begins with a change, or at the start of the session.
///
/// [`Schedule::with_changes`](crate::Schedule::with_changes) computes segments in storage that you provide. A default segment is
/// a placeholder in such storage.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Segment {
    /// When it begins.
    at: i64,
    /// The step at that instant.
    step: u64,
    /// How much of that step has passed by then, in milliseconds of running time. Below `rate`.
    phase: u32,
    /// The length of a tick; 0 while paused.
    tick_ms: u32,
    /// The length of a tick, or the one before the pause.
    rate: u32,
}

impl Segment {
    /// The first segment of a schedule.
    pub(crate) const fn first(start_at: i64, tick_ms: u32) -> Self {
        Self { at: start_at, step: 0, phase: 0, tick_ms, rate: tick_ms }
    }

    /// Returns the instant at which the segment begins, in milliseconds since the Unix epoch.
    #[must_use]
    pub const fn at(self) -> i64 {
        self.at
    }

    /// Returns the step at that instant.
    #[must_use]
    pub const fn step(self) -> Step {
        Step(self.step)
    }

    /// Returns how much of that step has passed at that instant, in milliseconds of running time.
    #[must_use]
    pub const fn phase(self) -> u32 {
        self.phase
    }

    /// Returns the length of a tick, in milliseconds. It is 0 while the session is paused.
    #[must_use]
    pub const fn tick_ms(self) -> u32 {
        self.tick_ms
    }

    /// Returns the length of a tick, in milliseconds. While the session is paused, it is the length before the pause: the step
    /// that the pause interrupted goes on with it.
    #[must_use]
    pub const fn rate(self) -> u32 {
        self.rate
    }

    /// Returns whether the session is running or paused.
    #[must_use]
    pub const fn status(self) -> Status {
        if self.tick_ms == 0 { Status::Paused } else { Status::Running }
    }

    /// Returns the change that begins the segment.
    pub(crate) const fn change(self) -> Change {
        Change { at: self.at, tick_ms: self.tick_ms }
    }

    /// Returns the step at `instant`, which is not before the segment, and how much of that step has passed.
    #[must_use]
    pub(crate) const fn position_at(self, instant: i64) -> (u64, u32) {
        if self.tick_ms == 0 {
            return (self.step, self.phase);
        }
        let passed = self.phase as u64 + (instant - self.at).unsigned_abs();
        let tick_ms = self.tick_ms as u64;
        #[expect(clippy::cast_possible_truncation, reason = "a remainder by a u32")]
        let phase = (passed % tick_ms) as u32;
        (self.step + passed / tick_ms, phase)
    }

    /// Returns the step at `instant`, which is not before the segment.
    pub(crate) const fn step_at(self, instant: i64) -> Step {
        Step(self.position_at(instant).0)
    }

    /// Returns the last step that the segment reaches if nothing follows it.
    pub(crate) const fn last_step(self) -> Step {
        self.step_at(LAST_INSTANT)
    }

    /// Returns the instant at which `step` begins. The segment reaches the step, and begins with an earlier one.
    pub(crate) const fn time_of(self, step: Step) -> i64 {
        // Not after LAST_INSTANT, so nothing wraps. What has passed of the first step is less than one tick.
        let passed = (step.0 - self.step) * self.tick_ms as u64 - self.phase as u64;
        self.at.wrapping_add_unsigned(passed)
    }

    /// Returns the segment that begins with `change`.
    pub(crate) fn enter(self, change: Change) -> Result<Self, ChangeRule> {
        let Change { at, tick_ms } = change;
        if at <= self.at {
            return Err(ChangeRule::NotLater { previous: self.at, at });
        }
        if tick_ms == self.tick_ms {
            return Err(ChangeRule::NoChange { tick_ms });
        }
        let (step, phase) = self.position_at(at);
        if tick_ms == 0 || tick_ms == self.rate {
            return Ok(Self { at, step, phase, tick_ms, rate: self.rate });
        }
        if phase > 0 {
            return Err(ChangeRule::WithinTick { phase, rate: self.rate });
        }
        Ok(Self { at, step, phase, tick_ms, rate: tick_ms })
    }
}
