//! The tables in the file of the embedded store, and their changes.

use redb::{Database, ReadableDatabase, ReadableTable, Table, TableDefinition, TableError};

use crate::record;
use tickseed_session::{Clock, Deadline, Session, SessionId, StoreError, Timestamp};

use super::clock_trust::ClockTrust;
use super::pending::PendingWrites;

const SESSIONS: TableDefinition<&[u8; 16], &[u8]> = TableDefinition::new("sessions");
/// When sessions expire: milliseconds since the Unix epoch, then the session. Written in the same transaction as the session.
const EXPIRIES: TableDefinition<(i64, &[u8; 16]), ()> = TableDefinition::new("expiries");

/// Numbers that the store keeps about itself. Versions that do not know this table leave it alone.
const META: TableDefinition<&str, i64> = TableDefinition::new("meta");

/// The last instant that the store has seen by a clock that it trusts, in milliseconds since the Unix epoch.
const LATEST: &str = "latest_ms";

/// How many expired sessions one transaction removes at most, so that other writes do not wait long.
pub(super) const REMOVE_LENGTH: usize = 1000;

/// A change to write.
pub(super) enum Write {
    Create(Box<Session>),
    /// Written before the deadline, or not at all.
    CompareAndSet(Box<Session>, Option<Deadline>),
    RemoveExpired(Timestamp),
}

impl Write {
    /// Returns the session that this replaces.
    pub(super) fn replaced(&self) -> Option<SessionId> {
        match self {
            Self::CompareAndSet(session, _) => Some(session.id),
            Self::Create(_) | Self::RemoveExpired(_) => None,
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
    Removed(Vec<SessionId>),
}

/// Makes the tables, so that reads of a new file find them.
pub(super) fn make(database: &Database) -> Result<(), redb::Error> {
    let transaction = database.begin_write()?;
    transaction.open_table(SESSIONS)?;
    transaction.open_table(EXPIRIES)?;
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

/// Applies writes in one transaction, and remembers the instant, if there is one that may be trusted. When this returns, all of them are on the disk, or none.
pub(super) fn apply(
    database: &Database,
    clock: &dyn Clock,
    pending: &PendingWrites,
    trust: &ClockTrust,
    writes: &[Write],
) -> Result<Vec<Result<Outcome, StoreError>>, redb::Error> {
    let transaction = database.begin_write()?;
    let mut outcomes = Vec::with_capacity(writes.len());
    {
        let (sessions, expiries) = (transaction.open_table(SESSIONS)?, transaction.open_table(EXPIRIES)?);
        let mut tables = Tables { sessions, expiries, clock, pending };
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
    clock: &'transaction dyn Clock,
    pending: &'transaction PendingWrites,
}

impl Tables<'_> {
    /// Applies one write. The outer error fails the whole transaction, the inner one only this write.
    fn apply(&mut self, write: &Write) -> Result<Result<Outcome, StoreError>, redb::Error> {
        match write {
            Write::Create(session) => self.create(session),
            Write::CompareAndSet(session, deadline) => self.compare_and_set(session, *deadline),
            Write::RemoveExpired(now) => Ok(Ok(Outcome::Removed(self.remove_expired(*now)?))),
        }
    }

    fn create(&mut self, session: &Session) -> Result<Result<Outcome, StoreError>, redb::Error> {
        if self.sessions.get(session.id.as_bytes())?.is_some() {
            return Ok(Ok(Outcome::Refused));
        }
        self.put(session, None)
    }

    fn compare_and_set(
        &mut self,
        session: &Session,
        deadline: Option<Deadline>,
    ) -> Result<Result<Outcome, StoreError>, redb::Error> {
        let Some(bytes) = self.sessions.get(session.id.as_bytes())?.map(|bytes| bytes.value().to_vec())
        else {
            return Ok(Ok(Outcome::Refused));
        };
        let before = match record::decode(session.id, &bytes) {
            Ok(before) => before,
            Err(error) => return Ok(Err(error)),
        };
        if !session.follows(&before) {
            return Ok(Ok(Outcome::Refused));
        }
        // Not earlier: the write may have waited for long.
        if deadline.is_some_and(|deadline| self.has_passed(deadline)) {
            return Ok(Ok(Outcome::TooLate));
        }
        self.put(session, before.expires_at)
    }

    fn has_passed(&self, deadline: Deadline) -> bool {
        match deadline {
            Deadline::OfServer(deadline) => deadline <= self.clock.now(),
            Deadline::OfStore(deadline) => deadline <= self.pending.now(),
        }
    }

    /// Writes a session over one that would have expired at `expired_at`.
    fn put(
        &mut self,
        session: &Session,
        expired_at: Option<Timestamp>,
    ) -> Result<Result<Outcome, StoreError>, redb::Error> {
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
