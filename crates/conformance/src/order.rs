//! The three orders in which states are visited.

use core::fmt;

/// The order in which states are visited. Each order has a digest of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// Jumps near and far, 256 states per session.
    Scattered,
    /// Consecutive steps, 16 384 states per session.
    Walk,
    /// Schedules with changes: a new session and a new list of changes for each state.
    Schedules,
}

impl Order {
    /// All orders.
    pub const ALL: [Self; 3] = [Self::Scattered, Self::Walk, Self::Schedules];

    /// Returns the number of consecutive states that share a session.
    pub(crate) const fn states_per_session(self) -> u64 {
        match self {
            Self::Scattered => 1 << 8,
            Self::Walk => 1 << 14,
            Self::Schedules => 1,
        }
    }

    /// Returns the name used on command lines and in the recorded digests.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Scattered => "scattered",
            Self::Walk => "walk",
            Self::Schedules => "schedules",
        }
    }
}

impl fmt::Display for Order {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
