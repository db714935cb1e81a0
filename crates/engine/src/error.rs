//! What can be wrong with an input: every error names the field, what is allowed and what came.

use core::fmt;

/// An input that lies outside its range. Nothing is ever clamped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Error {
    /// A number is not in `min..=max`.
    OutOfRange {
        /// The input that is wrong.
        field: Field,
        /// The smallest allowed value.
        min: u64,
        /// The largest allowed value.
        max: u64,
        /// The value that came.
        value: i128,
    },
    /// A number lies in its range but has to be even.
    NotEven {
        /// The input that is wrong.
        field: Field,
        /// The smallest allowed value.
        min: u64,
        /// The largest allowed value.
        max: u64,
        /// The value that came.
        value: u64,
    },
    /// A text, counted in bytes of UTF-8, is not of `min..=max` bytes.
    Length {
        /// The input that is wrong.
        field: Field,
        /// The smallest allowed number of bytes.
        min: u64,
        /// The largest allowed number of bytes.
        max: u64,
        /// The number of bytes that came.
        value: u64,
    },
}

impl Error {
    /// The input that is wrong.
    #[must_use]
    pub const fn field(&self) -> Field {
        match self {
            Self::OutOfRange { field, .. } | Self::NotEven { field, .. } | Self::Length { field, .. } => {
                *field
            }
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OutOfRange { field, min, max, value } => {
                write!(f, "{field} must be from {min} to {max}, got {value}")
            }
            Self::NotEven { field, min, max, value } => {
                write!(f, "{field} must be an even number from {min} to {max}, got {value}")
            }
            Self::Length { field, min, max, value } => {
                write!(f, "{field} must be {min} to {max} bytes of UTF-8, got {value} bytes")
            }
        }
    }
}

impl core::error::Error for Error {}

/// The name of an input, spelled as in the JSON of a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Field {
    /// The session's seed.
    Seed,
    /// The shortest interval.
    BreakIntervalMin,
    /// The longest interval.
    BreakIntervalMax,
    /// How many rounds make an epoch.
    RoundsPerEpoch,
    /// The instant at which step 0 begins.
    StartAt,
    /// The length of a tick.
    TickMs,
    /// The instant asked about.
    Now,
    /// The number of a tick.
    Step,
    /// The number of a round.
    Round,
    /// The name of a draw's channel.
    Channel,
    /// The bound of [`Draw::below`](crate::Draw::below).
    N,
    /// How many items [`Draw::shuffle`](crate::Draw::shuffle) was given.
    Items,
}

impl Field {
    /// The name, as in the JSON of a session.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Seed => "seed",
            Self::BreakIntervalMin => "break_interval.min",
            Self::BreakIntervalMax => "break_interval.max",
            Self::RoundsPerEpoch => "rounds_per_epoch",
            Self::StartAt => "start_at",
            Self::TickMs => "tick_ms",
            Self::Now => "now",
            Self::Step => "step",
            Self::Round => "round",
            Self::Channel => "channel",
            Self::N => "n",
            Self::Items => "items",
        }
    }
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Passes `value` on if it lies in `min..=max`. It comes in a type that holds every integer a caller may have, so that
/// a negative or a huge one is refused with its own digits.
pub(crate) fn check_range(field: Field, min: u32, max: u32, value: i128) -> Result<u32, Error> {
    match u32::try_from(value) {
        Ok(value) if (min..=max).contains(&value) => Ok(value),
        _ => Err(Error::OutOfRange { field, min: min.into(), max: max.into(), value }),
    }
}

/// Passes a text on if it is of 1 to `max` bytes.
pub(crate) fn check_length(field: Field, max: usize, text: &str) -> Result<&str, Error> {
    if (1..=max).contains(&text.len()) {
        return Ok(text);
    }
    Err(Error::Length { field, min: 1, max: max as u64, value: text.len() as u64 })
}
