//! Section 2, from time to step, and `time_of` of section 8, its inverse.

use super::inputs::{InputError, LATEST_INSTANT, check_instant, check_step_up_to, check_tick};

/// The start of step 0 and the length of a step. Instants are milliseconds since the Unix epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Schedule {
    start_at: i64,
    tick_ms: u32,
}

impl Schedule {
    /// Creates a schedule whose step 0 begins at `start_at`.
    ///
    /// # Errors
    ///
    /// The first input outside its range: `start_at` is 0 to 253 402 300 799 999 (years 1970 to 9999), `tick_ms` is 1 to
    /// 86 400 000.
    pub fn new(start_at: i64, tick_ms: u32) -> Result<Self, InputError> {
        check_instant("start_at", start_at)?;
        check_tick(tick_ms)?;
        Ok(Self { start_at, tick_ms })
    }

    /// Returns the step at the instant `now`, or `None` before the start.
    ///
    /// # Errors
    ///
    /// `now` is outside 0 to 253 402 300 799 999 (years 1970 to 9999).
    pub fn step_at(&self, now: i64) -> Result<Option<u64>, InputError> {
        check_instant("now", now)?;
        // Both instants are in range, so the difference cannot overflow. It is negative only before the start.
        let since_start = u64::try_from(now - self.start_at).ok();
        Ok(since_start.map(|milliseconds| milliseconds / u64::from(self.tick_ms)))
    }

    /// Returns the instant at which `step` begins.
    ///
    /// # Errors
    ///
    /// `step` is above 253 402 300 799 999, or begins after the year 9999: the greatest step allowed is
    /// `(253 402 300 799 999 - start_at) / tick_ms`, rounded down.
    pub fn time_of(&self, step: u64) -> Result<i64, InputError> {
        check_step_up_to(self.last_step(), step)?;
        Ok(self.start_at.strict_add_unsigned(step * u64::from(self.tick_ms)))
    }

    /// Returns the last step that begins in the years 1970 to 9999.
    #[must_use]
    pub fn last_step(&self) -> u64 {
        (LATEST_INSTANT - self.start_at).unsigned_abs() / u64::from(self.tick_ms)
    }
}
