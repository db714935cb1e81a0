//! Replaces or deletes a session before a deadline, by the clock that decides.

use std::time::SystemTime;

use tickseed_session::{Deadline, Session, SessionId, StoreError, Timestamp};

use super::promises::PART;
use super::{PostgresStore, uuid};
use crate::remote::node_clock::{Limits, Reading};

const REPLACE: &str = "SELECT * FROM tickseed_replace($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";

/// The outcomes of the function.
pub(super) const DONE: i32 = 1;
pub(super) const TOO_LATE: i32 = 2;

/// A session that takes the place of another one, or the end of one.
pub(super) struct Replacement {
    pub(super) id: SessionId,
    /// The revision and the write to replace.
    pub(super) before: [u64; 2],
    /// The new revision and write.
    pub(super) after: [u64; 2],
    /// The new record. Without one, the session is deleted.
    pub(super) record: Option<Vec<u8>>,
    pub(super) expires_at: Option<Timestamp>,
    /// Whether servers promise that no such write becomes visible late.
    pub(super) is_promised: bool,
}

impl Replacement {
    /// The end of a session. It changes no state, so no promise is about it.
    pub(super) fn deletion(session: &Session) -> Self {
        let before = [session.revision.get(), session.write.get()];
        let (after, record, expires_at) = ([0; 2], None, None);
        Self { id: session.id, before, after, record, expires_at, is_promised: false }
    }
}

impl PostgresStore {
    /// Replaces or deletes a session before a deadline. Returns what has happened.
    pub(super) async fn replace_before(
        &self,
        replacement: &Replacement,
        deadline: Option<Deadline>,
    ) -> Result<i32, StoreError> {
        match deadline {
            None => Ok(self.replace(replacement, None).await?.0),
            Some(Deadline::OfStore(deadline)) => {
                let limits = Limits::of_node(self.promises.decider(), deadline);
                Ok(self.replace(replacement, Some(limits)).await?.0)
            }
            Some(Deadline::OfServer(deadline)) => self.replace_by_server(replacement, deadline).await,
        }
    }

    /// Replaces a session before a deadline by the clock of the server.
    async fn replace_by_server(
        &self,
        replacement: &Replacement,
        deadline: Timestamp,
    ) -> Result<i32, StoreError> {
        let reading = self.promises.readings.reading(PART, self.clock.uptime());
        let (outcome, reading) = self
            .replace(replacement, Some(Limits::by_server(&*self.clock, deadline, reading.as_ref())))
            .await?;
        if outcome != TOO_LATE {
            return Ok(outcome);
        }
        // There was no reading of the clock, or it does not fit.
        Ok(self
            .replace(replacement, Some(Limits::by_server(&*self.clock, deadline, Some(&reading))))
            .await?
            .0)
    }

    /// Calls the function once. Returns what has happened, and the reading that the answer contains.
    async fn replace(
        &self,
        replacement: &Replacement,
        limits: Option<Limits>,
    ) -> Result<(i32, Reading), StoreError> {
        let Replacement { id, record, is_promised, .. } = replacement;
        let id = uuid(*id);
        let ([old_revision, old_write], [revision, write]) =
            (replacement.before.map(u64::cast_signed), replacement.after.map(u64::cast_signed));
        let expires_at = replacement.expires_at.map(system_time);
        let node = limits.as_ref().map(|limits| limits.node.as_str());
        let earliest_us = limits.as_ref().map(|limits| limits.earliest_us);
        let deadline_us = limits.as_ref().map(|limits| limits.deadline_us);
        let answer = self
            .pool
            .ask_to_write(async |client| {
                let statement = client.prepare_cached(REPLACE).await?;
                let row = client
                    .query_one(
                        &statement,
                        &[
                            &id,
                            &old_revision,
                            &old_write,
                            record,
                            &revision,
                            &write,
                            &expires_at,
                            is_promised,
                            &node,
                            &earliest_us,
                            &deadline_us,
                        ],
                    )
                    .await?;
                Ok((row.get(0), row.get(1), row.get(2)))
            })
            .await;
        let (outcome, time_us, node): (i32, i64, String) = answer.map_err(|error| self.writes.note(error))?;
        self.promises.note_reading(&node, time_us);
        Ok((outcome, Reading { node, time_us, answered_at: self.clock.uptime() }))
    }
}

/// Converts an instant for the driver.
pub(super) fn system_time(instant: Timestamp) -> SystemTime {
    let millis = u64::try_from(instant.millis()).unwrap_or(0);
    SystemTime::UNIX_EPOCH + std::time::Duration::from_millis(millis)
}
