//! Requests with an idempotency key.

use async_trait::async_trait;
use tickseed_session::{RequestId, RequestStore, Reservation, StoreError};

use super::PostgresStore;
use super::pool::Values;
use super::replacement::system_time;
use crate::record::request;

/// Returns the stored request instead, if there is one. Says nothing if it has been removed at this moment.
const RESERVE: &str = "
    WITH new AS (
      INSERT INTO tickseed_requests (id, record, version, expires_at) VALUES ($1, $2, $3, $4)
      ON CONFLICT (id) DO NOTHING
      RETURNING id
    )
    SELECT NULL::bytea AS record FROM new
    UNION ALL
    SELECT record FROM tickseed_requests WHERE id = $1 AND NOT EXISTS (SELECT FROM new)
";

const UPDATE: &str =
    "UPDATE tickseed_requests SET record = $2, version = $3, expires_at = $4 WHERE id = $1 AND version = $5";

const RELEASE: &str = "DELETE FROM tickseed_requests WHERE id = $1 AND version = $2";

/// How often a reservation is tried while another one comes and goes.
const ATTEMPTS: u32 = 5;

#[async_trait]
impl RequestStore for PostgresStore {
    async fn reserve(
        &self,
        id: RequestId,
        reservation: Reservation,
    ) -> Result<Option<Reservation>, StoreError> {
        let (record, version) = (request::encode(&reservation)?, reservation.version.cast_signed());
        let until = system_time(request::kept_until(&reservation));
        let values: Values<'_> = &[&id.as_bytes().as_slice(), &record, &version, &until];
        for _ in 0..ATTEMPTS {
            let answer = self.pool.ask_to_write(async |client| {
                let statement = client.prepare_cached(RESERVE).await?;
                let row = client.query_opt(&statement, values).await?;
                Ok(row.map(|row| row.get::<_, Option<Vec<u8>>>(0)))
            });
            match answer.await.map_err(|error| self.writes.note(error))? {
                Some(Some(existing)) => return request::decode(&existing).map(Some),
                Some(None) => return Ok(None),
                None => {}
            }
        }
        Err(StoreError::unavailable("others reserve and release the same request all the time"))
    }

    async fn update(
        &self,
        id: RequestId,
        version: u64,
        reservation: Reservation,
    ) -> Result<bool, StoreError> {
        let (record, new) = (request::encode(&reservation)?, reservation.version.cast_signed());
        let (until, old) = (system_time(request::kept_until(&reservation)), version.cast_signed());
        self.changes_one(UPDATE, &[&id.as_bytes().as_slice(), &record, &new, &until, &old]).await
    }

    async fn release(&self, id: RequestId, version: u64) -> Result<bool, StoreError> {
        self.changes_one(RELEASE, &[&id.as_bytes().as_slice(), &version.cast_signed()]).await
    }
}
