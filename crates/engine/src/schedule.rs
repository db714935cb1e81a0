//! Conversion between instants and steps (docs/engine.md, section 2).

use core::fmt;

use crate::error::{Error, Field, check_range};

/// The last valid instant, the end of the year 9999, in milliseconds since the Unix epoch.
pub const LAST_INSTANT: i64 = 253_402_300_799_999;

/// The number of a tick, from 0 to [`Step::MAX`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[cfg_attr(feature = "serde", serde(transparent))]
pub struct Step(u64);

impl Step {
    /// The first step.
    pub const ZERO: Self = Self(0);
    /// The last step of any schedule, which is reached at the end of the year 9999 with ticks of 1 ms since 1970.
    ///
    /// It is below 2^53, so a JavaScript number holds every step exactly.
    pub const MAX: Self = Self(LAST_INSTANT.unsigned_abs());

    /// Creates a step from the number of a tick.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfRange`] for `step` unless it is from 0 to [`Step::MAX`].
    pub fn new(step: impl Into<i128>) -> Result<Self, Error> {
        let value = step.into();
        match u64::try_from(value) {
            Ok(step) if step <= Self::MAX.0 => Ok(Self(step)),
            _ => Err(Error::OutOfRange { field: Field::Step, min: 0, max: Self::MAX.0, value }),
        }
    }

    /// Returns the number of the tick.
    #[must_use]
    pub const fn get(self) -> u64 {
        self.0
    }

    /// Returns the step at a position. Position 0 lies before the start and counts as step 0.
    pub(crate) const fn at_position(position: u64) -> Self {
        Self(position.saturating_sub(1))
    }

    /// Returns the position of the step: `t = step + 1`, because position 0 lies before the start.
    pub(crate) const fn position(self) -> u64 {
        self.0 + 1
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The instant at which step 0 begins, and the length of a tick.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Schedule {
    start_at: i64,
    tick_ms: u32,
}

impl Schedule {
    /// The longest tick, in milliseconds: one day. The shortest is 1 ms.
    pub const MAX_TICK_MS: u32 = 86_400_000;

    /// Creates a schedule from the instant at which step 0 begins, in milliseconds since the Unix epoch, and the length
    /// of a tick, in milliseconds.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfRange`] for `start_at` unless it is in the years 1970 to 9999 (0 to [`LAST_INSTANT`]), and for
    /// `tick_ms` unless it is from 1 to 86 400 000.
    pub fn new(start_at: i64, tick_ms: impl Into<i128>) -> Result<Self, Error> {
        let start_at = check_instant(Field::StartAt, start_at)?;
        let tick_ms = check_range(Field::TickMs, 1, Self::MAX_TICK_MS, tick_ms.into())?;
        Ok(Self { start_at, tick_ms })
    }

    /// Returns the instant at which step 0 begins, in milliseconds since the Unix epoch.
    #[must_use]
    pub const fn start_at(self) -> i64 {
        self.start_at
    }

    /// Returns the length of a tick, in milliseconds.
    #[must_use]
    pub const fn tick_ms(self) -> u32 {
        self.tick_ms
    }

    /// Returns the step at `now`, in milliseconds since the Unix epoch, or `None` before the start.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfRange`] for `now` unless it is in the years 1970 to 9999 (0 to [`LAST_INSTANT`]).
    pub fn step_at(self, now: i64) -> Result<Option<Step>, Error> {
        let elapsed = check_instant(Field::Now, now)? - self.start_at;
        Ok(u64::try_from(elapsed).ok().map(|elapsed| Step(elapsed / u64::from(self.tick_ms))))
    }

    /// Returns the instant at which `step` begins, in milliseconds since the Unix epoch.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfRange`] for `step` if it begins after the year 9999.
    pub fn time_of(self, step: Step) -> Result<i64, Error> {
        let last = self.last_step();
        if step > last {
            let value = i128::from(step.0);
            return Err(Error::OutOfRange { field: Field::Step, min: 0, max: last.0, value });
        }
        // The check above keeps the result at or below LAST_INSTANT, so nothing wraps.
        Ok(self.start_at.wrapping_add_unsigned(step.0 * u64::from(self.tick_ms)))
    }

    /// Returns the last step that begins by the end of the year 9999.
    #[must_use]
    pub const fn last_step(self) -> Step {
        Step((LAST_INSTANT - self.start_at).unsigned_abs() / self.tick_ms as u64)
    }
}

fn check_instant(field: Field, instant: i64) -> Result<i64, Error> {
    if (0..=LAST_INSTANT).contains(&instant) {
        return Ok(instant);
    }
    Err(Error::OutOfRange { field, min: 0, max: LAST_INSTANT.unsigned_abs(), value: instant.into() })
}
