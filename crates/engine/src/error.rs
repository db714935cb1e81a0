//! Errors for invalid inputs. Each names the field, the allowed range and the value.

use core::fmt;

/// An input outside its allowed range. The engine never clamps a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Error {
    /// A number outside `min..=max`.
    OutOfRange {
        /// The invalid input.
        field: Field,
        /// The smallest allowed value.
        min: u64,
        /// The largest allowed value.
        max: u64,
        /// The rejected value.
        value: i128,
    },
    /// An odd number within `min..=max`, where only even numbers are allowed.
    NotEven {
        /// The invalid input.
        field: Field,
        /// The smallest allowed value.
        min: u64,
        /// The largest allowed value.
        max: u64,
        /// The rejected value.
        value: u64,
    },
    /// A string whose length in bytes of UTF-8 is outside `min..=max`.
    Length {
        /// The invalid input.
        field: Field,
        /// The smallest allowed number of bytes.
        min: u64,
        /// The largest allowed number of bytes.
        max: u64,
        /// The length of the rejected string, in bytes.
        value: u64,
    },
    /// A change that cannot follow the changes before it.
    InvalidChange {
        /// Its place in the list, from 0.
        index: u16,
        /// The rule that it breaks.
        rule: ChangeRule,
    },
    /// A step that never begins, because the session is paused for good before.
    NotScheduled {
        /// The step.
        step: u64,
        /// The last step that begins.
        last: u64,
    },
}

/// A rule that a change of a schedule breaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ChangeRule {
    /// It must be after the change before, or after the start if it is the first.
    NotLater {
        /// The instant of the change before, or of the start.
        previous: i64,
        /// The instant of the rejected change.
        at: i64,
    },
    /// It must change something: a session that is paused cannot be paused, and a new length of ticks must be another one.
    NoChange {
        /// The length of a tick, or 0 for a pause.
        tick_ms: u32,
    },
    /// A new length of ticks must begin where a tick begins.
    WithinTick {
        /// How much of the tick has passed at that instant, in milliseconds.
        phase: u32,
        /// The length of that tick, in milliseconds.
        rate: u32,
    },
}

impl Error {
    /// Returns the invalid input.
    #[must_use]
    pub const fn field(&self) -> Field {
        match self {
            Self::OutOfRange { field, .. } | Self::NotEven { field, .. } | Self::Length { field, .. } => {
                *field
            }
            Self::InvalidChange { .. } => Field::Schedule,
            Self::NotScheduled { .. } => Field::Step,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OutOfRange { field: Field::Schedule, max, value, .. } => {
                write!(f, "schedule must have at most {max} changes, got {value}")
            }
            Self::OutOfRange { field: Field::Segments, max, value, .. } => {
                write!(f, "segments must have {max} places, one for each change, got {value}")
            }
            Self::OutOfRange { field, min, max, value } => {
                write!(f, "{field} must be from {min} to {max}, got {value}")
            }
            Self::NotEven { field, min, max, value } => {
                write!(f, "{field} must be an even number from {min} to {max}, got {value}")
            }
            Self::Length { field, min, max, value } => {
                write!(f, "{field} must be {min} to {max} bytes of UTF-8, got {value} bytes")
            }
            Self::InvalidChange { index, rule } => write!(f, "schedule[{index}]{rule}"),
            Self::NotScheduled { step, last } => {
                write!(f, "step {step} is not scheduled: the session is paused for good at step {last}")
            }
        }
    }
}

impl fmt::Display for ChangeRule {
    /// Continues the name of the change.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotLater { previous, at } => write!(f, ".at must be after {previous}, got {at}"),
            Self::NoChange { tick_ms: 0 } => f.write_str(" must not pause a session that is paused already"),
            Self::NoChange { tick_ms } => {
                write!(f, ".tick_ms must differ from the one before, got {tick_ms}")
            }
            Self::WithinTick { phase, rate } => {
                write!(
                    f,
                    ".at must be where a tick begins, got {phase} ms after the beginning of a tick of {rate} ms"
                )
            }
        }
    }
}

impl core::error::Error for Error {}

/// The name of an input, as the JSON of a session spells it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Field {
    /// The session's seed.
    Seed,
    /// The shortest interval.
    BreakIntervalMin,
    /// The longest interval.
    BreakIntervalMax,
    /// The number of rounds in an epoch.
    RoundsPerEpoch,
    /// The instant at which step 0 begins.
    StartAt,
    /// The length of a tick.
    TickMs,
    /// The list of changes.
    Schedule,
    /// The instant at which a change takes effect.
    ChangeAt,
    /// The length of a tick from a change on.
    ChangeTickMs,
    /// The storage passed to [`Schedule::with_changes`](crate::Schedule::with_changes).
    Segments,
    /// The instant to compute the state for.
    Now,
    /// The number of a tick.
    Step,
    /// The number of a round.
    Round,
    /// The name of a draw's channel.
    Channel,
    /// The bound of [`Draw::below`](crate::Draw::below).
    N,
    /// The number of items passed to [`Draw::shuffle`](crate::Draw::shuffle).
    Items,
}

impl Field {
    /// Returns the name as the JSON of a session spells it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Seed => "seed",
            Self::BreakIntervalMin => "break_interval.min",
            Self::BreakIntervalMax => "break_interval.max",
            Self::RoundsPerEpoch => "rounds_per_epoch",
            Self::StartAt => "start_at",
            Self::TickMs => "tick_ms",
            Self::Schedule => "schedule",
            Self::ChangeAt => "schedule.at",
            Self::ChangeTickMs => "schedule.tick_ms",
            Self::Segments => "segments",
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

/// Returns `value` if it is in `min..=max`. The type `i128` holds every integer a caller may have, so the error can
/// report negative and huge values unchanged.
pub(crate) fn check_range(field: Field, min: u32, max: u32, value: i128) -> Result<u32, Error> {
    match u32::try_from(value) {
        Ok(value) if (min..=max).contains(&value) => Ok(value),
        _ => Err(Error::OutOfRange { field, min: min.into(), max: max.into(), value }),
    }
}

/// Returns `text` if it has 1 to `max` bytes.
pub(crate) fn check_length(field: Field, max: usize, text: &str) -> Result<&str, Error> {
    if (1..=max).contains(&text.len()) {
        return Ok(text);
    }
    Err(Error::Length { field, min: 1, max: max as u64, value: text.len() as u64 })
}
