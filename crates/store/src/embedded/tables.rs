//! The tables in the file of the embedded store, and their changes.

use std::num::NonZeroU64;

use redb::{
    Database, ReadableDatabase, ReadableTable, ReadableTableMetadata, Table, TableDefinition, TableError,
};

use crate::record;
use tickseed_session::{Clock, Deadline, Session, SessionId, SessionPage, StoreError, Timestamp};

use super::clock_trust::ClockTrust;
use super::pending::PendingWrites;
use super::requests::{self, RequestTables, RequestWrite};

pub(super) const SESSIONS: TableDefinition<&[u8; 16], &[u8]> = TableDefinition::new("sessions");
/// When sessions expire: milliseconds since the Unix epoch, then the session. Written in the same transaction as the session.
pub(super) const EXPIRIES: TableDefinition<(i64, &[u8; 16]), ()> = TableDefinition::new("expiries");

/// Numbers that the store keeps about itself. Versions that do not know this table leave it alone.
pub(super) const META: TableDefinition<&str, i64> = TableDefinition::new("meta");

/// The last instant that the store has seen by a clock that it trusts, in milliseconds since the Unix epoch.
const LATEST: &str = "latest_ms";

/// How many expired sessions one transaction removes at most, so that other writes do not wait long.
pub(super) const REMOVE_LENGTH: usize = 1000;

/// A change to write.
pub(super) enum Write {
    Create(Box<Session>),
    /// Written before the deadline, or not at all.
    CompareAndSet(Box<Session>, Option<Deadline>),
    /// Written before the deadline, or not at all.
    Delete(Box<Session>, Option<Deadline>),
    RemoveExpired(Timestamp),
    /// A write of a request with an idempotency key.
    Request(RequestWrite),
}

impl Write {
    /// Returns the session that this replaces or deletes.
    pub(super) fn replaced(&self) -> Option<SessionId> {
        match self {
            Self::CompareAndSet(session, _) | Self::Delete(session, _) => Some(session.id),
            Self::Create(_) | Self::RemoveExpired(_) | Self::Request(_) => None,
        }
    }
}

/// The result of a write.
pub(super) enum Outcome {
    Done,
    /// A condition did not hold. Nothing has changed.
    Refused,
    /// The deadline had passed. Nothing has changed.
    TooLate,
    Removed {
        ids: Vec<SessionId>,
        /// Whether nothing else has expired.
        is_complete: bool,
    },
    /// The request that is there already. Nothing has changed.
    Existing(Vec<u8>),
}

/// The result of a write, or why this write failed although the transaction did not.
type Written = Result<Outcome, StoreError>;

/// Makes the tables, so that reads of a new file find them. With `is_checkpoint`, the file needs no repair afterwards.
pub(super) fn make(database: &Database, is_checkpoint: bool) -> Result<(), redb::Error> {
    let mut transaction = database.begin_write()?;
    transaction.set_quick_repair(is_checkpoint);
    transaction.open_table(SESSIONS)?;
    transaction.open_table(EXPIRIES)?;
    requests::make(&transaction)?;
    transaction.open_table(META)?;
    transaction.commit()?;
    Ok(())
}

/// Returns the last instant that the store has seen. A file of an earlier version does not say; then it is the one at which its newest
/// session was created.
pub(super) fn latest(database: &Database) -> Result<Option<Timestamp>, redb::Error> {
    let transaction = database.begin_read()?;
    let noted = match transaction.open_table(META) {
        Ok(table) => table.get(LATEST)?.map(|millis| millis.value()),
        // A file that could be opened only for reading.
        Err(TableError::TableDoesNotExist(_)) => None,
        Err(error) => return Err(error.into()),
    };
    let sessions = transaction.open_table(SESSIONS)?;
    let millis = match noted {
        Some(millis) => Some(millis),
        None => sessions.last()?.and_then(|(id, _)| SessionId::from_bytes(*id.value()).created_ms()),
    };
    Ok(millis.and_then(|millis| Timestamp::from_millis(millis).ok()))
}

/// Reads the record of a session.
pub(super) fn find(database: &Database, id: SessionId) -> Result<Option<Vec<u8>>, redb::Error> {
    let table = database.begin_read()?.open_table(SESSIONS)?;
    Ok(table.get(id.as_bytes())?.map(|bytes| bytes.value().to_vec()))
}

/// Reads the records of at most `limit` sessions that follow `after` in the list. A record that cannot be read is left out.
pub(super) fn list(
    database: &Database,
    after: Option<SessionId>,
    limit: usize,
) -> Result<SessionPage, redb::Error> {
    let table = database.begin_read()?.open_table(SESSIONS)?;
    let mut newest_first = match after {
        Some(after) => table.range::<&[u8; 16]>(..after.as_bytes())?,
        None => table.range::<&[u8; 16]>(..)?,
    }
    .rev();
    let (mut page, mut last) = (SessionPage::default(), None);
    for entry in newest_first.by_ref().take(limit.max(1)) {
        let (id, bytes) = entry?;
        let id = SessionId::from_bytes(*id.value());
        last = Some(id);
        match record::decode(id, bytes.value()) {
            Ok(session) => page.sessions.push(session),
            Err(error) => page.left_out.push(error),
        }
    }
    page.next = newest_first.next().transpose()?.and(last);
    Ok(page)
}

/// Applies writes in one transaction, and remembers the instant, if there is one that may be trusted. When this returns, all of them
/// are on the disk, or none. With `is_checkpoint`, the file needs no repair afterwards.
pub(super) fn apply(
    database: &Database,
    is_checkpoint: bool,
    clock: &dyn Clock,
    pending: &PendingWrites,
    max_sessions: Option<NonZeroU64>,
    trust: &ClockTrust,
    writes: &[Write],
) -> Result<Vec<Written>, redb::Error> {
    let mut transaction = database.begin_write()?;
    transaction.set_quick_repair(is_checkpoint);
    let mut outcomes = Vec::with_capacity(writes.len());
    {
        let (sessions, expiries) = (transaction.open_table(SESSIONS)?, transaction.open_table(EXPIRIES)?);
        let requests = RequestTables::open(&transaction)?;
        let mut tables = Tables { sessions, expiries, requests, clock, pending, max_sessions };
        for write in writes {
            outcomes.push(tables.apply(write)?);
        }
    }
    if let Some(seen) = trust.trusted_now() {
        transaction.open_table(META)?.insert(LATEST, seen.millis())?;
    }
    transaction.commit()?;
    Ok(outcomes)
}

struct Tables<'transaction> {
    sessions: Table<'transaction, &'static [u8; 16], &'static [u8]>,
    expiries: Table<'transaction, (i64, &'static [u8; 16]), ()>,
    requests: RequestTables<'transaction>,
    clock: &'transaction dyn Clock,
    pending: &'transaction PendingWrites,
    max_sessions: Option<NonZeroU64>,
}

impl Tables<'_> {
    /// Applies one write. The outer error fails the whole transaction, the inner one only this write.
    fn apply(&mut self, write: &Write) -> Result<Written, redb::Error> {
        match write {
            Write::Create(session) => self.create(session),
            Write::CompareAndSet(session, deadline) => self.compare_and_set(session, *deadline),
            Write::Delete(session, deadline) => self.delete(session, *deadline),
            Write::RemoveExpired(now) => {
                let requests = self.requests.remove_expired(*now)?;
                let ids = self.remove_expired(*now)?;
                let is_complete = ids.len() < REMOVE_LENGTH && requests < REMOVE_LENGTH;
                Ok(Ok(Outcome::Removed { ids, is_complete }))
            }
            Write::Request(write) => self.requests.apply(write),
        }
    }

    fn create(&mut self, session: &Session) -> Result<Written, redb::Error> {
        if self.sessions.get(session.id.as_bytes())?.is_some() {
            return Ok(Ok(Outcome::Refused));
        }
        // redb keeps the number, so nothing is counted here.
        if let Some(limit) = self.max_sessions.map(NonZeroU64::get)
            && self.sessions.len()? >= limit
        {
            return Ok(Err(StoreError::TooManySessions { limit }));
        }
        self.put(session, None)
    }

    fn compare_and_set(
        &mut self,
        session: &Session,
        deadline: Option<Deadline>,
    ) -> Result<Written, redb::Error> {
        match self.stored_before(session.id, deadline, |before| session.follows(before))? {
            Ok(before) => self.put(session, before.expires_at),
            Err(otherwise) => Ok(otherwise),
        }
    }

    fn delete(&mut self, session: &Session, deadline: Option<Deadline>) -> Result<Written, redb::Error> {
        let stored = match self.stored_before(session.id, deadline, |stored| session.is_same_write(stored))? {
            Ok(stored) => stored,
            Err(otherwise) => return Ok(otherwise),
        };
        let id = stored.id.as_bytes();
        self.sessions.remove(id)?;
        if let Some(expires_at) = stored.expires_at {
            self.expiries.remove((expires_at.millis(), id))?;
        }
        Ok(Ok(Outcome::Done))
    }

    /// Returns the stored session if it is as `expected` and the deadline has not passed, or the result that a write has otherwise.
    fn stored_before(
        &self,
        id: SessionId,
        deadline: Option<Deadline>,
        expected: impl FnOnce(&Session) -> bool,
    ) -> Result<Result<Session, Written>, redb::Error> {
        let Some(bytes) = self.sessions.get(id.as_bytes())?.map(|bytes| bytes.value().to_vec()) else {
            return Ok(Err(Ok(Outcome::Refused)));
        };
        let stored = match record::decode(id, &bytes) {
            Ok(stored) => stored,
            Err(error) => return Ok(Err(Err(error))),
        };
        if !expected(&stored) {
            return Ok(Err(Ok(Outcome::Refused)));
        }
        // Not earlier: the write may have waited for long.
        if deadline.is_some_and(|deadline| self.has_passed(deadline)) {
            return Ok(Err(Ok(Outcome::TooLate)));
        }
        Ok(Ok(stored))
    }

    fn has_passed(&self, deadline: Deadline) -> bool {
        match deadline {
            Deadline::OfServer(deadline) => deadline <= self.clock.now(),
            Deadline::OfStore(deadline) => deadline <= self.pending.now(),
        }
    }

    /// Writes a session over one that would have expired at `expired_at`.
    fn put(&mut self, session: &Session, expired_at: Option<Timestamp>) -> Result<Written, redb::Error> {
        let bytes = match record::encode(session) {
            Ok(bytes) => bytes,
            Err(error) => return Ok(Err(error)),
        };
        let id = session.id.as_bytes();
        self.sessions.insert(id, bytes.as_slice())?;
        if let Some(expired_at) = expired_at {
            self.expiries.remove((expired_at.millis(), id))?;
        }
        if let Some(expires_at) = session.expires_at {
            self.expiries.insert((expires_at.millis(), id), ())?;
        }
        Ok(Ok(Outcome::Done))
    }

    fn remove_expired(&mut self, now: Timestamp) -> Result<Vec<SessionId>, redb::Error> {
        let mut expired = Vec::new();
        for entry in self.expiries.range(..=(now.millis(), &[u8::MAX; 16]))?.take(REMOVE_LENGTH) {
            let (key, _) = entry?;
            let (expires_at, id) = key.value();
            expired.push((expires_at, *id));
        }
        for (expires_at, id) in &expired {
            self.sessions.remove(id)?;
            self.expiries.remove((*expires_at, id))?;
        }
        Ok(expired.into_iter().map(|(_, id)| SessionId::from_bytes(id)).collect())
    }
}
