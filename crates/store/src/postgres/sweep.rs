//! Removes what has expired, in small batches.

use std::time::SystemTime;

use tickseed_session::{StoreError, Timestamp};

use super::PostgresStore;
use super::replacement::system_time;

/// Announces what it removes, so that other servers forget it. Rows that others are about to remove or replace are skipped. A server
/// whose clock is far ahead removes nothing that has not expired by the clock of PostgreSQL.
const REMOVE_SESSIONS: &str = "
    WITH expired AS (
      SELECT id FROM tickseed_sessions
      WHERE expires_at <= least($1, statement_timestamp())
      ORDER BY expires_at LIMIT $2 FOR UPDATE SKIP LOCKED
    ), removed AS (
      DELETE FROM tickseed_sessions USING expired WHERE tickseed_sessions.id = expired.id
      RETURNING tickseed_sessions.id
    )
    SELECT pg_notify(tickseed_channel(), id || ' removed')::text FROM removed
";

const REMOVE_REQUESTS: &str = "
    DELETE FROM tickseed_requests WHERE id IN (
      SELECT id FROM tickseed_requests
      WHERE expires_at <= least($1, statement_timestamp())
      ORDER BY expires_at LIMIT $2 FOR UPDATE SKIP LOCKED
    )
";

/// How many rows one statement removes at most. It must not take long, because others wait for its commit.
const BATCH: usize = 200;

impl PostgresStore {
    /// Removes what has expired at `now`. Returns the number of sessions.
    pub(super) async fn sweep(&self, now: Timestamp) -> Result<u64, StoreError> {
        let (now, batch) = (system_time(now), i64::try_from(BATCH).unwrap_or(i64::MAX));
        let sessions = self.sweep_sessions(now, batch).await;
        // Also if the sessions could not be removed, so that neither piles up because of the other.
        while self.changes(REMOVE_REQUESTS, &[&now, &batch]).await? == BATCH {}
        sessions
    }

    async fn sweep_sessions(&self, now: SystemTime, batch: i64) -> Result<u64, StoreError> {
        let mut removed = 0;
        loop {
            let sessions = self.changes(REMOVE_SESSIONS, &[&now, &batch]).await?;
            removed += sessions as u64;
            if sessions < BATCH {
                return Ok(removed);
            }
        }
    }
}
