//! The number that a compare-and-set goes by.

use std::fmt;

use serde::{Serialize, Serializer};

/// A session's revision: 1 at first, one more with every change, at most [`Revision::MAX`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Revision(u64);

/// A number that is not a revision.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("revision must be from 1 to {}, got {got}", Revision::MAX)]
pub struct InvalidRevision {
    /// The number.
    pub got: u64,
}

impl Revision {
    /// The revision of a new session.
    pub const FIRST: Self = Self(1);

    /// The last revision: 2^53 - 1, because JavaScript and Lua hold no larger integer exactly.
    pub const MAX: Self = Self((1 << 53) - 1);

    /// Takes a number.
    ///
    /// # Errors
    ///
    /// [`InvalidRevision`] unless it is from 1 to 2^53 - 1.
    pub fn new(number: u64) -> Result<Self, InvalidRevision> {
        if (Self::FIRST.0..=Self::MAX.0).contains(&number) {
            Ok(Self(number))
        } else {
            Err(InvalidRevision { got: number })
        }
    }

    /// Returns the number.
    #[must_use]
    pub const fn get(self) -> u64 {
        self.0
    }

    /// Returns the revision after this one; the last one stays, and no compare-and-set accepts that.
    #[must_use]
    pub fn next(self) -> Self {
        Self(self.0 + 1).min(Self::MAX)
    }

    /// Returns the revision before this one, or `None` for the first.
    #[must_use]
    pub fn previous(self) -> Option<Self> {
        Self::new(self.0 - 1).ok()
    }
}

impl fmt::Display for Revision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Serialize for Revision {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u64(self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn revisions_count_from_1_to_the_largest_integer_of_a_double() {
        assert_eq!(Revision::FIRST.next(), Revision::new(2).unwrap());
        assert_eq!(Revision::FIRST.previous(), None);
        assert_eq!(Revision::MAX.next(), Revision::MAX);
        assert_eq!(Revision::MAX.previous().map(Revision::next), Some(Revision::MAX));
        let error = Revision::new(1 << 53).unwrap_err();
        assert_eq!(error.to_string(), "revision must be from 1 to 9007199254740991, got 9007199254740992");
        assert!(Revision::new(0).is_err());
    }
}
