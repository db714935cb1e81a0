//! The rules of a session, which decide how long rounds last.

use crate::error::{Error, Field, check_range};

/// The range of intervals. A round counts for one interval of ticks before it breaks, and every interval is uniform on
/// `min..=max`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(try_from = "form::BreakInterval"))]
pub struct BreakInterval {
    min: u32,
    max: u32,
}

impl BreakInterval {
    /// The longest interval, in ticks. The shortest is 1.
    pub const MAX_TICKS: u32 = 1_000_000;

    /// Creates a range from the shortest and the longest interval, in ticks.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfRange`] for `break_interval.min` unless 1 <= min <= 1 000 000, and for
    /// `break_interval.max` unless min <= max <= 1 000 000.
    pub fn new(min: impl Into<i128>, max: impl Into<i128>) -> Result<Self, Error> {
        let min = check_range(Field::BreakIntervalMin, 1, Self::MAX_TICKS, min.into())?;
        let max = check_range(Field::BreakIntervalMax, min, Self::MAX_TICKS, max.into())?;
        Ok(Self { min, max })
    }

    /// Returns the shortest interval, in ticks.
    #[must_use]
    pub const fn min(self) -> u32 {
        self.min
    }

    /// Returns the longest interval, in ticks.
    #[must_use]
    pub const fn max(self) -> u32 {
        self.max
    }
}

impl Default for BreakInterval {
    /// Returns 100 to 300 ticks.
    fn default() -> Self {
        Self { min: 100, max: 300 }
    }
}

/// The rules of a session: the range of intervals and the number of rounds in an epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(try_from = "form::Rules"))]
pub struct Rules {
    break_interval: BreakInterval,
    rounds_per_epoch: u32,
}

impl Rules {
    /// The smallest number of rounds in an epoch.
    pub const MIN_ROUNDS_PER_EPOCH: u32 = 2;
    /// The largest number of rounds in an epoch.
    pub const MAX_ROUNDS_PER_EPOCH: u32 = 256;

    /// Creates rules from a range of intervals and the number of rounds in an epoch.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfRange`] for `rounds_per_epoch` unless it is from 2 to 256, and [`Error::NotEven`] if it is odd.
    pub fn new(break_interval: BreakInterval, rounds_per_epoch: impl Into<i128>) -> Result<Self, Error> {
        let field = Field::RoundsPerEpoch;
        let (min, max) = (Self::MIN_ROUNDS_PER_EPOCH, Self::MAX_ROUNDS_PER_EPOCH);
        let rounds_per_epoch = check_range(field, min, max, rounds_per_epoch.into())?;
        if rounds_per_epoch % 2 == 1 {
            let value = rounds_per_epoch.into();
            return Err(Error::NotEven { field, min: min.into(), max: max.into(), value });
        }
        Ok(Self { break_interval, rounds_per_epoch })
    }

    /// Returns the range of intervals.
    #[must_use]
    pub const fn break_interval(self) -> BreakInterval {
        self.break_interval
    }

    /// Returns the number of rounds in an epoch, which is even.
    #[must_use]
    pub const fn rounds_per_epoch(self) -> u32 {
        self.rounds_per_epoch
    }

    /// Returns the number of positions in every epoch: `K + (K / 2) * (min + max)` (docs/engine.md, section 4).
    ///
    /// It is at most 256 000 256, so an offset within an epoch always fits in 32 bits.
    #[must_use]
    pub const fn epoch_length(self) -> u32 {
        let rounds = self.rounds_per_epoch;
        rounds + (rounds / 2) * (self.break_interval.min + self.break_interval.max)
    }
}

impl Default for Rules {
    /// Returns intervals of 100 to 300 ticks and 64 rounds per epoch.
    fn default() -> Self {
        Self { break_interval: BreakInterval::default(), rounds_per_epoch: 64 }
    }
}

/// The serialised form before validation. Missing fields take their defaults.
#[cfg(feature = "serde")]
mod form {
    #[derive(serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    pub(super) struct BreakInterval {
        min: i64,
        max: i64,
    }

    #[derive(serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    pub(super) struct Rules {
        #[serde(default)]
        break_interval: super::BreakInterval,
        #[serde(default = "default_rounds_per_epoch")]
        rounds_per_epoch: i64,
    }

    fn default_rounds_per_epoch() -> i64 {
        super::Rules::default().rounds_per_epoch.into()
    }

    impl TryFrom<BreakInterval> for super::BreakInterval {
        type Error = crate::Error;

        fn try_from(form: BreakInterval) -> Result<Self, Self::Error> {
            Self::new(form.min, form.max)
        }
    }

    impl TryFrom<Rules> for super::Rules {
        type Error = crate::Error;

        fn try_from(form: Rules) -> Result<Self, Self::Error> {
            Self::new(form.break_interval, form.rounds_per_epoch)
        }
    }
}
