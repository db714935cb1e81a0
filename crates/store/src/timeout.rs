//! How long a store that is another process may take to answer.

use std::str::FromStr;
use std::time::Duration;

/// How long a store that is another process may take to answer one question: 50 to 400 ms, and 150 ms by default.
///
/// An answer without an age is out of date by this time plus the 100 ms that memory is trusted for, at most. The sum must not
/// exceed half a second, because a stop is final that long before it takes effect: whoever has seen it must never see an earlier
/// one. The default leaves half of that to clocks that differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StoreTimeout {
    millis: u16,
}

/// A number of milliseconds that is no [`StoreTimeout`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "must be a whole number of milliseconds from {} to {}",
    StoreTimeout::SHORTEST,
    StoreTimeout::LONGEST
)]
pub struct InvalidStoreTimeout;

impl StoreTimeout {
    const SHORTEST: u16 = 50;
    const LONGEST: u16 = 400;

    /// Takes milliseconds.
    ///
    /// # Errors
    ///
    /// [`InvalidStoreTimeout`] below 50 and above 400.
    pub const fn from_millis(millis: u16) -> Result<Self, InvalidStoreTimeout> {
        if millis < Self::SHORTEST || millis > Self::LONGEST {
            return Err(InvalidStoreTimeout);
        }
        Ok(Self { millis })
    }

    /// Returns the time limit.
    #[must_use]
    pub const fn duration(self) -> Duration {
        Duration::from_millis(self.millis as u64)
    }
}

impl Default for StoreTimeout {
    fn default() -> Self {
        Self { millis: 150 }
    }
}

impl FromStr for StoreTimeout {
    type Err = InvalidStoreTimeout;

    fn from_str(text: &str) -> Result<Self, InvalidStoreTimeout> {
        text.parse().map_err(|_| InvalidStoreTimeout).and_then(Self::from_millis)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_numbers_from_50_to_400_are_accepted() {
        for text in ["50", "150", "400"] {
            let timeout: StoreTimeout = text.parse().unwrap();
            assert_eq!(timeout.duration().as_millis().to_string(), text);
        }
        for text in ["49", "401", "0", "-1", "65686", "1.5", "150ms", ""] {
            assert_eq!(text.parse::<StoreTimeout>(), Err(InvalidStoreTimeout), "{text}");
        }
        let message = "must be a whole number of milliseconds from 50 to 400";
        assert_eq!(InvalidStoreTimeout.to_string(), message);
        assert_eq!(StoreTimeout::from_millis(150), Ok(StoreTimeout::default()));
    }
}
