//! What the file of the embedded store holds, and how it changes.

use redb::{Database, ReadableDatabase, ReadableTable, Table, TableDefinition};

use crate::session::{Clock, Session, SessionId, StoreError, Timestamp};
use crate::store::record;

const SESSIONS: TableDefinition<&[u8; 16], &[u8]> = TableDefinition::new("sessions");
/// What expires when: milliseconds since the Unix epoch, then the session. Kept in the same transaction as the session.
const EXPIRIES: TableDefinition<(i64, &[u8; 16]), ()> = TableDefinition::new("expiries");

/// How many expired sessions one transaction removes at most, so that other writes need not wait long.
pub(super) const REMOVE_LENGTH: usize = 1000;

/// Something to write.
pub(super) enum Change {
    Create(Box<Session>),
    /// To be written before the deadline, or not at all.
    Replace(Box<Session>, Option<Timestamp>),
    RemoveExpired(Timestamp),
}

/// What became of a change.
pub(super) enum Outcome {
    Done,
    /// A condition did not hold, and nothing was changed.
    Refused,
    Removed(usize),
}

/// Makes the tables, so that readers of a new file find them.
pub(super) fn make(database: &Database) -> Result<(), redb::Error> {
    let transaction = database.begin_write()?;
    transaction.open_table(SESSIONS)?;
    transaction.open_table(EXPIRIES)?;
    transaction.commit()?;
    Ok(())
}

/// The record of a session.
pub(super) fn find(database: &Database, id: SessionId) -> Result<Option<Vec<u8>>, redb::Error> {
    let table = database.begin_read()?.open_table(SESSIONS)?;
    Ok(table.get(id.as_bytes())?.map(|bytes| bytes.value().to_vec()))
}

/// Applies changes in one transaction; once this has returned they are on the disk, all of them or none.
pub(super) fn apply(
    database: &Database,
    clock: &dyn Clock,
    changes: &[Change],
) -> Result<Vec<Result<Outcome, StoreError>>, redb::Error> {
    let transaction = database.begin_write()?;
    let mut outcomes = Vec::with_capacity(changes.len());
    {
        let (sessions, expiries) = (transaction.open_table(SESSIONS)?, transaction.open_table(EXPIRIES)?);
        let mut tables = Tables { sessions, expiries, clock };
        for change in changes {
            outcomes.push(tables.apply(change)?);
        }
    }
    transaction.commit()?;
    Ok(outcomes)
}

struct Tables<'transaction> {
    sessions: Table<'transaction, &'static [u8; 16], &'static [u8]>,
    expiries: Table<'transaction, (i64, &'static [u8; 16]), ()>,
    clock: &'transaction dyn Clock,
}

impl Tables<'_> {
    /// The outer error fails the whole transaction, the inner one this change alone.
    fn apply(&mut self, change: &Change) -> Result<Result<Outcome, StoreError>, redb::Error> {
        match change {
            Change::Create(session) => self.create(session),
            Change::Replace(_, Some(deadline)) if *deadline <= self.clock.now() => Ok(Ok(Outcome::Refused)),
            Change::Replace(session, _) => self.replace(session),
            Change::RemoveExpired(now) => Ok(Ok(Outcome::Removed(self.remove_expired(*now)?))),
        }
    }

    fn create(&mut self, session: &Session) -> Result<Result<Outcome, StoreError>, redb::Error> {
        if self.sessions.get(session.id.as_bytes())?.is_some() {
            return Ok(Ok(Outcome::Refused));
        }
        self.put(session, None)
    }

    fn replace(&mut self, session: &Session) -> Result<Result<Outcome, StoreError>, redb::Error> {
        let Some(bytes) = self.sessions.get(session.id.as_bytes())?.map(|bytes| bytes.value().to_vec())
        else {
            return Ok(Ok(Outcome::Refused));
        };
        let before = match record::decode(session.id, &bytes) {
            Ok(before) => before,
            Err(error) => return Ok(Err(error)),
        };
        if before.revision.checked_add(1) != Some(session.revision) {
            return Ok(Ok(Outcome::Refused));
        }
        self.put(session, before.expires_at)
    }

    /// Writes a session in the place of one that was to expire at `expired_at`.
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

    fn remove_expired(&mut self, now: Timestamp) -> Result<usize, redb::Error> {
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
        Ok(expired.len())
    }
}
