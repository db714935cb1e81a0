//! The row of a session, and which session it stands for.
//!
//! A change carries its deadline and the record that it replaces. Cassandra may complete a change that was left half done much later,
//! and dates it then. So a change that is dated past its deadline counts as if it had not been made: the row stands for the
//! record that was replaced. A deletion is such a change without a record of its own.

use scylla::response::query_result::QueryResult;
use tickseed_session::{Session, SessionId, StoreError};
use uuid::Uuid;

use super::connection::unexpected;
use crate::record;

/// The row of a session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Row {
    /// Names the change that has written it. Another change can replace the row only if it knows this.
    pub(super) number: Uuid,
    /// Missing after a deletion.
    pub(super) record: Option<Vec<u8>>,
    /// The record before the change, if the change has a deadline.
    pub(super) replaced: Option<Vec<u8>>,
    /// Microseconds since the Unix epoch, by the clocks of the nodes.
    pub(super) deadline_us: Option<i64>,
    /// How Cassandra has dated the change. 0 in a change that is yet to be made.
    pub(super) written_us: i64,
}

type Columns = (Option<Uuid>, Option<Vec<u8>>, Option<Vec<u8>>, Option<i64>, Option<i64>);

impl Row {
    /// Reads the answer to a statement that reads a row.
    pub(super) fn of(answer: QueryResult) -> Result<Option<Self>, StoreError> {
        let rows = answer.into_rows_result().map_err(unexpected)?;
        let columns = rows.maybe_first_row::<Columns>().map_err(unexpected)?;
        Ok(columns.and_then(|(number, record, replaced, deadline_us, written_us)| {
            let written_us = written_us.unwrap_or_default();
            Some(Self { number: number?, record, replaced, deadline_us, written_us })
        }))
    }

    /// Returns whether the change was completed too late to count.
    pub(super) fn is_late(&self) -> bool {
        self.deadline_us.is_some_and(|deadline_us| deadline_us <= self.written_us)
    }

    /// Returns the record that counts.
    pub(super) fn counting(&self) -> Option<&[u8]> {
        if self.is_late() { self.replaced.as_deref() } else { self.record.as_deref() }
    }

    /// Returns the session that counts.
    pub(super) fn session(&self, id: SessionId) -> Result<Option<Session>, StoreError> {
        self.counting().map(|bytes| record::decode(id, bytes)).transpose()
    }

    /// Returns whether the row only says that a session has been deleted.
    pub(super) fn is_deleted(&self) -> bool {
        self.counting().is_none()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(deadline_us: Option<i64>, written_us: i64) -> Row {
        let (record, replaced) = (Some(vec![2]), Some(vec![1]));
        Row { number: Uuid::nil(), record, replaced, deadline_us, written_us }
    }

    #[test]
    fn a_change_that_was_completed_too_late_counts_as_what_it_replaced() {
        for (deadline_us, written_us, counts) in
            [(None, 10, 2), (Some(11), 10, 2), (Some(10), 10, 1), (Some(9), 10, 1), (Some(9), i64::MAX, 1)]
        {
            assert_eq!(row(deadline_us, written_us).counting(), Some(&[counts][..]), "{deadline_us:?}");
        }
    }

    #[test]
    fn a_deletion_that_was_completed_too_late_has_deleted_nothing() {
        let deletion = |written_us| Row { record: None, ..row(Some(10), written_us) };
        assert!(deletion(9).is_deleted());
        assert_eq!(deletion(10).counting(), Some(&[1][..]));
    }
}
