//! Numbers of ticks, and the instants that the engine accepts.

use core::fmt;

use crate::error::{Error, Field};

/// The last valid instant, the end of the year 9999, in milliseconds since the Unix epoch.
pub const LAST_INSTANT: i64 = 253_402_300_799_999;

/// The number of a tick, from 0 to [`Step::MAX`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[cfg_attr(feature = "serde", serde(transparent))]
pub struct Step(pub(crate) u64);

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

/// Returns `instant` if it is in the years 1970 to 9999.
pub(crate) fn check_instant(field: Field, instant: i64) -> Result<i64, Error> {
    if (0..=LAST_INSTANT).contains(&instant) {
        return Ok(instant);
    }
    Err(Error::OutOfRange { field, min: 0, max: LAST_INSTANT.unsigned_abs(), value: instant.into() })
}
