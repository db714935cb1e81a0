//! Instants in the form that sessions carry: RFC 3339, UTC, milliseconds.

use std::fmt;
use std::time::Duration;

use serde::{Serialize, Serializer};
use tickseed_engine::LAST_INSTANT;
use time::format_description::well_known::Rfc3339;
use time::{OffsetDateTime, UtcDateTime};

/// An instant in the years 1970 to 9999, in whole milliseconds. The engine computes with these.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

/// A value that is not an instant in the years 1970 to 9999.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "must be an instant in the years 1970 to 9999, in RFC 3339 with Z or an offset, like 2026-01-31T12:00:03.000Z"
)]
pub struct InvalidTimestamp;

impl Timestamp {
    /// The last instant.
    pub const MAX: Self = Self(LAST_INSTANT);

    /// Takes milliseconds since the Unix epoch.
    ///
    /// # Errors
    ///
    /// [`InvalidTimestamp`] unless the instant lies in the years 1970 to 9999.
    pub fn from_millis(millis: i64) -> Result<Self, InvalidTimestamp> {
        if (0..=LAST_INSTANT).contains(&millis) { Ok(Self(millis)) } else { Err(InvalidTimestamp) }
    }

    /// Takes an instant from the engine, which checks that it lies in the years 1970 to 9999.
    pub(super) fn of_engine(millis: i64) -> Self {
        Self(millis.clamp(0, LAST_INSTANT))
    }

    /// Returns the millisecond that contains a clock reading in microseconds. A reading after the year 9999 counts as its end.
    pub(super) fn from_micros(micros: i64) -> Self {
        Self((micros / 1_000).clamp(0, LAST_INSTANT))
    }

    /// Reads RFC 3339 with any offset from UTC. `T` and `Z` may be lower case, and a space may stand for `T`. Digits finer than
    /// a millisecond are cut off.
    ///
    /// # Errors
    ///
    /// [`InvalidTimestamp`] if the text is not RFC 3339, if it is a leap second (`23:59:60`), or if the instant lies outside
    /// the years 1970 to 9999.
    pub fn parse(text: &str) -> Result<Self, InvalidTimestamp> {
        if !has_separator(text) || has_leap_second(text) {
            return Err(InvalidTimestamp);
        }
        // `UtcDateTime::parse` panics if the offset moves the instant out of the years 0 to 9999.
        let parsed = OffsetDateTime::parse(text, &Rfc3339).map_err(|_| InvalidTimestamp)?;
        let millis = parsed.unix_timestamp_nanos().div_euclid(1_000_000);
        Self::from_millis(i64::try_from(millis).map_err(|_| InvalidTimestamp)?)
    }

    /// Returns milliseconds since the Unix epoch.
    #[must_use]
    pub const fn millis(self) -> i64 {
        self.0
    }

    /// Returns the instant `duration` earlier, or the start of 1970 if that is later.
    #[must_use]
    pub fn before(self, duration: Duration) -> Self {
        let millis = i64::try_from(duration.as_millis()).unwrap_or(i64::MAX);
        Self(self.0.saturating_sub(millis).max(0))
    }

    /// Returns the instant `duration` later, or `None` if that is after the year 9999.
    #[must_use]
    pub fn after(self, duration: Duration) -> Option<Self> {
        let millis = i64::try_from(duration.as_millis()).ok()?;
        Self::from_millis(self.0.checked_add(millis)?).ok()
    }
}

/// Returns whether the date is followed by `T` or a space. The parser accepts any character there.
fn has_separator(text: &str) -> bool {
    matches!(text.as_bytes().get("2026-01-31".len()), Some(b'T' | b't' | b' '))
}

/// Returns whether the seconds are 60. The time of a session knows no leap seconds, and the parser accepts one on any day.
fn has_leap_second(text: &str) -> bool {
    let start = "2026-01-31T12:00:".len();
    text.as_bytes().get(start..start + 2) == Some(b"60")
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let time = UtcDateTime::from_unix_timestamp(self.0 / 1_000).map_err(|_| fmt::Error)?;
        let (year, month, day) = (time.year().unsigned_abs(), u32::from(u8::from(time.month())), time.day());
        // Digit by digit, because nearly every answer has instants: a format description took 3,500 instructions for each.
        let mut text = *b"0000-00-00T00:00:00.000Z";
        put_digits(&mut text[..4], year);
        put_digits(&mut text[5..7], month);
        put_digits(&mut text[8..10], day.into());
        put_digits(&mut text[11..13], time.hour().into());
        put_digits(&mut text[14..16], time.minute().into());
        put_digits(&mut text[17..19], time.second().into());
        put_digits(&mut text[20..23], u32::try_from(self.0 % 1_000).map_err(|_| fmt::Error)?);
        f.write_str(str::from_utf8(&text).map_err(|_| fmt::Error)?)
    }
}

/// Writes a number that has no more digits than there are places, with leading zeros.
fn put_digits(places: &mut [u8], mut number: u32) {
    for place in places.iter_mut().rev() {
        *place = b'0' + u8::try_from(number % 10).unwrap_or_default();
        number /= 10;
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use time::format_description::StaticFormatDescription;
    use time::macros::format_description;

    use super::*;

    const FORMAT: StaticFormatDescription =
        format_description!("[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:3]Z");

    proptest! {
        #[test]
        fn written_instants_are_read_back_unchanged(millis in 0..=LAST_INSTANT) {
            let instant = Timestamp::from_millis(millis).unwrap();
            prop_assert_eq!(Timestamp::parse(&instant.to_string()), Ok(instant));
            let time = UtcDateTime::from_unix_timestamp_nanos(i128::from(millis) * 1_000_000).unwrap();
            prop_assert_eq!(instant.to_string(), time.format(FORMAT).unwrap());
        }

        #[test]
        fn every_instant_that_is_read_can_be_written(
            text in "\\PC{0,40}|[0-9]{4}-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:[0-6][0-9](\\.[0-9]{1,12})?(Z|[+-][01][0-9]:[0-5][0-9])"
        ) {
            if let Ok(instant) = Timestamp::parse(&text) {
                prop_assert_eq!(Timestamp::parse(&instant.to_string()), Ok(instant));
            }
        }
    }

    #[test]
    fn milliseconds_always_have_three_digits() {
        for text in ["1970-01-01T00:00:00.000Z", "2026-11-23T12:00:03.070Z", "9999-12-31T23:59:59.999Z"] {
            assert_eq!(Timestamp::parse(text).unwrap().to_string(), text);
        }
    }

    #[test]
    fn offsets_become_utc_and_finer_digits_are_cut_off() {
        let read = |text| Timestamp::parse(text).unwrap().to_string();
        assert_eq!(read("2026-11-23T13:00:03+01:00"), "2026-11-23T12:00:03.000Z");
        assert_eq!(read("2026-11-23T12:00:03.0019999Z"), "2026-11-23T12:00:03.001Z");
    }

    #[test]
    fn other_texts_are_refused() {
        let texts =
            ["", "now", "2026-11-23", "2026-11-23T12:00:03", "1969-12-31T23:59:59.999Z", "1700000000000"];
        for text in texts {
            assert_eq!(Timestamp::parse(text), Err(InvalidTimestamp), "{text:?}");
        }
    }

    #[test]
    fn no_instant_lies_after_the_year_9999() {
        assert_eq!(Timestamp::MAX.after(Duration::from_millis(1)), None);
        assert_eq!(Timestamp::from_millis(0).unwrap().after(Duration::MAX), None);
        assert_eq!(Timestamp::MAX.to_string(), "9999-12-31T23:59:59.999Z");
    }
}
