//! How a session is read from the store, and what becomes of the result.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use futures_util::FutureExt;

use super::entry::Entry;
use super::in_flight::{InFlightRead, Read, ReadGuard, Table};
use super::{Lookup, Outcome, SessionCache};
use crate::error_chain::error_chain;
use crate::freshness::Position;
use crate::listeners::Source;
use crate::{ReadySession, Revision, Session, SessionId, StoreError, Timestamp};

impl SessionCache {
    pub(super) fn begin_read(self: &Arc<Self>, table: &mut Table, id: SessionId, position: Position) -> Read {
        table.begin(id, position, |number| Arc::clone(self).read_from_store(id, number).boxed().shared())
    }

    async fn read_from_store(self: Arc<Self>, id: SessionId, number: u64) -> Outcome {
        let guard = ReadGuard::new(&self.in_flight, id, number);
        let (read_at, certain) = (self.clock.uptime(), self.store.certain(id));
        let found = self.store.find(id).await.map(|found| found.map(|session| self.prepared(session)));
        let entry = match self.end_read(id, guard, found, (read_at, certain)) {
            ControlFlow::Continue(entry) => entry,
            ControlFlow::Break(outcome) => return outcome,
        };
        let Some(report) = entry.report else { return Ok(Some(Lookup::current(entry.session, certain))) };
        match self.read_report(&report) {
            Some(session) => {
                self.tell(&session);
                Ok(Some(Lookup::current(session, certain)))
            }
            // A change during the read came with a record that cannot be read. The store says what is wrong with it.
            None => self.read(id).await,
        }
    }

    /// Prepares a session that was read, unless the same one is in the cache, prepared already.
    fn prepared(&self, session: Session) -> Arc<ReadySession> {
        let cached = self.entries.peek(&session.id).map(|entry| entry.session);
        cached
            .filter(|cached| *cached.session() == session)
            .unwrap_or_else(|| Arc::new(ReadySession::new(session)))
    }

    /// Ends a read and keeps its result. Continues with the entry that is kept, or breaks with the outcome.
    fn end_read(
        &self,
        id: SessionId,
        guard: ReadGuard<'_>,
        found: Result<Option<Arc<ReadySession>>, StoreError>,
        (read_at, certain): (Duration, Option<Timestamp>),
    ) -> ControlFlow<Outcome, Entry> {
        let mut table = self.in_flight.lock();
        let outcome = match (found, guard.end(&mut table)) {
            (Ok(Some(found)), Some(read)) => {
                return ControlFlow::Continue(self.keep(id, found, read, (read_at, certain)));
            }
            (Ok(None), Some(_)) => {
                self.forget(id);
                Ok(None)
            }
            // The read was detached, or another one has begun at a later position. It says nothing about the present.
            (Ok(found), None) => {
                if let Some(session) = &found {
                    self.keep_as_stale(id, session, (read_at, certain));
                }
                Ok(found.map(|session| Lookup::current(session, certain)))
            }
            (Err(error @ StoreError::NewerRecord { .. }), _) => {
                self.refuse(id, &error);
                Err(error)
            }
            (Err(error), _) => {
                drop(table);
                self.stale(id).map(Some).ok_or(error)
            }
        };
        ControlFlow::Break(outcome)
    }

    /// Keeps the session that was read, and the one reported meanwhile if that is newer. Call it under the lock of the reads.
    fn keep(
        &self,
        id: SessionId,
        session: Arc<ReadySession>,
        read: InFlightRead,
        (read_at, certain): (Duration, Option<Timestamp>),
    ) -> Entry {
        let report = read.reported.filter(|report| report.revision() > session.session().revision);
        let entry = Entry { session, report, position: Some(read.position), read_at, certain };
        self.entries.insert(id, entry.clone());
        self.entries.note_read(&id);
        if entry.report.is_none() {
            // Under the lock, so that no listener hears of this session after a newer one. A change that was reported before the
            // read began is in this session, or the store has lost it.
            let tell = || self.listeners.tell(&entry.session, Source::Store);
            self.behind.tell_instead(id, Revision::MAX, tell);
        }
        entry
    }

    /// Replaces an outdated session in memory with a newer one from a detached read. A caller that has seen the newer one must not get
    /// the older one while the store fails. Call it under the lock of the reads.
    fn keep_as_stale(
        &self,
        id: SessionId,
        session: &Arc<ReadySession>,
        (read_at, certain): (Duration, Option<Timestamp>),
    ) {
        let is_newer =
            |known: &Entry| known.position.is_none() && known.revision() < session.session().revision;
        if self.entries.peek(&id).is_some_and(|known| is_newer(&known)) {
            let session = Arc::clone(session);
            self.entries.insert(id, Entry { session, report: None, position: None, read_at, certain });
        }
    }

    /// Forgets a session that only a later version can read. Call it under the lock of the reads.
    fn refuse(&self, id: SessionId, error: &StoreError) {
        self.entries.remove(&id);
        self.behind.tell_instead(id, Revision::MAX, || self.listeners.tell_unreadable(id));
        // Once: during an upgrade there may be many such sessions, and many requests for each.
        if self.newer_records.fetch_add(1, Ordering::Relaxed) == 0 {
            let error = error_chain(error);
            tracing::warn!(error, "sessions of a later version are refused; upgrade this server");
        }
    }
}
