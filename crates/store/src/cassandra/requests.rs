//! Requests with an idempotency key: a row each, which Cassandra removes by itself.

use async_trait::async_trait;
use scylla::response::query_result::QueryResult;
use scylla::value::CqlValue;
use tickseed_session::{REQUEST_KEPT_FOR, RequestId, RequestStore, Reservation, StoreError};
use tokio::time::Instant;

use super::CassandraStore;
use super::connection::unexpected;
use super::rows::Columns;
use crate::record::request;

impl CassandraStore {
    /// Returns for how many seconds a request is still kept.
    fn seconds_to_keep(&self, reservation: &Reservation) -> i32 {
        let kept_ms = i64::try_from(REQUEST_KEPT_FOR.as_millis()).unwrap_or(i64::MAX);
        let left_ms = reservation.reserved_at.millis() + kept_ms - self.clock.now().millis();
        i32::try_from(left_ms.clamp(1_000, kept_ms) / 1_000).unwrap_or(i32::MAX)
    }

    /// Returns the version and the record of a request, as they are now.
    async fn request(&self, id: RequestId, until: Instant) -> Result<Option<(i64, Vec<u8>)>, StoreError> {
        let id = (&id.as_bytes()[..],);
        let answer =
            self.connection.send_again(|statements| &statements.read_request_serially, &id, until).await?;
        let rows = answer.into_rows_result().map_err(unexpected)?;
        rows.maybe_first_row().map_err(unexpected)
    }

    /// Returns whether a request has been changed. If Cassandra does not say it, `is_done` decides by the version that is there now.
    async fn is_changed(
        &self,
        id: RequestId,
        answer: Result<QueryResult, StoreError>,
        until: Instant,
        is_done: impl Fn(Option<i64>) -> bool + Send,
    ) -> Result<bool, StoreError> {
        let error = match self.rows.noted(answer) {
            Ok(answer) => return Columns::of(answer)?.is_applied(),
            Err(error @ StoreError::Unavailable(_)) => error,
            Err(error) => return Err(error),
        };
        match self.request(id, until).await {
            Ok(found) if is_done(found.as_ref().map(|(version, _)| *version)) => Ok(true),
            _ => Err(error),
        }
    }
}

#[async_trait]
impl RequestStore for CassandraStore {
    async fn reserve(
        &self,
        id: RequestId,
        reservation: Reservation,
    ) -> Result<Option<Reservation>, StoreError> {
        let (bytes, version) = (request::encode(&reservation)?, reservation.version.cast_signed());
        let until = self.connection.limit();
        let mut turn = self.turns.wait(id.as_bytes(), until).await?;
        if turn.has_waited {
            drop(turn);
            if let Some((_, bytes)) = self.request(id, until).await? {
                return request::decode(&bytes).map(Some);
            }
            turn = self.turns.wait(id.as_bytes(), until).await?;
        }
        let values = (id.as_bytes().to_vec(), version, bytes, self.seconds_to_keep(&reservation));
        let answer = self.connection.transact(|statements| &statements.reserve, values, &turn, until).await;
        let existing = match self.rows.noted(answer) {
            Ok(answer) => existing(&Columns::of(answer)?)?,
            // Versions are random numbers, so this one is its own.
            Err(error @ StoreError::Unavailable(_)) => {
                Some(self.request(id, until).await.ok().flatten().ok_or(error)?)
                    .filter(|(found, _)| *found != version)
            }
            Err(error) => return Err(error),
        };
        existing.map(|(_, bytes)| request::decode(&bytes)).transpose()
    }

    async fn update(
        &self,
        id: RequestId,
        version: u64,
        reservation: Reservation,
    ) -> Result<bool, StoreError> {
        let (bytes, next) = (request::encode(&reservation)?, reservation.version.cast_signed());
        let until = self.connection.limit();
        let seconds = self.seconds_to_keep(&reservation);
        let turn = self.turns.wait(id.as_bytes(), until).await?;
        let values = (seconds, next, bytes, id.as_bytes().to_vec(), version.cast_signed());
        let answer =
            self.connection.transact(|statements| &statements.update_request, values, &turn, until).await;
        self.is_changed(id, answer, until, |found| found == Some(next)).await
    }

    async fn release(&self, id: RequestId, version: u64) -> Result<bool, StoreError> {
        let until = self.connection.limit();
        let turn = self.turns.wait(id.as_bytes(), until).await?;
        let values = (id.as_bytes().to_vec(), version.cast_signed());
        let answer = self.connection.transact(|statements| &statements.release, values, &turn, until).await;
        self.is_changed(id, answer, until, |found| found.is_none()).await
    }
}

/// Returns the request that is there, if a new one has not been stored because of it.
fn existing(columns: &Columns) -> Result<Option<(i64, Vec<u8>)>, StoreError> {
    if columns.is_applied()? {
        return Ok(None);
    }
    let version = columns.get("version").and_then(CqlValue::as_bigint);
    let record = columns.get("record").and_then(CqlValue::as_blob).cloned();
    version
        .zip(record)
        .map(Some)
        .ok_or_else(|| unexpected("Cassandra refuses a request and does not say why"))
}
