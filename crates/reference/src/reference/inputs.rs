//! Section 1, inputs: the range of every input, and the error that names the field, its range and the value.

use core::fmt;

/// Length of a seed, in bytes of UTF-8.
const SEED_BYTES: (i128, i128) = (1, 128);
/// Length of a channel's name, in bytes of UTF-8 (section 7).
const CHANNEL_BYTES: (i128, i128) = (1, 64);
/// Ticks before a round breaks.
const INTERVAL_TICKS: (i128, i128) = (1, 1_000_000);
/// Rounds per epoch; odd numbers are errors too.
const ROUNDS_PER_EPOCH: (i128, i128) = (2, 256);
/// Length of a tick, in milliseconds: 1 ms to 1 day.
const TICK_MILLISECONDS: (i128, i128) = (1, 86_400_000);
/// Length of a tick from a change on, in milliseconds; 0 is a pause (`docs/schedule.md`, section 1).
const CHANGE_TICK_MILLISECONDS: (i128, i128) = (0, 86_400_000);
/// Number of changes (`docs/schedule.md`, section 1).
const CHANGES: (i128, i128) = (0, 256);
/// `n` of `below(n)` (section 7).
const BELOW_N: (i128, i128) = (1, u32::MAX as i128);

/// 1970-01-01T00:00:00.000Z, the earliest instant, in milliseconds since the Unix epoch.
const EARLIEST_INSTANT: i64 = 0;
/// 9999-12-31T23:59:59.999Z, the latest instant, in milliseconds since the Unix epoch.
pub const LATEST_INSTANT: i64 = 253_402_300_799_999;
/// The last possible step: the latest instant, with a start at the earliest instant and ticks of 1 ms.
pub const LAST_STEP: u64 = 253_402_300_799_999;

/// An input outside its range. Nothing is clamped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InputError {
    /// The name of the input, such as `tick_ms` or `break_interval.max`.
    pub field: &'static str,
    /// The least value allowed. For `break_interval.max` it is the value of `break_interval.min`.
    pub min: i128,
    /// The greatest value allowed.
    pub max: i128,
    /// Whether the value must also be even (`rounds_per_epoch` only).
    pub even: bool,
    /// The invalid value. For `seed` and `channel` it is the length in bytes.
    pub value: i128,
}

impl fmt::Display for InputError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = if self.even { "an even number from" } else { "from" };
        write!(formatter, "{} must be {kind} {} to {}, not {}", self.field, self.min, self.max, self.value)
    }
}

impl std::error::Error for InputError {}

/// The lengths of rounds and epochs, always within their ranges.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rules {
    break_interval_min: u32,
    break_interval_max: u32,
    rounds_per_epoch: u32,
}

impl Rules {
    /// Creates rules with intervals from `break_interval_min` to `break_interval_max`.
    ///
    /// # Errors
    ///
    /// The first input outside its range: `break_interval.min` is 1 to 1 000 000, `break_interval.max` is `break_interval.min` to
    /// 1 000 000, `rounds_per_epoch` is an even number from 2 to 256.
    pub fn new(
        break_interval_min: u32,
        break_interval_max: u32,
        rounds_per_epoch: u32,
    ) -> Result<Self, InputError> {
        check("break_interval.min", INTERVAL_TICKS, break_interval_min)?;
        let not_below_min = (i128::from(break_interval_min), INTERVAL_TICKS.1);
        check("break_interval.max", not_below_min, break_interval_max)?;
        check_rounds_per_epoch(rounds_per_epoch)?;
        Ok(Self { break_interval_min, break_interval_max, rounds_per_epoch })
    }

    /// Returns the least interval.
    #[must_use]
    pub fn break_interval_min(&self) -> u32 {
        self.break_interval_min
    }

    /// Returns the greatest interval.
    #[must_use]
    pub fn break_interval_max(&self) -> u32 {
        self.break_interval_max
    }

    /// Returns K of the definition.
    #[must_use]
    pub fn rounds_per_epoch(&self) -> u32 {
        self.rounds_per_epoch
    }

    /// Returns E of section 4, `K + (K / 2) * (min + max)`: the number of positions in every epoch. It is below 2^28.
    #[must_use]
    pub fn epoch_length(&self) -> u64 {
        let rounds = u64::from(self.rounds_per_epoch);
        let pair = u64::from(self.break_interval_min) + u64::from(self.break_interval_max);
        rounds + rounds / 2 * pair
    }
}

impl Default for Rules {
    fn default() -> Self {
        Self { break_interval_min: 100, break_interval_max: 300, rounds_per_epoch: 64 }
    }
}

fn check_rounds_per_epoch(value: u32) -> Result<(), InputError> {
    let (min, max) = ROUNDS_PER_EPOCH;
    let value = i128::from(value);
    if min <= value && value <= max && value % 2 == 0 {
        Ok(())
    } else {
        Err(InputError { field: "rounds_per_epoch", min, max, even: true, value })
    }
}

pub(super) fn check_seed(seed: &str) -> Result<(), InputError> {
    check("seed", SEED_BYTES, byte_length(seed))
}

pub(super) fn check_channel(name: &str) -> Result<(), InputError> {
    check("channel", CHANNEL_BYTES, byte_length(name))
}

pub(super) fn check_tick(tick_ms: u32) -> Result<(), InputError> {
    check("tick_ms", TICK_MILLISECONDS, tick_ms)
}

pub(super) fn check_change_tick(tick_ms: u32) -> Result<(), InputError> {
    check("schedule.tick_ms", CHANGE_TICK_MILLISECONDS, tick_ms)
}

pub(super) fn check_changes(number: usize) -> Result<(), InputError> {
    check("schedule", CHANGES, number as i128)
}

/// `field` is `start_at`, `now` or `schedule.at`.
pub(super) fn check_instant(field: &'static str, instant: i64) -> Result<(), InputError> {
    check(field, (i128::from(EARLIEST_INSTANT), i128::from(LATEST_INSTANT)), instant)
}

pub(super) fn check_step(step: u64) -> Result<(), InputError> {
    check_step_up_to(LAST_STEP, step)
}

pub(super) fn check_step_up_to(last: u64, step: u64) -> Result<(), InputError> {
    check("step", (0, i128::from(last)), step)
}

pub(super) fn check_round_up_to(last: u64, round: u64) -> Result<(), InputError> {
    check("round", (0, i128::from(last)), round)
}

pub(super) fn check_below_n(n: u32) -> Result<(), InputError> {
    check("n", BELOW_N, n)
}

/// Returns the length in bytes, not in characters.
fn byte_length(text: &str) -> i128 {
    text.len() as i128
}

fn check(field: &'static str, (min, max): (i128, i128), value: impl Into<i128>) -> Result<(), InputError> {
    let value = value.into();
    if min <= value && value <= max {
        Ok(())
    } else {
        Err(InputError { field, min, max, even: false, value })
    }
}
