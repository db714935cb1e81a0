//! How far ahead changes are dated.

use std::time::Duration;

/// How far ahead every change of a session is dated, at least. Never changes. Without one, changes take effect at once.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Notice(u32);

/// A number that is not a notice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be an integer from 0 to {}", Notice::MAX_MS)]
pub struct InvalidNotice;

impl Notice {
    /// No notice: changes take effect at once, and nothing is promised.
    pub const NONE: Self = Self(0);
    /// The longest notice, in milliseconds: one day.
    pub const MAX_MS: u32 = 86_400_000;

    /// Takes milliseconds.
    ///
    /// # Errors
    ///
    /// [`InvalidNotice`] unless the number is from 0 to 86 400 000.
    pub fn from_millis(millis: impl Into<i128>) -> Result<Self, InvalidNotice> {
        match u32::try_from(millis.into()) {
            Ok(millis) if millis <= Self::MAX_MS => Ok(Self(millis)),
            _ => Err(InvalidNotice),
        }
    }

    /// Returns milliseconds.
    #[must_use]
    pub const fn millis(self) -> u32 {
        self.0
    }

    /// Returns the length of the notice.
    #[must_use]
    pub const fn duration(self) -> Duration {
        Duration::from_millis(self.0 as u64)
    }

    /// Returns whether there is no notice.
    #[must_use]
    pub const fn is_none(self) -> bool {
        self.0 == 0
    }
}
