//! Replaces or deletes a session before a deadline, by the clocks of the nodes.
//!
//! A change reads the row, checks that the session in it is the one to replace, and writes a row that replaces exactly that one. The
//! new row carries the deadline and the record that it replaces; `row` says what that is for.

use std::sync::Arc;

use tickseed_session::{Deadline, Session, SessionId, StoreError};
use tokio::time::Instant;
use uuid::Uuid;

use super::CassandraStore;
use super::expiry::{longer, rank, seconds_to_live};
use super::row::Row;
use super::rows::Proposed;
use crate::record;

/// How often a change is tried again because another one was completed late in between.
const ATTEMPTS: u32 = 4;

/// What a change makes of a session.
pub(super) enum Change<'session> {
    /// It takes the place of the one that it follows.
    Replace(&'session Session),
    /// It is deleted.
    Delete(&'session Session),
}

/// What has become of a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Changed {
    Yes,
    No,
    TooLate,
}

impl Change<'_> {
    const fn session(&self) -> &Session {
        match self {
            Self::Replace(session) | Self::Delete(session) => session,
        }
    }

    /// Returns whether the stored session is the one to change.
    fn is_of(&self, stored: &Session) -> bool {
        match self {
            Self::Replace(session) => session.follows(stored),
            Self::Delete(session) => session.is_same_write(stored),
        }
    }
}

impl CassandraStore {
    /// Makes a change, if the stored session is the right one and the deadline has not been reached. The conditions are checked in this
    /// order.
    pub(super) async fn change(
        &self,
        change: &Change<'_>,
        deadline: Option<Deadline>,
    ) -> Result<Changed, StoreError> {
        let (id, until) = (change.session().id, self.connection.limit());
        let mut turn = self.turns.wait(id.as_bytes(), until).await?;
        if turn.has_waited {
            drop(turn);
            // Of many that wait, most come too late. They need not find out one after the other.
            if self.base(change, until).await?.is_none() {
                return Ok(Changed::No);
            }
            turn = self.turns.wait(id.as_bytes(), until).await?;
        }
        for _ in 0..ATTEMPTS {
            let Some((base, stored)) = self.base(change, until).await? else { return Ok(Changed::No) };
            if deadline.is_some_and(|deadline| self.promises.has_passed(deadline)) {
                return Ok(Changed::TooLate);
            }
            let row = self.row_of(change, &base, deadline)?;
            let seconds = self.seconds_to_live(change, &stored, deadline);
            let extends = extends(change, &stored);
            if extends {
                // The list has to know a session for longer before it exists for longer.
                self.index.add(id, change.session().expires_at, self.clock.now(), until).await?;
            }
            let proposed = self.rows.propose(id, Some(base.number), &row, seconds, (&turn, until)).await;
            if extends && matches!(proposed, Ok(Proposed::Refused) | Err(_)) {
                self.list_again_soon(id);
            }
            match proposed? {
                Proposed::Refused => {}
                Proposed::Found(found) => return Ok(in_time(&found)),
                Proposed::Applied => return self.was_in_time(&row, change.session(), until).await,
            }
        }
        Err(StoreError::unavailable("others change the session again and again"))
    }

    /// Reads the row to replace and the session that counts in it, if that is the one to change.
    async fn base(&self, change: &Change<'_>, until: Instant) -> Result<Option<(Row, Session)>, StoreError> {
        let id = change.session().id;
        let Some(row) = self.rows.read(id, until).await? else { return Ok(None) };
        let stored = row.session(id)?.filter(|stored| change.is_of(stored));
        Ok(stored.map(|stored| (row, stored)))
    }

    /// Makes the row that is to be written.
    fn row_of(&self, change: &Change<'_>, base: &Row, deadline: Option<Deadline>) -> Result<Row, StoreError> {
        let record = match change {
            Change::Replace(session) => Some(record::encode(session)?),
            Change::Delete(_) => None,
        };
        let unknown = || StoreError::unavailable("no node of Cassandra has told its time for ten seconds");
        let convert = |deadline| self.promises.deadline_us(deadline).ok_or_else(unknown);
        let deadline_us = deadline.map(convert).transpose()?;
        let replaced = deadline_us.and_then(|_| base.counting().map(<[u8]>::to_vec));
        Ok(Row { number: Uuid::new_v4(), record, replaced, deadline_us, written_us: 0 })
    }

    /// Returns for how long the row has to stay: it stands for the session before if it comes too late.
    fn seconds_to_live(&self, change: &Change<'_>, stored: &Session, deadline: Option<Deadline>) -> i32 {
        let now = self.clock.now();
        let seconds_of = |session: &Session| seconds_to_live(session.expires_at, now);
        match (change, deadline) {
            (Change::Replace(session), None) => seconds_of(session),
            (Change::Replace(session), Some(_)) => longer(seconds_of(session), seconds_of(stored)),
            (Change::Delete(_), _) => seconds_of(stored),
        }
    }

    /// Finds out whether a change that has been written counts. Usually the clocks of the nodes leave no doubt.
    async fn was_in_time(&self, row: &Row, session: &Session, until: Instant) -> Result<Changed, StoreError> {
        if row.deadline_us.is_none_or(|deadline_us| self.promises.was_in_time(deadline_us)) {
            return Ok(Changed::Yes);
        }
        match self.rows.read_serially(session.id, until).await? {
            Some(found) if found.number == row.number => Ok(in_time(&found)),
            _ => Err(StoreError::unavailable(
                "another change has come after this one, which may have been too late",
            )),
        }
    }

    /// Writes the entry of a session as the session is now, while the caller goes on. A change that was not made has written one for
    /// itself, and perhaps after the one of a change that made the session last for longer.
    fn list_again_soon(&self, id: SessionId) {
        let (rows, index, clock) = (Arc::clone(&self.rows), Arc::clone(&self.index), Arc::clone(&self.clock));
        self.background.spawn(async move {
            let mut listed = None;
            for _ in 0..ATTEMPTS {
                let until = rows.connection.limit();
                let Ok(Some(row)) = rows.read_serially(id, until).await else { return };
                let Ok(Some(session)) = row.session(id) else { return };
                if listed.replace(row.number) == Some(row.number)
                    || index.add(id, session.expires_at, clock.now(), until).await.is_err()
                {
                    return;
                }
            }
        });
    }

    /// Removes what a deletion leaves behind, while its caller goes on. If that fails, the entry stays in the list, and whoever reads
    /// the list finds the row by it.
    pub(super) fn clean_up_soon(&self, id: SessionId) {
        let (rows, index) = (Arc::clone(&self.rows), Arc::clone(&self.index));
        self.background.spawn(async move {
            let until = rows.connection.limit();
            if let Ok(Some(row)) = rows.read_serially(id, until).await
                && row.is_deleted()
                && rows.clean_up(id, row.number).await.is_ok()
            {
                index.remove(id, row.written_us).await;
            }
        });
    }
}

/// Returns whether a change makes a session last for longer.
fn extends(change: &Change<'_>, stored: &Session) -> bool {
    matches!(change, Change::Replace(session) if rank(session.expires_at) > rank(stored.expires_at))
}

fn in_time(row: &Row) -> Changed {
    if row.is_late() { Changed::TooLate } else { Changed::Yes }
}
