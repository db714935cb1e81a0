//! The two orders in which states are visited.

use core::fmt;

/// The order in which states are visited. Each order has a digest of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// Jumps near and far, 256 states per session.
    Scattered,
    /// Consecutive steps, 16 384 states per session.
    Walk,
}

impl Order {
    /// Both orders.
    pub const ALL: [Self; 2] = [Self::Scattered, Self::Walk];

    /// Returns the number of consecutive states that share a session.
    pub(crate) const fn states_per_session(self) -> u64 {
        match self {
            Self::Scattered => 1 << 8,
            Self::Walk => 1 << 14,
        }
    }

    /// Returns the name used on command lines and in the recorded digests.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Scattered => "scattered",
            Self::Walk => "walk",
        }
    }
}

impl fmt::Display for Order {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
