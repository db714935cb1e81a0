//! What tells two writes apart that bear one revision.

use uuid::Uuid;

/// Names one write of a session that has a notice. Revisions alone do not: a store that has lost a write gives its revision to the
/// next one, and whoever has seen the lost write must not replace that.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct WriteId(u64);

impl WriteId {
    /// The creation of a session, and every write of one without notice.
    pub const NONE: Self = Self(0);

    /// Takes a number from a record.
    #[must_use]
    pub const fn new(number: u64) -> Self {
        Self(number)
    }

    /// Returns the number.
    #[must_use]
    pub const fn get(self) -> u64 {
        self.0
    }

    /// Makes a new id.
    pub(crate) fn random() -> Self {
        // Both halves have bits that are always the same.
        let (high, low) = Uuid::new_v4().as_u64_pair();
        Self(high ^ low.rotate_left(32))
    }
}
