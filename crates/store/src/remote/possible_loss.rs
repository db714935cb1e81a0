//! How much acknowledged writing a store may lose, as far as that is known.

use std::time::Duration;

use crate::StoreLoss;

/// How much acknowledged writing a store, or one that takes its place, may lose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Loss {
    /// It may lose this much for certain.
    pub(crate) least: Duration,
    /// It loses no more than this, if that is known.
    pub(crate) most: Option<Duration>,
}

impl Loss {
    /// Fills in what is not known. A setting that is less than what is known to be lost is wrong.
    pub(crate) fn or(self, setting: Option<StoreLoss>) -> Self {
        let most = self.most.or_else(|| Some(setting?.duration().max(self.least)));
        Self { most, ..self }
    }

    /// Returns what is known about two of which either may lose writes.
    #[cfg(any(feature = "cassandra", feature = "redis"))]
    pub(crate) fn max(self, other: Self) -> Self {
        let most = self.most.zip(other.most).map(|(first, second)| first.max(second));
        Self { least: self.known().max(other.known()), most }
    }

    /// Returns how much a change has to allow for.
    pub(crate) fn known(self) -> Duration {
        self.most.unwrap_or(self.least)
    }
}
