//! Requests with an idempotency key, in tables of their own.

use async_trait::async_trait;
use redb::{ReadableTable, Table, TableDefinition, WriteTransaction};

use crate::record::request;
use tickseed_session::{RequestId, RequestStore, Reservation, StoreError, Timestamp};

use super::EmbeddedStore;
use super::tables::{Outcome, REMOVE_LENGTH, Write};

pub(super) const REQUESTS: TableDefinition<&[u8; 32], &[u8]> = TableDefinition::new("requests");
/// When requests are removed: milliseconds since the Unix epoch, then the request. Never changes while the request is there.
pub(super) const EXPIRIES: TableDefinition<(i64, &[u8; 32]), ()> = TableDefinition::new("request_expiries");
/// The same the other way round.
pub(super) const EXPIRY_OF: TableDefinition<&[u8; 32], i64> = TableDefinition::new("request_expiry_of");

/// A write of a request.
pub(super) enum RequestWrite {
    /// Stores a request unless there is one, until an instant.
    Reserve(RequestId, Vec<u8>, Timestamp),
    /// Replaces the request with a version.
    Update(RequestId, u64, Vec<u8>),
    /// Removes the request with a version.
    Release(RequestId, u64),
}

/// Makes the tables.
pub(super) fn make(transaction: &WriteTransaction) -> Result<(), redb::Error> {
    transaction.open_table(REQUESTS)?;
    transaction.open_table(EXPIRIES)?;
    transaction.open_table(EXPIRY_OF)?;
    Ok(())
}

/// The tables within a transaction.
pub(super) struct RequestTables<'transaction> {
    requests: Table<'transaction, &'static [u8; 32], &'static [u8]>,
    expiries: Table<'transaction, (i64, &'static [u8; 32]), ()>,
    expiry_of: Table<'transaction, &'static [u8; 32], i64>,
}

impl<'transaction> RequestTables<'transaction> {
    pub(super) fn open(transaction: &'transaction WriteTransaction) -> Result<Self, redb::Error> {
        Ok(Self {
            requests: transaction.open_table(REQUESTS)?,
            expiries: transaction.open_table(EXPIRIES)?,
            expiry_of: transaction.open_table(EXPIRY_OF)?,
        })
    }

    pub(super) fn apply(&mut self, write: &RequestWrite) -> Result<Result<Outcome, StoreError>, redb::Error> {
        let outcome = match write {
            RequestWrite::Reserve(id, bytes, expires_at) => self.reserve(*id, bytes, *expires_at)?,
            RequestWrite::Update(id, version, bytes) if self.has(*id, *version)? => {
                self.requests.insert(id.as_bytes(), bytes.as_slice())?;
                Outcome::Done
            }
            RequestWrite::Release(id, version) if self.has(*id, *version)? => {
                self.remove(id.as_bytes())?;
                Outcome::Done
            }
            RequestWrite::Update(..) | RequestWrite::Release(..) => Outcome::Refused,
        };
        Ok(Ok(outcome))
    }

    fn reserve(
        &mut self,
        id: RequestId,
        bytes: &[u8],
        expires_at: Timestamp,
    ) -> Result<Outcome, redb::Error> {
        let existing = self.requests.get(id.as_bytes())?.map(|bytes| bytes.value().to_vec());
        if let Some(existing) = existing {
            return Ok(Outcome::Existing(existing));
        }
        self.requests.insert(id.as_bytes(), bytes)?;
        self.expiries.insert((expires_at.millis(), id.as_bytes()), ())?;
        self.expiry_of.insert(id.as_bytes(), expires_at.millis())?;
        Ok(Outcome::Done)
    }

    fn has(&self, id: RequestId, version: u64) -> Result<bool, redb::Error> {
        let stored = self.requests.get(id.as_bytes())?;
        Ok(stored.is_some_and(|bytes| request::version(bytes.value()) == Some(version)))
    }

    /// Removes some of the requests that have expired and returns their number, which is less than [`REMOVE_LENGTH`] if there are no
    /// more.
    pub(super) fn remove_expired(&mut self, now: Timestamp) -> Result<usize, redb::Error> {
        let mut expired = Vec::new();
        for entry in self.expiries.range(..=(now.millis(), &[u8::MAX; 32]))?.take(REMOVE_LENGTH) {
            let (key, _) = entry?;
            expired.push(*key.value().1);
        }
        for id in &expired {
            self.remove(id)?;
        }
        Ok(expired.len())
    }

    fn remove(&mut self, id: &[u8; 32]) -> Result<(), redb::Error> {
        self.requests.remove(id)?;
        let expires_at = self.expiry_of.remove(id)?.map(|expires_at| expires_at.value());
        if let Some(expires_at) = expires_at {
            self.expiries.remove((expires_at, id))?;
        }
        Ok(())
    }
}

#[async_trait]
impl RequestStore for EmbeddedStore {
    async fn reserve(
        &self,
        id: RequestId,
        reservation: Reservation,
    ) -> Result<Option<Reservation>, StoreError> {
        let expires_at = request::kept_until(&reservation);
        let write = RequestWrite::Reserve(id, request::encode(&reservation)?, expires_at);
        match self.write(Write::Request(write)).await? {
            Outcome::Existing(bytes) => request::decode(&bytes).map(Some),
            _ => Ok(None),
        }
    }

    async fn update(
        &self,
        id: RequestId,
        version: u64,
        reservation: Reservation,
    ) -> Result<bool, StoreError> {
        let write = RequestWrite::Update(id, version, request::encode(&reservation)?);
        Ok(matches!(self.write(Write::Request(write)).await?, Outcome::Done))
    }

    async fn release(&self, id: RequestId, version: u64) -> Result<bool, StoreError> {
        let write = Write::Request(RequestWrite::Release(id, version));
        Ok(matches!(self.write(write).await?, Outcome::Done))
    }
}
