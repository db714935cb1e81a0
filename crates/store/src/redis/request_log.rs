//! Requests with an idempotency key: a string each, which Redis removes by itself.

use async_trait::async_trait;
use deadpool_redis::redis::{FromRedisValue, cmd};
use tickseed_session::{REQUEST_KEPT_FOR, RequestId, RequestStore, Reservation, StoreError};

use super::{RedisStore, keys};
use crate::record::request;

/// How often a request is looked for that expires just when it is needed.
const ATTEMPTS: u32 = 3;

impl RedisStore {
    async fn replace_request(&self, id: RequestId, version: u64, bytes: &[u8]) -> Result<bool, StoreError> {
        let key = keys::request(id);
        let mut call = self.replace_request.key(&key);
        call.arg(&version.to_be_bytes()[..]).arg(bytes);
        let replaced: u8 = self.noted(&key, self.connection.call(&key, &call).await)?;
        Ok(replaced == 1)
    }

    fn noted<T: FromRedisValue>(&self, key: &str, answer: Result<T, StoreError>) -> Result<T, StoreError> {
        answer.map_err(|error| self.writes.note(key, error))
    }
}

#[async_trait]
impl RequestStore for RedisStore {
    async fn reserve(
        &self,
        id: RequestId,
        reservation: Reservation,
    ) -> Result<Option<Reservation>, StoreError> {
        let (key, bytes) = (keys::request(id), request::encode(&reservation)?);
        for _ in 0..ATTEMPTS {
            let mut set = cmd("SET");
            set.arg(&key).arg(&bytes).arg("NX").arg("PX").arg(REQUEST_KEPT_FOR.as_millis().to_string());
            let stored: Result<Option<String>, _> = self.noted(&key, self.connection.send(&key, set).await);
            if matches!(stored, Ok(Some(_)) | Err(StoreError::Unavailable(_) | StoreError::NotAsked)) {
                return stored.map(|_| None);
            }
            let mut get = cmd("GET");
            get.arg(&key);
            // A Redis that is full refuses the request before it looks whether there is one.
            let existing: Option<Vec<u8>> = self.connection.send(&key, get).await?;
            match (existing, stored) {
                (Some(bytes), _) => return request::decode(&bytes).map(Some),
                (None, Err(refusal)) => return Err(refusal),
                (None, Ok(_)) => {}
            }
        }
        Err(StoreError::unavailable("a request with an idempotency key comes and goes"))
    }

    async fn update(
        &self,
        id: RequestId,
        version: u64,
        reservation: Reservation,
    ) -> Result<bool, StoreError> {
        self.replace_request(id, version, &request::encode(&reservation)?).await
    }

    async fn release(&self, id: RequestId, version: u64) -> Result<bool, StoreError> {
        self.replace_request(id, version, &[]).await
    }
}
