//! Conversions between JavaScript numbers and the engine's integers.

use tickseed_engine::{Error, Step};

/// Converts a JavaScript number to an integer.
///
/// The conversion is exact for the numbers that callers pass, which are integers below 2^53 in magnitude. Other numbers
/// become the nearest `i64`.
#[expect(clippy::cast_possible_truncation, reason = "callers pass integers below 2^53 in magnitude")]
pub(crate) const fn to_integer(number: f64) -> i64 {
    number as i64
}

/// Converts a JavaScript number to an integer. NaN stands for a missing input and becomes `default`.
pub(crate) fn to_integer_or(number: f64, default: u32) -> i64 {
    if number.is_nan() { default.into() } else { to_integer(number) }
}

/// Converts a JavaScript number to a step.
pub(crate) fn to_step(number: f64) -> Result<Step, Error> {
    Step::new(to_integer(number))
}

/// Converts a round or a bound to a JavaScript number. All are below 2^53, so the result is exact.
#[expect(clippy::cast_precision_loss, reason = "every number passed to JavaScript is below 2^53")]
pub(crate) const fn to_number(integer: u64) -> f64 {
    integer as f64
}

/// Converts a step to a JavaScript number.
pub(crate) const fn step_to_number(step: Step) -> f64 {
    to_number(step.get())
}

/// Converts a handle to a JavaScript number. It is below 2^53, because memory holds far fewer entries.
pub(crate) const fn handle_to_number(handle: usize) -> f64 {
    to_number(handle as u64)
}

/// Converts an instant to a JavaScript number. Instants are below 2^48, so the result is exact.
#[expect(clippy::cast_precision_loss, reason = "instants are below 2^48")]
pub(crate) const fn instant_to_number(milliseconds: i64) -> f64 {
    milliseconds as f64
}
