//! Numbers of JavaScript and whole numbers of the engine.

/// The whole number that a JavaScript number holds.
///
/// Exact for the numbers that callers pass: whole ones below 2^53 in size. Others end at the nearest that there is.
#[expect(clippy::cast_possible_truncation, reason = "callers pass whole numbers below 2^53 in size")]
pub(crate) const fn whole(number: f64) -> i64 {
    number as i64
}

/// The same, or `default` for what is not a number: that stands for an input that was left out.
pub(crate) fn given(number: f64, default: u32) -> i64 {
    if number.is_nan() { default.into() } else { whole(number) }
}

/// A step, a round or a bound as JavaScript holds it. They lie below 2^53, so this is exact.
#[expect(clippy::cast_precision_loss, reason = "all that crosses lies below 2^53")]
pub(crate) const fn number(whole: u64) -> f64 {
    whole as f64
}

/// A handle as JavaScript holds it. As many as 2^53 would need more memory than there is.
pub(crate) const fn handle(handle: usize) -> f64 {
    number(handle as u64)
}

/// An instant as JavaScript holds it. The last one of the year 9999 lies below 2^48, so this is exact.
#[expect(clippy::cast_precision_loss, reason = "instants lie below 2^48")]
pub(crate) const fn instant(milliseconds: i64) -> f64 {
    milliseconds as f64
}
