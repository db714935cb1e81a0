//! How much acknowledged writing a store may lose, where a server cannot find that out by itself.

use std::str::FromStr;
use std::time::Duration;

/// How much acknowledged writing a store may lose in a crash or a failover: 0 to 86 400 000 ms.
///
/// A server asks a store for what it needs to know. This is for stores whose settings say too little: those that only make
/// snapshots, have replicas, or hide their settings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StoreLoss {
    millis: u32,
}

/// A number of milliseconds that is no [`StoreLoss`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be a whole number of milliseconds from 0 to {}", StoreLoss::MOST)]
pub struct InvalidStoreLoss;

impl StoreLoss {
    /// One day. Changes are dated at least that much further ahead.
    const MOST: u32 = 86_400_000;

    /// Takes milliseconds.
    ///
    /// # Errors
    ///
    /// [`InvalidStoreLoss`] above 86 400 000.
    pub const fn from_millis(millis: u32) -> Result<Self, InvalidStoreLoss> {
        if millis > Self::MOST { Err(InvalidStoreLoss) } else { Ok(Self { millis }) }
    }

    /// Returns how much it is.
    #[must_use]
    pub const fn duration(self) -> Duration {
        Duration::from_millis(self.millis as u64)
    }
}

impl FromStr for StoreLoss {
    type Err = InvalidStoreLoss;

    fn from_str(text: &str) -> Result<Self, InvalidStoreLoss> {
        text.parse().map_err(|_| InvalidStoreLoss).and_then(Self::from_millis)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_numbers_up_to_a_day_are_accepted() {
        for text in ["0", "2000", "86400000"] {
            let loss: StoreLoss = text.parse().unwrap();
            assert_eq!(loss.duration().as_millis().to_string(), text);
        }
        for text in ["86400001", "-1", "4294967296", "1.5", "2s", ""] {
            assert_eq!(text.parse::<StoreLoss>(), Err(InvalidStoreLoss), "{text}");
        }
        let message = "must be a whole number of milliseconds from 0 to 86400000";
        assert_eq!(InvalidStoreLoss.to_string(), message);
    }
}
