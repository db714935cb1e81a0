//! Reads of the store that have not ended. At most one read of a session is in flight, however many callers wait for it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures_util::future::{BoxFuture, Shared, WeakShared};

use super::Outcome;
use super::report::Report;
use crate::freshness::Position;
use crate::{Revision, SessionId};

/// A read that several callers can wait for.
pub(super) type Read = Shared<BoxFuture<'static, Outcome>>;

/// A read of the store that has not ended.
pub(super) struct InFlightRead {
    number: u64,
    /// A caller that asks at a later position must not share the read: it may have missed a change.
    pub(super) position: Position,
    read: WeakShared<BoxFuture<'static, Outcome>>,
    /// The newest session that has been reported since the read began.
    pub(super) reported: Option<Arc<Report>>,
}

/// All reads in flight.
#[derive(Default)]
pub(super) struct InFlightReads(Mutex<Table>);

/// The reads, under their lock.
#[derive(Default)]
pub(super) struct Table {
    reads: HashMap<SessionId, InFlightRead>,
    next_number: u64,
}

impl InFlightReads {
    /// Locks the table. The cache holds this lock also while it changes an entry, so that an older session never replaces a
    /// newer one. All sessions share the lock, so nobody reads or writes JSON under it.
    pub(super) fn lock(&self) -> MutexGuard<'_, Table> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Table {
    /// Returns the read of a session that began at `position`, if somebody still waits for it.
    pub(super) fn join(&self, id: SessionId, position: Position) -> Option<Read> {
        self.reads.get(&id).filter(|read| read.position == position)?.read.upgrade()
    }

    /// Notes a read, which `start` makes from the read's number.
    pub(super) fn begin(
        &mut self,
        id: SessionId,
        position: Position,
        start: impl FnOnce(u64) -> Read,
    ) -> Read {
        let number = self.next_number;
        self.next_number += 1;
        let read = start(number);
        if let Some(weak) = read.downgrade() {
            self.reads.insert(id, InFlightRead { number, position, read: weak, reported: None });
        }
        read
    }

    /// Notes that a session has been reported.
    pub(super) fn report(&mut self, report: &Arc<Report>) {
        if self.awaits(report.id(), report.revision())
            && let Some(read) = self.reads.get_mut(&report.id())
        {
            read.reported = Some(Arc::clone(report));
        }
    }

    /// Returns whether a read of the session is in flight that has not heard of this revision.
    pub(super) fn awaits(&self, id: SessionId, revision: Revision) -> bool {
        let reported = |read: &InFlightRead| read.reported.as_ref().map(|report| report.revision());
        self.reads.get(&id).is_some_and(|read| reported(read).is_none_or(|known| known < revision))
    }

    /// Detaches the read of a session: its result reaches those who wait for it, but is not kept, and nobody else joins.
    pub(super) fn detach(&mut self, id: SessionId) {
        self.reads.remove(&id);
    }

    fn end(&mut self, id: SessionId, number: u64) -> Option<InFlightRead> {
        if self.reads.get(&id).is_some_and(|read| read.number == number) {
            self.reads.remove(&id)
        } else {
            None
        }
    }
}

/// Ends a read, also when everybody who waited for it has gone.
pub(super) struct ReadGuard<'reads> {
    reads: &'reads InFlightReads,
    id: SessionId,
    number: u64,
    has_ended: bool,
}

impl<'reads> ReadGuard<'reads> {
    pub(super) const fn new(reads: &'reads InFlightReads, id: SessionId, number: u64) -> Self {
        Self { reads, id, number, has_ended: false }
    }

    /// Ends the read and returns it, unless another one has taken its place.
    pub(super) fn end(mut self, table: &mut Table) -> Option<InFlightRead> {
        self.has_ended = true;
        table.end(self.id, self.number)
    }
}

impl Drop for ReadGuard<'_> {
    fn drop(&mut self) {
        if !self.has_ended {
            self.reads.lock().end(self.id, self.number);
        }
    }
}
